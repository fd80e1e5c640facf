//! The client's wheel: datagrams and timers in, datagrams and events out.
//!
//! `rtc` walks its whole stack whenever it is polled. A thousand clients in one process must not do that per packet, so
//! the client knows what can have changed: media that came in leaves nothing to send, no event and no new timer.

use super::{Client, ClientEvent, SLOT_INTERVAL, Transmit, Via};
use bytes::BytesMut;
use rtc::sansio::Protocol as _;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What has to be looked at before the next answer.
#[derive(Debug)]
pub(super) struct Work {
    /// The newest instant the client was given.
    now: Instant,
    /// The start of the grid of timers.
    origin: Instant,
    /// `rtc` may have something: events, messages, datagrams.
    stirred: bool,
    /// Timers of the connection, when they are known to be right.
    timeout: Option<Option<Instant>>,
    /// That of `rtc` among them.
    of_rtc: Option<Option<Instant>>,
    /// When media is due, when that is known to be right.
    media: Option<Option<Instant>>,
}

impl Work {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            now,
            origin: now,
            stirred: true,
            timeout: None,
            of_rtc: None,
            media: None,
        }
    }

    /// The newest instant the client was given.
    pub(super) fn now(&self) -> Instant {
        self.now
    }

    /// Anything may have changed.
    pub(super) fn stir(&mut self) {
        self.stirred = true;
        self.timeout = None;
        self.of_rtc = None;
        self.media = None;
    }

    /// Timers have changed, but not those of `rtc`.
    fn timers_changed(&mut self) {
        self.timeout = None;
    }

    /// Whether `rtc` may have asked for a time that is over.
    fn rtc_is_due(&self, now: Instant) -> bool {
        self.of_rtc.is_none_or(|known| known.is_some_and(|at| at <= now))
    }

    /// Whether media may be due.
    fn media_is_due(&self, now: Instant) -> bool {
        self.media.is_none_or(|known| known.is_some_and(|at| at <= now))
    }

    /// Something waits in `rtc` to be sent.
    pub(super) fn send(&mut self) {
        self.stirred = true;
    }

    /// Media is due at another time than before.
    pub(super) fn media_changed(&mut self) {
        self.media = None;
    }

    /// The grid's last point before `now`.
    fn tick(&self, now: Instant, grid: Duration) -> Instant {
        let since = now.saturating_duration_since(self.origin);
        match since.as_nanos().checked_rem(grid.as_nanos()) {
            Some(over) => now - Duration::from_nanos(u64::try_from(over).unwrap_or(0)),
            None => now,
        }
    }

    /// The grid's first point not before `at`.
    fn next_tick(&self, at: Instant, grid: Duration) -> Instant {
        let tick = self.tick(at, grid);
        if tick < at { tick + grid } else { at }
    }
}

/// RTP, by the first two bytes (RFC 5761 §4, RFC 7983): not STUN, DTLS or RTCP.
fn is_rtp(datagram: &[u8]) -> bool {
    matches!(datagram, [128..=191, second, ..] if !(192..=223).contains(second))
}

impl Client {
    /// A datagram from `remote`.
    pub fn handle_datagram(&mut self, now: Instant, via: Via, remote: SocketAddr, datagram: BytesMut) {
        let (local, transport_protocol) = match via {
            Via::Udp => (self.config.udp, TransportProtocol::UDP),
            Via::Tcp => (self.config.tcp, TransportProtocol::TCP),
        };
        let local_addr = local.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
        let actual = TransportContext {
            local_addr,
            peer_addr: remote,
            transport_protocol,
            ecn: None,
        };
        self.work.now = self.work.now.max(now);
        let inbound = self.mover.inbound(now, actual, via, &datagram, &self.credentials);
        let Some(transport) = inbound else {
            return self.work.stir();
        };
        if !self.connected {
            return self.shake_hands(now, transport, datagram);
        }
        match &mut self.fast {
            _ if !is_rtp(&datagram) => self.work.stir(),
            Some(fast) => {
                if let Some(packet) = fast.handle_datagram(now, datagram) {
                    self.handle_rtp(now, &packet);
                }
                return;
            }
            None => {}
        }
        // Errors are the sender's: a datagram that is not for this connection.
        let _ = self.pc.handle_read(TaggedBytesMut {
            now,
            transport,
            message: datagram,
        });
        self.drain_media();
    }

    /// A datagram while there is no connection yet.
    fn shake_hands(&mut self, now: Instant, transport: TransportContext, message: BytesMut) {
        if self.answered.has(&message) {
            return;
        }
        self.collect();
        let (before, copy) = (self.transmits.len(), message.clone());
        // Errors are the sender's, as above.
        let _ = self.pc.handle_read(TaggedBytesMut {
            now,
            transport,
            message,
        });
        self.drain(now);
        self.collect();
        if self.transmits.len() > before {
            self.answered.add(&copy);
        }
        // `rtc` begins DTLS in the timeout that follows the nomination, and asks for none.
        let _ = self.pc.handle_timeout(now);
        self.drain(now);
    }

    /// Takes what `rtc` has to send.
    fn collect(&mut self) {
        while let Some(out) = self.pc.poll_write() {
            self.transmits
                .push_back(self.mover.outbound(out.transport, out.message));
        }
    }

    /// Takes everything out of `rtc`, when there may be anything.
    fn settle(&mut self) {
        if !self.work.stirred {
            return;
        }
        self.drain(self.work.now);
        self.collect();
        self.work.stirred = false;
    }

    /// Next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        if let Some(transmit) = self.mover.poll_transmit() {
            return Some(transmit);
        }
        self.settle();
        self.transmits.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.settle();
        let timeout = match self.work.timeout {
            Some(known) => known,
            None => {
                let pc = &mut self.pc;
                let of_rtc = *self.work.of_rtc.get_or_insert_with(|| pc.poll_timeout());
                let of_media = self.fast.as_ref().and_then(super::FastPath::poll_timeout);
                let all = [of_rtc, of_media, self.mover.poll_timeout(), self.next_slot_check];
                let first = all.into_iter().flatten().min();
                // A handshake is not made to wait.
                let first = match first {
                    Some(at) if self.connected => Some(self.work.next_tick(at, self.config.timer_grid)),
                    other => other,
                };
                *self.work.timeout.insert(first)
            }
        };
        let media = match self.work.media {
            Some(known) => known,
            None => {
                let sections = self.sections.iter().filter(|_| self.connected);
                let first = sections.filter_map(super::Outgoing::poll_timeout).min();
                *self.work.media.insert(first)
            }
        };
        [timeout, media].into_iter().flatten().min()
    }

    /// The time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.work.now = self.work.now.max(now);
        if self.connected && self.work.media_is_due(now) {
            self.send_media(now);
        }
        if self.work.timeout.is_some_and(|at| at.is_none_or(|at| at > now)) {
            return; // it was for media alone
        }
        // On the grid, so that what is asked for next is on it too.
        let tick = match self.connected {
            true => self.work.tick(now, self.config.timer_grid),
            false => now,
        };
        if self.fast.is_some() && !self.work.rtc_is_due(tick) {
            self.work.timers_changed();
        } else {
            self.work.stir();
            // `rtc` reports only what its interceptors made of their own timers.
            let _ = self.pc.handle_timeout(tick);
        }
        let compound = self.fast.as_mut().map(|fast| fast.handle_timeout(tick));
        if let Some(compound) = compound.filter(|compound| !compound.is_empty()) {
            self.write_control(tick, compound);
        }
        // Fails only without cryptography, and then nothing works.
        let _ = self.mover.handle_timeout(now, &self.credentials);
        if self.next_slot_check.is_some_and(|at| at <= now) {
            self.next_slot_check = Some(tick + SLOT_INTERVAL);
            self.check_slots(now);
        }
    }

    /// Next event.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.settle();
        self.events.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_media_is_taken_for_media() {
        assert!(is_rtp(&[0x80, 96, 0]) && is_rtp(&[0x90, 0x80 | 111]));
        assert!(is_rtp(&[0x80, 63]), "low payload types are in use");
        for other in [&[0x80, 200][..], &[0x81, 206], &[0, 1], &[22, 254], &[0x80], &[]] {
            assert!(!is_rtp(other), "{other:?}");
        }
    }

    #[test]
    fn timers_are_put_on_the_grid_and_never_early() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let start = Instant::now();
        let ms = Duration::from_millis;
        let work = Work::new(start);
        assert_eq!(work.next_tick(start + ms(41), ms(10)), start + ms(50));
        assert_eq!(work.next_tick(start + ms(50), ms(10)), start + ms(50));
        assert_eq!(work.tick(start + ms(59), ms(10)), start + ms(50));
        let exact = Duration::ZERO;
        assert_eq!(work.next_tick(start + ms(41), exact), start + ms(41));
        assert_eq!(work.tick(start + ms(59), exact), start + ms(59));
    }
}
