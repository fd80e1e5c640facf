//! Whose datagram is this? STUN by username, everything else by the address ICE has validated.

use crate::counters::DropReason;
use crate::state::PeerKey;
use media::{DatagramKind, WorkerId, stun};
use peer::{Path, Protocol};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::net::IpAddr;
use std::time::Instant;

/// Most addresses of one peer. Raising it lets a client with many interfaces and a restless NAT keep them all,
/// lowering it bounds what one client can occupy. One more drops the one unheard for longest.
pub const MAX_ADDRESSES_PER_PEER: usize = 16;

/// Most usernames of one peer: the first, and one more for each ICE restart. One more drops the oldest.
pub const MAX_UFRAGS_PER_PEER: usize = 8;

/// Mixes addresses quickly. The keys are addresses that authenticated clients own, at most
/// [`MAX_ADDRESSES_PER_PEER`] each, so nobody can fill a bucket on purpose.
#[derive(Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }
    fn write_u16(&mut self, value: u16) {
        self.write_u64(value.into());
    }
    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }
    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// A path without the parts of an IPv6 address that do not tell clients apart, so that hashing it is four words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Address {
    remote: u128,
    local: u128,
    ports_and_protocol: u64,
}

impl From<Path> for Address {
    fn from(path: Path) -> Self {
        let bits = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => u128::from(ip.to_bits()),
            IpAddr::V6(ip) => ip.to_bits(),
        };
        let protocol = u64::from(path.protocol == Protocol::Tcp);
        Self {
            remote: bits(path.remote.ip()),
            local: bits(path.local.ip()),
            ports_and_protocol: u64::from(path.remote.port())
                | u64::from(path.local.port()) << 16
                | protocol << 32,
        }
    }
}

/// Whose a username or an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A peer of this worker.
    Peer(PeerKey),
    /// A peer that was handed over to another worker, and whose client knows the port here.
    Moved(WorkerId),
}

#[derive(Debug)]
struct Known {
    owner: Owner,
    heard: Instant,
}

/// What one peer occupies here, kept with the peer so that all of it can be freed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registration {
    ufrags: Vec<String>,
    addresses: Vec<Path>,
}

impl Registration {
    /// The same under a name of another worker's: nothing of it is known to that worker's demultiplexer yet.
    pub(crate) fn take(&mut self) -> (Vec<String>, Vec<Path>) {
        (
            std::mem::take(&mut self.ufrags),
            std::mem::take(&mut self.addresses),
        )
    }

    pub(crate) fn has_tcp(&self) -> bool {
        let mut paths = self.addresses.iter();
        paths.any(|path| path.protocol == Protocol::Tcp)
    }
}

/// Finds peers.
#[derive(Debug, Default)]
pub(crate) struct Demultiplexer {
    ufrags: HashMap<String, Owner>,
    addresses: HashMap<Address, Known, BuildHasherDefault<AddressHasher>>,
}

impl Demultiplexer {
    /// Whom a datagram is for, by RFC 7983's first byte.
    pub(crate) fn find(&mut self, now: Instant, path: Path, datagram: &[u8]) -> Result<Owner, DropReason> {
        match DatagramKind::of(datagram) {
            Some(DatagramKind::Stun) => match stun::local_ufrag(datagram) {
                Some(ufrag) => self
                    .ufrags
                    .get(ufrag)
                    .copied()
                    .ok_or(DropReason::StunUnknownUfrag),
                // Responses and indications carry no username.
                None => self.owner(now, path).ok_or(DropReason::StunMalformed),
            },
            Some(_) => self.owner(now, path).ok_or(DropReason::UnvalidatedAddress),
            None => Err(DropReason::NotOurs),
        }
    }

    fn owner(&mut self, now: Instant, path: Path) -> Option<Owner> {
        let known = self.addresses.get_mut(&path.into())?;
        known.heard = now;
        Some(known.owner)
    }

    /// STUN requests with this username are for `owner`. A username another peer has is not given away: they
    /// are random, so that is a peer that was added twice, and the first one works.
    pub(crate) fn add_ufrag(&mut self, registration: &mut Registration, owner: Owner, ufrag: &str) {
        if self.ufrags.contains_key(ufrag) {
            return;
        }
        if registration.ufrags.len() >= MAX_UFRAGS_PER_PEER {
            let oldest = registration.ufrags.remove(0);
            self.ufrags.remove(&oldest);
        }
        self.ufrags.insert(ufrag.to_owned(), owner);
        registration.ufrags.push(ufrag.to_owned());
    }

    /// Who owns the address now.
    pub(crate) fn owner_of(&self, path: Path) -> Option<Owner> {
        self.addresses.get(&path.into()).map(|known| known.owner)
    }

    /// ICE validated the address for `owner`. The caller has made sure that nobody else owns it.
    pub(crate) fn add_address(
        &mut self,
        now: Instant,
        registration: &mut Registration,
        owner: Owner,
        path: Path,
    ) {
        let former = self.addresses.insert(path.into(), Known { owner, heard: now });
        if former.is_some() && registration.addresses.contains(&path) {
            return;
        }
        if registration.addresses.len() >= MAX_ADDRESSES_PER_PEER {
            let heard = |path: &Path| self.addresses.get(&(*path).into()).map(|known| known.heard);
            let oldest = (0..registration.addresses.len()).min_by_key(|i| heard(&registration.addresses[*i]));
            if let Some(oldest) = oldest {
                let path = registration.addresses.swap_remove(oldest);
                self.addresses.remove(&path.into());
            }
        }
        registration.addresses.push(path);
    }

    /// The address is no longer the peer's.
    pub(crate) fn forget_address(&mut self, registration: &mut Registration, path: Path) {
        if let Some(index) = registration.addresses.iter().position(|known| *known == path) {
            registration.addresses.swap_remove(index);
            self.addresses.remove(&path.into());
        }
    }

    /// All that was registered is this owner's from now on.
    pub(crate) fn hand_to(&mut self, owner: Owner, registration: &Registration) {
        for ufrag in &registration.ufrags {
            if let Some(known) = self.ufrags.get_mut(ufrag) {
                *known = owner;
            }
        }
        for path in &registration.addresses {
            if let Some(known) = self.addresses.get_mut(&(*path).into()) {
                known.owner = owner;
            }
        }
    }

    /// Frees all that a peer occupied.
    pub(crate) fn forget_peer(&mut self, registration: Registration) {
        for ufrag in registration.ufrags {
            self.ufrags.remove(&ufrag);
        }
        for path in registration.addresses {
            self.addresses.remove(&path.into());
        }
    }

    pub(crate) fn addresses(&self) -> usize {
        self.addresses.len()
    }

    pub(crate) fn ufrags(&self) -> usize {
        self.ufrags.len()
    }
}
