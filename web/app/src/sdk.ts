/** The one door to the SDK: what the page uses of it. */
export { connect } from '@plenum/sdk';
export type {
  Call,
  CallErrorShape,
  CallEvents,
  CallState,
  CallStats,
  DataMessage,
  LocalTrack,
  PauseReason,
  RemoteParticipant,
  RemoteTrack,
  SendLayerStats,
  SlotStats,
  Source,
  View,
  ViewTile,
} from '@plenum/sdk';
