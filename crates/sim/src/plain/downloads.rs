//! Other people's downloads on the links of those who are in a call.

use super::cubic::{Cubic, SEGMENT_BYTES};
use super::person::PersonId;
use super::world::{Event, World};
use link::Fate;

impl World {
    /// A download (one TCP Cubic flow) begins on somebody's downlink.
    pub fn start_download(&mut self, who: PersonId) {
        self.downloads.insert(who.0, Cubic::new());
        self.download(who.0);
    }

    /// Bytes the download on somebody's downlink has got so far.
    pub fn downloaded(&self, who: PersonId) -> u64 {
        self.downloads
            .get(&who.0)
            .map_or(0, |cubic| cubic.delivered_bytes)
    }

    pub(super) fn download(&mut self, index: usize) {
        let mut events = Vec::new();
        let Some(cubic) = self.downloads.get_mut(&index) else {
            return;
        };
        let link = &mut self.people[index].down;
        while cubic.may_send() {
            cubic.sent();
            // Acknowledgements come back over a path as long; a loss shows with those of the segments behind it.
            match link.send(self.now, SEGMENT_BYTES) {
                Fate::Arrives(at) => events.push((at + link.config.delay, Event::Download(index, true))),
                Fate::Dropped(_) => {
                    let later = self.now + link.queue_delay(self.now) + link.config.delay * 2;
                    events.push((later, Event::Download(index, false)));
                }
            }
        }
        for (at, event) in events {
            self.push(at, event);
        }
    }
}
