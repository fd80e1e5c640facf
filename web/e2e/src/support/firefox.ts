/** Debian's Firefox over WebDriver BiDi. It has no camera from a file, so a page script paints one. */
import puppeteer from 'puppeteer-core';
import { paintCode } from './colour-code.ts';
import { type Driver, Tab } from './tab.ts';
import { keepConnections } from './watch.ts';
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

/**
 * Runs in the page before its scripts: the camera is a canvas that shows the number, repainted 15 times a second
 * with a moving dot, so that frames keep coming.
 */
function paintedCamera(argument: { code: number; paintSource: string }): void {
  const paint = new Function(`return (${argument.paintSource})`)() as typeof paintCode;
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    if (!constraints?.video) return original(constraints);
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 360;
    const context = canvas.getContext('2d');
    if (!context) throw new Error('no 2d context');
    let tick = 0;
    setInterval(() => {
      paint(context, argument.code);
      context.fillStyle = '#808080';
      context.fillRect((tick++ * 7) % 600, 116, 12, 6);
    }, 66);
    const stream = canvas.captureStream(15);
    if (constraints.audio) {
      const sound = await original({ audio: constraints.audio });
      for (const track of sound.getAudioTracks()) stream.addTrack(track);
    }
    return stream;
  };
}

/** Opens Firefox with a camera that shows the number `code`. */
export async function openFirefox(name: string, code: number): Promise<Tab> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: which('firefox-esr'),
    headless: true,
    extraPrefsFirefox: PREFERENCES,
  });
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 720 });
  await page.evaluateOnNewDocument(keepConnections);
  await page.evaluateOnNewDocument(paintedCamera, { code, paintSource: paintCode.toString() });
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
