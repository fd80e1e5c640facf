//! Decisions, for people who ask why.

use media::Bitrate;
use std::time::Instant;

/// One change of an estimate, or a decision that leads to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: Reason,
    /// Target before.
    pub before: Bitrate,
    /// Target after.
    pub after: Bitrate,
}

/// Why an estimate changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// Where it starts.
    Start,
}
