//! What goes wrong on purpose, to see that somebody notices.

use super::estimators::Estimators;
use super::wire::Message;
use super::world::{Event, World};
use crate::estimators::TrueRate;
use bytes::BytesMut;
use link::LinkConfig;
use media::Kind;
use media::plane::MediaCommand;
use router::Handover;
use std::time::Duration;

/// What goes wrong, from second 8 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Now and then a packet reaches the second person under the CSRC of their own camera.
    SwapsTracks,
    /// Picture ids of the second person's slots jump, as if a forwarder did not renumber them.
    SkipsPictureIds,
    /// The first person's pictures do not reach the server.
    FreezesPicture,
    /// The first person's sound does not reach the server.
    Silences,
    /// Nothing of the third person reaches the server.
    CutsOff,
    /// The server believes that everybody's network carries 3 Mb/s.
    Overestimates,
    /// Who moves between workers is not followed by what their client sent to the former one.
    LosesDetours,
    /// Moved peers' tracks stay away from who watches on other workers.
    LosesOwners,
    /// The media plane is not told that a participant has gone.
    KeepsPeers,
}

/// Until then all is well.
const BEGINNING: Duration = Duration::from_secs(8);
/// Of so many packets one comes under another CSRC.
const SWAPPED: u16 = 100;
/// Picture ids are so far ahead.
const SKIPPED: u16 = 100;
/// What is believed of every network, in bits per second.
const BELIEVED: u64 = 3_000_000;

impl Sabotage {
    /// The controller that the server uses.
    pub(crate) fn estimators(self) -> Estimators {
        if self != Self::Overestimates {
            return Estimators::default();
        }
        Estimators::new(|now| {
            let link = LinkConfig {
                rate_bps: Some(BELIEVED),
                ..LinkConfig::default()
            };
            Box::new(TrueRate::new(now, now, link, 1.0, Duration::from_millis(40)))
        })
    }
}

impl World {
    fn begun(&self) -> Option<Sabotage> {
        let since = self.now.saturating_duration_since(self.origin);
        self.sabotage.filter(|_| since >= BEGINNING)
    }

    /// What becomes of a datagram to the server.
    pub(super) fn tamper_up(&self, from: usize, datagram: BytesMut) -> Option<BytesMut> {
        let Some(sabotage) = self.begun() else {
            return Some(datagram);
        };
        let lost = match sabotage {
            Sabotage::FreezesPicture => from == 0 && publishes(&datagram) == Some(Kind::Video),
            Sabotage::Silences => from == 0 && publishes(&datagram) == Some(Kind::Audio),
            Sabotage::CutsOff => from == 2,
            _ => false,
        };
        (!lost).then_some(datagram)
    }

    /// What becomes of a datagram to somebody.
    pub(super) fn tamper_down(&self, who: usize, datagram: BytesMut) -> BytesMut {
        let Some(sabotage) = self.begun().filter(|_| who == 1) else {
            return datagram;
        };
        let Some(Message::Slot {
            slot,
            again,
            transport,
            mut packet,
        }) = Message::decode(datagram.clone())
        else {
            return datagram;
        };
        match sabotage {
            Sabotage::SwapsTracks if packet.seq.0.is_multiple_of(SWAPPED) => {
                packet.csrc = self.people[who].camera.unwrap_or(packet.csrc);
            }
            Sabotage::SkipsPictureIds if packet.codec.kind() == Kind::Video => {
                let mut payload = BytesMut::from(&packet.payload.to_bytes()[..]);
                // RFC 7741 §4.2: X, then I, then 15 bits of picture id behind the M bit.
                if let Some(id) = payload.get_mut(2..4).and_then(|id| id.first_chunk_mut::<2>()) {
                    *id = (u16::from_be_bytes(*id).wrapping_add(SKIPPED) | 0x8000).to_be_bytes();
                }
                packet.payload = payload.freeze().into();
            }
            _ => {}
        }
        let message = Message::Slot {
            slot,
            again,
            transport,
            packet,
        };
        message.encode()
    }

    /// Whether a command of the control plane gets lost.
    pub(super) fn loses(&self, command: &MediaCommand) -> bool {
        self.begun() == Some(Sabotage::KeepsPeers) && matches!(command, MediaCommand::RemovePeer { .. })
    }

    /// Whether one to a worker does.
    pub(super) fn forgets(&self, command: &MediaCommand) -> bool {
        self.begun() == Some(Sabotage::LosesOwners) && matches!(command, MediaCommand::Import { .. })
    }

    /// Whether something gets lost between a worker and the one that a peer has moved to.
    pub(super) fn mislays(&self, event: &Event) -> bool {
        let datagram = |event: &Event| match event {
            Event::Handover { handover, .. } => matches!(**handover, Handover::Datagram { .. }),
            _ => false,
        };
        self.begun() == Some(Sabotage::LosesDetours) && datagram(event)
    }
}

/// What a datagram carries of what its sender publishes.
fn publishes(datagram: &BytesMut) -> Option<Kind> {
    match Message::decode(datagram.clone())? {
        Message::Media { packet, .. } => Some(packet.codec.kind()),
        _ => None,
    }
}
