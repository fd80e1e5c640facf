//! One participant: what it said of itself, what it publishes, what it sees.

use crate::assign::AutoHeights;
use crate::config::{DEFAULT_CAMERA_HEIGHT, DEFAULT_SCREEN_HEIGHT};
use crate::expiry::Expiry;
use crate::liveness::Liveness;
use crate::notice::{ParticipantInfo, SocketId, TrackInfo};
use crate::request::{Credentials, OfferedTrack, View};
use crate::slots::Slots;
use crate::{ParticipantState, Permissions};
use media::plane::{PublishSection, Quality};
use media::{Codec, LayerIndex, LayerInfo, ParticipantId, Source, TrackId};
use std::collections::BTreeMap;
use std::time::Instant;

/// A published track.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    pub(crate) id: TrackId,
    pub(crate) source: Source,
    pub(crate) layers: Vec<LayerInfo>,
    pub(crate) muted: bool,
    /// Layers somebody watches, as the media plane said last.
    pub(crate) wanted: Option<Vec<LayerIndex>>,
    /// Codec to send, as the media plane said last.
    pub(crate) codec: Option<Codec>,
}

impl Track {
    pub(crate) fn info(&self) -> TrackInfo {
        TrackInfo {
            id: self.id,
            source: self.source,
            muted: self.muted,
        }
    }

    /// The rids of [`Track::wanted`].
    pub(crate) fn wanted_rids(&self) -> Option<Vec<String>> {
        let wanted = self.wanted.as_ref()?;
        Some(
            wanted
                .iter()
                .filter_map(|i| self.layers.get(usize::from(i.0)))
                .map(|l| l.rid.clone())
                .collect(),
        )
    }
}

/// An offer that waits for its answer, with the tracks it names.
#[derive(Debug, Clone)]
pub(crate) enum PendingOffer {
    /// The session builds a peer from it.
    Building(Vec<OfferedTrack>),
    /// The peer has it.
    Forwarded { request: u64, tracks: Vec<OfferedTrack> },
}

/// One participant.
#[derive(Debug)]
pub(crate) struct Participant {
    pub(crate) id: ParticipantId,
    pub(crate) identity: Option<String>,
    pub(crate) name: String,
    /// The client may not change it.
    pub(crate) fixed_name: bool,
    pub(crate) metadata: Option<String>,
    pub(crate) token: String,
    pub(crate) socket: Option<SocketId>,
    pub(crate) liveness: Liveness,
    pub(crate) permissions: Permissions,
    pub(crate) expiry: Option<Expiry>,
    /// How good the call is for it, once known.
    pub(crate) quality: Option<Quality>,
    /// The state others were, or are about to be, told.
    pub(crate) shown_state: ParticipantState,

    pub(crate) pending_offer: Option<PendingOffer>,
    pub(crate) sections: Vec<PublishSection>,
    pub(crate) offered: Vec<OfferedTrack>,
    pub(crate) tracks: Vec<Track>,

    /// `None` until the client asks for something: the default view.
    pub(crate) view: Option<View>,
    pub(crate) slots: Slots,

    /// Revision of the room when it joined: the order of joining.
    pub(crate) joined: u64,
    /// Revision of the room at which anything others see of it changed last.
    pub(crate) revision: u64,
    /// Whom the client knows, each as of this revision.
    pub(crate) known: BTreeMap<ParticipantId, u64>,
    /// The count the client was told last.
    pub(crate) told_count: u32,
}

impl Participant {
    pub(crate) fn new(
        now: Instant,
        id: ParticipantId,
        name: String,
        metadata: Option<String>,
        credentials: Credentials,
        token: String,
        socket: SocketId,
    ) -> Self {
        let liveness = Liveness::new(now);
        Self {
            id,
            identity: credentials.identity,
            name,
            fixed_name: credentials.fixed_name,
            permissions: credentials.permissions.effective(),
            expiry: credentials.expires.map(|at| Expiry::new(now, at)),
            metadata,
            token,
            socket: Some(socket),
            shown_state: liveness.state(),
            liveness,
            quality: None,
            pending_offer: None,
            sections: Vec::new(),
            offered: Vec::new(),
            tracks: Vec::new(),
            view: None,
            slots: Slots::default(),
            joined: 0,
            revision: 0,
            known: BTreeMap::new(),
            told_count: 0,
        }
    }

    pub(crate) fn info(&self) -> ParticipantInfo {
        ParticipantInfo {
            id: self.id,
            identity: self.identity.clone(),
            name: self.name.clone(),
            metadata: self.metadata.clone(),
            state: self.shown_state,
            tracks: self.tracks.iter().map(Track::info).collect(),
        }
    }

    pub(crate) fn track_of(&self, source: Source) -> Option<TrackId> {
        self.tracks
            .iter()
            .find(|track| track.source == source)
            .map(|track| track.id)
    }

    /// Heights of the part of its view the server fills; `None` when the client names everything itself.
    pub(crate) fn auto_heights(&self) -> Option<AutoHeights> {
        match &self.view {
            None => Some(AutoHeights {
                camera: DEFAULT_CAMERA_HEIGHT,
                screen: DEFAULT_SCREEN_HEIGHT,
            }),
            Some(view) => view.auto_height.map(|height| AutoHeights {
                camera: height,
                screen: height,
            }),
        }
    }
}
