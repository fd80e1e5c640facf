import { type ReactNode, type RefObject, useEffect, useId, useRef, useState } from 'react';
import './Popover.css';

export interface PopoverButton {
  'aria-expanded': boolean;
  'aria-controls': string;
  'aria-haspopup': 'dialog';
  onClick: () => void;
}

interface Props {
  label: string;
  /** Draws the button that opens the panel; spread the given attributes on it. */
  button: (attributes: PopoverButton) => ReactNode;
  children: (close: () => void) => ReactNode;
  align?: 'start' | 'center' | 'end';
}

/** Closes on a press outside and on Escape, and then gives the focus back to the button. */
function useDismiss(open: boolean, root: RefObject<HTMLElement | null>, close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    if (!open) return;
    const pressed = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) latest.current();
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      latest.current();
      root.current?.querySelector('button')?.focus();
    };
    document.addEventListener('pointerdown', pressed);
    // Before the page's own shortcuts: Escape closes one thing at a time.
    document.addEventListener('keydown', key, true);
    return () => {
      document.removeEventListener('pointerdown', pressed);
      document.removeEventListener('keydown', key, true);
    };
  }, [open, root]);
}

/** A button with a panel above it; on phones the panel is a sheet at the bottom. */
export function Popover({ label, button, children, align = 'center' }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = () => setOpen(false);
  useDismiss(open, root, close);
  useEffect(() => {
    if (open) panel.current?.focus();
  }, [open]);
  return (
    <div className="popover" ref={root}>
      {button({ 'aria-expanded': open, 'aria-controls': id, 'aria-haspopup': 'dialog', onClick: () => setOpen(!open) })}
      {open && (
        <div id={id} ref={panel} className={`popover-panel ${align}`} role="dialog" aria-label={label} tabIndex={-1}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
