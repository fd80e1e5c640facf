/** Synthetic participants of `plenum-loadtest`, told what to do line by line, and the media they and cameras play. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS, program, type Server } from './server.ts';

/** Cameras and tones are made for the numbers 1 to this. */
const NUMBERS = 12;

/** Folder with test media for every number; made once for all test files. */
export function mediaFolder(): string {
  const folder = join(ARTIFACTS, 'media');
  const done = join(folder, 'complete');
  if (existsSync(done)) return folder;
  mkdirSync(folder, { recursive: true });
  const made = spawnSync(program('LOADTEST'), ['make-media', '--out', folder, '--participants', String(NUMBERS)], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`no test media: ${made.stderr}`);
  writeFileSync(done, '');
  return folder;
}

/** Files for a Chromium whose camera shows this number and whose microphone plays its tone. */
export function devicesOf(number: number): { camera: string; microphone: string } {
  const name = String(number).padStart(2, '0');
  const files = { camera: join(mediaFolder(), `${name}.mjpeg`), microphone: join(mediaFolder(), `${name}.wav`) };
  for (const file of Object.values(files)) if (!existsSync(file)) throw new Error(`${file} was not made`);
  return files;
}

export const botName = (number: number): string => `bot-${String(number).padStart(2, '0')}`;

export interface BotCommand {
  participant?: number;
  speak?: boolean;
  mute?: boolean;
  camera?: boolean;
  say?: string;
  leave?: boolean;
}

export class Bots {
  private constructor(private readonly child: ChildProcess) {}

  /** Starts `count` bots with the numbers from `first` on; they are silent until told to speak. */
  static start(server: Server, room: string, first: number, count: number, extra: string[] = []): Bots {
    const silent = extra.includes('--talk') ? [] : ['--talk', 'none'];
    const log = createWriteStream(join(ARTIFACTS, `bots-${room}.log`));
    const child = spawn(
      program('LOADTEST'),
      [
        'run',
        ...['--url', server.signalUrl, '--room', room, '--participants', String(count), '--first', String(first)],
        ...['--video-dir', mediaFolder(), '--control', ...silent, ...extra],
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    // A run that has ended takes no commands; its exit code tells why.
    child.stdin?.on('error', () => undefined);
    child.stdout?.pipe(log);
    child.stderr?.pipe(log, { end: false });
    return new Bots(child);
  }

  tell(command: BotCommand): void {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Ends the run; the exit code says whether every bot got what it should. */
  async quit(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    this.child.stdin?.write('{"quit": true}\n');
    return ended;
  }
}
