import type { TokenSource } from '../api.ts';
import type { DebugLog } from '../debug.ts';
import { CallError, toCallError } from '../errors.ts';
import type { ClientMessage, ServerFrame, ServerMessage } from '../gen/protocol.ts';
import { Backoff } from './backoff.ts';
import { Requests } from './requests.ts';
import { SignalingSocket } from './socket.ts';
import { TokenKeeper } from './token.ts';
import type { Answers, Request, Server } from './wire.ts';

/** Between two pings, in milliseconds. Lower: a dead socket is noticed sooner, for more frames. */
const PING_INTERVAL_MS = 10_000;
/** A ping without pong for this long means that the socket is dead. */
const PONG_TIMEOUT_MS = 5_000;
/** A socket that lived this long was a good one: the next loss starts with short waits again. */
const STABLE_MS = 10_000;
/** How long to try when the call never was up, and when it was. */
const GIVE_UP_JOINING_MS = 10_000;
const GIVE_UP_RETURNING_MS = 120_000;

/** Trying again with the same values would fail the same way. */
const FATAL: ReadonlySet<string> = new Set([
  'invalid_value',
  'malformed',
  'unknown_message',
  'wrong_order',
  'replaced',
  'token_missing',
  'token_malformed',
  'token_invalid',
  'token_wrong_room',
  'not_allowed',
  'duplicate_identity',
]);
/** Fatal unless the page's function gives another token for the next try. */
const FATAL_WITHOUT_RENEWAL: ReadonlySet<string> = new Set(['token_expired', 'token_not_yet_valid']);
/** Fatal for someone new, but one's own old seat may be what fills the room on return. */
const FATAL_AT_FIRST: ReadonlySet<string> = new Set(['room_full', 'too_many_rooms', 'node_full', 'no_such_room']);

export interface SessionOptions {
  url: string;
  room: string;
  name: string;
  metadata: string | undefined;
  compat: boolean;
  token: TokenSource | undefined;
}

export interface SessionListener {
  notice(message: ServerMessage): void;
  /** The socket is lost, a new one is on its way. */
  lost(reason: string): void;
  /** A new socket took up the same participant. */
  resumed(welcome: Server<'welcome'>): void;
  /** Came back as a new participant: everything starts from scratch. */
  joined(welcome: Server<'welcome'>): void;
  /** There is no way back. */
  failed(error: CallError): void;
}

type State = 'idle' | 'open' | 'away' | 'closed';

/** A participant's seat in a room, kept over lost sockets. */
export class Session {
  readonly options: SessionOptions;
  readonly #listener: SessionListener;
  readonly #log: DebugLog;
  readonly #token: TokenKeeper;
  readonly #requests = new Requests();
  readonly #backoff = new Backoff();
  #state: State = 'idle';
  #socket: SignalingSocket | null = null;
  #resume: string | null = null;
  #openedAt = 0;
  #ping: ReturnType<typeof setInterval> | null = null;
  #wake: (() => void) | null = null;

  constructor(options: SessionOptions, listener: SessionListener, log: DebugLog) {
    this.options = options;
    this.#listener = listener;
    this.#log = log;
    this.#token = new TokenKeeper(options.token, log);
  }

  /** Whether the page's function gives fresh tokens. */
  get renewable(): boolean {
    return this.#token.renewable;
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  /** The first join. */
  async join(): Promise<Server<'welcome'>> {
    return await this.#connect(GIVE_UP_JOINING_MS, (code) => this.#fatal(code) || FATAL_AT_FIRST.has(code));
  }

  /** Sends a request; without a socket it waits for the next one. */
  request<T extends ClientMessage['type']>(message: Request<T>): Promise<Answers[T]> {
    if (this.#state === 'closed') return Promise.reject(new CallError('closed', 'The call is over.'));
    const { frame, answer } = this.#requests.add<T>(message);
    if (this.#state === 'open' && this.#socket?.send(frame)) this.#requests.sent(frame.id);
    return answer;
  }

  /** Goes on with another token, now and in later joins. */
  async setToken(source: TokenSource): Promise<void> {
    this.#token.source = source;
    const token = await this.#token.get();
    if (token !== undefined) await this.#renew(token);
  }

  /** The token expires in so many seconds. */
  renewToken(seconds: number): Promise<void> {
    return this.#token.renew(seconds, (token) => this.#renew(token));
  }

  async #renew(token: string): Promise<void> {
    try {
      await this.request<'renew'>({ type: 'renew', token });
    } catch (error) {
      // A join in between has used a fresh token.
      if (toCallError(error).code !== 'session_reset') throw error;
    }
  }

  #fatal(code: string): boolean {
    return FATAL.has(code) || (!this.#token.renewable && FATAL_WITHOUT_RENEWAL.has(code));
  }

  /** Gives up the seat and takes a new one: the way out when the peer connection broke for good. */
  rejoin(reason: string): void {
    if (this.#state === 'closed') return;
    this.#log.add('signaling', `joining anew: ${reason}`);
    this.#sayGoodbye();
    this.#resume = null;
    this.#away(reason);
  }

  /** Tries now instead of when the wait is over (the network came back). */
  hurry(): void {
    this.#wake?.();
  }

  /** Leaves: the others see it at once. Safe to call while the page goes away. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#sayGoodbye();
    this.#state = 'closed';
    this.#requests.failAll(new CallError('closed', 'The call is over.'));
    this.#wake?.();
  }

  #sayGoodbye(): void {
    const { frame, answer } = this.#requests.add<'leave'>({ type: 'leave' });
    answer.catch(() => undefined);
    this.#socket?.send(frame);
    this.#requests.fail(frame.id, new CallError('closed', 'left'));
    this.#dropSocket();
  }

  #dropSocket(): void {
    if (this.#ping !== null) clearInterval(this.#ping);
    this.#ping = null;
    this.#socket?.close();
    this.#socket = null;
  }

  #away(reason: string): void {
    if (this.#state !== 'open') return;
    this.#dropSocket();
    this.#state = 'away';
    this.#requests.suspend();
    if (performance.now() - this.#openedAt > STABLE_MS) this.#backoff.reset();
    this.#log.add('signaling', `lost: ${reason}`);
    this.#listener.lost(reason);
    void this.#comeBack();
  }

  async #comeBack(): Promise<void> {
    try {
      await this.#sleep(this.#backoff.next());
      const welcome = await this.#connect(GIVE_UP_RETURNING_MS, (code) => this.#fatal(code));
      if (!welcome.resumed) {
        this.#requests.failAll(new CallError('session_reset', 'The call was joined anew.'));
        this.#listener.joined(welcome);
        return;
      }
      this.#listener.resumed(welcome);
      for (const frame of this.#requests.unanswered()) {
        if (this.#socket?.send(frame)) this.#requests.sent(frame.id);
      }
    } catch (error) {
      if ((this.#state as State) === 'closed') return;
      this.#state = 'closed';
      const known = toCallError(error);
      this.#requests.failAll(known);
      this.#listener.failed(known);
    }
  }

  /** Opens sockets until one is welcomed, or it is hopeless. */
  async #connect(limitMs: number, fatal: (code: string) => boolean): Promise<Server<'welcome'>> {
    const started = performance.now();
    for (;;) {
      try {
        return await this.#attempt();
      } catch (error) {
        const known = toCallError(error);
        if (this.#state === 'closed') throw new CallError('closed', 'The call is over.');
        this.#log.add('signaling', `attempt failed: ${known.code}: ${known.message}`);
        if (known.code === 'resume_expired' && this.#resume !== null) {
          this.#resume = null;
          continue;
        }
        const wait = this.#backoff.next();
        if (fatal(known.code) || performance.now() - started + wait > limitMs) throw known;
        await this.#sleep(wait);
      }
    }
  }

  async #attempt(): Promise<Server<'welcome'>> {
    // Who resumes needs none.
    const token = this.#resume === null ? await this.#token.get() : undefined;
    let live = false;
    const socket = await SignalingSocket.open(this.options.url, {
      frame: (frame) => this.#frame(frame),
      lost: (reason) => {
        if (live) this.#away(reason);
        else this.#requests.fail(id, new CallError('unreachable', `The server closed the connection: ${reason}.`));
      },
    });
    const { room, name, metadata, compat } = this.options;
    const { frame, answer } = this.#requests.add<'join'>({
      type: 'join',
      room,
      name,
      ...(token === undefined ? {} : { token }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(this.#resume === null ? {} : { resume: this.#resume }),
      ...(compat ? { compat } : {}),
    });
    const id = frame.id;
    if (this.#state === 'closed') this.#requests.fail(id, new CallError('closed', 'The call is over.'));
    else socket.send(frame);
    this.#requests.sent(id);
    try {
      const welcome = await answer;
      if (this.#state === 'closed') throw new CallError('closed', 'The call is over.');
      live = true;
      this.#opened(socket, welcome);
      return welcome;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  #opened(socket: SignalingSocket, welcome: Server<'welcome'>): void {
    this.#socket = socket;
    this.#state = 'open';
    this.#resume = welcome.resume;
    this.#openedAt = performance.now();
    this.#log.add('signaling', `${welcome.resumed ? 'resumed' : 'joined'} as ${welcome.participant}`);
    this.#ping = setInterval(() => this.#sendPing(socket), PING_INTERVAL_MS);
  }

  #sendPing(socket: SignalingSocket): void {
    const { frame, answer } = this.#requests.add<'ping'>({ type: 'ping' });
    const timer = setTimeout(() => {
      this.#requests.fail(frame.id, new CallError('timeout', 'no answer to ping'));
      socket.abandon('no answer to ping');
    }, PONG_TIMEOUT_MS);
    const done = (): void => clearTimeout(timer);
    answer.then(done, done);
    socket.send(frame);
  }

  #frame(frame: ServerFrame): void {
    if (frame.id !== undefined) {
      this.#requests.settle(frame);
      return;
    }
    this.#listener.notice(frame);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}
