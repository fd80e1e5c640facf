import type { TokenSource } from '../api.ts';
import type { DebugLog } from '../debug.ts';
import { CallError } from '../errors.ts';

/** The page's function must answer within this time, in milliseconds: joining does not wait for ever. */
const TOKEN_TIMEOUT_MS = 10_000;
/** Between two tries to renew a token, in milliseconds. */
const RENEW_RETRY_MS = 3_000;

/** Gets access tokens, and renews them before they expire. A token is never written to the log. */
export class TokenKeeper {
  #source: TokenSource | undefined;
  readonly #log: DebugLog;
  #renewing = false;

  constructor(source: TokenSource | undefined, log: DebugLog) {
    this.#source = source;
    this.#log = log;
  }

  set source(source: TokenSource) {
    this.#source = source;
  }

  /** Whether another token can be had without the page's doing. */
  get renewable(): boolean {
    return typeof this.#source === 'function';
  }

  /** A token for now; undefined when the page gave none. */
  async get(): Promise<string | undefined> {
    const source = this.#source;
    if (typeof source !== 'function') return source;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('it took too long')), TOKEN_TIMEOUT_MS);
    });
    try {
      return await Promise.race([Promise.resolve(source()), late]);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CallError('token_unavailable', `No access token could be had: ${why}.`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends fresh tokens until one is taken or time is over. */
  async renew(seconds: number, send: (token: string) => Promise<unknown>): Promise<void> {
    // A resume tells again of what is being done already.
    if (this.#renewing) return;
    this.#renewing = true;
    const end = performance.now() + seconds * 1_000;
    try {
      do {
        try {
          const token = await this.get();
          if (token === undefined) return;
          await send(token);
          this.#log.add('signaling', 'access token renewed');
          return;
        } catch (error) {
          const { code, message } = error as CallError;
          this.#log.add('signaling', `access token not renewed: ${code}: ${message}`);
          if (code === 'closed') return;
        }
        await new Promise((resolve) => setTimeout(resolve, RENEW_RETRY_MS));
      } while (performance.now() < end);
    } finally {
      this.#renewing = false;
    }
  }
}
