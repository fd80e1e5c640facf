//! What can happen to a worker.

use crate::common::{CAMERA, MIC, Member, SCREEN, SCREEN_AUDIO, Script, Stage, path_of, slots};
use crate::input::Short;
use arbitrary::Arbitrary;
use bytes::Bytes;
use bwe::Estimate;
use media::plane::{MediaCommand, Sections, SlotAssignment};
use media::{
    Bitrate, Codec, Extensions, LayerIndex, LayerInfo, MLineIndex, NtpTime, Packet, ParticipantId, RoomId, RtpTime,
    SeqNo, Source, TrackId, WorkerId,
};
use peer::{Answer, DataChannel, OfferError, Path, PeerEvent, Protocol};
use std::time::{Duration, Instant};

const SECTIONS: [(MLineIndex, Source); 4] = [
    (CAMERA, Source::Camera),
    (MIC, Source::Microphone),
    (SCREEN, Source::Screen),
    (SCREEN_AUDIO, Source::ScreenAudio),
];
const CODECS: [Codec; 6] = [Codec::Vp8, Codec::Opus, Codec::Vp9, Codec::Av1, Codec::H264, Codec::Red];

#[derive(Debug, Arbitrary)]
pub(super) enum Step {
    Join { worker: bool, room: u8, id: u8, video: u8, audio: u8 },
    Command { room: u8, command: Command },
    /// To one worker, whatever the other knows.
    Straight { worker: bool, room: u8, command: Command },
    Tell { member: u8, event: Event },
    Feed { member: u8, feed: Feed },
    Media { member: u8, media: Media },
    Stray(Stray),
    /// Milliseconds.
    Pass(u16),
    Load { worker: bool, busy_permille: u16, lag_ms: u8 },
    Loses(u8),
}

/// A command; participants and tracks are few.
#[derive(Debug, Arbitrary)]
pub(super) enum Command {
    Remove(u8),
    Offer(u8),
    Publish { id: u8, section: u8, track: u8, source: Option<u8>, layers: Vec<(u8, u16, u16)> },
    Unpublish(u8),
    Mute(u8, bool),
    Assign { id: u8, slots: Vec<(u8, Option<u8>, u16, u8)> },
    Neighbours(bool),
}

impl Command {
    pub(super) fn of(self, room: RoomId, other: WorkerId) -> MediaCommand {
        match self {
            Self::Remove(id) => MediaCommand::RemovePeer { participant: participant(id) },
            Self::Offer(id) => MediaCommand::Offer {
                participant: participant(id),
                request: id.into(),
                sdp: String::new(),
            },
            Self::Publish { id, section, track: number, source, layers } => {
                let (mline, usual) = SECTIONS[usize::from(section % 4)];
                let source = source.map_or(usual, |source| SECTIONS[usize::from(source % 4)].1);
                let layers = layers.into_iter().take(6).map(|(rid, height, kbps)| LayerInfo {
                    rid: ["q", "h", "f", ""][usize::from(rid % 4)].to_owned(),
                    height,
                    max_bitrate: Bitrate(u64::from(kbps) * 1_000),
                });
                MediaCommand::Publish {
                    participant: participant(id),
                    mline,
                    track: track(number),
                    source,
                    layers: layers.collect(),
                }
            }
            Self::Unpublish(number) => MediaCommand::Unpublish { track: track(number) },
            Self::Mute(number, muted) => MediaCommand::Mute { track: track(number), muted },
            Self::Assign { id, slots } => {
                let slots = slots.into_iter().take(8).map(|(slot, number, height, priority)| SlotAssignment {
                    slot: MLineIndex(4 + u16::from(slot % 10)),
                    track: number.map(track),
                    height,
                    priority,
                });
                MediaCommand::Assign { participant: participant(id), slots: slots.collect() }
            }
            Self::Neighbours(any) => MediaCommand::Neighbours {
                room,
                workers: any.then_some(other).into_iter().collect(),
            },
        }
    }
}

fn participant(id: u8) -> ParticipantId {
    ParticipantId(1 + u32::from(id % 8))
}

fn track(number: u8) -> TrackId {
    TrackId(10 + u32::from(number % 12))
}

/// Something that a peer says at once.
#[derive(Debug, Arbitrary)]
pub(super) enum Event {
    Connected,
    Validated(u8),
    Forgotten(u8),
    Report { section: u8, layer: u8, ntp: u64, rtp: u32 },
    Nack { slot: u8, missing: Vec<u16> },
    Keyframe(u8),
    Receiver { slot: u8, lost: u8, jitter: u32, rtt_ms: Option<u32> },
    Bandwidth,
    Channel(bool, bool),
    Data(bool, Short),
    Message { lossy: bool, to: Vec<u8>, payload: Short },
    Silent(u8),
    Closed(bool),
}

impl Event {
    pub(super) fn into_event(self) -> PeerEvent {
        let channel = |lossy| if lossy { DataChannel::Lossy } else { DataChannel::Reliable };
        let slot = |slot: u8| MLineIndex(u16::from(slot % 16));
        match self {
            Self::Connected => PeerEvent::Connected {
                srtp_profile: "SRTP_AEAD_AES_128_GCM",
                protocol: Protocol::Udp,
            },
            Self::Validated(port) => PeerEvent::PathValidated(path(port)),
            Self::Forgotten(port) => PeerEvent::PathForgotten(path(port)),
            Self::Report { section, layer, ntp, rtp } => PeerEvent::SenderReport {
                section: slot(section),
                layer: LayerIndex(layer % 5),
                ntp: NtpTime(ntp),
                rtp: RtpTime(rtp),
            },
            Self::Nack { slot: of, missing } => PeerEvent::Nack {
                slot: slot(of),
                missing: missing.into_iter().take(17 * 32).map(SeqNo).collect(),
            },
            Self::Keyframe(of) => PeerEvent::KeyframeRequest { slot: slot(of) },
            Self::Receiver { slot: of, lost, jitter, rtt_ms } => PeerEvent::ReceiverReport {
                slot: slot(of),
                fraction_lost: lost,
                jitter,
                rtt_ms,
            },
            Self::Bandwidth => PeerEvent::Bandwidth,
            Self::Channel(lossy, true) => PeerEvent::ChannelOpen(channel(lossy)),
            Self::Channel(lossy, false) => PeerEvent::ChannelClosed(channel(lossy)),
            Self::Data(lossy, Short(message)) => PeerEvent::Data {
                channel: channel(lossy),
                message: message.into(),
            },
            Self::Message { lossy, to, payload } => {
                let recipients = to.into_iter().take(8).map(participant).collect();
                let message = media::data::ToServer { recipients, topic: "t", payload: &payload.0 };
                PeerEvent::Data {
                    channel: channel(lossy),
                    message: message.encode().unwrap_or_default(),
                }
            }
            Self::Silent(seconds) => PeerEvent::Silent { seconds: [0, 3, 15][usize::from(seconds % 3)] },
            Self::Closed(dtls_alert) => PeerEvent::Closed { reason: "the input says so", dtls_alert },
        }
    }
}

fn path(port: u8) -> Path {
    path_of(1_000 + u16::from(port % 16))
}

/// What a peer has in store.
#[derive(Debug, Arbitrary)]
pub(super) enum Feed {
    Estimate { target_kbps: u32, stable_kbps: u32, loss: u8, queue_ms: u16, rtt_ms: u16 },
    Unknown,
    Refuses(Vec<u8>),
    Descriptors(bool),
    Reachable(bool),
    Timeout(Option<u16>),
    DataError(Option<bool>),
}

impl Feed {
    pub(super) fn into_script(self, now: Instant, script: &mut Script) {
        match self {
            Self::Estimate { target_kbps, stable_kbps, loss, queue_ms, rtt_ms } => {
                let target = Bitrate(u64::from(target_kbps % 100_000) * 1_000);
                script.bandwidth = Some(Estimate {
                    target,
                    stable: target.min(Bitrate(u64::from(stable_kbps) * 1_000)),
                    round_trip: Duration::from_millis(rtt_ms.into()),
                    loss: f64::from(loss) / 255.0,
                    repairs: f64::from(loss) / 512.0,
                    queue_delay: Duration::from_millis(queue_ms.into()),
                    jitter: Duration::from_millis(u64::from(queue_ms) / 4),
                });
                script.events.push_back(PeerEvent::Bandwidth);
            }
            Self::Unknown => script.bandwidth = None,
            Self::Refuses(codecs) => {
                script.refused_codecs =
                    codecs.into_iter().take(6).map(|codec| CODECS[usize::from(codec % 6)]).collect();
            }
            Self::Descriptors(takes) => script.refuses_descriptors = !takes,
            Self::Reachable(reachable) => script.unreachable = !reachable,
            Self::Timeout(ms) => script.timeout = ms.map(|ms| now + Duration::from_millis(ms.into())),
            Self::DataError(error) => {
                script.data_error = error.map(|full| {
                    if full { peer::DataError::Full } else { peer::DataError::NotOpen }
                });
            }
        }
    }
}

/// Packets of a publisher.
#[derive(Debug, Arbitrary)]
pub(super) enum Media {
    /// Frames of the camera, one a packet.
    Frames { layer: u8, keyframe: bool, count: u8 },
    Speech { screen: bool, loudness: u8, count: u8 },
    Any {
        section: u8,
        layer: u8,
        seq: Option<u16>,
        timestamp: Option<u32>,
        codec: u8,
        marker: bool,
        descriptor: Option<Short>,
        allocation: Option<Short>,
        level: Option<u8>,
        payload: Short,
    },
}

impl Media {
    pub(super) fn send(self, stage: &mut Stage, from: &Member) {
        match self {
            Self::Frames { layer, keyframe, count } => {
                for index in 0..=count % 32 {
                    stage.frame(from, layer % 4, keyframe && index == 0);
                }
            }
            Self::Speech { screen, loudness, count } => {
                let section = if screen { SCREEN_AUDIO } else { MIC };
                for _ in 0..=count % 32 {
                    stage.audio(from, section, loudness.min(127));
                }
            }
            Self::Any {
                section,
                layer,
                seq,
                timestamp,
                codec,
                marker,
                descriptor,
                allocation,
                level,
                payload,
            } => {
                let (section, layer) = (MLineIndex(u16::from(section % 6)), layer % 5);
                let codec = CODECS[usize::from(codec % 6)];
                let next = stage.packet(from, section, layer, codec, payload.0.into());
                let extensions = Extensions {
                    audio_level: level,
                    dependency_descriptor: descriptor.map(|bytes| Bytes::from(bytes.0)),
                    layers_allocation: allocation.map(|bytes| Bytes::from(bytes.0)),
                    ..Extensions::default()
                };
                let packet = Packet {
                    seq: seq.map_or(next.seq, SeqNo),
                    timestamp: timestamp.map_or(next.timestamp, RtpTime),
                    marker,
                    extensions,
                    ..next
                };
                stage.rtp(from, section, layer, packet);
            }
        }
    }
}

/// From an address that may be somebody's.
#[derive(Debug, Arbitrary)]
pub(super) struct Stray {
    pub(super) worker: bool,
    pub(super) port: u8,
    pub(super) closed: bool,
    pub(super) datagram: Short,
}

/// An answer to a later offer: refused, or with so many more slots.
pub(super) fn later_answer(member: &Member, sections: &mut Sections, choice: u64) -> Result<Answer, OfferError> {
    if choice % 4 == 3 {
        return Err(OfferError::Malformed("the input says so".to_owned()));
    }
    let held = sections.video_slots.iter().chain(&sections.audio_slots);
    let next = held.map(|slot| slot.mline.0 + 1).max().unwrap_or(4).max(4);
    let more = (choice % 3) as u16;
    sections.video_slots.extend(slots(next, more));
    sections.audio_slots.extend(slots(next + more, more / 2));
    Ok(Answer {
        sdp: String::new(),
        sections: sections.clone(),
        ufrag: format!("ufrag{}-{choice}", member.id.0),
    })
}
