import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS } from './server.ts';

/** A measured figure, shown in the test's output and kept in artifacts/measured.txt. */
export function report(line: string): void {
  mkdirSync(ARTIFACTS, { recursive: true });
  appendFileSync(join(ARTIFACTS, 'measured.txt'), `${line}\n`);
  process.stdout.write(`  ${line}\n`);
}
