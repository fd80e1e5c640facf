//! What goes out: where each datagram must go, and RTCP in datagrams that fit.

use super::RtcPeer;
use crate::api::{Path, Peer, Protocol, Transmit};
use crate::handshake::holds_alert;
use crate::probe;
use crate::srtp::Rejected;
use crate::stun::{Binding, Class};
use bytes::BytesMut;
use media::MLineIndex;
use media::packet::SlotPacket;
use rtc::rtcp;
use rtc::sansio::Protocol as _;
use rtc::shared::{TransportContext, TransportProtocol};
use std::time::Instant;

/// Largest compound of feedback; what is longer is split, so that it fits a datagram.
const MAX_RTCP_BYTES: usize = 1100;
/// Probes whose answer counts: all that are sent before others are told of silence.
const MAX_PROBES: usize = 3;

impl RtcPeer {
    /// Move what `rtc` wants to send to where it must go.
    pub(super) fn flush(&mut self) {
        self.unsent = false;
        self.flight.begin();
        while let Some(out) = self.pc.poll_write() {
            self.route(&out.transport, out.message);
        }
        self.pc_timeout = None;
        self.other_timeout = None;
    }

    pub(super) fn route(&mut self, transport: &TransportContext, datagram: BytesMut) {
        let path = match datagram.first() {
            Some(0..=3) => self.route_check(transport, &datagram),
            Some(20..=63) if !self.connected && holds_alert(&datagram) => {
                let path = self.paths.current();
                self.finish("the DTLS handshake failed", true);
                path
            }
            Some(20..=63) if !self.connected => {
                self.flight.leaves(self.now, &datagram);
                self.paths.current()
            }
            _ => self.paths.current(),
        };
        if let Some(path) = path {
            self.transmits.push_back(Transmit { path, datagram });
        }
    }

    /// STUN goes where `rtc` says. A success response to the check at hand proves that its sender knows our password.
    pub(super) fn route_check(&mut self, transport: &TransportContext, datagram: &[u8]) -> Option<Path> {
        let protocol = match transport.transport_protocol {
            TransportProtocol::TCP => Protocol::Tcp,
            _ => Protocol::Udp,
        };
        let remote = transport.peer_addr;
        let Some((now, path, check)) = self
            .check
            .filter(|(_, path, _)| path.protocol == protocol && path.remote == remote)
        else {
            return self.paths.find(protocol, remote);
        };
        let out = Binding::parse(datagram);
        let answer =
            out.is_some_and(|out| out.class == Class::Success && out.transaction == check.transaction);
        // A client that nominates with its very first check (Firefox) gets a check of `rtc`'s own instead of an
        // answer. That too comes only after the password was right; and unless the address counts as the client's
        // now, its response, which carries no username, finds nobody.
        let counter_check = out.is_some_and(|out| out.class == Class::Request);
        self.deferred |= counter_check && check.use_candidate;
        if (answer || counter_check) && check.class == Class::Request {
            if !self.remotes.contains(&(protocol, remote)) {
                self.remotes.push((protocol, remote));
            }
            self.paths
                .validated(now, path, answer && check.use_candidate, &mut self.events);
        }
        Some(path)
    }

    /// Queue a packet of a slot, or `again` as a retransmission.
    pub(super) fn push(&mut self, now: Instant, slot: MLineIndex, packet: SlotPacket, again: bool) {
        self.now = self.now.max(now);
        let reachable = self.is_reachable();
        if reachable && self.egress.push(now, &self.sender, slot, packet, again) {
            self.paced = true;
        } else {
            self.stats.dropped_out += 1;
        }
    }

    /// The next packet that may leave now, encrypted in `buffer`. One at a time: it is sent while it is still in the cache.
    pub(super) fn release(&mut self, buffer: &mut Vec<u8>) -> Option<Path> {
        if !self.is_reachable() {
            self.paced = false;
            self.stats.dropped_out += self.egress.discard(self.now);
            return None;
        }
        let (Some(srtp), Some(path)) = (&mut self.srtp, self.paths.current()) else {
            self.paced = false;
            return None;
        };
        let start = buffer.len();
        while let Some(plain) = self.egress.poll(self.now, &mut self.sender, buffer) {
            // The cipher refuses only more than 64 GiB.
            if srtp.protect(buffer, &plain).is_ok() {
                return Some(path);
            }
            buffer.truncate(start);
        }
        self.paced = false;
        None
    }

    /// Tell the router of a changed estimate.
    pub(super) fn tell_bandwidth(&mut self, now: Instant) {
        if self.connected {
            self.egress.tell(now, &mut self.events);
        }
    }

    /// Send RTCP in as few datagrams as fit.
    pub(super) fn write_rtcp(&mut self, packets: Vec<Box<dyn rtcp::Packet>>) {
        let (mut compound, mut bytes) = (Vec::new(), 0);
        for packet in packets {
            let size = packet.raw_size();
            if bytes + size > MAX_RTCP_BYTES && !compound.is_empty() {
                self.write_compound(&compound);
                compound.clear();
                bytes = 0;
            }
            bytes += size;
            compound.push(packet);
        }
        if !compound.is_empty() {
            self.write_compound(&compound);
        }
    }

    fn write_compound(&mut self, compound: &[Box<dyn rtcp::Packet>]) {
        let (Some(srtp), Some(path)) = (&mut self.srtp, self.paths.current()) else {
            return;
        };
        match srtp.protect_control(compound) {
            Ok(datagram) => self.transmits.push_back(Transmit { path, datagram }),
            // What we wrote ourselves can be written.
            Err(Rejected) => self.stats.dropped_out += 1,
        }
    }

    /// Ask whether the client is there.
    pub(super) fn send_probe(&mut self, path: Path) {
        let request = probe::request(&self.local, &self.session.transport, self.factory.crypto.as_ref());
        if let Some((transaction, datagram)) = request {
            self.probes.truncate(MAX_PROBES - 1);
            self.probes.insert(0, transaction);
            self.transmits.push_back(Transmit { path, datagram });
        }
    }
}
