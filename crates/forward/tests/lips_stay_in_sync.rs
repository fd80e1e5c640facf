//! Sound and pictures of one publisher stay together on a pair of slots, whoever is switched to them.

mod support;

use forward::{Forwarder, LayerClock, PublisherClock};
use media::{NtpTime, Packet, RtpTime};
use std::time::{Duration, Instant};
use support::{Pass, Start, Vp8Layer, audio_forwarder, layer, ms, opus, origin, track, video_forwarder};

const SERVER_NTP: NtpTime = NtpTime(3_900_000_000 << 32);

/// A publisher with its own idea of the time, its own drift, and its own way to the server.
struct Publisher {
    track: u32,
    clock: PublisherClock,
    ntp_at_origin: NtpTime,
    /// Extra ticks in a million of its sound card, compared with its clock.
    audio_drift_ppm: f64,
    delay: Duration,
    first_report: Duration,
    audio: Media,
    video: Media,
    camera: Vp8Layer,
    audio_packets: u32,
    seed: u64,
}

struct Media {
    clock: LayerClock,
    rate: f64,
    start: u32,
}

impl Media {
    fn rtp(&self, at: Duration, ppm: f64) -> RtpTime {
        let ticks = at.as_secs_f64() * self.rate * (1.0 + ppm / 1e6);
        RtpTime(self.start.wrapping_add(ticks as u64 as u32))
    }
}

impl Publisher {
    fn new(
        track: u32,
        clock_offset_s: i64,
        delay: Duration,
        first_report: Duration,
        audio_drift_ppm: f64,
    ) -> Publisher {
        let start = Start {
            seq: 65_000,
            timestamp: u32::MAX - 90_000 * 3,
            picture_id: 9,
            tl0: 9,
        };
        Publisher {
            track,
            clock: PublisherClock::new(),
            ntp_at_origin: NtpTime(SERVER_NTP.0.wrapping_add_signed(clock_offset_s << 32)),
            audio_drift_ppm,
            delay,
            first_report,
            audio: Media {
                clock: LayerClock::new(48_000),
                rate: 48_000.0,
                start: u32::MAX - 48_000 * 5,
            },
            video: Media {
                clock: LayerClock::new(90_000),
                rate: 90_000.0,
                start: start.timestamp,
            },
            camera: Vp8Layer::new(track, 0, start),
            audio_packets: 0,
            seed: 0x9E37_79B9 + u64::from(track),
        }
    }

    /// Up to 12 ms of queueing.
    fn jitter(&mut self) -> Duration {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Duration::from_micros((self.seed >> 33) % 12_000)
    }

    fn report(&mut self, t0: Instant, at: Duration) {
        if at < self.first_report {
            return;
        }
        let now = t0 + at + self.delay + self.jitter();
        let ntp = self.ntp_at_origin.advance(at);
        self.clock.handle_sender_report(now, ntp);
        let audio = self.audio.rtp(at, self.audio_drift_ppm);
        self.audio.clock.handle_sender_report(now, ntp, audio);
        self.video
            .clock
            .handle_sender_report(now, ntp, self.video.rtp(at, 0.0));
    }

    /// Sound: captured 20 ms before it is sent.
    fn sound(&mut self, t0: Instant, at: Duration) -> (Instant, Packet) {
        let arrival = t0 + at + ms(20) + self.delay + self.jitter();
        self.audio_packets += 1;
        (
            arrival,
            opus(
                self.audio_packets as u16,
                self.audio.rtp(at, self.audio_drift_ppm).0,
            ),
        )
    }

    /// A picture: encoding it and sending it in pieces takes its time.
    fn picture(&mut self, t0: Instant, at: Duration, keyframe: bool) -> (Instant, Vec<Packet>) {
        let encode = if keyframe { ms(90) } else { ms(35) };
        let arrival = t0 + at + encode + self.delay + self.jitter();
        let mut packets = self.camera.frame(keyframe, 2, 0);
        let timestamp = self.video.rtp(at, 0.0);
        packets.iter_mut().for_each(|packet| packet.timestamp = timestamp);
        (arrival, packets)
    }
}

/// What a receiver thinks when this was captured, minus when it was: seconds.
fn lateness(
    forwarder: &Forwarder,
    now: Instant,
    t0: Instant,
    rate: f64,
    timestamp: RtpTime,
    captured: Duration,
) -> f64 {
    let report = forwarder
        .report(now, SERVER_NTP.advance(now - t0))
        .expect("something was sent");
    let at = report.ntp.seconds_since(SERVER_NTP) + f64::from(timestamp.distance(report.rtp)) / rate;
    at - captured.as_secs_f64()
}

struct Skew {
    worst: f64,
    /// Largest once the switch is `settling` past.
    settled: f64,
    timestamps_went_back: bool,
}

/// Everything in the order of its arrival, through a pair of slots that switches every `dwell`.
fn call(mut publishers: Vec<Publisher>, dwell: Duration, length: Duration, settling: Duration) -> Skew {
    let t0 = origin();
    let (mut video, mut audio) = (video_forwarder(t0), audio_forwarder(t0));
    let mut skew = Skew {
        worst: 0.0,
        settled: 0.0,
        timestamps_went_back: false,
    };
    let (mut late_audio, mut late_video) = (None::<f64>, None::<f64>);
    let (mut last_audio, mut last_video) = (None::<RtpTime>, None::<RtpTime>);
    let mut events: Vec<(Instant, usize, Duration, Vec<Packet>)> = Vec::new();
    let steps = (length.as_millis() / 10) as u32;
    for step in 0..steps {
        let at = ms(10) * step;
        let since_switch = step % (dwell.as_millis() / 10) as u32;
        for (index, publisher) in publishers.iter_mut().enumerate() {
            // Reports first: they say nothing of the future, and the test sorts the rest by arrival.
            if step % 100 == 7 {
                publisher.report(t0, at);
            }
            if step % 2 == 0 {
                let (arrival, packet) = publisher.sound(t0, at);
                events.push((arrival, index, at, vec![packet]));
            }
            if step % 3 == 0 {
                let keyframe = (20..23).contains(&since_switch);
                let (arrival, packets) = publisher.picture(t0, at, keyframe);
                events.push((arrival, index, at, packets));
            }
        }
        events.sort_by_key(|event| event.0);
        let now = t0 + at;
        let current = (step / (dwell.as_millis() / 10) as u32) as usize % publishers.len();
        if since_switch == 0 {
            for forwarder in [&mut video, &mut audio] {
                forwarder.set_track(now, track(publishers[current].track));
                forwarder.set_target(now, Some(layer(0).into()));
            }
            (late_audio, late_video) = (None, None);
        }
        while events.first().is_some_and(|event| event.0 <= now) {
            let (arrival, index, captured, packets) = events.remove(0);
            if index != current {
                continue;
            }
            let publisher = &publishers[index];
            let is_video = packets[0].codec == media::Codec::Vp8;
            for packet in packets {
                let (forwarder, source, rate, late, last) = match is_video {
                    true => (
                        &mut video,
                        &publisher.video,
                        90_000.0,
                        &mut late_video,
                        &mut last_video,
                    ),
                    false => (
                        &mut audio,
                        &publisher.audio,
                        48_000.0,
                        &mut late_audio,
                        &mut last_audio,
                    ),
                };
                let capture = source
                    .clock
                    .capture_time(&publisher.clock, packet.timestamp, arrival);
                let Some(out) = forwarder.pass(arrival, layer(0), &packet, capture) else {
                    continue;
                };
                *late = Some(lateness(forwarder, arrival, t0, rate, out.timestamp, captured));
                skew.timestamps_went_back |=
                    is_video && last.is_some_and(|last| out.timestamp.distance(last) < 0);
                *last = Some(out.timestamp);
            }
            if let (Some(audio), Some(video)) = (late_audio, late_video) {
                let now = (audio - video).abs();
                skew.worst = skew.worst.max(now);
                if since_switch > (settling.as_millis() / 10) as u32 {
                    skew.settled = skew.settled.max(now);
                }
            }
        }
    }
    skew
}

#[test]
fn over_20_switches_between_clocks_that_differ_by_minutes() {
    let publishers = vec![
        Publisher::new(1, 0, ms(10), ms(0), 0.0),
        Publisher::new(2, 400, ms(80), ms(0), 0.0),
        Publisher::new(3, -777, ms(150), ms(0), 0.0),
    ];
    let skew = call(
        publishers,
        Duration::from_secs(2),
        Duration::from_secs(42),
        ms(600),
    );
    assert!(!skew.timestamps_went_back);
    assert!(skew.settled < 0.020, "{} s", skew.settled);
    assert!(skew.worst < 0.040, "{} s", skew.worst);
}

#[test]
fn a_publisher_shown_before_its_first_report_is_put_right_when_it_comes() {
    let publishers = vec![Publisher::new(1, 300, ms(40), ms(2000), 0.0)];
    let skew = call(publishers, Duration::from_secs(60), Duration::from_secs(2), ms(0));
    assert!(
        skew.worst > 0.040,
        "without reports, encoding time counts as skew: {} s",
        skew.worst
    );
    let publishers = vec![Publisher::new(1, 300, ms(40), ms(100), 0.0)];
    let skew = call(
        publishers,
        Duration::from_secs(60),
        Duration::from_secs(20),
        ms(1600),
    );
    assert!(skew.settled < 0.025, "{} s", skew.settled);
    assert!(!skew.timestamps_went_back);
}

#[test]
fn drifting_sound_is_kept_on_the_line() {
    let publishers = vec![Publisher::new(1, -120, ms(40), ms(0), 200.0)];
    let skew = call(
        publishers,
        Duration::from_secs(900),
        Duration::from_secs(600),
        ms(600),
    );
    // 200 ppm in 600 s would be 120 ms.
    assert!(skew.settled < 0.025, "{} s", skew.settled);
}
