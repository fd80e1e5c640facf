//! What people of full mode do, besides joining.

use super::World;
use crate::client::{AudioSource, Talk, VideoSource, section_of};
use media::{Bitrate, Kind, LayerInfo, ParticipantId, Source, TrackId};
use room::{Tile, View};

impl World {
    /// The person publishes a made-up source.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn publish(&mut self, index: usize, source: Source) -> TrackId {
        let person = &mut self.people[index];
        let layers = person
            .client
            .layers(source)
            .filter(|_| source.kind() == Kind::Video)
            .map(|l| LayerInfo {
                rid: l.rid.to_owned(),
                height: l.height,
                max_bitrate: Bitrate(l.bitrate.into()),
            })
            .collect();
        let mid = section_of(source).to_string();
        let track = self
            .rooms
            .handle_publish(self.now, person.socket, &mid, layers, false);
        let track = track.expect("the room takes the track").id;
        person.tracks.insert(source, track);
        self.published.insert(track, (index, source));
        match source.kind() {
            Kind::Video => person
                .client
                .start_video(self.now, source, &VideoSource::Generated { fps: 30 }),
            Kind::Audio => person
                .client
                .start_audio(self.now, source, AudioSource::Generated, Talk::Always),
        }
        person.wake = Some(self.now);
        self.settle();
        track
    }

    /// The person stops publishing a source.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn unpublish(&mut self, index: usize, source: Source) {
        let person = &mut self.people[index];
        person.client.stop(source);
        person.tracks.remove(&source);
        let mid = section_of(source).to_string();
        self.rooms
            .handle_unpublish(self.now, person.socket, &mid)
            .expect("the mid is known");
        self.settle();
    }

    /// The person mutes or unmutes the microphone.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn mute(&mut self, index: usize, muted: bool) {
        let person = &self.people[index];
        let track = person.tracks[&Source::Microphone];
        self.rooms
            .handle_mute(self.now, person.socket, track, muted)
            .expect("the track is theirs");
        self.settle();
    }

    /// How loud the person is from now on: 0 silent, 127 loudest.
    pub fn speak(&mut self, index: usize, loudness: u8) {
        let level = 127_u8.saturating_sub(loudness);
        let client = &mut self.people[index].client;
        client.set_talk(Source::Microphone, Talk::Level(level));
    }

    /// The person shows these cameras, at these heights.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn view(&mut self, index: usize, tiles: &[(ParticipantId, u16)]) {
        let tiles = tiles
            .iter()
            .map(|&(participant, height)| Tile {
                participant,
                source: Source::Camera,
                height,
                priority: 0,
            })
            .collect();
        let view = View {
            tiles,
            auto_height: None,
        };
        self.rooms
            .handle_view(self.now, self.people[index].socket, view)
            .expect("the view is valid");
        self.settle();
    }

    /// The person leaves.
    ///
    /// # Panics
    /// When it was not there.
    pub fn leave(&mut self, index: usize) {
        let person = &mut self.people[index];
        person.client.close(self.now);
        person.here = false;
        person.wake = Some(self.now);
        self.rooms
            .handle_leave(self.now, person.socket)
            .expect("was here");
        self.settle();
    }

    /// The person's process is killed: the socket closes, nothing more is sent.
    pub fn kill(&mut self, index: usize) {
        let person = &mut self.people[index];
        person.here = false;
        person.wake = None;
        self.rooms.handle_socket_closed(self.now, person.socket);
        self.settle();
    }
}
