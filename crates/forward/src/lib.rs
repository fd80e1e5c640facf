//! One track into one slot: forwarders, layer selection, keyframe requests, allocation.
