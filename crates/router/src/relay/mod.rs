//! Tracks carried from worker to worker, so that one room can outgrow one core.
//!
//! ```text
//!   worker of the publisher                          worker of some viewers
//!   track ── export ──► outbox ══ packets, status ══► import ── track ── forwarders
//!                ▲                                       │
//!                └──── watch, keyframes, missing ════════┘
//! ```
//! `import` is a track whose publisher is another worker: what a router would ask of a peer it asks of that worker.
//! `export` is what a track keeps for each worker that watches it. `outbox` holds what waits for a neighbour, within
//! bounds. `room` carries what belongs to all of a room: neighbours, levels, data messages.
//!
//! What is said is the state, not the change, and what matters is said again: so nothing but time is lost when a
//! message is. Data messages are the exception: they are said once, and reliable ones are refused, not pushed out, when
//! a neighbour takes nothing for long. See `docs/adr/0006-a-relay-repeats-state-and-repairs-loss.md`.

mod exchange;
mod export;
mod import;
mod message;
mod outbox;
mod room;

pub(crate) use export::Export;
pub(crate) use import::{Import, Imported, unwatched};
pub use message::{LayerReport, Place, RelayMessage, TrackStatus};
pub(crate) use outbox::Outboxes;
pub use outbox::{RELAY_CONTROL, RELAY_PACKETS};
