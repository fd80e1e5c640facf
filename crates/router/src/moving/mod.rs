//! A participant's connection goes from one worker's router to another's, and its client does not notice.
//!
//! ```text
//!   former worker                                             new worker
//!   Release ──► leave ══ Moving: the peer, its slots, ══════► arrive ──► Moved
//!                 │      its tracks with what their rings have   ▲
//!                 ▼                                              │
//!   datagrams ► detour ══ datagrams, in order behind it ═════════┘
//! ```
//! `leave` takes a peer out with all that has to go on: numbers, timestamps, keys, what waits in the pacer. What it
//! published is imported from the new worker from then on. `arrive` puts it in. `detour` keeps under which names and
//! addresses the client is known here, because it goes on to send to this port; `handovers` is the way between the two.
//!
//! No packet is lost by it: who goes on with a track from another worker says up to where it has come
//! ([`RelayMessage::Since`](crate::RelayMessage::Since)). See `docs/adr/0010-a-peer-can-be-moved.md`.

mod arrive;
mod detour;
mod handovers;
mod heaviest;
mod leave;
mod take_over;

pub(crate) use detour::Detours;
pub(crate) use handovers::Handovers;
pub use handovers::{HANDOVER_DATAGRAMS, Handover};
pub use heaviest::MOST_NAMED;

use crate::codec_wish::CodecWish;
use crate::state::{Layer, LayerStatus, PeerEntry, Track};
use forward::{KeyframeRequests, WantedLayers};
use media::{Codec, LayerInfo, MLineIndex, RoomId, Source, TrackId, WorkerId};

/// A participant's peer on its way, with all that hangs on it.
#[derive(Debug)]
pub struct Moving<P> {
    /// Its keys are those of the former router and mean nothing.
    entry: PeerEntry<P>,
    room: RoomId,
    /// Where it goes.
    to: WorkerId,
    /// Other workers of the room, for where it is not known yet.
    neighbours: Vec<WorkerId>,
    /// By section.
    published: Vec<(MLineIndex, Carried)>,
    /// Which track each slot carries.
    slots: Vec<(MLineIndex, TrackId)>,
    /// These tracks, where others publish them.
    watched: Vec<(Option<WorkerId>, Carried)>,
}

/// What is known of a track, for a router that may not know it or not as well.
#[derive(Debug)]
struct Carried {
    id: TrackId,
    source: Source,
    muted: bool,
    codec: Option<Codec>,
    codec_wish: CodecWish,
    layers: Vec<Layer>,
    status: Vec<LayerStatus>,
    keyframes: KeyframeRequests,
    /// What the publisher was told, for tracks that go with it.
    wanted: Option<WantedLayers>,
    next_number: u64,
}

impl Carried {
    /// A copy of what is known here. Payloads are shared, not copied.
    fn of(track: &Track) -> Self {
        Self {
            id: track.id,
            source: track.source,
            muted: track.muted,
            codec: track.codec,
            codec_wish: track.codec_wish.clone(),
            layers: track.layers.clone(),
            status: track.status.clone(),
            keyframes: track.keyframes.clone(),
            wanted: None,
            next_number: track.next_number,
        }
    }

    /// The layers as the control plane tells of them.
    fn infos(&self) -> Vec<(LayerInfo, media::LayerIndex)> {
        let layers = self.layers.iter().zip(&self.status);
        layers
            .map(|(layer, status)| {
                let info = LayerInfo {
                    rid: layer.rid.clone(),
                    height: status.height,
                    max_bitrate: layer.announced,
                };
                (info, layer.section_layer)
            })
            .collect()
    }

    fn has_layers_of(&self, track: &Track) -> bool {
        let rids = |layers: &[Layer]| layers.iter().map(|layer| layer.rid.clone()).collect::<Vec<_>>();
        rids(&self.layers) == rids(&track.layers)
    }
}
