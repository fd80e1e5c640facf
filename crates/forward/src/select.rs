//! Which layer fits a tile.

use media::LayerIndex;
use std::time::Duration;

/// A layer that has sent nothing for this long counts as absent.
pub const LAYER_SILENCE: Duration = Duration::from_secs(1);

/// One layer of a track, as the router knows it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerStatus {
    /// Picture height in pixels; 0 when the publisher did not say.
    pub height: u16,
    /// Whether packets came within [`LAYER_SILENCE`].
    pub active: bool,
}

/// The smallest active layer at least as high as the tile, else the largest active one. `None` when no layer
/// is active, or when the tile is hidden (`height` 0).
///
/// `layers` are in order of [`LayerIndex`]; of equally high ones the later counts as the larger.
pub fn select_layer(height: u16, layers: &[LayerStatus]) -> Option<LayerIndex> {
    if height == 0 {
        return None;
    }
    let active = || layers.iter().enumerate().filter(|(_, layer)| layer.active);
    let rank = |&(index, layer): &(usize, &LayerStatus)| (layer.height, index);
    let enough = active()
        .filter(|(_, layer)| layer.height >= height)
        .min_by_key(rank);
    let (index, _) = enough.or_else(|| active().max_by_key(rank))?;
    u8::try_from(index).ok().map(LayerIndex)
}
