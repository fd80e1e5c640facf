//! From a publisher's packet to everyone who sees or hears it.

use crate::counters::DropReason;
use crate::router::Router;
use crate::state::{PeerKey, TrackKey};
use forward::{CaptureTime, Inserted, LayerSet};
use media::{Codec, Kind, LayerIndex, MLineIndex, NtpTime, Packet, RtpTime, SeqNo};
use peer::Peer;

impl<P: Peer> Router<P> {
    /// A packet of a publish section.
    pub(crate) fn handle_rtp(
        &mut self,
        from: PeerKey,
        section: MLineIndex,
        layer: LayerIndex,
        packet: Packet,
    ) {
        let Some(publisher) = self.peers.get_mut(from) else {
            return;
        };
        publisher.packets_in += 1;
        let found = publisher.section(section).and_then(|section| section.track);
        let Some((key, track)) = found.and_then(|key| Some((key, self.tracks.get_mut(key)?))) else {
            return self.refuse(DropReason::NoTrack);
        };
        self.counters.incoming(track.source.kind(), packet.payload.len());
        let Some(index) = track.layer_of(layer) else {
            return self.refuse(DropReason::NoLayer);
        };
        let Some(layer) = track.layers.get(usize::from(index.0)) else {
            return;
        };
        let capture = layer
            .clock
            .capture_time(&publisher.clock, packet.timestamp, self.now);
        self.take_in(key, index, packet, capture);
    }

    /// A packet of a track, whoever brought it.
    pub(crate) fn take_in(
        &mut self,
        key: TrackKey,
        index: LayerIndex,
        mut packet: Packet,
        capture: CaptureTime,
    ) {
        self.make_way(key, index, packet.seq);
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let stopped = (packet.extensions.layers_allocation.take())
            .filter(|_| !track.is_imported())
            .map(|bytes| track.handle_allocation(self.now, index, packet.seq, capture, &bytes))
            .unwrap_or_default();
        let Some(layer) = track.layers.get_mut(usize::from(index.0)) else {
            return;
        };
        let (muted, seq, level) = (track.muted, packet.seq, packet.extensions.audio_level);
        let (at, bytes, packet_codec) = (packet.timestamp, packet.payload.len(), packet.codec);
        let inserted = if muted {
            Inserted::TooOld
        } else {
            layer.ring.insert(packet)
        };
        layer.rate.add(self.now, bytes);
        // Repairs of what a layer sent before it stopped do not make it go on, nor does the rest of that.
        let goes_on = muted || (inserted == Inserted::New && layer.claim.is_borne_out(self.now, capture.at));
        if goes_on {
            (layer.heard, layer.absent) = (Some(self.now), false);
        }
        // What flows as RED can also flow as Opus, so a publisher that changes between them changes nothing.
        let codec = if packet_codec == Codec::Red {
            Codec::Opus
        } else {
            packet_codec
        };
        let status = track.status.get_mut(usize::from(index.0)).filter(|_| goes_on);
        let woke = status.is_some_and(|status| !std::mem::replace(&mut status.active, true));
        let another = track.codec.replace(codec) != Some(codec);
        let changed = another || woke || stopped != LayerSet::EMPTY;
        if changed {
            track.codec_wish.note(codec);
        }
        let taken = matches!(inserted, Inserted::New | Inserted::Late);
        let info = layer.ring.get(seq).filter(|_| taken).and_then(|read| read.info);
        if let Some(info) = info {
            layer.spatial.add(self.now, info.spatial_id, bytes);
            layer.temporal.add(self.now, info.temporal_id, bytes);
        }
        let readable: Vec<(SeqNo, i32)> = layer
            .ring
            .take_readable()
            .into_iter()
            .map(|seq| (seq, layer.ticks_after(at, seq)))
            .collect();
        // Of sound every packet is one that can be begun at, and nobody asks for it.
        let begins = codec.kind() == Kind::Video && info.is_some_and(|info| info.keyframe);
        if changed {
            self.forward_waiting();
        }
        self.give_up_repairs(key, stopped);
        let serve = changed && self.retarget_subscribers(key);
        // A keyframe is not asked for when it is here: that costs the publisher a second one.
        if serve && !begins {
            self.service_track(key);
        }
        match inserted {
            _ if muted => return self.refuse(DropReason::Muted),
            Inserted::New | Inserted::Late => {}
            Inserted::Duplicate => return self.refuse(DropReason::Duplicate),
            Inserted::TooOld => return self.refuse(DropReason::TooOld),
        }
        let open = self.hear(key, level);
        self.tell_level(key, level, open);
        if !open {
            return self.refuse(DropReason::NotLoudest);
        }
        self.forward(key, index, seq, capture);
        self.export(key, index, seq, capture);
        for (seq, ticks) in readable {
            let capture = capture.shifted(ticks, codec.clock_rate());
            self.forward(key, index, seq, capture);
        }
        if begins {
            // Who waits for it has it before anybody looks whether to ask for it.
            self.forward_waiting();
            if let Some(track) = self.tracks.get_mut(key) {
                track.keyframes.handle_keyframe(index);
            }
        }
        if serve && begins {
            self.service_track(key);
        }
    }

    /// A publisher's clocks for one layer.
    pub(crate) fn handle_sender_report(
        &mut self,
        from: PeerKey,
        section: MLineIndex,
        layer: LayerIndex,
        ntp: NtpTime,
        rtp: RtpTime,
    ) {
        let Some(publisher) = self.peers.get_mut(from) else {
            return;
        };
        publisher.clock.handle_sender_report(self.now, ntp);
        let found = publisher.section(section).and_then(|section| section.track);
        let Some(track) = found.and_then(|key| self.tracks.get_mut(key)) else {
            return;
        };
        let Some(index) = track.layer_of(layer) else {
            return;
        };
        if let Some(layer) = track.layers.get_mut(usize::from(index.0)) {
            layer.clock.handle_sender_report(self.now, ntp, rtp);
        }
    }
}
