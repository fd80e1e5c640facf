//! One module a target, each with a function of its name.

mod answer;

/// Something that can be fuzzed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// As in `make fuzz TARGET=…`, and of its folder in `corpus/`.
    pub name: &'static str,
    /// Panics when what must hold does not.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(pub mod $name;)*

        /// All of them.
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), run: $name::$name }),*];
    };
}

targets! {
    datagram
    stun
    rtp_header
    rtp
    rtcp
    transport_cc
    vp8
    vp9
    payload
    red
    layers_allocation
    dependency_descriptor
    data_message
    sdp_offer
    sdp_reoffer
    signaling
    framing
    peer_checks
    router
}

/// The target with this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}
