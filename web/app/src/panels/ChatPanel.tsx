import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { Chat } from '../hooks/useChat';
import { useLocaleTag, useWords } from '../i18n';
import { type ChatLine, continues, MAX_TEXT, splitLinks } from '../logic/chat';
import { Icon } from '../ui/Icon';
import './ChatPanel.css';

function Text({ text }: { text: string }) {
  return splitLinks(text).map((part, index) =>
    part.kind === 'text' ? (
      part.text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: a sent message never changes
      <a key={index} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
        {part.text}
      </a>
    ),
  );
}

function Line({ line, previous }: { line: ChatLine; previous: ChatLine | undefined }) {
  const words = useWords();
  const tag = useLocaleTag();
  if (line.kind === 'gap') {
    return (
      <li className="chat-gap" data-testid="chat-gap">
        {words.chat.gap}
      </li>
    );
  }
  const time = new Date(line.at);
  return (
    <li className={`chat-line${line.own ? ' own' : ''}`} data-testid="chat-line" data-from={line.from}>
      {!continues(previous, line) && (
        <div className="chat-who">
          <b>{line.own ? words.you : line.name}</b>
          <time dateTime={time.toISOString()}>
            {time.toLocaleTimeString(tag, { hour: '2-digit', minute: '2-digit' })}
          </time>
        </div>
      )}
      <p className="chat-text">
        <Text text={line.text} />
      </p>
      {line.state === 'failed' && <span className="chat-failed">{words.chat.failed}</span>}
    </li>
  );
}

/** Keeps the end in sight, unless the reader scrolled up. */
function useStickToEnd(count: number) {
  const list = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when a line was added
  useEffect(() => {
    const element = list.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [count]);
  const onScroll = () => {
    const element = list.current;
    if (element) atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
  };
  return { list, onScroll };
}

export function ChatPanel({ chat, allowed }: { chat: Chat; allowed: boolean }) {
  const words = useWords();
  const [draft, setDraft] = useState('');
  const { lines } = chat.state;
  const { list, onScroll } = useStickToEnd(lines.at(-1)?.id ?? 0);
  const send = () => {
    const text = draft.trim();
    if (text === '' || !allowed) return;
    chat.send(text);
    setDraft('');
  };
  const pressed = (event: KeyboardEvent) => {
    // Enter also confirms a word in Chinese and Japanese input: not ours then.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <>
      {lines.length === 0 && <p className="chat-empty">{words.chat.empty}</p>}
      <ol className="chat-lines" ref={list} onScroll={onScroll} data-testid="chat-lines">
        {lines.map((line, index) => (
          <Line key={line.id} line={line} previous={lines[index - 1]} />
        ))}
      </ol>
      <form
        className="chat-form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <textarea
          className="input chat-input"
          data-testid="chat-input"
          data-focus
          rows={1}
          value={draft}
          maxLength={MAX_TEXT}
          placeholder={allowed ? words.chat.placeholder : words.notAllowed.chat}
          disabled={!allowed}
          aria-label={words.chat.placeholder}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={pressed}
        />
        <button
          type="submit"
          className="icon-button chat-send"
          aria-label={words.chat.send}
          title={words.chat.send}
          data-testid="chat-send"
          disabled={!allowed || draft.trim() === ''}
        >
          <Icon name="send" size={20} />
        </button>
      </form>
    </>
  );
}
