import { useWords } from './i18n';
import { Wordmark } from './ui/Wordmark';
import './call/Left.css';

/** What the call cannot do without. */
export function browserIsTooOld(): boolean {
  return (
    typeof RTCPeerConnection === 'undefined' ||
    typeof RTCRtpSender === 'undefined' ||
    !('replaceTrack' in RTCRtpSender.prototype) ||
    !('getContributingSources' in RTCRtpReceiver.prototype) ||
    typeof WebSocket === 'undefined' ||
    typeof ResizeObserver === 'undefined'
  );
}

export function TooOld() {
  const { problem } = useWords();
  return (
    <main className="left" data-testid="too-old">
      <Wordmark />
      <h1>{problem.oldTitle}</h1>
      <p>{problem.old}</p>
    </main>
  );
}
