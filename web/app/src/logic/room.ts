/** Room names, and the addresses they make. */

/** As the server wants them: 1 to 64 characters of letters, digits, `-`, `_`, `.`. */
const ROOM = /^[A-Za-z0-9._-]{1,64}$/;

const ADJECTIVES = [
  'amber',
  'bold',
  'brave',
  'bright',
  'calm',
  'clear',
  'coral',
  'cosy',
  'early',
  'fair',
  'gentle',
  'glad',
  'golden',
  'green',
  'happy',
  'keen',
  'kind',
  'light',
  'lively',
  'lucky',
  'mellow',
  'merry',
  'mild',
  'noble',
  'proud',
  'quick',
  'quiet',
  'rapid',
  'silver',
  'smooth',
  'snowy',
  'sunny',
  'swift',
  'tidy',
  'vivid',
  'warm',
  'wise',
  'young',
] as const;
const NOUNS = [
  'acorn',
  'bay',
  'birch',
  'breeze',
  'brook',
  'canyon',
  'cedar',
  'cloud',
  'comet',
  'coast',
  'delta',
  'dune',
  'fern',
  'field',
  'fjord',
  'forest',
  'garden',
  'glade',
  'harbor',
  'hill',
  'island',
  'lagoon',
  'lake',
  'maple',
  'meadow',
  'moon',
  'oak',
  'ocean',
  'orchard',
  'pine',
  'prairie',
  'reef',
  'ridge',
  'river',
  'shore',
  'sky',
  'spring',
  'valley',
] as const;

export function isRoomName(name: string): boolean {
  // `.` and `..` mean folders in an address: browsers would take them away.
  return ROOM.test(name) && !/^\.+$/.test(name);
}

/** Makes a room name of what somebody typed or pasted (a name with spaces, or a whole invitation link); '' if nothing is left. */
export function toRoomName(typed: string): string {
  const link = /\/r\/([^/?#\s]+)/.exec(typed);
  const name = (link?.[1] ?? typed)
    .trim()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/\s+/g, '-')
    .replace(/[^A-Za-z0-9._-]/g, '')
    .slice(0, 64);
  return isRoomName(name) ? name : '';
}

function pick<T>(list: readonly T[], random: number): T {
  return list[random % list.length] as T;
}

/** A name people can read to each other, with four digits so that strangers do not meet. */
export function randomRoomName(random: Uint32Array = crypto.getRandomValues(new Uint32Array(3))): string {
  const number = 1000 + ((random[2] ?? 0) % 9000);
  return `${pick(ADJECTIVES, random[0] ?? 0)}-${pick(NOUNS, random[1] ?? 0)}-${number}`;
}

/** The room in a path like `/r/calm-river-1234`, null elsewhere. */
export function roomFromPath(path: string): string | null {
  const match = /^\/r\/([^/]+)\/?$/.exec(path);
  if (!match?.[1]) return null;
  try {
    const name = decodeURIComponent(match[1]);
    return isRoomName(name) ? name : null;
  } catch {
    return null;
  }
}

export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`;
}
