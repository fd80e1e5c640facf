import { useWords } from '../i18n';
import type { Tile } from '../logic/tiles';
import { remoteTile } from '../logic/tiles';
import type { Call } from '../sdk';
import { Avatar } from '../ui/Avatar';
import { Icon, type IconName } from '../ui/Icon';
import './PeoplePanel.css';

function Mark({ icon, text, tone = '' }: { icon: IconName; text: string; tone?: string }) {
  return (
    <span className={`person-mark ${tone}`} role="img" aria-label={text} title={text}>
      <Icon name={icon} size={18} />
    </span>
  );
}

interface PersonProps {
  tile: Tile;
  camera: boolean;
  screen: boolean;
}

function Microphone({ muted, speaking }: { muted: boolean; speaking: boolean }) {
  const { call, people } = useWords();
  if (muted) return <Mark icon="micOff" text={people.micOff} tone="off" />;
  return speaking ? <Mark icon="mic" text={call.speaking} tone="accent" /> : <Mark icon="mic" text={people.micOn} />;
}

function Name({ tile }: { tile: Tile }) {
  const words = useWords();
  const { reconnecting, connecting } = words.call;
  return (
    <span className="person-name">
      {tile.self ? words.youIn(tile.name) : tile.name}
      {tile.state !== 'connected' && <small>{tile.state === 'reconnecting' ? reconnecting : connecting}</small>}
    </span>
  );
}

function Person({ tile, camera, screen }: PersonProps) {
  const { call, people } = useWords();
  const speaking = tile.speaking && !tile.muted;
  return (
    <li
      className={`person${speaking ? ' speaking' : ''}`}
      data-testid="person"
      data-participant={tile.participant}
      data-muted={tile.muted}
      data-speaking={speaking}
      data-state={tile.state}
    >
      <Avatar name={tile.name} seed={tile.participant} size="small" />
      <Name tile={tile} />
      {tile.mark === 'poor' && <Mark icon="signalPoor" text={tile.self ? call.poorSelf : call.poor} tone="warn" />}
      {screen && <Mark icon="share" text={people.sharing} tone="accent" />}
      <Mark icon={camera ? 'camera' : 'cameraOff'} text={camera ? people.cameraOn : people.cameraOff} />
      <Microphone muted={tile.muted} speaking={speaking} />
    </li>
  );
}

/** Everybody in the room, oneself first. */
export function PeoplePanel({ call, self, sharing }: { call: Call; self: Tile; sharing: boolean }) {
  const { people } = useWords();
  // In very large rooms only part of the people is known here; the count is of all.
  const unseen = call.count - call.participants.size - 1;
  return (
    <>
      <p className="people-count" data-testid="people-count">
        {people.count(call.count)}
      </p>
      <ul className="people">
        <Person tile={self} camera={self.picture !== null} screen={sharing} />
        {[...call.participants.values()].map((participant) => {
          const camera = participant.tracks.get('camera');
          return (
            <Person
              key={participant.id}
              tile={remoteTile(participant, 'camera')}
              camera={camera !== undefined && !camera.muted}
              screen={participant.tracks.has('screen')}
            />
          );
        })}
        {unseen > 0 && <li className="people-more">{people.more(unseen)}</li>}
      </ul>
    </>
  );
}
