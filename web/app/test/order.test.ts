import { describe, expect, it } from 'vitest';
import { orderTiles } from '../src/logic/order';

const nobody = new Map<string, number>();

describe('orderTiles', () => {
  it('keeps the order, adds newcomers at the end and drops who left', () => {
    expect(orderTiles(['a', 'b', 'c'], ['a', 'c', 'd'], 9, null, nobody)).toEqual(['a', 'c', 'd']);
  });

  it('moves nobody while the speaker is on the first page', () => {
    expect(orderTiles(['a', 'b', 'c'], ['a', 'b', 'c'], 2, 'b', nobody)).toEqual(['a', 'b', 'c']);
  });

  it('lets the speaker change places with who was silent longest', () => {
    const spoken = new Map([
      ['a', 3],
      ['b', 1],
      ['c', 2],
    ]);
    expect(orderTiles(['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd'], 3, 'd', spoken)).toEqual(['a', 'd', 'c', 'b']);
  });

  it('takes the last place when nobody on the first page ever spoke', () => {
    expect(orderTiles(['a', 'b', 'c'], ['a', 'b', 'c'], 2, 'c', nobody)).toEqual(['a', 'c', 'b']);
  });

  it('is settled after one step', () => {
    const once = orderTiles(['a', 'b', 'c'], ['a', 'b', 'c'], 2, 'c', nobody);
    expect(orderTiles(once, ['a', 'b', 'c'], 2, 'c', nobody)).toEqual(once);
  });

  it('ignores a speaker who is not here', () => {
    expect(orderTiles(['a', 'b'], ['a', 'b'], 1, 'z', nobody)).toEqual(['a', 'b']);
  });
});
