//! What people of a world do, besides joining.

use super::person::PersonId;
use super::publisher::LAYERS;
use super::wire::Message;
use super::world::World;
use media::data::ToServer;
use media::{Bitrate, LayerInfo, Source};
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

impl World {
    /// Camera or microphone on.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn publish(&mut self, who: PersonId, source: Source) {
        let camera = source == Source::Camera;
        let rates = self.people[who.0].publisher.layers_bps;
        let info = |((rid, height), bps): (&(&str, u16), u64)| LayerInfo {
            rid: (*rid).to_owned(),
            height: *height,
            max_bitrate: Bitrate(bps),
        };
        let layers = if camera {
            LAYERS.iter().zip(rates).map(info).collect()
        } else {
            Vec::new()
        };
        let mid = if camera { "1" } else { "0" };
        let socket = self.people[who.0].socket;
        let track = self
            .rooms
            .handle_publish(self.now, socket, mid, layers, false)
            .expect("the section is free")
            .id;
        self.tracks.insert(track, (who.0, source));
        let person = &mut self.people[who.0];
        *(if camera {
            &mut person.camera
        } else {
            &mut person.microphone
        }) = Some(track);
        person.publisher.set_on(source, true);
        self.settle();
    }

    /// Camera or microphone off.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn unpublish(&mut self, who: PersonId, source: Source) {
        let camera = source == Source::Camera;
        let person = &mut self.people[who.0];
        person.publisher.set_on(source, false);
        *(if camera {
            &mut person.camera
        } else {
            &mut person.microphone
        }) = None;
        let mid = if camera { "1" } else { "0" };
        self.rooms
            .handle_unpublish(self.now, person.socket, mid)
            .expect("the mid is known");
        self.settle();
    }

    /// What somebody wants to see, all of it equally important, and nothing else.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn show(&mut self, who: PersonId, tiles: &[Tile]) {
        let tile = |tile: &Tile| room::Tile {
            participant: self.people[tile.of.0].participant,
            source: Source::Camera,
            height: tile.height,
            priority: 0,
        };
        let view = View {
            tiles: tiles.iter().map(tile).collect(),
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
