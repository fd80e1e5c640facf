//! The peer on `rtc`.

use crate::api::*;
use crate::config::SrtpProfiles;
use crate::factory::PeerFactory;
use bytes::{Bytes, BytesMut};
use media::packet::SlotPacket;
use media::{LayerIndex, MLineIndex};
use rtc::peer_connection::RTCPeerConnection;
use std::time::Instant;

/// The server's end of one PeerConnection, on `rtc`.
pub struct RtcPeer {
    pc: RTCPeerConnection,
}

impl RtcPeer {
    pub(crate) fn accept(
        _factory: &PeerFactory,
        _now: Instant,
        _offer: &str,
        _profiles: SrtpProfiles,
    ) -> Result<(Self, Answer), OfferError> {
        Err(OfferError::Unsupported("not yet".into()))
    }
}

const fn _is_send<T: Send>() {}
const _: () = _is_send::<RtcPeer>();

impl Peer for RtcPeer {
    fn handle_datagram(&mut self, _now: Instant, _path: Path, _datagram: BytesMut) {
        let _ = &self.pc;
    }
    fn handle_timeout(&mut self, _now: Instant) {}
    fn poll_timeout(&mut self) -> Option<Instant> {
        None
    }
    fn poll_transmit(&mut self) -> Option<Transmit> {
        None
    }
    fn poll_event(&mut self) -> Option<PeerEvent> {
        None
    }
    fn handle_offer(&mut self, _now: Instant, _sdp: &str) -> Result<Answer, OfferError> {
        Err(OfferError::Unsupported("not yet".into()))
    }
    fn accepts(&self, _slot: MLineIndex, _codec: media::Codec) -> bool {
        false
    }
    fn send_rtp(&mut self, _now: Instant, _slot: MLineIndex, _packet: SlotPacket) {}
    fn send_retransmission(&mut self, _now: Instant, _slot: MLineIndex, _packet: SlotPacket) {}
    fn send_report(&mut self, _now: Instant, _slot: MLineIndex, _report: SlotReport) {}
    fn request_keyframe(&mut self, _now: Instant, _section: MLineIndex, _layer: LayerIndex) {}
    fn send_data(&mut self, _now: Instant, _channel: DataChannel, _message: Bytes) -> Result<(), DataError> {
        Err(DataError::NotOpen)
    }
    fn close(&mut self, _now: Instant) {}
    fn stats(&self) -> PeerStats {
        PeerStats::default()
    }
}
