//! What was found about each participant, and the failures that follow from it.

use crate::options::RunOptions;
use crate::oracle::Oracle;
use media::Kind;
use serde::Serialize;
use sim::client::Client;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// One participant's figures. Times are milliseconds from the start of its own join.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ParticipantReport {
    /// Display name.
    pub name: String,
    /// Why it ended before its time.
    pub error: Option<String>,
    /// Until `welcome`.
    pub welcome_ms: Option<u64>,
    /// Until ICE and DTLS were done.
    pub connected_ms: Option<u64>,
    /// Until the first packet of media.
    pub first_media_ms: Option<u64>,
    /// Until the first complete video frame.
    pub first_frame_ms: Option<u64>,
    /// Video packets.
    pub video_packets: u64,
    /// Audio packets.
    pub audio_packets: u64,
    /// Payload bytes of both.
    pub bytes: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came as a retransmission.
    pub repaired: u64,
    /// Complete video frames.
    pub frames: u64,
    /// Of these, keyframes.
    pub keyframes: u64,
    /// Frames a decoder could not have used.
    pub undecodable: u64,
    /// Delta frames that referred to frames of another encoder.
    pub wrong_reference: u64,
    /// Frames with packets of two tracks.
    pub mixed_frames: u64,
    /// Times a slot's RTP timestamp went back.
    pub backward_timestamps: u64,
    /// Packets without exactly one CSRC.
    pub bad_csrc: u64,
    /// Stretches of packets that signaling had not announced for their slot.
    pub wrong_track: u64,
    /// Changes of track over all slots.
    pub switches: u64,
    /// Largest distance of sound and picture.
    pub skew_ms_max: f64,
    /// When that was, in seconds from the start, and between which tracks.
    pub skew_worst: String,
    /// Measurements above 40 ms.
    pub skew_over_40_ms: u64,
    /// How often that was measured.
    pub skew_samples: u64,
    /// Largest correction in a slot's sender reports, in milliseconds.
    pub report_jump_ms: f64,
    /// Longest time without a packet in a video slot.
    pub video_gap_ms: u64,
    /// Times a picture stood still, by libwebrtc's rule.
    pub freezes: u64,
    /// How long those were, together.
    pub frozen_ms: u64,
    /// Chat messages received.
    pub messages: u64,
    /// Height of the last keyframe of each video slot.
    pub heights: Vec<u16>,
    /// Packets by track, described.
    pub tracks: BTreeMap<String, TrackReport>,
    /// First few of the unannounced stretches.
    pub wrong_tracks: Vec<String>,
}

/// What a participant must have received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expects {
    /// At least one frame.
    pub video: bool,
    /// At least one packet of sound.
    pub audio: bool,
}

/// What came of one track.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct TrackReport {
    /// Packets.
    pub packets: u64,
    /// Frames.
    pub frames: u64,
    /// Audio packets with voice.
    pub voiced: u64,
}

/// Examples kept of unannounced packets.
const MAX_EXAMPLES: usize = 8;

impl ParticipantReport {
    /// Reads everything that the client counted until it left.
    pub fn fill(&mut self, client: &Client, oracle: &Oracle, left: Instant) {
        for slot in client.slots() {
            let stats = &slot.stats;
            match slot.kind {
                Kind::Video => {
                    self.video_packets += stats.packets;
                    self.video_gap_ms = self.video_gap_ms.max(millis(stats.longest_gap));
                    self.heights.extend(stats.height);
                }
                Kind::Audio => self.audio_packets += stats.packets,
            }
            self.bytes += stats.bytes;
            self.lost += stats.lost;
            self.repaired += stats.repaired;
            self.frames += stats.frames;
            self.keyframes += stats.keyframes;
            self.undecodable += stats.undecodable;
            self.wrong_reference += stats.wrong_reference;
            self.mixed_frames += stats.mixed_frames;
            self.backward_timestamps += stats.backward_timestamps;
            self.freezes += stats.freezes;
            self.frozen_ms += millis(stats.frozen);
            self.bad_csrc += stats.bad_csrc;
            self.report_jump_ms = self.report_jump_ms.max(stats.report_jump * 1_000.0);
            let switches = stats.runs.windows(2).filter(|pair| match pair {
                [before, after] => before.csrc != after.csrc,
                _ => false,
            });
            self.switches += switches.count() as u64;
            for run in &stats.runs {
                let described = oracle.describe(run.csrc);
                if Oracle::can_judge(run, left) && !oracle.allows(&slot.mid, run) {
                    self.wrong_track += 1;
                    if self.wrong_tracks.len() < MAX_EXAMPLES {
                        self.wrong_tracks.push(format!(
                            "{described} in slot {}, {} packets",
                            slot.mid, run.packets
                        ));
                    }
                }
                let track = self.tracks.entry(described).or_default();
                track.packets += run.packets;
                track.frames += run.frames;
                track.voiced += run.voiced;
            }
        }
    }

    /// Sound was this many seconds behind its picture.
    pub fn measured_skew(&mut self, elapsed: Duration, skew: f64, tracks: &str) {
        let ms = skew.abs() * 1_000.0;
        self.skew_samples += 1;
        self.skew_over_40_ms += u64::from(ms > 40.0);
        if ms > self.skew_ms_max {
            self.skew_ms_max = ms;
            self.skew_worst = format!(
                "{:.1} ms at {:.1} s, {tracks}",
                skew * 1_000.0,
                elapsed.as_secs_f64()
            );
        }
    }

    /// Lost of all packets, in percent.
    pub fn loss_percent(&self) -> f64 {
        let all = self.video_packets + self.audio_packets + self.lost;
        if all == 0 {
            0.0
        } else {
            100.0 * self.lost as f64 / all as f64
        }
    }

    /// Why this participant's run was no success.
    pub fn failures(&self, options: &RunOptions, expects: &Expects) -> Vec<String> {
        let mut failures = Vec::new();
        let mut fail = |condition: bool, what: String| {
            if condition {
                failures.push(format!("{}: {what}", self.name));
            }
        };
        if let Some(error) = &self.error {
            fail(true, error.clone());
        }
        let no_video = expects.video && self.frames == 0;
        let no_audio = expects.audio && self.audio_packets == 0;
        fail(no_video, "no video frame".to_owned());
        fail(no_audio, "no audio packet".to_owned());
        fail(
            self.wrong_track > 0,
            format!("packets nobody announced: {}", self.wrong_tracks.join("; ")),
        );
        fail(
            self.bad_csrc > 0,
            format!("{} packets without exactly one CSRC", self.bad_csrc),
        );
        fail(
            self.wrong_reference > 0,
            format!("{} frames referred to another encoder's", self.wrong_reference),
        );
        fail(
            self.mixed_frames > 0,
            format!("{} frames with packets of two tracks", self.mixed_frames),
        );
        fail(
            self.backward_timestamps > 0,
            format!("{} backward timestamps", self.backward_timestamps),
        );
        if let Some(limit) = options.fail_skew_ms {
            fail(
                self.skew_ms_max > limit,
                format!("skew {:.1} ms", self.skew_ms_max),
            );
        }
        if let Some(limit) = options.fail_loss_percent {
            fail(
                self.loss_percent() > limit,
                format!("{:.2} % lost", self.loss_percent()),
            );
        }
        failures
    }
}

/// The whole run.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// Room name.
    pub room: String,
    /// Seconds from the first join to the end.
    pub seconds: f64,
    /// Everybody, in order of joining.
    pub participants: Vec<ParticipantReport>,
    /// What made the run fail; empty when it did not.
    pub failures: Vec<String>,
}

impl RunReport {
    /// A table for people.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:<10} {:>7} {:>7} {:>8} {:>9} {:>7} {:>6} {:>7} {:>6} {:>6} {:>8} {:>7}\n",
            "name",
            "join ms",
            "conn ms",
            "frame ms",
            "packets",
            "loss %",
            "rtx",
            "frames",
            "undec",
            "switch",
            "skew ms",
            "gap ms"
        );
        let time = |ms: Option<u64>| ms.map_or("-".to_owned(), |ms| ms.to_string());
        for p in &self.participants {
            text.push_str(&format!(
                "{:<10} {:>7} {:>7} {:>8} {:>9} {:>7.2} {:>6} {:>7} {:>6} {:>6} {:>8.1} {:>7}\n",
                p.name,
                time(p.welcome_ms),
                time(p.connected_ms),
                time(p.first_frame_ms),
                p.video_packets + p.audio_packets,
                p.loss_percent(),
                p.repaired,
                p.frames,
                p.undecodable,
                p.switches,
                p.skew_ms_max,
                p.video_gap_ms
            ));
        }
        for failure in &self.failures {
            text.push_str(&format!("FAILED  {failure}\n"));
        }
        text
    }
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
