//! Reading an offer: limits first, then what every section must have.

use crate::api::OfferError;
use crate::config::MAX_MLINES;
use crate::sdp::codecs::{self, OfferedCodec};
use crate::sdp::extensions::{self, OfferedExtension};
use rtc::sdp::description::common::Attribute;
use rtc::sdp::description::media::MediaDescription;
use rtc::sdp::description::session::SessionDescription;
use std::io::Cursor;

/// Most SSRCs one section may declare: three layers, each with its repair stream, and room for odd ones.
const MAX_SSRCS_PER_SECTION: usize = 16;
/// Longest mid: RFC 8843 §9.2 wants them short, and they travel in packets.
const MAX_MID_BYTES: usize = 32;

/// An offer, read and checked section by section.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) transport: RemoteTransport,
    pub(crate) sections: Vec<OfferSection>,
}

/// The client's end of the one bundled transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteTransport {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
    /// SHA-256 fingerprint of its certificate, in colon-separated hexadecimal.
    pub(crate) fingerprint: String,
}

/// What an m-line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Audio,
    Video,
    Application,
    Other,
}

/// The client's direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }
}

/// One m-line.
#[derive(Debug, Clone)]
pub(crate) struct OfferSection {
    pub(crate) media: Media,
    /// The m-line's words after the port, to be echoed when the section is refused.
    pub(crate) media_word: String,
    pub(crate) protocol: String,
    pub(crate) formats: String,
    pub(crate) mid: String,
    /// Port 0 without bundle-only: the client does not want it (RFC 9143 §6).
    pub(crate) live: bool,
    pub(crate) direction: Direction,
    pub(crate) codecs: Vec<OfferedCodec>,
    pub(crate) extensions: Vec<OfferedExtension>,
    /// Simulcast rids the client sends, in the order of `a=simulcast`.
    pub(crate) rids: Vec<String>,
    /// Declared media SSRCs, in order.
    pub(crate) ssrcs: Vec<DeclaredSsrc>,
}

/// A media SSRC of `a=ssrc`, with its repair stream from `a=ssrc-group:FID` (RFC 5576).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeclaredSsrc {
    pub(crate) media: u32,
    pub(crate) rtx: Option<u32>,
}

impl Offer {
    /// Read an offer of at most `limit` bytes.
    pub(crate) fn parse(text: &str, limit: usize) -> Result<Self, OfferError> {
        if text.len() > limit {
            return Err(OfferError::TooLarge {
                what: "the SDP in bytes",
                actual: text.len(),
                limit,
            });
        }
        // Counted before parsing: the parser allocates per line.
        let mlines = text.lines().filter(|line| line.starts_with("m=")).count();
        if mlines > MAX_MLINES {
            return Err(OfferError::TooLarge {
                what: "the number of m-lines",
                actual: mlines,
                limit: MAX_MLINES,
            });
        }
        check_lines(text)?;
        let description = SessionDescription::unmarshal(&mut Cursor::new(text.as_bytes()))
            .map_err(|error| OfferError::Malformed(error.to_string()))?;
        if description.media_descriptions.is_empty() {
            return Err(OfferError::Malformed("it has no m-line".to_owned()));
        }
        let sections = description
            .media_descriptions
            .iter()
            .map(|media| OfferSection::read(media, &description.attributes))
            .collect::<Result<Vec<_>, _>>()?;
        check_mids(&sections)?;
        check_bundle(&description.attributes, &sections)?;
        let transport = read_transport(&description, &sections)?;
        Ok(Self { transport, sections })
    }
}

/// What RFC 8866 §9 allows within a line. The parser takes more, and parts of lines are echoed in the answer.
fn check_lines(text: &str) -> Result<(), OfferError> {
    let mut lines = text
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line));
    if lines.any(|line| line.contains(['\r', '\0'])) {
        return Err(OfferError::Malformed(
            "a line contains a carriage return or NUL".to_owned(),
        ));
    }
    Ok(())
}

impl OfferSection {
    fn read(media: &MediaDescription, session: &[Attribute]) -> Result<Self, OfferError> {
        let attributes = &media.attributes;
        let mid = value(attributes, "mid").unwrap_or_default().to_owned();
        if mid.is_empty() || mid.len() > MAX_MID_BYTES || !mid.bytes().all(is_token) {
            return Err(OfferError::Unsupported(format!(
                "every m-line needs an a=mid of 1 to {MAX_MID_BYTES} token characters"
            )));
        }
        let name = &media.media_name;
        let kind = match name.media.as_str() {
            "audio" => Media::Audio,
            "video" => Media::Video,
            "application" => Media::Application,
            _ => Media::Other,
        };
        let live = name.port.value != 0 || has(attributes, "bundle-only");
        let media_section = live && matches!(kind, Media::Audio | Media::Video);
        if media_section && !has(attributes, "rtcp-mux") {
            return Err(OfferError::Unsupported(format!(
                "m-line {mid:?} must multiplex RTCP with RTP (a=rtcp-mux)"
            )));
        }
        Ok(Self {
            media: kind,
            media_word: name.media.clone(),
            protocol: name.protos.join("/"),
            formats: name.formats.join(" "),
            live,
            direction: read_direction(attributes)
                .or_else(|| read_direction(session))
                .unwrap_or(Direction::SendRecv),
            codecs: if media_section {
                codecs::read(&name.formats, attributes)
            } else {
                Vec::new()
            },
            extensions: if media_section {
                extensions::read(attributes)?
            } else {
                Vec::new()
            },
            rids: if media_section {
                read_rids(attributes)?
            } else {
                Vec::new()
            },
            ssrcs: if media_section {
                read_ssrcs(attributes)?
            } else {
                Vec::new()
            },
            mid,
        })
    }
}

/// Value of the first attribute with this key.
pub(crate) fn value<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|a| a.key == key)
        .and_then(|a| a.value.as_deref())
        .map(str::trim)
}

/// Values of all attributes with this key.
pub(crate) fn values<'a>(attributes: &'a [Attribute], key: &'a str) -> impl Iterator<Item = &'a str> {
    attributes
        .iter()
        .filter(move |a| a.key == key)
        .filter_map(|a| a.value.as_deref())
        .map(str::trim)
}

fn has(attributes: &[Attribute], key: &str) -> bool {
    attributes.iter().any(|a| a.key == key)
}

/// token-char of RFC 8866 §9.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte)
}

fn read_direction(attributes: &[Attribute]) -> Option<Direction> {
    attributes.iter().find_map(|a| match a.key.as_str() {
        "sendrecv" => Some(Direction::SendRecv),
        "sendonly" => Some(Direction::SendOnly),
        "recvonly" => Some(Direction::RecvOnly),
        "inactive" => Some(Direction::Inactive),
        _ => None,
    })
}

/// Rids of `a=simulcast:send` (RFC 8853 §5.1): of alternatives (`a,b`) the first, paused ones (`~a`) too.
fn read_rids(attributes: &[Attribute]) -> Result<Vec<String>, OfferError> {
    let Some(simulcast) = value(attributes, "simulcast") else {
        return Ok(Vec::new());
    };
    let mut words = simulcast.split_ascii_whitespace();
    while let (Some(direction), Some(list)) = (words.next(), words.next()) {
        if direction != "send" {
            continue;
        }
        let rids: Vec<String> = list
            .split(';')
            .filter_map(|alternatives| alternatives.split(',').next())
            .map(|rid| rid.trim_start_matches('~').to_owned())
            .collect();
        if rids.len() > media::id::MAX_LAYERS {
            return Err(OfferError::TooLarge {
                what: "the number of simulcast layers of an m-line",
                actual: rids.len(),
                limit: media::id::MAX_LAYERS,
            });
        }
        // RFC 8852 §3.3 allows letters and digits; the length is that of a one-byte header extension.
        if !rids
            .iter()
            .all(|rid| (1..=16).contains(&rid.len()) && rid.bytes().all(|b| b.is_ascii_alphanumeric()))
        {
            return Err(OfferError::Unsupported(
                "simulcast rids must be 1 to 16 letters and digits, such as q, h and f".to_owned(),
            ));
        }
        // RFC 8851 §4: a rid names one layer.
        if (1..rids.len()).any(|i| rids.iter().take(i).any(|earlier| rids.get(i) == Some(earlier))) {
            return Err(OfferError::Unsupported(
                "simulcast rids of an m-line must differ".to_owned(),
            ));
        }
        return Ok(rids);
    }
    Ok(Vec::new())
}

fn read_ssrcs(attributes: &[Attribute]) -> Result<Vec<DeclaredSsrc>, OfferError> {
    let mut ssrcs: Vec<DeclaredSsrc> = Vec::new();
    for line in values(attributes, "ssrc") {
        let Some(media) = line
            .split_ascii_whitespace()
            .next()
            .and_then(|word| word.parse().ok())
        else {
            continue;
        };
        if !ssrcs.iter().any(|known| known.media == media) {
            ssrcs.push(DeclaredSsrc { media, rtx: None });
        }
        if ssrcs.len() > MAX_SSRCS_PER_SECTION {
            return Err(OfferError::TooLarge {
                what: "the number of SSRCs of an m-line",
                actual: ssrcs.len(),
                limit: MAX_SSRCS_PER_SECTION,
            });
        }
    }
    for line in values(attributes, "ssrc-group") {
        let mut words = line.split_ascii_whitespace();
        if words.next() != Some("FID") {
            continue;
        }
        let mut numbers = words.filter_map(|word| word.parse::<u32>().ok());
        let (Some(media), Some(rtx)) = (numbers.next(), numbers.next()) else {
            continue;
        };
        if let Some(declared) = ssrcs.iter_mut().find(|known| known.media == media) {
            declared.rtx = Some(rtx);
        }
        ssrcs.retain(|known| known.media != rtx);
    }
    Ok(ssrcs)
}

fn check_mids(sections: &[OfferSection]) -> Result<(), OfferError> {
    for (i, section) in sections.iter().enumerate() {
        if sections.iter().take(i).any(|earlier| earlier.mid == section.mid) {
            return Err(OfferError::Malformed(format!(
                "mid {:?} is used twice",
                section.mid
            )));
        }
    }
    Ok(())
}

/// Everything flows over one transport: every live section must be in the first BUNDLE group (RFC 9143).
fn check_bundle(session: &[Attribute], sections: &[OfferSection]) -> Result<(), OfferError> {
    let group = values(session, "group")
        .find_map(|group| group.strip_prefix("BUNDLE"))
        .unwrap_or_default();
    for section in sections.iter().filter(|section| section.live) {
        if !group.split_ascii_whitespace().any(|mid| mid == section.mid) {
            return Err(OfferError::Unsupported(format!(
                "m-line {:?} is not bundled; offer one BUNDLE group with every m-line (bundlePolicy: \"max-bundle\")",
                section.mid
            )));
        }
    }
    Ok(())
}

/// ICE credentials, fingerprint and role of the first live section, or of the session.
fn read_transport(
    description: &SessionDescription,
    sections: &[OfferSection],
) -> Result<RemoteTransport, OfferError> {
    let index = sections
        .iter()
        .position(|section| section.live)
        .ok_or_else(|| OfferError::Unsupported("every m-line is refused (port 0)".to_owned()))?;
    let media = description
        .media_descriptions
        .get(index)
        .map(|media| media.attributes.as_slice())
        .unwrap_or_default();
    let find = |key: &str| value(media, key).or_else(|| value(&description.attributes, key));
    let fingerprint = values(media, "fingerprint")
        .chain(values(&description.attributes, "fingerprint"))
        .find_map(|line| {
            let (algorithm, value) = line.split_once(' ')?;
            algorithm
                .eq_ignore_ascii_case("sha-256")
                .then(|| value.trim().to_owned())
        })
        .filter(|value| value.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'))
        .ok_or_else(|| {
            OfferError::Unsupported(
                "media must be encrypted with DTLS-SRTP: a=fingerprint:sha-256 is missing".to_owned(),
            )
        })?;
    let (Some(ufrag), Some(pwd)) = (find("ice-ufrag"), find("ice-pwd")) else {
        return Err(OfferError::Unsupported(
            "ICE is required: a=ice-ufrag and a=ice-pwd are missing".to_owned(),
        ));
    };
    // RFC 8839 §5.4.
    let ice_char = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    let lengths = (4..=256).contains(&ufrag.len()) && (22..=256).contains(&pwd.len());
    // Some clients stray from ice-char; refuse only what could not be echoed in SDP.
    if !lengths
        || !ufrag
            .bytes()
            .chain(pwd.bytes())
            .all(|b| ice_char(b) || b"-_=".contains(&b))
    {
        return Err(OfferError::Malformed(
            "a=ice-ufrag or a=ice-pwd has a wrong length or character".to_owned(),
        ));
    }
    if has(&description.attributes, "ice-lite") {
        return Err(OfferError::Unsupported(
            "this server is ICE-lite and needs a client with full ICE".to_owned(),
        ));
    }
    if !matches!(find("setup"), None | Some("actpass" | "active")) {
        return Err(OfferError::Unsupported(
            "this server is always the DTLS server: offer a=setup:actpass".to_owned(),
        ));
    }
    Ok(RemoteTransport {
        ufrag: ufrag.to_owned(),
        pwd: pwd.to_owned(),
        fingerprint,
    })
}
