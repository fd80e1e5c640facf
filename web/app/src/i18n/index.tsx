import { createContext, type ReactNode, use } from 'react';
import { en, type Words } from './en';
import { zh } from './zh';

export type { Words } from './en';

export interface Locale {
  /** For `<html lang>` and `Intl`. */
  tag: string;
  words: Words;
}

const english: Locale = { tag: 'en', words: en };
const chinese: Locale = { tag: 'zh-CN', words: zh };

/** The first language of the browser's list that we speak; English when there is none. */
export function pickLocale(languages: readonly string[]): Locale {
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return chinese;
    if (/^en\b/i.test(language)) return english;
  }
  return english;
}

const LocaleContext = createContext<Locale>(english);

export function LocaleProvider({ locale, children }: { locale: Locale; children: ReactNode }) {
  return <LocaleContext value={locale}>{children}</LocaleContext>;
}

/** The page's words in the reader's language. */
export function useWords(): Words {
  return use(LocaleContext).words;
}

/** The language tag, for dates and numbers. */
export function useLocaleTag(): string {
  return use(LocaleContext).tag;
}
