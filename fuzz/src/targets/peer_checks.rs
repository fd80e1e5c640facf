//! Connectivity checks, and whatever else arrives at a real peer that is connected: only who knows its password
//! validates a path, and nothing but answers to checks goes to one that is not.

use crate::input::{Short, each};
use crate::support::{World, server_addr, udp_path, usual_sections};
use arbitrary::Arbitrary;
use bytes::BytesMut;
use peer::fuzzing::binding;
use peer::{Path, Peer, PeerEvent, Protocol};
use rtc::crypto;
use rtc::ice::attributes::control::{AttrControlled, AttrControlling};
use rtc::ice::attributes::priority::PriorityAttr;
use rtc::ice::attributes::use_candidate::UseCandidateAttr;
use rtc::stun::attributes::{ATTR_USERNAME, AttrType, RawAttribute};
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId};
use rtc::stun::textattrs::Username;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

/// Bytes of the largest answer to a check.
const MAX_ANSWER_BYTES: usize = 200;
/// Paths that a peer believes at a time (`peer::paths`).
const MAX_PATHS: usize = 8;
/// Datagrams that one step can lead to.
const MAX_SENT: usize = 10_000;

#[derive(Debug, Arbitrary)]
enum Step {
    /// Bytes as they are, from here.
    Raw { from: From, bytes: Short },
    /// Bytes behind a head of each kind.
    Like { from: From, kind: u8, bytes: Short },
    /// A check.
    Check { from: From, check: Check },
    /// The TCP connection closes.
    Closed(From),
    /// Milliseconds, ten a unit.
    Wait(u8),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct From {
    tcp: bool,
    port: u8,
    /// At an address that is no candidate.
    elsewhere: bool,
}

impl From {
    fn path(self) -> Path {
        let local = if self.elsewhere { SocketAddr::from(([192, 0, 2, 9], 9)) } else { server_addr() };
        Path {
            protocol: if self.tcp { Protocol::Tcp } else { Protocol::Udp },
            local,
            remote: SocketAddr::from(([203, 0, 113, 5], 2_000 + u16::from(self.port))),
        }
    }
}

#[derive(Debug, Arbitrary)]
struct Check {
    /// Whether it answers one of the server's instead of asking.
    answers: bool,
    /// Its own; of an answer, which of the server's last questions.
    transaction: u8,
    /// 0, 1: right; others: the number is in it.
    password: u8,
    ufrag: u8,
    nominates: bool,
    controls: Option<(bool, u64)>,
    priority: Option<u32>,
    fingerprint: bool,
    others: Vec<(u16, Short)>,
    /// A byte is changed afterwards.
    damage: Option<(u16, u8)>,
}

struct Credentials {
    ufrag: String,
    password: String,
    client_password: String,
}

/// A sequence of datagrams and pauses.
pub fn peer_checks(data: &[u8]) {
    let mut world = World::connected(&usual_sections());
    let find = |key: &str| {
        let answer = &world.first_answer.sdp;
        let value = answer.lines().find_map(|line| line.strip_prefix(key));
        value.unwrap_or_default().to_owned()
    };
    let credentials = Credentials {
        ufrag: find("a=ice-ufrag:"),
        password: find("a=ice-pwd:"),
        client_password: world.client.pc.local_description().map_or_else(String::new, |description| {
            let pwd = description.sdp.lines().find_map(|line| line.strip_prefix("a=ice-pwd:"));
            pwd.unwrap_or_default().to_owned()
        }),
    };
    world.take_events();
    let mut net = Net {
        proven: HashSet::from([remote_of(udp_path())]),
        validated: HashSet::from([udp_path()]),
        questions: Vec::new(),
    };
    for step in each::<Step>(data, 300) {
        let mut asked = None;
        match step {
            Step::Raw { from, bytes } => {
                asked = Some(from.path());
                world.server.handle_datagram(world.now, from.path(), BytesMut::from(&bytes.0[..]));
            }
            Step::Like { from, kind, bytes } => {
                let first = [0u8, 1, 20, 21, 22, 23, 0x80, 0x90][usize::from(kind % 8)];
                let datagram = [&[first], &bytes.0[..]].concat();
                asked = Some(from.path());
                world.server.handle_datagram(world.now, from.path(), BytesMut::from(&datagram[..]));
            }
            Step::Check { from, check } => {
                asked = Some(from.path());
                if let Some(datagram) = written(&check, &credentials, &net.questions) {
                    if check.password < 2 {
                        net.proven.insert(remote_of(from.path()));
                    }
                    world.server.handle_datagram(world.now, from.path(), datagram);
                }
            }
            Step::Closed(from) => world.server.handle_path_closed(world.now, from.path()),
            Step::Wait(units) => {
                world.now += Duration::from_millis(10 * u64::from(units));
                if world.server.poll_timeout().is_some_and(|due| due <= world.now) {
                    world.server.handle_timeout(world.now);
                }
            }
        }
        net.drain(&mut world, asked);
    }
    // It still ends as it should.
    world.server.close(world.now);
    net.drain(&mut world, None);
    assert!(world.server.poll_timeout().is_none());
}

/// What is known from outside.
struct Net {
    /// From where somebody who knows the password has spoken.
    proven: HashSet<(Protocol, SocketAddr)>,
    /// What the peer says that it believes.
    validated: HashSet<Path>,
    /// Transactions of the server's own checks.
    questions: Vec<[u8; 12]>,
}

fn remote_of(path: Path) -> (Protocol, SocketAddr) {
    (path.protocol, path.remote)
}

impl Net {
    fn drain(&mut self, world: &mut World, asked: Option<Path>) {
        while let Some(event) = world.server.poll_event() {
            match event {
                PeerEvent::PathValidated(path) => {
                    let proven = self.proven.contains(&remote_of(path));
                    assert!(proven, "nobody proved to be the client at {path:?}");
                    self.validated.insert(path);
                }
                PeerEvent::PathForgotten(path) => assert!(self.validated.remove(&path), "{path:?}"),
                PeerEvent::Rtp { .. } | PeerEvent::Data { .. } => panic!("nobody has the keys: {event:?}"),
                _ => {}
            }
        }
        assert!(self.validated.len() <= MAX_PATHS, "{:?}", self.validated);
        let mut strangers = 0;
        for _ in 0..MAX_SENT {
            let Some(out) = world.server.poll_transmit() else {
                assert!(strangers <= 1, "{strangers} datagrams to an address that proved nothing");
                return;
            };
            if let Some((true, transaction, _)) = binding(&out.datagram) {
                self.questions.push(transaction);
            }
            let remote = remote_of(out.path);
            let stun = out.datagram.first().is_some_and(|byte| *byte <= 3);
            // Where media goes on when a path is forgotten, is the peer's choice among those it believed.
            assert!(stun || self.proven.contains(&remote), "{out:?}");
            if !self.proven.contains(&remote) {
                assert_eq!(Some(remote), asked.map(remote_of), "nobody asked from there");
                assert!(out.datagram.len() <= MAX_ANSWER_BYTES, "{} bytes", out.datagram.len());
                strangers += 1;
            }
        }
        panic!("it never falls silent");
    }
}

fn written(check: &Check, credentials: &Credentials, questions: &[[u8; 12]]) -> Option<BytesMut> {
    let provider = crypto::default_provider().ok()?;
    let (kind, right) = if check.answers {
        (BINDING_SUCCESS, &credentials.client_password)
    } else {
        (BINDING_REQUEST, &credentials.password)
    };
    let last = questions.len().checked_sub(1 + usize::from(check.transaction));
    let asked = last.and_then(|index| questions.get(index)).filter(|_| check.answers);
    let transaction = asked.copied().unwrap_or([check.transaction; 12]);
    let password = match check.password {
        0 | 1 => right.clone(),
        2 => String::new(),
        other => format!("{right}{other}"),
    };
    let ufrag = match check.ufrag {
        0..=127 => credentials.ufrag.clone(),
        128 => String::new(),
        other => format!("{}{other}", credentials.ufrag),
    };
    let mut parts: Vec<Box<dyn Setter>> = vec![
        Box::new(kind),
        Box::new(TransactionId(transaction)),
        Box::new(Username::new(ATTR_USERNAME, format!("{ufrag}:client"))),
    ];
    if let Some((controlling, tie)) = check.controls {
        if controlling {
            parts.push(Box::new(AttrControlling(tie)));
        } else {
            parts.push(Box::new(AttrControlled(tie)));
        }
    }
    if let Some(priority) = check.priority {
        parts.push(Box::new(PriorityAttr(priority)));
    }
    if check.nominates {
        parts.push(Box::new(UseCandidateAttr::new()));
    }
    for (kind, value) in check.others.iter().take(8) {
        parts.push(Box::new(RawAttribute {
            typ: AttrType(*kind),
            length: value.0.len() as u16,
            value: value.0.clone(),
        }));
    }
    if !password.is_empty() {
        let integrity = MessageIntegrity::new_short_term_integrity_with_provider(password, provider.crypto());
        parts.push(Box::new(integrity));
    }
    if check.fingerprint {
        parts.push(Box::new(FINGERPRINT));
    }
    let mut message = Message::new();
    message.build(&parts).ok()?;
    let mut datagram = BytesMut::from(message.raw.as_slice());
    if let Some((at, byte)) = check.damage {
        let at = usize::from(at) % datagram.len();
        datagram[at] ^= byte;
    }
    Some(datagram)
}
