//! Decisions about bandwidth, told one by one where the configuration asks for them.

use crate::router::Router;
use crate::state::PeerKey;
use media::plane::MediaEvent;
use peer::Peer;

impl<P: Peer> Router<P> {
    /// What a participant's controller decided since the last call.
    pub(crate) fn trace_changes(&mut self, key: PeerKey) {
        if !self.config.trace {
            return;
        }
        while let Some(entry) = self.peers.get_mut(key) {
            let participant = entry.participant;
            let Some(change) = entry.peer.poll_change() else {
                return;
            };
            self.emit(MediaEvent::Estimate {
                participant,
                at: change.at,
                reason: change.reason.name(),
                before: change.before,
                after: change.after,
            });
        }
    }

    /// What is known of a participant's downlink now.
    pub(crate) fn trace_downlink(&mut self, key: PeerKey) {
        let Some(entry) = self.peers.get(key).filter(|_| self.config.trace) else {
            return;
        };
        if let Some(estimate) = entry.peer.bandwidth() {
            self.emit(MediaEvent::Downlink {
                participant: entry.participant,
                target: estimate.target,
                stable: estimate.stable,
                loss: estimate.loss,
                round_trip: estimate.round_trip,
                queue: estimate.queue_delay,
            });
        }
    }
}
