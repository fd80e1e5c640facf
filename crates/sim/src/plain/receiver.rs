//! One receive m-line at the client: puts packets in order, assembles and "decodes" frames, and checks that the
//! server kept numbering, timestamps and picture ids going.

use super::decoder::Decoder;
use super::playout::Playout;
use super::stamp::Stamp;
use media::packet::SlotPacket;
use media::{Kind, MLineIndex, NtpTime, RtpTime, SeqNo, Source, TrackId};
use peer::{Missing, SlotReport};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A gap is given up when the packets behind it have waited this long (libwebrtc's `kMaxWaitForFrame`).
const PATIENCE: Duration = Duration::from_millis(3_000);
/// Between two keyframe requests while nothing can be decoded.
const KEYFRAME_RETRY: Duration = Duration::from_millis(300);

/// What came through a slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlotStats {
    /// Packets, each once.
    pub packets: u64,
    /// Packets that came again although they were there.
    pub duplicates: u64,
    /// Packets that came as retransmissions and were missing.
    pub repaired: u64,
    /// Packets given up: they were still missing when something later was played.
    pub lost: u64,
    /// Frames decoded (for audio, packets), by track.
    pub frames: BTreeMap<TrackId, u64>,
    /// Video frames decoded, by layer.
    pub layers: [u64; 3],
    /// Video frames that could not be decoded.
    pub undecodable: u64,
    /// Keyframes asked for.
    pub keyframe_requests: u64,
    /// Frames of a camera that were followed by a freeze, as webrtc-stats counts them (`freezeCount`), …
    pub freezes: u64,
    /// … and how long these took (`totalFreezesDuration`).
    pub frozen: Duration,
    /// What video frames waited for their time, in sum (of `jitterBufferDelay` the part after assembly).
    pub buffered: Duration,
    /// Track and layer of the last frame.
    pub last: Option<(TrackId, u8)>,
}

/// A frame or audio packet as it would be played.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Played {
    pub(crate) stamp: Stamp,
    pub(crate) track: TrackId,
    /// Where the slot's sender reports put it on the server's clock.
    pub(crate) ntp: Option<NtpTime>,
}

/// The packets of the frame that is being assembled.
#[derive(Debug, Clone, Copy)]
struct Partial {
    timestamp: RtpTime,
    parts: u8,
    repaired: bool,
}

/// A packet of video that has not been used yet.
#[derive(Debug)]
struct Waiting {
    since: Instant,
    repaired: bool,
    packet: SlotPacket,
    stamp: Stamp,
    picture_id: u16,
    starts_frame: bool,
}

#[derive(Debug)]
pub(crate) struct Receiver {
    mline: MLineIndex,
    kind: Kind,
    missing: Missing,
    line: Option<SlotReport>,
    waiting: BTreeMap<u64, Waiting>,
    next: Option<u64>,
    partial: Option<Partial>,
    /// Timestamp and picture id of the last frame that began, and whether packets were lost since.
    newest: Option<(RtpTime, u16)>,
    broken: bool,
    decoder: Decoder,
    playout: Playout,
    round_trip: Duration,
    /// When the frame behind a gap is to be shown, whatever has become of the gap by then.
    skip_due: Option<Instant>,
    keyframe_due: Option<Instant>,
    /// Numbers and timestamps of the newest audio packet.
    newest_audio: Option<(u64, RtpTime)>,
    pub(crate) stats: SlotStats,
}

impl Receiver {
    pub(crate) fn new(mline: MLineIndex, kind: Kind) -> Self {
        Self {
            mline,
            kind,
            missing: Missing::new(Duration::ZERO),
            line: None,
            waiting: BTreeMap::new(),
            next: None,
            partial: None,
            newest: None,
            broken: false,
            decoder: Decoder::default(),
            playout: Playout::default(),
            round_trip: Duration::ZERO,
            skip_due: None,
            keyframe_due: None,
            newest_audio: None,
            stats: SlotStats::default(),
        }
    }

    pub(crate) fn handle_report(&mut self, report: SlotReport) {
        self.line = Some(report);
    }

    /// Where the slot's line puts a timestamp on the server's clock.
    fn place(&self, timestamp: RtpTime) -> Option<NtpTime> {
        let line = self.line?;
        let rate = match self.kind {
            Kind::Audio => 48_000.0,
            Kind::Video => 90_000.0,
        };
        let seconds = f64::from(timestamp.distance(line.rtp)) / rate;
        Some(NtpTime(
            line.ntp
                .0
                .wrapping_add_signed((seconds * (1u64 << 32) as f64) as i64),
        ))
    }

    /// A packet came; returns what can be played now. What must not happen is added to `wrong`.
    pub(crate) fn handle_packet(
        &mut self,
        now: Instant,
        again: bool,
        packet: SlotPacket,
        wrong: &mut Vec<String>,
    ) -> Vec<Played> {
        let (number, new) = self.missing.handle_packet(now, packet.seq);
        let behind = self.kind == Kind::Video && self.next.is_some_and(|next| number < next);
        if !new || behind {
            self.stats.duplicates += 1;
            return Vec::new();
        }
        self.stats.packets += 1;
        self.stats.repaired += u64::from(again);
        match self.kind {
            Kind::Audio => self.play_audio(number, &packet, wrong).into_iter().collect(),
            Kind::Video => {
                let Some((stamp, descriptor)) = Stamp::of_vp8(&packet.payload.to_bytes()) else {
                    wrong.push(format!("slot {}: a payload that nobody sent", self.mline.0));
                    return Vec::new();
                };
                self.next.get_or_insert(number);
                // What closes a gap was asked for, by us or by the server.
                let newest = self.waiting.last_key_value().map(|(newest, _)| *newest);
                let late = newest.is_some_and(|newest| number < newest);
                let waiting = Waiting {
                    since: now,
                    repaired: again || late,
                    packet,
                    stamp,
                    picture_id: descriptor.picture_id.map_or(0, |id| id.value),
                    starts_frame: descriptor.starts_frame(),
                };
                self.waiting.insert(number, waiting);
                self.play_video(now, wrong)
            }
        }
    }

    fn play_audio(&mut self, number: u64, packet: &SlotPacket, wrong: &mut Vec<String>) -> Option<Played> {
        if let Some((newest, timestamp)) = self.newest_audio {
            let forward = number > newest;
            let distance = packet.timestamp.distance(timestamp);
            if forward && distance <= 0 {
                wrong.push(format!(
                    "slot {}: audio timestamps went back by {}",
                    self.mline.0, -distance
                ));
            }
        }
        if self.newest_audio.is_none_or(|(newest, _)| number > newest) {
            self.newest_audio = Some((number, packet.timestamp));
        }
        let stamp = Stamp::of_audio(&packet.payload.to_bytes())?;
        *self.stats.frames.entry(packet.csrc).or_default() += 1;
        self.stats.last = Some((packet.csrc, 0));
        Some(Played {
            stamp,
            track: packet.csrc,
            ntp: self.place(packet.timestamp),
        })
    }

    /// Takes packets in order as far as they go; then what can be decoded behind a gap, when it is time.
    fn play_video(&mut self, now: Instant, wrong: &mut Vec<String>) -> Vec<Played> {
        let mut played = Vec::new();
        self.skip_due = None;
        while let (Some(next), Some((first, waiting))) = (self.next, self.waiting.first_key_value()) {
            let (first, waited) = (*first, now.saturating_duration_since(waiting.since));
            if first > next {
                let patient = self.missing.awaits(next) && waited < PATIENCE;
                let Some(first) = self.behind_gap(now, first, patient) else {
                    break;
                };
                let behind = self.waiting.split_off(&first);
                self.stats.lost += first - next - self.waiting.len() as u64;
                self.waiting = behind;
                (self.partial, self.broken) = (None, true);
                self.next = Some(first);
            }
            let first = self.next.unwrap_or(first);
            let Some(packet) = self.waiting.remove(&first) else {
                break;
            };
            self.next = Some(first + 1);
            played.extend(self.feed(now, &packet, wrong));
        }
        played
    }

    /// Where to go on behind a gap: at a keyframe at once, at another frame that can be decoded when it is to be shown,
    /// and anywhere when the gap is given up.
    fn behind_gap(&mut self, now: Instant, first: u64, patient: bool) -> Option<u64> {
        let Some((number, keyframe, timestamp)) = self.decodable() else {
            return (!patient).then_some(first);
        };
        let due = self.playout.due(timestamp).unwrap_or(now);
        if !patient || keyframe || due <= now {
            return Some(number);
        }
        self.skip_due = Some(due);
        None
    }

    /// The first frame that is all there and can be decoded: its number, whether it is a keyframe, its timestamp.
    fn decodable(&self) -> Option<(u64, bool, RtpTime)> {
        self.waiting.iter().find_map(|(number, waiting)| {
            let stamp = &waiting.stamp;
            if stamp.part != 0 || !self.decoder.takes(stamp) {
                return None;
            }
            let end = *number + u64::from(stamp.parts);
            let all = self.waiting.range(*number..end).count() == usize::from(stamp.parts);
            all.then_some((*number, stamp.keyframe, waiting.packet.timestamp))
        })
    }

    /// The next packet in order.
    fn feed(&mut self, now: Instant, waiting: &Waiting, wrong: &mut Vec<String>) -> Option<Played> {
        let (slot, stamp, packet) = (self.mline.0, &waiting.stamp, &waiting.packet);
        if waiting.starts_frame {
            self.check_order(waiting, wrong);
            self.broken = false;
            self.partial = Some(Partial {
                timestamp: packet.timestamp,
                parts: 0,
                repaired: false,
            });
        }
        // Without its beginning it is the rest of a frame that was lost.
        let partial = self.partial.as_mut()?;
        if partial.timestamp != packet.timestamp {
            wrong.push(format!("slot {slot}: two timestamps in one frame"));
        }
        partial.parts += 1;
        partial.repaired |= waiting.repaired;
        if !packet.marker {
            return None;
        }
        let partial = self.partial.take()?;
        if partial.parts != stamp.parts {
            wrong.push(format!(
                "slot {slot}: a frame of {} packets came with {}",
                stamp.parts, partial.parts
            ));
        }
        self.decode(now, *stamp, packet, partial.repaired)
    }

    /// A frame begins: its timestamp and picture id follow on the last one's.
    fn check_order(&mut self, waiting: &Waiting, wrong: &mut Vec<String>) {
        let (slot, stamp) = (self.mline.0, &waiting.stamp);
        let (timestamp, picture_id) = (waiting.packet.timestamp, waiting.picture_id);
        if let Some((last, last_id)) = self.newest {
            let steps = picture_id.wrapping_sub(last_id) & 0x7FFF;
            if timestamp.distance(last) <= 0 {
                wrong.push(format!(
                    "slot {slot}: video timestamps go from {} to {} ({stamp:?})",
                    last.0, timestamp.0
                ));
            }
            if steps == 0 || steps > 0x3FFF || (steps != 1 && !self.broken) {
                wrong.push(format!(
                    "slot {slot}: picture ids jump from {last_id} to {picture_id}"
                ));
            }
        }
        self.newest = Some((timestamp, picture_id));
    }

    fn decode(&mut self, now: Instant, stamp: Stamp, packet: &SlotPacket, repaired: bool) -> Option<Played> {
        if !self.decoder.takes(&stamp) {
            self.stats.undecodable += 1;
            // Nothing needs a frame above temporal layer 0 for long.
            if stamp.temporal == 0 {
                self.keyframe_due.get_or_insert(now);
            }
            return None;
        }
        self.decoder.decode(&stamp);
        self.keyframe_due = None;
        let round_trip = self.round_trip;
        let shown = self.playout.decoded(now, packet.timestamp, repaired, round_trip);
        self.stats.buffered += shown.saturating_duration_since(now);
        if stamp.source == Source::Camera {
            self.playout.show(shown, packet.csrc, &mut self.stats);
        }
        *self.stats.frames.entry(packet.csrc).or_default() += 1;
        if let Some(count) = self.stats.layers.get_mut(usize::from(stamp.layer)) {
            *count += 1;
        }
        self.stats.last = Some((packet.csrc, stamp.layer));
        Some(Played {
            stamp,
            track: packet.csrc,
            ntp: self.place(packet.timestamp),
        })
    }

    /// Packets to ask for; of sound none, as browsers do (no NACK is negotiated for Opus).
    pub(crate) fn missing(&mut self, now: Instant, round_trip: Duration) -> Vec<SeqNo> {
        self.round_trip = round_trip;
        if self.kind == Kind::Audio {
            return Vec::new();
        }
        let mut due = self.missing.poll_due(now, round_trip);
        // What has been skipped is not worth a repair any more.
        if let Some(next) = self.next {
            due.retain(|seq| SeqNo(next as u16).distance(*seq) <= 0);
        }
        due
    }

    /// Whether to ask for a keyframe now.
    pub(crate) fn wants_keyframe(&mut self, now: Instant) -> bool {
        let due = self.keyframe_due.is_some_and(|due| due <= now);
        if due {
            self.keyframe_due = Some(now + KEYFRAME_RETRY);
            self.stats.keyframe_requests += 1;
        }
        due
    }

    /// What can be played because time has passed.
    pub(crate) fn handle_timeout(&mut self, now: Instant, wrong: &mut Vec<String>) -> Vec<Played> {
        self.play_video(now, wrong)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let gap = self
            .waiting
            .first_key_value()
            .map(|(_, waiting)| waiting.since + PATIENCE);
        let missing = match self.kind {
            Kind::Audio => None,
            Kind::Video => self.missing.poll_timeout(),
        };
        [missing, self.keyframe_due, self.skip_due, gap]
            .into_iter()
            .flatten()
            .min()
    }
}
