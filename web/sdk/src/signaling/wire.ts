import type { ClientMessage, ServerFrame, ServerMessage } from '../gen/protocol.ts';

/** One message of the server by its type. */
export type Server<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

/** Which answer each request gets. */
export interface Answers {
  join: Server<'welcome'>;
  offer: Server<'answer'>;
  publish: Server<'published_ok'>;
  unpublish: Server<'ok'>;
  view: Server<'ok'>;
  mute: Server<'ok'>;
  update: Server<'ok'>;
  renew: Server<'ok'>;
  participants: Server<'participants'>;
  leave: Server<'ok'>;
  ping: Server<'pong'>;
}

/** The answer's type of each request, to tell a confused server from a good one. */
export const ANSWER_TYPE: { readonly [T in ClientMessage['type']]: Answers[T]['type'] } = {
  join: 'welcome',
  offer: 'answer',
  publish: 'published_ok',
  unpublish: 'ok',
  view: 'ok',
  mute: 'ok',
  update: 'ok',
  renew: 'ok',
  participants: 'participants',
  leave: 'ok',
  ping: 'pong',
};

/** One request of the client by its type. */
export type Request<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;

/**
 * A text frame as a message. Fields are trusted: they come from the server that also serves the page. Types this
 * version does not know come back as they are, and their receiver ignores them.
 */
export function parseServerFrame(text: string): ServerFrame | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string')
      return null;
    return value as ServerFrame;
  } catch {
    return null;
  }
}
