//! Which layers a publisher says that it sends.

use media::LayersAllocation;
use media::layers_allocation::AllocatedLayer;

/// Longest value that is written.
const MAX_BYTES: usize = 277;

/// Any value.
pub fn layers_allocation(data: &[u8]) {
    let Some(read) = LayersAllocation::parse(data) else { return };
    assert!(read.layers.len() <= 16 && read.stream < 4);
    let place = |layer: &AllocatedLayer| (layer.stream, layer.spatial);
    assert!(read.layers.is_sorted_by(|a, b| place(a) < place(b)));
    for layer in &read.layers {
        assert!(layer.stream < 4 && layer.spatial < 4);
        assert!((1..=4).contains(&layer.targets().len()));
        assert!(layer.targets().iter().all(|target| target.0 <= 1_000_000_000));
        assert!(read.target(layer.stream).is_some_and(|target| layer.targets().contains(&target) || target.0 > 0));
        let sizes = layer.picture.map(|picture| picture.width.min(picture.height)..=picture.width.max(picture.height));
        assert!(sizes.is_none_or(|sizes| *sizes.start() >= 1 && *sizes.end() <= 65_536));
    }
    let written = read.to_wire();
    assert!(written.len() <= MAX_BYTES);
    assert_eq!(LayersAllocation::parse(&written), Some(read), "what is written is what was read");
}
