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
  startsAt: number | null;
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
  const text = {
    poor: self ? call.poorSelf : call.poor,
    bandwidth: call.noPicture,
    codec: call.noCodec,
    overload: call.overload,
  }[mark];
  return (
    <span className="tile-mark" role="img" aria-label={text} title={text} data-testid="poor-mark">
      <Icon name={mark === 'codec' ? 'warning' : 'signalPoor'} size={16} />
    </span>
  );
}

function StateVeil({ state }: { state: Props['state'] }) {
  const { call } = useWords();
  if (state === 'connected') return null;
  return (
    <div className="tile-state">
      <span className="spinner" />
      {state === 'reconnecting' ? call.reconnecting : call.connecting}
    </div>
  );
}

function Label({ label, source, muted, pinned }: Pick<Props, 'source' | 'muted' | 'pinned'> & { label: string }) {
  const { call } = useWords();
  return (
    <div className="tile-label">
      {source === 'camera' && muted && (
        <span className="tile-muted" role="img" aria-label={call.muted}>
          <Icon name="micOff" size={15} />
        </span>
      )}
      {source === 'screen' && <Icon name="share" size={15} />}
      {pinned && <Icon name="pin" size={14} />}
      <span className="tile-name" data-testid="tile-name">
        {label}
      </span>
    </div>
  );
}

function PinButton({ label, pinned, onPin }: { label: string; pinned: boolean; onPin: () => void }) {
  const { call } = useWords();
  const text = pinned ? call.unpin(label) : call.pin(label);
  return (
    <button
      type="button"
      className="tile-pin"
      aria-pressed={pinned}
      aria-label={text}
      title={text}
      data-testid="pin"
      onClick={onPin}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      <Icon name="pin" size={18} />
    </button>
  );
}

function Picture({
  picture,
  startsAt,
  self,
  source,
  name,
  participant,
}: Pick<Props, 'picture' | 'startsAt' | 'self' | 'source' | 'name' | 'participant'>) {
  const placeholder = (
    <div className="tile-empty">
      <Avatar name={name} seed={participant} />
    </div>
  );
  if (!picture) return placeholder;
  return (
    <Video track={picture} startsAt={startsAt} mirror={self && source === 'camera'} contain={source === 'screen'}>
      {placeholder}
    </Video>
  );
}

/** One person or one screen. A picture stands over a name only while it is proven to be theirs. */
export const TileView = memo(function TileView(props: Props) {
  const words = useWords();
  const { participant, source, name, self, picture, muted, state, pinned, role } = props;
  const own = role === 'floating' ? words.you : words.youIn(name);
  const label = self ? own : source === 'screen' ? words.call.screenOf(name) : name;
  const ring = props.speaking && !muted && source === 'camera';
  const pin = () => props.onPin(props.tileKey);
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
      onDoubleClick={pin}
    >
      <Picture
        picture={picture}
        startsAt={props.startsAt}
        self={self}
        source={source}
        name={name}
        participant={participant}
      />
      <StateVeil state={state} />
      <Label label={label} source={source} muted={muted} pinned={pinned} />
      <div className="tile-corner">
        <PinButton label={label} pinned={pinned} onPin={pin} />
        <Mark mark={props.mark} self={self} />
      </div>
    </article>
  );
});
