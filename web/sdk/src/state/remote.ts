import type { ParticipantState, PauseReason, Quality, RemoteParticipant, RemoteTrack, Source } from '../api.ts';
import type { ParticipantInfo, TrackInfo } from '../gen/protocol.ts';
import type { Slot } from '../media/slots.ts';

/** Finds the slot that a track is assigned to. */
export type SlotFinder = (trackId: string) => Slot | null;

/** A track of somebody else; what it shows is read off its slot at the moment of asking. */
export class Track implements RemoteTrack {
  readonly id: string;
  readonly csrc: number;
  readonly participant: string;
  readonly source: Source;
  muted: boolean;
  readonly #slotOf: SlotFinder;

  constructor(info: TrackInfo, participant: string, slotOf: SlotFinder) {
    this.id = info.id;
    this.csrc = info.csrc;
    this.participant = participant;
    this.source = info.source;
    this.muted = info.muted;
    this.#slotOf = slotOf;
  }

  get state(): RemoteTrack['state'] {
    const slot = this.#slotOf(this.id);
    if (!slot) return 'off';
    if (slot.info.state === 'paused') return 'paused';
    return this.mediaTrack ? 'live' : 'switching';
  }

  get pauseReason(): PauseReason | null {
    const info = this.#slotOf(this.id)?.info;
    return info?.state === 'paused' ? (info.reason ?? null) : null;
  }

  get mediaTrack(): MediaStreamTrack | null {
    const slot = this.#slotOf(this.id);
    return slot?.playing === this.id ? slot.receiver.track : null;
  }

  get startsAt(): number | null {
    const slot = this.#slotOf(this.id);
    return slot?.playing === this.id ? slot.startsAt : null;
  }
}

/** Somebody else in the room. */
export class Participant implements RemoteParticipant {
  readonly id: string;
  readonly identity: string | null;
  name: string;
  metadata: string | null;
  state: ParticipantState;
  tracks: ReadonlyMap<Source, Track> = new Map();
  speaking = false;
  level = 0;
  quality: Quality | null = null;
  readonly #slotOf: SlotFinder;

  constructor(info: ParticipantInfo, slotOf: SlotFinder) {
    this.id = info.id;
    this.identity = info.identity ?? null;
    this.name = info.name;
    this.metadata = info.metadata ?? null;
    this.state = info.state;
    this.#slotOf = slotOf;
    this.update(info);
  }

  /** Takes the whole of what the server says now. */
  update(info: ParticipantInfo): void {
    this.name = info.name;
    this.metadata = info.metadata ?? null;
    this.state = info.state;
    const tracks = new Map<Source, Track>();
    for (const track of info.tracks) {
      const known = this.tracks.get(track.source);
      const kept = known?.id === track.id ? known : new Track(track, this.id, this.#slotOf);
      kept.muted = track.muted;
      tracks.set(track.source, kept);
    }
    this.tracks = tracks;
  }
}
