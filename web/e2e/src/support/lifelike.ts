/** A camera picture at 720p that costs an encoder about what a person before a wall does. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS } from './server.ts';
import { which } from './which.ts';

/** A detailed background that stands still, something detailed that moves before it, and the noise of a sensor. */
const PICTURE = [
  'mandelbrot=size=1280x720:rate=30:start_scale=0.6:end_scale=0.6,format=yuv420p,gblur=sigma=1[wall]',
  'testsrc2=size=360x440:rate=30,hue=s=0.5,format=yuv420p[person]',
  '[wall][person]overlay=x=460+60*sin(2*PI*t/5):y=180+25*sin(2*PI*t/2.5),noise=alls=5:allf=t',
].join(';');

/** Path of the file for Chromium's fake camera, 10 seconds that repeat; made once. */
export function lifelikeCamera(): string {
  const file = join(ARTIFACTS, 'media', 'lifelike-720.mjpeg');
  if (existsSync(file)) return file;
  mkdirSync(join(ARTIFACTS, 'media'), { recursive: true });
  const partial = `${file}.partial`;
  const made = spawnSync(
    which('ffmpeg'),
    [
      ...['-v', 'error', '-y', '-filter_complex', PICTURE, '-t', '10'],
      ...['-c:v', 'mjpeg', '-q:v', '4', '-f', 'mjpeg', partial],
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`no camera picture: ${made.stderr}`);
  // Under its name only when it is whole.
  renameSync(partial, file);
  return file;
}
