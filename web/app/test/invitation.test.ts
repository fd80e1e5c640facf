import { describe, expect, it } from 'vitest';
import { hashOfLink, nameInToken, tokenFromHash } from '../src/logic/invitation';

function token(claims: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  const base64 = btoa(String.fromCharCode(...bytes));
  return `e30.${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}.c2ln`;
}

describe('an invitation', () => {
  it('is behind the # of the address', () => {
    expect(tokenFromHash('#token=a.b.c')).toBe('a.b.c');
    expect(tokenFromHash('#other=1&token=a.b-_c')).toBe('a.b-_c');
    for (const hash of ['', '#', '#token', '#token=', '#token=%20', '#a.b.c', '?token=a.b.c']) {
      expect(tokenFromHash(hash), hash).toBeNull();
    }
  });

  it('is kept when its link is pasted', () => {
    expect(hashOfLink(' https://call.example/r/daily#token=a.b.c ')).toBe('#token=a.b.c');
    expect(hashOfLink('https://call.example/r/daily#elsewhere')).toBe('');
    expect(hashOfLink('daily')).toBe('');
  });

  it('may name whom it is for', () => {
    expect(nameInToken(token({ name: ' 王小明 ' }))).toBe('王小明');
    expect(nameInToken(token({ name: 'Ada ??>' }))).toBe('Ada ??>');
    for (const odd of [
      null,
      '',
      'x',
      'a.b.c',
      'a.!.c',
      token({}),
      token({ name: 7 }),
      token({ name: ' ' }),
      token(null),
    ]) {
      expect(nameInToken(odd)).toBeNull();
    }
  });
});
