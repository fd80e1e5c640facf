/** The real server, on free ports of this namespace, with its log kept as an artifact. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const ARTIFACTS = process.env.ARTIFACTS ?? join(process.cwd(), 'artifacts');

/** The environment variable, or a sentence that says which make target sets it. */
export function program(variable: 'PLENUM' | 'LOADTEST'): string {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set: run these tests by \`make e2e\``);
  return path;
}

/** Address of this namespace that is not loopback; browsers gather candidates on it. */
export function hostAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find((address) => address.family === 'IPv4' && !address.internal);
    if (found) return found.address;
  }
  throw new Error('no network interface besides loopback: run these tests by `make e2e`');
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

export class Server {
  private constructor(
    private readonly child: ChildProcess,
    readonly httpPort: number,
    readonly mediaPort: number,
    readonly logFile: string,
  ) {}

  /** Starts a server; `settings` are lines of its configuration file. */
  static async start(label: string, settings: string[] = []): Promise<Server> {
    const httpPort = await freePort();
    const mediaPort = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'plenum-e2e-'));
    const config = join(folder, 'plenum.toml');
    writeFileSync(
      config,
      [
        `http_bind = "127.0.0.1:${httpPort}"`,
        `media_port = ${mediaPort}`,
        'workers = 1',
        // Without tokens, unless the test brings keys.
        ...(settings.some((line) => line.startsWith('key_file')) ? [] : ['dev = true']),
        `external_ips = ["${hostAddress()}"]`,
        // Browsers share the machine with the server here: that it is short of time is the test's doing.
        'admit_below_percent = 100',
        'shed_above_percent = 100',
        ...settings,
        '',
      ].join('\n'),
    );
    mkdirSync(ARTIFACTS, { recursive: true });
    const logFile = join(ARTIFACTS, `server-${label}.log`);
    const log = createWriteStream(logFile);
    const child = spawn(program('PLENUM'), ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout?.pipe(log);
    child.stderr?.pipe(log, { end: false });
    const server = new Server(child, httpPort, mediaPort, logFile);
    await server.ready();
    return server;
  }

  get url(): string {
    return `http://localhost:${this.httpPort}`;
  }

  get signalUrl(): string {
    return `ws://127.0.0.1:${this.httpPort}/signal`;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  private async ready(): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline) {
      if (this.child.exitCode !== null) throw new Error(`the server ended at start; see ${this.logFile}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      if (answer?.ok) return;
      await delay(50);
    }
    throw new Error(`the server was not ready within 20 s; see ${this.logFile}`);
  }

  /** Value of a metric without labels, or the sum over its labels; 0 when it is not there yet. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    let sum = 0;
    for (const line of text.split('\n')) {
      const match = /^([a-z_:]+)(\{[^}]*\})? (\S+)$/.exec(line);
      if (match?.[1] === name && (match[2] ?? '').includes(labels)) sum += Number(match[3]);
    }
    return sum;
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    return ended;
  }
}
