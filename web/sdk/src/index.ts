/** Plenum for web pages: `connect` joins a room; the device helpers open cameras, microphones and screens. */

export type * from './api.ts';
export { connect } from './connect.ts';
export * from './devices/index.ts';
export { CallError } from './errors.ts';
export { attachPicture } from './media/picture.ts';
