//! Peers come, change, speak and go.

use crate::counters::DropReason;
use crate::demux::Owner;
use crate::quality::QualityMeter;
use crate::rate::Rate;
use crate::relay::RelayMessage;
use crate::resent::Resent;
use crate::router::{Router, add_stats};
use crate::speakers::Speakers;
use crate::state::{MAX_MLINES, PeerEntry, PeerKey, Room, RoomKey, Section, Slot};
use crate::timers::{Armed, Timer};
use forward::{Forwarder, PublisherClock};
use media::plane::{MediaEvent, Sections};
use media::{Codec, Kind, MLineIndex, ParticipantId, RoomId, RtpTime, SeqNo};
use peer::{Answer, Path, Peer, PeerEvent, PeerStats, Protocol};
use std::time::{Duration, Instant};

/// Retransmissions one subscriber may cause per second on average. Nine good pictures are about 2,500 packets a
/// second, so this repairs a loss of 20 % and 40; a client that asks for more only makes its congestion worse.
const RETRANSMISSIONS_PER_SECOND: u32 = 1_000;

/// Seconds of silence after which another peer may have the address: less is a hiccup, and an address that a
/// living peer uses is not given away even to someone who can prove to receive there.
const ADDRESS_FREE_AFTER_SECONDS: u32 = 3;

/// Between two sender reports of a slot.
pub(crate) const REPORT_INTERVAL: Duration = Duration::from_secs(1);

impl<P: Peer> Router<P> {
    /// A participant's peer, built elsewhere from its first offer; `answer` is what `accept` returned.
    ///
    /// A former peer of the same participant is removed first, with all it published. When the router is full
    /// the peer is closed and [`MediaEvent::Disconnected`] says so.
    pub fn add_peer(
        &mut self,
        now: Instant,
        room: RoomId,
        participant: ParticipantId,
        peer: P,
        answer: &Answer,
    ) {
        self.forward_waiting();
        self.advance(now);
        self.remove_participant(participant);
        if self.peers.len() >= self.config.max_peers {
            return self.turn_away(participant, peer);
        }
        // There is a place for each peer's room.
        let Some(room_key) = self.room(room) else { return };
        let entry = PeerEntry {
            peer,
            participant,
            room: room_key,
            registration: Default::default(),
            sections: Vec::new(),
            slots: Vec::new(),
            talker_slots: Vec::new(),
            clock: PublisherClock::new(),
            silent_seconds: 0,
            view_share: 1.0,
            packets_in: 0,
            quality: QualityMeter::default(),
            may_send_data: true,
            may_hear: true,
            data_messages: Rate::new(self.config.data_messages_per_second, self.now),
            data_bytes: Rate::new(self.config.data_bytes_per_second, self.now),
            retransmissions: Rate::new(RETRANSMISSIONS_PER_SECOND, self.now),
            home: None,
            carried: 0,
            elsewhere: PeerStats::default(),
            timer: Armed::default(),
            reports: Armed::default(),
            dirty: false,
            sending: false,
        };
        let Ok(key) = self.peers.insert(entry) else { return };
        self.serving = Some(key);
        self.by_participant.insert(participant, key);
        if let Some(room) = self.rooms.get_mut(room_key) {
            room.peers.push(key);
            room.epoch += 1;
        }
        self.adopt_answer(key, answer);
        if let Some(entry) = self.peers.get_mut(key) {
            // Spread over the second, so that a thousand peers' reports do not leave at once.
            let phase = Duration::from_millis(u64::from(key.spread() % 1_000));
            self.timers
                .arm(&mut entry.reports, self.now + phase, Timer::Reports(key));
            entry.touch(key, &mut self.dirty);
        }
        self.update_gauges();
    }

    /// What the participant may do by itself, from now on.
    pub(crate) fn permit(&mut self, participant: ParticipantId, data: bool, subscribe: bool) {
        let Some(key) = self.by_participant.get(&participant).copied() else {
            return self.refuse(DropReason::CommandInvalid);
        };
        let Some(entry) = self.peers.get_mut(key) else {
            return;
        };
        entry.may_send_data = data;
        entry.may_hear = subscribe;
        if !subscribe {
            for mline in entry.talker_slots.clone() {
                self.release_talker_slot(key, mline);
            }
        }
    }

    pub(crate) fn turn_away(&mut self, participant: ParticipantId, peer: P) {
        self.bid_farewell(peer);
        self.refuse(DropReason::LimitReached);
        self.emit(MediaEvent::Disconnected {
            participant,
            reason: "this worker is full",
            dtls_alert: false,
        });
        self.update_gauges();
    }

    /// The room's entry, made when its first peer comes.
    pub(crate) fn room(&mut self, id: RoomId) -> Option<RoomKey> {
        if let Some(key) = self.by_room.get(&id) {
            return Some(*key);
        }
        let speakers = Speakers::new(self.config.loudest);
        let key = self
            .rooms
            .insert(Room {
                id,
                peers: Vec::new(),
                neighbours: Vec::new(),
                imports: 0,
                speakers,
                epoch: 0,
                timer: Armed::default(),
            })
            .ok()?;
        self.by_room.insert(id, key);
        Some(key)
    }

    /// Takes up what an answer says: the username, new sections, new slots. What is there stays as it is.
    fn adopt_answer(&mut self, key: PeerKey, answer: &Answer) {
        let now = self.now;
        let Some(entry) = self.peers.get_mut(key) else {
            return;
        };
        let owner = Owner::Peer(key);
        self.demultiplexer
            .add_ufrag(&mut entry.registration, owner, &answer.ufrag);
        if let Some(home) = entry.home {
            let message = RelayMessage::Username {
                participant: entry.participant,
                ufrag: answer.ufrag.as_str().into(),
            };
            self.outboxes.push(&mut self.counters, home, message);
        }
        let Sections {
            publish,
            video_slots,
            audio_slots,
        } = &answer.sections;
        for section in publish {
            let place = place(&mut entry.sections, section.mline);
            if let Some(place @ None) = place {
                *place = Some(Section {
                    kind: section.kind,
                    rids: section.rids.clone(),
                    track: None,
                });
            }
        }
        let video = video_slots.iter().map(|slot| (slot.mline, Kind::Video));
        let audio = audio_slots.iter().map(|slot| (slot.mline, Kind::Audio));
        for (mline, kind) in video.chain(audio) {
            if let Some(place @ None) = place(&mut entry.slots, mline) {
                *place = Some(new_slot(now, key, mline, kind));
                self.counters.slots += 1;
            }
        }
        let talker_slots = audio_slots
            .iter()
            .skip(video_slots.len())
            .map(|slot| slot.mline)
            .collect();
        let former = std::mem::replace(&mut entry.talker_slots, talker_slots);
        // A slot that has become the pair of a new video slot is no longer ours to fill.
        for slot in former {
            if self
                .peers
                .get(key)
                .is_some_and(|entry| !entry.talker_slots.contains(&slot))
            {
                self.release_talker_slot(key, slot);
            }
        }
    }

    /// A later offer of a participant.
    pub(crate) fn handle_offer(&mut self, participant: ParticipantId, request: u64, sdp: &str) {
        let found = self.by_participant.get(&participant).copied();
        let result = match found.and_then(|key| Some((key, self.peers.get_mut(key)?))) {
            None => Err("the participant has no connection any more; join again".to_owned()),
            Some((key, entry)) => {
                self.serving = Some(key);
                let answer = entry.peer.handle_offer(self.now, sdp);
                entry.touch(key, &mut self.dirty);
                answer
                    .map(|answer| (key, answer))
                    .map_err(|error| error.to_string())
            }
        };
        let result = result.map(|(key, answer)| {
            self.adopt_answer(key, &answer);
            self.update_gauges();
            (answer.sdp, answer.sections)
        });
        self.emit(MediaEvent::Answer {
            participant,
            request,
            result,
        });
    }

    /// Removes a participant's peer, if it has one.
    pub(crate) fn remove_participant(&mut self, participant: ParticipantId) {
        if let Some(key) = self.by_participant.get(&participant).copied() {
            self.remove_peer(key);
        }
        self.end_detour(participant);
    }

    /// Closes a peer and frees all that hangs on it.
    fn remove_peer(&mut self, key: PeerKey) {
        self.serving = Some(key);
        let Some(mut entry) = self.take_out(key) else {
            return;
        };
        entry.peer.close(self.now);
        while let Some(transmit) = entry.peer.poll_transmit() {
            self.farewells.push_back(transmit);
        }
        self.departed = add_stats(self.departed, entry.stats_here());
    }

    /// Frees all that hangs on a peer, without a call to it.
    pub(crate) fn take_out(&mut self, key: PeerKey) -> Option<PeerEntry<P>> {
        let entry = self.peers.get(key)?;
        let published: Vec<_> = entry
            .sections
            .iter()
            .flatten()
            .filter_map(|section| section.track)
            .collect();
        let slots: Vec<_> = entry.all_slots().map(|(mline, _)| mline).collect();
        // First, or it is called as one who hears what its own tracks make way for.
        for slot in &slots {
            self.clear_slot(key, *slot);
        }
        for track in published {
            self.remove_track(track);
        }
        let mut entry = self.peers.remove(key)?;
        self.counters.slots -= slots.len() as u64;
        self.by_participant.remove(&entry.participant);
        self.demultiplexer
            .forget_peer(std::mem::take(&mut entry.registration));
        self.leave_room(entry.room, key);
        self.update_gauges();
        Some(entry)
    }

    pub(crate) fn leave_room(&mut self, key: RoomKey, peer: PeerKey) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        room.peers.retain(|other| *other != peer);
        if room.peers.is_empty() {
            let id = room.id;
            self.drop_imports(key);
            self.by_room.remove(&id);
            self.rooms.remove(key);
        }
    }

    /// Handles all that a peer has to tell.
    pub(crate) fn drain_peer_events(&mut self, key: PeerKey) {
        let before = self.serve(key);
        while let Some(event) = self.peers.get_mut(key).and_then(|entry| entry.peer.poll_event()) {
            self.handle_peer_event(key, event);
        }
        self.serving = before;
    }

    fn handle_peer_event(&mut self, key: PeerKey, event: PeerEvent) {
        if !matches!(event, PeerEvent::Rtp { .. }) {
            self.forward_waiting();
        }
        match event {
            PeerEvent::Rtp {
                section,
                layer,
                packet,
            } => self.handle_rtp(key, section, layer, packet),
            PeerEvent::SenderReport {
                section,
                layer,
                ntp,
                rtp,
            } => self.handle_sender_report(key, section, layer, ntp, rtp),
            PeerEvent::Nack { slot, missing } => self.handle_nack(key, slot, &missing),
            PeerEvent::KeyframeRequest { slot } => self.handle_keyframe_request(key, slot),
            PeerEvent::ReceiverReport { slot, rtt_ms, .. } => self.handle_receiver_report(key, slot, rtt_ms),
            PeerEvent::Data { channel, message } => self.pass_on_data(key, channel, &message),
            PeerEvent::PathValidated(path) => self.handle_path_validated(key, path),
            PeerEvent::PathForgotten(path) => {
                if let Some(entry) = self.peers.get_mut(key) {
                    self.demultiplexer.forget_address(&mut entry.registration, path);
                }
                self.tell_home(key, path, false);
                self.update_gauges();
            }
            PeerEvent::Connected {
                srtp_profile,
                protocol,
            } => {
                let transport = match protocol {
                    Protocol::Udp => "udp",
                    Protocol::Tcp => "tcp",
                };
                self.tell_of(key, |participant| MediaEvent::Connected {
                    participant,
                    srtp_profile,
                    transport,
                });
                self.handle_reachability(key);
            }
            PeerEvent::Silent { seconds } => {
                if let Some(entry) = self.peers.get_mut(key) {
                    entry.silent_seconds = seconds;
                }
                self.handle_reachability(key);
                self.tell_of(key, |participant| MediaEvent::Silent { participant, seconds });
            }
            PeerEvent::Closed { reason, dtls_alert } => {
                self.tell_of(key, |participant| MediaEvent::Disconnected {
                    participant,
                    reason,
                    dtls_alert,
                });
                self.remove_peer(key);
            }
            PeerEvent::Bandwidth => {
                self.trace_changes(key);
                self.retarget_and_serve(key);
            }
            // Channels keep their own state in the peer: a message to one that is closed is refused there.
            PeerEvent::ChannelOpen(_) | PeerEvent::ChannelClosed(_) => {}
        }
    }

    fn tell_of(&mut self, key: PeerKey, event: impl FnOnce(ParticipantId) -> MediaEvent) {
        if let Some(entry) = self.peers.get(key) {
            self.emit(event(entry.participant));
        }
    }

    fn handle_path_validated(&mut self, key: PeerKey, path: Path) {
        let others = |owner: &Owner| *owner != Owner::Peer(key);
        if let Some(owner) = self.demultiplexer.owner_of(path).filter(others) {
            // Of one who has moved it is not known here how silent they are.
            let Owner::Peer(owner) = owner else {
                return self.refuse(DropReason::AddressTaken);
            };
            let Some(entry) = self.peers.get_mut(owner) else {
                return;
            };
            if entry.silent_seconds < ADDRESS_FREE_AFTER_SECONDS {
                return self.refuse(DropReason::AddressTaken);
            }
            self.demultiplexer.forget_address(&mut entry.registration, path);
        }
        if let Some(entry) = self.peers.get_mut(key) {
            self.demultiplexer
                .add_address(self.now, &mut entry.registration, Owner::Peer(key), path);
        }
        self.tell_home(key, path, true);
        self.update_gauges();
    }
}

/// The place of an m-line in a table by m-line; `None` for an index no peer accepts.
fn place<T>(table: &mut Vec<Option<T>>, mline: MLineIndex) -> Option<&mut Option<T>> {
    let index = usize::from(mline.0);
    if index >= MAX_MLINES {
        return None;
    }
    if table.len() <= index {
        table.resize_with(index + 1, || None);
    }
    table.get_mut(index)
}

fn new_slot(now: Instant, peer: PeerKey, mline: MLineIndex, kind: Kind) -> Slot {
    let codec = match kind {
        Kind::Audio => Codec::Opus,
        Kind::Video => Codec::Vp8,
    };
    // RFC 3550 §5.1 wants starts that are hard to guess, against attacks on encryption by known plaintext. SRTP
    // does not need it; that streams differ helps whoever reads a capture. The lower half of the numbers, or a
    // receiver that misses the first packets may count the wrap wrongly (RFC 3711 §3.3.1).
    let mixed = peer.spread() ^ u32::from(mline.0).wrapping_mul(0x85EB_CA6B);
    let seq = SeqNo((mixed >> 17) as u16);
    Slot {
        kind,
        forwarder: Forwarder::new(kind, codec.clock_rate(), now, seq, RtpTime(mixed.rotate_left(7))),
        track: None,
        height: 0,
        priority: 0,
        since: now,
        turned: now,
        told: None,
        reported: false,
        switches: 0,
        resent: Resent::default(),
        rtt_ms: None,
    }
}
