//! How much one participant's downlink carries, and when what goes out.
//!
//! ```text
//!  push ──► Pacer ──► poll_release ──► the wire
//!             ▲ pacing rate, padding       │ send times (History)
//!             │                            ▼
//!          Estimator ◄── PathFeedback ◄── handle_feedback (transport-cc), REMB, receiver reports
//!             │
//!             ▼ estimate ──► the allocator chooses layers ──► set_demand (what it would send if it could)
//! ```
//!
//! [`Downlink`] puts the parts together; [`Estimator`] is the seam for the algorithm: ours is [`Controller`].
//! First ring: no thread, no socket, no clock, no lock.

mod controller;
mod downlink;
mod estimate;
mod feedback;
mod trace;

pub use controller::Controller;
pub use downlink::{Downlink, DownlinkStats, Outgoing, Priority, Release};
pub use estimate::{Demand, Estimate};
pub use feedback::{
    Acknowledged, Estimator, Fallback, Lost, PathFeedback, Probe, ProbeId, Report, TransportSeq,
};
pub use trace::{Change, Reason};

/// IPv4 and UDP headers in bytes. All sizes in this crate are bytes on the wire: datagram plus this, so that an
/// estimate is comparable with what a link is sold as.
pub const DATAGRAM_OVERHEAD: usize = 28;
