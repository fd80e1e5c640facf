import { useWords } from '../i18n';
import './Wordmark.css';

export function Wordmark() {
  const words = useWords();
  return (
    <span className="wordmark">
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
        <rect width="32" height="32" rx="9" />
        <circle cx="11" cy="11" r="3.4" />
        <circle cx="21" cy="11" r="3.4" opacity=".72" />
        <circle cx="11" cy="21" r="3.4" opacity=".72" />
        <circle cx="21" cy="21" r="3.4" opacity=".42" />
      </svg>
      {words.appName}
    </span>
  );
}
