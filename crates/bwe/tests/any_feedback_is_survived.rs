//! Whatever a client reports, the estimate stays within its bounds, every packet comes out, and nothing panics.

use bwe::{Controller, Demand, Downlink, Fallback, Outgoing, Priority, Release, Report, TransportSeq};
use media::Bitrate;
use proptest::prelude::*;
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
enum Op {
    Push(u8, u32),
    Feedback(Vec<(u16, Option<u64>)>),
    Remb(u64),
    Report(u8),
    Demand(u64, Option<u64>),
    Wait(u32),
}

fn op() -> impl Strategy<Value = Op> {
    let line = (any::<u16>(), proptest::option::of(any::<u64>()));
    let near = (0u16..300, proptest::option::of(0u64..20_000));
    prop_oneof![
        4 => (0u8..3, 1u32..1_500).prop_map(|(class, bytes)| Op::Push(class, bytes)),
        2 => proptest::collection::vec(near, 0..60).prop_map(Op::Feedback),
        1 => proptest::collection::vec(line, 0..20).prop_map(Op::Feedback),
        1 => any::<u64>().prop_map(Op::Remb),
        1 => any::<u8>().prop_map(Op::Report),
        1 => (any::<u64>(), proptest::option::of(any::<u64>())).prop_map(|(c, n)| Op::Demand(c, n)),
        3 => (0u32..2_000).prop_map(Op::Wait),
    ]
}

proptest! {
    #[test]
    fn nothing_panics_and_every_packet_comes_out(ops in proptest::collection::vec(op(), 1..300), reports in any::<bool>()) {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let t0 = Instant::now();
        let mut now = t0;
        let mut downlink: Downlink<u32> = Downlink::new(t0, Box::new(Controller::new(t0)));
        downlink.set_reports(reports);
        let (mut pushed, mut released) = (0u64, 0u64);
        for op in ops {
            match op {
                Op::Push(class, bytes) => {
                    let priority = [Priority::Audio, Priority::Retransmission, Priority::Video][usize::from(class)];
                    downlink.push(now, Outgoing { packet: bytes, bytes, priority, reported: class != 0 });
                    pushed += 1;
                }
                Op::Feedback(lines) => {
                    let report = |(seq, at): (u16, Option<u64>)| Report {
                        seq: TransportSeq(seq),
                        arrival: at.map(Duration::from_millis),
                    };
                    let lines: Vec<_> = lines.into_iter().map(report).collect();
                    downlink.handle_feedback(now, &lines);
                }
                Op::Remb(rate) => downlink.handle_fallback(now, Fallback::Remb(Bitrate(rate))),
                Op::Report(loss) => {
                    let loss = f64::from(loss) / 255.0;
                    downlink.handle_fallback(now, Fallback::ReceiverReport { loss, round_trip: None });
                }
                Op::Demand(ceiling, next) => downlink.set_demand(now, Demand {
                    allocated: Bitrate(ceiling / 2),
                    next_step: next.map(Bitrate),
                    ceiling: Bitrate(ceiling),
                }),
                Op::Wait(ms) => now += Duration::from_millis(u64::from(ms)),
            }
            downlink.handle_timeout(now);
            // A pass is bounded: what is left waits for its deadline.
            for _ in 0..5_000 {
                match downlink.poll_release(now) {
                    Some(Release::Packet { .. }) => released += 1,
                    Some(Release::Padding { bytes, seq }) => downlink.padding_sent(now, seq, bytes),
                    None => break,
                }
            }
            let target = downlink.estimate().target.0;
            prop_assert!((50_000..=100_000_000).contains(&target), "{target}");
        }
        for _ in 0..10_000 {
            let Some(at) = downlink.poll_timeout() else { break };
            now = now.max(at);
            downlink.handle_timeout(now);
            let mut idle = true;
            while let Some(release) = downlink.poll_release(now) {
                idle = false;
                match release {
                    Release::Packet { .. } => released += 1,
                    Release::Padding { seq, .. } => downlink.padding_sent(now, seq, 0),
                }
            }
            if idle {
                now += Duration::from_millis(1);
            }
            let stats = downlink.stats();
            if released + stats.pacer_drops == pushed + stats.repairs_copied {
                break;
            }
        }
        let stats = downlink.stats();
        prop_assert_eq!(released + stats.pacer_drops, pushed + stats.repairs_copied);
    }
}
