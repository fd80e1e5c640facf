//! Senders of layered video over a link: a `Downlink` each, frames 30 times a second, a receiver that reports every
//! 50–100 ms.

#![allow(dead_code, reason = "each test uses its part")]

use bwe::{Controller, Demand, Downlink, Estimate, Outgoing, Priority, Release, Report};
use link::{Fate, Link, LinkConfig, Rng};
use media::Bitrate;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

pub(crate) const MS: Duration = Duration::from_millis(1);
/// Layers of a camera, in bits per second on the wire.
const LAYERS: [u64; 3] = [165_000, 540_000, 1_830_000];
const AUDIO: u64 = 48_000;
const FRAME: Duration = Duration::from_micros(33_333);

pub(crate) fn origin() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
    Instant::now()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives(usize, u16, u64),
    Feedback(usize, u64),
    Frame(usize),
    Audio(usize),
    Timer(usize),
    Report(usize),
}

/// What is looked at every 50 ms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: f64,
    pub(crate) target: f64,
    pub(crate) queue_ms: f64,
    /// Bits per second since the last sample, of everything put on the wire.
    pub(crate) sent: f64,
    pub(crate) padding: f64,
    pub(crate) chosen: usize,
}

pub(crate) struct Flow {
    pub(crate) downlink: Downlink<()>,
    publishers: usize,
    pub(crate) samples: Vec<Sample>,
    arrived: Vec<(u16, Duration)>,
    highest: Option<u16>,
    reported_up_to: Option<u16>,
    feedbacks: VecDeque<Vec<Report>>,
    chosen: usize,
    sent_bytes: u64,
    padding_bytes: u64,
    sent_media: u64,
}

pub(crate) struct World {
    pub t0: Instant,
    pub(crate) now: Instant,
    pub(crate) link: Link,
    back: Duration,
    back_loss: f64,
    pub(crate) flows: Vec<Flow>,
    queue: BinaryHeap<Reverse<(Instant, u64, Event)>>,
    next: u64,
    rng: Rng,
}

impl World {
    pub(crate) fn new(config: LinkConfig, publishers: &[usize], seed: u64) -> World {
        let t0 = origin();
        let back = config.delay;
        let mut world = World {
            t0,
            now: t0,
            link: Link::new(config, t0, seed),
            back,
            back_loss: 0.0,
            flows: Vec::new(),
            queue: BinaryHeap::new(),
            next: 0,
            rng: Rng::new(seed ^ 77),
        };
        for (index, publishers) in publishers.iter().enumerate() {
            let mut downlink = Downlink::new(t0, Box::new(Controller::new(t0)));
            downlink.set_reports(true);
            world.flows.push(Flow {
                downlink,
                publishers: *publishers,
                samples: Vec::new(),
                arrived: Vec::new(),
                highest: None,
                reported_up_to: None,
                feedbacks: VecDeque::new(),
                chosen: 0,
                sent_bytes: 0,
                padding_bytes: 0,
                sent_media: 0,
            });
            let phase = world.rng.below(33) as u32;
            world.push(t0 + MS * phase, Event::Frame(index));
            world.push(t0, Event::Audio(index));
            world.push(t0 + MS * 100, Event::Report(index));
        }
        world
    }

    fn push(&mut self, at: Instant, event: Event) {
        self.next += 1;
        self.queue.push(Reverse((at, self.next, event)));
    }

    pub(crate) fn run(&mut self, seconds: f64) {
        let end = self.now + Duration::from_secs_f64(seconds);
        let mut sample_at = self.now + MS * 50;
        while let Some(Reverse((at, _, _))) = self.queue.peek() {
            let at = *at;
            while sample_at <= at.min(end) {
                self.now = sample_at;
                self.sample();
                sample_at += MS * 50;
            }
            if at > end {
                break;
            }
            let Some(Reverse((at, _, event))) = self.queue.pop() else {
                break;
            };
            self.now = self.now.max(at);
            self.handle(event);
        }
        self.now = end;
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Frame(f) => {
                self.choose(f);
                let rate = ladder(self.flows[f].publishers)[self.flows[f].chosen] as f64;
                let jitter = 0.7 + 0.6 * self.rng.unit();
                let mut bytes = (rate / 8.0 * FRAME.as_secs_f64() * jitter) as u32;
                let now = self.now;
                while bytes > 0 {
                    let size = bytes.clamp(60, 1_200);
                    bytes = bytes.saturating_sub(size);
                    self.flows[f].downlink.push(now, outgoing(size, Priority::Video));
                }
                self.push(now + FRAME, Event::Frame(f));
                self.flush(f);
            }
            Event::Audio(f) => {
                let (now, n) = (self.now, self.flows[f].publishers);
                for _ in 0..n {
                    self.flows[f]
                        .downlink
                        .push(now, outgoing((AUDIO / 8 / 50) as u32, Priority::Audio));
                }
                self.push(now + MS * 20, Event::Audio(f));
                self.flush(f);
            }
            Event::Timer(f) => {
                let now = self.now;
                if self.flows[f].downlink.poll_timeout().is_some_and(|at| at <= now) {
                    self.flows[f].downlink.handle_timeout(now);
                    self.flush(f);
                }
            }
            Event::Arrives(f, seq, at) => {
                let flow = &mut self.flows[f];
                flow.arrived.push((seq, Duration::from_nanos(at)));
                if flow.highest.is_none_or(|high| seq.wrapping_sub(high) < 0x8000) {
                    flow.highest = Some(seq);
                }
            }
            Event::Report(f) => {
                self.report(f);
                let rate = self.flows[f]
                    .samples
                    .last()
                    .map_or(300_000.0, |s| s.sent)
                    .max(50_000.0);
                let interval = (68.0 * 8.0 / (0.05 * rate)).clamp(0.05, 0.25);
                self.push(self.now + Duration::from_secs_f64(interval), Event::Report(f));
            }
            Event::Feedback(f, _) => {
                let now = self.now;
                if let Some(reports) = self.flows[f].feedbacks.pop_front() {
                    self.flows[f].downlink.handle_feedback(now, &reports);
                    self.flush(f);
                }
            }
        }
    }

    /// The receiver tells what came since its last message.
    fn report(&mut self, f: usize) {
        let flow = &mut self.flows[f];
        let Some(highest) = flow.highest else { return };
        if flow.arrived.is_empty() {
            return;
        }
        let first = flow.reported_up_to.map_or(0, |up_to| up_to.wrapping_add(1));
        let arrived = std::mem::take(&mut flow.arrived);
        let mut reports: Vec<Report> = Vec::new();
        let late = arrived.iter().filter(|(seq, _)| seq.wrapping_sub(first) > 0x8000);
        let count = highest.wrapping_sub(first).wrapping_add(1);
        reports.extend(late.map(|(seq, at)| Report {
            seq: bwe::TransportSeq(*seq),
            arrival: Some(*at),
        }));
        if count < 0x8000 {
            let mut window: Vec<Option<Duration>> = vec![None; count as usize];
            for (seq, at) in &arrived {
                if let Some(place) = window.get_mut(seq.wrapping_sub(first) as usize) {
                    *place = Some(*at);
                }
            }
            reports.extend(window.into_iter().enumerate().map(|(i, arrival)| Report {
                seq: bwe::TransportSeq(first.wrapping_add(i as u16)),
                arrival,
            }));
            flow.reported_up_to = Some(highest);
        }
        flow.feedbacks.push_back(reports);
        self.push(self.now + self.back, Event::Feedback(f, 0));
    }

    /// Highest rung that fits the estimate (now) or the recent minimum (up), as the allocator does.
    fn choose(&mut self, f: usize) {
        let now = self.now;
        let flow = &mut self.flows[f];
        let Estimate { target, stable, .. } = flow.downlink.estimate();
        let rungs = ladder(flow.publishers);
        let audio = AUDIO * flow.publishers as u64;
        let fits = |rung: u64, rate: Bitrate| rung + audio <= rate.0;
        let now_fits = rungs.iter().rposition(|rung| fits(*rung, target)).unwrap_or(0);
        let up_fits = rungs.iter().rposition(|rung| fits(*rung, stable)).unwrap_or(0);
        flow.chosen = if now_fits < flow.chosen {
            now_fits
        } else {
            flow.chosen.max(up_fits)
        };
        let next = rungs.get(flow.chosen + 1).map(|rung| Bitrate(rung + audio));
        let demand = Demand {
            allocated: Bitrate(rungs[flow.chosen] + audio),
            next_step: next,
            ceiling: Bitrate(rungs[rungs.len() - 1] + audio),
        };
        flow.downlink.set_demand(now, demand);
    }

    fn flush(&mut self, f: usize) {
        let now = self.now;
        while let Some(release) = self.flows[f].downlink.poll_release(now) {
            let (bytes, seq) = match release {
                Release::Packet { seq, .. } => (self.flows[f].last_bytes(), seq),
                Release::Padding { bytes, seq } => {
                    self.flows[f].padding_bytes += u64::from(bytes);
                    self.flows[f].downlink.padding_sent(now, seq, bytes);
                    (bytes, Some(seq))
                }
            };
            self.flows[f].sent_bytes += u64::from(bytes);
            let fate = self.link.send(now, bytes as usize - 28);
            if let (Fate::Arrives(at), Some(seq)) = (fate, seq) {
                let arrival = (at - self.t0).as_nanos() as u64;
                self.push(at, Event::Arrives(f, seq.0, arrival));
            }
        }
        if let Some(at) = self.flows[f].downlink.poll_timeout() {
            self.push(at.max(now + Duration::from_micros(100)), Event::Timer(f));
        }
    }

    fn sample(&mut self) {
        let at = (self.now - self.t0).as_secs_f64();
        let queue_ms = self.link.queue_delay(self.now).as_secs_f64() * 1000.0;
        for flow in &mut self.flows {
            let target = flow.downlink.estimate().target.0 as f64;
            flow.samples.push(Sample {
                at,
                target,
                queue_ms,
                sent: flow.sent_bytes as f64 * 8.0 / 0.05,
                padding: flow.padding_bytes as f64 * 8.0 / 0.05,
                chosen: flow.chosen,
            });
            (flow.sent_bytes, flow.padding_bytes) = (0, 0);
        }
    }
}

impl Flow {
    fn last_bytes(&mut self) -> u32 {
        let stats = self.downlink.stats();
        let all = stats.audio_bytes + stats.video_bytes + stats.retransmission_bytes;
        let before = std::mem::replace(&mut self.sent_media, all);
        (all - before) as u32
    }

    /// Samples from this second on, up to that.
    pub(crate) fn between(&self, from: f64, to: f64) -> Vec<Sample> {
        self.samples
            .iter()
            .copied()
            .filter(|s| s.at >= from && s.at < to)
            .collect()
    }
}

fn outgoing(bytes: u32, priority: Priority) -> Outgoing<()> {
    Outgoing {
        packet: (),
        bytes,
        priority,
        reported: true,
    }
}

/// What so many publishers' cameras cost, from all base layers to all top layers, one upgrade at a time.
pub(crate) fn ladder(publishers: usize) -> Vec<u64> {
    let mut layers = vec![0usize; publishers];
    let sum = |layers: &[usize]| layers.iter().map(|layer| LAYERS[*layer]).sum();
    let mut rungs = vec![sum(&layers)];
    for level in 1..LAYERS.len() {
        for i in 0..publishers {
            layers[i] = level;
            rungs.push(sum(&layers));
        }
    }
    rungs
}

pub(crate) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values
        .into_iter()
        .fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    sum / f64::max(count, 1.0)
}

pub(crate) fn percentile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
        .get(((values.len() as f64 - 1.0) * share).round() as usize)
        .copied()
        .unwrap_or(0.0)
}

pub(crate) fn path(rate: u64, rtt_ms: u32) -> LinkConfig {
    LinkConfig {
        rate_bps: Some(rate),
        delay: MS * (rtt_ms / 2),
        ..LinkConfig::default()
    }
}
