import { describe, expect, it } from 'vitest';
import { type ChatAction, chatReducer, continues, emptyChat, MAX_LINES, MAX_TEXT, splitLinks } from '../src/logic/chat';

const received = (text: string, from = 'p1', at = 0): ChatAction => ({ type: 'received', from, name: from, text, at });
const run = (...actions: ChatAction[]) => actions.reduce(chatReducer, emptyChat);

describe('chatReducer', () => {
  it('counts what others said while closed, and nothing while open', () => {
    const state = run(received('a'), received('b'));
    expect(state.unread).toBe(2);
    expect(run(received('a'), { type: 'opened' }, received('b')).unread).toBe(0);
    expect(run({ type: 'opened' }, { type: 'closed' }, received('b')).unread).toBe(1);
  });

  it('does not count our own lines, and marks them when they went out or failed', () => {
    const sending: ChatAction = { type: 'sending', id: -1, from: 'me', name: 'Me', text: 'hi', at: 0 };
    expect(run(sending).unread).toBe(0);
    expect(run(sending).lines[0]?.state).toBe('sending');
    expect(run(sending, received('x'), { type: 'sent', id: -1 }).lines.map(({ state }) => state)).toEqual([
      'sent',
      'sent',
    ]);
    expect(run(sending, { type: 'failed', id: -1 }).lines[0]?.state).toBe('failed');
  });

  it('gives every line an id of its own', () => {
    const state = run(
      received('a'),
      { type: 'sending', id: -1, from: 'me', name: 'Me', text: 'b', at: 0 },
      received('c'),
      {
        type: 'gap',
        at: 0,
      },
    );
    expect(new Set(state.lines.map(({ id }) => id)).size).toBe(4);
  });

  it('shows where messages were lost', () => {
    const state = run(received('a'), { type: 'gap', at: 5 });
    expect(state.lines[1]).toMatchObject({ kind: 'gap', at: 5 });
    expect(state.unread).toBe(2);
  });

  it('ignores empty messages and shortens endless ones', () => {
    expect(run(received(' \n')).lines).toHaveLength(0);
    expect(run(received('x'.repeat(MAX_TEXT * 2))).lines[0]?.text).toHaveLength(MAX_TEXT);
  });

  it('keeps a bounded number of lines, the newest', () => {
    let state = emptyChat;
    for (let i = 0; i < MAX_LINES + 10; i += 1) state = chatReducer(state, received(String(i)));
    expect(state.lines).toHaveLength(MAX_LINES);
    expect(state.lines.at(-1)?.text).toBe(String(MAX_LINES + 9));
  });

  it('groups what one person says in a row, for some minutes', () => {
    const { lines } = run(
      received('a', 'p1', 0),
      received('b', 'p1', 1_000),
      received('c', 'p1', 1_000_000),
      received('d', 'p2', 1_000_001),
    );
    const [a, b, c, d] = lines;
    expect(a && continues(undefined, a)).toBe(false);
    expect(b && continues(a, b)).toBe(true);
    expect(c && continues(b, c)).toBe(false);
    expect(d && continues(c, d)).toBe(false);
  });
});

describe('splitLinks', () => {
  const links = (text: string) => splitLinks(text).flatMap((part) => (part.kind === 'link' ? [part.href] : []));

  it('finds http and https, without the punctuation after them', () => {
    expect(links('see https://example.org/a?b=c, and (http://x.org).')).toEqual([
      'https://example.org/a?b=c',
      'http://x.org/',
    ]);
    expect(links('请看https://example.org/路径，谢谢')).toEqual(['https://example.org/%E8%B7%AF%E5%BE%84']);
  });

  it('never links anything else', () => {
    expect(links('javascript:alert(1) data:text/html,x ftp://x file:///etc <script>')).toEqual([]);
    expect(links('https://')).toEqual([]);
  });

  it('loses no character', () => {
    const text = 'a https://x.org/y. b\nhttp://z.org c';
    expect(
      splitLinks(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
  });
});
