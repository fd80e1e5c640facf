//! A second worker to which everybody is moved: real connections go from router to router.

use super::{SERVER_CLOCK, World};
use bytes::BytesMut;
use media::WorkerId;
use media::plane::MediaCommand;
use peer::{Path, RtcPeer};
use router::{Router, RouterConfig};

const FIRST: WorkerId = WorkerId(0);
const SECOND: WorkerId = WorkerId(1);

impl World {
    /// Moves everybody's connection to another worker, one after the other. Clients go on to send to the first one.
    ///
    /// # Panics
    /// When they have been moved before.
    pub fn move_everybody(&mut self) {
        assert!(self.former.is_none(), "there are two workers");
        let wall_clock = SERVER_CLOCK.advance(self.elapsed());
        let second = Router::new(RouterConfig::default(), wall_clock, self.now);
        self.former = Some(std::mem::replace(&mut self.router, second));
        let participants: Vec<_> = self.people.iter().map(|person| person.id).collect();
        for participant in participants {
            let release = MediaCommand::Release {
                participant,
                to: SECOND,
            };
            if let Some(former) = &mut self.former {
                former.handle_command(self.now, release);
            }
            self.carry();
        }
        self.settle();
    }

    /// The worker that everybody came from.
    pub fn former_router(&self) -> Option<&Router<RtcPeer>> {
        self.former.as_ref()
    }

    /// A datagram has come to the port that clients know.
    pub(super) fn receive(&mut self, path: Path, datagram: BytesMut) {
        let first = self.former.as_mut().unwrap_or(&mut self.router);
        first.handle_datagram(self.now, path, datagram);
        self.carry();
    }

    /// What the two workers have for each other.
    pub(super) fn carry(&mut self) {
        let now = self.now;
        let Some(former) = &mut self.former else { return };
        loop {
            if let Some((_, handover)) = former.poll_handover() {
                self.router.handle_handover(now, FIRST, handover);
            } else if let Some((_, message)) = former.poll_relay() {
                self.router.handle_relay(now, FIRST, message);
            } else if let Some((_, message)) = self.router.poll_relay() {
                former.handle_relay(now, SECOND, message);
            } else {
                break;
            }
        }
        let events: Vec<_> = std::iter::from_fn(|| former.poll_event()).collect();
        events.into_iter().for_each(|event| self.router_says(event));
    }
}
