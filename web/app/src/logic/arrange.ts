/** Where every tile stands: grid, or stage and filmstrip. Pure: sizes in, rectangles out. */
import { type Box, GAP, gridCapacity, layoutGrid, paginate } from './grid';
import type { Tile } from './tiles';

export type LayoutChoice = 'auto' | 'grid' | 'speaker';

export interface Placed {
  tile: Tile;
  x: number;
  y: number;
  width: number;
  height: number;
  role: 'grid' | 'stage' | 'strip' | 'floating';
}

export interface Scene {
  mode: 'grid' | 'stage';
  placed: Placed[];
  page: number;
  pages: number;
}

export interface SceneInput {
  box: Box;
  /** Screens of others. */
  screens: readonly Tile[];
  /** Cameras of others, in the order they should stand. */
  cameras: readonly Tile[];
  self: Tile;
  layout: LayoutChoice;
  /** Key of the pinned tile. */
  pinned: string | null;
  /** Who spoke last among the others. */
  speaker: string | null;
  page: number;
  /** Tiles of others that can be received at a time. */
  slots: number;
}

const FLOATING = { min: 108, max: 224, share: 0.2, margin: 12 };
/** Width of the filmstrip beside the stage, height of the one below it. */
const STRIP_WIDTH = 204;
const STRIP_HEIGHT = 104;

/** The tile to show large, if any. */
export function stageTile(input: SceneInput): Tile | null {
  const { screens, cameras, self, layout, pinned, speaker } = input;
  const all = [...screens, ...cameras, self];
  const wanted = all.find((tile) => tile.key === pinned);
  if (wanted) return wanted;
  if (layout === 'grid') return null;
  const screen = screens[screens.length - 1];
  if (screen) return screen;
  if (layout === 'auto') return null;
  return cameras.find((tile) => tile.participant === speaker) ?? cameras[0] ?? null;
}

function centred(tile: Tile, area: Box & { x: number; y: number }, narrowest: number, role: Placed['role']): Placed {
  const shape = Math.max(narrowest, Math.min(16 / 9, area.width / area.height));
  const width = Math.floor(Math.min(area.width, area.height * shape));
  const height = Math.floor(Math.min(area.height, width / shape));
  const x = area.x + Math.floor((area.width - width) / 2);
  const y = area.y + Math.floor((area.height - height) / 2);
  return { tile, x, y, width, height, role };
}

/** Oneself in the corner of the large tile. */
function floating(self: Tile, large: Placed, box: Box): Placed {
  const upright = box.height > box.width;
  const width = Math.round(Math.max(FLOATING.min, Math.min(FLOATING.max, large.width * FLOATING.share)));
  const height = Math.round(upright ? (width * 4) / 3 : (width * 9) / 16);
  const { margin } = FLOATING;
  return {
    tile: self,
    x: large.x + large.width - width - margin,
    y: large.y + large.height - height - margin,
    width,
    height,
    role: 'floating',
  };
}

/** Two people: the other one large, oneself small in the corner. */
function pair(input: SceneInput, other: Tile): Scene {
  const { box, self } = input;
  const narrowest = box.height > box.width ? 9 / 16 : 4 / 3;
  const large = centred(other, { x: 0, y: 0, ...box }, narrowest, 'grid');
  return { mode: 'grid', placed: [large, floating(self, large, box)], page: 0, pages: 1 };
}

function rows(tiles: readonly Tile[], box: Box): Placed[] {
  const { columns, rows: count, tileWidth, tileHeight } = layoutGrid(tiles.length, box);
  const top = Math.floor((box.height - count * tileHeight - GAP * (count - 1)) / 2);
  return tiles.map((tile, index) => {
    const row = Math.floor(index / columns);
    // The last row is centred.
    const inRow = Math.min(columns, tiles.length - row * columns);
    const left = Math.floor((box.width - inRow * tileWidth - GAP * (inRow - 1)) / 2);
    const x = left + (index % columns) * (tileWidth + GAP);
    return { tile, x, y: top + row * (tileHeight + GAP), width: tileWidth, height: tileHeight, role: 'grid' };
  });
}

function grid(input: SceneInput): Scene {
  const { box, self, slots } = input;
  const others = [...input.screens, ...input.cameras];
  const [first] = others;
  if (!first) {
    const alone = centred(self, { x: 0, y: 0, ...box }, box.height > box.width ? 3 / 4 : 4 / 3, 'grid');
    return { mode: 'grid', placed: [alone], page: 0, pages: 1 };
  }
  if (others.length === 1 && slots > 0) return pair(input, first);
  const pages = paginate(others.length, true, gridCapacity(box), slots);
  const page = Math.max(0, Math.min(input.page, pages.length - 1));
  const range = pages[page] ?? { start: 0, end: 0 };
  const shown = [...others.slice(range.start, range.end), ...(page === 0 ? [self] : [])];
  return { mode: 'grid', placed: rows(shown, box), page, pages: pages.length };
}

/** Stage and strip: beside each other where the window is wide, above each other where it is not. */
function split(box: Box): { stage: Box; strip: Box & { x: number; y: number }; beside: boolean } {
  const beside = box.width > box.height * 1.15 && box.width >= 640;
  if (beside) {
    const stage = { width: box.width - STRIP_WIDTH - GAP, height: box.height };
    return { stage, strip: { x: stage.width + GAP, y: 0, width: STRIP_WIDTH, height: box.height }, beside };
  }
  const stage = { width: box.width, height: box.height - STRIP_HEIGHT - GAP };
  return { stage, strip: { x: 0, y: stage.height + GAP, width: box.width, height: STRIP_HEIGHT }, beside };
}

function staged(input: SceneInput, large: Tile): Scene {
  const { box, self } = input;
  const others = [...input.screens, ...input.cameras].filter((tile) => tile.key !== large.key);
  const withSelf = !large.self;
  const narrowest = large.source === 'screen' ? 0 : box.height > box.width ? 3 / 4 : 4 / 3;
  if (others.length === 0 && !withSelf) {
    return { mode: 'stage', placed: [centred(large, { x: 0, y: 0, ...box }, narrowest, 'stage')], page: 0, pages: 1 };
  }
  const { stage, strip, beside } = split(box);
  const tileHeight = beside ? Math.round((strip.width * 9) / 16) : strip.height;
  // Below: three fit on the narrowest phone.
  const tileWidth = beside
    ? strip.width
    : Math.min(Math.round((strip.height * 4) / 3), Math.floor((strip.width - 2 * GAP) / 3));
  const along = beside ? tileHeight : tileWidth;
  const room = beside ? strip.height : strip.width;
  const capacity = Math.max(1, Math.floor((room + GAP) / (along + GAP)));
  const free = input.slots - (large.self ? 0 : 1);
  const pages = free > 0 ? paginate(others.length, withSelf, capacity, free) : [{ start: 0, end: 0 }];
  const page = Math.max(0, Math.min(input.page, pages.length - 1));
  const range = pages[page] ?? { start: 0, end: 0 };
  const shown = [...others.slice(range.start, range.end), ...(withSelf && page === 0 ? [self] : [])].slice(0, capacity);
  const length = shown.length * along + GAP * (shown.length - 1);
  const start = Math.max(0, Math.floor((room - length) / 2));
  const placed = shown.map((tile, index): Placed => {
    const offset = start + index * (along + GAP);
    const x = beside ? strip.x : strip.x + offset;
    const y = beside ? strip.y + offset : strip.y;
    return { tile, x, y, width: tileWidth, height: tileHeight, role: 'strip' };
  });
  return {
    mode: 'stage',
    placed: [centred(large, { x: 0, y: 0, ...stage }, narrowest, 'stage'), ...placed],
    page,
    pages: pages.length,
  };
}

export function arrange(input: SceneInput): Scene {
  if (input.box.width <= 0 || input.box.height <= 0) return { mode: 'grid', placed: [], page: 0, pages: 1 };
  const large = stageTile(input);
  return large ? staged(input, large) : grid(input);
}

/** How many cameras of others stand on the first page: those places are for who speaks. */
export function firstPageCameras(input: SceneInput): number {
  return arrange({ ...input, page: 0 }).placed.filter(({ tile }) => !tile.self && tile.source === 'camera').length;
}
