import { describe, expect, it } from 'vitest';
import type { ServerMessage } from '../src/gen/protocol.ts';
import { useWorld } from './fakes/world.ts';
import { server } from './gen/golden.ts';

/** Everything the server may say without being asked. The compiler sees to it that no type is left out. */
const NOTICE: Record<ServerMessage['type'], boolean> = {
  welcome: false,
  answer: false,
  published_ok: false,
  ok: false,
  pong: false,
  participants: false,
  joined: true,
  left: true,
  updated: true,
  slots: true,
  speakers: true,
  layers: true,
  codec: true,
  quality: true,
  permissions: true,
  token_expiring: true,
  draining: true,
  error: false,
};

describe('the examples of the protocol', () => {
  const world = useWorld();

  it('show every message, and the SDK takes each notice', async () => {
    const frames = Object.values(server);
    const shown = new Set(frames.map(({ type }) => type));
    const missing = Object.keys(NOTICE).filter((type) => !shown.has(type as ServerMessage['type']));
    expect(missing.filter((type) => type !== 'error')).toEqual([]);
    const call = await world.join();
    for (const frame of frames) if (NOTICE[frame.type]) world.socket().say(frame);
    expect(call.debug().filter((line) => line.includes('ignored'))).toEqual([]);
    expect(call.state).toBe('connected');
  });
});
