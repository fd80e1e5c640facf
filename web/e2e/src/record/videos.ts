/** Synthetic pictures for a camera and a screen: the same on every machine, and nobody's face. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS } from '../support/server.ts';

const SIZE = '1280x720';

/**
 * A textured oval that sways over a still background, a mouth that moves when it talks, and the noise of a sensor:
 * most of the picture stays, as in most calls.
 */
const TALKING_HEAD = [
  `gradients=s=${SIZE}:r=30:c0=0x506070:c1=0xa09080:x0=0:y0=0:x1=1280:y1=720:speed=0.00001,noise=alls=14:all_seed=7[wall]`,
  // The oval: a still crop of a fractal with a soft edge.
  `mandelbrot=s=400x500:r=30:start_scale=0.3:end_scale=0.3:maxiter=256,format=yuva420p,` +
    `geq=lum='lum(X,Y)*0.5+70':cb='118':cr='142':a='255*clip(8*(1-hypot((X-200)/190,(Y-250)/240)),0,1)'[face]`,
  `nullsrc=s=110x44:r=30,geq=lum='80+60*sin(X/7+9*sin(T*11))*sin(Y/5+7*sin(T*13))':cb=120:cr=150[mouth]`,
  `[wall][face]overlay=x='440+26*sin(t*0.9)+8*sin(t*2.3)':y='150+12*sin(t*1.4)'[head]`,
  // Talks 3 s of every 5.
  `[head][mouth]overlay=x='585+26*sin(t*0.9)+8*sin(t*2.3)':y='480+12*sin(t*1.4)':enable='lt(mod(t,5),3)',noise=alls=3:allf=t[out]`,
].join(';');

/** Fast pans over a fine texture while it zooms: almost every block of every frame is new. */
const MOTION = [
  `mandelbrot=s=1920x1080:r=30:start_scale=0.8:end_scale=0.02:end_pts=1800:maxiter=300,` +
    `noise=alls=20:all_seed=3,crop=1280:720:x='320+300*sin(t*2.1)':y='180+170*sin(t*2.9)',noise=alls=6:allf=t[out]`,
].join(';');

/** MJPEG for `--use-file-for-fake-video-capture`, which plays it at 30 frames a second; made once. */
export function video(name: 'talking_head' | 'motion', seconds: number): string {
  const folder = join(ARTIFACTS, 'inputs');
  const file = join(folder, `${name}-${seconds}.mjpeg`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const graph = name === 'motion' ? MOTION : TALKING_HEAD;
  const unfinished = `${file}.part`;
  const made = spawnSync(
    'ffmpeg',
    [
      ...['-y', '-v', 'error', '-filter_complex', graph, '-map', '[out]', '-t', String(seconds)],
      ...['-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p', '-f', 'mjpeg', unfinished],
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`ffmpeg made no ${name}: ${made.stderr}`);
  renameSync(unfinished, file);
  return file;
}

/**
 * Runs in the page: the screen to share is a canvas with a page of text. A canvas gives a frame only when it is
 * painted, as the capture of a screen does. The caret blinks, every 5 s the page scrolls for 0.7 s, every 15 s comes
 * another slide.
 */
function paintedScreen(): void {
  const canvas = document.createElement('canvas');
  canvas.width = 1920;
  canvas.height = 1080;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no 2d context');
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const word = (): string =>
    Array.from({ length: 2 + Math.floor(random() * 8) }, () =>
      String.fromCharCode(97 + Math.floor(random() * 26)),
    ).join('');
  const lines = Array.from({ length: 400 }, () => Array.from({ length: 18 }, word).join(' '));
  const started = performance.now();
  let painted = '';
  const text = (scroll: number, caret: boolean): void => {
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, 1920, 1080);
    context.fillStyle = '#202020';
    context.font = '22px sans-serif';
    for (let row = 0; row < 38; row++)
      context.fillText(lines[Math.floor(scroll) + row] ?? '', 60, 40 + row * 28 - (scroll % 1) * 28);
    if (caret) context.fillRect(640, 500, 3, 26);
  };
  const slide = (number: number): void => {
    context.fillStyle = `hsl(${number * 70} 40% 30%)`;
    context.fillRect(0, 0, 1920, 1080);
    context.fillStyle = '#ffffff';
    context.font = 'bold 72px sans-serif';
    context.fillText(lines[number * 7]?.slice(0, 40) ?? '', 120, 200);
    context.font = '40px sans-serif';
    for (let row = 0; row < 8; row++)
      context.fillText(lines[number * 7 + row + 1]?.slice(0, 70) ?? '', 160, 340 + row * 84);
    for (let bar = 0; bar < 9; bar++) {
      context.fillStyle = `hsl(${bar * 40} 70% 55%)`;
      const height = 60 + 300 * random();
      context.fillRect(1400 + bar * 52, 980 - height, 40, height);
    }
  };
  // A picture 10 to 15 s into each quarter is a slide, the rest is text.
  setInterval(() => {
    const at = (performance.now() - started) / 1000;
    const inQuarter = at % 15;
    const scrolled = Math.floor(at / 5) + Math.min(1, (at % 5) / 0.7);
    const caret = Math.floor(at * 2) % 2 === 0;
    const state = inQuarter >= 10 ? `slide ${Math.floor(at / 15)}` : `text ${(scrolled * 12).toFixed(2)} ${caret}`;
    if (state === painted) return;
    painted = state;
    if (inQuarter >= 10) slide(Math.floor(at / 15));
    else text(scrolled * 12, caret);
  }, 33);
  navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(30);
}

/** The script to put into a page before its own. */
export const screenPage = `(${paintedScreen.toString()})()`;
