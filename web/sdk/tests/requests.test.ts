import { describe, expect, it, vi } from 'vitest';
import { CallError } from '../src/errors.ts';
import { Backoff } from '../src/signaling/backoff.ts';
import { Requests } from '../src/signaling/requests.ts';
import { parseServerFrame } from '../src/signaling/wire.ts';

describe('requests', () => {
  it('get ids of their own and the answer that carries theirs', async () => {
    const requests = new Requests();
    const first = requests.add<'ping'>({ type: 'ping' });
    const second = requests.add<'unpublish'>({ type: 'unpublish', mid: '1' });
    expect(second.frame).toEqual({ id: first.frame.id + 1, type: 'unpublish', mid: '1' });
    expect(requests.settle({ id: second.frame.id, type: 'ok' })).toBe(true);
    expect(requests.settle({ id: first.frame.id, type: 'pong' })).toBe(true);
    expect(await second.answer).toMatchObject({ type: 'ok' });
    expect(await first.answer).toMatchObject({ type: 'pong' });
  });

  it('reject with the code and words of an error', async () => {
    const requests = new Requests();
    const { frame, answer } = requests.add<'unpublish'>({ type: 'unpublish', mid: '9' });
    requests.settle({ id: frame.id, type: 'error', code: 'not_found', message: 'No section 9.' });
    await expect(answer).rejects.toMatchObject({ code: 'not_found', message: 'No section 9.' });
    await expect(answer).rejects.toBeInstanceOf(CallError);
  });

  it('reject an answer of another type', async () => {
    const requests = new Requests();
    const { frame, answer } = requests.add<'ping'>({ type: 'ping' });
    requests.settle({ id: frame.id, type: 'ok' });
    await expect(answer).rejects.toMatchObject({ code: 'internal' });
  });

  it('ignore a second answer', () => {
    const requests = new Requests();
    const { frame } = requests.add<'ping'>({ type: 'ping' });
    expect(requests.settle({ id: frame.id, type: 'pong' })).toBe(true);
    expect(requests.settle({ id: frame.id, type: 'pong' })).toBe(false);
  });

  it('time out when sent, and wait without end while there is no socket', async () => {
    vi.useFakeTimers();
    try {
      const requests = new Requests();
      const waiting = requests.add<'ping'>({ type: 'ping' });
      const sent = requests.add<'ping'>({ type: 'ping' });
      const suspended = requests.add<'ping'>({ type: 'ping' });
      requests.sent(suspended.frame.id);
      requests.suspend();
      requests.sent(sent.frame.id);
      sent.answer.catch(() => undefined);
      vi.advanceTimersByTime(60_000);
      await expect(sent.answer).rejects.toMatchObject({ code: 'timeout' });
      expect(requests.unanswered().map(({ id }) => id)).toEqual([waiting.frame.id, suspended.frame.id]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('frames of the server', () => {
  it('that are no JSON object with a type are dropped', () => {
    for (const text of ['', '{', '[]', 'null', '3', '"x"', '{}', '{"type":4}'])
      expect(parseServerFrame(text)).toBeNull();
    expect(parseServerFrame('{"type":"of_the_future"}')).toEqual({ type: 'of_the_future' });
  });
});

describe('backoff', () => {
  it('doubles up to a limit, cut at random, and starts anew after a reset', () => {
    const longest = new Backoff(() => 1);
    expect([0, 1, 2, 3, 4, 5, 6].map(() => longest.next())).toEqual([300, 600, 1200, 2400, 4800, 5000, 5000]);
    const shortest = new Backoff(() => 0);
    expect(shortest.next()).toBe(150);
    longest.reset();
    expect(longest.next()).toBe(300);
  });
});
