import { useWords } from '../i18n';
import { roomPath } from '../logic/room';
import { Icon } from '../ui/Icon';
import { useCopy } from '../ui/useCopy';
import './InviteLink.css';

/** The room's address, to copy or to hand to the phone's share sheet. */
export function InviteLink({ room }: { room: string }) {
  const words = useWords();
  const { copied, copy } = useCopy();
  const link = `${window.location.origin}${roomPath(room)}`;
  const canShare = typeof navigator.share === 'function' && matchMedia('(pointer: coarse)').matches;
  return (
    <div className="invite">
      <input
        className="input"
        readOnly
        value={link}
        aria-label={words.invite.link}
        data-testid="invite-link"
        onFocus={(event) => event.target.select()}
      />
      <div className="invite-actions">
        <button type="button" className="button primary" data-testid="copy-link" onClick={() => copy(link)}>
          <Icon name={copied ? 'check' : 'link'} size={18} />
          <span aria-live="polite">{copied ? words.copied : words.invite.copyLink}</span>
        </button>
        {canShare && (
          <button
            type="button"
            className="button plain"
            onClick={() => void navigator.share({ url: link, title: words.appName }).catch(() => undefined)}
          >
            {words.invite.share}
          </button>
        )}
      </div>
    </div>
  );
}
