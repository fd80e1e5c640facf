//! Packets to frames, in order, and whether a decoder could use each.

use super::receive::SlotStats;
use super::vp8::{self, Descriptor, FrameStamp};
use bytes::{Bytes, BytesMut};
use rtc::rtp;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A gap is waited for this long, then skipped (libwebrtc's `kMaxWaitForFrame`).
const PATIENCE: Duration = Duration::from_millis(3_000);
/// Most packets held behind a gap; when full the gap is skipped.
const MAX_HELD: usize = 1_024;
/// Bytes kept of a frame that nobody wants to see: the longest header and stamp.
const HEAD: usize = 32;
/// Keyframe requests of one slot are at least this far apart.
const REQUEST_INTERVAL: Duration = Duration::from_millis(500);

/// A complete video frame.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The track it came from.
    pub csrc: u32,
    /// RTP timestamp in the slot's numbering.
    pub timestamp: u32,
    /// Whether it is a keyframe.
    pub keyframe: bool,
    /// Whether a decoder that saw everything before could decode it.
    pub decodable: bool,
    /// The encoded frame, or its first bytes when nobody asked for frames.
    pub data: Bytes,
}

#[derive(Debug)]
struct Held {
    arrived: Instant,
    timestamp: u32,
    marker: bool,
    csrc: u32,
    descriptor: Descriptor,
    data: Bytes,
}

impl Held {
    fn starts_keyframe(&self) -> bool {
        self.descriptor.frame_start && vp8::is_keyframe(&self.data)
    }
}

#[derive(Debug)]
struct Partial {
    timestamp: u32,
    csrc: u32,
    mixed: bool,
    picture_id: Option<u16>,
    data: BytesMut,
}

#[derive(Debug, Clone, Copy)]
struct Reference {
    csrc: u32,
    picture_id: Option<u16>,
    stamp: Option<FrameStamp>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    next: Option<u64>,
    held: BTreeMap<u64, Held>,
    partial: Option<Partial>,
    /// The last decodable frame; `None` when the chain is broken.
    reference: Option<Reference>,
    last_request: Option<Instant>,
    broken_since: Option<Instant>,
    /// Frames are put together whole, not only their first bytes.
    whole: bool,
}

impl Assembler {
    /// `whole`: frames are handed out with all their bytes.
    pub(super) fn new(whole: bool) -> Self {
        Self {
            whole,
            ..Self::default()
        }
    }

    pub(super) fn handle_packet(
        &mut self,
        now: Instant,
        seq: u64,
        packet: &rtp::Packet,
        stats: &mut SlotStats,
    ) -> Vec<Frame> {
        let Some(descriptor) = Descriptor::parse(&packet.payload) else {
            return Vec::new();
        };
        if self.next.is_some_and(|next| seq < next) {
            return Vec::new(); // given up on before
        }
        self.next.get_or_insert(seq);
        let held = Held {
            arrived: now,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            csrc: packet.header.csrc.first().copied().unwrap_or(0),
            descriptor,
            data: packet.payload.slice(descriptor.len..),
        };
        if self.next == Some(seq) && self.held.is_empty() {
            // In order: the usual case, without a detour through the map.
            self.next = Some(seq + 1);
            return self.take(now, &held, stats).into_iter().collect();
        }
        self.held.insert(seq, held);
        self.handle_timeout(now, stats)
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, stats: &mut SlotStats) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some((&seq, first)) = self.held.first_key_value() {
            if self.next == Some(seq) {
                self.next = Some(seq + 1);
                if let Some(held) = self.held.remove(&seq) {
                    frames.extend(self.take(now, &held, stats));
                }
            } else if let Some(keyframe) = self.complete_keyframe() {
                // Decoding can begin with a keyframe, whatever is missing before it.
                self.held = self.held.split_off(&keyframe);
                self.next = Some(keyframe);
                self.break_chain(now, stats);
            } else if first.arrived + PATIENCE <= now || self.held.len() > MAX_HELD {
                self.next = Some(seq);
                self.break_chain(now, stats);
            } else {
                break;
            }
        }
        frames
    }

    /// Number of the first packet of a keyframe that is all there, behind a gap.
    fn complete_keyframe(&self) -> Option<u64> {
        let starts = self.held.iter().filter(|(_, held)| held.starts_keyframe());
        let mut starts = starts.map(|(start, _)| *start);
        starts.find(|start| self.is_complete(*start))
    }

    /// Whether all packets from this one to the end of its frame are there.
    fn is_complete(&self, start: u64) -> bool {
        let rest = self.held.range(start..);
        let mut in_a_row = rest
            .zip(start..)
            .take_while(|((seq, _), expected)| *seq == expected);
        in_a_row.any(|((_, held), _)| held.marker)
    }

    /// Whether to send a PLI now.
    pub(super) fn wants_keyframe(&mut self, now: Instant) -> bool {
        let due = self
            .last_request
            .is_none_or(|at| now.saturating_duration_since(at) >= REQUEST_INTERVAL);
        let wants = self.broken_since.is_some() && due;
        if wants {
            self.last_request = Some(now);
        }
        wants
    }

    fn break_chain(&mut self, now: Instant, stats: &mut SlotStats) {
        if self.partial.take().is_some() {
            stats.undecodable += 1;
        }
        self.reference = None;
        self.broken_since.get_or_insert(now);
    }

    fn take(&mut self, now: Instant, held: &Held, stats: &mut SlotStats) -> Option<Frame> {
        if held.descriptor.frame_start
            && self
                .partial
                .as_ref()
                .is_none_or(|p| p.timestamp != held.timestamp)
        {
            if self.partial.is_some() {
                self.break_chain(now, stats); // the frame before has no end
            }
            self.partial = Some(Partial {
                timestamp: held.timestamp,
                csrc: held.csrc,
                mixed: false,
                picture_id: held.descriptor.picture_id,
                data: BytesMut::new(),
            });
        }
        let Some(partial) = &mut self.partial else {
            self.broken_since.get_or_insert(now); // middle of a frame whose start is gone
            return None;
        };
        partial.mixed |= partial.csrc != held.csrc || partial.timestamp != held.timestamp;
        let room = if self.whole {
            usize::MAX
        } else {
            HEAD.saturating_sub(partial.data.len())
        };
        partial
            .data
            .extend_from_slice(held.data.get(..room).unwrap_or(&held.data));
        if !held.marker {
            return None;
        }
        let partial = self.partial.take()?;
        Some(self.complete(now, partial, stats))
    }

    fn complete(&mut self, now: Instant, partial: Partial, stats: &mut SlotStats) -> Frame {
        let data = partial.data.freeze();
        let keyframe = vp8::is_keyframe(&data);
        let stamp = FrameStamp::read(&data);
        stats.frames += 1;
        stats.mixed_frames += u64::from(partial.mixed);
        let decodable =
            !partial.mixed && (keyframe || self.follows(&partial.csrc, partial.picture_id, stamp, stats));
        if decodable {
            self.reference = Some(Reference {
                csrc: partial.csrc,
                picture_id: partial.picture_id,
                stamp,
            });
            self.broken_since = None;
            stats.last_frame = Some(now);
        } else {
            stats.undecodable += 1;
            self.reference = None;
            self.broken_since.get_or_insert(now);
        }
        if keyframe {
            stats.keyframes += 1;
            stats.height = vp8::keyframe_height(&data);
        }
        Frame {
            csrc: partial.csrc,
            timestamp: partial.timestamp,
            keyframe,
            decodable,
            data,
        }
    }

    /// Whether a delta frame refers to the frame decoded before it.
    fn follows(
        &self,
        csrc: &u32,
        picture_id: Option<u16>,
        stamp: Option<FrameStamp>,
        stats: &mut SlotStats,
    ) -> bool {
        let Some(reference) = &self.reference else {
            return false;
        };
        let successor = reference.picture_id.map(|id| id.wrapping_add(1) & 0x7fff);
        let stamps_follow = match (reference.stamp, stamp) {
            (Some(old), Some(new)) => new.stream == old.stream && new.number == old.number + 1,
            _ => true,
        };
        let follows = reference.csrc == *csrc && picture_id == successor && stamps_follow;
        stats.wrong_reference += u64::from(!follows);
        follows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of these frames (keyframe or not), two for each, numbered from 0 on.
    fn packets(frames: &[bool]) -> Vec<rtp::Packet> {
        let mut packets = Vec::new();
        for (number, keyframe) in (0u16..).zip(frames) {
            let stamp = FrameStamp {
                stream: 1,
                number: number.into(),
            };
            let frame = vp8::pretend_frame(*keyframe, (320, 180), 1_500, stamp);
            let payloads = vp8::packetize(&frame, vp8::MAX_PAYLOAD, number, number as u8);
            let last = payloads.len() - 1;
            packets.extend(payloads.into_iter().enumerate().map(|(index, payload)| {
                let header = rtp::header::Header {
                    marker: index == last,
                    timestamp: u32::from(number) * 3_000,
                    csrc: vec![9],
                    ..rtp::header::Header::default()
                };
                rtp::Packet { header, payload }
            }));
        }
        packets
    }

    /// When each frame that could be decoded came, in milliseconds, by its timestamp. One packet comes every 10 ms, and
    /// some do not come.
    fn decoded(frames: &[bool], lost: &[u64]) -> Vec<(u32, u64)> {
        let [whole, head] = [true, false].map(|whole| judged(frames, lost, whole));
        assert_eq!(whole, head, "the first bytes of a frame say it all");
        whole
    }

    fn judged(frames: &[bool], lost: &[u64], whole: bool) -> Vec<(u32, u64)> {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let start = Instant::now();
        let (mut assembler, mut stats) = (Assembler::new(whole), SlotStats::default());
        let packets = packets(frames);
        let mut decoded = Vec::new();
        for (seq, ms) in (0..1_000).map(|step| (step, step * 10)) {
            let now = start + Duration::from_millis(ms);
            let packet = packets.get(seq as usize).filter(|_| !lost.contains(&seq));
            let came = match packet {
                Some(packet) => assembler.handle_packet(now, seq, packet, &mut stats),
                None => assembler.handle_timeout(now, &mut stats),
            };
            let decodable = came.iter().filter(|frame| frame.decodable);
            decoded.extend(decodable.map(|frame| (frame.timestamp / 3_000, ms)));
        }
        decoded
    }

    #[test]
    fn a_gap_is_waited_for_and_what_is_behind_it_has_no_reference() {
        assert_eq!(decoded(&[true, false, false], &[]), [(0, 10), (1, 30), (2, 50)]);
        assert_eq!(decoded(&[true, false, false], &[2]), [(0, 10)]);
        // Packet 3, the first behind the gap, came at 30 ms, and the gap is given up three seconds later.
        let late = [true, false, true, false];
        assert_eq!(decoded(&late, &[2, 4]), [(0, 10)], "no whole keyframe");
    }

    #[test]
    fn a_whole_keyframe_behind_a_gap_is_not_waited_with() {
        let frames = [true, false, true, false];
        assert_eq!(decoded(&frames, &[2]), [(0, 10), (2, 50), (3, 70)]);
    }
}
