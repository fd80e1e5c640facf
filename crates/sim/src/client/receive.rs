//! The receiving half of one slot: what came, in what order, from whom, and whether a decoder could use it.

use super::assemble::{Assembler, Frame};
use super::codecs::PT_RED;
use super::edge::REPAIRED_MARK;
use super::freeze::FreezeDetector;
use media::{Kind, NtpTime};
use rtc::rtp;
use std::time::{Duration, Instant};

/// A run ends with a pause so long: the slot may have been another's meanwhile.
const PAUSE: Duration = Duration::from_secs(1);
/// Most runs remembered per slot; the oldest goes.
const MAX_RUNS: usize = 4_096;
/// Packets louder than this (−dBov) count as voice.
const VOICE_LEVEL: u8 = 60;
/// A packet missing for longer is lost.
const LOSS_TIMEOUT: Duration = Duration::from_secs(1);
/// Most gaps followed at a time; older ones count as lost.
const MAX_MISSING: usize = 2_000;
/// The smallest delay is kept over one to two of these.
const DELAY_WINDOW: Duration = Duration::from_millis(500);
/// Frames or audio packets of one track before its delay counts: a single late one says nothing about the path.
const DELAY_SAMPLES: u32 = 5;

/// Packets of one track in a row, without a long pause.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// The track's number.
    pub csrc: u32,
    /// First packet.
    pub start: Instant,
    /// Last packet.
    pub end: Instant,
    /// How many.
    pub packets: u64,
    /// Frames completed.
    pub frames: u64,
    /// Audio packets with voice.
    pub voiced: u64,
}

/// Everything counted about a slot.
#[derive(Debug, Clone, Default)]
pub struct SlotStats {
    /// Media packets, retransmissions included, duplicates not.
    pub packets: u64,
    /// Payload bytes of those.
    pub bytes: u64,
    /// Packets that came as a retransmission.
    pub repaired: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets without a CSRC, or with more than one.
    pub bad_csrc: u64,
    /// Complete frames.
    pub frames: u64,
    /// Complete keyframes.
    pub keyframes: u64,
    /// Frames that missed packets, or followed one that did, up to the next keyframe.
    pub undecodable: u64,
    /// Delta frames right after a change of track, or referring to another encoder's frames.
    pub wrong_reference: u64,
    /// Frames with packets of two tracks.
    pub mixed_frames: u64,
    /// Times the RTP timestamp went back in order of sequence numbers.
    pub backward_timestamps: u64,
    /// Audio packets with voice.
    pub voiced: u64,
    /// Audio packets in RED.
    pub red: u64,
    /// PLIs sent.
    pub keyframe_requests: u64,
    /// Longest time without a packet, between two packets.
    pub longest_gap: Duration,
    /// Largest step of the sender-report line, in seconds: how far a report was off the one before.
    pub report_jump: f64,
    /// Sender reports.
    pub reports: u64,
    /// Height of the last keyframe.
    pub height: Option<u16>,
    /// Last packet.
    pub last_packet: Option<Instant>,
    /// Last complete, decodable frame.
    pub last_frame: Option<Instant>,
    /// Times a picture stood still, by libwebrtc's rule; a change of track is none.
    pub freezes: u64,
    /// How long those were, together.
    pub frozen: Duration,
    /// Tracks in order of arrival.
    pub runs: Vec<Run>,
}

/// What a packet led to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) frames: Vec<Frame>,
    pub(super) track_changed: Option<u32>,
}

/// One receive m-line.
#[derive(Debug)]
pub struct SlotReceiver {
    /// Its mid.
    pub mid: String,
    /// Audio or video.
    pub kind: Kind,
    /// The server's SSRC here, once answered.
    pub ssrc: Option<u32>,
    /// Counters.
    pub stats: SlotStats,
    start: Instant,
    highest: Option<u64>,
    missing: std::collections::BTreeMap<u64, Instant>,
    last_timestamp: Option<(u64, u32)>,
    report: Option<(NtpTime, u32)>,
    delay: DelayWindow,
    assembler: Assembler,
    freeze: FreezeDetector,
}

#[derive(Debug, Default)]
struct DelayWindow {
    since: Option<Instant>,
    current: Option<f64>,
    former: Option<f64>,
    samples: u32,
    last_timestamp: Option<u32>,
}

impl DelayWindow {
    fn add(&mut self, now: Instant, timestamp: u32, delay: f64) {
        if self.last_timestamp.replace(timestamp) != Some(timestamp) {
            self.samples = self.samples.saturating_add(1);
        }
        if self
            .since
            .is_none_or(|since| now.saturating_duration_since(since) > DELAY_WINDOW)
        {
            self.former = self.current.take();
            self.since = Some(now);
        }
        self.current = Some(self.current.map_or(delay, |d| d.min(delay)));
    }

    fn min(&self) -> Option<f64> {
        if self.samples < DELAY_SAMPLES {
            return None;
        }
        match (self.current, self.former) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

impl SlotReceiver {
    pub(super) fn new(start: Instant, mid: String, kind: Kind, whole_frames: bool) -> Self {
        Self {
            mid,
            kind,
            ssrc: None,
            stats: SlotStats::default(),
            start,
            highest: None,
            missing: std::collections::BTreeMap::new(),
            last_timestamp: None,
            report: None,
            delay: DelayWindow::default(),
            assembler: Assembler::new(whole_frames),
            freeze: FreezeDetector::default(),
        }
    }

    /// The track whose packets came last.
    pub fn csrc(&self) -> Option<u32> {
        self.stats.runs.last().map(|run| run.csrc)
    }

    /// Seconds from capture to arrival on the sender reports' clock, smallest of the last half second or so.
    /// The clocks' offset is in it: only differences between slots of one client mean something. `None` until there
    /// were a few frames or packets of the track.
    pub fn delay(&self) -> Option<f64> {
        self.delay.min()
    }

    pub(super) fn handle_packet(&mut self, now: Instant, packet: &rtp::Packet, level: Option<u8>) -> Outcome {
        let mut outcome = Outcome::default();
        let header = &packet.header;
        let seq = self.extend(header.sequence_number);
        if !self.account(now, seq) {
            self.stats.duplicates += 1;
            return outcome;
        }
        self.stats.packets += 1;
        self.stats.bytes += packet.payload.len() as u64;
        let repaired = header.extensions.iter().any(|e| e.id == REPAIRED_MARK);
        self.stats.repaired += u64::from(repaired);
        self.stats.red += u64::from(header.payload_type == PT_RED);
        if let Some(last) = self.stats.last_packet {
            self.stats.longest_gap = self.stats.longest_gap.max(now.saturating_duration_since(last));
        }
        self.stats.last_packet = Some(now);
        self.check_timestamp(seq, header.timestamp);
        outcome.track_changed = self.track(now, header);
        let voiced = level.is_some_and(|l| l & 0x7f <= VOICE_LEVEL);
        self.stats.voiced += u64::from(voiced);
        if let Some(run) = self.stats.runs.last_mut() {
            run.voiced += u64::from(voiced);
        }
        if !repaired {
            self.measure_delay(now, header.timestamp);
        }
        if self.kind == Kind::Video {
            outcome.frames = self.assembler.handle_packet(now, seq, packet, &mut self.stats);
            self.watch_freezes(now, &outcome.frames);
            if let Some(run) = self.stats.runs.last_mut() {
                run.frames += outcome.frames.len() as u64;
            }
        }
        outcome
    }

    pub(super) fn handle_report(&mut self, ntp: NtpTime, rtp: u32) {
        if let Some((old_ntp, old_rtp)) = self.report {
            let elapsed = f64::from(rtp.wrapping_sub(old_rtp).cast_signed()) / self.clock_rate();
            let jump = (ntp.seconds_since(old_ntp) - elapsed).abs();
            self.stats.report_jump = self.stats.report_jump.max(jump);
        }
        self.stats.reports += 1;
        self.report = Some((ntp, rtp));
    }

    /// Whether to ask for a keyframe now; at most every half second.
    pub(super) fn wants_keyframe(&mut self, now: Instant) -> bool {
        let wants = self.kind == Kind::Video && self.assembler.wants_keyframe(now);
        self.stats.keyframe_requests += u64::from(wants);
        wants
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Vec<Frame> {
        self.expire(now);
        let frames = self.assembler.handle_timeout(now, &mut self.stats);
        self.watch_freezes(now, &frames);
        frames
    }

    fn watch_freezes(&mut self, now: Instant, frames: &[Frame]) {
        if !frames.iter().any(|frame| frame.decodable) {
            return;
        }
        if let Some(frozen) = self.freeze.frame(now) {
            self.stats.freezes += 1;
            self.stats.frozen += frozen;
        }
    }

    fn clock_rate(&self) -> f64 {
        if self.kind == Kind::Audio {
            48_000.0
        } else {
            90_000.0
        }
    }

    fn extend(&self, seq: u16) -> u64 {
        let Some(highest) = self.highest else {
            return 0x1_0000 + u64::from(seq);
        };
        let step = i64::from(seq.wrapping_sub(highest as u16).cast_signed());
        highest.saturating_add_signed(step)
    }

    /// Follows gaps; `false` for a packet that was here before.
    fn account(&mut self, now: Instant, seq: u64) -> bool {
        self.expire(now);
        match self.highest {
            Some(highest) if seq <= highest => return self.missing.remove(&seq).is_some(),
            Some(highest) => {
                for gap in (highest + 1..seq).take(MAX_MISSING) {
                    self.missing.insert(gap, now);
                }
            }
            None => {}
        }
        self.highest = Some(seq);
        true
    }

    fn expire(&mut self, now: Instant) {
        while let Some((&seq, &since)) = self.missing.first_key_value() {
            let old = now.saturating_duration_since(since) > LOSS_TIMEOUT;
            if !old && self.missing.len() <= MAX_MISSING {
                break;
            }
            self.missing.remove(&seq);
            self.stats.lost += 1;
        }
    }

    fn check_timestamp(&mut self, seq: u64, timestamp: u32) {
        if let Some((last_seq, last)) = self.last_timestamp {
            if seq < last_seq {
                return;
            }
            self.stats.backward_timestamps += u64::from(timestamp.wrapping_sub(last).cast_signed() < 0);
        }
        self.last_timestamp = Some((seq, timestamp));
    }

    fn track(&mut self, now: Instant, header: &rtp::Header) -> Option<u32> {
        let [csrc] = header.csrc[..] else {
            self.stats.bad_csrc += 1;
            return None;
        };
        let last = self.stats.runs.last_mut().filter(|run| run.csrc == csrc);
        let same = last.is_some();
        if let Some(run) = last.filter(|run| now.saturating_duration_since(run.end) < PAUSE) {
            run.end = now;
            run.packets += 1;
            return None;
        }
        if self.stats.runs.len() == MAX_RUNS {
            self.stats.runs.remove(0);
        }
        self.stats.runs.push(Run {
            csrc,
            start: now,
            end: now,
            packets: 1,
            frames: 0,
            voiced: 0,
        });
        if same {
            return None;
        }
        self.delay = DelayWindow::default();
        self.freeze = FreezeDetector::default();
        Some(csrc)
    }

    fn measure_delay(&mut self, now: Instant, timestamp: u32) {
        let Some((ntp, rtp)) = self.report else { return };
        let since_report = f64::from(timestamp.wrapping_sub(rtp).cast_signed()) / self.clock_rate();
        let capture = ntp.seconds_since(NtpTime(0)) + since_report;
        let arrival = now.saturating_duration_since(self.start).as_secs_f64();
        self.delay.add(now, timestamp, arrival - capture);
    }
}
