//! What is written down of people who are watched closely: those whose client tells frames.

use super::World;
use crate::client::{ClientEvent, FrameStamp};
use crate::plain::{SAMPLE_INTERVAL, Sample};
use media::{MLineIndex, TrackId};
use std::time::Instant;

/// A video frame that could be decoded, or an audio packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When all of it was there.
    pub at: Instant,
    /// Through which slot.
    pub slot: MLineIndex,
    /// Whose.
    pub track: TrackId,
    /// Which layer; 0 for audio.
    pub layer: u8,
}

/// All that is known of one observed person.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// Video frames decoded, in order of decoding.
    pub frames: Vec<Arrival>,
    /// Audio packets, in order of arrival.
    pub audio: Vec<Arrival>,
    /// Every 50 ms, while there is a connection.
    pub samples: Vec<Sample>,
}

impl World {
    /// Writes a frame or packet of sound down, and checks that it is of the track that it says it is.
    pub(super) fn received(&mut self, viewer: usize, event: ClientEvent) {
        let (slot, csrc, stream, video) = match event {
            ClientEvent::Frame { slot, frame } if frame.decodable => {
                let stamp = FrameStamp::read(&frame.data);
                (slot, frame.csrc, stamp.map(|stamp| stamp.stream), true)
            }
            ClientEvent::Sound { slot, csrc, stream } => (slot, csrc, stream, false),
            _ => return,
        };
        let track = TrackId(csrc);
        let mid = self.people[viewer].client.slots().get(slot).map(|slot| &slot.mid);
        let slot = MLineIndex(mid.and_then(|mid| mid.parse().ok()).unwrap_or(u16::MAX));
        let said = self.published.get(&track).copied();
        let made = stream.map(|stream| self.streams.get(&stream).copied());
        let layer = made.flatten().map_or(0, |(_, _, layer)| layer);
        let is = made.map(|made| made.map(|(person, source, _)| (person, source)));
        if said.is_none_or(|(person, _)| person == viewer) || is.is_some_and(|is| is != said) {
            self.violations.push(format!(
                "person {viewer}, slot {}: {is:?} came as {track} of {said:?}",
                slot.0
            ));
        }
        let arrival = Arrival {
            at: self.now,
            slot,
            track,
            layer,
        };
        if let Some(observation) = &mut self.people[viewer].observation {
            match video {
                true => observation.frames.push(arrival),
                false => observation.audio.push(arrival),
            }
        }
    }

    /// Notes the state of every observed person's downlink.
    pub(super) fn sample(&mut self) {
        self.next_sample = Some(self.now + SAMPLE_INTERVAL);
        for person in self.people.iter_mut().filter(|person| person.here) {
            let Some(peer) = self.router.peer(person.id) else {
                continue;
            };
            let estimate = peer::Peer::bandwidth(peer);
            if let Some(observation) = &mut person.observation {
                observation.samples.push(Sample {
                    at: self.now,
                    link_bps: person.link.down.rate_at(self.now),
                    queue: person.link.down.queue_delay(self.now),
                    target_bps: estimate.map_or(0, |estimate| estimate.target.0),
                    stable_bps: estimate.map_or(0, |estimate| estimate.stable.0),
                    sent: peer.downlink(),
                });
            }
        }
    }
}
