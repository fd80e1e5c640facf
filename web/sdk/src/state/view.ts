import type { View } from '../api.ts';
import { toCallError } from '../errors.ts';
import type { Request } from '../signaling/wire.ts';

type Send = (message: Request<'view'>) => Promise<unknown>;

/** A view as the server takes it. Tiles of people who are gone are left out: the page may not know yet. */
export function viewMessage(view: View, isHere: (participant: string) => boolean): Request<'view'> {
  const tiles = view.tiles
    .filter(({ participant }) => isHere(participant))
    .map(({ participant, source, height, priority }) => ({
      participant,
      source,
      height: clamp(height, 65_535),
      priority: clamp(priority ?? 0, 255),
    }));
  const message: Request<'view'> = { type: 'view', tiles };
  if (view.autoHeight !== undefined) message.auto_height = clamp(view.autoHeight, 65_535);
  return message;
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(most, Math.round(value)));
}

/**
 * Sends views one at a time: while one is on its way only the newest waits, so that dragging a window's edge does not
 * queue up a hundred of them. The same view twice is sent once.
 */
export class ViewSender {
  readonly #send: Send;
  readonly #isHere: (participant: string) => boolean;
  #view: View | null = null;
  #sent = '';
  #running: Promise<void> | null = null;

  constructor(send: Send, isHere: (participant: string) => boolean) {
    this.#send = send;
    this.#isHere = isHere;
  }

  /** Resolves when this view, or a newer one, is in force. */
  set(view: View): Promise<void> {
    this.#view = view;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** After joining anew the server knows no view; the page's last one is sent again. */
  async again(): Promise<void> {
    this.#sent = '';
    if (this.#view) await this.set(this.#view);
  }

  async #run(): Promise<void> {
    for (;;) {
      const message = this.#view && viewMessage(this.#view, this.#isHere);
      const text = JSON.stringify(message);
      if (!message || text === this.#sent) return;
      try {
        await this.#send(message);
        this.#sent = text;
      } catch (error) {
        // A new session sends the view by `again`; another failure is the caller's to hear.
        if (toCallError(error).code !== 'session_reset') throw error;
        return;
      }
    }
  }
}
