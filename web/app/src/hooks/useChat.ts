import { useEffect, useReducer, useRef } from 'react';
import { type ChatState, chatReducer, emptyChat } from '../logic/chat';
import type { Call } from '../sdk';

const TOPIC = 'chat';

export interface Chat {
  state: ChatState;
  send: (text: string) => void;
  setOpen: (open: boolean) => void;
}

/** The room's chat, over the reliable channel. `onIncoming` hears each message of others. */
export function useChat(call: Call, onIncoming: (name: string, text: string) => void): Chat {
  const [state, dispatch] = useReducer(chatReducer, emptyChat);
  const incoming = useRef(onIncoming);
  incoming.current = onIncoming;
  const names = useRef(new Map<string, string>());
  const ownId = useRef(0);

  useEffect(() => {
    const decoder = new TextDecoder();
    const stops = [
      call.on('data', ({ from, topic, payload }) => {
        if (topic !== TOPIC) return;
        // Someone may have left before the message is here.
        const name = call.participants.get(from)?.name ?? names.current.get(from) ?? '?';
        const text = decoder.decode(payload);
        dispatch({ type: 'received', from, name, text, at: Date.now() });
        incoming.current(name, text);
      }),
      call.on('left', ({ id, name }) => names.current.set(id, name)),
      call.on('gap', () => dispatch({ type: 'gap', at: Date.now() })),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [call]);

  const send = (text: string) => {
    ownId.current -= 1;
    const id = ownId.current;
    dispatch({ type: 'sending', id, from: call.self.id, name: call.self.name, text, at: Date.now() });
    call.sendData(text, { topic: TOPIC, channel: 'reliable' }).then(
      () => dispatch({ type: 'sent', id }),
      () => dispatch({ type: 'failed', id }),
    );
  };
  return { state, send, setOpen: (open) => dispatch({ type: open ? 'opened' : 'closed' }) };
}
