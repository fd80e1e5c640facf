import { useEffect, useRef, useState } from 'react';
import { CallPage } from './call/CallPage';
import { Left } from './call/Left';
import { useJoining } from './hooks/useJoining';
import { useRoute } from './hooks/useRoute';
import { useWords } from './i18n';
import { tokenFromHash } from './logic/invitation';
import { remember, rememberRoom } from './logic/remember';
import { LocalMedia } from './media/LocalMedia';
import { Home } from './prejoin/Home';
import { PreJoin } from './prejoin/PreJoin';

/** Which page shows: start, a look at oneself, the call, or goodbye. */
export function App() {
  const words = useWords();
  const { room, go } = useRoute();
  const { phase, join, leave, reset } = useJoining();
  const [media] = useState(() => new LocalMedia());
  const shownRoom = useRef(room);

  useEffect(() => {
    document.title = room === null ? words.appName : `${room} · ${words.appName}`;
    // Back and forward leave the room one was in.
    if (shownRoom.current !== room) {
      shownRoom.current = room;
      leave();
      reset();
    }
    if (room === null) media.stop();
  }, [room, words, leave, reset, media]);

  useEffect(() => {
    if (phase.name === 'left') media.stop();
  }, [phase.name, media]);

  if (room === null) return <Home onRoom={go} />;
  if (phase.name === 'call') return <CallPage call={phase.call} media={media} onLeave={leave} />;
  if (phase.name === 'left') {
    return <Left room={room} error={phase.error} onRejoin={reset} onHome={() => go(null)} />;
  }
  return (
    <PreJoin
      room={room}
      media={media}
      joining={phase.name === 'joining'}
      error={phase.name === 'ready' ? phase.error : null}
      onJoin={(name) => {
        if (tokenFromHash(window.location.hash) === null) remember({ name });
        rememberRoom(room);
        void join(room, name);
      }}
      onCancel={leave}
      onOtherRoom={() => go(null)}
    />
  );
}
