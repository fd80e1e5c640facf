//! Packets of a publisher, decrypted: which stream each is of, what is missing, what is reported.

use crate::input::{Short, each};
use crate::offers::{CONFIG, LARGEST};
use crate::support::{origin, packet};
use arbitrary::Arbitrary;
use peer::PeerEvent;
use peer::fuzzing::{Inbound, MAX_STREAMS, Negotiation};
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::shared::marshal::Marshal;
use std::sync::LazyLock;
use std::time::Duration;

/// Gaps a stream keeps open (`peer::missing`), and packets that one entry of a NACK names.
const MAX_NACKED: usize = 512;
/// Longest payload worth copying about.
const MAX_STEPS: usize = 400;

static NEGOTIATED: LazyLock<Negotiation> =
    LazyLock::new(|| Negotiation::first(LARGEST, &CONFIG).expect("a recorded offer"));

#[derive(Debug, Arbitrary)]
enum Step {
    /// Bytes as they are.
    Raw(Short),
    /// A packet of one of few streams, with these header extensions.
    Packet {
        ssrc: u8,
        payload_type: u8,
        seq: u16,
        extensions: Vec<(u8, Short)>,
        payload: Short,
    },
    /// A compound.
    Control(Short),
    /// Milliseconds.
    Wait(u8),
}

/// A sequence of packets, compounds and pauses.
pub fn rtp(data: &[u8]) {
    let mut now = origin();
    let mut inbound = Inbound::new(&NEGOTIATED);
    let sections = NEGOTIATED.sections();
    let layers = |mline| {
        let section = sections.publish.iter().find(|section| section.mline == mline);
        section.map(|section| section.rids.len().max(1))
    };
    for step in each::<Step>(data, MAX_STEPS) {
        let event = match step {
            Step::Raw(Short(bytes)) => inbound.handle_rtp(now, &bytes),
            Step::Packet {
                ssrc,
                payload_type,
                seq,
                extensions,
                payload,
            } => {
                let mut written = packet(u32::from(ssrc), payload_type & 0x7f, seq, &[], &payload.0);
                for (id, value) in extensions.iter().filter(|(_, value)| !value.0.is_empty()) {
                    // What cannot be written is left out.
                    let _ = written.header.set_extension(*id, value.0.clone().into());
                }
                let wire = written.marshal();
                wire.ok().and_then(|wire| inbound.handle_rtp(now, &wire))
            }
            Step::Control(Short(bytes)) => {
                for event in inbound.handle_rtcp(now, &bytes) {
                    assert!(matches!(event, PeerEvent::SenderReport { .. }));
                }
                None
            }
            Step::Wait(ms) => {
                now += Duration::from_millis(ms.into());
                feedback(&mut inbound, now);
                None
            }
        };
        if let Some(PeerEvent::Rtp { section, layer, .. }) = event {
            let layers = layers(section).expect("only sections to publish on carry packets");
            assert!(usize::from(layer.0) < layers, "a layer that was not negotiated");
        }
    }
    feedback(&mut inbound, now + Duration::from_secs(2));
}

fn feedback(inbound: &mut Inbound, now: std::time::Instant) {
    let packets = inbound.handle_timeout(now);
    for packet in &packets {
        packet.marshal().expect("what is reported can be written");
        if let Some(nack) = packet.as_any().downcast_ref::<TransportLayerNack>() {
            let missing = nack.nacks.iter().map(|pair| pair.into_iter().count());
            assert!(missing.sum::<usize>() <= MAX_NACKED);
        }
        if let Some(report) = packet.as_any().downcast_ref::<ReceiverReport>() {
            assert!(report.reports.len() <= MAX_STREAMS);
        }
    }
    assert!(packets.len() <= 4 * MAX_STREAMS, "{} packets", packets.len());
}
