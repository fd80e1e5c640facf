//! One track's packets into one slot.

mod offered;
mod run;

use crate::allocate::LayerTarget;
use crate::clock::CaptureTime;
use crate::history::{History, Sent};
use crate::layers::{LayerFilter, Verdict};
use crate::rewrite::{Numbers, Rewriters};
use crate::source::Place;
use crate::timeline::Line;
use media::packet::SlotPacket;
use media::{ExtendedSeq, Kind, LayerIndex, NtpTime, ReadPacket, RtpTime, SeqNo, TrackId};
use offered::Offered;
use run::{Moment, Run};
use std::time::{Duration, Instant};

/// Packets a video slot can send again, and how late one may come in: 1.7 s at 300 packets a second.
/// Raising it costs 32 bytes a packet and slot, lowering it costs subscribers with long round trips.
const VIDEO_HISTORY: u64 = 512;
/// The same for an audio slot: 2.5 s at 50 packets a second.
const AUDIO_HISTORY: u64 = 128;
/// A slot that has been silent for this long may start anywhere on its line: no receiver still holds its
/// last timestamp, and 32 bits of it soon mean nothing.
const FORGET_TIMESTAMP: Duration = Duration::from_secs(3600);

/// The track a slot carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForwardedTrack {
    /// Which; the CSRC of every packet.
    pub id: TrackId,
    /// Send RED (RFC 2198) as its primary Opus block, because the subscriber did not negotiate RED.
    /// Without effect on other codecs.
    pub unwrap_red: bool,
}

/// What a forwarder is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForwarderState {
    /// The track assigned.
    pub track: Option<TrackId>,
    /// What flows now. `None`: nothing flows.
    pub layer: Option<LayerTarget>,
    /// What should flow. `None`: paused.
    pub target: Option<LayerTarget>,
    /// Whether the forwarder waits for a keyframe to switch at.
    pub switching: bool,
}

/// What a sender report of a slot says (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotReport {
    /// Server wall clock.
    pub ntp: NtpTime,
    /// The same instant on the slot's RTP clock.
    pub rtp: RtpTime,
    /// Packets sent through the slot, without retransmissions; wraps.
    pub packets: u32,
    /// Payload bytes sent through the slot, without retransmissions; wraps.
    pub octets: u32,
}

/// Rewrites packets of whatever track is assigned into one slot, whose numbering, timestamps and picture ids
/// go on without a break for the slot's whole life.
#[derive(Debug)]
pub struct Forwarder {
    kind: Kind,
    line: Line,
    track: Option<ForwardedTrack>,
    target: Option<LayerTarget>,
    layers: LayerFilter,
    /// The layer that flows, from the packet it was switched at.
    run: Option<Run>,
    rewriters: Rewriters,
    history: History,
    /// The slot's own sequence numbers: those handed out so far.
    outputs: ExtendedSeq,
    /// The first number that belongs to the assigned track, and after a switch or a pause to the layer that flows:
    /// decoding began anew there, and nobody needs what was lost before.
    first_of_use: u64,
    start_seq: SeqNo,
    /// Latest timestamp sent, and when.
    last: Option<(RtpTime, Instant)>,
    /// What last began to flow.
    carried: Option<(TrackId, LayerIndex)>,
    switches: u64,
    packets: u32,
    octets: u32,
}

impl Forwarder {
    /// The forwarder of a slot. Its timestamps lie for ever on the line through (`now`, `start_timestamp`)
    /// with slope `clock_rate` Hz.
    pub fn new(
        kind: Kind,
        clock_rate: u32,
        now: Instant,
        start_seq: SeqNo,
        start_timestamp: RtpTime,
    ) -> Forwarder {
        Forwarder {
            kind,
            line: Line::new(clock_rate, now, start_timestamp),
            track: None,
            target: None,
            layers: LayerFilter::default(),
            run: None,
            rewriters: Rewriters::default(),
            history: History::new(match kind {
                Kind::Audio => AUDIO_HISTORY,
                Kind::Video => VIDEO_HISTORY,
            }),
            outputs: ExtendedSeq::new(),
            first_of_use: 0,
            start_seq,
            last: None,
            carried: None,
            switches: 0,
            packets: 0,
            octets: 0,
        }
    }

    /// Assign a track, or none. Nothing of the former track is forwarded from here on, and the target is
    /// `None` until set anew. Naming the track that is already assigned keeps it flowing.
    pub fn set_track(&mut self, _now: Instant, track: Option<ForwardedTrack>) {
        let changed = track.map(|track| track.id) != self.track.map(|track| track.id);
        self.track = track;
        if changed {
            self.target = None;
            self.run = None;
            self.first_of_use = self.next_output();
        }
    }

    /// What should flow; `None` pauses at once. Video goes on with the former layer, as it is, until a keyframe of the
    /// target arrives; fewer spatial or temporal layers need none. For audio, layer 0 opens the gate.
    pub fn set_target(&mut self, _now: Instant, target: Option<LayerTarget>) {
        self.target = target;
        let Some(target) = target else {
            self.run = None;
            return;
        };
        if self.run.as_ref().is_none_or(|run| run.layer == target.layer) {
            self.layers.set_wanted(target);
        }
    }

    /// A packet of the assigned track arrived (in any order, duplicates included): the packet to send
    /// through the slot, or `None` when it is not for this slot now.
    pub fn handle_packet(
        &mut self,
        now: Instant,
        layer: LayerIndex,
        packet: &ReadPacket,
        capture: CaptureTime,
    ) -> Option<SlotPacket> {
        let track = self.track?;
        let target = self.target?;
        let flows = self.run.as_ref().is_some_and(|run| run.layer == layer);
        if !flows && layer != target.layer {
            return None;
        }
        let offered = Offered::read(self.kind, track, layer, packet);
        let goes_on = flows && !self.changes_codec(offered.as_ref());
        let sent = match goes_on {
            true => self.go_on(packet.packet.seq, offered.as_ref(), now, capture),
            false => self.begin(offered.as_ref()?, now, capture),
        }?;
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(sent.payload.len() as u32);
        Some(sent)
    }

    /// The layer of which a keyframe is needed before the slot can show what it should.
    pub fn wants_keyframe(&self) -> Option<LayerIndex> {
        let switching = self.kind == Kind::Video && self.state().switching;
        self.target.filter(|_| switching).map(|target| target.layer)
    }

    /// The layer to ask for a keyframe when the subscriber sends PLI or FIR: the one to switch to, else the
    /// one that flows. `None` for audio, and when nothing should flow.
    pub fn keyframe_layer(&self) -> Option<LayerIndex> {
        let target = self
            .target
            .filter(|_| self.kind == Kind::Video && self.track.is_some());
        target.map(|target| target.layer)
    }

    /// What flows, and what should.
    pub fn state(&self) -> ForwarderState {
        let (spatial, temporal) = self.layers.passing();
        let layer = self.run.as_ref().map(|run| LayerTarget {
            layer: run.layer,
            spatial,
            temporal,
        });
        let other = layer.map(|layer| layer.layer) != self.target.map(|target| target.layer);
        ForwarderState {
            track: self.track.map(|track| track.id),
            layer,
            target: self.target,
            switching: self.track.is_some() && self.target.is_some() && (other || self.layers.waits()),
        }
    }

    /// The newest packet of the layer that flows, by its publisher's number.
    pub fn newest(&self) -> Option<(LayerIndex, SeqNo)> {
        let run = self.run.as_ref()?;
        Some((run.layer, run.newest()?))
    }

    /// Packets sent through the slot, without retransmissions; wraps.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// How often the slot began to carry another layer or track, since its start.
    pub fn switches(&self) -> u64 {
        self.switches
    }

    /// The subscriber misses a packet of the slot: the same packet again, byte for byte, taken from the
    /// assigned track's rings through `lookup`. `None` when it is too old, of a former track, asked for too
    /// often, or never arrived.
    ///
    /// A packet that did arrive, but before the keyframe it belongs to was recognised (reordering at a
    /// switch), is sent here for the first time.
    pub fn retransmit<'a>(
        &mut self,
        seq: SeqNo,
        lookup: impl Fn(LayerIndex, SeqNo) -> Option<&'a ReadPacket>,
    ) -> Option<SlotPacket> {
        let track = self.track?;
        let output = self.outputs.extend(seq);
        if output < self.first_of_use || output > self.outputs.highest()? {
            return None;
        }
        if self.history.contains(output) {
            let sent = self.history.resend(output)?;
            let packet = lookup(sent.layer, sent.source)?;
            return Offered::read(self.kind, track, sent.layer, packet)?.packet(&sent);
        }
        let run = self.run.as_ref()?;
        let source = run.numbering.source(output)?;
        if !run.in_reach(source, self.history.capacity()) {
            return None;
        }
        let packet = lookup(run.layer, SeqNo(source as u16))?;
        let offered = Offered::read(self.kind, track, run.layer, packet)?;
        self.pass_late(source, &offered)
    }

    /// The slot's sender report for this moment; `None` while nothing has been sent.
    pub fn report(&self, now: Instant, server_ntp_now: NtpTime) -> Option<SlotReport> {
        self.last?;
        Some(SlotReport {
            ntp: server_ntp_now,
            rtp: self.line.at(now),
            packets: self.packets,
            octets: self.octets,
        })
    }

    /// Whether a publisher has turned to another codec with this packet of the layer that flows: what flowed ends, and
    /// the slot waits for a keyframe.
    fn changes_codec(&mut self, offered: Option<&Offered<'_>>) -> bool {
        let (Some(run), Some(offered)) = (&self.run, offered) else {
            return false;
        };
        // Sound may turn from RED to Opus and back with each packet.
        let changes = self.kind == Kind::Video && run.codec != offered.codec;
        if changes && run.is_ahead(offered.original.seq) {
            self.run = None;
        }
        changes
    }

    /// A packet of the target while another layer, or none, flows.
    fn begin(&mut self, offered: &Offered<'_>, now: Instant, capture: CaptureTime) -> Option<SlotPacket> {
        let wanted = self.target.filter(|target| target.layer == offered.layer)?;
        if !LayerFilter::may_begin(&offered.info, wanted) {
            return None;
        }
        let output = self.next_output();
        let last = self.last_timestamp(now);
        let moment = Moment {
            kind: self.kind,
            line: &self.line,
            now,
            capture,
            last,
        };
        let run = Run::begin((offered.layer, offered.codec), offered.original, output, moment)?;
        let timestamp = run.timestamp(offered.original.timestamp);
        self.run = Some(run);
        if self.kind == Kind::Video {
            self.first_of_use = output;
        }
        self.layers
            .begin(&offered.info, offered.original.timestamp, wanted);
        let carries = Some((offered.track, offered.layer));
        if self.carried != carries {
            self.carried = carries;
            self.switches += 1;
        }
        let rewriter = self.rewriters.of(offered.codec);
        rewriter.begin(offered.payload());
        let numbers = rewriter.numbers(offered.payload())?;
        self.last = Some((timestamp, now));
        // A talk spurt begins (RFC 3551 §4.1); in video the bit ends a frame and stays as it is.
        let marker = self.kind == Kind::Audio || offered.marker(&self.layers);
        self.send(offered, output, timestamp, marker, numbers)
    }

    /// A packet of the layer that flows.
    fn go_on(
        &mut self,
        seq: SeqNo,
        offered: Option<&Offered<'_>>,
        now: Instant,
        capture: CaptureTime,
    ) -> Option<SlotPacket> {
        match self.run.as_mut()?.place(seq, self.history.capacity()) {
            Place::Newest(source) => self.pass_newest(source, offered, now, capture),
            Place::Older(source) => self.pass_late(source, offered?),
            Place::Stray => None,
            Place::Restart(_) => {
                // What came before means nothing for what comes now; video needs a keyframe.
                self.run = None;
                self.begin(offered?, now, capture)
            }
        }
    }

    fn pass_newest(
        &mut self,
        source: u64,
        offered: Option<&Offered<'_>>,
        now: Instant,
        capture: CaptureTime,
    ) -> Option<SlotPacket> {
        let Some(offered) = offered else {
            // Malformed, or padding: nothing a receiver should miss.
            self.run.as_mut()?.numbering.skip(source);
            return None;
        };
        let last = self.last_timestamp(now);
        let moment = Moment {
            kind: self.kind,
            line: &self.line,
            now,
            capture,
            last,
        };
        let run = self.run.as_mut()?;
        let rewriter = self.rewriters.of(offered.codec);
        let verdict = self
            .layers
            .newest(&offered.info, offered.original.timestamp, source);
        if verdict == Verdict::Open {
            return None;
        }
        let passes = verdict == Verdict::Passes
            && (!offered.info.starts_frame || run.keep_to_line(offered.original, moment));
        let numbers = if passes {
            rewriter.numbers(offered.payload())
        } else {
            None
        };
        let Some(numbers) = numbers else {
            rewriter.skip(offered.payload());
            run.numbering.skip(source);
            return None;
        };
        let timestamp = run.timestamp(offered.original.timestamp);
        let output = run.numbering.output(source)?;
        if last.is_none_or(|last| timestamp.distance(last) > 0) {
            self.last = Some((timestamp, now));
        }
        let marker = offered.marker(&self.layers);
        self.send(offered, output, timestamp, marker, numbers)
    }

    /// A packet older than the newest: it has its place, if that is still free.
    fn pass_late(&mut self, source: u64, offered: &Offered<'_>) -> Option<SlotPacket> {
        let run = self.run.as_mut()?;
        let timestamp = run.timestamp(offered.original.timestamp);
        let output = run
            .numbering
            .output(source)
            .filter(|output| !self.history.contains(*output))?;
        let fits = run.has_place_for(offered.original.timestamp);
        let at = offered.original.timestamp;
        if !fits || self.layers.late(&offered.info, at, source) != Verdict::Passes {
            return None;
        }
        let numbers = self.rewriters.of(offered.codec).numbers(offered.payload())?;
        // Late, and still ahead of all that was sent: what is newer was left out.
        if let Some((last, _)) = &mut self.last
            && timestamp.distance(*last) > 0
        {
            *last = timestamp;
        }
        let marker = offered.marker(&self.layers);
        self.send(offered, output, timestamp, marker, numbers)
    }

    fn send(
        &mut self,
        offered: &Offered<'_>,
        output: u64,
        timestamp: RtpTime,
        marker: bool,
        numbers: Numbers,
    ) -> Option<SlotPacket> {
        let sent = Sent {
            output,
            layer: offered.layer,
            source: offered.original.seq,
            timestamp,
            marker,
            numbers,
            frame: self.layers.frame_number(&offered.info),
            resends: 0,
        };
        let packet = offered.packet(&sent)?;
        self.outputs.update(SeqNo(output as u16));
        self.history.insert(sent);
        Some(packet)
    }

    /// The timestamp that the next frame must pass.
    fn last_timestamp(&self, now: Instant) -> Option<RtpTime> {
        let recent = self
            .last
            .filter(|(_, at)| now.saturating_duration_since(*at) < FORGET_TIMESTAMP);
        recent.map(|(timestamp, _)| timestamp)
    }

    /// The number of the next packet that continues the slot.
    fn next_output(&self) -> u64 {
        self.outputs
            .highest()
            .map_or_else(|| self.outputs.extend(self.start_seq), |highest| highest + 1)
    }
}
