import type { Quality } from '../api.ts';
import type { ParticipantInfo, Speaker } from '../gen/protocol.ts';
import type { Server } from '../signaling/wire.ts';
import { Participant, type SlotFinder } from './remote.ts';

/** What a message changed. */
export interface RosterChange {
  joined: Participant[];
  left: Participant[];
}

const NOBODY: RosterChange = { joined: [], left: [] };

/** Everybody else in the room, in order of joining, as of one revision of the room's state. */
export class Roster {
  readonly participants = new Map<string, Participant>();
  count = 1;
  activeSpeaker: string | null = null;
  speakers: readonly Speaker[] = [];
  readonly #slotOf: SlotFinder;
  #revision = 0;

  constructor(slotOf: SlotFinder) {
    this.#slotOf = slotOf;
  }

  /** The whole state, after a join or a resume. */
  welcome(welcome: Server<'welcome'>): RosterChange {
    this.#revision = welcome.revision;
    this.count = welcome.count;
    const here = new Set(welcome.participants.map(({ id }) => id));
    const gone = [...this.participants.keys()].filter((id) => !here.has(id));
    return { joined: this.#put(welcome.participants), left: this.#remove(gone) };
  }

  joined(message: Server<'joined'>): RosterChange {
    if (!this.#advance(message.revision)) return NOBODY;
    this.count = message.count;
    return { joined: this.#put(message.participants), left: [] };
  }

  left(message: Server<'left'>): RosterChange {
    if (!this.#advance(message.revision)) return NOBODY;
    this.count = message.count;
    return { joined: [], left: this.#remove(message.participants) };
  }

  /** Somebody not known yet comes along in big rooms, where only those on screen are told. */
  updated(message: Server<'updated'>): RosterChange {
    if (!this.#advance(message.revision)) return NOBODY;
    return { joined: this.#put(message.participants), left: [] };
  }

  speak(speakers: readonly Speaker[]): void {
    this.speakers = speakers;
    this.activeSpeaker = speakers.find(({ active }) => active)?.participant ?? null;
    const levels = new Map(speakers.map(({ participant, level }) => [participant, level]));
    for (const participant of this.participants.values()) {
      participant.level = levels.get(participant.id) ?? 0;
      participant.speaking = levels.has(participant.id);
    }
  }

  rate(id: string, quality: Quality): void {
    const participant = this.participants.get(id);
    if (participant) participant.quality = quality;
  }

  /** Messages are in order on one socket; an older revision is a repetition around a resume. */
  #advance(revision: number): boolean {
    if (revision < this.#revision) return false;
    this.#revision = revision;
    return true;
  }

  #put(infos: readonly ParticipantInfo[]): Participant[] {
    const joined: Participant[] = [];
    for (const info of infos) {
      const known = this.participants.get(info.id);
      if (known) {
        known.update(info);
        continue;
      }
      const participant = new Participant(info, this.#slotOf);
      this.participants.set(info.id, participant);
      joined.push(participant);
    }
    return joined;
  }

  #remove(ids: readonly string[]): Participant[] {
    const left: Participant[] = [];
    for (const id of ids) {
      const participant = this.participants.get(id);
      if (!participant) continue;
      this.participants.delete(id);
      left.push(participant);
    }
    return left;
  }
}
