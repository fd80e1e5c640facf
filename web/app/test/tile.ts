import type { Tile } from '../src/logic/tiles';

/** A tile for tests. */
export function tile(participant: string, change: Partial<Tile> = {}): Tile {
  const source = change.source ?? 'camera';
  return {
    key: `${participant}/${source}`,
    participant,
    source,
    name: participant,
    self: false,
    picture: null,
    startsAt: null,
    csrc: 0,
    muted: false,
    speaking: false,
    state: 'connected',
    mark: null,
    ...change,
  };
}
