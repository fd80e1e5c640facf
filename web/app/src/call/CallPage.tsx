import { useCallback, useEffect, useState } from 'react';
import { useAnnouncements } from '../hooks/useAnnouncements';
import { useCallState } from '../hooks/useCallState';
import { useChat } from '../hooks/useChat';
import { useDeviceNotices } from '../hooks/useDeviceNotices';
import { useLocalMedia } from '../hooks/useLocalMedia';
import { useNotices } from '../hooks/useNotices';
import { usePermissions } from '../hooks/usePermissions';
import { usePublishing } from '../hooks/usePublishing';
import { useShortcuts } from '../hooks/useShortcuts';
import { useWakeLock } from '../hooks/useWakeLock';
import { useWords } from '../i18n';
import type { LayoutChoice } from '../logic/arrange';
import { type Act, isAllowed } from '../logic/permissions';
import { selfTile } from '../logic/tiles';
import type { LocalMedia } from '../media/LocalMedia';
import { ChatPanel } from '../panels/ChatPanel';
import { DetailsPanel } from '../panels/DetailsPanel';
import { PeoplePanel } from '../panels/PeoplePanel';
import { type Call, canShareScreen } from '../sdk';
import { Banners, NoticeList, TapToHear } from './Banners';
import { Controls } from './Controls';
import { type PanelName, SidePanel } from './SidePanel';
import { Stage } from './Stage';
import './CallPage.css';

interface Props {
  call: Call;
  media: LocalMedia;
  onLeave: () => void;
}

function useSpeakerChoice(call: Call, speakerId: string): void {
  useEffect(() => {
    // A speaker of last time may be gone: then the default plays.
    if (speakerId !== '') call.setSpeaker(speakerId).catch(() => undefined);
    else call.setSpeaker('').catch(() => undefined);
  }, [call, speakerId]);
}

/** The call: pictures, panel, controls. */
export function CallPage({ call, media, onLeave }: Props) {
  const words = useWords();
  useCallState(call);
  const state = useLocalMedia(media);
  const notices = useNotices();
  const [layout, setLayout] = useState<LayoutChoice>('auto');
  const [pinned, setPinned] = useState<string | null>(null);
  const [panel, setPanel] = useState<PanelName | null>(null);
  const [spoken, setSpoken] = useState('');

  const chat = useChat(call, (name, text) => setSpoken(words.chat.incoming(name, text)));
  usePublishing(call, state, () => notices.say(words.call.publishFailed, 'problem'));
  useDeviceNotices(state, words, notices.say);
  useSpeakerChoice(call, state.speakerId);
  usePermissions(call, media, words, notices.say);
  useWakeLock();
  useAnnouncements(call, words, notices.say);

  const openPanel = (next: PanelName | null) => {
    setPanel(next);
    chat.setOpen(next === 'chat');
  };
  const togglePanel = (name: PanelName) => openPanel(panel === name ? null : name);
  /** Whether the person may; when not, why nothing happens. */
  const may = (act: Act) => {
    const allowed = isAllowed(call.permissions, act);
    if (!allowed) notices.say(words.notAllowed[act], 'problem');
    return allowed;
  };
  const share = () => {
    if (!may('screen')) return;
    if (media.state.screen) media.stopScreen();
    else media.startScreen().catch(() => notices.say(words.problem.shareFailed, 'problem'));
  };
  const toggle = (kind: 'camera' | 'microphone') => {
    if (!may(kind)) return;
    void media.toggle(kind);
    const { mutedNotice, unmutedNotice, cameraOnNotice, cameraOffNotice } = words.call;
    const [on, off] = kind === 'camera' ? [cameraOnNotice, cameraOffNotice] : [unmutedNotice, mutedNotice];
    notices.say(media.state[kind].wanted ? on : off);
  };
  const pin = useCallback((key: string) => setPinned((before) => (before === key ? null : key)), []);
  const closeOrUnpin = () => (panel ? openPanel(null) : setPinned(null));
  useShortcuts({
    [words.keys.mute]: () => toggle('microphone'),
    [words.keys.camera]: () => toggle('camera'),
    [words.keys.chat]: () => togglePanel('chat'),
    [words.keys.people]: () => togglePanel('people'),
    ...(canShareScreen() ? { [words.keys.share]: share } : {}),
    Escape: closeOrUnpin,
  });

  const self = selfTile(call, state);
  return (
    <main className="call" aria-label={words.call.region} data-testid="call" data-state={call.state}>
      <h1 className="unseen">{call.room}</h1>
      <div className="call-body">
        <div className="call-pictures">
          <Stage call={call} self={self} layout={layout} pinned={pinned} onPin={pin} />
          <div className="overlays">
            <Banners call={call} sharing={state.screen !== null} onStopSharing={() => media.stopScreen()} />
            <NoticeList list={notices.list} />
          </div>
          <TapToHear call={call} />
        </div>
        {panel && (
          <SidePanel name={panel} title={words[panel].title} onClose={() => openPanel(null)}>
            {panel === 'chat' && <ChatPanel chat={chat} allowed={isAllowed(call.permissions, 'chat')} />}
            {panel === 'people' && <PeoplePanel call={call} self={self} sharing={state.screen !== null} />}
            {panel === 'details' && <DetailsPanel call={call} />}
          </SidePanel>
        )}
      </div>
      <Controls
        room={call.room}
        permissions={call.permissions}
        invited={call.self.identity !== null}
        media={media}
        state={state}
        layout={layout}
        panel={panel}
        unread={chat.state.unread}
        people={call.count}
        onLayout={setLayout}
        onPanel={togglePanel}
        onShare={share}
        onLeave={onLeave}
      />
      <p className="unseen" aria-live="polite">
        {spoken}
      </p>
    </main>
  );
}
