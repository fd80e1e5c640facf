import type { Words } from '../i18n';

/** Words for an error code of the server or the SDK. */
export function errorText(words: Words, code: string): string {
  const { errors } = words;
  if (code === 'unsupported_browser') return words.problem.old;
  if (code !== 'other' && Object.hasOwn(errors, code)) return errors[code as Exclude<keyof typeof errors, 'other'>];
  return errors.other(code);
}

export function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return 'internal';
}
