/** `plenum-loadtest impair` between a browser and what it talks to, and how a browser is sent through it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS, hostAddress, program } from './server.ts';

export interface Address {
  ip: string;
  port: number;
}

/** Replaces the candidates of every section with one. Runs in pages too, so it needs nothing from outside. */
export function onlyThrough(sdp: string, relay: Address): string {
  const sections = sdp.split(/(?=^m=)/m).map((section) => {
    const kept = section.replace(/^a=(candidate:.*|end-of-candidates)\r\n/gm, '');
    if (kept === section) return section;
    return `${kept}a=candidate:1 1 udp 2130706431 ${relay.ip} ${relay.port} typ host\r\n`;
  });
  return sections.join('');
}

/** A script for a page: every answer it applies leads through the relay, and nowhere else. */
export function detour(relay: Address): string {
  return `{
    const onlyThrough = ${onlyThrough.toString()};
    const apply = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
      const { type, sdp } = description;
      return apply.call(this, { type, sdp: onlyThrough(sdp, ${JSON.stringify(relay)}) });
    };
  }`;
}

export class Relay {
  private constructor(
    private readonly child: ChildProcess,
    readonly address: Address,
  ) {}

  /** Relays to this port of this machine. The links are written as on the command line. */
  static async start(label: string, toPort: number, links: { up: string; down: string }): Promise<Relay> {
    mkdirSync(ARTIFACTS, { recursive: true });
    const ip = hostAddress();
    const files = join(ARTIFACTS, `relay-${label}`);
    const child = spawn(
      program('LOADTEST'),
      [
        'impair',
        ...['--listen', `${ip}:0`, '--to', `${ip}:${toPort}`, '--up', links.up, '--down', links.down],
        ...['--stats', `${files}.jsonl`, '--control'],
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    // A relay that has ended takes no commands; its log tells why.
    child.stdin?.on('error', () => undefined);
    const log = createWriteStream(`${files}.log`);
    child.stdout?.pipe(log);
    child.stderr?.pipe(log, { end: false });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`the relay ended at start; see ${files}.log`)));
      child.stdout?.on('data', (chunk: Buffer) => {
        const found = /^relaying \S+:(\d+) to/m.exec(chunk.toString());
        if (found) resolve(Number(found[1]));
      });
    });
    return new Relay(child, { ip, port });
  }

  /** `up LINK`, `down LINK` or `schedule STEPS`. */
  tell(command: string): void {
    this.child.stdin?.write(`${command}\n`);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin?.end();
    await ended;
  }
}
