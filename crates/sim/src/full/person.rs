//! One client of the simulated room, with what signaling told it.

use super::network::Wire;
use super::observe::Observation;
use crate::client::{Client, ClientEvent, Via};
use media::{ParticipantId, Source, TrackId};
use peer::{Path, Protocol};
use room::{Notice, SlotInfo, SlotShown, SocketId};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

/// A person in the room.
pub struct Person {
    /// Display name.
    pub name: String,
    /// The client.
    pub client: Client,
    /// How it reaches the server.
    pub link: Wire,
    /// Its number, once it joined.
    pub id: ParticipantId,
    /// Its signaling connection.
    pub socket: SocketId,
    /// What it publishes.
    pub tracks: HashMap<Source, TrackId>,
    /// Everything signaling said without being asked.
    pub notices: Vec<(Instant, Notice)>,
    /// Everything the client reported, except frames and sound.
    pub events: Vec<(Instant, ClientEvent)>,
    /// What each slot carries now, by mid.
    pub slots: HashMap<String, SlotShown>,
    /// Every track a slot ever carried, by mid.
    pub announced: Vec<(String, TrackId)>,
    /// Written down when the client tells frames.
    pub observation: Option<Observation>,
    pub(super) next_offer: u64,
    pub(super) compat: bool,
    pub(super) here: bool,
    pub(super) wake: Option<Instant>,
    pub(super) udp: SocketAddr,
    pub(super) tcp: SocketAddr,
}

impl Person {
    pub(super) fn path(&self, server: SocketAddr, via: Via) -> Path {
        let (protocol, remote) = match via {
            Via::Udp => (Protocol::Udp, self.udp),
            Via::Tcp => (Protocol::Tcp, self.tcp),
        };
        Path {
            protocol,
            local: server,
            remote,
        }
    }

    pub(super) fn handle_slots(&mut self, slots: &[SlotInfo]) {
        for slot in slots {
            if let SlotShown::Track { track, .. } = slot.shown {
                self.announced.push((slot.mid.clone(), track));
            }
            self.slots.insert(slot.mid.clone(), slot.shown);
        }
    }

    /// Position of the slot that carries a track now.
    pub fn slot_of(&self, track: TrackId) -> Option<usize> {
        let mid = self.slots.iter().find_map(|(mid, shown)| {
            matches!(shown, SlotShown::Track { track: t, .. } if *t == track).then_some(mid)
        })?;
        self.client.slot_index(mid)
    }

    /// Notices of the socket's close or a failed media connection.
    pub fn media_failed(&self) -> Option<(&'static str, bool)> {
        self.notices.iter().find_map(|(_, notice)| match notice {
            Notice::MediaFailed { reason, dtls_alert } => Some((*reason, *dtls_alert)),
            _ => None,
        })
    }

    /// Everything wrong with what this client received so far: packets nobody announced, frames no decoder could
    /// follow, time running backwards.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for slot in self.client.slots() {
            let stats = &slot.stats;
            for run in &stats.runs {
                if !self.announced.contains(&(slot.mid.clone(), TrackId(run.csrc))) {
                    complaints.push(format!(
                        "{}: slot {} got {:08x} unannounced",
                        self.name, slot.mid, run.csrc
                    ));
                }
                if self.tracks.values().any(|own| own.0 == run.csrc) {
                    complaints.push(format!("{}: slot {} got its own track", self.name, slot.mid));
                }
            }
            let counts = [
                ("packets without exactly one CSRC", stats.bad_csrc),
                ("frames that refer to another encoder's", stats.wrong_reference),
                ("frames of two tracks", stats.mixed_frames),
                ("backward timestamps", stats.backward_timestamps),
            ];
            for (what, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                complaints.push(format!("{}: slot {}: {count} {what}", self.name, slot.mid));
            }
        }
        complaints
    }
}
