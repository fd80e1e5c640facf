//! Peers that break on purpose: something panics in one of the calls that their router makes of them.

use super::person::PersonId;
use super::world::World;
use bytes::{BufMut, BytesMut};
use router::Router;

/// The first byte of what tells a peer to break: as of DTLS, which nobody speaks here.
const TELLS: u8 = 20;

/// So many more calls go well; `None`: all.
#[derive(Debug, Default)]
pub(super) struct Fuse(Option<u32>);

impl Fuse {
    /// Whether the datagram was for the fuse.
    pub(super) fn light(&mut self, datagram: &[u8]) -> bool {
        if let [TELLS, calls @ ..] = datagram
            && let Ok(calls) = calls.try_into()
        {
            self.0 = Some(u32::from_be_bytes(calls));
            return true;
        }
        false
    }

    /// A call begins.
    pub(super) fn burn(&mut self) {
        if let Some(calls) = &mut self.0 {
            assert!(*calls > 0, "a peer that was told to break");
            *calls -= 1;
        }
    }
}

impl World {
    /// Something panics in this person's peer, after so many more calls of it. From now on the world contains panics, as
    /// workers do.
    pub fn break_peer(&mut self, who: PersonId, calls: u32) {
        self.contains = true;
        let mut datagram = BytesMut::new();
        datagram.put_u8(TELLS);
        datagram.put_u32(calls);
        let (now, path) = (self.now, self.people[who.0].path);
        let worker = self.worker_for(who.0);
        self.call(worker, |router| router.handle_datagram(now, path, datagram));
        self.settle();
    }

    /// Peers that broke.
    pub fn broken_peers(&self) -> u64 {
        self.routers.iter().map(|router| router.counters().panics).sum()
    }

    /// Calls a router; `None` after a panic in it.
    pub(super) fn call<T>(
        &mut self,
        worker: usize,
        work: impl FnOnce(&mut Router<super::peer::PlainPeer>) -> T,
    ) -> Option<T> {
        let router = &mut self.routers[worker];
        // Where none is to break, a panic is what it always is in a test.
        if self.contains {
            router.contain(work)
        } else {
            Some(work(router))
        }
    }
}
