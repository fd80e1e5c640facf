//! Asking a publisher for keyframes, neither too often nor in vain.

use media::LayerIndex;
use media::id::MAX_LAYERS;
use std::time::{Duration, Instant};

/// Least time between two requests for the same layer. Lower: publishers spend bits on keyframes that were
/// already on their way; higher: a lost request freezes subscribers for longer.
pub const KEYFRAME_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy, Default)]
struct Layer {
    /// When to ask, or ask again; `None`: nobody waits.
    due: Option<Instant>,
    last_sent: Option<Instant>,
}

/// The keyframe requests of one video track: those of all subscribers become one per layer, at most every
/// [`KEYFRAME_INTERVAL`], repeated until the keyframe comes or nobody waits any longer.
#[derive(Debug, Clone, Default)]
pub struct KeyframeRequests {
    layers: [Layer; MAX_LAYERS],
}

impl KeyframeRequests {
    /// Nobody waits.
    pub fn new() -> KeyframeRequests {
        KeyframeRequests::default()
    }

    /// Somebody needs a keyframe of this layer. Layers past [`MAX_LAYERS`] are ignored.
    pub fn request(&mut self, now: Instant, layer: LayerIndex) {
        let Some(layer) = self.layers.get_mut(usize::from(layer.0)) else {
            return;
        };
        if layer.due.is_none() {
            layer.due = Some(
                layer
                    .last_sent
                    .map_or(now, |sent| now.max(sent + KEYFRAME_INTERVAL)),
            );
        }
    }

    /// A keyframe of this layer began to arrive: nobody waits any longer.
    pub fn handle_keyframe(&mut self, layer: LayerIndex) {
        self.cancel(layer);
    }

    /// Nobody needs the keyframe any longer (viewers left, track muted).
    pub fn cancel(&mut self, layer: LayerIndex) {
        if let Some(layer) = self.layers.get_mut(usize::from(layer.0)) {
            layer.due = None;
        }
    }

    /// Whether somebody waits for a keyframe of this layer.
    pub fn is_pending(&self, layer: LayerIndex) -> bool {
        self.layers
            .get(usize::from(layer.0))
            .is_some_and(|layer| layer.due.is_some())
    }

    /// A layer to ask the publisher for now; call until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<LayerIndex> {
        let index = self
            .layers
            .iter()
            .position(|layer| layer.due.is_some_and(|due| due <= now))?;
        self.layers[index] = Layer {
            due: Some(now + KEYFRAME_INTERVAL),
            last_sent: Some(now),
        };
        Some(LayerIndex(index as u8))
    }

    /// When [`poll`](Self::poll) has something to say next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.layers.iter().filter_map(|layer| layer.due).min()
    }
}
