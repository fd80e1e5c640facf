//! Which of a codec's many flavours (`a=fmtp`) are forwarded, and what the answer says about them.

use crate::sdp::codecs::OfferedCodec;
use media::Codec;

/// The codec an offered video format is, if it is a flavour that is forwarded: those that every browser decodes.
pub(crate) fn video(offer: &OfferedCodec) -> Option<Codec> {
    match offer.name.as_str() {
        "vp8" => Some(Codec::Vp8),
        // 8 bits, 4:2:0. Profile 2 has ten bits (RFC 9628 §6).
        "vp9" => is_zero(offer, "profile-id").then_some(Codec::Vp9),
        // Main profile (AV1 RTP payload specification §7.2.1).
        "av1" => is_zero(offer, "profile").then_some(Codec::Av1),
        "h264" => h264_rank(offer).map(|_| Codec::H264),
        _ => None,
    }
}

/// Among several offered flavours of one codec the one with the lowest rank is taken, of equals the client's first.
pub(crate) fn rank(codec: Codec, offer: &OfferedCodec) -> u8 {
    match codec {
        Codec::H264 => h264_rank(offer).unwrap_or(u8::MAX),
        _ => 0,
    }
}

/// Baseline in packetization mode 1 (RFC 6184 §8.1). Constrained Baseline (42e0) is what every browser speaks;
/// what is offered as plain Baseline (4200) is the same stream in practice.
fn h264_rank(offer: &OfferedCodec) -> Option<u8> {
    if parameter(offer, "packetization-mode") != Some("1") {
        return None;
    }
    let profile = parameter(offer, "profile-level-id").filter(|id| id.len() == 6)?;
    match profile.get(..4)?.to_ascii_lowercase().as_str() {
        "42e0" => Some(0),
        "4200" => Some(1),
        _ => None,
    }
}

/// The parameters of the answer; `None` when it has none.
///
/// Opus parameters say what the *receiver* of the answer's owner wants (RFC 7587 §7.1): in-band FEC, and stereo as it
/// comes. RED repeats its redundancy list. Video repeats what names the flavour, and leaves out limits of the client's
/// own (`max-fs`): what is forwarded was made for everybody.
pub(crate) fn answer(codec: Codec, offer: &OfferedCodec) -> Option<String> {
    let repeated: &[&str] = match codec {
        Codec::Opus => return Some("minptime=10;useinbandfec=1".to_owned()),
        Codec::Red => return offer.fmtp.clone(),
        Codec::Vp8 => return None,
        Codec::Vp9 => &["profile-id"],
        Codec::Av1 => &["level-idx", "profile", "tier"],
        Codec::H264 => &[
            "level-asymmetry-allowed",
            "packetization-mode",
            "profile-level-id",
        ],
    };
    let words: Vec<String> = repeated
        .iter()
        .filter_map(|name| Some(format!("{name}={}", parameter(offer, name)?)))
        .collect();
    (!words.is_empty()).then(|| words.join(";"))
}

/// The payload type an `rtx` format repairs (RFC 4588 §8.6).
pub(crate) fn apt(rtx: &OfferedCodec) -> Option<u8> {
    parameter(rtx, "apt")?.parse().ok()
}

/// Absent means 0.
fn is_zero(offer: &OfferedCodec, name: &str) -> bool {
    parameter(offer, name).is_none_or(|value| value == "0")
}

fn parameter<'a>(offer: &'a OfferedCodec, name: &str) -> Option<&'a str> {
    offer.fmtp.as_deref()?.split(';').find_map(|parameter| {
        let (key, value) = parameter.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
