//! What costs more than the start would never flow, if only what flows could tell of the path.

use bwe::{Controller, Demand, Downlink, Outgoing, Priority, Release};
use media::Bitrate;
use std::time::{Duration, Instant};

/// Bytes of padding in the first second of a downlink on which this is sent, and of which nothing is reported.
fn padding(sent: Option<Outgoing<()>>) -> u32 {
    #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
    let t0 = Instant::now();
    let mut downlink = Downlink::new(t0, Box::new(Controller::new(t0)));
    downlink.set_reports(true);
    sent.into_iter().for_each(|packet| downlink.push(t0, packet));
    let demand = Demand {
        allocated: Bitrate(0),
        next_step: Some(Bitrate(2_700_000)),
        ceiling: Bitrate(2_700_000),
    };
    downlink.set_demand(t0, demand);
    let mut padding = 0;
    for ms in 0..1_000 {
        let now = t0 + Duration::from_millis(ms);
        downlink.handle_timeout(now);
        while let Some(release) = downlink.poll_release(now) {
            if let Release::Padding { bytes, seq } = release {
                padding += bytes;
                downlink.padding_sent(now, seq, bytes);
            }
        }
    }
    padding
}

#[test]
fn nothing_is_sent_and_padding_asks() {
    assert!((1_500..6_000).contains(&padding(None)), "{} bytes", padding(None));
}

/// A packet of sound.
fn sound(reported: bool) -> Outgoing<()> {
    Outgoing {
        packet: (),
        bytes: 120,
        priority: Priority::Audio,
        reported,
    }
}

#[test]
fn something_is_sent_and_its_report_is_waited_for() {
    assert_eq!(padding(Some(sound(true))), 0);
}

#[test]
fn what_is_never_reported_is_not_waited_for() {
    let bytes = padding(Some(sound(false)));
    assert!((1_500..6_000).contains(&bytes), "{bytes} bytes");
}
