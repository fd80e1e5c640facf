import { useState } from 'react';
import { arrange, firstPageCameras, type LayoutChoice, type Scene, type SceneInput } from '../logic/arrange';
import type { Box } from '../logic/grid';
import { orderTiles } from '../logic/order';
import { remoteTiles, type Tile } from '../logic/tiles';
import type { Call } from '../sdk';
import type { Speakers } from './useSpeakers';

export interface SceneOptions {
  box: Box;
  self: Tile;
  layout: LayoutChoice;
  pinned: string | null;
  page: number;
  speakers: Speakers;
}

/** Where every tile stands now. Keeps the order of faces from one rendering to the next. */
export function useScene(call: Call, options: SceneOptions): Scene {
  const [order, setOrder] = useState<readonly string[]>([]);
  const { screens, cameras } = remoteTiles(call);
  const byId = new Map(cameras.map((tile) => [tile.participant, tile]));
  const { speakers, ...rest } = options;
  const input: SceneInput = { ...rest, screens, cameras, speaker: speakers.last, slots: call.videoSlots };

  // Who looks at a later page is looking for somebody: nobody moves under their eyes.
  const speaking = options.page === 0 ? call.activeSpeaker : null;
  const active = speaking !== null && byId.has(speaking) ? speaking : null;
  const next = orderTiles(order, [...byId.keys()], firstPageCameras(input), active, speakers.spokenAt);
  if (next.length !== order.length || next.some((id, index) => id !== order[index])) setOrder(next);

  const ordered = next.map((id) => byId.get(id)).filter((tile) => tile !== undefined);
  return arrange({ ...input, cameras: ordered });
}
