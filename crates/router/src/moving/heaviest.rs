//! Who costs a worker most.

use crate::router::Router;
use media::ParticipantId;
use peer::Peer;
use std::cmp::Reverse;

/// So many are named: the first may have been moved just now.
pub const MOST_NAMED: usize = 8;

impl<P: Peer> Router<P> {
    /// The participants whose slots have carried most packets since the last call, the first of them most; only those that
    /// can be moved. Walks all peers and their slots: for once a second.
    pub fn heaviest(&mut self) -> Vec<ParticipantId> {
        let mut carried = Vec::new();
        for (key, entry) in self.peers.iter_mut() {
            let packets = entry.all_slots().map(|(_, slot)| slot.forwarder.packets());
            let all = packets.fold(0, u32::wrapping_add);
            let since = all.wrapping_sub(std::mem::replace(&mut entry.carried, all));
            carried.push((Reverse(since), entry.participant, key));
        }
        carried.retain(|(since, _, key)| since.0 > 0 && self.may_leave(*key).is_ok());
        carried.sort_unstable_by_key(|(since, participant, _)| (*since, *participant));
        carried.truncate(MOST_NAMED);
        carried
            .into_iter()
            .map(|(_, participant, _)| participant)
            .collect()
    }
}
