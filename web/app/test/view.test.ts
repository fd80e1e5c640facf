import { describe, expect, it } from 'vitest';
import { computeView, type ShownTile, sameView } from '../src/logic/view';

const shown = (participant: string, height: number, change: Partial<ShownTile> = {}): ShownTile => ({
  participant,
  source: 'camera',
  height,
  large: false,
  ...change,
});

describe('computeView', () => {
  it('asks for physical pixels, in steps that do not change with every pixel of a dragged window', () => {
    expect(computeView([shown('a', 180)], 2, false, 9).tiles[0]?.height).toBe(360);
    expect(computeView([shown('a', 181)], 1, false, 9).tiles[0]?.height).toBe(200);
    expect(computeView([shown('a', 199)], 1, false, 9).tiles[0]?.height).toBe(200);
  });

  it('asks for no picture in a hidden tab, but keeps everybody so that sound goes on', () => {
    const { tiles } = computeView([shown('a', 180), shown('b', 180)], 1, true, 9);
    expect(tiles.map(({ participant, height }) => [participant, height])).toEqual([
      ['a', 0],
      ['b', 0],
    ]);
  });

  it('ranks what is large first, then screens, then the rest as on screen', () => {
    const view = computeView(
      [shown('a', 100), shown('b', 500, { large: true }), shown('c', 100, { source: 'screen' })],
      1,
      false,
      9,
    );
    expect(view.tiles.map(({ participant }) => participant)).toEqual(['b', 'c', 'a']);
    expect(view.tiles.map(({ priority }) => priority)).toEqual([0, 1, 2]);
  });

  it('never asks for more tiles than slots, and keeps the most important', () => {
    const view = computeView(
      [shown('a', 100), shown('b', 100), shown('s', 600, { source: 'screen', large: true })],
      1,
      false,
      2,
    );
    expect(view.tiles.map(({ participant }) => participant)).toEqual(['s', 'a']);
  });

  it('keeps heights within what the wire carries', () => {
    expect(computeView([shown('a', 60_000)], 3, false, 9).tiles[0]?.height).toBe(65_535);
    expect(computeView([shown('a', 0)], 1, false, 9).tiles[0]?.height).toBeGreaterThan(0);
  });
});

describe('sameView', () => {
  it('tells whether there is anything to send', () => {
    const view = computeView([shown('a', 180)], 1, false, 9);
    expect(sameView(null, view)).toBe(false);
    expect(sameView(view, computeView([shown('a', 179)], 1, false, 9))).toBe(true);
    expect(sameView(view, computeView([shown('a', 400)], 1, false, 9))).toBe(false);
  });
});
