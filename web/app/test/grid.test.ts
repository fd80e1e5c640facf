import { describe, expect, it } from 'vitest';
import { GAP, gridCapacity, layoutGrid, MIN_TILE_WIDTH, paginate } from '../src/logic/grid';

const desktop = { width: 1260, height: 680 };
const phone = { width: 359, height: 620 };

describe('layoutGrid', () => {
  it('keeps every tile inside the box, for any number and many shapes of window', () => {
    for (const box of [
      desktop,
      phone,
      { width: 900, height: 300 },
      { width: 300, height: 900 },
      { width: 620, height: 620 },
    ]) {
      for (let count = 1; count <= 60; count += 1) {
        const { columns, rows, tileWidth, tileHeight } = layoutGrid(count, box);
        expect(columns * rows).toBeGreaterThanOrEqual(count);
        expect((rows - 1) * columns).toBeLessThan(count);
        expect(columns * tileWidth + (columns - 1) * GAP).toBeLessThanOrEqual(box.width);
        expect(rows * tileHeight + (rows - 1) * GAP).toBeLessThanOrEqual(box.height);
      }
    }
  });

  it('gives the most area: no other number of columns has larger tiles and as few gaps', () => {
    const { columns, tileWidth, tileHeight } = layoutGrid(4, desktop);
    expect(columns).toBe(2);
    expect(tileWidth / tileHeight).toBeLessThanOrEqual(16 / 9 + 0.01);
    expect(layoutGrid(9, desktop).columns).toBe(3);
    expect(layoutGrid(2, desktop)).toMatchObject({ columns: 2, rows: 1 });
    expect(layoutGrid(2, phone)).toMatchObject({ columns: 1, rows: 2 });
    expect(layoutGrid(4, phone)).toMatchObject({ columns: 2, rows: 2 });
  });

  it('has at most two columns on a phone', () => {
    for (let count = 1; count <= 30; count += 1) expect(layoutGrid(count, phone).columns).toBeLessThanOrEqual(2);
  });

  it('never makes tiles wider than 16:9 or narrower than upright', () => {
    for (let count = 1; count <= 12; count += 1) {
      const wide = layoutGrid(count, { width: 2400, height: 300 });
      expect(wide.tileWidth / wide.tileHeight).toBeLessThanOrEqual(16 / 9 + 0.02);
      const tall = layoutGrid(count, { width: 300, height: 2400 });
      expect(tall.tileWidth / tall.tileHeight).toBeGreaterThanOrEqual(2 / 3 - 0.02);
    }
  });
});

describe('gridCapacity', () => {
  it('leaves no tile narrower than the least useful width', () => {
    const capacity = gridCapacity(phone);
    expect(layoutGrid(capacity, phone).tileWidth).toBeGreaterThanOrEqual(MIN_TILE_WIDTH);
  });

  it('is at least one, even without room', () => {
    expect(gridCapacity({ width: 10, height: 10 })).toBe(1);
  });
});

describe('paginate', () => {
  const covers = (remotes: number, withSelf: boolean, capacity: number, slots: number) => {
    const pages = paginate(remotes, withSelf, capacity, slots);
    const seen = pages.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
    expect(seen).toEqual(Array.from({ length: remotes }, (_, i) => i));
    for (const { start, end } of pages) expect(end - start).toBeLessThanOrEqual(slots);
    return pages;
  };

  it('shows everybody exactly once and never asks for more than the slots', () => {
    for (let remotes = 0; remotes <= 40; remotes += 1) {
      for (const slots of [1, 3, 9]) for (const capacity of [1, 4, 16]) covers(remotes, true, capacity, slots);
    }
  });

  it('has one page when all fit, and pages beyond the slots', () => {
    expect(covers(3, true, 16, 9)).toHaveLength(1);
    expect(covers(0, true, 16, 9)).toHaveLength(1);
    expect(covers(10, true, 16, 3)).toHaveLength(4);
  });

  it('gives oneself a place on the first page', () => {
    expect(paginate(10, true, 4, 9)[0]).toEqual({ start: 0, end: 3 });
    expect(paginate(10, true, 4, 9)[1]).toEqual({ start: 3, end: 7 });
  });
});
