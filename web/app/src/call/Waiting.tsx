import { useWords } from '../i18n';
import { InviteLink } from './InviteLink';
import './Waiting.css';

/** Alone in the room: what one wants now is the link. */
export function Waiting({ room }: { room: string }) {
  const { call } = useWords();
  return (
    <div className="waiting" data-testid="waiting">
      <h2>{call.waiting}</h2>
      <p>{call.waitingHint}</p>
      <InviteLink room={room} />
    </div>
  );
}
