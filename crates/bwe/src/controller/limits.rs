//! The controller's constants, in bits per second, seconds and shares where nothing else is said.

use std::time::Duration;

/// Where it starts. Higher: a thin path gets a queue in the first second. Lower: the first picture is late.
pub(super) const START: f64 = 300_000.0;
/// Never below: sound and a base layer. Higher: a thinner path has a standing queue.
pub(super) const MIN: f64 = 50_000.0;
/// Never above; no browser's view asks for more.
pub(super) const MAX: f64 = 100_000_000.0;

/// A queue shorter than this is none: what frames and jitter leave. Higher: slower to react. Lower: jitter holds the
/// target back.
pub(super) const SHORT_QUEUE: f64 = 0.015;
/// A queue longer than this is overuse, whether it grows or not. Higher: more delay stands in the path.
pub(super) const LONG_QUEUE: f64 = 0.050;

/// The most that jitter adds to what counts as a short or a long queue. Higher: a path that jitters may have a queue.
pub(super) const MOST_JITTER: f64 = 0.060;
/// What counts as a queue goes up by this multiple of the jitter.
pub(super) const JITTER_ROOM: f64 = 1.5;
/// Packets sent within this time are one burst of the pacer (gcc-02 §5.2).
pub(super) const AT_ONCE: Duration = Duration::from_millis(5);
/// Up to this much jitter the rate of the last moment is what the path carries.
pub(super) const CALM_JITTER: f64 = 0.012;
/// While a probe's packets come back, only a queue longer than this is overuse: the shorter one is the probe's.
pub(super) const PROBE_QUEUE: f64 = 0.080;
/// How long a probe's queue may last after its packets were reported.
pub(super) const PROBE_ECHO: Duration = Duration::from_millis(150);
/// No single decrease goes below this share of the target: what is measured in a moment can be wrong. Lower: one bad
/// moment costs the picture. Higher: a path that lost most of its rate has a queue for longer.
pub(super) const DEEPEST: f64 = 0.35;
/// When little was sent and a queue still grows, the target goes down to this share at most at once.
pub(super) const UNSEEN: f64 = 0.9;

/// While a decrease has not shown, the target follows what gets through when that is less than this share of it. Higher: two
/// decreases for one cause; lower: a path that became much thinner has its queue for a round trip longer.
pub(super) const FOLLOWED: f64 = 0.7;

/// Messages in a row that have to show overuse. More: later down. Fewer: a client that was busy for a moment loses its
/// picture.
pub(super) const MESSAGES_OF_OVERUSE: u32 = 2;
/// Share of the former target to go back to after a hiccup. Higher: the same hiccup at once again, if it was none.
pub(super) const AFTER_HICCUP: f64 = 0.9;
/// Share of what gets through that is kept at overuse (gcc-02 §5.5 has 0.85). Higher: the queue drains more slowly.
pub(super) const DECREASE: f64 = 0.95;
/// A queue is meant to be gone after this long: the target goes down by queue / this. Lower: faster, deeper dips.
pub(super) const DRAIN_TIME: f64 = 1.0;
/// The deepest dip for draining.
pub(super) const MOST_DRAIN: f64 = 0.3;
/// Share of the path's capacity that is used after the queue has drained. Higher: the next queue comes sooner.
pub(super) const AFTER_DRAIN: f64 = 0.95;

/// Growth per second, far from a known limit (gcc-02 §5.5: 8 %). Probes are the fast way.
pub(super) const GROWTH: f64 = 0.08;
/// Above this share of the last known capacity growth is additive: one packet per response time.
pub(super) const NEAR: f64 = 0.85;
/// Beyond this multiple of the last known capacity that capacity is out of date.
pub(super) const BEYOND: f64 = 1.10;
/// A capacity seen longer ago means nothing.
pub(super) const CAPACITY_AGE: Duration = Duration::from_secs(30);
/// What additive growth adds in one response time: a packet.
pub(super) const PACKET_BITS: f64 = 9_600.0;
/// The target goes at most this multiple, plus a margin, beyond what gets through (gcc-02 §5.5: 1.5).
pub(super) const PROVEN: f64 = 1.2;
pub(super) const PROVEN_MARGIN: f64 = 20_000.0;
/// Nor beyond this multiple of all that could be wanted.
pub(super) const CEILING: f64 = 1.3;
/// The longest time between messages that counts for growth.
pub(super) const LONGEST_STEP: f64 = 0.25;

/// Share of what a limited probe found that is used (libwebrtc: 0.95).
pub(super) const PROBE_LIMITED: f64 = 0.95;

/// Share of what the path carried that we take when somebody else turns out to fill it. Higher: more for us, and more
/// loss for both.
pub(super) const COMPETING_START: f64 = 0.5;
/// Beside such a flow only a queue this much longer than the longest so far is overuse.
pub(super) const COMPETING_MARGIN: f64 = 1.5;
/// Growth per second beside such a flow, as a share of what the path carried. Higher: a larger share for us.
pub(super) const COMPETING_GROWTH: f64 = 0.10;
/// The most of the path that we take beside such a flow.
pub(super) const COMPETING_MOST: f64 = 0.6;
/// Losses within this time are one event beside such a flow: it fills the queue for as long before it notices.
pub(super) const COMPETING_PAUSE: Duration = Duration::from_millis(3_000);
/// Loss beside such a flow that lowers the target, and by how much (Cubic's own factor is 0.7).
pub(super) const COMPETING_LOSS: f64 = 0.01;
pub(super) const LOSS_FACTOR: f64 = 0.9;
/// More loss than this is not of such a flow's making. Lower: beside it on a radio link we yield; higher: a path that
/// became thinner passes for one.
pub(super) const COMPETITORS_LOSS: f64 = 0.40;

/// Weight of a new round trip (RFC 6298 §2: 1/8).
pub(super) const ROUND_TRIP_WEIGHT: f64 = 0.125;
/// Until one is known.
pub(super) const DEFAULT_ROUND_TRIP: Duration = Duration::from_millis(100);
/// Longer ones are the far end's mistake.
pub(super) const MAX_ROUND_TRIP: Duration = Duration::from_secs(10);
/// Time between transport-cc messages that libwebrtc aims at.
pub(super) const FEEDBACK_INTERVAL: Duration = Duration::from_millis(100);

/// Without transport-cc: losses between these leave the rate alone (gcc-02 §6).
pub(super) const REPORT_LOSS: (f64, f64) = (0.02, 0.10);
/// Growth per receiver report without loss (gcc-02 §6: 1.05).
pub(super) const REPORT_GROWTH: f64 = 1.05;

/// Changes kept for a trace.
pub(super) const MAX_CHANGES: usize = 256;
