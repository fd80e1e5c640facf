//! What plain peers and people say to each other: RTP, RTCP and data by meaning, without cryptography.
//!
//! A datagram is 0x80 (so that it passes for RTP, RFC 7983), a tag, and fields in big-endian order.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use media::packet::SlotPacket;
use media::{Codec, Extensions, LayerIndex, MLineIndex, NtpTime, Packet, RtpTime, SeqNo, TrackId};
use peer::{DataChannel, SlotReport};
use std::time::Duration;

/// A message in either direction.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// To the server: a packet of a publish section.
    Media {
        section: MLineIndex,
        layer: LayerIndex,
        packet: Packet,
    },
    /// To the server: the publisher's clocks.
    SenderReport {
        section: MLineIndex,
        layer: LayerIndex,
        ntp: NtpTime,
        rtp: RtpTime,
    },
    /// Either way: packets are missing; `layer` means something towards a publisher only.
    Nack {
        mline: MLineIndex,
        layer: LayerIndex,
        missing: Vec<SeqNo>,
    },
    /// Either way: a keyframe is needed.
    Keyframe { mline: MLineIndex, layer: LayerIndex },
    /// To the server: the round trip a subscriber measured.
    RoundTrip { slot: MLineIndex, rtt_ms: u32 },
    /// To the client: a packet of a slot.
    Slot {
        slot: MLineIndex,
        again: bool,
        /// Transport-wide number.
        transport: u16,
        packet: SlotPacket,
    },
    /// To the client: padding.
    Padding { transport: u16, bytes: u16 },
    /// To the server: when numbered packets arrived, on the client's clock.
    Feedback { reports: Vec<(u16, Option<Duration>)> },
    /// To the client: a slot's line.
    Report { slot: MLineIndex, report: SlotReport },
    /// Either way: a data-channel message.
    Data { channel: DataChannel, message: Bytes },
    /// Either way: the connection is over.
    Bye,
}

const FIRST_BYTE: u8 = 0x80;
const NOT_ARRIVED: u64 = u64::MAX;
/// What a real packet's headers, extensions and SRTP tag take beyond a message's own head, in bytes: links are charged
/// for it.
pub(crate) const MORE_HEADERS: usize = 28;
const NO_LEVEL: u8 = 0xFF;
/// Beside the layer's number: a layers allocation follows.
const ALLOCATED: u8 = 0x80;

impl Message {
    pub(crate) fn encode(&self) -> BytesMut {
        let mut out = BytesMut::with_capacity(1_280);
        out.put_u8(FIRST_BYTE);
        match self {
            Message::Media {
                section,
                layer,
                packet,
            } => {
                let allocation = &packet.extensions.layers_allocation;
                let allocated = if allocation.is_some() { ALLOCATED } else { 0 };
                put_head(&mut out, 0, *section, layer.0 | allocated);
                if let Some(allocation) = allocation {
                    // Well below 256 bytes, as in RTP.
                    out.put_u8(allocation.len() as u8);
                    out.put_slice(allocation);
                }
                put_rtp(
                    &mut out,
                    packet.seq,
                    packet.timestamp,
                    packet.marker,
                    packet.codec,
                );
                put_body(&mut out, &packet.extensions, &packet.payload);
            }
            Message::SenderReport {
                section,
                layer,
                ntp,
                rtp,
            } => {
                put_head(&mut out, 1, *section, layer.0);
                out.put_u64(ntp.0);
                out.put_u32(rtp.0);
            }
            Message::Nack {
                mline,
                layer,
                missing,
            } => {
                put_head(&mut out, 2, *mline, layer.0);
                missing.iter().for_each(|seq| out.put_u16(seq.0));
            }
            Message::Keyframe { mline, layer } => put_head(&mut out, 3, *mline, layer.0),
            Message::RoundTrip { slot, rtt_ms } => {
                put_head(&mut out, 4, *slot, 0);
                out.put_u32(*rtt_ms);
            }
            Message::Slot {
                slot,
                again,
                transport,
                packet,
            } => {
                put_head(&mut out, 5, *slot, u8::from(*again));
                out.put_u16(*transport);
                out.put_u32(packet.csrc.0);
                put_rtp(
                    &mut out,
                    packet.seq,
                    packet.timestamp,
                    packet.marker,
                    packet.codec,
                );
                put_body(&mut out, &packet.extensions, &packet.payload.to_bytes());
            }
            Message::Report { slot, report } => {
                put_head(&mut out, 6, *slot, 0);
                out.put_u64(report.ntp.0);
                out.put_u32(report.rtp.0);
                out.put_u32(report.packets);
                out.put_u32(report.octets);
            }
            Message::Data { channel, message } => {
                put_head(
                    &mut out,
                    7,
                    MLineIndex(0),
                    u8::from(*channel == DataChannel::Lossy),
                );
                out.put_slice(message);
            }
            Message::Bye => put_head(&mut out, 8, MLineIndex(0), 0),
            Message::Padding { transport, bytes } => {
                put_head(&mut out, 9, MLineIndex(0), 0);
                out.put_u16(*transport);
                out.put_bytes(0, usize::from(*bytes));
            }
            Message::Feedback { reports } => {
                put_head(&mut out, 10, MLineIndex(0), 0);
                for (seq, arrival) in reports {
                    out.put_u16(*seq);
                    out.put_u64(arrival.map_or(NOT_ARRIVED, |at| at.as_nanos() as u64));
                }
            }
        }
        out
    }

    /// `None` for anything that is not a message.
    pub(crate) fn decode(datagram: BytesMut) -> Option<Message> {
        let mut bytes = datagram.freeze();
        if bytes.try_get_u8().ok()? != FIRST_BYTE {
            return None;
        }
        let tag = bytes.try_get_u8().ok()?;
        let mline = MLineIndex(bytes.try_get_u16().ok()?);
        let small = bytes.try_get_u8().ok()?;
        let layer = LayerIndex(small);
        Some(match tag {
            0 => {
                let layers_allocation = if small & ALLOCATED == 0 {
                    None
                } else {
                    let length = usize::from(bytes.try_get_u8().ok()?);
                    Some((bytes.len() >= length).then(|| bytes.split_to(length))?)
                };
                let (seq, timestamp, marker, codec) = get_rtp(&mut bytes)?;
                let extensions = Extensions {
                    layers_allocation,
                    ..get_extensions(&mut bytes)?
                };
                let packet = Packet {
                    seq,
                    timestamp,
                    marker,
                    codec,
                    extensions,
                    payload: bytes,
                };
                Message::Media {
                    section: mline,
                    layer: LayerIndex(small & !ALLOCATED),
                    packet,
                }
            }
            1 => {
                let ntp = NtpTime(bytes.try_get_u64().ok()?);
                Message::SenderReport {
                    section: mline,
                    layer,
                    ntp,
                    rtp: RtpTime(bytes.try_get_u32().ok()?),
                }
            }
            2 => {
                let missing = std::iter::from_fn(|| bytes.try_get_u16().ok().map(SeqNo)).collect();
                Message::Nack {
                    mline,
                    layer,
                    missing,
                }
            }
            3 => Message::Keyframe { mline, layer },
            4 => Message::RoundTrip {
                slot: mline,
                rtt_ms: bytes.try_get_u32().ok()?,
            },
            5 => {
                let transport = bytes.try_get_u16().ok()?;
                let csrc = TrackId(bytes.try_get_u32().ok()?);
                let (seq, timestamp, marker, codec) = get_rtp(&mut bytes)?;
                let extensions = get_extensions(&mut bytes)?;
                let packet = SlotPacket {
                    seq,
                    timestamp,
                    marker,
                    codec,
                    csrc,
                    extensions,
                    payload: bytes.into(),
                };
                Message::Slot {
                    slot: mline,
                    again: small == 1,
                    transport,
                    packet,
                }
            }
            6 => {
                let (ntp, rtp) = (
                    NtpTime(bytes.try_get_u64().ok()?),
                    RtpTime(bytes.try_get_u32().ok()?),
                );
                let (packets, octets) = (bytes.try_get_u32().ok()?, bytes.try_get_u32().ok()?);
                Message::Report {
                    slot: mline,
                    report: SlotReport {
                        ntp,
                        rtp,
                        packets,
                        octets,
                    },
                }
            }
            7 => {
                let channel = if small == 1 {
                    DataChannel::Lossy
                } else {
                    DataChannel::Reliable
                };
                Message::Data {
                    channel,
                    message: bytes,
                }
            }
            8 => Message::Bye,
            9 => Message::Padding {
                transport: bytes.try_get_u16().ok()?,
                bytes: bytes.len() as u16,
            },
            10 => {
                let one = || {
                    let seq = bytes.try_get_u16().ok()?;
                    let arrival = bytes.try_get_u64().ok()?;
                    Some((
                        seq,
                        (arrival != NOT_ARRIVED).then(|| Duration::from_nanos(arrival)),
                    ))
                };
                Message::Feedback {
                    reports: std::iter::from_fn(one).collect(),
                }
            }
            _ => return None,
        })
    }
}

fn put_head(out: &mut BytesMut, tag: u8, mline: MLineIndex, small: u8) {
    out.put_u8(tag);
    out.put_u16(mline.0);
    out.put_u8(small);
}

fn put_rtp(out: &mut BytesMut, seq: SeqNo, timestamp: RtpTime, marker: bool, codec: Codec) {
    out.put_u16(seq.0);
    out.put_u32(timestamp.0);
    out.put_u8(u8::from(marker));
    out.put_u8(match codec {
        Codec::Opus => 0,
        Codec::Red => 1,
        Codec::Vp8 => 2,
        Codec::Vp9 => 3,
        Codec::Av1 => 4,
        Codec::H264 => 5,
    });
}

fn get_rtp(bytes: &mut Bytes) -> Option<(SeqNo, RtpTime, bool, Codec)> {
    let (seq, timestamp) = (
        SeqNo(bytes.try_get_u16().ok()?),
        RtpTime(bytes.try_get_u32().ok()?),
    );
    let marker = bytes.try_get_u8().ok()? == 1;
    let codec = match bytes.try_get_u8().ok()? {
        0 => Codec::Opus,
        1 => Codec::Red,
        2 => Codec::Vp8,
        3 => Codec::Vp9,
        4 => Codec::Av1,
        5 => Codec::H264,
        _ => return None,
    };
    Some((seq, timestamp, marker, codec))
}

/// Of the header extensions, plain people only know the audio level.
fn put_body(out: &mut BytesMut, extensions: &Extensions, payload: &Bytes) {
    out.put_u8(extensions.audio_level.unwrap_or(NO_LEVEL));
    out.put_slice(payload);
}

fn get_extensions(bytes: &mut Bytes) -> Option<Extensions> {
    let level = bytes.try_get_u8().ok()?;
    Some(Extensions {
        audio_level: (level != NO_LEVEL).then_some(level),
        ..Extensions::default()
    })
}
