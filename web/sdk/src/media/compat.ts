const KEY = 'plenum.compat';

/** Whether an earlier handshake failed, so that every SRTP profile should be offered at once. */
export function rememberedCompat(): boolean {
  try {
    return localStorage.getItem(KEY) === '1';
  } catch {
    return false; // No storage here (a sandboxed frame, a worker).
  }
}

export function rememberCompat(): void {
  try {
    localStorage.setItem(KEY, '1');
  } catch {
    // Without storage the next call pays for one more failed handshake.
  }
}
