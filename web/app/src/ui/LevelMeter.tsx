import { useEffect, useRef } from 'react';
import { meterLevel } from '../sdk';
import './LevelMeter.css';

/** Bars that follow a microphone. Writes a CSS variable, so that 20 levels a second cost no rendering. */
export function LevelMeter({ track, label }: { track: MediaStreamTrack | null; label: string }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const meter = element.current;
    if (!track || !meter) return;
    let shown = 0;
    const stop = meterLevel(track, (level) => {
      // Up at once, down gently: easier on the eye.
      shown = level > shown ? level : shown * 0.82;
      meter.style.setProperty('--level', shown.toFixed(2));
      meter.dataset.level = shown.toFixed(2);
    });
    return () => {
      stop();
      meter.style.setProperty('--level', '0');
    };
  }, [track]);
  return (
    <div ref={element} className="level-meter" role="img" aria-label={label} data-testid="level-meter">
      <i />
    </div>
  );
}
