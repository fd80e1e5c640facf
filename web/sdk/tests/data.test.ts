import { describe, expect, it } from 'vitest';
import type { DataMessage } from '../src/api.ts';
import { decodeEnvelope, encodeEnvelope, idNumber, participantId } from '../src/data/envelope.ts';
import { RateLimit } from '../src/data/rate.ts';
import type { FakeDataChannel } from './fakes/peer.ts';
import { useWorld } from './fakes/world.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): ArrayBuffer => new Uint8Array(Buffer.from(text, 'hex')).buffer;

describe('the envelope', () => {
  it('to the server is what the protocol page says, byte for byte', () => {
    const message = encodeEnvelope(['p_0a1b2c3d', 'p_ffffffff'], 'chat', new TextEncoder().encode('hé'));
    expect(hex(message)).toBe('01' + '02' + '0a1b2c3d' + 'ffffffff' + '04' + '63686174' + '68c3a9');
    expect(hex(encodeEnvelope([], '', new Uint8Array([7])))).toBe('01' + '00' + '00' + '07');
  });

  it('from the server is what the protocol page says, byte for byte', () => {
    const envelope = decodeEnvelope(bytes('01' + '0a1b2c3d' + '04' + '63686174' + '68c3a9'));
    expect(envelope).toEqual({ from: 'p_0a1b2c3d', topic: 'chat', payload: new TextEncoder().encode('hé') });
    expect(decodeEnvelope(bytes('01' + '00000001' + '00'))?.payload).toHaveLength(0);
  });

  it('that is broken or of another version is none', () => {
    for (const text of ['', '01', '0100000001', '020000000100', '01000000010563']) {
      expect(decodeEnvelope(bytes(text))).toBeNull();
    }
  });

  it('refuses what does not fit', () => {
    expect(() => encodeEnvelope([], 'x'.repeat(256), new Uint8Array())).toThrow(/255 bytes/);
    expect(() => encodeEnvelope(Array(256).fill('p_00000001'), '', new Uint8Array())).toThrow(/255 named/);
    expect(() => encodeEnvelope(['bob'], '', new Uint8Array())).toThrow(/Not an id/);
  });

  it('knows participants by the number in their id', () => {
    expect(idNumber('p_ffffffff')).toBe(4_294_967_295);
    expect(participantId(26)).toBe('p_0000001a');
  });
});

describe('data', () => {
  const world = useWorld();
  const channel = (index: number): FakeDataChannel => {
    const found = world.pc().channels[index];
    if (!found) throw new Error(`no channel ${index}`);
    return found;
  };

  it('goes through the channel asked for, and comes with its sender', async () => {
    const call = await world.join();
    const received: DataMessage[] = [];
    call.on('data', (message) => received.push(message));
    await call.sendData('hi', { topic: 'chat' });
    await call.sendData(new Uint8Array([1]), { channel: 'lossy', to: ['p_00000002'] });
    expect(channel(0).sent.map(hex)).toEqual(['0100' + '0463686174' + '6869']);
    expect(channel(1).sent.map(hex)).toEqual(['0101' + '00000002' + '00' + '01']);
    channel(0).onmessage?.({ data: bytes('01' + '00000002' + '0463686174' + '6869') });
    channel(0).onmessage?.({ data: 'text is not in the protocol' });
    channel(1).onmessage?.({ data: bytes('ff') });
    expect(received).toEqual([
      { from: 'p_00000002', topic: 'chat', payload: new TextEncoder().encode('hi'), channel: 'reliable' },
    ]);
  });

  it('tells of a gap when the reliable channel had to be opened again, and goes on', async () => {
    const call = await world.join();
    let gaps = 0;
    call.on('gap', () => {
      gaps += 1;
    });
    channel(0).drop();
    const sending = call.sendData('later');
    await world.pass(300);
    expect(gaps).toBe(0);
    expect(channel(2)).toMatchObject({ label: 'reliable', options: { ordered: true } });
    channel(2).open();
    await sending;
    expect(gaps).toBe(1);
    expect(channel(2).sent).toHaveLength(1);
    expect(call.state).toBe('connected');
  });

  it('opens the lossy channel again without a word', async () => {
    const call = await world.join();
    let gaps = 0;
    call.on('gap', () => {
      gaps += 1;
    });
    channel(1).drop();
    await call.sendData('lost', { channel: 'lossy' });
    await world.pass(300);
    channel(2).open();
    await call.sendData('sent', { channel: 'lossy' });
    expect([gaps, channel(2).sent.length]).toEqual([0, 1]);
  });

  it('waits in reliable, and is dropped in lossy, while the browser has too much to send', async () => {
    const call = await world.join();
    channel(0).bufferedAmount = 1_000_000;
    channel(1).bufferedAmount = 1_000_000;
    await call.sendData('x', { channel: 'lossy' });
    const sending = call.sendData('x');
    await world.pass(1_000);
    expect([channel(0).sent, channel(1).sent]).toEqual([[], []]);
    channel(0).bufferedAmount = 0;
    channel(0).onbufferedamountlow?.();
    await sending;
    expect(channel(0).sent).toHaveLength(1);
  });

  it('that cannot go for long is refused', async () => {
    const call = await world.join();
    channel(0).bufferedAmount = 1_000_000;
    const sending = call.sendData('x');
    sending.catch(() => undefined);
    await world.pass(11_000);
    await expect(sending).rejects.toMatchObject({ code: 'timeout' });
  });

  it('over the limits of size and rate is refused', async () => {
    const call = await world.join();
    await expect(call.sendData(new Uint8Array(20_000))).rejects.toMatchObject({ code: 'invalid_value' });
    for (let i = 0; i < 50; i += 1) await call.sendData('x');
    await expect(call.sendData('x')).rejects.toMatchObject({ code: 'rate_limited' });
    await world.pass(100);
    await call.sendData('x');
  });
});

describe('the rate limit', () => {
  it('allows one second at once and no more than the rate after', () => {
    const limit = new RateLimit(10, 0);
    const taken = (now: number): number => {
      let count = 0;
      while (limit.take(now)) count += 1;
      return count;
    };
    expect([taken(0), taken(0), taken(500), taken(60_000)]).toEqual([10, 0, 5, 10]);
  });
});
