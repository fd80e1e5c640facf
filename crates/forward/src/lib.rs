//! One track into one slot: forwarders, layer selection, keyframe requests, allocation.
//!
//! | for each … | the router keeps |
//! |---|---|
//! | participant | one [`PublisherClock`]: its NTP clock on the server's clock |
//! | layer of a track | one [`PacketRing`] and one [`LayerClock`] |
//! | video track | one [`KeyframeRequests`] and one [`WantedLayers`] |
//! | slot | one [`Forwarder`], for the slot's whole life |
//!
//! [`allocate`] turns what a participant wants to see into one target layer per slot.
//!
//! First ring: no thread, no socket, no clock, no lock.

mod allocate;
mod clock;
mod forwarder;
mod frames;
mod history;
mod keyframes;
mod ladder;
mod layers;
mod numbering;
mod rewrite;
mod ring;
mod select;
mod source;
mod spatial;
mod temporal;
mod timeline;
mod wanted;

pub use allocate::{Allocation, Budget, Demand, LayerTarget, Step, Target, allocate};
pub use clock::{CaptureTime, LayerClock, PublisherClock};
pub use forwarder::{ForwardedTrack, Forwarder, ForwarderState, SlotReport};
pub use keyframes::{KEYFRAME_INTERVAL, KeyframeRequests};
pub use ladder::ladder;
pub use ring::{AUDIO_RING, Inserted, PacketRing, VIDEO_RING};
pub use select::{LAYER_SILENCE, select_step};
pub use wanted::{LINGER, LayerSet, WantedLayers};
