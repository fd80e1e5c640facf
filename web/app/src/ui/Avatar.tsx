import { hueOf, initials } from '../logic/avatar';
import './Avatar.css';

/** Initials on a colour of their own; the name itself stands beside it. */
export function Avatar({ name, seed, size = 'large' }: { name: string; seed: string; size?: 'large' | 'small' }) {
  return (
    <span className={`avatar ${size}`} aria-hidden="true" style={{ '--hue': hueOf(seed) }}>
      {initials(name)}
    </span>
  );
}
