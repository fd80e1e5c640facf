//! Every offer recorded from a real client is answered, and the answer fits it.

use peer::{PeerConfig, PeerFactory};
use std::time::Instant;

#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

fn factory() -> PeerFactory {
    PeerFactory::new(PeerConfig::new(vec!["192.0.2.1:10000".parse().unwrap()])).unwrap()
}

fn offer(name: &str) -> String {
    std::fs::read_to_string(format!(
        "{}/tests/offers/{name}-offer.sdp",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

#[test]
fn all() {
    for name in [
        "chromium",
        "chromium-slots",
        "firefox",
        "firefox-slots",
        "aiortc",
        "gst",
        "roamhq",
    ] {
        let (_, answer) = factory()
            .accept(now(), &offer(name), false)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        println!("=== {name}\n{}\n{:?}", answer.sdp, answer.sections);
    }
}
