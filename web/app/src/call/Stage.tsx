import { useRef, useState } from 'react';
import { useElementSize } from '../hooks/useElementSize';
import { useScene } from '../hooks/useScene';
import { useSpeakers } from '../hooks/useSpeakers';
import { useView } from '../hooks/useView';
import { useWords } from '../i18n';
import type { LayoutChoice } from '../logic/arrange';
import type { Tile } from '../logic/tiles';
import type { Call } from '../sdk';
import { Pager } from './Pager';
import { TileView } from './TileView';
import { Waiting } from './Waiting';
import './Stage.css';

interface Props {
  call: Call;
  self: Tile;
  layout: LayoutChoice;
  pinned: string | null;
  onPin: (key: string) => void;
}

/** All the pictures: measures its room, places the tiles, and tells the server what is seen. */
export function Stage({ call, self, layout, pinned, onPin }: Props) {
  const words = useWords();
  const area = useRef<HTMLDivElement>(null);
  const box = useElementSize(area);
  const [page, setPage] = useState(0);
  const speakers = useSpeakers(call);
  const scene = useScene(call, { box, self, layout, pinned, page, speakers });
  useView(call, scene.placed);
  // Stable order in the document whatever the places: no video is torn down by a new layout.
  const placed = [...scene.placed].sort((a, b) => (a.tile.key < b.tile.key ? -1 : 1));
  return (
    <section className="stage" aria-label={words.call.tiles} data-testid="stage" data-mode={scene.mode}>
      <div className="stage-area" ref={area}>
        {placed.map(({ tile, ...place }) => {
          const { key, ...shown } = tile;
          return (
            <TileView
              key={key}
              tileKey={key}
              {...shown}
              {...place}
              speaking={shown.speaking && call.state === 'connected'}
              pinned={pinned === key}
              onPin={onPin}
            />
          );
        })}
        {call.participants.size === 0 && <Waiting room={call.room} />}
      </div>
      {scene.pages > 1 && <Pager page={scene.page} pages={scene.pages} onPage={setPage} />}
    </section>
  );
}
