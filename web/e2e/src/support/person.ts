/** A person in a browser: the conference page driven through its own controls. */
import { setTimeout as delay } from 'node:timers/promises';
import type { attachPicture, Call, Source } from '@plenum/sdk';
import { type ChromiumOptions, openChromium } from './chromium.ts';
import { openFirefox } from './firefox.ts';
import type { Server } from './server.ts';
import { byTestId, type Tab } from './tab.ts';

declare global {
  interface Window {
    plenum?: { call?: Call | null; attachPicture?: typeof attachPicture };
  }
}

export interface JoinOptions {
  /** Query of the page's address, such as `videoSlots=3&audioSlots=3`. */
  query?: string;
  /** The part of the address behind the `#`, with it. */
  fragment?: string;
  /** Switch the camera or the microphone off before joining. */
  without?: ('camera' | 'microphone')[];
}

export class Person {
  /** From the click on `join` to the first decoded frame of somebody else, when there was one. */
  joinedAt = 0;

  constructor(
    readonly name: string,
    readonly tab: Tab,
  ) {}

  /** Opens the page of a room, types the name, joins, and waits until the call is connected. */
  async join(server: Server, room: string, options: JoinOptions = {}): Promise<void> {
    const query = options.query ? `?${options.query}` : '';
    await this.tab.driver.goto(`${server.url}/r/${room}${query}${options.fragment ?? ''}`);
    await this.tab.fill('name-input', this.name);
    for (const source of options.without ?? []) {
      await this.tab.click(source === 'camera' ? 'toggle-camera' : 'toggle-mic');
    }
    this.joinedAt = Date.now();
    await this.tab.click('join');
    await this.connected();
  }

  async connected(): Promise<void> {
    await this.tab.until('connected call', () => window.plenum?.call?.state === 'connected', null, 30_000);
  }

  /** Waits until the page knows a participant of this name, and returns its id. */
  async sees(name: string): Promise<string> {
    await this.tab.until(
      `participant ${name}`,
      (wanted) => [...(window.plenum?.call?.participants.values() ?? [])].some((other) => other.name === wanted),
      name,
    );
    return this.idOf(name);
  }

  idOf(name: string): Promise<string> {
    return this.tab.evaluate(
      (wanted) =>
        [...(window.plenum?.call?.participants.values() ?? [])].find((other) => other.name === wanted)?.id ?? '',
      name,
    );
  }

  /** Waits until the page does not know this participant any more. */
  async misses(name: string, timeoutMs = 25_000): Promise<void> {
    await this.tab.until(
      `room without ${name}`,
      (gone) => ![...(window.plenum?.call?.participants.values() ?? [])].some((other) => other.name === gone),
      name,
      timeoutMs,
    );
  }

  /** Waits until a picture of this participant moves in its tile. */
  async watches(name: string, source: 'camera' | 'screen' = 'camera', timeoutMs = 25_000): Promise<void> {
    await this.tab.until(
      `moving ${source} of ${name}`,
      (wanted) => {
        const video = document.querySelector<HTMLVideoElement>(
          `[data-name="${wanted.name}"][data-source="${wanted.source}"] video`,
        );
        // Firefox counts no frames of a MediaStream; its clock moves with them.
        return video !== null && video.videoWidth > 0 && video.currentTime > 0.2;
      },
      { name, source },
      timeoutMs,
    );
  }

  /** Waits until sound with energy of this participant's track arrives (not only packets). */
  async hears(name: string, source: Source = 'microphone', timeoutMs = 25_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    // The figure belongs to the slot, whoever was in it: what counts is growth in one slot while the track is in it.
    let before: { mid: string; energy: number } | null = null;
    while (Date.now() < deadline) {
      const now = await this.energy(name, source);
      if (now && before && now.mid === before.mid && now.energy > before.energy + 1e-5) return;
      if (!before || now?.mid !== before.mid) before = now;
      await delay(100);
    }
    throw new Error(`${this.name}: no sound of ${name} within ${timeoutMs / 1000} s`);
  }

  /** Sound energy received so far in the slot that carries this track now; null when none does. */
  energy(name: string, source: Source = 'microphone'): Promise<{ mid: string; energy: number } | null> {
    return this.tab.evaluate(
      async (wanted) => {
        const others = [...(window.plenum?.call?.participants.values() ?? [])];
        const track = others.find((one) => one.name === wanted.name)?.tracks.get(wanted.source)?.mediaTrack;
        const transceivers = window.connections.flatMap((connection) => connection.getTransceivers());
        const slot = track ? transceivers.find((one) => one.receiver.track === track) : undefined;
        if (!slot) return null;
        const stats = await slot.receiver.getStats();
        const inbound = [...stats.values()].find((one) => one.type === 'inbound-rtp');
        return { mid: slot.mid ?? '', energy: Number(inbound?.totalAudioEnergy ?? 0) };
      },
      { name, source },
    );
  }

  /** Height of the picture that the browser decodes for this participant now. */
  receivedHeight(name: string, source: 'camera' | 'screen' = 'camera'): Promise<number> {
    return this.tab.evaluate(
      (wanted) =>
        document.querySelector<HTMLVideoElement>(`[data-name="${wanted.name}"][data-source="${wanted.source}"] video`)
          ?.videoHeight ?? 0,
      { name, source },
    );
  }

  /** State mark on the tile of this participant, null when there is no tile. */
  tileState(name: string): Promise<string | null> {
    return this.tab.evaluate(
      (wanted) =>
        document.querySelector<HTMLElement>(`[data-testid="tile"][data-name="${wanted}"]`)?.dataset.state ?? null,
      name,
    );
  }

  /** What the slots carry and what is sent, in words for the message of a failure. */
  slots(): Promise<string> {
    return this.tab.evaluate(async () => {
      const call = window.plenum?.call;
      const stats = await call?.stats();
      const nameOf = (id: string | null): string => call?.participants.get(id ?? '')?.name ?? 'nobody';
      const received = stats?.slots.map(
        (slot) => `${slot.mid}: ${nameOf(slot.participant)} ${slot.source} ${slot.state}, ${slot.framesDecoded} frames`,
      );
      const sent: string[] = [];
      for (const sender of window.connections.flatMap((connection) => connection.getSenders())) {
        for (const one of (await sender.getStats()).values()) {
          if (one.type !== 'outbound-rtp' || one.kind !== 'video') continue;
          const { rid = 'one layer', framesSent, keyFramesEncoded, pliCount, targetBitrate, frameHeight } = one;
          sent.push(
            `${rid}: ${framesSent} frames, ${keyFramesEncoded} key, ${pliCount} PLI, ${targetBitrate} b/s, ${frameHeight}p`,
          );
        }
      }
      return `receives ${received?.join('; ')}; sends ${sent?.join('; ')}`;
    }, null);
  }

  async pin(name: string): Promise<void> {
    const selector = `[data-testid="tile"][data-name="${name}"] ${byTestId('pin')}`;
    await this.tab.until(`pin of ${name}`, (wanted) => document.querySelector(wanted) !== null, selector);
    await this.tab.evaluate((wanted) => document.querySelector<HTMLButtonElement>(wanted)?.click(), selector);
  }

  async say(text: string): Promise<void> {
    const open = await this.tab.evaluate(
      (selector) => document.querySelector(selector) !== null,
      byTestId('chat-input'),
    );
    if (!open) await this.tab.click('toggle-chat');
    await this.tab.fill('chat-input', text);
    await this.tab.click('chat-send');
  }

  /** Waits until this text is in the chat, from this participant. */
  async reads(text: string): Promise<void> {
    const open = await this.tab.evaluate(
      (selector) => document.querySelector(selector) !== null,
      byTestId('chat-input'),
    );
    if (!open) await this.tab.click('toggle-chat');
    await this.tab.until(
      `chat line ${JSON.stringify(text)}`,
      (wanted) =>
        [...document.querySelectorAll('[data-testid="chat-line"]')].some((line) => line.textContent?.includes(wanted)),
      text,
    );
  }

  close(): Promise<void> {
    return this.tab.driver.close();
  }
}

/** A person in Chromium with a process of its own. */
export async function inChromium(name: string, options: ChromiumOptions = {}): Promise<Person> {
  return new Person(name, await openChromium(name, options));
}

/** A person in Firefox whose camera shows the number `code`. */
export async function inFirefox(name: string, code: number): Promise<Person> {
  return new Person(name, await openFirefox(name, code));
}
