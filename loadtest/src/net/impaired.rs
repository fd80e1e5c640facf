//! A bad line of a participant's own, in this process: the links of `impair`, without its sockets.

use super::Received;
use link::{Fate, Link, LinkConfig};
use sim::client::Transmit;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Datagrams on both links together; further ones are dropped, as by a queue that is full.
const MAX_UNDER_WAY: usize = 4_096;

/// What comes out at the end of a link.
#[derive(Debug)]
pub(super) enum Out {
    /// To the server.
    Up(Transmit),
    /// To the participant.
    Down(Received),
}

struct UnderWay {
    at: Instant,
    number: u64,
    what: Out,
}

/// The earliest is the greatest: a heap gives out the greatest first. In the order sent, when at the same time.
impl Ord for UnderWay {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for UnderWay {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for UnderWay {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for UnderWay {}

pub(super) struct Impaired {
    up: Link,
    down: Link,
    under_way: BinaryHeap<UnderWay>,
    number: u64,
}

impl Impaired {
    pub(super) fn new(up: LinkConfig, down: LinkConfig, now: Instant, seed: u64) -> Self {
        Self {
            up: Link::new(up, now, seed),
            // Another seed, or both directions would lose the same numbers.
            down: Link::new(down, now, seed ^ u64::MAX),
            under_way: BinaryHeap::new(),
            number: 0,
        }
    }

    pub(super) fn send(&mut self, now: Instant, what: Out) {
        let fate = match &what {
            Out::Up(transmit) => self.up.send(now, transmit.datagram.len()),
            Out::Down(received) => self.down.send(now, received.datagram.len()),
        };
        if let (Fate::Arrives(at), true) = (fate, self.under_way.len() < MAX_UNDER_WAY) {
            self.number += 1;
            let number = self.number;
            self.under_way.push(UnderWay { at, number, what });
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.under_way.peek().map(|next| next.at)
    }

    /// The next that has arrived.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Out> {
        self.under_way.peek().filter(|next| next.at <= now)?;
        let UnderWay { at, what, .. } = self.under_way.pop()?;
        Some(match what {
            Out::Down(received) => Out::Down(Received { at, ..received }),
            up @ Out::Up(_) => up,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use sim::client::Via;
    use std::net::SocketAddr;
    use std::time::Duration;

    fn up(len: usize) -> Out {
        Out::Up(Transmit {
            via: Via::Udp,
            remote: SocketAddr::from(([127, 0, 0, 1], 1)),
            datagram: BytesMut::zeroed(len),
        })
    }

    #[test]
    fn datagrams_arrive_when_the_link_says_in_order_and_not_without_end() {
        let delay = |ms| LinkConfig {
            delay: Duration::from_millis(ms),
            ..LinkConfig::default()
        };
        let now = Instant::now();
        let mut line = Impaired::new(delay(20), delay(10), now, 1);
        for len in 1..=3 {
            line.send(now, up(len));
        }
        assert!(line.poll_timeout().unwrap() >= now + Duration::from_millis(20));
        assert!(line.poll(now + Duration::from_millis(19)).is_none());
        let later = now + Duration::from_millis(25);
        let came = std::iter::from_fn(|| line.poll(later));
        let lens: Vec<_> = came
            .map(|out| if let Out::Up(t) = out { t.datagram.len() } else { 0 })
            .collect();
        assert_eq!(lens, [1, 2, 3]);
        for _ in 0..MAX_UNDER_WAY + 10 {
            line.send(now, up(100));
        }
        assert_eq!(line.under_way.len(), MAX_UNDER_WAY);
    }
}
