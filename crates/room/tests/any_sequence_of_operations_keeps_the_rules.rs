//! Random people do random things in two rooms: nothing crosses from one to the other, nobody hears of somebody it does
//! not know, no track is twice in one participant's slots, nobody sees who is hidden or gets what it may not, and when all have left nothing is held.

mod common;
use common::{camera, layers, offered, screen, sections};
use media::plane::{MediaCommand, MediaEvent, Quality};
use media::{MLineIndex, ParticipantId, RoomId, Source, Sources, TrackId};
use proptest::prelude::*;
use room::{Config, Credentials, Join, Notice, Permissions, RoomOutput, Rooms, SlotShown, SocketId, View};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
enum Op {
    Join(usize),
    Connect(usize),
    Publish(usize, usize),
    Unpublish(usize, usize),
    Mute(usize, bool),
    View(usize, Vec<usize>, bool),
    Levels(usize, u8),
    Talker(usize, usize),
    CloseSocket(usize),
    Resume(usize),
    Silent(usize, u32),
    Break(usize),
    Leave(usize),
    Permit(usize, Permissions),
    Renew(usize, u64),
    Pass(u64),
}

fn permissions() -> impl Strategy<Value = Permissions> {
    let sources = prop::collection::vec(prop::sample::select(Source::ALL.to_vec()), 0..4);
    let often = || prop::bool::weighted(0.7);
    let seldom = || prop::bool::weighted(0.3);
    (
        sources,
        often(),
        often(),
        seldom(),
        seldom(),
        prop::bool::weighted(0.9),
    )
        .prop_map(
            |(sources, subscribe, data, hidden, see_hidden, join)| Permissions {
                join,
                create: true,
                publish: sources.into_iter().collect::<Sources>(),
                subscribe,
                data,
                hidden,
                see_hidden,
                admin: false,
            },
        )
}

fn op() -> impl Strategy<Value = Op> {
    let who = || 0..6usize;
    prop_oneof![
        4 => who().prop_map(Op::Join),
        4 => who().prop_map(Op::Connect),
        4 => (who(), 0..4usize).prop_map(|(w, m)| Op::Publish(w, m)),
        1 => (who(), 0..4usize).prop_map(|(w, m)| Op::Unpublish(w, m)),
        2 => (who(), any::<bool>()).prop_map(|(w, m)| Op::Mute(w, m)),
        3 => (who(), prop::collection::vec(who(), 0..5), any::<bool>()).prop_map(|(w, t, a)| Op::View(w, t, a)),
        3 => (who(), any::<u8>()).prop_map(|(w, l)| Op::Levels(w, l)),
        2 => (who(), who()).prop_map(|(w, t)| Op::Talker(w, t)),
        1 => who().prop_map(Op::CloseSocket),
        2 => who().prop_map(Op::Resume),
        1 => (who(), prop::sample::select(vec![0u32, 3, 15])).prop_map(|(w, s)| Op::Silent(w, s)),
        1 => who().prop_map(Op::Break),
        1 => who().prop_map(Op::Leave),
        3 => (who(), permissions()).prop_map(|(w, p)| Op::Permit(w, p)),
        1 => (who(), 0..100u64).prop_map(|(w, s)| Op::Renew(w, s)),
        4 => (0..3_000u64).prop_map(Op::Pass),
    ]
}

/// What one of six people knows; the even ones are in one room, the odd ones in the other.
#[derive(Default, Clone)]
struct Client {
    socket: Option<SocketId>,
    id: Option<ParticipantId>,
    token: String,
    known: BTreeSet<ParticipantId>,
    tracks: BTreeMap<TrackId, ParticipantId>,
    own: Vec<TrackId>,
    may: Option<Permissions>,
    slots: BTreeMap<String, TrackId>,
}

struct World {
    rooms: Rooms,
    now: Instant,
    clients: Vec<Client>,
    /// Which room each participant and track was ever in.
    homes: BTreeMap<ParticipantId, usize>,
    room_ids: BTreeMap<RoomId, usize>,
    next_socket: u64,
    /// Who is hidden now.
    hidden: BTreeSet<ParticipantId>,
}

const MIDS: [&str; 4] = ["mic", "cam", "scr", "snd"];

impl World {
    fn new() -> Self {
        Self {
            rooms: Rooms::new(Config::default(), [1; 32]),
            now: common::origin(),
            clients: vec![Client::default(); 6],
            homes: BTreeMap::new(),
            room_ids: BTreeMap::new(),
            next_socket: 0,
            hidden: BTreeSet::new(),
        }
    }

    fn run(&mut self, op: Op) {
        match op {
            Op::Join(w) => self.join(w),
            Op::Connect(w) => self.connect(w),
            Op::Publish(w, m) => self.publish(w, MIDS[m]),
            Op::Unpublish(w, m) => self.with_socket(w, |rooms, now, socket| {
                let _ = rooms.handle_unpublish(now, socket, MIDS[m]);
            }),
            Op::Mute(w, muted) => {
                let track = self.clients[w].own.first().copied().unwrap_or(TrackId(1));
                self.with_socket(w, |rooms, now, socket| {
                    let _ = rooms.handle_mute(now, socket, track, muted);
                });
            }
            Op::View(w, tiles, auto) => self.view(w, &tiles, auto),
            Op::Levels(w, level) => {
                let levels: Vec<_> = self.clients[w].own.iter().map(|track| (*track, level)).collect();
                for room in self.room_ids.keys().copied().collect::<Vec<_>>() {
                    let event = MediaEvent::AudioLevels {
                        room,
                        levels: levels.clone(),
                    };
                    self.rooms.handle_media_event(self.now, event);
                }
            }
            Op::Talker(w, of) => {
                let track = self.clients[of].own.first().copied();
                self.event(w, |participant| MediaEvent::TalkerSlot {
                    participant,
                    slot: MLineIndex(43),
                    track,
                });
            }
            Op::CloseSocket(w) => {
                self.with_socket(w, |rooms, now, socket| rooms.handle_socket_closed(now, socket));
                self.clients[w].socket = None;
            }
            Op::Resume(w) => self.resume(w),
            Op::Silent(w, seconds) => {
                self.event(w, |participant| MediaEvent::Silent { participant, seconds });
                let quality = Quality {
                    score: seconds as u8,
                    reason: None,
                };
                self.event(w, |participant| MediaEvent::Quality { participant, quality });
            }
            Op::Break(w) => self.event(w, |participant| MediaEvent::Disconnected {
                participant,
                reason: "broke",
                dtls_alert: false,
            }),
            Op::Leave(w) => {
                self.with_socket(w, |rooms, now, socket| {
                    let _ = rooms.handle_leave(now, socket);
                });
                self.clients[w] = Client::default();
            }
            Op::Permit(w, permissions) => self.permit(w, permissions),
            Op::Renew(w, seconds) => {
                let (may, at) = (self.clients[w].may, self.now + Duration::from_secs(seconds));
                self.with_socket(w, |rooms, now, socket| {
                    let _ = rooms.handle_renew(now, socket, may.unwrap_or(Permissions::CALL), Some(at));
                });
            }
            Op::Pass(ms) => self.pass(Duration::from_millis(ms)),
        }
        self.drain();
    }

    fn with_socket(&mut self, w: usize, work: impl FnOnce(&mut Rooms, Instant, SocketId)) {
        if let Some(socket) = self.clients[w].socket {
            work(&mut self.rooms, self.now, socket);
        }
    }

    fn event(&mut self, w: usize, event: impl FnOnce(ParticipantId) -> MediaEvent) {
        if let Some(id) = self.clients[w].id {
            self.rooms.handle_media_event(self.now, event(id));
        }
    }

    fn join(&mut self, w: usize) {
        self.next_socket += 1;
        let socket = self.clients[w].socket.unwrap_or(SocketId(self.next_socket));
        let join = Join {
            room: format!("room-{}", w % 2),
            name: format!("P{w}"),
            metadata: None,
            // The first two of each room are the same person.
            credentials: Credentials {
                identity: Some(format!("identity-{}", w / 4)),
                ..Credentials::OPEN
            },
        };
        if let Ok(welcome) = self.rooms.handle_join(self.now, socket, join) {
            self.homes.insert(welcome.participant, w % 2);
            self.room_ids.insert(welcome.room, w % 2);
            self.clients[w] = Client {
                socket: Some(socket),
                ..Client::default()
            };
            self.take_welcome(w, &welcome);
        }
    }

    fn permit(&mut self, w: usize, permissions: Permissions) {
        let Some(id) = self.clients[w].id else { return };
        if self.rooms.handle_permissions(self.now, id, permissions).is_ok() {
            // A client without a socket is not told.
            self.clients[w].may = Some(permissions);
            if permissions.hidden {
                self.hidden.insert(id);
            } else {
                self.hidden.remove(&id);
            }
        }
    }

    fn resume(&mut self, w: usize) {
        self.next_socket += 1;
        let socket = SocketId(self.next_socket);
        let token = self.clients[w].token.clone();
        if let Ok(welcome) = self.rooms.handle_resume(self.now, socket, &token) {
            self.clients[w] = Client {
                socket: Some(socket),
                ..Client::default()
            };
            self.take_welcome(w, &welcome);
        }
    }

    fn take_welcome(&mut self, w: usize, welcome: &room::Welcome) {
        let client = &mut self.clients[w];
        client.id = Some(welcome.participant);
        client.token.clone_from(&welcome.token);
        client.may = Some(welcome.permissions);
        client.own = welcome.tracks.iter().map(|track| track.id).collect();
        for info in &welcome.participants {
            self.learn(w, info);
        }
        self.take_slots(w, &welcome.slots);
    }

    fn connect(&mut self, w: usize) {
        let Some(id) = self.clients[w].id else { return };
        self.with_socket(w, |rooms, now, socket| {
            let step = rooms.handle_offer(now, socket, 1, String::new(), offered());
            if matches!(step, Ok(room::OfferStep::BuildPeer { .. }))
                && rooms.handle_peer_built(now, id, sections(3, 4)).is_ok()
            {
                rooms.handle_media_event(
                    now,
                    MediaEvent::Connected {
                        participant: id,
                        srtp_profile: "",
                        transport: "udp",
                    },
                );
            }
        });
    }

    fn publish(&mut self, w: usize, mid: &str) {
        let Some(socket) = self.clients[w].socket else {
            return;
        };
        let given = if mid == "cam" { layers() } else { vec![] };
        if let Ok(track) = self.rooms.handle_publish(self.now, socket, mid, given, false) {
            let may = self.clients[w].may.expect("told with the welcome");
            assert!(
                !may.hidden && may.publish.contains(track.source),
                "published all the same"
            );
            self.clients[w].own.retain(|own| *own != track.id);
            self.clients[w].own.push(track.id);
        }
    }

    fn view(&mut self, w: usize, tiles: &[usize], auto: bool) {
        let person = |of: &usize| {
            let id = self.clients[*of].id.unwrap_or(ParticipantId(1));
            common::Person {
                id,
                room: RoomId(0),
                socket: SocketId(0),
                token: String::new(),
            }
        };
        let tiles = tiles.iter().map(|of| {
            if of % 3 == 0 {
                screen(&person(of), 720)
            } else {
                camera(&person(of), 360)
            }
        });
        let view = View {
            tiles: tiles.collect(),
            auto_height: auto.then_some(180),
        };
        self.with_socket(w, |rooms, now, socket| {
            let _ = rooms.handle_view(now, socket, view);
        });
    }

    fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(deadline) = self.rooms.poll_timeout().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.rooms.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.rooms.poll_output() {
            match output {
                RoomOutput::Notify { socket, notice } => {
                    if let Some(w) = self
                        .clients
                        .iter()
                        .position(|client| client.socket == Some(socket))
                    {
                        self.take_notice(w, &notice);
                    }
                }
                RoomOutput::Media {
                    room,
                    command: MediaCommand::Assign { participant, .. },
                } => {
                    assert_eq!(self.homes[&participant], self.room_ids[&room]);
                }
                RoomOutput::Media { .. } => {}
                RoomOutput::RoomClosed { room } => {
                    self.room_ids.remove(&room);
                }
            }
        }
    }

    fn take_notice(&mut self, w: usize, notice: &Notice) {
        match notice {
            Notice::Joined { participants, .. } => {
                for info in participants {
                    assert!(!self.clients[w].known.contains(&info.id), "joined twice");
                    self.learn(w, info);
                }
            }
            Notice::Updated { participants, .. } => {
                for info in participants {
                    assert!(
                        self.clients[w].known.contains(&info.id),
                        "an update of a stranger"
                    );
                    self.learn(w, info);
                }
            }
            Notice::Left { participants, .. } => {
                for id in participants {
                    assert!(self.clients[w].known.remove(id), "a stranger left");
                }
            }
            Notice::Speakers { speakers } => {
                assert!(speakers.iter().filter(|speaker| speaker.active).count() <= 1);
                for speaker in speakers {
                    let client = &self.clients[w];
                    let known = client.known.contains(&speaker.participant);
                    assert!(
                        known || client.id == Some(speaker.participant),
                        "a stranger speaks"
                    );
                }
            }
            Notice::Slots { slots } => self.take_slots(w, slots),
            Notice::Closed(_) => self.clients[w] = Client::default(),
            Notice::MediaFailed { .. } => self.clients[w].slots.clear(),
            Notice::Quality { participants } => {
                for (participant, _) in participants {
                    let client = &self.clients[w];
                    let known = client.known.contains(participant);
                    assert!(
                        known || client.id == Some(*participant),
                        "the quality of a stranger"
                    );
                }
            }
            Notice::Layers { track, .. } | Notice::Codec { track, .. } => {
                assert!(self.clients[w].own.contains(track));
            }
            Notice::Permissions { permissions, .. } => {
                assert!(!permissions.hidden || (permissions.publish.is_empty() && !permissions.data));
                self.clients[w].may = Some(*permissions);
            }
            Notice::Answer { .. } | Notice::TokenExpiring { .. } => {}
        }
    }

    fn learn(&mut self, w: usize, info: &room::ParticipantInfo) {
        assert_eq!(self.homes[&info.id], w % 2, "somebody of the other room");
        let sees_hidden = self.clients[w].may.is_some_and(|may| may.see_hidden);
        assert!(
            sees_hidden || !self.hidden.contains(&info.id),
            "somebody who is hidden"
        );
        let client = &mut self.clients[w];
        assert_ne!(Some(info.id), client.id, "oneself among the others");
        client.known.insert(info.id);
        client.tracks.retain(|_, owner| *owner != info.id);
        client
            .tracks
            .extend(info.tracks.iter().map(|track| (track.id, info.id)));
    }

    fn take_slots(&mut self, w: usize, slots: &[room::SlotInfo]) {
        let client = &mut self.clients[w];
        for slot in slots {
            match slot.shown {
                SlotShown::Empty => client.slots.remove(&slot.mid),
                SlotShown::Track { track, .. } => {
                    assert!(
                        client.may.is_some_and(|may| may.subscribe),
                        "a track it may not get"
                    );
                    assert!(!client.own.contains(&track), "an own track");
                    assert!(client.tracks.contains_key(&track), "a track nobody told of");
                    client.slots.insert(slot.mid.clone(), track)
                }
            };
        }
        let distinct: BTreeSet<TrackId> = client.slots.values().copied().collect();
        assert_eq!(distinct.len(), client.slots.len(), "a track in two slots");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_rules_hold_and_nothing_is_held_at_the_end(ops in prop::collection::vec(op(), 1..120)) {
        let mut world = World::new();
        for op in ops {
            world.run(op);
        }
        for w in 0..6 {
            world.run(Op::Leave(w));
        }
        // Those whose socket was lost time out.
        world.pass(Duration::from_secs(61));
        prop_assert_eq!(world.rooms.held(), 0);
    }
}
