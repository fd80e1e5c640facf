import { type ReactNode, useEffect, useRef } from 'react';
import { useWords } from '../i18n';
import { Icon } from '../ui/Icon';
import './SidePanel.css';

export type PanelName = 'chat' | 'people' | 'details';

interface Props {
  name: PanelName;
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** Chat, people or details: beside the pictures, on phones a sheet over them. Gives the focus back when it closes. */
export function SidePanel({ name, title, onClose, children }: Props) {
  const { close } = useWords();
  const panel = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another panel is another opening
  useEffect(() => {
    const before = document.activeElement;
    const field = panel.current?.querySelector<HTMLElement>('[data-focus]');
    (field ?? panel.current)?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, [name]);
  return (
    <aside className={`panel ${name}`} ref={panel} aria-label={title} tabIndex={-1} data-testid={`panel-${name}`}>
      <header className="panel-head">
        <h2>{title}</h2>
        <button
          type="button"
          className="icon-button"
          aria-label={close}
          title={close}
          data-testid="close-panel"
          onClick={onClose}
        >
          <Icon name="close" size={20} />
        </button>
      </header>
      {children}
    </aside>
  );
}
