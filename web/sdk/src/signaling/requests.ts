import { CallError } from '../errors.ts';
import type { ClientFrame, ClientMessage, ServerFrame } from '../gen/protocol.ts';
import { ANSWER_TYPE, type Answers, type Request } from './wire.ts';

/** How long the server may take to answer, in milliseconds, not counting time without a socket. */
const ANSWER_TIMEOUT_MS = 10_000;

interface Pending {
  frame: ClientFrame;
  resolve(answer: ServerFrame): void;
  reject(error: CallError): void;
  timer: ReturnType<typeof setTimeout> | null;
}

/**
 * Requests without an answer yet. They outlive a lost socket: after a resume they are sent again with the same id,
 * which the server treats as the same request.
 */
export class Requests {
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  /** Makes a request; `frame` is to be sent now or by `resend`. */
  add<T extends ClientMessage['type']>(message: Request<T>): { frame: ClientFrame; answer: Promise<Answers[T]> } {
    this.#lastId += 1;
    const frame = { id: this.#lastId, ...message } as ClientFrame;
    const answer = new Promise<ServerFrame>((resolve, reject) => {
      this.#pending.set(frame.id, { frame, resolve, reject, timer: null });
    });
    return { frame, answer: answer as Promise<unknown> as Promise<Answers[T]> };
  }

  /** The frame left: its answer is due. */
  sent(id: number): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    if (pending.timer !== null) clearTimeout(pending.timer);
    pending.timer = setTimeout(() => {
      this.fail(id, new CallError('timeout', `The server did not answer "${pending.frame.type}" in time.`));
    }, ANSWER_TIMEOUT_MS);
  }

  /** Takes a frame with an id as the answer it is. False when nobody waits for it (a repeated answer). */
  settle(frame: ServerFrame): boolean {
    const pending = frame.id === undefined ? undefined : this.#take(frame.id);
    if (!pending) return false;
    if (frame.type === 'error') pending.reject(new CallError(frame.code, frame.message));
    else if (frame.type === ANSWER_TYPE[pending.frame.type]) pending.resolve(frame);
    else pending.reject(new CallError('internal', `"${frame.type}" is no answer to "${pending.frame.type}".`));
    return true;
  }

  fail(id: number, error: CallError): void {
    this.#take(id)?.reject(error);
  }

  failAll(error: CallError): void {
    for (const id of [...this.#pending.keys()]) this.fail(id, error);
  }

  /** The socket is lost: nobody can answer for now. */
  suspend(): void {
    for (const pending of this.#pending.values()) {
      if (pending.timer !== null) clearTimeout(pending.timer);
      pending.timer = null;
    }
  }

  /** Everything without an answer, oldest first. */
  unanswered(): ClientFrame[] {
    return [...this.#pending.values()].map((pending) => pending.frame);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending?.timer != null) clearTimeout(pending.timer);
    this.#pending.delete(id);
    return pending;
  }
}
