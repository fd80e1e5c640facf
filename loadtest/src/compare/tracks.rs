//! What is negotiated: one codec of each kind and the header extensions of a browser that these servers use.

use super::load::{Load, PT_OPUS, PT_VP8};
use anyhow::Result;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_OPUS, MIME_TYPE_RTX, MIME_TYPE_VP8, MediaEngine,
};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RTCRtpHeaderExtensionCapability, RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};

const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const ABS_SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// The sections of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tracks {
    /// One to send.
    Publish(Load),
    /// A picture and a sound to receive, which need not come.
    Receive,
}

impl Tracks {
    /// Adds the sections, the picture first.
    pub(super) fn add(self, pc: &mut RTCPeerConnection, ssrc: u32) -> Result<()> {
        match self {
            Self::Publish(load) => publish(pc, load, ssrc),
            Self::Receive => {
                for kind in [RtpCodecKind::Video, RtpCodecKind::Audio] {
                    let init = RTCRtpTransceiverInit {
                        direction: RTCRtpTransceiverDirection::Recvonly,
                        streams: vec![],
                        send_encodings: vec![],
                    };
                    pc.add_transceiver_from_kind(kind, Some(init))?;
                }
                Ok(())
            }
        }
    }
}

fn publish(pc: &mut RTCPeerConnection, load: Load, ssrc: u32) -> Result<()> {
    let (kind, codec) = if load.is_audio() {
        (RtpCodecKind::Audio, opus())
    } else {
        (RtpCodecKind::Video, vp8())
    };
    let encodings = vec![RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            rtx: (!load.is_audio()).then(|| RTCRtpRtxParameters { ssrc: ssrc + 1 }),
            ..RTCRtpCodingParameters::default()
        },
        active: true,
        codec: codec.rtp_codec,
        ..RTCRtpEncodingParameters::default()
    }];
    let name = load.name().to_owned();
    let track = MediaStreamTrack::new(name.clone(), name.clone(), name, kind, encodings.clone());
    let init = RTCRtpTransceiverInit {
        direction: RTCRtpTransceiverDirection::Sendonly,
        streams: vec![],
        send_encodings: encodings,
    };
    pc.add_transceiver_from_track(track, Some(init))?;
    Ok(())
}

/// An engine that knows them.
pub(super) fn media_engine() -> Result<MediaEngine> {
    let mut engine = MediaEngine::default();
    engine.register_codec(opus(), RtpCodecKind::Audio)?;
    engine.register_codec(vp8(), RtpCodecKind::Video)?;
    let apt = format!("apt={PT_VP8}");
    let rtx = codec(PT_VP8 + 1, MIME_TYPE_RTX, 90_000, 0, &apt, &[]);
    engine.register_codec(rtx, RtpCodecKind::Video)?;
    let audio = [AUDIO_LEVEL, ABS_SEND_TIME, TRANSPORT_CC, MID].map(|uri| (uri, RtpCodecKind::Audio));
    let video = [ABS_SEND_TIME, TRANSPORT_CC, MID].map(|uri| (uri, RtpCodecKind::Video));
    for (uri, kind) in audio.into_iter().chain(video) {
        let capability = RTCRtpHeaderExtensionCapability { uri: uri.to_owned() };
        engine.register_header_extension(capability, kind, None)?;
    }
    Ok(engine)
}

fn opus() -> RTCRtpCodecParameters {
    let fmtp = "minptime=10;useinbandfec=1";
    codec(PT_OPUS, MIME_TYPE_OPUS, 48_000, 2, fmtp, &[("transport-cc", "")])
}

fn vp8() -> RTCRtpCodecParameters {
    let feedback = [
        ("goog-remb", ""),
        ("transport-cc", ""),
        ("ccm", "fir"),
        ("nack", ""),
        ("nack", "pli"),
    ];
    codec(PT_VP8, MIME_TYPE_VP8, 90_000, 0, "", &feedback)
}

fn codec(
    payload_type: u8,
    mime: &str,
    clock_rate: u32,
    channels: u16,
    fmtp: &str,
    feedback: &[(&str, &str)],
) -> RTCRtpCodecParameters {
    let feedback = feedback.iter().map(|(typ, parameter)| RTCPFeedback {
        typ: (*typ).to_owned(),
        parameter: (*parameter).to_owned(),
    });
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: mime.to_owned(),
            clock_rate,
            channels,
            sdp_fmtp_line: fmtp.to_owned(),
            rtcp_feedback: feedback.collect(),
        },
        payload_type,
    }
}

/// Id of the audio level extension in an answer: `a=extmap:1 urn:…` or `a=extmap:1/sendonly urn:…`.
pub(super) fn level_id(sdp: &str) -> Option<u8> {
    sdp.lines().find_map(|line| {
        let (id, uri) = line.trim_end().strip_prefix("a=extmap:")?.split_once(' ')?;
        let id = id.split('/').next()?;
        (uri.split(' ').next() == Some(AUDIO_LEVEL)).then(|| id.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audio_level_is_found_with_and_without_a_direction() {
        let line = |id: &str| format!("v=0\r\na=extmap:4 {MID}\r\na=extmap:{id} {AUDIO_LEVEL}\r\n");
        assert_eq!(level_id(&line("1")), Some(1));
        assert_eq!(level_id(&line("9/sendonly")), Some(9));
        assert_eq!(level_id("v=0\r\n"), None);
    }
}
