//! Plain mode: scenarios, one behaviour a file. One binary, because linking takes longer than running.

mod a_killed_page_reconnects_then_leaves;
mod a_recording_is_sent_frame_by_frame;
mod a_screen_is_shown_to_whoever_comes;
mod a_thin_uplink_stops_the_top_layer_first;
mod a_thinner_link_takes_frames_first;
mod broken_peers_cost_nobody_else;
mod everyone_passes_through_every_slot;
mod everything_is_freed;
mod keyframe_requests_are_coalesced;
mod layer_follows_tile_height;
mod lost_packets_are_resent;
mod one_worker_and_three_give_the_same_pictures;
mod people_are_moved_between_workers;
mod random_calls_go_well_over_lossy_relays;
mod rooms_never_mix;
mod same_seed_same_bytes;
mod switching_publishers_keeps_lips_in_sync;
mod talkers_off_screen_are_heard;
mod the_encoder_is_like_the_recording;
mod unwatched_layers_are_not_encoded;
