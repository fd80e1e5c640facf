//! What people of a world do, besides joining.

use super::person::{Person, PersonId};
use super::publisher::{LAYERS, SCREEN_LAYER};
use super::wire::Message;
use super::world::World;
use media::data::ToServer;
use media::{Bitrate, LayerInfo, Source, TrackId};
use peer::DataChannel;
use room::View;

/// A picture somebody wants to see, with the sound that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// Whose.
    pub of: PersonId,
    /// In pixels; 0: not visible.
    pub height: u16,
}

/// Where a source's track is in every client's offer.
fn mid(source: Source) -> &'static str {
    match source {
        Source::Microphone => "0",
        Source::Camera => "1",
        Source::Screen => "2",
        Source::ScreenAudio => "3",
    }
}

fn track_of(person: &mut Person, source: Source) -> &mut Option<TrackId> {
    match source {
        Source::Camera => &mut person.camera,
        Source::Screen => &mut person.screen,
        Source::Microphone | Source::ScreenAudio => &mut person.microphone,
    }
}

impl World {
    /// Camera, screen or microphone on.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn publish(&mut self, who: PersonId, source: Source) {
        let info = |rid: &str, height, bps| LayerInfo {
            rid: rid.to_owned(),
            height,
            max_bitrate: Bitrate(bps),
        };
        let rates = self.people[who.0].publisher.layers_bps();
        let layers = match source {
            Source::Camera => {
                let layers = LAYERS.iter().zip(rates);
                layers
                    .map(|((rid, height), bps)| info(rid, *height, bps))
                    .collect()
            }
            Source::Screen => vec![info("", SCREEN_LAYER.0, SCREEN_LAYER.1)],
            Source::Microphone | Source::ScreenAudio => Vec::new(),
        };
        let socket = self.people[who.0].socket;
        let track = self
            .rooms
            .handle_publish(self.now, socket, mid(source), layers, false)
            .expect("the section is free")
            .id;
        self.tracks.insert(track, (who.0, source));
        let now = self.now;
        let person = &mut self.people[who.0];
        *track_of(person, source) = Some(track);
        person.publisher.set_on(now, source, true);
        self.settle();
    }

    /// Camera, screen or microphone off.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn unpublish(&mut self, who: PersonId, source: Source) {
        let now = self.now;
        let person = &mut self.people[who.0];
        person.publisher.set_on(now, source, false);
        *track_of(person, source) = None;
        self.rooms
            .handle_unpublish(now, person.socket, mid(source))
            .expect("the mid is known");
        self.settle();
    }

    /// What somebody wants to see, all of it equally important, and nothing else.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn show(&mut self, who: PersonId, tiles: &[Tile]) {
        self.show_sources(who, tiles, &[]);
    }

    /// The same with screens, which stand beside the cameras.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn show_sources(&mut self, who: PersonId, cameras: &[Tile], screens: &[Tile]) {
        let tile = |tile: &Tile, source| room::Tile {
            participant: self.people[tile.of.0].participant,
            source,
            height: tile.height,
            priority: 0,
        };
        let cameras = cameras.iter().map(|one| tile(one, Source::Camera));
        let screens = screens.iter().map(|one| tile(one, Source::Screen));
        let view = View {
            tiles: cameras.chain(screens).collect(),
            auto_height: None,
        };
        self.rooms
            .handle_view(self.now, self.people[who.0].socket, view)
            .expect("the view is valid");
        self.settle();
    }

    /// How loud somebody is from now on: 0 silent, 127 loudest.
    pub fn speak(&mut self, who: PersonId, loudness: u8) {
        self.people[who.0].publisher.loudness = loudness;
    }

    /// Mutes or unmutes the microphone.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn mute(&mut self, who: PersonId, muted: bool) {
        let person = &self.people[who.0];
        let track = person.microphone.expect("the person has a microphone");
        self.rooms
            .handle_mute(self.now, person.socket, track, muted)
            .expect("the track is theirs");
        self.settle();
    }

    /// Sends a data message to these people, or to the room.
    ///
    /// # Panics
    /// When the message does not fit an envelope.
    pub fn send_data(&mut self, from: PersonId, channel: DataChannel, to: &[PersonId], payload: &[u8]) {
        let recipients = to.iter().map(|to| self.people[to.0].participant).collect();
        let message = ToServer {
            recipients,
            topic: "chat",
            payload,
        }
        .encode()
        .expect("the message is small");
        self.send_up(from.0, Message::Data { channel, message }.encode());
    }

    /// Says goodbye, on the socket and on the wire.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn leave(&mut self, who: PersonId) {
        self.send_up(who.0, Message::Bye.encode());
        let person = &mut self.people[who.0];
        person.alive = false;
        self.rooms
            .handle_leave(self.now, person.socket)
            .expect("the person is here");
        self.settle();
    }

    /// The person's process is killed: the socket closes, nothing more is sent.
    pub fn kill(&mut self, who: PersonId) {
        let person = &mut self.people[who.0];
        person.alive = false;
        self.rooms.handle_socket_closed(self.now, person.socket);
        self.settle();
    }
}
