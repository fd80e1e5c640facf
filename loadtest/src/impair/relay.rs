//! The relay between its sockets: the two links and what is under way on them.

use super::flows::{Arrived, Direction, Flows};
use super::stats::Counts;
use super::{ImpairCommand, ImpairOptions, STATS, STATS_PER_LINE, take};
use link::{Drop as Dropped, Fate, HEADER_BYTES, Link, LinkConfig, RateStep};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// Datagrams on both links together, about 50 MB: more than two full queues, or what a long delay holds.
const MAX_UNDER_WAY: usize = 40_000;
/// What is due this soon goes now: tokio's timer has steps of 1 ms and is never early.
pub(super) const EARLY: Duration = Duration::from_micros(500);

/// One direction.
struct Way {
    link: Link,
    since_stats: Counts,
    since_line: Counts,
}

impl Way {
    fn new(config: LinkConfig, now: Instant, seed: u64) -> Self {
        Self {
            link: Link::new(config, now, seed),
            since_stats: Counts::default(),
            since_line: Counts::default(),
        }
    }

    fn send(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        self.since_stats.queue = self.since_stats.queue.max(self.link.queue_delay(now));
        match self.link.send(now, bytes) {
            Fate::Arrives(at) => return Some(at),
            Fate::Dropped(Dropped::Queue) => self.since_stats.full += 1,
            Fate::Dropped(Dropped::Loss) => self.since_stats.lost += 1,
        }
        None
    }
}

/// By time of arrival, then in the order sent.
type UnderWay = Reverse<(Instant, u64, Direction, SocketAddr, Vec<u8>)>;

pub(super) struct Relay {
    started: Instant,
    listen: Arc<UdpSocket>,
    flows: Flows,
    up: Way,
    down: Way,
    under_way: BinaryHeap<UnderWay>,
    sent: u64,
    overflow: Arc<AtomicU64>,
}

impl Relay {
    pub(super) fn new(
        options: ImpairOptions,
        listen: Arc<UdpSocket>,
        arrived: mpsc::Sender<Arrived>,
        overflow: Arc<AtomicU64>,
        now: Instant,
    ) -> Self {
        Self {
            started: now,
            listen,
            flows: Flows::new(options.to, arrived, Arc::clone(&overflow)),
            up: Way::new(options.up, now, options.seed),
            // Another seed, or both directions would lose the same numbers.
            down: Way::new(options.down, now, options.seed ^ u64::MAX),
            under_way: BinaryHeap::new(),
            sent: 0,
            overflow,
        }
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.under_way.peek().map(|Reverse(next)| next.0)
    }

    /// Puts a datagram on its link.
    pub(super) async fn accept(&mut self, arrived: Arrived, now: Instant) {
        let Arrived {
            direction,
            client,
            datagram,
        } = arrived;
        let known = match direction {
            Direction::Up => self.flows.open(client, now).await,
            Direction::Down => self.flows.touch(client, now),
        };
        let full = self.under_way.len() >= MAX_UNDER_WAY;
        let way = self.way(direction);
        if !known || full {
            way.since_stats.refused += 1;
            return;
        }
        let Some(at) = way.send(now, datagram.len()) else {
            return;
        };
        self.sent += 1;
        self.under_way
            .push(Reverse((at, self.sent, direction, client, datagram)));
    }

    /// Sends what is due.
    pub(super) fn deliver(&mut self, now: Instant) {
        let soon = now + EARLY;
        while self.next_due().is_some_and(|due| due <= soon) {
            let Some(Reverse((_, _, direction, client, datagram))) = self.under_way.pop() else {
                return;
            };
            let way = self.way(direction);
            way.since_stats.bytes += (datagram.len() + HEADER_BYTES) as u64;
            way.since_stats.datagrams += 1;
            match direction {
                Direction::Up => self.flows.send(client, &datagram),
                // What the socket does not take is lost: that is what UDP is like.
                Direction::Down => {
                    let _ = self.listen.try_send_to(&datagram, client);
                }
            }
        }
    }

    fn way(&mut self, direction: Direction) -> &mut Way {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }

    pub(super) fn obey(&mut self, command: ImpairCommand, now: Instant) {
        match command {
            ImpairCommand::Up(config) => self.up.link.config = config,
            ImpairCommand::Down(config) => self.down.link.config = config,
            ImpairCommand::Schedule(steps) => {
                // A link counts from its start.
                let since = now.saturating_duration_since(self.started);
                let at = |step: &RateStep| RateStep {
                    at: step.at.saturating_add(since),
                    ..*step
                };
                let steps: Vec<RateStep> = steps.iter().map(at).collect();
                for way in [&mut self.up, &mut self.down] {
                    // Until the first step the link stays as it is, also when a schedule was running.
                    way.link.config.rate_bps = way.link.rate_at(now);
                    way.link.config.schedule.clone_from(&steps);
                }
            }
        }
    }

    /// What happened since the last call, for the file.
    pub(super) fn stats(&mut self, now: Instant) -> serde_json::Value {
        // Nobody knows the direction of what was not even looked at; nearly all of it is media, downwards.
        self.down.since_stats.refused += take(&self.overflow);
        let json = serde_json::json!({
            "time_ms": now.saturating_duration_since(self.started).as_millis() as u64,
            "up": self.up.since_stats.json(STATS, &self.up.link, now),
            "down": self.down.since_stats.json(STATS, &self.down.link, now),
        });
        for way in [&mut self.up, &mut self.down] {
            way.since_line.add(&std::mem::take(&mut way.since_stats));
        }
        json
    }

    /// What happened since the last call, for the screen.
    pub(super) fn line(&mut self, now: Instant) -> String {
        let span = STATS * STATS_PER_LINE;
        let up = std::mem::take(&mut self.up.since_line).line(span);
        let down = std::mem::take(&mut self.down.since_line).line(span);
        let seconds = now.saturating_duration_since(self.started).as_secs();
        format!(
            "{seconds:>4} s  {} clients | up {up} | down {down}",
            self.flows.len()
        )
    }
}
