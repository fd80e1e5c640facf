import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ANSWER_TYPE, parseServerFrame } from '../src/signaling/wire.ts';
import { client, errors, server } from './gen/golden.ts';

const folder = new URL('../../../docs/protocol/', import.meta.url);

function files(name: string): Record<string, string> {
  const names = readdirSync(new URL(`${name}/`, folder)).sort();
  return Object.fromEntries(
    names.map((file) => [file.replace('.json', ''), readFileSync(new URL(`${name}/${file}`, folder), 'utf8')]),
  );
}

/** `gen/golden.ts` holds the examples against the generated types when the tests are compiled. */
describe('examples of the protocol', () => {
  it.each(Object.entries({ client, server, errors }))('%s: the compiler saw what the files say', (name, frames) => {
    const parsed = Object.entries(files(name)).map(([file, text]) => [file, JSON.parse(text)]);
    expect(Object.fromEntries(parsed)).toEqual(frames);
  });

  it('of the server are read', () => {
    for (const text of [...Object.values(files('server')), ...Object.values(files('errors'))])
      expect(parseServerFrame(text)).toEqual(JSON.parse(text));
  });

  it('show every request, and an answer of the type the SDK expects', () => {
    const shown = new Set(Object.values(client).map((frame) => frame.type));
    expect([...shown].sort()).toEqual(Object.keys(ANSWER_TYPE).sort());
    for (const answer of Object.values(ANSWER_TYPE)) expect(server).toHaveProperty(answer);
  });

  it('have the track number in every CSRC', () => {
    const slots = Object.values(server).flatMap((frame) => ('slots' in frame ? frame.slots : []));
    expect(slots.length).toBeGreaterThan(0);
    for (const slot of slots) expect(slot.csrc).toBe(Number.parseInt(slot.track?.slice(2) ?? '0', 16));
  });
});
