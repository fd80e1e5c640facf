/** The access token of an invitation link: behind the `#`, which browsers send to no server. */

export function tokenFromHash(hash: string): string | null {
  if (!hash.startsWith('#')) return null;
  const token = new URLSearchParams(hash.slice(1)).get('token');
  return token?.trim() || null;
}

/** The name an access token gives its holder. Only to be shown: whether the token is good, the server says. */
export function nameInToken(token: string | null): string | null {
  try {
    const claims = (token?.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(claims), (c) => c.charCodeAt(0));
    const { name } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof name === 'string' && name.trim() !== '' ? name.trim() : null;
  } catch {
    return null;
  }
}

/** The `#…` of a pasted invitation link, '' without one. */
export function hashOfLink(typed: string): string {
  const hash = /#\S*/.exec(typed)?.[0] ?? '';
  return tokenFromHash(hash) === null ? '' : hash;
}
