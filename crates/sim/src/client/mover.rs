//! Moves a connection to another path, as browsers do: a check on the new pair with USE-CANDIDATE (RFC 8445 §8.1.1),
//! and from its success on everything goes there. `rtc`'s own agent keeps its first pair for ever.

use super::{ClientError, Transmit, Via};
use bytes::BytesMut;
use rtc::ice::attributes::control::AttrControlling;
use rtc::ice::attributes::priority::PriorityAttr;
use rtc::ice::attributes::use_candidate::UseCandidateAttr;
use rtc::shared::{TransportContext, TransportProtocol};
use rtc::stun::attributes::ATTR_USERNAME;
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, TransactionId, is_stun_message};
use rtc::stun::textattrs::TextAttribute;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Checks go out at this rate until one is answered.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// Priority of a UDP host candidate (RFC 8445 §5.1.2.2).
const PRIORITY: u32 = 2_130_706_431;

/// ICE credentials of both sides.
#[derive(Debug, Clone, Default)]
pub(super) struct Credentials {
    pub(super) local_ufrag: String,
    pub(super) remote_ufrag: String,
    pub(super) remote_pwd: String,
}

#[derive(Debug)]
struct Target {
    via: Via,
    remote: SocketAddr,
    transactions: Vec<TransactionId>,
    next_check: Option<Instant>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Mover {
    target: Option<Target>,
    moved: bool,
    /// The pair `rtc` believes it uses.
    believed: Option<TransportContext>,
}

impl Mover {
    pub(super) fn start(&mut self, now: Instant, via: Via, remote: SocketAddr) {
        self.moved = false;
        self.target = Some(Target { via, remote, transactions: Vec::new(), next_check: Some(now) });
    }

    /// Where the connection is now, when it has been moved.
    pub(super) fn moved_to(&self) -> Option<Via> {
        self.target.as_ref().filter(|_| self.moved).map(|t| t.via)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.target.as_ref()?.next_check
    }

    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        credentials: &Credentials,
    ) -> Result<Option<Transmit>, ClientError> {
        let Some(target) = &mut self.target else { return Ok(None) };
        if target.next_check.is_none_or(|at| at > now) {
            return Ok(None);
        }
        target.next_check = Some(now + CHECK_INTERVAL);
        let id = TransactionId::new();
        target.transactions.push(id);
        let datagram = check(id, credentials)?;
        Ok(Some(Transmit { via: target.via, remote: target.remote, datagram }))
    }

    /// Redirects what `rtc` sends; remembers its own idea of the path.
    pub(super) fn outbound(&mut self, transport: TransportContext, datagram: BytesMut) -> Transmit {
        if !is_stun_message(&datagram) {
            self.believed = Some(transport);
        }
        match (&self.target, self.moved) {
            (Some(target), true) => Transmit { via: target.via, remote: target.remote, datagram },
            _ => {
                let via = match transport.transport_protocol {
                    TransportProtocol::TCP => Via::Tcp,
                    _ => Via::Udp,
                };
                Transmit { via, remote: transport.peer_addr, datagram }
            }
        }
    }

    /// Looks at a datagram first: `None` when it was the answer to a check, otherwise the path to hand it to
    /// `rtc` with.
    pub(super) fn inbound(
        &mut self,
        actual: TransportContext,
        via: Via,
        datagram: &[u8],
    ) -> Option<TransportContext> {
        let Some(target) = &mut self.target else { return Some(actual) };
        if via != target.via {
            return Some(actual);
        }
        if is_stun_message(datagram) {
            let mut message = Message { raw: datagram.to_vec(), ..Message::default() };
            let known = message.decode().is_ok()
                && message.typ == BINDING_SUCCESS
                && target.transactions.contains(&message.transaction_id);
            if known {
                self.moved = true;
                target.next_check = None;
                return None;
            }
        }
        Some(self.believed.unwrap_or(actual))
    }
}

fn check(id: TransactionId, credentials: &Credentials) -> Result<BytesMut, ClientError> {
    let provider = rtc::crypto::default_provider().map_err(|e| ClientError::Crypto(e.to_string()))?;
    let username = format!("{}:{}", credentials.remote_ufrag, credentials.local_ufrag);
    let mut message = Message::new();
    message.build(&[
        Box::new(BINDING_REQUEST),
        Box::new(id),
        Box::new(TextAttribute::new(ATTR_USERNAME, username)),
        Box::<UseCandidateAttr>::default(),
        Box::new(AttrControlling(1)),
        Box::new(PriorityAttr(PRIORITY)),
        Box::new(MessageIntegrity::new_short_term_integrity_with_provider(
            credentials.remote_pwd.clone(),
            provider.crypto(),
        )),
        Box::new(FINGERPRINT),
    ])?;
    Ok(BytesMut::from(&message.raw[..]))
}
