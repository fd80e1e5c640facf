import { describe, expect, it } from 'vitest';
import { pickLocale } from '../src/i18n';
import { en } from '../src/i18n/en';
import { zh } from '../src/i18n/zh';
import { errorText } from '../src/logic/errors';

/** Every path to a word, with how many values it takes. */
function shape(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
    const here = `${path}.${key}`;
    if (typeof entry === 'function') return [`${here}(${entry.length})`];
    return typeof entry === 'object' && entry !== null ? shape(entry, here) : [here];
  });
}

function texts(value: object): string[] {
  return Object.values(value).flatMap((entry: unknown) => {
    if (typeof entry === 'function') return [String((entry as (...all: unknown[]) => unknown)('X', 2))];
    return typeof entry === 'object' && entry !== null ? texts(entry) : [String(entry)];
  });
}

describe('words', () => {
  it('are the same set in both languages', () => {
    expect(shape(zh).sort()).toEqual(shape(en).sort());
  });

  it('are never empty', () => {
    for (const words of [en, zh]) expect(texts(words).filter((text) => text.trim() === '')).toEqual([]);
  });

  it('are the same letters where they are keys of the keyboard', () => {
    expect(zh.keys).toEqual(en.keys);
  });

  it('exist for every code of the server and the client that a person may meet, and for others', () => {
    for (const code of [
      'room_full',
      'node_full',
      'unreachable',
      'media_failed',
      'unsupported_browser',
      'shutting_down',
      'replaced',
      'token_missing',
      'token_malformed',
      'token_invalid',
      'token_expired',
      'token_not_yet_valid',
      'token_wrong_room',
      'token_wrong_identity',
      'token_unavailable',
      'not_allowed',
      'no_such_room',
      'duplicate_identity',
    ]) {
      for (const words of [en, zh]) expect(errorText(words, code)).not.toContain(code);
    }
    expect(errorText(en, 'odd_code')).toContain('odd_code');
    expect(errorText(en, 'other')).toContain('other');
    expect(errorText(en, 'toString')).toContain('toString');
  });
});

describe('pickLocale', () => {
  it('takes the first language we speak, English otherwise', () => {
    expect(pickLocale(['de-DE', 'zh-TW', 'en']).tag).toBe('zh-CN');
    expect(pickLocale(['zh']).tag).toBe('zh-CN');
    expect(pickLocale(['en-GB', 'zh-CN']).tag).toBe('en');
    expect(pickLocale(['de', 'fr']).tag).toBe('en');
    expect(pickLocale([]).tag).toBe('en');
  });
});
