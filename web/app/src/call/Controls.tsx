import type { ReactNode } from 'react';
import { NARROW_QUERY, useMediaQuery } from '../hooks/useMediaQuery';
import { useWords, type Words } from '../i18n';
import type { LayoutChoice } from '../logic/arrange';
import { isAllowed } from '../logic/permissions';
import type { CaptureKind } from '../media/capture';
import type { LocalMedia, MediaState } from '../media/LocalMedia';
import { DevicePickers } from '../prejoin/DevicePickers';
import { DeviceProblem } from '../prejoin/DeviceProblem';
import { canShareScreen, type Permissions } from '../sdk';
import { Icon, type IconName } from '../ui/Icon';
import { Popover } from '../ui/Popover';
import { InviteLink } from './InviteLink';
import { LayoutMenu } from './LayoutMenu';
import { MoreMenu } from './MoreMenu';
import type { PanelName } from './SidePanel';
import './Controls.css';

export interface ControlsProps {
  room: string;
  permissions: Permissions;
  /** One came with a token: so must others. */
  invited: boolean;
  media: LocalMedia;
  state: MediaState;
  layout: LayoutChoice;
  panel: PanelName | null;
  unread: number;
  people: number;
  onLayout: (layout: LayoutChoice) => void;
  onPanel: (panel: PanelName) => void;
  onShare: () => void;
  onLeave: () => void;
}

interface ControlProps {
  icon: IconName;
  label: string;
  testId: string;
  onClick: () => void;
  /** One key, shown in the hint. */
  shortcut?: string;
  tone?: 'active' | 'danger';
  pressed?: boolean;
  badge?: ReactNode;
  className?: string;
  /** Why the button does nothing now; null or missing: it does. */
  forbidden?: string | null;
}

export function Control({
  icon,
  label,
  testId,
  onClick,
  shortcut,
  tone,
  pressed,
  badge,
  className = '',
  forbidden = null,
}: ControlProps) {
  const hint = shortcut ? `${label} (${shortcut})` : label;
  // Not `disabled`: then neither pointer nor keyboard would come to the words that say why.
  return (
    <button
      type="button"
      className={`control ${tone ?? ''} ${className}`}
      aria-label={forbidden === null ? label : `${label}. ${forbidden}`}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
      aria-disabled={forbidden !== null}
      title={forbidden ?? hint}
      data-testid={testId}
      onClick={forbidden === null ? onClick : undefined}
    >
      <Icon name={icon} />
      {badge}
    </button>
  );
}

/** What is said and drawn for a camera or a microphone that is on or off. */
function deviceFace(
  words: Words,
  kind: CaptureKind,
  on: boolean,
): { icon: IconName; label: string; shortcut: string; menu: string } {
  const { controls, devices, keys } = words;
  if (kind === 'camera') {
    const [icon, label] = on ? (['camera', controls.cameraOff] as const) : (['cameraOff', controls.cameraOn] as const);
    return { icon, label, shortcut: keys.camera, menu: devices.cameraMenu };
  }
  const [icon, label] = on ? (['mic', controls.mute] as const) : (['micOff', controls.unmute] as const);
  return { icon, label, shortcut: keys.mute, menu: devices.microphoneMenu };
}

interface DeviceControlProps {
  kind: CaptureKind;
  media: LocalMedia;
  state: MediaState;
  permissions: Permissions;
}

function DeviceControl({ kind, media, state, permissions }: DeviceControlProps) {
  const { notAllowed } = useWords();
  const { wanted, track, starting, problem } = state[kind];
  const allowed = isAllowed(permissions, kind);
  const on = allowed && wanted && (track !== null || starting);
  const { icon, label, shortcut, menu } = deviceFace(useWords(), kind, on);
  const trouble = wanted ? problem : null;
  return (
    <div className={`control-pair${on ? '' : ' off'}`} data-on={on}>
      <Control
        icon={icon}
        label={label}
        testId={kind === 'camera' ? 'toggle-camera' : 'toggle-mic'}
        shortcut={shortcut}
        badge={trouble && <span className="control-alert" />}
        forbidden={allowed ? null : notAllowed[kind]}
        onClick={() => void media.toggle(kind)}
      />
      <Popover
        label={menu}
        align="start"
        button={(attributes) => (
          <button
            type="button"
            className="control-caret"
            aria-label={menu}
            title={menu}
            data-testid={`menu-${kind}`}
            {...attributes}
          >
            <Icon name="up" size={16} />
          </button>
        )}
      >
        {() => (
          <>
            {trouble && <DeviceProblem kinds={[kind]} problem={trouble} media={media} />}
            <DevicePickers media={media} state={state} kinds={kind === 'camera' ? [kind] : [kind, 'speaker']} meter />
          </>
        )}
      </Popover>
    </div>
  );
}

function ShareControl({ sharing, allowed, onShare }: { sharing: boolean; allowed: boolean; onShare: () => void }) {
  const { controls, keys, notAllowed } = useWords();
  if (!canShareScreen()) return null;
  return (
    <Control
      icon={sharing ? 'shareStop' : 'share'}
      label={sharing ? controls.stopShare : controls.share}
      testId="toggle-share"
      shortcut={keys.share}
      pressed={sharing}
      forbidden={allowed ? null : notAllowed.screen}
      {...(sharing ? { tone: 'active' as const } : {})}
      onClick={onShare}
    />
  );
}

function ChatControl({
  unread,
  panel,
  onPanel,
  className,
}: Pick<ControlsProps, 'unread' | 'panel' | 'onPanel'> & { className: string }) {
  const { controls, keys } = useWords();
  return (
    <Control
      icon="chat"
      label={unread > 0 ? controls.chatUnread(unread) : controls.chat}
      testId="toggle-chat"
      shortcut={keys.chat}
      pressed={panel === 'chat'}
      badge={unread > 0 && <span className="control-badge">{unread > 99 ? '99+' : unread}</span>}
      className={className}
      onClick={() => onPanel('chat')}
    />
  );
}

function InviteControl({ room, invited }: { room: string; invited: boolean }) {
  const { controls, invite } = useWords();
  return (
    <Popover
      label={invite.title}
      align="end"
      button={(attributes) => (
        <button
          type="button"
          className="control flat"
          aria-label={controls.invite}
          title={controls.invite}
          data-testid="invite"
          {...attributes}
        >
          <Icon name="invite" />
        </button>
      )}
    >
      {() => (
        <>
          <h2 className="popover-title">{invite.title}</h2>
          <p className="popover-hint">{invited ? invite.ownHint : invite.hint}</p>
          <InviteLink room={room} />
        </>
      )}
    </Popover>
  );
}

/** What a wide window has besides: on narrow ones it is in "more". */
function SideControls({ room, invited, layout, panel, unread, people, onLayout, onPanel }: ControlsProps) {
  const { controls, keys } = useWords();
  return (
    <div className="controls-side">
      <LayoutMenu layout={layout} onLayout={onLayout} />
      <InviteControl room={room} invited={invited} />
      <Control
        icon="people"
        label={controls.peopleCount(people)}
        testId="toggle-people"
        shortcut={keys.people}
        pressed={panel === 'people'}
        badge={<span className="control-count">{people}</span>}
        className="flat"
        onClick={() => onPanel('people')}
      />
      <ChatControl unread={unread} panel={panel} onPanel={onPanel} className="flat" />
      <Control
        icon="details"
        label={controls.details}
        testId="toggle-details"
        pressed={panel === 'details'}
        className="flat"
        onClick={() => onPanel('details')}
      />
    </div>
  );
}

/** The bar at the bottom. */
export function Controls(props: ControlsProps) {
  const { room, permissions, media, state, panel, unread, onPanel, onShare, onLeave } = props;
  const { call, controls } = useWords();
  const narrow = useMediaQuery(NARROW_QUERY);
  return (
    <section className="controls" aria-label={call.controls}>
      {!narrow && (
        <div className="controls-room" title={room}>
          {room}
        </div>
      )}
      <div className="controls-main">
        <DeviceControl kind="microphone" media={media} state={state} permissions={permissions} />
        <DeviceControl kind="camera" media={media} state={state} permissions={permissions} />
        {narrow ? (
          <>
            <ChatControl unread={unread} panel={panel} onPanel={onPanel} className="" />
            <MoreMenu {...props} />
          </>
        ) : (
          <ShareControl sharing={state.screen !== null} allowed={isAllowed(permissions, 'screen')} onShare={onShare} />
        )}
        <Control icon="leave" label={controls.leave} testId="leave" tone="danger" onClick={onLeave} />
      </div>
      {!narrow && <SideControls {...props} />}
    </section>
  );
}
