import { useCallback, useEffect, useRef, useState } from 'react';

export interface Notice {
  id: number;
  text: string;
  tone: 'quiet' | 'problem';
}

const SHOWN_MS = 4_000;
const PROBLEM_MS = 8_000;
/** More at a time would cover the pictures; the oldest goes. */
const MAX_SHOWN = 3;

export interface Notices {
  list: readonly Notice[];
  say: (text: string, tone?: Notice['tone']) => void;
}

/** Short messages that go away by themselves. */
export function useNotices(): Notices {
  const [list, setList] = useState<readonly Notice[]>([]);
  const next = useRef(1);
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const pending = timers.current;
    return () => {
      for (const timer of pending) clearTimeout(timer);
    };
  }, []);
  const say = useCallback((text: string, tone: Notice['tone'] = 'quiet') => {
    const id = next.current;
    next.current += 1;
    setList((before) => [...before.filter((notice) => notice.text !== text), { id, text, tone }].slice(-MAX_SHOWN));
    const timer = setTimeout(
      () => {
        timers.current.delete(timer);
        setList((before) => before.filter((notice) => notice.id !== id));
      },
      tone === 'problem' ? PROBLEM_MS : SHOWN_MS,
    );
    timers.current.add(timer);
  }, []);
  return { list, say };
}
