/** From the call's participants to what tiles show. */
import type { Call, Quality, RemoteParticipant } from '../sdk';

/** What is wrong with someone's picture or network: shown as a mark on the tile. */
export type ParticipantMark = 'poor' | 'bandwidth' | 'codec' | 'overload' | null;

export interface Tile {
  /** `participant/source`. */
  key: string;
  participant: string;
  source: 'camera' | 'screen';
  name: string;
  self: boolean;
  /** The picture, or null: then the avatar shows. */
  picture: MediaStreamTrack | null;
  /** `RemoteTrack.startsAt` of the picture; null for one's own. */
  startsAt: number | null;
  /** The picture's CSRC, 0 without one: hooks for tests that check names against pictures. */
  csrc: number;
  /** The person's microphone is muted or missing. */
  muted: boolean;
  speaking: boolean;
  state: 'connecting' | 'connected' | 'reconnecting';
  mark: ParticipantMark;
}

/** Below this people notice: pictures are missing or stand still. */
export const POOR_SCORE = 50;

export function isPoor(quality: Quality | null): boolean {
  return quality !== null && quality.score < POOR_SCORE;
}

function markOf(participant: RemoteParticipant, source: 'camera' | 'screen'): ParticipantMark {
  const reason = participant.tracks.get(source)?.pauseReason ?? null;
  if (reason === 'bandwidth' || reason === 'codec' || reason === 'overload') return reason;
  return isPoor(participant.quality) ? 'poor' : null;
}

export function remoteTile(participant: RemoteParticipant, source: 'camera' | 'screen'): Tile {
  const track = participant.tracks.get(source);
  const picture = track && !track.muted ? track.mediaTrack : null;
  const microphone = participant.tracks.get('microphone');
  return {
    key: `${participant.id}/${source}`,
    participant: participant.id,
    source,
    name: participant.name,
    self: false,
    picture,
    startsAt: picture ? (track?.startsAt ?? null) : null,
    csrc: track?.csrc ?? 0,
    muted: microphone === undefined || microphone.muted,
    speaking: participant.speaking,
    state: participant.state,
    mark: markOf(participant, source),
  };
}

/** Screens of others, latest last, and their cameras in the order of joining. */
export function remoteTiles(call: Pick<Call, 'participants'>): { screens: Tile[]; cameras: Tile[] } {
  const screens: Tile[] = [];
  const cameras: Tile[] = [];
  for (const participant of call.participants.values()) {
    if (participant.tracks.has('screen')) screens.push(remoteTile(participant, 'screen'));
    cameras.push(remoteTile(participant, 'camera'));
  }
  return { screens, cameras };
}

interface OwnMedia {
  camera: { wanted: boolean; track: MediaStreamTrack | null };
  microphone: { wanted: boolean; track: MediaStreamTrack | null };
}

/** Oneself, straight from the own camera. */
export function selfTile(call: Pick<Call, 'self' | 'state' | 'quality'>, { camera, microphone }: OwnMedia): Tile {
  return {
    key: `${call.self.id}/camera`,
    participant: call.self.id,
    source: 'camera',
    name: call.self.name,
    self: true,
    picture: camera.track,
    startsAt: null,
    csrc: 0,
    muted: !microphone.wanted || microphone.track === null,
    speaking: call.self.speaking,
    state: 'connected',
    mark: call.state === 'connected' && isPoor(call.quality) ? 'poor' : null,
  };
}
