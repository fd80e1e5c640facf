import type { RemoteParticipant, RemoteTrack, Source } from '../../../sdk/src/api';
import { personTrack, screenTrack } from './picture';

const NAMES = [
  'Maya Lindqvist',
  'Tomás Rivera',
  '陈思远',
  'Amara Okafor',
  'Jonas Weber',
  'Priya Nair',
  '林小雨',
  'Sam Doyle',
  'Noor Haddad',
  'Elif Demir',
  'Kenji Mori',
  'Zoé Laurent',
];

export interface FakeParticipant extends RemoteParticipant {
  tracks: Map<Source, RemoteTrack>;
  speaking: boolean;
  level: number;
  state: RemoteParticipant['state'];
  metadata: string | null;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

export function fakeTrack(
  participant: number,
  source: Source,
  mediaTrack: MediaStreamTrack | null,
  muted = false,
): RemoteTrack {
  const csrc = participant * 16 + ['camera', 'microphone', 'screen', 'screen_audio'].indexOf(source);
  return {
    id: `t_${hex(csrc)}`,
    csrc,
    participant: `p_${hex(participant)}`,
    source,
    muted,
    state: mediaTrack ? 'live' : 'off',
    pauseReason: null,
    mediaTrack,
    startsAt: null,
  };
}

/** The n-th fake person: some have no camera, some are muted, one reconnects, one has a poor network. */
export function fakeParticipant(n: number): FakeParticipant {
  const tracks = new Map<Source, RemoteTrack>();
  if (n % 5 !== 4) tracks.set('camera', fakeTrack(n, 'camera', personTrack(n)));
  tracks.set('microphone', fakeTrack(n, 'microphone', null, n % 3 === 1));
  return {
    id: `p_${hex(n)}`,
    identity: null,
    name: NAMES[(n - 1) % NAMES.length] ?? `Guest ${n}`,
    metadata: null,
    state: n === 6 ? 'reconnecting' : 'connected',
    tracks,
    speaking: false,
    level: 0,
    quality: { score: n === 3 ? 30 : 100, reason: n === 3 ? 'uplink_loss' : null },
  };
}

export function shareScreen(participant: FakeParticipant, n: number): void {
  participant.tracks.set('screen', fakeTrack(n, 'screen', screenTrack()));
}
