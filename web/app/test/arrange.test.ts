import { describe, expect, it } from 'vitest';
import { arrange, firstPageCameras, type Placed, type SceneInput } from '../src/logic/arrange';
import type { Box } from '../src/logic/grid';
import { tile } from './tile';

const self = tile('me', { self: true });
const desktop = { width: 1260, height: 680 };

function input(people: number, change: Partial<SceneInput> = {}): SceneInput {
  return {
    box: desktop,
    screens: [],
    cameras: Array.from({ length: people }, (_, i) => tile(`p${i}`)),
    self,
    layout: 'auto',
    pinned: null,
    speaker: null,
    page: 0,
    slots: 9,
    ...change,
  };
}

const keys = (scene: ReturnType<typeof arrange>) => scene.placed.map(({ tile: { key } }) => key);

function expectTidy(placed: readonly Placed[], box: Box) {
  const apart = (a: Placed, b: Placed) =>
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  for (const a of placed) {
    expect(Math.min(a.x, a.y)).toBeGreaterThanOrEqual(0);
    expect(a.x + a.width).toBeLessThanOrEqual(box.width + 1);
    expect(a.y + a.height).toBeLessThanOrEqual(box.height + 1);
    expect(placed.filter((b) => a !== b && !apart(a, b))).toEqual([]);
  }
}

describe('arrange', () => {
  it('shows oneself alone, then the other large with oneself in the corner, then a grid', () => {
    expect(keys(arrange(input(0)))).toEqual(['me/camera']);
    expect(arrange(input(1)).placed.map(({ role }) => role)).toEqual(['grid', 'floating']);
    expect(arrange(input(2)).placed.map(({ role }) => role)).toEqual(['grid', 'grid', 'grid']);
  });

  it('keeps every tile inside the box and apart from the others', () => {
    for (const box of [desktop, { width: 359, height: 620 }, { width: 700, height: 320 }]) {
      for (const layout of ['grid', 'speaker'] as const) {
        for (let people = 2; people <= 20; people += 1) expectTidy(arrange(input(people, { box, layout })).placed, box);
      }
    }
  });

  it('never shows more others than there are slots', () => {
    for (let people = 1; people <= 20; people += 1) {
      for (const layout of ['grid', 'speaker'] as const) {
        for (let page = 0; page < 8; page += 1) {
          const { placed } = arrange(input(people, { layout, slots: 3, page }));
          expect(placed.filter((place) => !place.tile.self).length).toBeLessThanOrEqual(3);
        }
      }
    }
  });

  it('reaches everybody by paging, in grid and in speaker view', () => {
    for (const layout of ['grid', 'speaker'] as const) {
      for (const box of [desktop, { width: 359, height: 620 }]) {
        const first = arrange(input(13, { layout, slots: 3, box }));
        const seen = new Set<string>();
        for (let page = 0; page < first.pages; page += 1) {
          for (const key of keys(arrange(input(13, { layout, slots: 3, box, page })))) seen.add(key);
        }
        expect(seen.size).toBe(14);
      }
    }
  });

  it('puts the newest screen on the stage unless a grid was chosen, and a pin above all', () => {
    const screens = [tile('p1', { source: 'screen' }), tile('p2', { source: 'screen' })];
    expect(keys(arrange(input(4, { screens })))[0]).toBe('p2/screen');
    expect(arrange(input(4, { screens, layout: 'grid' })).mode).toBe('grid');
    expect(keys(arrange(input(4, { screens, layout: 'grid', pinned: 'p3/camera' })))[0]).toBe('p3/camera');
  });

  it('shows the last speaker large in speaker view', () => {
    expect(keys(arrange(input(4, { layout: 'speaker', speaker: 'p2' })))[0]).toBe('p2/camera');
    expect(keys(arrange(input(4, { layout: 'speaker', speaker: 'gone' })))[0]).toBe('p0/camera');
  });

  it('forgets a pin whose tile is gone, and a page that no longer exists', () => {
    const scene = arrange(input(2, { pinned: 'gone/camera', page: 7 }));
    expect(scene.mode).toBe('grid');
    expect(scene.page).toBe(0);
  });

  it('has no places without room', () => {
    expect(arrange(input(3, { box: { width: 0, height: 0 } })).placed).toEqual([]);
  });

  it('counts the cameras of the first page', () => {
    expect(firstPageCameras(input(13, { slots: 3, page: 2 }))).toBe(3);
    expect(firstPageCameras(input(2))).toBe(2);
  });
});
