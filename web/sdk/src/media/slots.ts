import type { SlotInfo } from '../gen/protocol.ts';

/** A receive m-line: what the server says flows through it, and what its packets say. */
export class Slot {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  readonly receiver: RTCRtpReceiver;
  /** As last told by the server. */
  info: SlotInfo;
  /** CSRC of the newest packet played; null before the first. */
  csrc: number | null = null;
  /** RTP timestamp with which that CSRC was first seen; null when the browser does not tell. */
  startsAt: number | null = null;

  constructor(mid: string, kind: 'audio' | 'video', receiver: RTCRtpReceiver) {
    this.mid = mid;
    this.kind = kind;
    this.receiver = receiver;
    this.info = { mid, track: null, csrc: 0, state: 'empty' };
  }

  /**
   * The id of the track whose media is what this slot plays now: server and packets agree. While they do not, a
   * switch is under way and the slot belongs to nobody: better no picture than one under a wrong name.
   */
  get playing(): string | null {
    if (this.info.track === null || this.info.state === 'paused' || this.info.state === 'empty') return null;
    return this.csrc === this.info.csrc ? this.info.track : null;
  }
}

/** All slots of a peer connection. */
export class Slots {
  readonly #slots = new Map<string, Slot>();

  /** Makes slots of negotiated transceivers (their mids are known). */
  add(transceivers: readonly RTCRtpTransceiver[]): Slot[] {
    return transceivers.flatMap(({ mid, receiver }) => {
      if (mid === null || this.#slots.has(mid)) return [];
      const slot = new Slot(mid, receiver.track.kind === 'audio' ? 'audio' : 'video', receiver);
      this.#slots.set(mid, slot);
      return [slot];
    });
  }

  get all(): IterableIterator<Slot> {
    return this.#slots.values();
  }

  /** Takes one message of the server, all of it at once. */
  apply(infos: readonly SlotInfo[]): void {
    for (const info of infos) {
      const slot = this.#slots.get(info.mid);
      if (slot) slot.info = info;
    }
  }

  /** After a resume: slots the server does not name are empty. */
  replaceAll(infos: readonly SlotInfo[]): void {
    const named = new Map(infos.map((info) => [info.mid, info]));
    for (const slot of this.all) {
      slot.info = named.get(slot.mid) ?? { mid: slot.mid, track: null, csrc: 0, state: 'empty' };
    }
  }

  /** The slot a track is assigned to. */
  of(trackId: string): Slot | null {
    for (const slot of this.all) if (slot.info.track === trackId) return slot;
    return null;
  }
}
