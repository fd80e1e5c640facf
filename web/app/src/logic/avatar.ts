/** Initials and colour of someone without a camera. */

const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** One or two letters: the first of the first and last word; for Chinese, Japanese and Korean names the last one or two. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = words[0] ?? '';
  const letters = Array.from(first);
  if (CJK.test(first)) return letters.slice(-2).join('');
  const last = words.length > 1 ? (Array.from(words[words.length - 1] ?? '')[0] ?? '') : '';
  return `${letters[0] ?? '?'}${last}`.toUpperCase();
}

/** Hues that stay apart from each other and from the red of warnings. */
const HUES = [158, 200, 224, 262, 292, 328, 28, 48, 92, 182];

/** A hue in degrees, the same for the same person on every screen. */
export function hueOf(key: string): number {
  let hash = 2_166_136_261;
  for (const char of key) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619);
  return HUES[(hash >>> 0) % HUES.length] as number;
}
