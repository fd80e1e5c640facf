//! The time during which one layer flows through a slot: from the packet it was switched at.

use crate::clock::CaptureTime;
use crate::numbering::Numbering;
use crate::source::{Place, SourceSeq};
use crate::timeline::{Approach, Ease, Line};
use media::{Codec, Kind, LayerIndex, Packet, RtpTime, SeqNo};
use std::time::Instant;

/// Off the line by less than this, pictures stay where they are: lips are in sync to ±40 ms (ITU-R BT.1359
/// finds 45 ms early detectable). Sender reports are good to a few milliseconds.
const VIDEO_TOLERANCE_MS: u32 = 5;
/// The same for sound, where moving is audible for one packet.
const AUDIO_TOLERANCE_MS: u32 = 10;
/// At the start of a talk spurt nobody hears a move.
const SPURT_TOLERANCE_MS: u32 = 1;
/// Sound that the slot's timestamps have already passed by at most this much is left out, at a switch and
/// when a run is corrected: a receiver would drop it as late. Older sound than that goes out and stays off
/// the line until a talk spurt begins.
const AUDIO_LEFT_OUT_MS: u32 = 200;
/// Least time between two corrections: packets from before the last one have come by then, repairs on a long way too
/// (`peer::Missing` asks for two seconds).
const CORRECTION_INTERVAL_MS: u32 = 2_500;
/// Timestamps further than this from the present are the publisher's mistake, and put right at once.
const NONSENSE_MS: u32 = 15_000;

/// One layer flowing through the slot.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) layer: LayerIndex,
    pub(super) codec: Codec,
    pub(super) numbering: Numbering,
    source: SourceSeq,
    approach: Approach,
}

/// What the timestamps of a packet are computed from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) kind: Kind,
    pub(super) line: &'a Line,
    pub(super) now: Instant,
    pub(super) capture: CaptureTime,
    /// The slot's latest timestamp, which the next frame must pass.
    pub(super) last: Option<RtpTime>,
}

impl Run {
    /// Begin with this packet as the slot's number `output`. `None` when it is sound that comes too late to
    /// be of use.
    pub(super) fn begin(
        (layer, codec): (LayerIndex, Codec),
        packet: &Packet,
        output: u64,
        moment: Moment<'_>,
    ) -> Option<Run> {
        let approach = moment.approach(packet.timestamp)?;
        let mut source = SourceSeq::default();
        let Place::Newest(first) = source.place(packet.seq, 1) else {
            return None;
        };
        Some(Run {
            layer,
            codec,
            numbering: Numbering::new(first, output),
            source,
            approach,
        })
    }

    /// Where a packet of the layer stands; `reach` is how late it may be.
    pub(super) fn place(&mut self, seq: SeqNo, reach: u64) -> Place {
        self.source.place(seq, reach)
    }

    /// The newest packet so far.
    pub(super) fn newest(&self) -> Option<SeqNo> {
        self.source.highest().map(|highest| SeqNo(highest as u16))
    }

    /// Whether a packet is newer than every one so far.
    pub(super) fn is_ahead(&self, seq: SeqNo) -> bool {
        self.source
            .highest()
            .is_none_or(|highest| self.source.extend(seq) > highest)
    }

    /// Whether a source number is recent enough to be sent for the first time.
    pub(super) fn in_reach(&self, source: u64, reach: u64) -> bool {
        self.source
            .highest()
            .is_some_and(|highest| source <= highest && source + reach > highest)
    }

    /// The slot's timestamp for one of the source.
    pub(super) fn timestamp(&self, source: RtpTime) -> RtpTime {
        self.approach.output(source)
    }

    /// Whether a late packet still fits in front of what was sent since.
    pub(super) fn has_place_for(&self, source: RtpTime) -> bool {
        self.approach.has_place_for(source)
    }

    /// Keep to the line: the newest packet, which starts a frame, says how far off it is. `false`: leave the
    /// packet out, it is sound in the way of a correction.
    pub(super) fn keep_to_line(&mut self, packet: &Packet, moment: Moment<'_>) -> bool {
        let Moment {
            kind,
            line,
            now,
            capture,
            last,
        } = moment;
        let output = self.approach.output(packet.timestamp);
        let wanted = line.at(capture.at);
        let goes_on = last.is_none_or(|last| wanted.distance(last) > 0);
        if output.distance(line.at(now)).saturating_abs() > line.ticks(NONSENSE_MS) {
            let target = last.filter(|_| !goes_on).map_or(wanted, |last| last.advance(1));
            self.approach.correct(packet.timestamp, target, Ease::AtOnce);
            return true;
        }
        let settled = self
            .approach
            .settle(packet.timestamp, line.ticks(CORRECTION_INTERVAL_MS));
        if !settled || !capture.reported {
            return true;
        }
        let (tolerance, ease) = match kind {
            Kind::Video => (VIDEO_TOLERANCE_MS, Ease::Gradual),
            Kind::Audio if packet.marker => (SPURT_TOLERANCE_MS, Ease::AtOnce),
            Kind::Audio => (AUDIO_TOLERANCE_MS, Ease::AtOnce),
        };
        if wanted.distance(output).saturating_abs() <= line.ticks(tolerance) {
            return true;
        }
        if ease == Ease::AtOnce && !goes_on {
            // Its place on the line is taken. A little sound is worth less than sync, a word is not.
            return !last.is_some_and(|last| moment.may_leave_out(last, wanted));
        }
        self.approach.correct(packet.timestamp, wanted, ease);
        true
    }
}

impl Moment<'_> {
    /// How a run that begins with source timestamp `first` gets onto the line: the publisher's capture time
    /// decides, but never backwards.
    fn approach(&self, first: RtpTime) -> Option<Approach> {
        let wanted = self.line.at(self.capture.at);
        let Some(last) = self.last.filter(|last| wanted.distance(*last) <= 0) else {
            return Some(Approach::new(first, wanted, wanted, Ease::AtOnce));
        };
        let output = last.advance(1);
        match self.kind {
            Kind::Video => Some(Approach::new(first, output, wanted, Ease::Gradual)),
            Kind::Audio if self.may_leave_out(last, wanted) => None,
            Kind::Audio => Some(Approach::new(first, output, output, Ease::AtOnce)),
        }
    }

    /// Whether sound that belongs at `wanted` is so little behind that it is better left out.
    fn may_leave_out(&self, last: RtpTime, wanted: RtpTime) -> bool {
        last.distance(wanted) <= self.line.ticks(AUDIO_LEFT_OUT_MS)
    }
}
