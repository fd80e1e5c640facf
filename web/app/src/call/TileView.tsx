import { memo } from 'react';
import { useWords } from '../i18n';
import type { Placed } from '../logic/arrange';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { Video } from '../ui/Video';
import './TileView.css';

interface Props extends Omit<Placed, 'tile'> {
  tileKey: string;
  participant: string;
  source: 'camera' | 'screen';
  name: string;
  self: boolean;
  picture: MediaStreamTrack | null;
  csrc: number;
  muted: boolean;
  speaking: boolean;
  state: 'connecting' | 'connected' | 'reconnecting';
  mark: Placed['tile']['mark'];
  pinned: boolean;
  onPin: (key: string) => void;
}

function Mark({ mark, self }: { mark: Props['mark']; self: boolean }) {
  const { call } = useWords();
  if (mark === null) return null;
  const text = { poor: self ? call.poorSelf : call.poor, bandwidth: call.noPicture, codec: call.noCodec }[mark];
  return (
    <span className="tile-mark" role="img" aria-label={text} title={text} data-testid="poor-mark">
      <Icon name={mark === 'codec' ? 'warning' : 'signalPoor'} size={16} />
    </span>
  );
}

/** One person or one screen. The name stands under a picture only while the picture is proven to be theirs. */
export const TileView = memo(function TileView(props: Props) {
  const words = useWords();
  const { participant, source, name, self, picture, muted, speaking, state, pinned, role } = props;
  const label = self ? words.youIn(name) : source === 'screen' ? words.call.screenOf(name) : name;
  const ring = speaking && !muted && source === 'camera';
  const placeholder = (
    <div className="tile-empty">
      <Avatar name={name} seed={participant} />
    </div>
  );
  return (
    <article
      className={`tile ${role} ${source}${ring ? ' speaking' : ''}`}
      aria-label={label}
      data-testid={self ? 'self-tile' : 'tile'}
      data-participant={participant}
      data-source={source}
      data-name={name}
      data-csrc={picture ? props.csrc : 0}
      data-state={state}
      data-role={role}
      data-muted={muted}
      data-speaking={ring}
      style={{ left: props.x, top: props.y, width: props.width, height: props.height }}
      onDoubleClick={() => props.onPin(props.tileKey)}
    >
      {picture ? (
        <Video track={picture} mirror={self && source === 'camera'} contain={source === 'screen'}>
          {placeholder}
        </Video>
      ) : (
        placeholder
      )}
      {state !== 'connected' && (
        <div className="tile-state">
          <span className="spinner" />
          {state === 'reconnecting' ? words.call.reconnecting : words.call.connecting}
        </div>
      )}
      <div className="tile-label">
        {source === 'camera' && muted && (
          <span className="tile-muted" role="img" aria-label={words.call.muted}>
            <Icon name="micOff" size={15} />
          </span>
        )}
        {source === 'screen' && <Icon name="share" size={15} />}
        {pinned && <Icon name="pin" size={14} />}
        <span className="tile-name" data-testid="tile-name">
          {label}
        </span>
      </div>
      <div className="tile-corner">
        <Mark mark={props.mark} self={self} />
        <button
          type="button"
          className="tile-pin"
          aria-pressed={pinned}
          aria-label={pinned ? words.call.unpin(label) : words.call.pin(label)}
          title={pinned ? words.call.unpin(label) : words.call.pin(label)}
          data-testid="pin"
          onClick={() => props.onPin(props.tileKey)}
          onDoubleClick={(event) => event.stopPropagation()}
        >
          <Icon name="pin" size={18} />
        </button>
      </div>
    </article>
  );
});
