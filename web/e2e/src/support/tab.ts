/** One page in a browser process of its own: the same few verbs for Chromium and Firefox. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ARTIFACTS } from './server.ts';

export interface Driver {
  evaluate<A, R>(body: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
  goto(url: string): Promise<void>;
  click(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  press(key: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  screenshot(path: string): Promise<void>;
  close(): Promise<void>;
  /** End the browser process without a word to anybody. */
  kill(): void;
}

export const byTestId = (id: string): string => `[data-testid="${id}"]`;

export class Tab {
  constructor(
    readonly name: string,
    readonly driver: Driver,
  ) {}

  evaluate<A, R>(body: (argument: A) => R | Promise<R>, argument: A): Promise<R> {
    return this.driver.evaluate(body, argument);
  }

  async click(testId: string): Promise<void> {
    await this.until(`a control ${testId}`, (selector) => document.querySelector(selector) !== null, byTestId(testId));
    await this.driver.click(byTestId(testId));
  }

  async fill(testId: string, text: string): Promise<void> {
    await this.until(`a field ${testId}`, (selector) => document.querySelector(selector) !== null, byTestId(testId));
    await this.driver.fill(byTestId(testId), text);
  }

  /** Waits until the condition holds in the page; says what it waited for when it does not. */
  async until<A>(
    what: string,
    condition: (argument: A) => boolean | Promise<boolean>,
    argument: A,
    timeoutMs = 20_000,
  ): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let last: unknown = false;
    while (Date.now() < deadline) {
      last = await this.driver.evaluate(condition, argument).catch((error: unknown) => error);
      if (last === true) return;
      await delay(50);
    }
    await this.screenshot(`failed-${this.name}`).catch(() => undefined);
    const reason = last instanceof Error ? ` (${last.message})` : '';
    throw new Error(`${this.name}: no ${what} within ${timeoutMs / 1000} s${reason}`);
  }

  async screenshot(label: string): Promise<string> {
    const folder = join(ARTIFACTS, 'screenshots');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${label}.png`);
    await this.driver.screenshot(path);
    return path;
  }
}
