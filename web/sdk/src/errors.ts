import type { CallErrorShape } from './api.ts';

/** Codes of the client itself, beside the server's. */
export type ClientErrorCode =
  /** No WebSocket to the server. */
  | 'unreachable'
  /** The page's function for access tokens failed or took too long. */
  | 'token_unavailable'
  /** No media path came up, or it broke for good. */
  | 'media_failed'
  | 'unsupported_browser'
  | 'aborted'
  /** The server did not answer a request in time. */
  | 'timeout'
  /** The request's connection was replaced by a new one before the answer came. */
  | 'session_reset'
  /** The call is over. */
  | 'closed'
  /** A value that cannot be used: the message says which. */
  | 'invalid_value'
  | 'not_found';

/** Every failure of the SDK: `code` for programs, `message` for people. */
export class CallError extends Error implements CallErrorShape {
  readonly code: string;
  log?: readonly string[];

  constructor(code: string, message: string) {
    super(message);
    this.name = 'CallError';
    this.code = code;
  }
}

/** Whatever was thrown, as a `CallError`. */
export function toCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  return new CallError('internal', error instanceof Error ? error.message : String(error));
}
