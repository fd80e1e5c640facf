//! What a participant adds to its thread's tally.

use crate::engine::tally;
use sim::client::Client;
use std::time::Duration;

/// What of a participant is in the tally already.
#[derive(Debug, Default)]
pub(super) struct Counted {
    connected: bool,
    subscribes: bool,
    sent: (u64, u64),
    pub(super) received: sim::client::Received,
    lost: u64,
    nacked: u64,
    freezes: u64,
    frozen: Duration,
}

impl Counted {
    pub(super) fn connect(&mut self, subscribes: bool) {
        (self.connected, self.subscribes) = (true, subscribes);
        tally::count(|tally| {
            tally.connected += 1;
            tally.subscribers += i64::from(subscribes);
        });
    }

    pub(super) fn leave(&mut self) {
        tally::count(|tally| {
            tally.connected -= i64::from(self.connected);
            tally.subscribers -= i64::from(self.connected && self.subscribes);
        });
    }

    /// Adds what came and went since the last call; cheap enough for every turn. Who does not publish is not asked what it
    /// sent: that is looked for in every encoding.
    pub(super) fn packets(&mut self, client: &mut Client, publishes: bool) {
        let sent = if publishes { client.sent() } else { self.sent };
        let received = client.received();
        tally::count(|tally| {
            tally.packets_sent += sent.0 - self.sent.0;
            tally.sent_bytes += sent.1 - self.sent.1;
            tally.packets_received += received.packets - self.received.packets;
            tally.received_bytes += received.bytes - self.received.bytes;
            tally.frames += received.frames - self.received.frames;
            for (kind, age) in client.take_ages() {
                tally.latency(kind, age);
            }
        });
        (self.sent, self.received) = (sent, received);
    }

    /// Adds what is counted slot by slot.
    pub(super) fn slots(&mut self, client: &Client) {
        let (mut lost, mut freezes, mut frozen) = (0, 0, Duration::ZERO);
        for slot in client.slots() {
            lost += slot.stats.lost;
            freezes += slot.stats.freezes;
            frozen += slot.stats.frozen;
        }
        let nacked = client.nacked();
        tally::count(|tally| {
            tally.packets_lost += lost - self.lost;
            tally.packets_nacked += nacked - self.nacked;
            tally.freezes += freezes - self.freezes;
            tally.frozen += frozen - self.frozen;
        });
        (self.lost, self.nacked, self.freezes, self.frozen) = (lost, nacked, freezes, frozen);
    }
}
