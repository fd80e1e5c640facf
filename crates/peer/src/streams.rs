//! Which inbound SSRC is which layer of which section.
//!
//! libwebrtc stops sending mid and rid on an SSRC after the first receiver report for it, so every SSRC is bound
//! on first sight: by the header extensions, else by what the offer declared, else when only one section can be
//! meant.

use crate::sdp::extensions::ExtensionIds;
use crate::sdp::offer::Media;
use crate::sdp::session::{Role, Section, Session};
use rtc::rtp::header::Header;
use std::time::Instant;

/// Most SSRCs of one client at a time: 8 sections of three layers with a repair stream each are 48.
pub(crate) const MAX_STREAMS: usize = 64;

/// What flows through an SSRC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// The layer itself.
    Media,
    /// Its retransmissions (RFC 4588).
    Repair,
}

/// An inbound SSRC.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    pub(crate) ssrc: u32,
    pub(crate) section: u16,
    pub(crate) layer: u8,
    pub(crate) kind: StreamKind,
    seen: Instant,
}

/// A stream came or went: whoever keeps state per SSRC must know.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    Bound(Stream),
    Released(Stream),
}

/// All inbound SSRCs of one peer.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    streams: Vec<Stream>,
}

impl Streams {
    /// The stream of a packet; `changes` is called for what binding it led to.
    pub(crate) fn find(
        &mut self,
        now: Instant,
        header: &Header,
        ids: &ExtensionIds,
        session: &Session,
        mut changes: impl FnMut(Change),
    ) -> Option<Stream> {
        if let Some(known) = self.streams.iter_mut().find(|stream| stream.ssrc == header.ssrc) {
            known.seen = now;
            return Some(*known);
        }
        let (section, layer, kind) = identify(header, ids, session)?;
        let stream = Stream {
            ssrc: header.ssrc,
            section,
            layer,
            kind,
            seen: now,
        };
        // The client has moved this layer to another SSRC, or has used up the table.
        self.release(&mut changes, |old| {
            (old.section, old.layer, old.kind) == (section, layer, kind)
        });
        if self.streams.len() >= MAX_STREAMS {
            let oldest = self.streams.iter().min_by_key(|old| old.seen).map(|old| old.ssrc);
            self.release(&mut changes, |old| Some(old.ssrc) == oldest);
        }
        self.streams.push(stream);
        changes(Change::Bound(stream));
        Some(stream)
    }

    /// A media stream's section and layer, for RTCP about it.
    pub(crate) fn by_ssrc(&self, ssrc: u32) -> Option<Stream> {
        self.streams.iter().copied().find(|stream| stream.ssrc == ssrc)
    }

    /// The SSRC a layer's packets come with.
    pub(crate) fn media_ssrc(&self, section: u16, layer: u8) -> Option<u32> {
        let wanted = (section, layer, StreamKind::Media);
        self.streams
            .iter()
            .find(|stream| (stream.section, stream.layer, stream.kind) == wanted)
            .map(|stream| stream.ssrc)
    }

    fn release(&mut self, changes: &mut impl FnMut(Change), gone: impl Fn(&Stream) -> bool) {
        self.streams.retain(|stream| {
            let gone = gone(stream);
            if gone {
                changes(Change::Released(*stream));
            }
            !gone
        });
    }
}

fn identify(header: &Header, ids: &ExtensionIds, session: &Session) -> Option<(u16, u8, StreamKind)> {
    by_extensions(header, ids, session)
        .or_else(|| by_declaration(header, session))
        .or_else(|| by_payload_type(header, session))
}

fn publish_sections(session: &Session) -> impl Iterator<Item = (u16, &Section)> {
    (0u16..)
        .zip(&session.sections)
        .filter(|(_, section)| section.role == Role::Publish)
}

fn kind_of(section: &Section, payload_type: u8) -> Option<StreamKind> {
    section.codec(payload_type).map(|(_, repair)| {
        if repair {
            StreamKind::Repair
        } else {
            StreamKind::Media
        }
    })
}

/// mid says which section; rid or repaired rid which layer (RFC 8852).
fn by_extensions(header: &Header, ids: &ExtensionIds, session: &Session) -> Option<(u16, u8, StreamKind)> {
    let text = |id: u8| extension(header, id);
    let mid = text(ids.mid)?;
    let (index, section) = publish_sections(session).find(|(_, section)| section.mid.as_bytes() == mid)?;
    let kind = kind_of(section, header.payload_type)?;
    if section.rids.is_empty() {
        return Some((index, 0, kind));
    }
    let rid = match kind {
        StreamKind::Media => text(ids.rid)?,
        StreamKind::Repair => text(ids.repaired_rid)?,
    };
    let layer = section.rids.iter().position(|known| known.as_bytes() == rid)?;
    Some((index, u8::try_from(layer).ok()?, kind))
}

/// `a=ssrc` lines. Of a simulcast section they do not say which layer is which (Firefox lists them with its rids),
/// so there they are not used.
fn by_declaration(header: &Header, session: &Session) -> Option<(u16, u8, StreamKind)> {
    publish_sections(session)
        .filter(|(_, section)| section.rids.is_empty())
        .find_map(|(index, section)| {
            section.ssrcs.iter().find_map(|declared| {
                if declared.media == header.ssrc {
                    Some((index, 0, StreamKind::Media))
                } else {
                    (declared.rtx == Some(header.ssrc)).then_some((index, 0, StreamKind::Repair))
                }
            })
        })
}

/// A client without mids and SSRC lines: when exactly one section could have sent it, it did.
fn by_payload_type(header: &Header, session: &Session) -> Option<(u16, u8, StreamKind)> {
    let mut candidates =
        publish_sections(session).filter(|(_, section)| kind_of(section, header.payload_type).is_some());
    let (index, section) = candidates.next()?;
    let single = candidates.next().is_none() && section.rids.is_empty() && section.ssrcs.is_empty();
    let kind = kind_of(section, header.payload_type)?;
    // Repair packets prove nothing about who sent them before the media is known; audio has none.
    (single && (kind == StreamKind::Media || section.media == Media::Video)).then_some((index, 0, kind))
}

/// Value of a header extension; `None` when it is not there or not negotiated.
pub(crate) fn extension(header: &Header, id: u8) -> Option<&[u8]> {
    if id == 0 {
        return None;
    }
    header
        .extensions
        .iter()
        .find(|extension| extension.id == id)
        .map(|extension| extension.payload.as_ref())
}
