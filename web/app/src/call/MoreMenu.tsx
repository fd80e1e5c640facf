import { useWords } from '../i18n';
import { isAllowed } from '../logic/permissions';
import { canShareScreen } from '../sdk';
import { Icon, type IconName } from '../ui/Icon';
import { Popover } from '../ui/Popover';
import type { ControlsProps } from './Controls';
import { InviteLink } from './InviteLink';
import { LayoutChoices } from './LayoutMenu';

function Item({ icon, text, testId, onClick }: { icon: IconName; text: string; testId: string; onClick: () => void }) {
  return (
    <button type="button" className="menu-item" data-testid={testId} onClick={onClick}>
      <Icon name={icon} size={20} />
      {text}
    </button>
  );
}

/** On narrow windows: what has no place in the bar. */
export function MoreMenu({ room, permissions, invited, state, layout, onLayout, onPanel, onShare }: ControlsProps) {
  const { controls, invite } = useWords();
  const sharing = state.screen !== null;
  return (
    <Popover
      label={controls.more}
      button={(attributes) => (
        <button
          type="button"
          className="control"
          aria-label={controls.more}
          title={controls.more}
          data-testid="more"
          {...attributes}
        >
          <Icon name="more" />
        </button>
      )}
    >
      {(close) => {
        const then = (action: () => void) => () => {
          close();
          action();
        };
        return (
          <div className="more-menu">
            {canShareScreen() && isAllowed(permissions, 'screen') && (
              <Item
                icon={sharing ? 'shareStop' : 'share'}
                text={sharing ? controls.stopShare : controls.share}
                testId="toggle-share"
                onClick={then(onShare)}
              />
            )}
            <Item icon="people" text={controls.people} testId="toggle-people" onClick={then(() => onPanel('people'))} />
            <Item
              icon="details"
              text={controls.details}
              testId="toggle-details"
              onClick={then(() => onPanel('details'))}
            />
            <LayoutChoices layout={layout} onLayout={onLayout} />
            <h2 className="popover-title">{invite.title}</h2>
            {invited && <p className="popover-hint">{invite.ownHint}</p>}
            <InviteLink room={room} />
          </div>
        );
      }}
    </Popover>
  );
}
