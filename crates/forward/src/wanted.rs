//! Layers somebody watches, so that the publisher can stop encoding the others.

use media::LayerIndex;
use media::id::MAX_LAYERS;
use std::time::{Duration, Instant};

/// How long a layer stays wanted after its last viewer left. Lower: a viewer who pages back and forth makes
/// the publisher restart its encoder; higher: the publisher's uplink is spent on nobody for longer.
pub const LINGER: Duration = Duration::from_secs(5);

/// A set of layers of one track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct LayerSet(u8);

impl LayerSet {
    /// No layer.
    pub const EMPTY: LayerSet = LayerSet(0);

    /// The lowest `count` layers, at most [`MAX_LAYERS`].
    pub fn all(count: usize) -> LayerSet {
        LayerSet((1u8 << count.min(MAX_LAYERS)) - 1)
    }

    /// Add a layer; those past [`MAX_LAYERS`] are ignored.
    pub fn insert(&mut self, layer: LayerIndex) {
        if usize::from(layer.0) < MAX_LAYERS {
            self.0 |= 1 << layer.0;
        }
    }

    /// Whether the layer is in the set.
    pub fn contains(self, layer: LayerIndex) -> bool {
        usize::from(layer.0) < MAX_LAYERS && self.0 & (1 << layer.0) != 0
    }

    /// The layers, ascending.
    pub fn iter(self) -> impl Iterator<Item = LayerIndex> {
        (0..MAX_LAYERS as u8)
            .map(LayerIndex)
            .filter(move |layer| self.contains(*layer))
    }
}

/// The layers of one track that are wanted: at once with the first viewer, for a while after the last.
#[derive(Debug)]
pub struct WantedLayers {
    linger: Duration,
    watched: LayerSet,
    /// Per layer not watched: until when it stays wanted.
    until: [Instant; MAX_LAYERS],
    announced: LayerSet,
}

impl WantedLayers {
    /// A new track of `layers` layers: the publisher encodes all of them, nobody watches yet.
    pub fn new(now: Instant, layers: usize) -> WantedLayers {
        WantedLayers {
            linger: LINGER,
            watched: LayerSet::EMPTY,
            until: [now + LINGER; MAX_LAYERS],
            announced: LayerSet::all(layers),
        }
    }

    /// A track of which nothing is sent until somebody watches, and for `linger` after the last viewer.
    pub fn of_unsent(now: Instant, linger: Duration) -> WantedLayers {
        WantedLayers {
            linger,
            watched: LayerSet::EMPTY,
            until: [now; MAX_LAYERS],
            announced: LayerSet::EMPTY,
        }
    }

    /// The layers that flow or should flow into any slot now.
    pub fn set_watched(&mut self, now: Instant, watched: LayerSet) {
        for layer in self.watched.iter().filter(|layer| !watched.contains(*layer)) {
            self.until[usize::from(layer.0)] = now + self.linger;
        }
        self.watched = watched;
    }

    /// The layers wanted now, when that changed since it was last returned; at first all that are sent.
    pub fn poll(&mut self, now: Instant) -> Option<LayerSet> {
        let mut wanted = self.watched;
        for layer in self
            .announced
            .iter()
            .filter(|layer| now < self.until[usize::from(layer.0)])
        {
            wanted.insert(layer);
        }
        (wanted != self.announced).then(|| {
            self.announced = wanted;
            wanted
        })
    }

    /// What the publisher was asked to send, as last returned by [`poll`](Self::poll).
    pub fn announced(&self) -> LayerSet {
        self.announced
    }

    /// When [`poll`](Self::poll) may have something to say next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let lingering = self
            .announced
            .iter()
            .filter(|layer| !self.watched.contains(*layer));
        lingering.map(|layer| self.until[usize::from(layer.0)]).min()
    }
}
