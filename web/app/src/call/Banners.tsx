import { useEffect, useState } from 'react';
import type { Notice } from '../hooks/useNotices';
import { useWords } from '../i18n';
import { isPoor } from '../logic/tiles';
import type { Call } from '../sdk';
import { Icon } from '../ui/Icon';
import './Banners.css';

interface Props {
  call: Call;
  sharing: boolean;
  onStopSharing: () => void;
}

/** After this long, say that it is not a moment's hiccup. */
const LONG_MS = 15_000;

function Reconnecting() {
  const { call } = useWords();
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="banner warn" role="alert" data-testid="banner-reconnecting">
      <span className="spinner" />
      {long ? call.stillReconnecting : call.reconnectingBanner}
    </div>
  );
}

/** What concerns the whole call now: connection lost, sound waiting, own screen shared. */
export function Banners({ call, sharing, onStopSharing }: Props) {
  const words = useWords();
  return (
    <div className="banners">
      {call.state === 'reconnecting' && <Reconnecting />}
      {call.state === 'connected' && isPoor(call.quality) && (
        <div className="banner warn" role="status" data-testid="banner-poor">
          <Icon name="signalPoor" size={18} />
          {words.call.poorBecause[call.quality?.reason ?? 'none']}
        </div>
      )}
      {sharing && (
        <div className="banner" role="status" data-testid="banner-sharing">
          <Icon name="share" size={18} />
          {words.call.yourScreen}
          <button type="button" className="button plain small" data-testid="stop-sharing" onClick={onStopSharing}>
            {words.call.stopSharing}
          </button>
        </div>
      )}
    </div>
  );
}

/** Browsers play sound only after a gesture: a large thing to tap. */
export function TapToHear({ call }: { call: Call }) {
  const words = useWords();
  if (!call.audioBlocked) return null;
  return (
    <div className="tap-to-hear">
      <button
        type="button"
        className="button primary"
        data-testid="tap-to-hear"
        // biome-ignore lint/a11y/noAutofocus: nothing can be heard before it
        autoFocus
        onClick={() => void call.startAudio().catch(() => undefined)}
      >
        <Icon name="speaker" />
        {words.call.tapToHear}
      </button>
      <p>{words.call.tapToHearHint}</p>
    </div>
  );
}

/** Short notices, also for screen readers. */
export function NoticeList({ list }: { list: readonly Notice[] }) {
  return (
    <div className="notices" role="log" aria-live="polite" data-testid="notices">
      {list.map((notice) => (
        <div key={notice.id} className={`notice ${notice.tone}`}>
          {notice.text}
        </div>
      ))}
    </div>
  );
}
