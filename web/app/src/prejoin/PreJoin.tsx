import { type SubmitEvent, useEffect, useState } from 'react';
import { useLocalMedia } from '../hooks/useLocalMedia';
import { useWords } from '../i18n';
import { nameInToken, tokenFromHash } from '../logic/invitation';
import { recall } from '../logic/remember';
import type { LocalMedia } from '../media/LocalMedia';
import { Wordmark } from '../ui/Wordmark';
import { DevicePickers } from './DevicePickers';
import { ErrorBox } from './ErrorBox';
import { Preview } from './Preview';
import './PreJoin.css';

interface Props {
  room: string;
  media: LocalMedia;
  joining: boolean;
  /** Why the last try failed: an error code. */
  error: string | null;
  onJoin: (name: string) => void;
  onCancel: () => void;
  onOtherRoom: () => void;
}

/** `/r/ROOM`: a look at oneself, a name, and in. */
export function PreJoin({ room, media, joining, error, onJoin, onCancel, onOtherRoom }: Props) {
  const words = useWords();
  const state = useLocalMedia(media);
  // Whom an invitation names cannot call themselves otherwise.
  const [invited] = useState(() => nameInToken(tokenFromHash(window.location.hash)));
  const [name, setName] = useState(() => invited ?? recall().name);
  useEffect(() => void media.start(), [media]);
  const viewer = !state.camera.track && !state.microphone.track && !state.camera.starting && !state.microphone.starting;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (name.trim() !== '' && !joining) onJoin(name.trim());
  };
  return (
    <div className="prejoin">
      <header>
        <Wordmark />
        <button type="button" className="button link" data-testid="other-room" onClick={onOtherRoom}>
          {words.prejoin.otherRoom}
        </button>
      </header>
      <main>
        <Preview media={media} state={state} name={name} />
        <form className="prejoin-form" onSubmit={submit}>
          <div>
            <h1>{words.prejoin.ready}</h1>
            <p className="prejoin-room" data-testid="room-name">
              {room}
            </p>
          </div>
          {error !== null && <ErrorBox code={error} />}
          <div className="field">
            <label htmlFor="name">{words.prejoin.nameLabel}</label>
            <input
              id="name"
              className="input"
              data-testid="name-input"
              value={name}
              maxLength={64}
              required
              readOnly={invited !== null}
              autoComplete="name"
              placeholder={words.prejoin.namePlaceholder}
              // biome-ignore lint/a11y/noAutofocus: the name is the one thing this page asks for; not where a keyboard would slide in
              autoFocus={name === '' && !matchMedia('(pointer: coarse)').matches}
              onChange={(event) => setName(event.target.value)}
            />
          </div>
          <DevicePickers media={media} state={state} kinds={['camera', 'microphone', 'speaker']} meter />
          <div className="prejoin-actions">
            <button type="submit" className="button primary" data-testid="join" disabled={joining}>
              {joining && <span className="spinner" />}
              {joining ? words.prejoin.joining : viewer ? words.prejoin.joinViewer : words.prejoin.join}
            </button>
            {joining && (
              <button type="button" className="button plain" data-testid="cancel-join" onClick={onCancel}>
                {words.prejoin.cancel}
              </button>
            )}
          </div>
          <p className="prejoin-hint" role="status">
            {viewer && words.prejoin.viewerHint}
            {!viewer && !state.microphone.wanted && words.prejoin.muteHint}
          </p>
        </form>
      </main>
    </div>
  );
}
