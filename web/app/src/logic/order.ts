/** Who stands where in the grid: stable, but nobody talks unseen. */

/** When each participant last became the active speaker: larger is later; missing is never. */
export type SpokenAt = ReadonlyMap<string, number>;

/**
 * The order of tiles: as before, newcomers at the end. When `active` stands beyond the first page it changes places
 * with the one on the first page who has been silent longest, so that faces move as little as possible.
 */
export function orderTiles(
  before: readonly string[],
  present: readonly string[],
  firstPage: number,
  active: string | null,
  spokenAt: SpokenAt,
): string[] {
  const here = new Set(present);
  const known = new Set(before);
  const order = before.filter((id) => here.has(id));
  for (const id of present) if (!known.has(id)) order.push(id);

  const from = active === null ? -1 : order.indexOf(active);
  if (from < firstPage || firstPage <= 0) return order;
  let to = 0;
  for (let i = 0; i < firstPage; i += 1) {
    const quietest = spokenAt.get(order[to] ?? '') ?? -1;
    const candidate = spokenAt.get(order[i] ?? '') ?? -1;
    // Among the silent, the last one moves: the top of the page is where eyes rest.
    if (candidate <= quietest) to = i;
  }
  const moved = order[to];
  const speaker = order[from];
  if (moved === undefined || speaker === undefined) return order;
  order[to] = speaker;
  order[from] = moved;
  return order;
}
