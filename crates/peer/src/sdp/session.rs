//! What offers have negotiated so far: the role of every m-line, for the life of the connection.

use crate::api::OfferError;
use crate::config::PeerConfig;
use crate::sdp::codecs::{self, Bandwidth, NegotiatedCodec};
use crate::sdp::extensions::{self, ExtensionIds};
use crate::sdp::formats;
use crate::sdp::offer::{DeclaredSsrc, Direction, Media, Offer, OfferSection, RemoteTransport};
use media::plane::{PublishSection, Sections, Slot};
use media::{Codec, Kind, MLineIndex};

/// The state after an accepted offer.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) transport: RemoteTransport,
    pub(crate) sections: Vec<Section>,
}

/// One m-line, as negotiated.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) mid: String,
    pub(crate) media: Media,
    /// The client's direction; never changes.
    pub(crate) direction: Direction,
    pub(crate) role: Role,
    /// Words of the m-line to echo: media, protocol, formats.
    pub(crate) words: [String; 3],
    pub(crate) rids: Vec<String>,
    pub(crate) ssrcs: Vec<DeclaredSsrc>,
    pub(crate) codecs: Vec<NegotiatedCodec>,
    pub(crate) ids: ExtensionIds,
    /// Lines of the answer for the extensions, without `a=`.
    pub(crate) extension_lines: Vec<String>,
}

/// What an m-line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The client sends on it.
    Publish,
    /// We send on it.
    Slot(SlotIdentity),
    /// Data channels.
    Data,
    /// Inactive in the offer: answered so, never used.
    Idle,
    /// Refused with port 0: the client's own wish, or a kind of section that does not exist here.
    Refused,
}

/// How a slot's packets are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotIdentity {
    /// Position among the slots of its kind: the i-th audio slot is paired with the i-th video slot.
    pub(crate) pair: usize,
    pub(crate) ssrc: u32,
    /// Of its retransmissions; used when RTX is negotiated.
    pub(crate) rtx_ssrc: u32,
}

impl SlotIdentity {
    /// msid stream and CNAME: the same for both slots of a pair, so that browsers play them in sync.
    pub(crate) fn stream(self) -> String {
        format!("slot-{}", self.pair)
    }
}

impl Session {
    /// Accept a client's first offer.
    pub(crate) fn first(offer: Offer, config: &PeerConfig) -> Result<Self, OfferError> {
        let mut session = Self {
            transport: offer.transport,
            sections: Vec::new(),
        };
        for section in offer.sections {
            session.append(section, config)?;
        }
        Ok(session)
    }

    /// Accept a later offer: everything negotiated stays, new m-lines are appended, ICE may restart.
    pub(crate) fn next(&self, offer: Offer, config: &PeerConfig) -> Result<Self, OfferError> {
        if !offer
            .transport
            .fingerprint
            .eq_ignore_ascii_case(&self.transport.fingerprint)
        {
            return Err(OfferError::Unsupported(
                "the DTLS fingerprint changed; open a new PeerConnection instead".to_owned(),
            ));
        }
        if offer.sections.len() < self.sections.len() {
            return Err(OfferError::Changed {
                mline: index(offer.sections.len()),
                what: "it vanished; m-lines stay for the life of a PeerConnection".to_owned(),
            });
        }
        let mut next = Self {
            transport: offer.transport,
            sections: self.sections.clone(),
        };
        for (i, section) in offer.sections.into_iter().enumerate() {
            match next.sections.get_mut(i) {
                Some(known) => known.check_unchanged(index(i), section)?,
                None => next.append(section, config)?,
            }
        }
        Ok(next)
    }

    /// The client's m-lines as the rest of the server knows them.
    pub(crate) fn plane_sections(&self) -> Sections {
        let mut sections = Sections::default();
        for (i, section) in self.sections.iter().enumerate() {
            let (mline, mid) = (MLineIndex(index(i)), section.mid.clone());
            let kind = if section.media == Media::Audio {
                Kind::Audio
            } else {
                Kind::Video
            };
            match section.role {
                Role::Publish => {
                    sections.publish.push(PublishSection {
                        mline,
                        mid,
                        kind,
                        rids: section.rids.clone(),
                    });
                }
                Role::Slot(_) if kind == Kind::Audio => sections.audio_slots.push(Slot { mline, mid }),
                Role::Slot(_) => sections.video_slots.push(Slot { mline, mid }),
                Role::Data | Role::Idle | Role::Refused => {}
            }
        }
        sections
    }

    fn append(&mut self, offer: OfferSection, config: &PeerConfig) -> Result<(), OfferError> {
        let mline = index(self.sections.len());
        let role = self.role(&offer);
        self.check_limits(role, &offer, config)?;
        let publishes = role == Role::Publish;
        let feedback = offer
            .codecs
            .iter()
            .any(|codec| codec.feedback.iter().any(|line| line == "transport-cc"));
        // What a publisher lists first it sends, unless it was told to fall back: then VP8 comes with descriptors.
        let described =
            offer.media == Media::Video && offer.codecs.iter().find_map(formats::video) == Some(Codec::Av1);
        let (ids, extension_lines) = extensions::negotiate(&offer.extensions, publishes, feedback, described);
        let bandwidth = if ids.transport_cc != 0 {
            Bandwidth::TransportCc
        } else if publishes {
            Bandwidth::None
        } else {
            Bandwidth::Remb
        };
        let codecs = match role {
            Role::Publish | Role::Slot(_) | Role::Idle => {
                codecs::negotiate(mline, offer.media, &offer.codecs, bandwidth)?
            }
            Role::Data | Role::Refused => Vec::new(),
        };
        self.sections.push(Section {
            mid: offer.mid,
            media: offer.media,
            direction: offer.direction,
            role,
            words: [offer.media_word, offer.protocol, offer.formats],
            rids: if publishes { offer.rids } else { Vec::new() },
            ssrcs: if publishes { offer.ssrcs } else { Vec::new() },
            codecs,
            ids,
            extension_lines,
        });
        Ok(())
    }

    /// `sendrecv` is how clients that know nothing of slots publish (aiortc, GStreamer): the section publishes,
    /// and what they would receive on it has no place here.
    fn role(&self, offer: &OfferSection) -> Role {
        match (offer.live, offer.media, offer.direction) {
            (true, Media::Audio | Media::Video, Direction::SendOnly | Direction::SendRecv) => Role::Publish,
            (true, Media::Audio | Media::Video, Direction::RecvOnly) => {
                let pair = self.slots(offer.media);
                let ssrc = self.new_ssrc(&[]);
                Role::Slot(SlotIdentity {
                    pair,
                    ssrc,
                    rtx_ssrc: self.new_ssrc(&[ssrc]),
                })
            }
            (true, Media::Audio | Media::Video, Direction::Inactive) => Role::Idle,
            (true, Media::Application, _)
                if offer.protocol.ends_with("DTLS/SCTP")
                    && !self.sections.iter().any(|s| s.role == Role::Data) =>
            {
                Role::Data
            }
            _ => Role::Refused,
        }
    }

    fn slots(&self, media: Media) -> usize {
        self.sections
            .iter()
            .filter(|s| s.media == media && matches!(s.role, Role::Slot(_)))
            .count()
    }

    fn check_limits(&self, role: Role, offer: &OfferSection, config: &PeerConfig) -> Result<(), OfferError> {
        let (what, before, limit) = match role {
            Role::Publish => {
                let before = self.sections.iter().filter(|s| s.role == Role::Publish).count();
                ("the number of m-lines to publish on", before, config.max_publish)
            }
            Role::Slot(_) if offer.media == Media::Audio => (
                "the number of recvonly audio m-lines",
                self.slots(Media::Audio),
                config.max_slots,
            ),
            Role::Slot(_) => (
                "the number of recvonly video m-lines",
                self.slots(Media::Video),
                config.max_slots,
            ),
            Role::Data | Role::Idle | Role::Refused => return Ok(()),
        };
        if before >= limit {
            return Err(OfferError::TooLarge {
                what,
                actual: before + 1,
                limit,
            });
        }
        Ok(())
    }

    /// A random SSRC that neither side uses (RFC 3550 §8.1).
    fn new_ssrc(&self, taken: &[u32]) -> u32 {
        loop {
            let ssrc: u32 = rand::random();
            let used = self.sections.iter().any(|section| {
                let ours = matches!(section.role, Role::Slot(id) if id.ssrc == ssrc || id.rtx_ssrc == ssrc);
                ours || section
                    .ssrcs
                    .iter()
                    .any(|declared| declared.media == ssrc || declared.rtx == Some(ssrc))
            });
            if ssrc != 0 && !used && !taken.contains(&ssrc) {
                return ssrc;
            }
        }
    }
}

impl Section {
    fn check_unchanged(&mut self, mline: u16, offer: OfferSection) -> Result<(), OfferError> {
        let changed = |what: String| Err(OfferError::Changed { mline, what });
        if offer.mid != self.mid || offer.media != self.media {
            return changed(format!("it was {} mid {:?}", self.words[0], self.mid));
        }
        if offer.live != (self.role != Role::Refused) && self.media != Media::Application {
            return changed(
                "it was stopped or revived; keep transceivers, use replaceTrack(null)".to_owned(),
            );
        }
        if offer.live && offer.direction != self.direction {
            return changed(format!(
                "its direction was {}; directions stay, publish and unpublish with replaceTrack",
                self.direction.as_str()
            ));
        }
        if self.role == Role::Publish {
            if offer.rids != self.rids {
                return changed(format!("its simulcast rids were {:?}", self.rids));
            }
            // A client may have moved to other SSRCs; what it declares now counts.
            self.ssrcs = offer.ssrcs;
        }
        Ok(())
    }

    /// The negotiated codec with this payload type, or whose repair stream has it (`true`).
    pub(crate) fn codec(&self, payload_type: u8) -> Option<(&NegotiatedCodec, bool)> {
        self.codecs.iter().find_map(|codec| {
            if codec.payload_type == payload_type {
                Some((codec, false))
            } else {
                (codec.rtx == Some(payload_type)).then_some((codec, true))
            }
        })
    }
}

/// Positions of m-lines fit 16 bits: their number is limited before anything else.
fn index(position: usize) -> u16 {
    u16::try_from(position).unwrap_or(u16::MAX)
}
