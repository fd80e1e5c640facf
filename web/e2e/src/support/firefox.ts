/** Debian's Firefox over WebDriver BiDi. It has no camera from a file, so a page script paints one. */
import puppeteer from 'puppeteer-core';
import { type Driver, Tab } from './tab.ts';
import { which } from './which.ts';

const PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'media.autoplay.default': 0,
  'intl.accept_languages': 'en-US',
};

/** Opens Firefox; `beforeLoad` runs in the page before its own scripts. */
export async function openFirefox<A>(name: string, beforeLoad?: (argument: A) => void, argument?: A): Promise<Tab> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: which('firefox-esr'),
    headless: true,
    extraPrefsFirefox: PREFERENCES,
  });
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 720 });
  if (beforeLoad) await page.evaluateOnNewDocument(beforeLoad, argument as A);
  const driver: Driver = {
    evaluate: (body, value) => page.evaluate(body as never, value) as never,
    goto: async (url) => {
      await page.goto(url);
    },
    click: async (selector) => {
      await page.click(selector);
    },
    fill: async (selector, text) => {
      await page.click(selector, { count: 3 });
      await page.keyboard.press('Backspace');
      await page.type(selector, text);
    },
    press: (key) => page.keyboard.press(key as never),
    resize: (width, height) => page.setViewport({ width, height }).then(() => undefined),
    screenshot: async (path) => {
      await page.screenshot({ path: path as `${string}.png` });
    },
    close: () => browser.close(),
    kill: () => {
      browser.process()?.kill('SIGKILL');
    },
  };
  return new Tab(name, driver);
}
