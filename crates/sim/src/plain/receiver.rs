//! One receive m-line at the client: puts packets in order, assembles and "decodes" frames, and checks that the
//! server kept numbering, timestamps and picture ids going.

use super::stamp::Stamp;
use media::packet::SlotPacket;
use media::{Kind, MLineIndex, NtpTime, RtpTime, SeqNo, TrackId};
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
    /// Packets given up.
    pub lost: u64,
    /// Frames decoded (for audio, packets), by track.
    pub frames: BTreeMap<TrackId, u64>,
    /// Video frames decoded, by layer.
    pub layers: [u64; 3],
    /// Video frames that could not be decoded.
    pub undecodable: u64,
    /// Keyframes asked for.
    pub keyframe_requests: u64,
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
}

#[derive(Debug)]
pub(crate) struct Receiver {
    mline: MLineIndex,
    kind: Kind,
    missing: Missing,
    line: Option<SlotReport>,
    waiting: BTreeMap<u64, (Instant, SlotPacket)>,
    next: Option<u64>,
    partial: Option<Partial>,
    /// Timestamp and picture id of the last frame that began, and whether packets were lost since.
    newest: Option<(RtpTime, u16)>,
    broken: bool,
    /// Publisher, layer and number of the last frame decoded.
    decoder: Option<(u32, u8, u32)>,
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
            decoder: None,
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
                self.next.get_or_insert(number);
                self.waiting.insert(number, (now, packet));
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
        let stamp = Stamp::of_audio(&packet.payload)?;
        *self.stats.frames.entry(packet.csrc).or_default() += 1;
        self.stats.last = Some((packet.csrc, 0));
        Some(Played {
            stamp,
            track: packet.csrc,
            ntp: self.place(packet.timestamp),
        })
    }

    /// Takes packets in order as far as they go.
    fn play_video(&mut self, now: Instant, wrong: &mut Vec<String>) -> Vec<Played> {
        let mut played = Vec::new();
        while let (Some(next), Some((first, (since, _)))) = (self.next, self.waiting.first_key_value()) {
            let (first, waited) = (*first, now.saturating_duration_since(*since));
            if first > next {
                let patient = self.missing.awaits(next) && waited < PATIENCE;
                let keyframe = self.complete_keyframe();
                if patient && keyframe.is_none() {
                    break;
                }
                // Decoding can begin with a keyframe, whatever is missing before it.
                let first = match keyframe.filter(|_| patient) {
                    Some(keyframe) => {
                        self.waiting = self.waiting.split_off(&keyframe);
                        keyframe
                    }
                    None => first,
                };
                self.stats.lost += first - next;
                (self.partial, self.broken, self.decoder) = (None, true, None);
                self.next = Some(first);
            }
            let first = self.next.unwrap_or(first);
            let Some((_, packet)) = self.waiting.remove(&first) else {
                break;
            };
            self.next = Some(first + 1);
            played.extend(self.feed(now, &packet, wrong));
        }
        played
    }

    /// Number of the first packet of a keyframe that is all there.
    fn complete_keyframe(&self) -> Option<u64> {
        self.waiting.iter().find_map(|(number, (_, packet))| {
            let (stamp, _) = Stamp::of_vp8(&packet.payload)?;
            let mut parts = *number..*number + u64::from(stamp.parts);
            let all = stamp.keyframe && stamp.part == 0 && parts.all(|part| self.waiting.contains_key(&part));
            all.then_some(*number)
        })
    }

    /// The next packet in order.
    fn feed(&mut self, now: Instant, packet: &SlotPacket, wrong: &mut Vec<String>) -> Option<Played> {
        let slot = self.mline.0;
        let Some((stamp, descriptor)) = Stamp::of_vp8(&packet.payload) else {
            wrong.push(format!("slot {slot}: a payload that nobody sent"));
            return None;
        };
        let picture_id = descriptor.picture_id.map_or(0, |id| id.value);
        if descriptor.starts_frame() {
            if let Some((timestamp, last_id)) = self.newest {
                let steps = picture_id.wrapping_sub(last_id) & 0x7FFF;
                if packet.timestamp.distance(timestamp) <= 0 {
                    wrong.push(format!(
                        "slot {slot}: video timestamps go from {} to {} ({stamp:?})",
                        timestamp.0, packet.timestamp.0
                    ));
                }
                if steps == 0 || steps > 0x3FFF || (steps != 1 && !self.broken) {
                    wrong.push(format!(
                        "slot {slot}: picture ids jump from {last_id} to {picture_id}"
                    ));
                }
            }
            self.newest = Some((packet.timestamp, picture_id));
            self.broken = false;
            self.partial = Some(Partial {
                timestamp: packet.timestamp,
                parts: 0,
            });
        }
        // Without its beginning it is the rest of a frame that was lost.
        let partial = self.partial.as_mut()?;
        if partial.timestamp != packet.timestamp {
            wrong.push(format!("slot {slot}: two timestamps in one frame"));
        }
        partial.parts += 1;
        if !packet.marker {
            return None;
        }
        let parts = self.partial.take()?.parts;
        if parts != stamp.parts {
            wrong.push(format!(
                "slot {slot}: a frame of {} packets came with {parts}",
                stamp.parts
            ));
        }
        self.decode(now, stamp, packet)
    }

    fn decode(&mut self, now: Instant, stamp: Stamp, packet: &SlotPacket) -> Option<Played> {
        let former = stamp
            .frame
            .checked_sub(1)
            .map(|frame| (stamp.person, stamp.layer, frame));
        if !stamp.keyframe && (former.is_none() || self.decoder != former) {
            self.stats.undecodable += 1;
            self.keyframe_due.get_or_insert(now);
            return None;
        }
        self.decoder = Some((stamp.person, stamp.layer, stamp.frame));
        self.keyframe_due = None;
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
        match self.kind {
            Kind::Audio => Vec::new(),
            Kind::Video => self.missing.poll_due(now, round_trip),
        }
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
            .map(|(_, (since, _))| *since + PATIENCE);
        let missing = match self.kind {
            Kind::Audio => None,
            Kind::Video => self.missing.poll_timeout(),
        };
        [missing, self.keyframe_due, gap].into_iter().flatten().min()
    }
}
