//! Moves a connection to another path, as browsers do: checks on the new pair until one is answered, then with
//! USE-CANDIDATE (RFC 8445 §8.1.1), and from its success on everything goes there. `rtc`'s own agent keeps its first
//! pair for ever.

use super::{ClientError, Transmit, Via};
use bytes::BytesMut;
use rtc::ice::attributes::control::AttrControlling;
use rtc::ice::attributes::priority::PriorityAttr;
use rtc::ice::attributes::use_candidate::UseCandidateAttr;
use rtc::shared::{TransportContext, TransportProtocol};
use rtc::stun::attributes::ATTR_USERNAME;
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId, is_stun_message};
use rtc::stun::textattrs::TextAttribute;
use rtc::stun::xoraddr::XorMappedAddress;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Checks go out at this rate until one is answered.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// Priority of a UDP host candidate (RFC 8445 §5.1.2.2).
const PRIORITY: u32 = 2_130_706_431;
/// Stands for both sides' random number: there is no role conflict with an ICE-lite server.
const TIE_BREAKER: u64 = 1;

/// ICE credentials of both sides.
#[derive(Debug, Clone, Default)]
pub(super) struct Credentials {
    pub(super) local_ufrag: String,
    pub(super) local_pwd: String,
    pub(super) remote_ufrag: String,
    pub(super) remote_pwd: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Checking,
    Nominating,
    Moved,
}

#[derive(Debug)]
struct Target {
    via: Via,
    remote: SocketAddr,
    step: Step,
    transactions: Vec<TransactionId>,
    next_check: Option<Instant>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Mover {
    target: Option<Target>,
    /// The pair `rtc` believes it uses.
    believed: Option<TransportContext>,
    transmits: VecDeque<Transmit>,
}

impl Mover {
    pub(super) fn start(&mut self, now: Instant, via: Via, remote: SocketAddr) {
        let (step, next_check) = (Step::Checking, Some(now));
        self.target = Some(Target {
            via,
            remote,
            step,
            transactions: Vec::new(),
            next_check,
        });
    }

    /// Where the connection is now, when it has been moved.
    pub(super) fn moved_to(&self) -> Option<Via> {
        self.target
            .as_ref()
            .filter(|t| t.step == Step::Moved)
            .map(|t| t.via)
    }

    /// The pair that `rtc` uses, by what it sent last.
    pub(super) fn believed(&self) -> Option<TransportContext> {
        self.believed
    }

    pub(super) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.target.as_ref()?.next_check
    }

    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        credentials: &Credentials,
    ) -> Result<(), ClientError> {
        let Some(target) = &mut self.target else {
            return Ok(());
        };
        if target.next_check.is_none_or(|at| at > now) {
            return Ok(());
        }
        target.next_check = Some(now + CHECK_INTERVAL);
        let id = TransactionId::new();
        target.transactions.push(id);
        let datagram = check(id, credentials, target.step == Step::Nominating)?;
        self.transmits.push_back(Transmit {
            via: target.via,
            remote: target.remote,
            datagram,
        });
        Ok(())
    }

    /// Redirects what `rtc` sends; remembers its own idea of the path.
    pub(super) fn outbound(&mut self, transport: TransportContext, datagram: BytesMut) -> Transmit {
        if !is_stun_message(&datagram) {
            self.believed = Some(transport);
        }
        match self.target.as_ref().filter(|t| t.step == Step::Moved) {
            Some(target) => Transmit {
                via: target.via,
                remote: target.remote,
                datagram,
            },
            None => {
                let via = match transport.transport_protocol {
                    TransportProtocol::TCP => Via::Tcp,
                    _ => Via::Udp,
                };
                Transmit {
                    via,
                    remote: transport.peer_addr,
                    datagram,
                }
            }
        }
    }

    /// Looks at a datagram first: `None` when it was about the new pair, otherwise the path to hand it to `rtc` with.
    pub(super) fn inbound(
        &mut self,
        now: Instant,
        actual: TransportContext,
        via: Via,
        datagram: &[u8],
        credentials: &Credentials,
    ) -> Option<TransportContext> {
        let Some(target) = self.target.as_mut().filter(|t| t.via == via) else {
            return Some(actual);
        };
        if is_stun_message(datagram) {
            let mut message = Message {
                raw: datagram.to_vec(),
                ..Message::default()
            };
            if message.decode().is_err() {
                return None;
            }
            if message.typ == BINDING_REQUEST {
                // The server checks the pair too, as a full agent would.
                if let Ok(datagram) = success(&message, actual.peer_addr, credentials) {
                    self.transmits.push_back(Transmit {
                        via,
                        remote: actual.peer_addr,
                        datagram,
                    });
                }
                return None;
            }
            if message.typ == BINDING_SUCCESS && target.transactions.contains(&message.transaction_id) {
                target.answered(now);
                return None;
            }
        }
        Some(self.believed.unwrap_or(actual))
    }
}

impl Target {
    fn answered(&mut self, now: Instant) {
        self.transactions.clear();
        (self.step, self.next_check) = match self.step {
            Step::Checking => (Step::Nominating, Some(now)),
            Step::Nominating | Step::Moved => (Step::Moved, None),
        };
    }
}

fn check(id: TransactionId, credentials: &Credentials, nominate: bool) -> Result<BytesMut, ClientError> {
    let username = format!("{}:{}", credentials.remote_ufrag, credentials.local_ufrag);
    let mut setters: Vec<Box<dyn Setter>> = vec![
        Box::new(BINDING_REQUEST),
        Box::new(id),
        Box::new(TextAttribute::new(ATTR_USERNAME, username)),
        Box::new(AttrControlling(TIE_BREAKER)),
        Box::new(PriorityAttr(PRIORITY)),
    ];
    if nominate {
        setters.push(Box::<UseCandidateAttr>::default());
    }
    sign(&setters, &credentials.remote_pwd)
}

fn success(request: &Message, from: SocketAddr, credentials: &Credentials) -> Result<BytesMut, ClientError> {
    let setters: Vec<Box<dyn Setter>> = vec![
        Box::new(BINDING_SUCCESS),
        Box::new(request.transaction_id),
        Box::new(XorMappedAddress {
            ip: from.ip(),
            port: from.port(),
        }),
    ];
    sign(&setters, &credentials.local_pwd)
}

fn sign(setters: &[Box<dyn Setter>], pwd: &str) -> Result<BytesMut, ClientError> {
    let provider = rtc::crypto::default_provider().map_err(|e| ClientError::Crypto(e.to_string()))?;
    let mut message = Message::new();
    message.build(setters)?;
    MessageIntegrity::new_short_term_integrity_with_provider(pwd.to_owned(), provider.crypto())
        .add_to(&mut message)?;
    FINGERPRINT.add_to(&mut message)?;
    Ok(BytesMut::from(&message.raw[..]))
}
