//! Which addresses are the client's, which of them is in use, and whether anybody is still there.
//!
//! `rtc`'s controlled agent keeps the first nominated pair for ever; browsers move (TCP to UDP, Wi-Fi to cable) by
//! USE-CANDIDATE on a new pair. So the choice is made here: a request with USE-CANDIDATE that `rtc` answered with
//! success makes its path current. Firefox nominates every pair that works (RFC 5245 §8.1.1.2), TCP after UDP, and
//! then uses the best and closes the others: TCP takes over from UDP only when UDP has fallen quiet. Whatever was
//! nominated, media is the last word: a client sends it on the pair that it uses, so we send where it comes from. One
//! packet may be a late one of a pair that was left; two in a row are not.

use crate::api::{Path, PeerEvent, Protocol};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Most validated paths at a time. A browser with two networks has four (each over UDP and TCP).
pub(crate) const MAX_PATHS: usize = 8;
/// A path other than the current one that has been quiet this long is forgotten: browsers check every path they
/// keep at least every 25 s.
const PATH_STALE: Duration = Duration::from_secs(30);
/// Silence after which others should see that something is wrong.
const SILENT: Duration = Duration::from_secs(3);
/// Silence after which consent to send has expired: 30 s at most, RFC 7675 §5.1; half of that, as a lite agent only
/// learns from the client's checks.
const CONSENT: Duration = Duration::from_secs(15);

/// UDP that has been quiet this long may be dead: a nomination of TCP is believed then.
const QUIET_UDP: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
struct Known {
    path: Path,
    heard: Instant,
}

/// Silence after which the client is asked whether it is there: often enough before others are told, so that two lost
/// datagrams do not matter.
const PROBES: [Duration; 3] = [
    Duration::from_millis(1500),
    Duration::from_millis(2000),
    Duration::from_millis(2500),
];

/// Validated paths and the time of the last authenticated packet.
#[derive(Debug)]
pub(crate) struct Paths {
    known: Vec<Known>,
    current: Option<Path>,
    /// The other path over which the last packet of media came.
    moving: Option<Path>,
    heard: Option<Instant>,
    /// What was last reported: 0, 3 or 15 seconds of silence.
    silent: u32,
    /// How often the client was asked since it was last heard.
    probes: usize,
}

impl Paths {
    pub(crate) fn new() -> Self {
        Self {
            known: Vec::with_capacity(MAX_PATHS),
            current: None,
            moving: None,
            heard: None,
            silent: 0,
            probes: 0,
        }
    }

    pub(crate) fn is_validated(&self, path: &Path) -> bool {
        self.known.iter().any(|known| known.path == *path)
    }

    /// The path everything but STUN goes to; `None` before the first nomination and when consent has expired.
    pub(crate) fn current(&self) -> Option<Path> {
        self.current.filter(|_| !self.expired())
    }

    /// The validated path to an address.
    pub(crate) fn find(&self, protocol: Protocol, remote: SocketAddr) -> Option<Path> {
        self.known
            .iter()
            .map(|known| known.path)
            .find(|path| path.protocol == protocol && path.remote == remote)
    }

    /// Consent to send has expired.
    pub(crate) fn expired(&self) -> bool {
        self.silent >= 15
    }

    /// An authenticated check came over this path and was answered.
    pub(crate) fn validated(
        &mut self,
        now: Instant,
        path: Path,
        nominated: bool,
        events: &mut VecDeque<PeerEvent>,
    ) {
        if !self.is_validated(&path) {
            self.make_room(events);
            self.known.push(Known { path, heard: now });
            events.push_back(PeerEvent::PathValidated(path));
        }
        // Until a nomination arrives, the first path that works.
        if self.current.is_none() || nominated && !self.is_worse_than_current(now, &path) {
            self.current = Some(path);
            self.moving = None;
        }
        self.heard_on(now, &path, events);
    }

    /// TCP beside UDP that works.
    fn is_worse_than_current(&self, now: Instant, path: &Path) -> bool {
        let current = self.known.iter().find(|known| Some(known.path) == self.current);
        path.protocol == Protocol::Tcp
            && current.is_some_and(|current| {
                current.path.protocol == Protocol::Udp
                    && now.saturating_duration_since(current.heard) < QUIET_UDP
            })
    }

    /// Authenticated media came over this path. When the packet before it did as well, the client uses it.
    pub(crate) fn media_on(&mut self, now: Instant, path: &Path, events: &mut VecDeque<PeerEvent>) {
        if self.current == Some(*path) {
            self.moving = None;
        } else if self.is_validated(path) && self.moving.replace(*path) == Some(*path) {
            self.current = Some(*path);
            self.moving = None;
        }
        self.heard_on(now, path, events);
    }

    /// The connection behind this path has closed: what is left, the one heard last first.
    pub(crate) fn closed(&mut self, path: &Path, events: &mut VecDeque<PeerEvent>) {
        let before = self.known.len();
        self.known.retain(|known| known.path != *path);
        if self.known.len() == before {
            return;
        }
        events.push_back(PeerEvent::PathForgotten(*path));
        if self.current == Some(*path) {
            self.moving = None;
            self.current = self
                .known
                .iter()
                .max_by_key(|known| known.heard)
                .map(|known| known.path);
        }
    }

    /// Something authenticated came over this path.
    pub(crate) fn heard_on(&mut self, now: Instant, path: &Path, events: &mut VecDeque<PeerEvent>) {
        if let Some(known) = self.known.iter_mut().find(|known| known.path == *path) {
            known.heard = now;
        }
        self.heard = Some(now);
        self.probes = 0;
        if self.silent != 0 {
            self.silent = 0;
            events.push_back(PeerEvent::Silent { seconds: 0 });
        }
    }

    /// Where to ask whether the client is there, when that is due.
    pub(crate) fn probe(&mut self, now: Instant) -> Option<Path> {
        self.next_probe().filter(|due| *due <= now)?;
        self.probes += 1;
        self.current()
    }

    fn next_probe(&self) -> Option<Instant> {
        Some(self.heard? + *PROBES.get(self.probes)?)
    }

    /// Report silence and forget stale paths.
    pub(crate) fn handle_timeout(&mut self, now: Instant, events: &mut VecDeque<PeerEvent>) {
        let Some(heard) = self.heard else { return };
        let silence = now.saturating_duration_since(heard);
        let steps = [(SILENT, 3), (CONSENT, 15)];
        for (after, seconds) in steps {
            if silence >= after && self.silent < seconds {
                self.silent = seconds;
                events.push_back(PeerEvent::Silent { seconds });
            }
        }
        let current = self.current;
        self.known.retain(|known| {
            let stale =
                Some(known.path) != current && now.saturating_duration_since(known.heard) >= PATH_STALE;
            if stale {
                events.push_back(PeerEvent::PathForgotten(known.path));
            }
            !stale
        });
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let silence = match (self.heard, self.silent) {
            (Some(heard), 0) => Some(heard + SILENT),
            (Some(heard), 3) => Some(heard + CONSENT),
            _ => None,
        };
        let stale = self
            .known
            .iter()
            .filter(|known| Some(known.path) != self.current)
            .map(|known| known.heard + PATH_STALE);
        stale.chain(silence).chain(self.next_probe()).min()
    }

    /// When full, the path that has been quiet longest goes; never the current one.
    fn make_room(&mut self, events: &mut VecDeque<PeerEvent>) {
        if self.known.len() < MAX_PATHS {
            return;
        }
        let quietest = self
            .known
            .iter()
            .enumerate()
            .filter(|(_, known)| Some(known.path) != self.current)
            .min_by_key(|(_, known)| known.heard)
            .map(|(i, _)| i);
        if let Some(i) = quietest {
            events.push_back(PeerEvent::PathForgotten(self.known.swap_remove(i).path));
        }
    }
}
