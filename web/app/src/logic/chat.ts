/** The chat as a pure function of what happened. */

export interface ChatLine {
  /** Counts up for what arrived; our own lines bring negative numbers of their own. */
  id: number;
  kind: 'text' | 'gap';
  /** Participant id; '' for a gap. */
  from: string;
  /** The name at the time: people may be gone when the line is read. */
  name: string;
  text: string;
  /** Milliseconds since 1970, by our clock: the arrival. */
  at: number;
  own: boolean;
  state: 'sent' | 'sending' | 'failed';
}

export interface ChatState {
  lines: readonly ChatLine[];
  unread: number;
  open: boolean;
  nextId: number;
}

export type ChatAction =
  | { type: 'received'; from: string; name: string; text: string; at: number }
  /** `id` is negative, and new each time. */
  | { type: 'sending'; id: number; from: string; name: string; text: string; at: number }
  | { type: 'sent'; id: number }
  | { type: 'failed'; id: number }
  | { type: 'gap'; at: number }
  | { type: 'opened' }
  | { type: 'closed' };

/** Lines kept; the oldest goes first. Everything said in an hour of lively talk. */
export const MAX_LINES = 500;
/** Characters of one message: in UTF-8 at most 12,000 bytes, within the server's limit of one data message. */
export const MAX_TEXT = 4_000;
/** Lines by the same person within this time stand under one name. */
const GROUP_MS = 3 * 60_000;

export const emptyChat: ChatState = { lines: [], unread: 0, open: false, nextId: 1 };

function arrived(state: ChatState, line: Omit<ChatLine, 'id' | 'own' | 'state'>): ChatState {
  const lines = [...state.lines, { ...line, id: state.nextId, own: false, state: 'sent' as const }].slice(-MAX_LINES);
  return { ...state, lines, unread: state.open ? 0 : state.unread + 1, nextId: state.nextId + 1 };
}

function mark(state: ChatState, id: number, next: ChatLine['state']): ChatState {
  return { ...state, lines: state.lines.map((line) => (line.id === id ? { ...line, state: next } : line)) };
}

export function chatReducer(state: ChatState, action: ChatAction): ChatState {
  switch (action.type) {
    case 'received': {
      const { from, name, at } = action;
      const text = action.text.slice(0, MAX_TEXT);
      return text.trim() === '' ? state : arrived(state, { kind: 'text', from, name, text, at });
    }
    case 'sending': {
      const { id, from, name, text, at } = action;
      const line: ChatLine = { id, kind: 'text', from, name, text, at, own: true, state: 'sending' };
      return { ...state, lines: [...state.lines, line].slice(-MAX_LINES) };
    }
    case 'sent':
      return mark(state, action.id, 'sent');
    case 'failed':
      return mark(state, action.id, 'failed');
    case 'gap':
      return arrived(state, { kind: 'gap', from: '', name: '', text: '', at: action.at });
    case 'opened':
      return { ...state, open: true, unread: 0 };
    case 'closed':
      return { ...state, open: false };
  }
}

/** Whether a line continues the one before it, so that name and time are not repeated. */
export function continues(previous: ChatLine | undefined, line: ChatLine): boolean {
  return (
    previous !== undefined &&
    previous.kind === 'text' &&
    line.kind === 'text' &&
    previous.from === line.from &&
    line.at - previous.at < GROUP_MS
  );
}

export type TextPart = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };

const LINK = /https?:\/\/[^\s<>"'，。；！？、（）「」]+/giu;
/** Punctuation that ends a sentence rather than an address. */
const TRAILING = /[.,;:!?)\]}]+$/u;

/** Splits a message into words and http(s) links; nothing else ever becomes a link. */
export function splitLinks(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const raw = match[0].replace(TRAILING, '');
    if (!URL.canParse(raw)) continue;
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push({ kind: 'link', text: raw, href: new URL(raw).href });
    end = match.index + raw.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}
