/** How tiles are laid out: the maths behind the grid, without a DOM. */

export interface Box {
  width: number;
  height: number;
}

export interface GridLayout {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
}

/** Space between tiles, in CSS pixels. Larger looks airier and makes pictures smaller. */
export const GAP = 10;
/** Tiles narrower than this cannot show a name and a face: make pages instead. */
export const MIN_TILE_WIDTH = 140;
export const MIN_TILE_WIDTH_WIDE = 210;
/** Below this width the page is a phone: two columns at most. */
export const NARROW = 520;

const WIDEST = 16 / 9;

/** The narrowest shape a tile may take: upright on upright screens, where a crop to the face wastes least. */
function narrowestShape(box: Box): number {
  return box.height > box.width ? 2 / 3 : 4 / 3;
}

function maxColumns(box: Box): number {
  if (box.width < NARROW) return 2;
  return Math.max(1, Math.floor((box.width + GAP) / (MIN_TILE_WIDTH_WIDE + GAP)));
}

/** The tile a cell of these columns and rows can hold, its shape between the narrowest and 16:9. */
function tileIn(box: Box, columns: number, rows: number): Box {
  const width = (box.width - GAP * (columns - 1)) / columns;
  const height = (box.height - GAP * (rows - 1)) / rows;
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  const shape = width / height;
  if (shape > WIDEST) return { width: height * WIDEST, height };
  const narrowest = narrowestShape(box);
  if (shape < narrowest) return { width, height: width / narrowest };
  return { width, height };
}

/** Rows and columns that give `count` tiles the most area in `box`; fewer empty cells win a tie. */
export function layoutGrid(count: number, box: Box): GridLayout {
  let best: GridLayout = { columns: 1, rows: Math.max(1, count), tileWidth: 0, tileHeight: 0 };
  let bestScore = -1;
  const limit = Math.min(Math.max(1, count), maxColumns(box));
  for (let columns = 1; columns <= limit; columns += 1) {
    const rows = Math.ceil(Math.max(1, count) / columns);
    const tile = tileIn(box, columns, rows);
    const empty = columns * rows - count;
    const score = tile.width * tile.height * (1 - 0.02 * empty);
    if (score > bestScore + 1e-6) {
      bestScore = score;
      best = { columns, rows, tileWidth: Math.floor(tile.width), tileHeight: Math.floor(tile.height) };
    }
  }
  return best;
}

/** How many tiles fit into `box` before they get too small to be useful. At least one. */
export function gridCapacity(box: Box): number {
  const narrow = box.width < NARROW;
  const tileWidth = narrow ? MIN_TILE_WIDTH : MIN_TILE_WIDTH_WIDE;
  const tileHeight = tileWidth / (narrow ? 1 : WIDEST);
  const columns = Math.min(maxColumns(box), Math.max(1, Math.floor((box.width + GAP) / (tileWidth + GAP))));
  const rows = Math.max(1, Math.floor((box.height + GAP) / (tileHeight + GAP)));
  return columns * rows;
}

export interface Page {
  /** Index of the first item. */
  start: number;
  end: number;
}

/**
 * Splits `remotes` others (each needs a slot) and possibly oneself (needs none, stands on the first page) into pages:
 * no page asks for more than `slots`, none has more than `capacity` tiles.
 */
export function paginate(remotes: number, withSelf: boolean, capacity: number, slots: number): Page[] {
  const first = Math.max(1, Math.min(slots, capacity - (withSelf ? 1 : 0)));
  const later = Math.max(1, Math.min(slots, capacity));
  const pages: Page[] = [{ start: 0, end: Math.min(first, remotes) }];
  for (let start = first; start < remotes; start += later) {
    pages.push({ start, end: Math.min(start + later, remotes) });
  }
  return pages;
}
