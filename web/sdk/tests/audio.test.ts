import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useWorld } from './fakes/world.ts';

class FakeAudio {
  static all: FakeAudio[] = [];
  static allowed = true;
  readonly dataset: Record<string, string> = {};
  autoplay = false;
  hidden = false;
  srcObject: unknown = null;
  sink = '';
  inPage = false;

  constructor() {
    FakeAudio.all.push(this);
  }

  play(): Promise<void> {
    return FakeAudio.allowed ? Promise.resolve() : Promise.reject(new DOMException('gesture', 'NotAllowedError'));
  }

  async setSinkId(id: string): Promise<void> {
    this.sink = id;
  }

  remove(): void {
    this.inPage = false;
  }
}

describe('sound', () => {
  const world = useWorld();

  beforeEach(() => {
    FakeAudio.all = [];
    FakeAudio.allowed = true;
    vi.stubGlobal('document', {
      createElement: () => new FakeAudio(),
      body: {
        append: (element: FakeAudio) => {
          element.inPage = true;
        },
      },
    });
    vi.stubGlobal('HTMLMediaElement', FakeAudio);
    vi.stubGlobal(
      'MediaStream',
      class {
        readonly tracks: unknown[];
        constructor(tracks: unknown[]) {
          this.tracks = tracks;
        }
      },
    );
  });
  afterEach(() => vi.unstubAllGlobals());

  it('has one element for each audio slot for as long as the call lasts', async () => {
    const call = await world.join();
    expect(FakeAudio.all.map(({ dataset, inPage, autoplay }) => [dataset.plenumSlot, inPage, autoplay])).toEqual([
      ['7', true, true],
      ['8', true, true],
      ['9', true, true],
    ]);
    const adding = call.addSlots(0, 1);
    await world.pass(10);
    await adding;
    expect(FakeAudio.all).toHaveLength(4);
    await call.leave();
    expect(FakeAudio.all.some(({ inPage }) => inPage)).toBe(false);
  });

  it('that the browser refuses is told once, and plays after a gesture', async () => {
    FakeAudio.allowed = false;
    const call = await world.join();
    const told: boolean[] = [];
    call.on('audioBlocked', (blocked) => told.push(blocked));
    expect(call.audioBlocked).toBe(true);
    await expect(call.startAudio()).rejects.toMatchObject({ name: 'NotAllowedError' });
    FakeAudio.allowed = true;
    await call.startAudio();
    expect([told, call.audioBlocked]).toEqual([[false], false]);
  });

  it('goes to the chosen speaker, also in slots that come later', async () => {
    const call = await world.join();
    await call.setSpeaker('headset');
    const adding = call.addSlots(0, 1);
    await world.pass(10);
    await adding;
    expect(FakeAudio.all.map(({ sink }) => sink)).toEqual(Array(4).fill('headset'));
  });
});
