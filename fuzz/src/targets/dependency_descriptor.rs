//! Dependency descriptors, one after another, as the structures they come with change.

use crate::input::{Short, each};
use media::dependency_descriptor::{
    self as format, Frame, MAX_DECODE_TARGETS, MAX_FDIFFS, MAX_SPATIAL_LAYERS, MAX_TEMPORAL_LAYERS, Structure,
};

/// Descriptors of one encoding.
pub fn dependency_descriptor(data: &[u8]) {
    let mut known: Option<Box<Structure>> = None;
    for Short(bytes) in each(data, 100) {
        let Some(read) = format::parse(&bytes, known.as_deref()) else { continue };
        assert_eq!(bytes[1..3], read.number.to_be_bytes());
        let structure = read.attached.as_deref().or(known.as_deref());
        if let Some(frame) = &read.frame {
            check_frame(frame, structure.expect("a frame is read with a structure"));
        }
        assert!(read.attached.is_none() || read.frame.is_some(), "a structure has its own first frame");

        let renumbered = format::with_frame_number(&bytes, !read.number).expect("it has a number");
        let again = format::parse(&renumbered, known.as_deref()).expect("only the number is another");
        assert_eq!(again.number, !read.number);
        assert_eq!(format::Descriptor { number: read.number, ..again }, read);

        known = read.attached.or(known);
    }
}

fn check_frame(frame: &Frame, structure: &Structure) {
    let targets = structure.decode_targets();
    assert!((1..=MAX_DECODE_TARGETS).contains(&targets.len()));
    assert!(usize::from(structure.chains()) <= targets.len());
    assert!(usize::from(frame.spatial_id) < MAX_SPATIAL_LAYERS);
    assert!(usize::from(frame.temporal_id) < MAX_TEMPORAL_LAYERS);
    assert!(frame.fdiffs.iter().count() <= MAX_FDIFFS);
    assert!(frame.fdiffs.iter().all(|diff| (1..=4_096).contains(&diff)));
    assert_eq!(frame.chain_diffs.iter().count(), usize::from(structure.chains()));
    for target in targets {
        assert!(target.protected_by.is_none_or(|chain| chain < structure.chains()));
    }
    for spatial in 0..MAX_SPATIAL_LAYERS as u8 {
        for temporal in 0..MAX_TEMPORAL_LAYERS as u8 {
            let layers = frame.layers;
            // Of a choice: its decode targets, and the highest of them.
            let mut within = false;
            for (index, target) in targets.iter().enumerate() {
                let included = target.spatial_id <= spatial && target.temporal_id <= temporal;
                within |= included && frame.dtis.has(index);
            }
            assert_eq!(layers.within.has(spatial, temporal), within, "{spatial}/{temporal}");
            assert!(within || !layers.switch.has(spatial, temporal), "a switch into what it is no part of");
        }
    }
}
