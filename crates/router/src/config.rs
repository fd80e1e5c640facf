//! What an operator can set.

/// Limits and sizes of one router. Every table is bounded by a field of this struct or by a named constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterConfig {
    /// Most peers at once, 1..=100000. One more is closed at once with a `Disconnected` event.
    pub max_peers: usize,
    /// Most tracks at once of this worker's peers, over all rooms, and as many again that are imported from other
    /// workers. One more `Publish` or `Import` is refused and counted.
    pub max_tracks: usize,
    /// How many microphones of a room flow at once, 1..=64; rooms with no more unmuted microphones are never
    /// gated. Lower saves bandwidth in big rooms and clips interjections and laughter; higher costs up to 50
    /// packets a second per microphone and subscriber.
    pub loudest: usize,
    /// Packets kept per video layer for retransmission. 1024 are about 3.5 s of a 2.5 Mb/s layer.
    pub video_ring_packets: usize,
    /// Packets kept per audio track for retransmission. 128 are about 2.5 s.
    pub audio_ring_packets: usize,
    /// Largest data message from a client in bytes, envelope included.
    pub data_message_bytes: usize,
    /// Data messages one client may send per second, averaged; a burst of two seconds' worth is let through.
    pub data_messages_per_second: u32,
    /// Data bytes one client may send per second, averaged; a burst of two seconds' worth is let through.
    pub data_bytes_per_second: u32,
    /// A worker that works for this share of its time or more, in thousandths, for some seconds pauses what fewest people
    /// watch; one whose batches take long does as well. `None`: never.
    pub shed_above_permille: Option<u32>,
    /// Tell every decision about bandwidth ([`MediaEvent::Estimate`](media::plane::MediaEvent::Estimate), and
    /// `Downlink` once a second). About 25 events a second and participant: for looking into one call, not for service.
    pub trace: bool,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            max_peers: 2_000,
            max_tracks: 8_000,
            // Two more than the three that other services keep: laughter and interjections are not clipped, and the
            // calls people have most often, of up to five, are never gated at all.
            loudest: 5,
            video_ring_packets: 1_024,
            audio_ring_packets: 128,
            data_message_bytes: 16 * 1024,
            data_messages_per_second: 50,
            data_bytes_per_second: 256 * 1024,
            shed_above_permille: Some(950),
            trace: false,
        }
    }
}
