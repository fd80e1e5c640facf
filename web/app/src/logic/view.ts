/** What we ask the server for: from the tiles on screen to a view. */
import type { View, ViewTile } from '../sdk';

export interface ShownTile {
  participant: string;
  source: 'camera' | 'screen';
  /** Height of the tile in CSS pixels. */
  height: number;
  /** On the stage, that is: shown large, kept first when the network is short. */
  large: boolean;
}

/** Heights are sent in steps of this many pixels, so that a window being dragged does not send a view per frame. */
const HEIGHT_STEP = 20;
/** `Tile.height` is an unsigned 16-bit number on the wire. */
const MAX_HEIGHT = 65_535;

function physicalHeight(css: number, pixelRatio: number): number {
  const height = Math.ceil((css * pixelRatio) / HEIGHT_STEP) * HEIGHT_STEP;
  return Math.max(HEIGHT_STEP, Math.min(MAX_HEIGHT, height));
}

/** What is shown large first, then screens, then the rest in its order on screen. */
function rank(tile: ShownTile): number {
  if (tile.large) return 0;
  return tile.source === 'screen' ? 1 : 2;
}

/**
 * The view for these tiles. In a hidden tab nothing is visible: heights are 0, which stops the pictures and keeps the
 * sound and the places. At most `slots` tiles, the most important ones.
 */
export function computeView(tiles: readonly ShownTile[], pixelRatio: number, hidden: boolean, slots: number): View {
  const sorted = tiles.map((tile, index) => ({ tile, index }));
  sorted.sort((a, b) => rank(a.tile) - rank(b.tile) || a.index - b.index);
  const wanted = sorted.slice(0, slots).map(
    ({ tile }): ViewTile => ({
      participant: tile.participant,
      source: tile.source,
      height: hidden ? 0 : physicalHeight(tile.height, pixelRatio),
      priority: rank(tile),
    }),
  );
  return { tiles: wanted };
}

/** Whether two views ask for the same, so that the second need not be sent. */
export function sameView(a: View | null, b: View): boolean {
  return a !== null && JSON.stringify(a) === JSON.stringify(b);
}
