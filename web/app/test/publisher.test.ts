import { describe, expect, it } from 'vitest';
import { Publisher } from '../src/media/Publisher';
import type { LocalTrack, Source } from '../src/sdk';

const track = (id: string) => ({ id }) as MediaStreamTrack;

/** Records requests; each waits until the test lets it through. */
function recorder() {
  const log: string[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const request = (entry: string) => {
    log.push(entry);
    return new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
  };
  const call = {
    publish: async (media: MediaStreamTrack, source: Source, options?: { muted?: boolean }) => {
      await request(`publish ${source} ${media.id} ${options?.muted}`);
      return {} as LocalTrack;
    },
    replaceTrack: (source: Source, media: MediaStreamTrack) => request(`replace ${source} ${media.id}`),
    unpublish: (source: Source) => request(`unpublish ${source}`),
    setMuted: (source: Source, muted: boolean) => request(`mute ${source} ${muted}`),
  };
  const settle = async (fail = false) => {
    const next = waiting.shift();
    if (fail) next?.reject(new Error('no'));
    else next?.resolve();
    for (let i = 0; i < 5; i += 1) await Promise.resolve();
  };
  return { log, call, settle };
}

describe('Publisher', () => {
  it('publishes, mutes, replaces and unpublishes as wished', async () => {
    const { log, call, settle } = recorder();
    const publisher = new Publisher(call, () => undefined);
    const a = track('a');
    publisher.set('microphone', { track: a, muted: true });
    await settle();
    publisher.set('microphone', { track: a, muted: false });
    await settle();
    publisher.set('microphone', { track: track('b'), muted: false });
    await settle();
    publisher.set('microphone', null);
    await settle();
    expect(log).toEqual([
      'publish microphone a true',
      'mute microphone false',
      'replace microphone b',
      'unpublish microphone',
    ]);
  });

  it('asks one thing at a time and skips wishes that were overtaken', async () => {
    const { log, call, settle } = recorder();
    const publisher = new Publisher(call, () => undefined);
    const a = track('a');
    publisher.set('camera', { track: a, muted: false });
    publisher.set('camera', null);
    publisher.set('camera', { track: track('b'), muted: false });
    publisher.set('camera', { track: a, muted: true });
    expect(log).toEqual(['publish camera a false']);
    await settle();
    await settle();
    await settle();
    expect(log).toEqual(['publish camera a false', 'mute camera true']);
  });

  it('does not ask again for what already is', async () => {
    const { log, call, settle } = recorder();
    const publisher = new Publisher(call, () => undefined);
    publisher.set('camera', null);
    const a = track('a');
    publisher.set('camera', { track: a, muted: false });
    await settle();
    publisher.set('camera', { track: a, muted: false });
    expect(log).toEqual(['publish camera a false']);
  });

  it('tells of a failure and tries again with the next wish', async () => {
    const { log, call, settle } = recorder();
    const failed: Source[] = [];
    const publisher = new Publisher(call, (source) => failed.push(source));
    const a = track('a');
    publisher.set('camera', { track: a, muted: false });
    await settle(true);
    expect(failed).toEqual(['camera']);
    publisher.set('camera', { track: a, muted: false });
    await settle();
    expect(log).toEqual(['publish camera a false', 'publish camera a false']);
  });
});
