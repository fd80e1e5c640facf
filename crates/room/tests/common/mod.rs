//! A node's rooms in virtual time, with people in them.
#![allow(dead_code, missing_docs, unreachable_pub)] // Each test file uses a part.

use media::plane::{MediaCommand, MediaEvent, PublishSection, Sections, Slot, SlotAssignment};
use media::{Kind, LayerInfo, MLineIndex, ParticipantId, RoomId, Source, TrackId};
use room::{
    Config, Credentials, Join, Notice, OfferStep, OfferedTrack, Permissions, RoomError, RoomOutput, Rooms,
    SlotShown, SocketId, Tile, TrackInfo, View, Welcome,
};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A person in a room.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: ParticipantId,
    pub room: RoomId,
    pub socket: SocketId,
    pub token: String,
}

/// Rooms, the time, and everything that came out.
pub struct World {
    pub rooms: Rooms,
    pub now: Instant,
    pub notices: BTreeMap<SocketId, Vec<Notice>>,
    pub commands: Vec<(RoomId, MediaCommand)>,
    pub closed: Vec<RoomId>,
    next_socket: u64,
}

impl World {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        Self {
            rooms: Rooms::new(config, [7; 32]),
            now: origin(),
            notices: BTreeMap::new(),
            commands: Vec::new(),
            closed: Vec::new(),
            next_socket: 0,
        }
    }

    pub fn socket(&mut self) -> SocketId {
        self.next_socket += 1;
        SocketId(self.next_socket)
    }

    /// Takes what the rooms have to say.
    pub fn drain(&mut self) {
        while let Some(output) = self.rooms.poll_output() {
            match output {
                RoomOutput::Notify { socket, notice } => self.notices.entry(socket).or_default().push(notice),
                RoomOutput::Media { room, command } => self.commands.push((room, command)),
                RoomOutput::RoomClosed { room } => self.closed.push(room),
            }
        }
    }

    /// Lets time pass, stopping at every deadline.
    pub fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.drain();
        while let Some(deadline) = self.rooms.poll_timeout().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.rooms.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub fn pass_secs(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// Lets pending batches go out, and forgets everything said so far.
    pub fn settle(&mut self) {
        self.pass(Duration::from_millis(500));
        self.notices.clear();
        self.commands.clear();
    }

    pub fn try_join(&mut self, room: &str, name: &str) -> Result<(Welcome, SocketId), RoomError> {
        self.try_enter(room, name, Credentials::OPEN)
    }

    pub fn try_enter(
        &mut self,
        room: &str,
        name: &str,
        credentials: Credentials,
    ) -> Result<(Welcome, SocketId), RoomError> {
        let socket = self.socket();
        let join = Join {
            room: room.into(),
            name: name.into(),
            metadata: None,
            credentials,
        };
        let welcome = self.rooms.handle_join(self.now, socket, join)?;
        self.drain();
        Ok((welcome, socket))
    }

    /// Joins, without a peer.
    pub fn join(&mut self, room: &str, name: &str) -> Person {
        self.enter(room, name, Credentials::OPEN)
    }

    /// Joins with these credentials, without a peer.
    pub fn enter(&mut self, room: &str, name: &str, credentials: Credentials) -> Person {
        let (welcome, socket) = self.try_enter(room, name, credentials).expect("there is room");
        Person {
            id: welcome.participant,
            room: welcome.room,
            socket,
            token: welcome.token,
        }
    }

    /// Joins and gets a connected peer with all four publish sections and so many slots.
    pub fn connect_with(&mut self, room: &str, name: &str, video: u16, audio: u16) -> Person {
        let person = self.join(room, name);
        self.bring_up(&person, video, audio);
        person
    }

    /// A person with these permissions and a connected peer of three video and four audio slots.
    pub fn connect_as(&mut self, room: &str, name: &str, permissions: Permissions) -> Person {
        let person = self.enter(room, name, with(permissions));
        self.bring_up(&person, 3, 4);
        person
    }

    /// Gives the person a connected peer.
    pub fn bring_up(&mut self, person: &Person, video: u16, audio: u16) {
        self.offer(person);
        self.rooms
            .handle_peer_built(self.now, person.id, sections(video, audio))
            .expect("the sections fit");
        self.drain();
        self.connected(person);
    }

    /// Changes what a person may do.
    pub fn permit(&mut self, person: &Person, permissions: Permissions) {
        self.rooms
            .handle_permissions(self.now, person.id, permissions)
            .expect("still here");
        self.drain();
    }

    /// What a person was last told that it may do.
    pub fn told_permissions(&self, person: &Person) -> Option<Permissions> {
        let notices = self.told(person).iter();
        let mut told = notices.filter_map(|notice| match notice {
            Notice::Permissions { permissions, .. } => Some(*permissions),
            _ => None,
        });
        told.next_back()
    }

    /// Why a person's socket was given up.
    pub fn closed_for(&self, person: &Person) -> Option<room::CloseReason> {
        self.told(person).iter().find_map(|notice| match notice {
            Notice::Closed(reason) => Some(*reason),
            _ => None,
        })
    }

    /// What the media plane was told last of what a person may do by itself: data, subscribe.
    pub fn media_permits(&self, person: &Person) -> Option<(bool, bool)> {
        let mut permits = self.commands.iter().filter_map(|(_, command)| match command {
            MediaCommand::Permit {
                participant,
                data,
                subscribe,
            } if *participant == person.id => Some((*data, *subscribe)),
            _ => None,
        });
        permits.next_back()
    }

    pub fn connect(&mut self, room: &str, name: &str) -> Person {
        self.connect_with(room, name, 3, 3)
    }

    pub fn offer(&mut self, person: &Person) {
        let step = self
            .rooms
            .handle_offer(self.now, person.socket, 1, "v=0".into(), offered());
        assert_eq!(
            step,
            Ok(OfferStep::BuildPeer {
                participant: person.id,
                room: person.room
            })
        );
        self.drain();
    }

    pub fn connected(&mut self, person: &Person) {
        self.event(MediaEvent::Connected {
            participant: person.id,
            srtp_profile: "SRTP_AEAD_AES_128_GCM",
            transport: "udp",
        });
    }

    pub fn event(&mut self, event: MediaEvent) {
        self.rooms.handle_media_event(self.now, event);
        self.drain();
    }

    pub fn silent(&mut self, person: &Person, seconds: u32) {
        self.event(MediaEvent::Silent {
            participant: person.id,
            seconds,
        });
    }

    pub fn levels(&mut self, room: RoomId, levels: &[(TrackId, u8)]) {
        self.event(MediaEvent::AudioLevels {
            room,
            levels: levels.to_vec(),
        });
    }

    pub fn publish(&mut self, person: &Person, mid: &str) -> TrackInfo {
        let layers = if mid == "cam" { layers() } else { vec![] };
        let track = self
            .rooms
            .handle_publish(self.now, person.socket, mid, layers, false);
        self.drain();
        track.expect("the mid was offered")
    }

    pub fn mute(&mut self, person: &Person, track: TrackId, muted: bool) {
        self.rooms
            .handle_mute(self.now, person.socket, track, muted)
            .expect("an own track");
        self.drain();
    }

    pub fn view(&mut self, person: &Person, tiles: &[Tile], auto_height: Option<u16>) {
        let view = View {
            tiles: tiles.to_vec(),
            auto_height,
        };
        self.rooms
            .handle_view(self.now, person.socket, view)
            .expect("a good view");
        self.drain();
    }

    pub fn close_socket(&mut self, person: &Person) {
        self.rooms.handle_socket_closed(self.now, person.socket);
        self.drain();
    }

    pub fn leave(&mut self, person: &Person) {
        self.rooms.handle_leave(self.now, person.socket).expect("joined");
        self.drain();
    }

    pub fn told(&self, person: &Person) -> &[Notice] {
        self.notices.get(&person.socket).map_or(&[], Vec::as_slice)
    }

    /// The changes the media plane was given for a participant, in order.
    pub fn assigned(&self, person: &Person) -> Vec<Vec<SlotAssignment>> {
        self.commands
            .iter()
            .filter_map(|(_, command)| match command {
                MediaCommand::Assign { participant, slots } if *participant == person.id => {
                    Some(slots.clone())
                }
                _ => None,
            })
            .collect()
    }

    /// What the participant's slots carry after all `slots` notices so far, by mid.
    pub fn slots(&self, person: &Person) -> BTreeMap<String, SlotShown> {
        let mut slots = BTreeMap::new();
        for notice in self.told(person) {
            if let Notice::Slots { slots: changed } = notice {
                slots.extend(changed.iter().map(|slot| (slot.mid.clone(), slot.shown)));
            }
        }
        slots
    }
}

/// Credentials of nobody in particular with these permissions.
pub fn with(permissions: Permissions) -> Credentials {
    Credentials {
        permissions,
        ..Credentials::OPEN
    }
}

/// Credentials of this identity.
pub fn of(identity: &str) -> Credentials {
    Credentials {
        identity: Some(identity.into()),
        ..Credentials::OPEN
    }
}

#[allow(clippy::disallowed_methods)] // An origin for virtual time.
pub fn origin() -> Instant {
    Instant::now()
}

pub fn camera(of: &Person, height: u16) -> Tile {
    Tile {
        participant: of.id,
        source: Source::Camera,
        height,
        priority: 0,
    }
}

pub fn screen(of: &Person, height: u16) -> Tile {
    Tile {
        participant: of.id,
        source: Source::Screen,
        height,
        priority: 0,
    }
}

pub fn layers() -> Vec<LayerInfo> {
    [("q", 180), ("h", 360), ("f", 720)]
        .map(|(rid, height)| LayerInfo {
            rid: rid.into(),
            height,
            max_bitrate: media::Bitrate(0),
        })
        .into()
}

pub fn offered() -> Vec<OfferedTrack> {
    [
        ("mic", Source::Microphone),
        ("cam", Source::Camera),
        ("scr", Source::Screen),
        ("snd", Source::ScreenAudio),
    ]
    .map(|(mid, source)| OfferedTrack {
        mid: mid.into(),
        source,
    })
    .into()
}

/// Publish sections `mic`, `cam`, `scr`, `snd` at m-lines 0 to 3, video slots `v0`… from m-line 10, audio slots `a0`…
/// from m-line 40.
pub fn sections(video: u16, audio: u16) -> Sections {
    let publish = |mline, mid: &str, kind, rids: &[&str]| PublishSection {
        mline: MLineIndex(mline),
        mid: mid.into(),
        kind,
        rids: rids.iter().map(|rid| (*rid).to_owned()).collect(),
    };
    let slot = |letter: char, base: u16| {
        move |i: u16| Slot {
            mline: MLineIndex(base + i),
            mid: format!("{letter}{i}"),
        }
    };
    Sections {
        publish: vec![
            publish(0, "mic", Kind::Audio, &[]),
            publish(1, "cam", Kind::Video, &["q", "h", "f"]),
            publish(2, "scr", Kind::Video, &[]),
            publish(3, "snd", Kind::Audio, &[]),
        ],
        video_slots: (0..video).map(slot('v', 10)).collect(),
        audio_slots: (0..audio).map(slot('a', 40)).collect(),
    }
}

/// The track a slot shows.
pub fn track_in(slots: &BTreeMap<String, SlotShown>, mid: &str) -> Option<TrackId> {
    match slots.get(mid) {
        Some(SlotShown::Track { track, .. }) => Some(*track),
        _ => None,
    }
}
