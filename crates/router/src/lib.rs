//! Peers, forwarders and speakers: the media plane of one worker as a state machine.
//!
//! A [`Router`] is told the time, datagrams and [`MediaCommand`](media::plane::MediaCommand)s, and returns
//! datagrams and [`MediaEvent`](media::plane::MediaEvent)s. First ring: no thread, no socket, no clock, no lock.
//! It sees peers through [`peer::Peer`], so that a simulation can run it without cryptography.
//!
//! Use: any number of `handle_*` calls (a batch of datagrams, say), then drain [`Router::poll_event`] and
//! [`Router::poll_transmit`] until both return `None`, then sleep until [`Router::poll_timeout`].
//!
//! A packet's way: `demux` finds the peer, `ingest` the track and its slots; `talkers` decides which microphones
//! flow. `assign` puts tracks into slots, `retarget` decides what of them flows, `service` what is asked of publishers, `feedback` answers
//! subscribers, `data` carries data messages, `relay` carries tracks between the routers of one room, `moving` participants.

mod assign;
mod balance;
mod claims;
mod codec_wish;
mod config;
mod contain;
mod counters;
mod data;
mod demux;
mod fan_out;
mod feedback;
mod health;
mod ingest;
mod layer_rate;
mod moving;
mod overload;
mod pace;
mod peers;
mod placement;
mod quality;
mod rate;
mod relay;
mod relief;
mod resent;
mod retarget;
mod router;
mod service;
mod shed;
mod slot_state;
mod spatial_rates;
mod speakers;
mod state;
mod steps;
mod table;
mod talkers;
mod temporal_rates;
mod timers;
mod trace;
mod tracks;

pub use balance::{Balance, Figures, MAX_COMING, RESERVED_FOR, SETTLING, Spread};
pub use config::RouterConfig;
pub use counters::{DROP_NAMES, DropReason, RouterCounters, Traffic};
pub use demux::{MAX_ADDRESSES_PER_PEER, MAX_UFRAGS_PER_PEER};
pub use health::{Health, PAUSE_NAMES, QUALITY_NAMES};
pub use moving::{HANDOVER_DATAGRAMS, Handover, MOST_NAMED, Moving};
pub use placement::{MAX_HELD, MAX_MOVES, Placement};
pub use relay::{LayerReport, Place, RELAY_CONTROL, RELAY_PACKETS, RelayMessage, TrackStatus};
pub use relief::Relief;
pub use router::{MAX_EVENTS, Router};
pub use shed::Load;
pub use speakers::{MAX_REPORTED, REPORT_INTERVAL, SPEECH_LOUDNESS};
pub use talkers::TALKER_SILENCE;
