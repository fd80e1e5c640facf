//! Peers, forwarders and speakers: the media plane of one worker as a state machine.
