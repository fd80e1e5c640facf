import { useEffect, useRef } from 'react';
import { useWords } from '../i18n';
import { errorText } from '../logic/errors';
import { Wordmark } from '../ui/Wordmark';
import './Left.css';

interface Props {
  room: string;
  /** Why the call ended; null when the person left. */
  error: string | null;
  onRejoin: () => void;
  onHome: () => void;
}

export function Left({ room, error, onRejoin, onHome }: Props) {
  const words = useWords();
  const again = useRef<HTMLButtonElement>(null);
  useEffect(() => again.current?.focus(), []);
  return (
    <main className="left" data-testid="left" data-code={error ?? ''}>
      <Wordmark />
      <h1>{error === null ? words.left.title : words.left.failedTitle}</h1>
      <p role={error === null ? 'status' : 'alert'}>
        {error === null ? words.left.hint(room) : errorText(words, error)}
      </p>
      <div className="left-actions">
        <button ref={again} type="button" className="button primary" data-testid="rejoin" onClick={onRejoin}>
          {error === null ? words.left.rejoin : words.retry}
        </button>
        <button type="button" className="button plain" data-testid="home" onClick={onHome}>
          {words.left.home}
        </button>
      </div>
    </main>
  );
}
