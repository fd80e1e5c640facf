//! Plain mode: a whole room in one thread, without cryptography and without `rtc`.
//!
//! A real [`router::Router`] and real [`room::Rooms`] serve synthetic people over simulated [`Link`]s. Everything
//! happens in virtual time and follows from one seed, so a run repeats bit for bit ([`World::digest`]), and a minute
//! of a call takes a fraction of a second.
//!
//! Every packet carries a [`Stamp`] of who captured what when. Receivers check with it, while it runs, that nothing
//! reaches the wrong person and that numbering, timestamps and decoding go on over switches and loss
//! ([`World::violations`]), and measure what people would notice: frames, freezes, lip sync.

mod actions;
mod allocation;
mod camera;
mod content;
mod cubic;
mod decoder;
mod downloads;
mod encoder;
mod estimators;
mod fuse;
mod observe;
mod pacer;
mod peer;
mod person;
mod playout;
mod publisher;
mod receiver;
mod recording;
mod reporter;
mod sabotage;
mod spread;
mod stamp;
mod stream;
mod subscriber;
mod temporal;
mod uplink;
mod watch;
mod wire;
mod world;

pub use actions::Tile;
pub use camera::{ModelledFrame, modelled};
pub use content::Content;
pub use estimators::Estimators;
pub use link::{Link, LinkConfig, LossModel, Rng};
pub(crate) use observe::SAMPLE_INTERVAL;
pub use observe::{Observation, Received, Sample};
pub use peer::PlainPeer;
pub use person::{Person, PersonConfig, PersonId};
pub use publisher::LayerChange;
pub use receiver::SlotStats;
pub use recording::{RecordedFrame, recording};
pub use sabotage::Sabotage;
pub use spread::Workers;
pub use stamp::Stamp;
pub use subscriber::Skew;
pub use world::World;
