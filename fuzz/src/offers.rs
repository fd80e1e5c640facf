//! Offers recorded from real clients.

use std::sync::LazyLock;

use peer::PeerConfig;

macro_rules! recorded {
    ($($name:literal)*) => {
        [$(include_str!(concat!("../../crates/peer/tests/offers/", $name, "-offer.sdp"))),*]
    };
}

/// All of them; the second is the largest.
pub(crate) const RECORDED: [&str; 7] =
    recorded!("chromium" "chromium-slots" "firefox" "firefox-slots" "aiortc" "gst" "roamhq");

/// With simulcast, slots and every extension.
pub(crate) const LARGEST: &str = RECORDED[1];

/// What peers are configured with.
pub(crate) static CONFIG: LazyLock<PeerConfig> =
    LazyLock::new(|| PeerConfig::new(vec![crate::support::server_addr()]));
