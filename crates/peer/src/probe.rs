//! Asking a quiet client whether it is there.
//!
//! A client that neither sends nor receives media is heard only by its consent checks, which Firefox sends every 5 s:
//! too seldom to tell silence after 3 s. A check of our own brings an authenticated answer within a round trip.

use crate::sdp::offer::RemoteTransport;
use crate::sdp::transport::LocalTransport;
use bytes::BytesMut;
use rtc::crypto::RTCCryptoProvider;
use rtc::ice::attributes::control::AttrControlled;
use rtc::ice::attributes::priority::PriorityAttr;
use rtc::stun::attributes::ATTR_USERNAME;
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, Message, TransactionId};
use rtc::stun::textattrs::Username;

/// Priority of a peer-reflexive candidate (RFC 8445 §7.1.1); of no consequence to a controlled lite agent.
const PRIORITY: u32 = (110 << 24) | (65_535 << 8) | 255;

/// The transaction a probe is waiting for.
pub(crate) type Transaction = [u8; 12];

/// A Binding request to the client; `None` when cryptography fails.
pub(crate) fn request(
    local: &LocalTransport,
    remote: &RemoteTransport,
    provider: &dyn RTCCryptoProvider,
) -> Option<(Transaction, BytesMut)> {
    let transaction = TransactionId::new();
    let mut message = Message::new();
    message
        .build(&[
            Box::new(BINDING_REQUEST),
            Box::new(transaction),
            Box::new(Username::new(
                ATTR_USERNAME,
                format!("{}:{}", remote.ufrag, local.ufrag),
            )),
            Box::new(AttrControlled(rand::random())),
            Box::new(PriorityAttr(PRIORITY)),
            Box::new(MessageIntegrity::new_short_term_integrity_with_provider(
                remote.pwd.clone(),
                provider.crypto(),
            )),
            Box::new(FINGERPRINT),
        ])
        .ok()?;
    Some((transaction.0, BytesMut::from(message.raw.as_slice())))
}

/// Whether a success response to a probe is authentic.
pub(crate) fn is_authentic(
    datagram: &[u8],
    remote: &RemoteTransport,
    provider: &dyn RTCCryptoProvider,
) -> bool {
    let mut message = Message {
        raw: datagram.to_vec(),
        ..Message::default()
    };
    message.decode().is_ok()
        && MessageIntegrity::check(&mut message, remote.pwd.as_bytes(), provider.crypto()).is_ok()
}
