import { type SubmitEvent, useState } from 'react';
import { useWords } from '../i18n';
import { hashOfLink } from '../logic/invitation';
import { recall } from '../logic/remember';
import { randomRoomName, roomPath, toRoomName } from '../logic/room';
import { Icon } from '../ui/Icon';
import { Wordmark } from '../ui/Wordmark';
import './Home.css';

/** `/`: make a room or go to one. */
export function Home({ onRoom }: { onRoom: (room: string, hash?: string) => void }) {
  const words = useWords();
  const [typed, setTyped] = useState('');
  const [refused, setRefused] = useState(false);
  const room = toRoomName(typed);
  const [recent] = useState(() => recall().rooms);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (room) onRoom(room, hashOfLink(typed));
    else setRefused(true);
  };
  return (
    <div className="home">
      <header>
        <Wordmark />
      </header>
      <main>
        <h1>{words.home.title}</h1>
        <p className="home-intro">{words.home.intro}</p>
        <button
          type="button"
          className="button primary home-create"
          data-testid="create-room"
          onClick={() => onRoom(randomRoomName())}
        >
          <Icon name="plus" size={20} />
          {words.home.create}
        </button>
        <form onSubmit={submit} noValidate>
          <div className="field">
            <label htmlFor="room">{words.home.roomLabel}</label>
            <div className="home-join">
              <input
                id="room"
                className="input"
                data-testid="room-input"
                value={typed}
                placeholder={words.home.roomPlaceholder}
                autoCapitalize="none"
                autoComplete="off"
                spellCheck={false}
                aria-describedby="room-hint"
                aria-invalid={refused && !room}
                onChange={(event) => {
                  setTyped(event.target.value);
                  setRefused(false);
                }}
              />
              <button type="submit" className="button plain" data-testid="go-room" disabled={typed.trim() === ''}>
                {words.home.join}
              </button>
            </div>
            <p id="room-hint" className={`home-hint${refused ? ' refused' : ''}`} role="status">
              {refused && words.home.badRoom}
              {!refused && room !== '' && room !== typed.trim() && words.home.willJoin(room)}
            </p>
          </div>
        </form>
        {recent.length > 0 && (
          <nav aria-label={words.home.recent} className="home-recent">
            <span>{words.home.recent}</span>
            {recent.map((name) => (
              <a
                key={name}
                href={roomPath(name)}
                onClick={(event) => {
                  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                  event.preventDefault();
                  onRoom(name);
                }}
              >
                {name}
              </a>
            ))}
          </nav>
        )}
      </main>
      <footer>{words.tagline}</footer>
    </div>
  );
}
