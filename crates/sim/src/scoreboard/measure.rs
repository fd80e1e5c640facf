//! From a record to figures.

use super::play::BEFORE;
use super::rows::Row;
use super::sound;
use crate::plain::{LayerChange, Observation, Received, Sample};
use link::RateStep;
use media::{Source, TrackId};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Heights of the layers.
const HEIGHTS: [f64; 3] = [180.0, 360.0, 720.0];
const SCREEN_HEIGHT: f64 = 1_080.0;
/// A frame is in time within this much of the path's own delay: what a jitter buffer of a call bridges.
const IN_TIME: Duration = Duration::from_millis(400);
/// From capture to sending.
const ENCODING: Duration = Duration::from_millis(90);
const FPS: f64 = 30.0;
/// Seconds that stand for what did not come.
const NEVER: f64 = 30.0;

/// Figures by name; what does not apply is missing. Seconds, milliseconds (`_ms`), bits per second or shares.
pub type Measured = BTreeMap<&'static str, f64>;

/// The value below which this share of the values lies.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(index.clamp(1, sorted.len().max(1)) - 1)
        .copied()
        .unwrap_or(0.0)
}

pub(super) fn measure(
    row: &Row,
    seen: &Observation,
    began: Instant,
    round_trip_ms: u32,
    others: u64,
) -> Measured {
    let look = Look {
        row,
        seen,
        began,
        round_trip: Duration::from_millis(u64::from(round_trip_ms)),
    };
    let mut out = Measured::new();
    look.pictures(&mut out);
    look.path(&mut out);
    out.insert("audio_gap_ms", 1_000.0 * sound::longest_gap(&seen.audio, began));
    if row.second_viewer || row.download {
        out.insert("share_of_link", look.share_beside(others));
    }
    if let [down, up] = row.down.schedule.as_slice() {
        if down.rate_bps == Some(0) {
            look.outage(down.at, up.at, &mut out);
        } else {
            look.step(down.at, up.at, down.rate_bps.unwrap_or(0), &mut out);
        }
    }
    out
}

struct Look<'a> {
    row: &'a Row,
    seen: &'a Observation,
    began: Instant,
    round_trip: Duration,
}

impl Look<'_> {
    fn since(&self, at: Instant) -> f64 {
        at.saturating_duration_since(self.began).as_secs_f64()
    }

    fn height(frame: &Received) -> f64 {
        if frame.source == Source::Screen {
            return SCREEN_HEIGHT;
        }
        HEIGHTS.get(usize::from(frame.layer)).copied().unwrap_or(0.0)
    }

    fn tracks(&self) -> BTreeMap<TrackId, Vec<&Received>> {
        let mut tracks: BTreeMap<TrackId, Vec<&Received>> = BTreeMap::new();
        // A screen that stands still sends nothing.
        for frame in self
            .seen
            .frames
            .iter()
            .filter(|frame| frame.source == Source::Camera)
        {
            tracks.entry(frame.track).or_default().push(frame);
        }
        tracks
    }

    fn pictures(&self, out: &mut Measured) {
        let frames = &self.seen.frames;
        let origin = frames
            .iter()
            .map(|frame| self.since(frame.at) - frame.captured.as_secs_f64());
        // All delays count from the quickest frame's.
        let quickest = origin.fold(f64::INFINITY, f64::min);
        let limit = quickest + IN_TIME.as_secs_f64().max(ENCODING.as_secs_f64());
        let in_time = |frame: &&Received| self.since(frame.at) - frame.captured.as_secs_f64() <= limit;
        let sum: f64 = frames.iter().filter(in_time).map(Self::height).sum();
        out.insert("utility", sum / FPS);
        let top = frames
            .iter()
            .find(|frame| frame.layer == 2)
            .map(|frame| self.since(frame.at));
        out.insert("top_s", top.unwrap_or(f64::from(self.row.seconds)));
        let first = frames.first().map(|frame| self.since(frame.at));
        out.insert("first_s", first.unwrap_or(f64::from(self.row.seconds)));
        out.insert(
            "longest_gap_ms",
            1_000.0 * self.longest_gap(0.0, f64::from(self.row.seconds)),
        );
    }

    /// The longest time without a new frame of a track, between two instants, once it had begun.
    fn longest_gap(&self, from: f64, to: f64) -> f64 {
        let mut longest: f64 = 0.0;
        for frames in self.tracks().values() {
            let mut times = frames
                .iter()
                .map(|frame| self.since(frame.at))
                .filter(|at| *at <= to);
            let Some(mut last) = times.next() else { continue };
            for at in times.chain([to]) {
                if at >= from {
                    longest = longest.max(at - last.max(from.min(last)));
                }
                last = at;
            }
        }
        longest
    }

    fn between(&self, from: f64, to: f64) -> impl Iterator<Item = &Sample> {
        let within = move |sample: &&Sample| (from..to).contains(&self.since(sample.at));
        self.seen.samples.iter().filter(within)
    }

    fn queue_ms(&self, from: f64, to: f64) -> Vec<f64> {
        self.between(from, to)
            .map(|sample| sample.queue.as_secs_f64() * 1_000.0)
            .collect()
    }

    fn path(&self, out: &mut Measured) {
        let end = f64::from(self.row.seconds);
        let shares: Vec<f64> = self
            .between(10.0, end)
            .filter_map(|sample| {
                Some(sample.target_bps as f64 / sample.link_bps.filter(|bps| *bps > 0)? as f64)
            })
            .collect();
        out.insert(
            "estimate_share",
            shares.iter().sum::<f64>() / shares.len().max(1) as f64,
        );
        let (first, last) = (self.between(10.0, end).next(), self.between(10.0, end).last());
        if let (Some(first), Some(last)) = (first, last) {
            let padding = (last.sent.padding_bytes - first.sent.padding_bytes) as f64;
            out.insert(
                "padding_share",
                padding / (total(last) - total(first)).max(1) as f64,
            );
        }
        out.insert("queue_p95_ms", percentile(&self.queue_ms(10.0, end), 0.95));
        out.insert("queue_max_ms", percentile(&self.queue_ms(0.0, end), 1.0));
        out.insert("queue_after_3s_ms", percentile(&self.queue_ms(3.0, end), 1.0));
    }

    /// Our part of what two flows got from second 20 on; of the download only the sum is known.
    fn share_beside(&self, others: u64) -> f64 {
        let ours = self.seen.samples.last().map_or(0, total);
        let before = self.between(0.0, 5.0).last().map_or(0, total);
        let ours = if self.row.download { ours - before } else { ours };
        ours as f64 / (ours + others).max(1) as f64
    }

    /// When the rate sent, over 200 ms, is below this for the first time after `from`; seconds from there.
    fn sent_below(&self, from: f64, rate: u64) -> f64 {
        let samples: Vec<&Sample> = self.between(from - 0.2, from + 10.0).collect();
        for window in samples.windows(5) {
            let (Some(first), Some(last)) = (window.first(), window.last()) else {
                continue;
            };
            let at = self.since(last.at);
            let seconds = last.at.saturating_duration_since(first.at).as_secs_f64();
            let sent = (total(last) - total(first)) as f64 * 8.0 / seconds.max(0.001);
            if at > from + 0.1 && sent < rate as f64 {
                return at - from;
            }
        }
        10.0
    }

    /// From when on the queue stays short, in seconds after `from`.
    fn calm_after(&self, from: f64, to: f64, ms: f64) -> f64 {
        let long = |sample: &&Sample| sample.queue.as_secs_f64() * 1_000.0 > ms;
        self.between(from, to)
            .filter(long)
            .last()
            .map_or(0.0, |sample| self.since(sample.at) - from)
    }

    /// The first frame of this layer or better after an instant.
    fn layer_after(&self, from: f64, layer: u8) -> f64 {
        let mut later = self
            .seen
            .frames
            .iter()
            .filter(|frame| self.since(frame.at) >= from && frame.layer >= layer);
        later.next().map_or(NEVER, |frame| self.since(frame.at) - from)
    }

    fn layer_before(&self, at: f64) -> u8 {
        let before = self.seen.frames.iter().filter(|frame| self.since(frame.at) < at);
        before.max_by_key(|frame| frame.at).map_or(0, |frame| frame.layer)
    }

    fn step(&self, down: Duration, up: Duration, rate: u64, out: &mut Measured) {
        let (down, up) = (down.as_secs_f64(), up.as_secs_f64());
        out.insert("sent_below_s", self.sent_below(down, rate));
        out.insert("calm_s", self.calm_after(down, down + 5.0, 100.0));
        out.insert("step_gap_ms", 1_000.0 * self.longest_gap(down, up));
        let former = self.layer_before(down);
        out.insert("back_up_s", self.layer_after(up, former.max(1)));
    }

    fn outage(&self, off: Duration, on: Duration, out: &mut Measured) {
        let (off, on) = (off.as_secs_f64(), on.as_secs_f64());
        let former = self.layer_before(off);
        out.insert("outage_first_s", self.layer_after(on, 0));
        out.insert(
            "outage_back_s",
            self.layer_after(on + self.round_trip.as_secs_f64(), former.max(1)),
        );
    }
}

/// The first publisher's uplink gets too thin for all layers, and wide again: how long after the top layer has stopped
/// nothing is seen, and how long after it is sent again it is.
pub(super) fn thin_uplink(
    schedule: &[RateStep],
    changes: &[LayerChange],
    seen: &Observation,
    began: Instant,
    out: &mut Measured,
) {
    let [_, up] = schedule else { return };
    let up = began + up.at - BEFORE;
    let top = |sent: bool, from: Instant| {
        let mut changes = changes.iter();
        changes.find(|change| change.layer == 2 && change.sent == sent && change.at > from)
    };
    let seen_after = |at: Instant, layers: Range<u8>| {
        let mut frames = seen.frames.iter();
        let frame = frames.find(|frame| frame.at > at && layers.contains(&frame.layer));
        frame.map_or(NEVER, |frame| {
            frame.at.saturating_duration_since(at).as_secs_f64()
        })
    };
    // What is still on its way of the top layer, or is repaired, is not what counts. A viewer for whom the top layer was
    // never sent has seen none of it.
    let follows = top(false, began).map_or(NEVER, |stopped| seen_after(stopped.at, 0..2));
    out.insert("thin_gap_ms", 1_000.0 * follows);
    let sent = top(true, up);
    if let Some(sent) = sent {
        out.insert("thin_sent_s", sent.at.saturating_duration_since(up).as_secs_f64());
    }
    out.insert(
        "thin_back_s",
        sent.map_or(NEVER, |sent| seen_after(sent.at, 2..3)),
    );
}

fn total(sample: &Sample) -> u64 {
    let sent = sample.sent;
    sent.audio_bytes + sent.video_bytes + sent.retransmission_bytes + sent.padding_bytes
}
