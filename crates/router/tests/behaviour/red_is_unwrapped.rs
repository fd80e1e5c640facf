//! A slot that did not negotiate RED gets its primary block as Opus.

use crate::common::{MIC, Stage};
use bytes::Bytes;
use media::{Codec, Source};

#[test]
fn red_flows_to_those_who_take_it_and_as_opus_to_the_others() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    let (bob, carol) = (stage.join(1, 2, 1, 1), stage.join(1, 3, 1, 1));
    carol.script.borrow_mut().refused_codecs.push(Codec::Red);
    let track = stage.publish(&alice, MIC, 100, Source::Microphone);
    stage.assign(&bob, bob.audio[0], Some(track), 0);
    stage.assign(&carol, carol.audio[0], Some(track), 0);
    // RFC 2198: one redundant block of 3 bytes, 960 ticks old, then the primary.
    let red = Bytes::from_static(&[0x80 | 111, 0x0F, 0x00, 0x03, 111, 1, 2, 3, 9, 8, 7]);
    let packet = stage.packet(&alice, MIC, 0, Codec::Red, red.clone());
    stage.rtp(&alice, MIC, 0, packet);
    let to_bob = &bob.received(bob.audio[0])[0];
    assert_eq!((to_bob.codec, to_bob.payload.to_bytes()), (Codec::Red, red));
    let to_carol = &carol.received(carol.audio[0])[0];
    assert_eq!(
        (to_carol.codec, &to_carol.payload.to_bytes()[..]),
        (Codec::Opus, &[9, 8, 7][..])
    );
}
