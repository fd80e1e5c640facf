//! The server's end of a connection without cryptography.

use super::estimators::Estimators;
use super::fuse::Fuse;
use super::wire::{MORE_HEADERS, Message};
use bwe::{
    DATAGRAM_OVERHEAD, Downlink, DownlinkStats, Estimate, Outgoing, Priority, Release, Report, TransportSeq,
};
use bytes::{Bytes, BytesMut};
use media::packet::SlotPacket;
use media::plane::{PublishSection, Sections, Slot};
use media::{Bitrate, Codec, Kind, LayerIndex, MLineIndex};
use peer::missing::DEFAULT_ROUND_TRIP;
use peer::{
    Answer, DataChannel, DataError, OfferError, Path, Peer, PeerEvent, PeerStats, Repairs, SlotReport,
    Transmit,
};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Silence that is told, as [`PeerEvent::Silent`] says.
const SILENT: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(15)];

/// What a client of plain mode offers; stands where SDP would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlainOffer {
    pub(crate) person: u32,
    pub(crate) restarts: u32,
    pub(crate) video_slots: u16,
    pub(crate) audio_slots: u16,
}

impl PlainOffer {
    pub(crate) fn to_sdp(self) -> String {
        let PlainOffer {
            person,
            restarts,
            video_slots,
            audio_slots,
        } = self;
        format!("plain {person} {restarts} {video_slots} {audio_slots}")
    }

    fn parse(sdp: &str) -> Option<PlainOffer> {
        let numbers: Option<Vec<u32>> = sdp
            .strip_prefix("plain ")?
            .split(' ')
            .map(|n| n.parse().ok())
            .collect();
        let &[person, restarts, video, audio] = numbers?.as_slice() else {
            return None;
        };
        let (video_slots, audio_slots) = (video.try_into().ok()?, audio.try_into().ok()?);
        Some(PlainOffer {
            person,
            restarts,
            video_slots,
            audio_slots,
        })
    }

    pub(crate) fn ufrag(self) -> String {
        format!("plain{}x{}", self.person, self.restarts)
    }

    /// M-lines in the order every client of Plenum offers them.
    pub(crate) fn sections(self) -> Sections {
        let publish = |mline: u16, kind, rids: &[&str]| PublishSection {
            mline: MLineIndex(mline),
            mid: mline.to_string(),
            kind,
            rids: rids.iter().map(|rid| (*rid).to_owned()).collect(),
        };
        let slots = |first: u16, count: u16| {
            let slot = |mline: u16| Slot {
                mline: MLineIndex(mline),
                mid: mline.to_string(),
            };
            (first..first + count).map(slot).collect()
        };
        Sections {
            publish: vec![
                publish(0, Kind::Audio, &[]),
                publish(1, Kind::Video, &["q", "h", "f"]),
                publish(2, Kind::Video, &[]),
                publish(3, Kind::Audio, &[]),
            ],
            video_slots: slots(4, self.video_slots),
            audio_slots: slots(4 + self.video_slots, self.audio_slots),
        }
    }
}

/// Bytes of a message around a slot's payload, and around padding.
const SLOT_HEAD: usize = 20;
const PADDING_HEAD: usize = 7;

/// A packet in the pacer.
#[derive(Debug, Clone)]
struct Queued {
    slot: MLineIndex,
    again: bool,
    packet: SlotPacket,
}

/// One layer a client publishes.
#[derive(Debug)]
struct Incoming {
    section: MLineIndex,
    layer: LayerIndex,
    repairs: Repairs,
}

/// A [`Peer`] that speaks the simulator's plain messages.
#[derive(Debug)]
pub struct PlainPeer {
    path: Option<Path>,
    now: Instant,
    downlink: Downlink<Queued>,
    /// The estimate that the router knows.
    told: Option<Estimate>,
    heard: Instant,
    /// How many steps of [`SILENT`] have been told.
    silence_told: usize,
    takes_red: bool,
    incoming: Vec<Incoming>,
    round_trip: Duration,
    events: VecDeque<PeerEvent>,
    transmits: VecDeque<Transmit>,
    stats: PeerStats,
    fuse: Fuse,
}

impl PlainPeer {
    /// Builds a peer from an offer.
    pub(crate) fn accept(
        now: Instant,
        sdp: &str,
        takes_red: bool,
        estimators: &Estimators,
    ) -> Result<(PlainPeer, Answer), OfferError> {
        let answer = answer(sdp)?;
        let mut peer = PlainPeer {
            path: None,
            now,
            downlink: Downlink::new(now, estimators.make(now)),
            told: None,
            heard: now,
            silence_told: 0,
            takes_red,
            incoming: Vec::new(),
            round_trip: DEFAULT_ROUND_TRIP,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
            stats: PeerStats::default(),
            fuse: Fuse::default(),
        };
        peer.downlink.set_reports(true);
        Ok((peer, answer))
    }

    fn push(&mut self, now: Instant, slot: MLineIndex, again: bool, packet: SlotPacket) {
        self.now = self.now.max(now);
        if !self.is_reachable() {
            self.stats.dropped_out += 1;
            return;
        }
        let priority = match (packet.codec.kind(), again) {
            (Kind::Audio, _) => Priority::Audio,
            (Kind::Video, true) => Priority::Retransmission,
            (Kind::Video, false) => Priority::Video,
        };
        let outgoing = Outgoing {
            bytes: (packet.payload.len() + SLOT_HEAD + MORE_HEADERS + DATAGRAM_OVERHEAD) as u32,
            packet: Queued { slot, again, packet },
            priority,
            reported: true,
        };
        self.downlink.push(now, outgoing);
    }

    /// What the pacer lets go now.
    fn release(&mut self) -> Option<Transmit> {
        let path = self.path?;
        let message = match self.downlink.poll_release(self.now)? {
            Release::Packet { packet, seq } => Message::Slot {
                slot: packet.slot,
                again: packet.again,
                transport: seq.unwrap_or_default().0,
                packet: packet.packet,
            },
            Release::Padding { bytes, seq } => {
                self.downlink.padding_sent(self.now, seq, bytes);
                let head = PADDING_HEAD + MORE_HEADERS + DATAGRAM_OVERHEAD;
                Message::Padding {
                    transport: seq.0,
                    bytes: (bytes as usize).saturating_sub(head) as u16,
                }
            }
        };
        Some(Transmit {
            path,
            datagram: message.encode(),
        })
    }

    /// Tells the router when the estimate has moved.
    fn tell(&mut self) {
        // For an estimator that passes its decisions on.
        while self.downlink.poll_change().is_some() {}
        let now = self.downlink.estimate();
        let moved = |before: Bitrate, after: Bitrate| before.0.abs_diff(after.0) * 33 > before.0;
        let same = |told: Estimate| !moved(told.target, now.target) && !moved(told.stable, now.stable);
        if !self.told.is_some_and(same) {
            self.told = Some(now);
            self.events.push_back(PeerEvent::Bandwidth);
        }
    }

    /// The server's side of the path to this client.
    pub fn downlink(&self) -> (Estimate, DownlinkStats) {
        (self.downlink.estimate(), self.downlink.stats())
    }

    fn send(&mut self, message: &Message) {
        if let Some(path) = self.path.filter(|_| self.is_reachable()) {
            self.transmits.push_back(Transmit {
                path,
                datagram: message.encode(),
            });
        }
    }

    fn hear(&mut self, now: Instant) {
        self.heard = now;
        if self.silence_told > 0 {
            self.silence_told = 0;
            self.events.push_back(PeerEvent::Silent { seconds: 0 });
        }
    }

    /// ICE: a check validates its path, and the newest path is used.
    fn handle_check(&mut self, path: Path) {
        let first = self.path.is_none();
        if self.path != Some(path) {
            self.events.push_back(PeerEvent::PathValidated(path));
            self.path = Some(path);
        }
        if first {
            self.events.push_back(PeerEvent::Connected {
                srtp_profile: "NONE",
                protocol: path.protocol,
            });
            for channel in [DataChannel::Reliable, DataChannel::Lossy] {
                self.events.push_back(PeerEvent::ChannelOpen(channel));
            }
        }
    }

    fn handle_message(&mut self, now: Instant, message: Message) {
        let event = match message {
            Message::Media {
                section,
                layer,
                packet,
            } => {
                // Browsers negotiate no NACK for Opus, and the real peer has no RTX for it: sound is not asked for again.
                if packet.codec.kind() == Kind::Video {
                    let repairs = &mut self.incoming(section, layer).repairs;
                    repairs.handle_packet(now, packet.seq, packet.timestamp, packet.codec.clock_rate());
                    self.ask_for_missing(now);
                }
                PeerEvent::Rtp {
                    section,
                    layer,
                    packet,
                }
            }
            Message::SenderReport {
                section,
                layer,
                ntp,
                rtp,
            } => PeerEvent::SenderReport {
                section,
                layer,
                ntp,
                rtp,
            },
            Message::Nack { mline, missing, .. } => PeerEvent::Nack { slot: mline, missing },
            Message::Keyframe { mline, .. } => PeerEvent::KeyframeRequest { slot: mline },
            Message::RoundTrip { slot, rtt_ms } => {
                self.round_trip = Duration::from_millis(rtt_ms.into());
                PeerEvent::ReceiverReport {
                    slot,
                    fraction_lost: 0,
                    jitter: 0,
                    rtt_ms: Some(rtt_ms),
                }
            }
            Message::Data { channel, message } => PeerEvent::Data { channel, message },
            Message::Bye => PeerEvent::Closed {
                reason: "the client said goodbye",
                dtls_alert: false,
            },
            Message::Feedback { reports } => {
                let report = |(seq, arrival): &(u16, Option<Duration>)| Report {
                    seq: TransportSeq(*seq),
                    arrival: *arrival,
                };
                let reports: Vec<Report> = reports.iter().map(report).collect();
                self.downlink.handle_feedback(now, &reports);
                return self.tell();
            }
            Message::Slot { .. } | Message::Report { .. } | Message::Padding { .. } => {
                self.stats.dropped_in += 1;
                return;
            }
        };
        self.events.push_back(event);
    }

    fn incoming(&mut self, section: MLineIndex, layer: LayerIndex) -> &mut Incoming {
        let found = self
            .incoming
            .iter()
            .position(|known| (known.section, known.layer) == (section, layer));
        let index = found.unwrap_or_else(|| {
            self.incoming.push(Incoming {
                section,
                layer,
                repairs: Repairs::default(),
            });
            self.incoming.len() - 1
        });
        &mut self.incoming[index]
    }

    fn ask_for_missing(&mut self, now: Instant) {
        let mut requests = Vec::new();
        for Incoming {
            section,
            layer,
            repairs,
        } in &mut self.incoming
        {
            let missing = repairs.poll_due(now, self.round_trip);
            if !missing.is_empty() {
                self.stats.nacks_sent += missing.len() as u64;
                requests.push(Message::Nack {
                    mline: *section,
                    layer: *layer,
                    missing,
                });
            }
        }
        requests.iter().for_each(|request| self.send(request));
    }

    /// The next step of silence, once connected.
    fn silence_due(&self) -> Option<Instant> {
        self.path?;
        SILENT.get(self.silence_told).map(|silence| self.heard + *silence)
    }
}

fn answer(sdp: &str) -> Result<Answer, OfferError> {
    let offer =
        PlainOffer::parse(sdp).ok_or_else(|| OfferError::Malformed("not a plain offer".to_owned()))?;
    Ok(Answer {
        sdp: "plain answer".to_owned(),
        sections: offer.sections(),
        ufrag: offer.ufrag(),
    })
}

impl Peer for PlainPeer {
    fn handle_datagram(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        self.fuse.burn();
        if self.fuse.light(&datagram) {
            return;
        }
        self.now = self.now.max(now);
        self.hear(now);
        if datagram.first() == Some(&0) {
            return self.handle_check(path);
        }
        match Message::decode(datagram) {
            Some(message) => self.handle_message(now, message),
            None => self.stats.dropped_in += 1,
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.fuse.burn();
        self.now = self.now.max(now);
        self.downlink.handle_timeout(now);
        self.tell();
        self.ask_for_missing(now);
        if self.silence_due().is_some_and(|due| due <= now) {
            let seconds = SILENT[self.silence_told].as_secs() as u32;
            self.silence_told += 1;
            self.events.push_back(PeerEvent::Silent { seconds });
        }
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.fuse.burn();
        let missing = self
            .incoming
            .iter()
            .filter_map(|incoming| incoming.repairs.poll_timeout())
            .min();
        let downlink = self.downlink.poll_timeout().filter(|_| self.is_reachable());
        [missing, self.silence_due(), downlink]
            .into_iter()
            .flatten()
            .min()
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.fuse.burn();
        self.transmits.pop_front().or_else(|| self.release())
    }

    fn poll_event(&mut self) -> Option<PeerEvent> {
        self.fuse.burn();
        self.events.pop_front()
    }

    fn handle_offer(&mut self, _now: Instant, sdp: &str) -> Result<Answer, OfferError> {
        answer(sdp)
    }

    fn handle_path_closed(&mut self, _now: Instant, path: Path) {
        self.path = self.path.filter(|known| *known != path);
    }

    fn is_reachable(&self) -> bool {
        self.path.is_some() && self.silence_told < SILENT.len()
    }

    fn accepts(&self, _slot: MLineIndex, codec: Codec) -> bool {
        codec != Codec::Red || self.takes_red
    }

    fn takes_descriptors(&self, _slot: MLineIndex) -> bool {
        true
    }

    fn bandwidth(&self) -> Option<Estimate> {
        self.path.map(|_| self.downlink.estimate())
    }

    fn set_demand(&mut self, now: Instant, demand: bwe::Demand) {
        self.fuse.burn();
        self.downlink.set_demand(now, demand);
    }

    fn send_rtp(&mut self, now: Instant, slot: MLineIndex, packet: SlotPacket) {
        self.fuse.burn();
        self.push(now, slot, false, packet);
    }

    fn send_retransmission(&mut self, now: Instant, slot: MLineIndex, packet: SlotPacket) {
        self.fuse.burn();
        self.push(now, slot, true, packet);
    }

    fn send_report(&mut self, _now: Instant, slot: MLineIndex, report: SlotReport) {
        self.fuse.burn();
        self.send(&Message::Report { slot, report });
    }

    fn give_up_repairs(&mut self, section: MLineIndex, layer: LayerIndex) {
        self.incoming(section, layer).repairs.give_up();
    }

    fn request_keyframe(&mut self, _now: Instant, section: MLineIndex, layer: LayerIndex) {
        self.fuse.burn();
        self.send(&Message::Keyframe {
            mline: section,
            layer,
        });
    }

    fn send_data(&mut self, _now: Instant, channel: DataChannel, message: Bytes) -> Result<(), DataError> {
        self.fuse.burn();
        if self.path.is_none() {
            return Err(DataError::NotOpen);
        }
        self.send(&Message::Data { channel, message });
        Ok(())
    }

    fn close(&mut self, _now: Instant) {
        self.fuse.burn();
        self.send(&Message::Bye);
    }

    fn stats(&self) -> PeerStats {
        self.stats
    }
}
