//! What a client is made of.

use super::send_time::SendClock;
use media::{Codec, NtpTime, Source};
use std::net::SocketAddr;
use std::time::Duration;

/// Which SRTP profiles the client offers in its DTLS hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Srtp {
    /// AES-GCM only.
    Gcm,
    /// AES-CM with SHA-1 only, as old clients do; a server that takes only GCM answers with an alert.
    AesCm,
    /// AES-CM first, GCM second: the order of Chromium.
    #[default]
    Both,
}

/// How a client is built.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Seeds SSRCs, sequence numbers, timestamps and generated media.
    pub seed: u64,
    /// The client's wall clock at its start: give publishers clocks minutes apart and see who still measures well.
    pub wall_clock: NtpTime,
    /// The UDP socket's address; `None`: no UDP candidate.
    pub udp: Option<SocketAddr>,
    /// An address to connect ICE-TCP from (the port does not matter); `None`: no TCP candidate.
    pub tcp: Option<SocketAddr>,
    /// SRTP profiles offered.
    pub srtp: Srtp,
    /// Offer RED for audio.
    pub red: bool,
    /// With `red`: send the microphone with one redundant block (RFC 2198), otherwise as plain Opus.
    pub send_red: bool,
    /// Video codecs offered on every section, the preferred one first. VP8 must be among them, and is what is sent.
    pub video_codecs: Vec<Codec>,
    /// Video codecs of the sections that publish, when they are fewer.
    pub publish_codecs: Option<Vec<Codec>>,
    /// Receive media past the connection, which costs a fraction of what it does through it; only with [`Srtp::Gcm`].
    pub past_connection: bool,
    /// May publish. One that never does needs nothing that numbers and repeats what is sent.
    pub publishes: bool,
    /// Camera in three encodings (rids q, h, f); otherwise one.
    pub simulcast: bool,
    /// These encodings, lowest first.
    pub camera: [LayerSpec; 3],
    /// Receive m-lines of kind video.
    pub video_slots: usize,
    /// Receive m-lines of kind audio.
    pub audio_slots: usize,
    /// Hand every completed video frame and every audio packet to the application as an event.
    pub frame_events: bool,
    /// Timers other than those of media wait for the next multiple of this, so that one turn serves several; zero:
    /// exact. More saves CPU with many clients in one process, and delays feedback, NACKs and reports by as much.
    pub timer_grid: Duration,
    /// Made-up packets carry when they were sent by this clock; the same for all clients of a process.
    pub send_clock: Option<SendClock>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            wall_clock: NtpTime(0xe000_0000_0000_0000),
            udp: None,
            tcp: None,
            srtp: Srtp::Both,
            red: false,
            send_red: true,
            video_codecs: vec![Codec::Vp8],
            publish_codecs: None,
            past_connection: false,
            publishes: true,
            simulcast: true,
            camera: CAMERA_LAYERS,
            video_slots: 3,
            audio_slots: 3,
            frame_events: false,
            timer_grid: Duration::ZERO,
            send_clock: None,
        }
    }
}

/// The publish sections in the order of the offer; the position is the mid.
pub const PUBLISH_ORDER: [Source; 4] = [
    Source::Microphone,
    Source::Camera,
    Source::Screen,
    Source::ScreenAudio,
];

/// Position of a source's section in the offer.
pub fn section_of(source: Source) -> usize {
    match source {
        Source::Microphone => 0,
        Source::Camera => 1,
        Source::Screen => 2,
        Source::ScreenAudio => 3,
    }
}

/// One encoding of a video source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerSpec {
    /// Simulcast rid, empty without simulcast.
    pub rid: &'static str,
    /// Picture width in pixels.
    pub width: u16,
    /// Picture height in pixels.
    pub height: u16,
    /// Bits per second of generated media.
    pub bitrate: u32,
}

/// The camera's encodings, lowest first.
pub const CAMERA_LAYERS: [LayerSpec; 3] = [
    LayerSpec {
        rid: "q",
        width: 160,
        height: 90,
        bitrate: 100_000,
    },
    LayerSpec {
        rid: "h",
        width: 320,
        height: 180,
        bitrate: 300_000,
    },
    LayerSpec {
        rid: "f",
        width: 640,
        height: 360,
        bitrate: 800_000,
    },
];

/// The camera's encodings as our SDK asks a browser for them, of a 720p camera, lowest first.
pub const SDK_LAYERS: [LayerSpec; 3] = [
    LayerSpec {
        rid: "q",
        width: 320,
        height: 180,
        bitrate: 150_000,
    },
    LayerSpec {
        rid: "h",
        width: 640,
        height: 360,
        bitrate: 500_000,
    },
    LayerSpec {
        rid: "f",
        width: 1280,
        height: 720,
        bitrate: 1_700_000,
    },
];

/// One encoding: the camera without simulcast, and the screen.
pub const SINGLE_LAYER: [LayerSpec; 1] = [LayerSpec {
    rid: "",
    width: 640,
    height: 360,
    bitrate: 800_000,
}];
