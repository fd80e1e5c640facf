//! The end of `rtc`'s inbound media path: an interceptor that takes every decrypted packet out.
//!
//! Past its interceptors `rtc` would look for a transceiver by SSRC; there is none, because `rtc` negotiates no
//! media section (see [`crate::sdp`]). An interceptor cannot be reached once the connection owns it, so packets
//! leave through a small bounded channel that the peer drains after every datagram.

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

/// One datagram is at most one packet, and the peer drains after each: never full.
const TAP_PACKETS: usize = 4;

/// Takes inbound packets out, lets outbound ones pass.
pub(crate) struct Tap {
    inbound: SyncSender<Packet>,
    outbound: VecDeque<TaggedPacket>,
}

/// A tap, and where its packets come out.
pub(crate) fn tap() -> (Tap, Receiver<Packet>) {
    let (inbound, receiver) = sync_channel(TAP_PACKETS);
    (
        Tap {
            inbound,
            outbound: VecDeque::new(),
        },
        receiver,
    )
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Tap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        // Full or closed only when the peer is going away: the packet is lost like any other.
        let _ = self.inbound.try_send(packet.message.packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        None
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.outbound.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outbound.pop_front()
    }
}

impl Interceptor for Tap {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _info: &StreamInfo) {}
}
