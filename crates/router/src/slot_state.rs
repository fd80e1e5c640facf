//! What the control plane is told of a slot.

use crate::retarget::takes_codec;
use crate::state::{PeerEntry, PeerKey, PeerTag, Slot, Track};
use crate::table::Table;
use media::plane::{MediaEvent, PauseReason, SlotState};
use media::{Kind, MLineIndex};
use peer::Peer;
use std::time::{Duration, Instant};

/// How long a slot waits for the first packet of any layer before it is called paused: as long as a publisher
/// takes to be told and to start its encoder.
const START_PATIENCE: Duration = Duration::from_secs(3);

/// The event that the slot's state has become another one, if it has.
pub(crate) fn tell<P: Peer>(
    now: Instant,
    peers: &mut Table<PeerEntry<P>, PeerTag>,
    tracks: &Table<Track>,
    key: PeerKey,
    mline: MLineIndex,
) -> Option<MediaEvent> {
    let entry = peers.get_mut(key)?;
    // Whoever is in a talker slot flows; `TalkerSlot` says who that is.
    if entry.talker_slots.contains(&mline) {
        return None;
    }
    let slot = entry.slot(mline)?;
    let track = tracks.get(slot.track?)?;
    let state = state_of(
        now,
        slot,
        track,
        takes_codec(entry, mline, track),
        entry.peer.is_reachable(),
    );
    let participant = entry.participant;
    let slot = entry.slot_mut(mline)?;
    if slot.told == Some((track.id, state)) {
        return None;
    }
    slot.told = Some((track.id, state));
    Some(MediaEvent::SlotState {
        participant,
        slot: mline,
        track: Some(track.id),
        state,
    })
}

fn state_of(now: Instant, slot: &Slot, track: &Track, takes_codec: bool, reachable: bool) -> SlotState {
    if track.muted {
        return SlotState::Paused(PauseReason::Muted);
    }
    if track.shed {
        return SlotState::Paused(PauseReason::Overload);
    }
    if !takes_codec {
        return SlotState::Paused(PauseReason::Codec);
    }
    if slot.kind == Kind::Audio {
        return SlotState::Live;
    }
    if slot.height == 0 {
        return SlotState::Paused(PauseReason::Hidden);
    }
    let flows = slot.forwarder.state();
    if !track.status.iter().any(|layer| layer.active) {
        let heard = track.layers.iter().filter_map(|layer| layer.heard).max();
        let since = heard.map_or(slot.since, |heard| heard.max(slot.since));
        // A short pause of a picture that flows is not worth a message.
        let patient = now.saturating_duration_since(since) < START_PATIENCE;
        return match (patient, flows.layer) {
            (true, Some(_)) => SlotState::Live,
            (true, None) => SlotState::Switching,
            (false, _) => SlotState::Paused(PauseReason::NoLayer),
        };
    }
    match (flows.layer, flows.target) {
        (_, None) if !reachable => SlotState::Switching,
        (_, None) => SlotState::Paused(PauseReason::Bandwidth),
        (Some(_), Some(_)) => SlotState::Live,
        (None, Some(_)) => SlotState::Switching,
    }
}
