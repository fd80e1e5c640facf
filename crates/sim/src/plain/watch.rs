//! Who is observed, and what is written down of them.

use super::observe::{Observation, Sample};
use super::person::PersonId;
use super::world::World;

impl World {
    /// From now on write down what somebody receives, and how their downlink does.
    pub fn observe(&mut self, who: PersonId) {
        self.people[who.0].subscriber.observation = Some(Observation::default());
        self.next_sample.get_or_insert(self.now);
    }

    /// What was written down.
    pub fn observation(&self, who: PersonId) -> Option<&Observation> {
        self.people[who.0].subscriber.observation.as_ref()
    }

    /// From now on somebody's datagrams come through another's downlink: they live under one roof.
    pub fn share_down(&mut self, who: PersonId, with: PersonId) {
        self.people[who.0].shares = Some(with.0);
    }

    /// Writes down how the downlinks of those who are observed do.
    pub(super) fn sample(&mut self) {
        for index in 0..self.people.len() {
            if self.people[index].subscriber.observation.is_none() {
                continue;
            }
            let link = &self.people[self.people[index].shares.unwrap_or(index)].down;
            let (link_bps, queue) = (link.rate_at(self.now), link.queue_delay(self.now));
            let router = &self.routers[self.worker_for(index)];
            let Some(peer) = router.peer(self.people[index].participant) else {
                continue;
            };
            let (estimate, sent) = peer.downlink();
            let sample = Sample {
                at: self.now,
                link_bps,
                queue,
                target_bps: estimate.target.0,
                stable_bps: estimate.stable.0,
                sent,
            };
            if let Some(observation) = &mut self.people[index].subscriber.observation {
                observation.samples.push(sample);
            }
        }
    }
}
