import type { ClientFrame, ServerMessage, TrackInfo } from '../../src/gen/protocol.ts';
import type { Request, Server } from '../../src/signaling/wire.ts';
import type { FakeWebSocket } from './websocket.ts';

export function welcome(fields: Partial<Server<'welcome'>> = {}): Server<'welcome'> {
  return {
    type: 'welcome',
    participant: 'p_00000001',
    name: 'Ada',
    room: 'demo',
    revision: 1,
    participants: [],
    count: 1,
    tracks: [],
    slots: [],
    permissions: {
      publish: ['camera', 'microphone', 'screen', 'screen_audio'],
      subscribe: true,
      data: true,
      hidden: false,
      see_hidden: false,
      admin: false,
    },
    ice_servers: [],
    limits: {
      participants: 100,
      frame_bytes: 65_536,
      data_message_bytes: 16_384,
      data_messages_per_second: 50,
      video_slots: 25,
      audio_slots: 27,
    },
    resume: 'token-1',
    resumed: false,
    ...fields,
  };
}

/** A server that does what it should; tests replace single answers in `special`. */
export class FakeServer {
  /** All frames of all sockets. */
  readonly frames: ClientFrame[] = [];
  /** The next `welcome`. */
  welcome = welcome();
  readonly special: Partial<Record<ClientFrame['type'], (frame: ClientFrame) => ServerMessage | null>> = {};
  #tracks = 0;
  #byMid = new Map<string, TrackInfo>();
  #offered: Request<'offer'>['tracks'] = [];

  readonly handle = (socket: FakeWebSocket, frame: ClientFrame): void => {
    this.frames.push(frame);
    const special = this.special[frame.type];
    const answer = special ? special(frame) : this.#answer(frame);
    if (answer) socket.say(answer, frame.id);
  };

  of<T extends ClientFrame['type']>(type: T): (Request<T> & { id: number })[] {
    return this.frames.filter((frame) => frame.type === type) as (Request<T> & { id: number })[];
  }

  #answer(frame: ClientFrame): ServerMessage {
    switch (frame.type) {
      case 'join':
        return this.welcome;
      case 'offer':
        this.#offered = frame.tracks;
        return { type: 'answer', sdp: `answer to ${frame.sdp}` };
      case 'publish':
        return { type: 'published_ok', track: this.#publish(frame) };
      case 'ping':
        return { type: 'pong' };
      case 'participants':
        return { type: 'participants', count: 1, participants: [] };
      default:
        return { type: 'ok' };
    }
  }

  #publish(frame: Request<'publish'>): TrackInfo {
    const known = this.#byMid.get(frame.mid);
    if (known) return known;
    const source = this.#offered.find(({ mid }) => mid === frame.mid)?.source;
    if (!source) throw new Error(`publish on ${frame.mid}, which was not offered`);
    this.#tracks += 1;
    const id = `t_${(0xa0 + this.#tracks).toString(16).padStart(8, '0')}`;
    const track: TrackInfo = { id, csrc: 0xa0 + this.#tracks, source, muted: frame.muted ?? false };
    this.#byMid.set(frame.mid, track);
    return track;
  }
}
