//! What a router does, one behaviour a file, with scripted peers in virtual time. One binary, because linking
//! takes longer than running.

mod common;
mod spread;

mod a_flickering_track_is_looked_at_in_turns;
mod a_full_router_turns_peers_away;
mod a_later_offer_adds_slots;
mod a_layer_that_stops_without_a_word;
mod a_publisher_says_which_layers_it_sends;
mod a_publisher_that_lies_costs_no_more;
mod a_stopped_layer_is_left_on_every_worker;
mod a_vanished_picture_takes_no_bandwidth;
mod data_is_relayed_within_the_room;
mod datagrams_find_their_peer;
mod decisions_are_traced_on_request;
mod duplicates_are_dropped;
mod keyframe_requests_are_throttled;
mod layers_below_a_starved_one_are_asked_for;
mod layers_follow_the_tile_height;
mod levels_are_told_while_someone_speaks;
mod lost_packets_are_sent_again;
mod muted_tracks_do_not_flow;
mod nothing_begins_before_the_client_is_there;
mod nothing_crosses_rooms;
mod only_the_loudest_flow;
mod peers_are_polled_only_when_given_work;
mod pictures_that_stand_still_go_on;
mod placement_tells_the_others;
mod publishers_fall_back_to_vp8;
mod quality_is_told_when_it_changes;
mod red_is_unwrapped;
mod relay_asks_the_publisher;
mod relay_begins_anew;
mod relay_carries_watched_tracks;
mod relay_frees_everything;
mod relay_hears_the_whole_room;
mod relay_queue_drops_the_oldest;
mod relay_repairs_loss;
mod removing_peers_frees_everything;
mod reports_go_out_once_a_second;
mod silence_and_closing_are_told;
mod slot_states_are_told_on_change;
mod spatial_layers_need_descriptors;
mod talkers_take_free_slots;
mod temporal_layers_follow_the_bandwidth;
mod unwatched_layers_are_announced;
