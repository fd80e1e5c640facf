//! What an operator can set, as one table: from it come the defaults, the reading of file, environment and
//! flags, all error texts, `config print`, docs/configuration.md and plenum.example.toml.

pub(crate) mod check;
mod ice;
pub mod load;
mod show;
pub(crate) mod value;

pub use ice::{IceServerConfig, IceServers};
pub use load::{ConfigError, ConfigErrors, Sources, load};
pub use show::{example_file, markdown, print};
pub use value::{Secrets, TextPath};

use std::net::{IpAddr, SocketAddr};
use value::{Setting, words};

/// One field, as the table has it.
#[derive(Debug)]
pub struct Field {
    /// Key in the file. `PLENUM_` and the name in capitals is the environment variable, the name with dashes
    /// the flag.
    pub name: &'static str,
    /// Heading it stands under.
    pub section: &'static str,
    /// Unit of the value; empty when it has none.
    pub unit: &'static str,
    /// What it is, and what raising and lowering it costs.
    pub doc: &'static str,
    /// Type in words.
    pub kind: &'static str,
    /// Range in words.
    pub range: fn() -> String,
    /// Default as TOML.
    pub default: fn() -> String,
    set_toml: fn(&mut Config, &toml::Value) -> Result<(), String>,
    set_text: fn(&mut Config, &str) -> Result<(), String>,
    show: fn(&Config, Secrets) -> String,
}

impl Field {
    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("PLENUM_{}", self.name.to_uppercase())
    }

    /// Whether it is on or off, so that its flag needs no value.
    pub fn is_switch(&self) -> bool {
        self.kind == <bool as Setting>::TYPE
    }

    /// Its flag, without the leading dashes.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}

macro_rules! fields {
    ($(
        section $section:literal {
            $(
                $(#[doc = $doc:literal])+
                $name:ident: $type:ty = $default:expr, range $range:expr, unit $unit:literal;
            )+
        }
    )+) => {
        /// The effective configuration. Every field is documented in docs/configuration.md.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Config {
            $($(
                $(#[doc = $doc])+
                pub $name: $type,
            )+)+
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $($($name: $default,)+)+ }
            }
        }

        /// Every field, in the order of the documentation.
        pub static FIELDS: &[Field] = &[$($(
            Field {
                name: stringify!($name),
                section: $section,
                unit: $unit,
                doc: concat!($($doc, "\n"),+),
                kind: <$type as Setting>::TYPE,
                range: || <$type as Setting>::describe(&$range),
                default: || Setting::show(&Config::default().$name, Secrets::Shown),
                set_toml: |config, value| {
                    let value = <$type as Setting>::from_toml(value)?;
                    value.check(&$range)?;
                    config.$name = value;
                    Ok(())
                },
                set_text: |config, text| {
                    let value = <$type as Setting>::from_text(text)?;
                    value.check(&$range)?;
                    config.$name = value;
                    Ok(())
                },
                show: |config, secrets| Setting::show(&config.$name, secrets),
            },
        )+)+];
    };
}

words!(
    /// How much is logged.
    LogLevel {
        /// Faults only.
        Error = "error",
        /// And what an operator should look at.
        Warn = "warn",
        /// And start, stop, rooms, participants.
        Info = "info",
        /// And messages, with addresses and SDP.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
);

words!(
    /// How a log line looks.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line, for log collectors.
        Json = "json",
    }
);

words!(
    /// Which SRTP profiles are offered to clients (RFC 5764, RFC 7714).
    SrtpProfiles {
        /// AES-GCM; a client that asks for `compat` in `join` gets AES-CM as well.
        PreferGcm = "prefer_gcm",
        /// AES-GCM, whatever the client asks for.
        OnlyGcm = "only_gcm",
        /// AES-GCM and AES-CM for everyone: the client's first choice wins.
        All = "all",
    }
);

words!(
    /// Whether media threads stay on cores of their own.
    PinSetting {
        /// Where there are as many cores as threads, and no quota on them.
        Auto = "auto",
        /// The system moves them as it likes.
        Off = "off",
    }
);

fields! {
    section "HTTP" {
        /// Address and port of HTTP: page, signaling, health and metrics. It is plain HTTP, and browsers give
        /// camera and microphone only to https pages and to localhost: for others, put a TLS proxy in front.
        http_bind: SocketAddr = SocketAddr::from(([0, 0, 0, 0], 8080)), range "port 0 takes a free one", unit "";
        /// Pages on other hosts that may open `/signal`, as `https://host` or `https://host:port`; `*` allows all.
        /// The server's own page is always allowed, and so are programs that send no Origin.
        allowed_origins: Vec<String> = Vec::new(), range "origins, or `*`", unit "";
        /// WebSocket connections at once. More are refused with HTTP status 503. Each costs a file descriptor.
        max_sessions: u32 = 4_000, range 1..=100_000, unit "connections";
    }
    section "Access" {
        /// File with the keys that sign access tokens, which nobody but its owner may read; see docs/operations.md. Without
        /// it the server starts only with `dev`.
        key_file: TextPath = TextPath::default(), range "a path", unit "";
        /// Lets everybody in without a token, for trying things out. Only where HTTP cannot be reached at a public address.
        dev: bool = false, range "true or false", unit "";
        /// With `dev`: at a public address too. Everybody on the internet can then hold calls on this server.
        dev_allow_public: bool = false, range "true or false", unit "";
    }
    section "Media" {
        /// Address that media sockets are bound to, UDP and TCP.
        media_bind: IpAddr = IpAddr::from([0, 0, 0, 0]), range "an address of this machine; 0.0.0.0 or :: for all", unit "";
        /// UDP and TCP port of the first worker; worker i (from 0) uses this port + i. Open them all in the firewall.
        media_port: u16 = 10_000, range 0..=65_535, unit "port; 0 takes free ones";
        /// Media threads. A room lives on one of them until that has enough to do. 0: as many as the machine has cores.
        workers: u16 = 0, range 0..=256, unit "threads";
        /// Whether each media thread stays on a core of its own. `auto`: where this process may use as many cores as it has
        /// media threads (affinity mask, cpuset), and all of each (no CPU quota). `off` where something else is pinned to
        /// the same cores.
        pin_workers: PinSetting = PinSetting::Auto, range (), unit "";
        /// Addresses that clients reach this machine at, when it does not have them itself (a public address
        /// behind NAT). Empty: the addresses of the machine's interfaces.
        external_ips: Vec<IpAddr> = Vec::new(), range "at most 8 addresses", unit "";
        /// Offer loopback addresses to clients too. Without it they are offered only when the machine has no other
        /// address. Serves browsers on this machine alone.
        include_loopback: bool = false, range "true or false", unit "";
        /// How media is encrypted. AES-GCM costs about half of AES-CM per packet; clients that cannot do it say so
        /// by `compat` in `join`.
        srtp_profiles: SrtpProfiles = SrtpProfiles::PreferGcm, range (), unit "";
        /// STUN and TURN servers that clients are told to use. Not needed to reach this server, unless a client's
        /// network blocks both UDP and TCP to the media ports. `credential` is a secret: `config print` masks it.
        ice_servers: IceServers = IceServers::default(), range "tables of urls, username, credential", unit "";
        /// Microphones of a room that flow at once. Higher costs up to 50 packets a second per microphone and
        /// subscriber; lower clips interjections and laughter.
        loudest_n: u16 = 5, range 1..=64, unit "microphones";
    }
    section "Rooms" {
        /// Rooms at once on this server.
        max_rooms: u32 = 1_000, range 1..=100_000, unit "rooms";
        /// Participants at once in one room.
        max_participants_per_room: u32 = 200, range 1..=2_000, unit "participants";
        /// How busy a worker may be before further participants of its rooms are put on others, while these have less to do.
        /// Each track that somebody there watches crosses to them once.
        spread_above_percent: u16 = 60, range 0..=100, unit "percent of a worker's time";
        /// How busy every worker may be before nobody more is taken: joins are answered with `node_full`, and `/readyz` with
        /// 503. 100: however busy.
        admit_below_percent: u16 = 85, range 10..=100, unit "percent of a worker's time";
        /// How busy a worker may be before it pauses what fewest people watch, to serve the rest in time. One whose batches
        /// of work take 100 ms does as well. 100: never, neither for this nor for that.
        shed_above_percent: u16 = 95, range 50..=100, unit "percent of a worker's time";
        /// How busy a worker may be before it gives participants to another that has 30 points less to do, one in ten
        /// seconds. Their connections go on as they are. 100: nobody is moved.
        move_above_percent: u16 = 85, range 50..=100, unit "percent of a worker's time";
        /// Participants of one room on one worker, whatever its load. Further ones are put on other workers. 0: no such limit.
        room_participants_per_worker: u32 = 0, range 0..=2_000, unit "participants";
        /// Video slots (receive m-lines) a client may offer. Each costs memory and SDP.
        max_video_slots: u16 = 25, range 0..=59, unit "slots";
        /// Audio slots a client may offer; those past the number of video slots carry talkers who are off screen.
        max_audio_slots: u16 = 27, range 0..=59, unit "slots";
    }
    section "Signaling" {
        /// Largest signaling message. An offer with many m-lines of all of a browser's codecs has 140 KB.
        signaling_frame_bytes: u32 = 262_144, range 16_384..=1_048_576, unit "bytes";
        /// Messages a second that one client may send, averaged; twice as many in a burst. More are answered with
        /// `rate_limited`, and the connection closes when it goes on.
        signaling_messages_per_second: u32 = 50, range 1..=1_000, unit "messages per second";
        /// Messages that may wait for one slow client. When full its socket is closed; it can resume.
        signaling_queue_messages: u32 = 512, range 16..=65_536, unit "messages";
        /// Time from the opening of the socket until `join`.
        join_timeout_ms: u32 = 10_000, range 100..=60_000, unit "milliseconds";
        /// Time between WebSocket pings of the server.
        ping_interval_ms: u32 = 5_000, range 100..=60_000, unit "milliseconds";
        /// Silence, without even an answer to a ping, after which a socket is closed.
        idle_timeout_ms: u32 = 20_000, range 1_000..=120_000, unit "milliseconds";
    }
    section "Data" {
        /// Largest data-channel message, envelope included.
        data_message_bytes: u32 = 16_384, range 256..=65_536, unit "bytes";
        /// Data-channel messages a second that one client may send, averaged.
        data_messages_per_second: u32 = 50, range 1..=10_000, unit "messages per second";
        /// Data-channel bytes a second that one client may send, averaged.
        data_bytes_per_second: u32 = 262_144, range 1_024..=16_777_216, unit "bytes per second";
    }
    section "Operation" {
        /// How much is logged, from `error` (least) to `trace`.
        log_level: LogLevel = LogLevel::Info, range (), unit "";
        /// How a log line looks.
        log_format: LogFormat = LogFormat::Text, range (), unit "";
        /// File to which every decision about bandwidth is appended, one JSON object a line; empty for none. For looking
        /// into a call: some kilobytes a second and participant. See docs/operations.md.
        bandwidth_trace: TextPath = TextPath::default(), range "a path", unit "";
        /// Time from SIGTERM or SIGINT until the process ends at the latest.
        shutdown_grace_ms: u32 = 5_000, range 100..=300_000, unit "milliseconds";
        /// How long clients are asked to wait before they join again, when this server shuts down.
        draining_retry_ms: u32 = 2_000, range 0..=300_000, unit "milliseconds";
    }
}
