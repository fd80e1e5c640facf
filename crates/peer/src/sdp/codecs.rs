//! The codec policy: Opus (with RED when offered) and VP8 (with RTX), under the client's own payload types.

use crate::api::OfferError;
use crate::sdp::offer::{Media, values};
use media::Codec;
use rtc::sdp::description::common::Attribute;

/// Most formats read of one m-line: browsers offer about 25.
const MAX_FORMATS: usize = 64;

/// One payload type of an offer.
#[derive(Debug, Clone)]
pub(crate) struct OfferedCodec {
    pub(crate) payload_type: u8,
    /// `opus`, `VP8`, `rtx` … in lower case.
    pub(crate) name: String,
    /// The rtpmap's value as written, to be echoed.
    pub(crate) rtpmap: String,
    pub(crate) fmtp: Option<String>,
    pub(crate) feedback: Vec<String>,
}

/// A codec of a section, as negotiated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NegotiatedCodec {
    pub(crate) codec: Codec,
    pub(crate) payload_type: u8,
    /// Payload type of its retransmissions (RFC 4588).
    pub(crate) rtx: Option<u8>,
    /// Generic NACK (RFC 4585) was negotiated.
    pub(crate) nack: bool,
    /// Lines of the answer for this codec and its RTX, in order, without `a=`.
    pub(crate) lines: Vec<String>,
}

/// The payload types of an m-line, in the client's order of preference.
pub(crate) fn read(formats: &[String], attributes: &[Attribute]) -> Vec<OfferedCodec> {
    let find = |key: &'static str, pt: &str| {
        values(attributes, key).find_map(|line| {
            line.split_once(' ')
                .filter(|(word, _)| *word == pt)
                .map(|(_, rest)| rest.trim().to_owned())
        })
    };
    formats
        .iter()
        .take(MAX_FORMATS)
        .filter_map(|format| {
            // Payload types 64–95 would be taken for RTCP (RFC 5761 §4).
            let payload_type = format.parse().ok().filter(|pt| matches!(pt, 0..=63 | 96..=127))?;
            let rtpmap = find("rtpmap", format)?;
            let feedback = values(attributes, "rtcp-fb")
                .filter_map(|line| {
                    line.split_once(' ')
                        .filter(|(word, _)| *word == format || *word == "*")
                })
                .map(|(_, feedback)| feedback.trim().to_owned())
                .collect();
            Some(OfferedCodec {
                payload_type,
                name: rtpmap.split('/').next().unwrap_or_default().to_ascii_lowercase(),
                fmtp: find("fmtp", format),
                rtpmap,
                feedback,
            })
        })
        .collect()
}

/// What of an offered section is used, in the client's order.
///
/// `transport_cc`: whether transport-wide feedback (the extension) is negotiated on this section.
pub(crate) fn negotiate(
    mline: u16,
    media: Media,
    offered: &[OfferedCodec],
    transport_cc: bool,
) -> Result<Vec<NegotiatedCodec>, OfferError> {
    let mut chosen: Vec<NegotiatedCodec> = Vec::new();
    for codec in offered {
        let kind = match (media, codec.name.as_str()) {
            (Media::Audio, "opus") => Codec::Opus,
            (Media::Audio, "red") if red_over_opus(codec, offered) => Codec::Red,
            (Media::Video, "vp8") => Codec::Vp8,
            _ => continue,
        };
        if chosen.iter().any(|known| known.codec == kind) {
            continue;
        }
        chosen.push(accept(kind, codec, offered, transport_cc));
    }
    let wanted = match media {
        Media::Audio => Codec::Opus,
        _ => Codec::Vp8,
    };
    if !chosen.iter().any(|known| known.codec == wanted) {
        let wanted = if wanted == Codec::Opus {
            "opus/48000/2"
        } else {
            "VP8/90000, with rtx/90000 for it"
        };
        return Err(OfferError::NoCodec { mline, wanted });
    }
    Ok(chosen)
}

/// RED carries any codec (RFC 2198); ours must be Opus over Opus.
fn red_over_opus(red: &OfferedCodec, offered: &[OfferedCodec]) -> bool {
    let opus = |pt: &str| {
        pt.parse::<u8>().is_ok_and(|pt| {
            offered
                .iter()
                .any(|codec| codec.payload_type == pt && codec.name == "opus")
        })
    };
    red.fmtp
        .as_deref()
        .is_some_and(|fmtp| !fmtp.is_empty() && fmtp.split('/').all(opus))
}

fn accept(
    codec: Codec,
    offer: &OfferedCodec,
    offered: &[OfferedCodec],
    transport_cc: bool,
) -> NegotiatedCodec {
    let pt = offer.payload_type;
    let mut lines = vec![format!("rtpmap:{pt} {}", offer.rtpmap)];
    let usable = |feedback: &&String| match feedback.as_str() {
        "nack" | "nack pli" | "ccm fir" => true,
        "transport-cc" => transport_cc,
        _ => false,
    };
    lines.extend(
        offer
            .feedback
            .iter()
            .filter(usable)
            .map(|feedback| format!("rtcp-fb:{pt} {feedback}")),
    );
    if let Some(fmtp) = answer_fmtp(codec, offer) {
        lines.push(format!("fmtp:{pt} {fmtp}"));
    }
    let repair = offered
        .iter()
        .find(|rtx| rtx.name == "rtx" && apt(rtx) == Some(pt));
    if let Some(rtx) = repair {
        lines.push(format!("rtpmap:{} {}", rtx.payload_type, rtx.rtpmap));
        lines.push(format!("fmtp:{} apt={pt}", rtx.payload_type));
    }
    NegotiatedCodec {
        codec,
        payload_type: pt,
        rtx: repair.map(|rtx| rtx.payload_type),
        nack: offer.feedback.iter().any(|feedback| feedback == "nack"),
        lines,
    }
}

/// Opus parameters say what the *receiver* of the answer's owner wants (RFC 7587 §7.1): in-band FEC, and stereo
/// as it comes. RED repeats its redundancy list.
fn answer_fmtp(codec: Codec, offer: &OfferedCodec) -> Option<String> {
    match codec {
        Codec::Opus => Some("minptime=10;useinbandfec=1".to_owned()),
        Codec::Red => offer.fmtp.clone(),
        _ => None,
    }
}

fn apt(rtx: &OfferedCodec) -> Option<u8> {
    let fmtp = rtx.fmtp.as_deref()?;
    fmtp.split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("apt=")?.parse().ok())
}
