//! The codecs and header extensions of the offer: those of Chromium that Plenum uses, with its numbers.

use super::ClientError;
use media::Codec;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_AV1, MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_RTX, MIME_TYPE_VP8, MIME_TYPE_VP9, MediaEngine,
};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};

/// Payload type of Opus.
pub(super) const PT_OPUS: u8 = 111;
/// Payload type of RED over Opus.
pub(super) const PT_RED: u8 = 63;
/// Payload type of VP8.
pub(super) const PT_VP8: u8 = 96;

/// URIs of the header extensions written or read here.
pub(super) mod uri {
    pub(crate) const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
    pub(crate) const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
    pub(crate) const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
    pub(crate) const REPAIRED_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
    pub(crate) const TRANSPORT_CC: &str =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    pub(crate) const ABS_SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
    pub(crate) const TOFFSET: &str = "urn:ietf:params:rtp-hdrext:toffset";
    pub(crate) const ORIENTATION: &str = "urn:3gpp:video-orientation";
    pub(crate) const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
    pub(crate) const DEPENDENCY_DESCRIPTOR: &str =
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
    pub(crate) const CONTENT_TYPE: &str = "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type";
    // Offered as Chromium does, and written on no packet.
    pub(crate) const TIMING: &str = "http://www.webrtc.org/experiments/rtp-hdrext/video-timing";
    pub(crate) const COLOR_SPACE: &str = "http://www.webrtc.org/experiments/rtp-hdrext/color-space";
    pub(crate) const LAYERS_ALLOCATION: &str =
        "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00";
}

/// Codecs of an audio section, the one to send first in front.
pub(super) fn audio_codecs(red: bool) -> Vec<RTCRtpCodecParameters> {
    let feedback = vec![feedback("transport-cc", "")];
    let opus = codec(
        PT_OPUS,
        MIME_TYPE_OPUS,
        48_000,
        2,
        "minptime=10;useinbandfec=1",
        &feedback,
    );
    if red {
        vec![codec(PT_RED, "audio/red", 48_000, 2, "111/111", &feedback), opus]
    } else {
        vec![opus]
    }
}

/// Codecs of a video section, each followed by its retransmissions.
pub(super) fn video_codecs(offered: &[Codec]) -> Vec<RTCRtpCodecParameters> {
    let feedback = [
        feedback("goog-remb", ""),
        feedback("transport-cc", ""),
        feedback("ccm", "fir"),
        feedback("nack", ""),
        feedback("nack", "pli"),
    ];
    let known = |offered: &Codec| match offered {
        Codec::Vp8 => Some((PT_VP8, MIME_TYPE_VP8, "")),
        Codec::Vp9 => Some((98, MIME_TYPE_VP9, "profile-id=0")),
        Codec::Av1 => Some((45, MIME_TYPE_AV1, "level-idx=5;profile=0;tier=0")),
        Codec::H264 => Some((
            108,
            MIME_TYPE_H264,
            "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        )),
        Codec::Opus | Codec::Red => None,
    };
    offered
        .iter()
        .filter_map(known)
        .flat_map(|(payload_type, mime, fmtp)| {
            let apt = format!("apt={payload_type}");
            [
                codec(payload_type, mime, 90_000, 0, fmtp, &feedback),
                codec(payload_type + 1, MIME_TYPE_RTX, 90_000, 0, &apt, &[]),
            ]
        })
        .collect()
}

/// An engine that knows these codecs and Chromium's header extensions.
pub(super) fn media_engine(red: bool, video: &[Codec]) -> Result<MediaEngine, ClientError> {
    let mut engine = MediaEngine::default();
    for codec in audio_codecs(red) {
        engine.register_codec(codec, RtpCodecKind::Audio)?;
    }
    for codec in video_codecs(video) {
        engine.register_codec(codec, RtpCodecKind::Video)?;
    }
    for uri in [uri::AUDIO_LEVEL, uri::ABS_SEND_TIME, uri::TRANSPORT_CC, uri::MID] {
        extension(&mut engine, uri, RtpCodecKind::Audio)?;
    }
    for uri in [
        uri::TOFFSET,
        uri::ABS_SEND_TIME,
        uri::ORIENTATION,
        uri::TRANSPORT_CC,
        uri::PLAYOUT_DELAY,
        uri::CONTENT_TYPE,
        uri::TIMING,
        uri::COLOR_SPACE,
        uri::LAYERS_ALLOCATION,
        uri::MID,
        uri::RID,
        uri::REPAIRED_RID,
        uri::DEPENDENCY_DESCRIPTOR,
    ] {
        extension(&mut engine, uri, RtpCodecKind::Video)?;
    }
    Ok(engine)
}

fn extension(engine: &mut MediaEngine, uri: &str, kind: RtpCodecKind) -> Result<(), ClientError> {
    let capability = RTCRtpHeaderExtensionCapability { uri: uri.to_owned() };
    Ok(engine.register_header_extension(capability, kind, None)?)
}

fn feedback(typ: &str, parameter: &str) -> RTCPFeedback {
    RTCPFeedback {
        typ: typ.to_owned(),
        parameter: parameter.to_owned(),
    }
}

fn codec(
    payload_type: u8,
    mime: &str,
    clock_rate: u32,
    channels: u16,
    fmtp: &str,
    feedback: &[RTCPFeedback],
) -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: mime.to_owned(),
            clock_rate,
            channels,
            sdp_fmtp_line: fmtp.to_owned(),
            rtcp_feedback: feedback.to_vec(),
        },
        payload_type,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Client, ClientConfig};
    use media::Codec;
    use std::collections::BTreeSet;
    use std::time::Instant;

    /// Header extensions of each kind of a recorded offer.
    fn extensions(sdp: &str, kind: &str) -> BTreeSet<String> {
        let sections = sdp
            .split("\nm=")
            .skip(1)
            .filter(|section| section.starts_with(kind));
        let lines = sections
            .flat_map(str::lines)
            .filter_map(|line| line.strip_prefix("a=extmap:"));
        lines
            .filter_map(|line| Some(line.trim_end().split_once(' ')?.1.to_owned()))
            .collect()
    }

    #[test]
    fn the_offer_has_the_sections_and_extensions_of_our_sdk_in_chromium() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let now = Instant::now();
        let config = ClientConfig {
            red: true,
            video_codecs: vec![Codec::Vp8, Codec::Vp9, Codec::Av1, Codec::H264],
            publish_codecs: Some(vec![Codec::Vp8]),
            video_slots: 9,
            audio_slots: 11,
            ..ClientConfig::default()
        };
        let offer = Client::new(now, config).unwrap().offer(now).unwrap().sdp;
        let kinds: Vec<&str> = offer
            .split("\nm=")
            .skip(1)
            .filter_map(|section| section.split(' ').next())
            .collect();
        let wanted = [
            vec!["audio", "video", "video", "audio"],
            vec!["video"; 9],
            vec!["audio"; 11],
        ]
        .concat();
        assert_eq!(kinds[..24], wanted);
        assert_eq!(kinds[24..], ["application"]);
        assert_eq!(offer.matches("a=sendonly").count(), 4);
        assert_eq!(offer.matches("a=simulcast:send q;h;f").count(), 1, "{offer}");
        let formats = |name: &str| offer.matches(name).count();
        assert_eq!([formats("red/48000"), formats("opus/48000")], [13, 13]);
        assert_eq!(
            [formats("VP8/90000"), formats("VP9/90000"), formats("H264/90000")],
            [11, 9, 9]
        );
        // As recorded from Chromium, of which the SDK takes all.
        let audio = [
            "ssrc-audio-level",
            "abs-send-time",
            "transport-wide-cc-extensions-01",
            "sdes:mid",
        ];
        let video = [
            "toffset",
            "abs-send-time",
            "video-orientation",
            "transport-wide-cc-extensions-01",
            "playout-delay",
            "video-content-type",
            "video-timing",
            "color-space",
            "sdes:mid",
            "rtp-stream-id",
            "repaired-rtp-stream-id",
            "dependency-descriptor-rtp-header-extension",
            "video-layers-allocation00",
        ];
        for (kind, wanted) in [("audio", &audio[..]), ("video", &video[..])] {
            let offered = extensions(&offer, kind);
            assert_eq!(offered.len(), wanted.len(), "{kind}: {offered:?}");
            assert!(
                wanted
                    .iter()
                    .all(|end| offered.iter().any(|uri| uri.ends_with(end))),
                "{kind}: {offered:?}"
            );
        }
    }
}
