//! The codec policy, under the client's own payload types and in its order: Opus, with RED when offered; VP8, which
//! everybody must have, and one flavour each of VP9, AV1 and H.264 when offered, all with RTX.

use crate::api::OfferError;
use crate::sdp::formats;
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
            // Spelt as RFC 8866 §9 has it: no `+96` or `096` beside the 96 that they would be answered as.
            let payload_type = format
                .parse::<u8>()
                .ok()
                .filter(|pt| matches!(pt, 0..=63 | 96..=127) && pt.to_string() == *format)?;
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

/// How the client says what its path carries, on the section at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bandwidth {
    /// Feedback on transport-wide sequence numbers: the extension is negotiated.
    TransportCc,
    /// REMB, if the codec has it.
    Remb,
    /// Not asked for: on what it publishes we are the one to say.
    None,
}

/// What of an offered section is used, in the client's order; each codec at most once.
pub(crate) fn negotiate(
    mline: u16,
    media: Media,
    offered: &[OfferedCodec],
    bandwidth: Bandwidth,
) -> Result<Vec<NegotiatedCodec>, OfferError> {
    let kind_of = |codec: &OfferedCodec| match (media, codec.name.as_str()) {
        (Media::Audio, "opus") => Some(Codec::Opus),
        (Media::Audio, "red") if red_over_opus(codec, offered) => Some(Codec::Red),
        (Media::Video, _) => formats::video(codec),
        _ => None,
    };
    let candidates: Vec<(Codec, &OfferedCodec)> = offered
        .iter()
        .filter_map(|codec| Some((kind_of(codec)?, codec)))
        .collect();
    let is_best = |kind: Codec, codec: &OfferedCodec| {
        let same = candidates.iter().filter(|(other, _)| *other == kind);
        // The first of those with the lowest rank.
        same.min_by_key(|(_, other)| formats::rank(kind, other))
            .is_some_and(|(_, best)| std::ptr::eq(*best, codec))
    };
    let chosen: Vec<NegotiatedCodec> = candidates
        .iter()
        .filter(|(kind, codec)| is_best(*kind, codec))
        .map(|(kind, codec)| accept(*kind, codec, offered, bandwidth))
        .collect();
    let (wanted, words) = match media {
        Media::Audio => (Codec::Opus, "opus/48000/2"),
        _ => (Codec::Vp8, "VP8/90000, with rtx/90000 for it"),
    };
    if !chosen.iter().any(|known| known.codec == wanted) {
        return Err(OfferError::NoCodec { mline, wanted: words });
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
    bandwidth: Bandwidth,
) -> NegotiatedCodec {
    let pt = offer.payload_type;
    let mut lines = vec![format!("rtpmap:{pt} {}", offer.rtpmap)];
    let usable = |feedback: &&String| match feedback.as_str() {
        "nack" | "nack pli" | "ccm fir" => true,
        "transport-cc" => bandwidth == Bandwidth::TransportCc,
        "goog-remb" => bandwidth == Bandwidth::Remb,
        _ => false,
    };
    lines.extend(
        offer
            .feedback
            .iter()
            .filter(usable)
            .map(|feedback| format!("rtcp-fb:{pt} {feedback}")),
    );
    if let Some(fmtp) = formats::answer(codec, offer) {
        lines.push(format!("fmtp:{pt} {fmtp}"));
    }
    let repair = offered
        .iter()
        .find(|rtx| rtx.name == "rtx" && formats::apt(rtx) == Some(pt));
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
