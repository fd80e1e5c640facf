/** Debian's Chromium, one process per page, with a camera and a microphone that play files. */
import { chromium } from 'playwright-core';
import { type Driver, Tab } from './tab.ts';
import { keepConnections } from './watch.ts';
import { which } from './which.ts';

export interface ChromiumOptions {
  /** Y4M or MJPEG file that the fake camera repeats; without it Chromium's own test picture. */
  camera?: string;
  /** WAV file that the fake microphone repeats; without it Chromium's beep once a second. */
  microphone?: string;
  locale?: string;
  colorScheme?: 'light' | 'dark';
  width?: number;
  height?: number;
  /** Cameras and microphones answer `permission denied`. */
  refuseDevices?: boolean;
  /** No cameras or microphones at all. */
  noDevices?: boolean;
  /** Run in every page before its own scripts. */
  scripts?: string[];
}

function flags(options: ChromiumOptions): string[] {
  const list = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Tests look at pages that no window shows.
    '--disable-background-timer-throttling',
    '--disable-backgrounding-occluded-windows',
    '--disable-renderer-backgrounding',
    '--auto-select-desktop-capture-source=Entire screen',
  ];
  if (!options.refuseDevices) list.push('--use-fake-ui-for-media-stream');
  if (!options.noDevices) list.push('--use-fake-device-for-media-stream=fps=30');
  if (options.camera) list.push(`--use-file-for-fake-video-capture=${options.camera}`);
  if (options.microphone) list.push(`--use-file-for-fake-audio-capture=${options.microphone}`);
  return list;
}

export async function openChromium(name: string, options: ChromiumOptions = {}): Promise<Tab> {
  const server = await chromium.launchServer({ executablePath: which('chromium'), args: flags(options) });
  const browser = await chromium.connect(server.wsEndpoint());
  const context = await browser.newContext({
    locale: options.locale ?? 'en-US',
    colorScheme: options.colorScheme ?? 'light',
    viewport: { width: options.width ?? 1280, height: options.height ?? 720 },
  });
  await context.addInitScript(keepConnections);
  for (const script of options.scripts ?? []) await context.addInitScript(script);
  const page = await context.newPage();
  const driver: Driver = {
    evaluate: (body, argument) => page.evaluate(body as never, argument),
    goto: async (url) => {
      await page.goto(url);
    },
    click: (selector) => page.click(selector),
    fill: (selector, text) => page.fill(selector, text),
    press: (key) => page.keyboard.press(key),
    resize: (width, height) => page.setViewportSize({ width, height }),
    screenshot: async (path) => {
      await page.screenshot({ path });
    },
    close: async () => {
      await browser.close();
      await server.close();
    },
    kill: () => {
      server.process().kill('SIGKILL');
    },
  };
  return new Tab(name, driver);
}
