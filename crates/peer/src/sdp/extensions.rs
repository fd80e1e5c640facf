//! Header extensions (RFC 8285): which are used, under which ids, in which direction.

use crate::api::OfferError;
use crate::sdp::offer::values;
use rtc::sdp::description::common::Attribute;

/// Most extensions read of one section: browsers offer about 13.
const MAX_EXTENSIONS: usize = 32;

/// A header extension this server understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extension {
    /// RFC 9143 §15.
    Mid,
    /// RFC 8852.
    Rid,
    /// RFC 8852.
    RepairedRid,
    /// RFC 6464.
    AudioLevel,
    /// draft-holmer-rmcat-transport-wide-cc-extensions-01.
    TransportCc,
    /// 3GPP TS 26.114.
    VideoOrientation,
    /// libwebrtc.
    PlayoutDelay,
    /// libwebrtc.
    ContentType,
    /// AV1 RTP payload specification, appendix A; for other codecs too.
    DependencyDescriptor,
    /// libwebrtc; from publishers only.
    LayersAllocation,
}

/// All of them, with their URIs.
const KNOWN: [(Extension, &str); 10] = [
    (Extension::Mid, "urn:ietf:params:rtp-hdrext:sdes:mid"),
    (Extension::Rid, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
    (
        Extension::RepairedRid,
        "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    ),
    (
        Extension::AudioLevel,
        "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    ),
    (Extension::TransportCc, TRANSPORT_CC_URI),
    (Extension::VideoOrientation, "urn:3gpp:video-orientation"),
    (
        Extension::PlayoutDelay,
        "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    ),
    (
        Extension::ContentType,
        "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
    ),
    (
        Extension::DependencyDescriptor,
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    ),
    (Extension::LayersAllocation, media::layers_allocation::URI),
];

/// Transport-wide sequence numbers.
pub(crate) const TRANSPORT_CC_URI: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// One `a=extmap` of an offer that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OfferedExtension {
    pub(crate) extension: Extension,
    pub(crate) id: u8,
    /// The client may send it (no direction, `sendonly` or `sendrecv`).
    pub(crate) client_sends: bool,
    /// The client may receive it.
    pub(crate) client_receives: bool,
    /// The extmap line carried a direction, so the answer must (RFC 8285 §6).
    pub(crate) directed: bool,
}

/// Ids by meaning; 0 when not negotiated (0 is never a valid id, RFC 8285 §4.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ExtensionIds {
    pub(crate) mid: u8,
    pub(crate) rid: u8,
    pub(crate) repaired_rid: u8,
    pub(crate) audio_level: u8,
    pub(crate) transport_cc: u8,
    pub(crate) video_orientation: u8,
    pub(crate) playout_delay: u8,
    pub(crate) content_type: u8,
    pub(crate) dependency_descriptor: u8,
    pub(crate) layers_allocation: u8,
}

impl ExtensionIds {
    fn field(&mut self, extension: Extension) -> &mut u8 {
        match extension {
            Extension::Mid => &mut self.mid,
            Extension::Rid => &mut self.rid,
            Extension::RepairedRid => &mut self.repaired_rid,
            Extension::AudioLevel => &mut self.audio_level,
            Extension::TransportCc => &mut self.transport_cc,
            Extension::VideoOrientation => &mut self.video_orientation,
            Extension::PlayoutDelay => &mut self.playout_delay,
            Extension::ContentType => &mut self.content_type,
            Extension::DependencyDescriptor => &mut self.dependency_descriptor,
            Extension::LayersAllocation => &mut self.layers_allocation,
        }
    }

    /// Add the ids of another section of the same bundle; ids are the same all over it (RFC 9143 §9.2), so
    /// the first one found stays.
    pub(crate) fn merge(&mut self, mut other: ExtensionIds) {
        for (extension, _) in KNOWN {
            let field = self.field(extension);
            if *field == 0 {
                *field = *other.field(extension);
            }
        }
    }
}

/// The known extensions of a section.
pub(crate) fn read(attributes: &[Attribute]) -> Result<Vec<OfferedExtension>, OfferError> {
    let mut found: Vec<OfferedExtension> = Vec::new();
    for line in values(attributes, "extmap").take(MAX_EXTENSIONS) {
        let mut words = line.split_ascii_whitespace();
        let (Some(first), Some(uri)) = (words.next(), words.next()) else {
            continue;
        };
        let (id, direction) = first
            .split_once('/')
            .map_or((first, None), |(id, direction)| (id, Some(direction)));
        let Some((extension, _)) = KNOWN.iter().find(|(_, known)| *known == uri) else {
            continue;
        };
        // 15 is reserved in one-byte headers, 0 is padding (RFC 8285 §4.2, §4.3).
        let Some(id) = id.parse::<u8>().ok().filter(|id| !matches!(id, 0 | 15)) else {
            return Err(OfferError::Malformed(format!(
                "a=extmap:{first} is not a usable id"
            )));
        };
        if found
            .iter()
            .any(|known| known.extension == *extension || known.id == id)
        {
            continue;
        }
        found.push(OfferedExtension {
            extension: *extension,
            id,
            client_sends: matches!(direction, None | Some("sendonly" | "sendrecv")),
            client_receives: matches!(direction, None | Some("recvonly" | "sendrecv")),
            directed: direction.is_some(),
        });
    }
    Ok(found)
}

/// What of a section's extensions is used when the client publishes (`true`) or receives on it: the ids, and
/// the lines of the answer without `a=`.
///
/// `feedback`: whether the section's codecs can report on transport-wide numbers; where they cannot, a number on
/// packets we send is of no use.
///
/// `described`: whether a publisher is asked for dependency descriptors. One that sends VP8 at first is not: beside them
/// libwebrtc leaves picture ids and temporal layers out of VP8 payloads (seen in Firefox 153 and Chromium 156: payload
/// descriptors without an X bit), and clients that do not take descriptors are better served with those.
pub(crate) fn negotiate(
    offered: &[OfferedExtension],
    publishes: bool,
    feedback: bool,
    described: bool,
) -> (ExtensionIds, Vec<String>) {
    let mut ids = ExtensionIds::default();
    let mut lines = Vec::new();
    for offer in offered {
        let usable = if publishes {
            offer.client_sends && (described || offer.extension != Extension::DependencyDescriptor)
        } else {
            // Rids name a publisher's layers, and an allocation is about all of them, not about what a slot carries.
            offer.client_receives
                && match offer.extension {
                    Extension::Rid | Extension::RepairedRid | Extension::LayersAllocation => false,
                    Extension::TransportCc => feedback,
                    _ => true,
                }
        };
        let Some((_, uri)) = KNOWN
            .iter()
            .find(|(known, _)| *known == offer.extension)
            .filter(|_| usable)
        else {
            continue;
        };
        *ids.field(offer.extension) = offer.id;
        let direction = match (offer.directed, publishes) {
            (false, _) => "",
            (true, true) => "/recvonly",
            (true, false) => "/sendonly",
        };
        lines.push(format!("extmap:{}{direction} {uri}", offer.id));
    }
    (ids, lines)
}
