/** What the page remembers between calls, in this browser only. */

export interface Remembered {
  name: string;
  cameraId: string;
  microphoneId: string;
  speakerId: string;
  cameraOn: boolean;
  microphoneOn: boolean;
  rooms: string[];
}

const KEY = 'plenum';
const MAX_ROOMS = 4;
const nothing: Remembered = {
  name: '',
  cameraId: '',
  microphoneId: '',
  speakerId: '',
  cameraOn: true,
  microphoneOn: true,
  rooms: [],
};

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function recall(): Remembered {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return nothing;
    const it = stored as Record<string, unknown>;
    return {
      name: text(it.name).slice(0, 64),
      cameraId: text(it.cameraId),
      microphoneId: text(it.microphoneId),
      speakerId: text(it.speakerId),
      cameraOn: it.cameraOn !== false,
      microphoneOn: it.microphoneOn !== false,
      rooms: Array.isArray(it.rooms) ? it.rooms.map(text).filter(Boolean).slice(0, MAX_ROOMS) : [],
    };
  } catch {
    return nothing;
  }
}

/** Storage may be refused or full: then nothing is remembered, and nothing else happens. */
export function remember(change: Partial<Remembered>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...recall(), ...change }));
  } catch {
    // Private windows refuse storage.
  }
}

export function rememberRoom(room: string): void {
  remember({ rooms: [room, ...recall().rooms.filter((name) => name !== room)].slice(0, MAX_ROOMS) });
}
