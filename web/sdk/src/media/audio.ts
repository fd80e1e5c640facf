/** Plays sound: one element per audio slot, for the slot's whole life, so that a switch of talkers is never cut. */
export class AudioOutput {
  readonly #elements = new Map<string, HTMLAudioElement>();
  readonly #blockedChanged: (blocked: boolean) => void;
  #speaker = '';
  #blocked = false;

  constructor(blockedChanged: (blocked: boolean) => void) {
    this.#blockedChanged = blockedChanged;
  }

  /** Whether the browser refuses to play before a gesture. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Plays a slot's track. `key` names the slot. */
  add(key: string, track: MediaStreamTrack): void {
    if (typeof document === 'undefined') return;
    const element = document.createElement('audio');
    element.autoplay = true;
    element.hidden = true;
    element.dataset.plenumSlot = key;
    element.srcObject = new MediaStream([track]);
    this.#elements.set(key, element);
    document.body.append(element);
    if (this.#speaker !== '') element.setSinkId?.(this.#speaker).catch(() => undefined);
    void this.#play(element);
  }

  /** Plays everything; call it from a gesture. Rejects when the browser still refuses. */
  async start(): Promise<void> {
    // All at once: the gesture's permission does not outlive the first await.
    const results = await Promise.allSettled([...this.#elements.values()].map((element) => playWithin(element)));
    const refused = results.find((result) => result.status === 'rejected' && isRefusal(result.reason));
    this.#setBlocked(refused !== undefined);
    if (refused?.status === 'rejected') throw refused.reason;
  }

  /** Plays on this output device; '' is the default. */
  async setSpeaker(deviceId: string): Promise<void> {
    if (typeof HTMLMediaElement === 'undefined' || !('setSinkId' in HTMLMediaElement.prototype)) {
      throw new DOMException('This browser cannot choose a speaker.', 'NotSupportedError');
    }
    await Promise.all([...this.#elements.values()].map((element) => element.setSinkId(deviceId)));
    this.#speaker = deviceId;
  }

  clear(): void {
    for (const element of this.#elements.values()) {
      element.srcObject = null;
      element.remove();
    }
    this.#elements.clear();
  }

  async #play(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      if (isRefusal(error)) this.#setBlocked(true);
    }
  }

  #setBlocked(blocked: boolean): void {
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    this.#blockedChanged(blocked);
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotAllowedError';
}

/** An empty slot has no data, so its `play()` stays pending although it is allowed: a refusal comes at once. */
function playWithin(element: HTMLAudioElement): Promise<void> {
  const allowed = new Promise<void>((resolve) => setTimeout(resolve, 250));
  return Promise.race([element.play(), allowed]);
}
