//! What a peer is configured with.

use std::net::SocketAddr;

/// Largest first offer in bytes: 31 m-lines of all of Chromium's codecs are 137 KB.
pub const MAX_OFFER_BYTES: usize = 256 * 1024;
/// Largest later offer in bytes: it travels through the queue to a worker.
pub const MAX_REOFFER_BYTES: usize = 64 * 1024;
/// Most m-lines of an offer.
pub const MAX_MLINES: usize = 64;

/// Which SRTP profiles a peer negotiates (RFC 7714, RFC 3711).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SrtpProfiles {
    /// AES-128-GCM only: half the cost of AES-CM with SHA-1 per packet.
    #[default]
    Gcm,
    /// Everything there is, AES-256-GCM and AES-CM with SHA-1 too: for clients that know nothing else.
    Compat,
}

/// Settings shared by all peers of one worker.
#[derive(Debug, Clone)]
pub struct PeerConfig {
    /// Addresses advertised as host candidates, each for UDP and for passive TCP. At least one.
    pub candidates: Vec<SocketAddr>,
    /// Profiles offered to clients that do not ask for compatibility.
    pub srtp: SrtpProfiles,
    /// Most slots (receive m-lines) of either kind.
    pub max_slots: usize,
    /// Most publish sections.
    pub max_publish: usize,
    /// Largest data-channel message in bytes, in either direction.
    pub max_message_bytes: usize,
}

impl PeerConfig {
    /// The defaults, advertising these addresses.
    pub fn new(candidates: Vec<SocketAddr>) -> Self {
        Self {
            candidates,
            srtp: SrtpProfiles::Gcm,
            max_slots: 49,
            max_publish: 8,
            max_message_bytes: 16 * 1024,
        }
    }
}
