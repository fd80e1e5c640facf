//! What one person publishes: a camera, a screen and a microphone, with clocks of their own.

use super::allocation::Teller;
use super::camera::{Camera, Wanted};
use super::content::Content;
use super::pacer::Pacer;
use super::person::PersonConfig;
use super::stream::Stream;
use super::uplink::Uplink;
use super::wire::Message;
use link::{Link, Rng};
use media::{AudioLevel, Extensions, LayerIndex, MLineIndex, NtpTime, SeqNo, Source};
use std::time::{Duration, Instant};

/// The m-line of the microphone in every client's offer.
const MICROPHONE: MLineIndex = MLineIndex(0);
/// The m-line of the camera.
const CAMERA: MLineIndex = MLineIndex(1);
/// The m-line of the screen.
const SCREEN: MLineIndex = MLineIndex(2);
/// Rid and height of each camera layer, lowest first.
pub(crate) const LAYERS: [(&str, u16); 3] = [("q", 180), ("h", 360), ("f", 720)];
/// Height and rate of a screen, as the recording's.
pub(crate) const SCREEN_LAYER: (u16, u64) = (1_080, 2_500_000);
/// Where streams stand behind the camera's three.
const MICROPHONE_STREAM: usize = 3;
const SCREEN_STREAM: usize = 4;
const AUDIO_INTERVAL: Duration = Duration::from_millis(20);
const AUDIO_BPS: f64 = 32_000.0;
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// From capture to sending: an encoder's delay. So different that arrival times alone would put lips out of sync.
const VIDEO_DELAY: Duration = Duration::from_millis(80);
const AUDIO_DELAY: Duration = Duration::from_millis(10);
/// From a screen's picture until it is given again for a keyframe, if none has come by then.
const REFRESH: Duration = Duration::from_millis(100);

/// A camera or screen that is on, and since when.
#[derive(Debug)]
struct Video {
    camera: Camera,
    began: Instant,
    /// When it last gave a picture.
    last: Instant,
}

impl Video {
    fn new(camera: Camera, began: Instant) -> Self {
        let last = began + VIDEO_DELAY;
        Self { camera, began, last }
    }

    fn due(&self) -> Instant {
        self.began + self.camera.due() + VIDEO_DELAY
    }

    /// A screen that stands still gives its picture again for a keyframe.
    fn due_for(&self, wanted: Wanted) -> Instant {
        let refresh = self.last + REFRESH;
        if wanted == Wanted::Keyframe {
            self.due().min(refresh)
        } else {
            self.due()
        }
    }
}

/// A layer of the camera stops without a word, because the uplink does not carry it, or is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerChange {
    /// When.
    pub at: Instant,
    /// Layers are counted from the smallest.
    pub layer: usize,
    /// Whether it is sent from then on.
    pub sent: bool,
}

/// What one person publishes.
#[derive(Debug)]
pub(crate) struct Publisher {
    origin: Instant,
    /// This person's NTP clock at the world's beginning.
    ntp: NtpTime,
    config: PersonConfig,
    rng: Rng,
    camera: Option<Video>,
    screen: Option<Video>,
    microphone: bool,
    pub(crate) loudness: u8,
    /// The camera's three layers, the microphone, the screen.
    streams: Vec<Stream>,
    pacer: Pacer,
    uplink: Uplink,
    /// Of the camera, and of the screen.
    tellers: [Teller; 2],
    next_audio: Instant,
    next_report: Instant,
    /// Keyframe requests received, per camera layer.
    pub(crate) keyframe_requests: [u64; 3],
    /// Frames sent, per camera layer.
    pub(crate) frames_sent: [u64; 3],
    /// When the uplink stopped carrying a camera layer, or began to again.
    pub(crate) changes: Vec<LayerChange>,
}

impl Publisher {
    pub(crate) fn new(
        person: u32,
        origin: Instant,
        now: Instant,
        ntp: NtpTime,
        config: PersonConfig,
        random: u64,
    ) -> Self {
        let mut rng = Rng::new(random);
        let mut streams = Vec::new();
        for layer in 0..LAYERS.len() as u8 {
            streams.push(Stream::new(person, Source::Camera, CAMERA, layer, rng.bits()));
        }
        streams.push(Stream::new(person, Source::Microphone, MICROPHONE, 0, rng.bits()));
        streams.push(Stream::new(person, Source::Screen, SCREEN, 0, rng.bits()));
        // People do not begin in the same millisecond.
        let phase = Duration::from_micros(rng.below(33_000));
        Self {
            origin,
            ntp,
            config,
            rng,
            camera: None,
            screen: None,
            microphone: false,
            loudness: 0,
            streams,
            pacer: Pacer::new(now),
            uplink: Uplink::default(),
            tellers: Default::default(),
            changes: Vec::new(),
            next_audio: now + phase,
            next_report: now + Duration::from_millis(190) + phase,
            keyframe_requests: [0; 3],
            frames_sent: [0; 3],
        }
    }

    /// Bits per second of the camera's layers.
    pub(crate) fn layers_bps(&self) -> [u64; 3] {
        self.config.layers_bps
    }

    pub(crate) fn set_on(&mut self, now: Instant, source: Source, on: bool) {
        let PersonConfig {
            content,
            camera_fps,
            replay,
            layers_bps,
            ..
        } = self.config;
        let began = now + Duration::from_micros(self.rng.below(33_000));
        let random = self.rng.bits();
        let video = |content, rates: &[u64], fps| {
            let camera = Camera::new(content, rates, fps, replay, random);
            on.then(|| Video::new(camera, began))
        };
        let streams = match source {
            Source::Camera => {
                self.camera = video(content, &layers_bps, camera_fps);
                self.streams.get_mut(..LAYERS.len())
            }
            Source::Screen => {
                self.screen = video(Content::Screen, &[SCREEN_LAYER.1], 30);
                self.streams.get_mut(SCREEN_STREAM..)
            }
            Source::Microphone | Source::ScreenAudio => {
                self.microphone = on;
                None
            }
        };
        for stream in streams.into_iter().flatten() {
            // All of a new track is wanted until the server says otherwise.
            (stream.keyframe_wanted, stream.on) = (true, true);
        }
    }

    /// The server says which layers of the camera somebody watches.
    pub(crate) fn set_wanted(&mut self, rids: &[String]) {
        for (stream, (rid, _)) in self.streams.iter_mut().zip(LAYERS) {
            let on = rids.iter().any(|wanted| wanted == rid);
            stream.keyframe_wanted |= on && !stream.on;
            stream.on = on;
        }
    }

    /// The server says whether somebody watches the screen.
    pub(crate) fn set_screen_wanted(&mut self, on: bool) {
        if let Some(stream) = self.streams.get_mut(SCREEN_STREAM) {
            stream.keyframe_wanted |= on && !stream.on;
            stream.on = on;
        }
    }

    /// Layers of the camera that are encoded now.
    pub(crate) fn encoded(&self) -> Vec<&'static str> {
        let on = self.streams.iter().zip(LAYERS).filter(|(stream, _)| stream.on);
        on.map(|(_, (rid, _))| rid).collect()
    }

    fn stream(&mut self, section: MLineIndex, layer: LayerIndex) -> Option<&mut Stream> {
        let mut streams = self.streams.iter_mut();
        streams.find(|stream| (stream.section, stream.layer) == (section, layer))
    }

    pub(crate) fn handle_keyframe_request(&mut self, section: MLineIndex, layer: LayerIndex) {
        if let Some(stream) = self.stream(section, layer) {
            stream.keyframe_wanted = true;
        }
        let count = self.keyframe_requests.get_mut(usize::from(layer.0));
        if let Some(count) = count.filter(|_| section == CAMERA) {
            *count += 1;
        }
    }

    /// The server lacks packets: those that are kept are sent again, as far as the uplink allows.
    pub(crate) fn handle_nack(
        &mut self,
        now: Instant,
        section: MLineIndex,
        layer: LayerIndex,
        missing: &[SeqNo],
    ) {
        let mut streams = self.streams.iter();
        let stream = streams.find(|stream| (stream.section, stream.layer) == (section, layer));
        for (message, bytes) in stream.into_iter().flat_map(|stream| stream.again(missing)) {
            if self.uplink.repair(now, bytes) {
                self.pacer.push_again(message, bytes);
            }
        }
    }

    pub(crate) fn poll_timeout(&self) -> Instant {
        let next = self.next_audio.min(self.next_report);
        let video = [self.camera.as_ref().map(Video::due), self.screen_due()];
        let video = video.into_iter().flatten();
        video.chain(self.pacer.poll_timeout()).fold(next, Instant::min)
    }

    /// What is due now, on this uplink.
    pub(crate) fn handle_timeout(&mut self, now: Instant, up: &Link) -> Vec<Message> {
        let mut out = Vec::new();
        if self.next_audio <= now {
            self.next_audio += AUDIO_INTERVAL;
            self.send_audio(now, &mut out);
        }
        if self.camera.as_ref().is_some_and(|video| video.due() <= now) {
            self.fit(now, up);
            self.shoot_camera();
        }
        if self.screen_due().is_some_and(|due| due <= now) {
            self.fit(now, up);
            self.shoot_screen(now);
        }
        out.extend(std::iter::from_fn(|| self.pacer.release(now)));
        if self.next_report <= now {
            self.next_report += REPORT_INTERVAL;
            self.send_reports(now, &mut out);
        }
        out
    }

    fn since_origin(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.origin)
    }

    fn send_audio(&mut self, now: Instant, out: &mut Vec<Message>) {
        let captured = self.since_origin(now).saturating_sub(AUDIO_DELAY);
        let level = AudioLevel::new(false, 127 - self.loudness.min(127)).to_wire();
        let extensions = Extensions {
            audio_level: Some(level),
            ..Extensions::default()
        };
        let stream = self
            .streams
            .get_mut(MICROPHONE_STREAM)
            .filter(|_| self.microphone);
        out.extend(stream.map(|stream| stream.sound(captured, extensions)));
    }

    /// Sends the layers that fit the uplink, at rates that do.
    fn fit(&mut self, now: Instant, up: &Link) {
        let rates = self.config.layers_bps;
        let screen = if self.screen.is_some() {
            SCREEN_LAYER.1 as f64
        } else {
            0.0
        };
        let others = AUDIO_BPS + screen;
        let most = others + rates.iter().sum::<u64>() as f64;
        self.uplink.update(now, up, most);
        let of = |is: fn(&Stream) -> bool| std::array::from_fn(|at| self.streams.get(at).is_some_and(is));
        let (watched, sent) = (of(|stream| stream.on), of(|stream| stream.fits));
        let allocated = self.uplink.allocate(watched, sent, rates, others);
        for (layer, stream) in self.streams.iter_mut().take(LAYERS.len()).enumerate() {
            let rate = allocated[layer];
            if watched[layer] && rate.is_some() != stream.fits {
                stream.fits = rate.is_some();
                stream.keyframe_wanted |= stream.fits;
                let sent = stream.fits;
                self.changes.push(LayerChange { at: now, layer, sent });
            }
            if let (Some(video), Some(bps)) = (&mut self.camera, rate) {
                video.camera.set_rate(layer, bps);
            }
        }
        let [camera, _] = &mut self.tellers;
        let heights = LAYERS.iter().map(|(_, height)| *height);
        let sent = (0u8..).zip(heights).zip(allocated);
        camera.set(sent.filter_map(|((layer, height), rate)| Some((layer, height, rate?))));
        let sum = others + allocated.iter().flatten().sum::<u64>() as f64;
        self.pacer.set_rate(self.uplink.estimate().unwrap_or(sum));
    }

    fn shoot_camera(&mut self) {
        let wanted = std::array::from_fn(|at| self.streams.get(at).map_or(Wanted::Nothing, Stream::wanted));
        let Some(video) = &mut self.camera else { return };
        let ([teller, _], tells) = (&mut self.tellers, self.config.tells_layers);
        let shot = video.camera.shoot(wanted);
        let captured = video.began.saturating_duration_since(self.origin) + shot.captured;
        let counts = self.streams.iter_mut().zip(&mut self.frames_sent);
        for ((stream, count), frame) in counts.zip(shot.frames) {
            if let Some(frame) = frame {
                let place = frame.place.temporal;
                let told =
                    (tells.then(|| teller.with_frame(stream.layer.0, frame.keyframe, place))).flatten();
                stream.frame(captured, &frame, told, |message, size| {
                    self.pacer.push(message, size);
                });
                *count += 1;
            }
        }
    }

    fn screen_due(&self) -> Option<Instant> {
        let stream = self.streams.get(SCREEN_STREAM)?;
        Some(self.screen.as_ref()?.due_for(stream.wanted()))
    }

    fn shoot_screen(&mut self, now: Instant) {
        let (Some(video), Some(stream)) = (&mut self.screen, self.streams.get_mut(SCREEN_STREAM)) else {
            return;
        };
        let shot = if video.due() <= now {
            let wanted = [stream.wanted(), Wanted::Nothing, Wanted::Nothing];
            video.camera.shoot(wanted)
        } else {
            let at = now.saturating_duration_since(video.began);
            video.camera.refresh(at.saturating_sub(VIDEO_DELAY))
        };
        video.last = now;
        let captured = video.began.saturating_duration_since(self.origin) + shot.captured;
        if let [Some(frame), ..] = &shot.frames {
            let [_, teller] = &mut self.tellers;
            teller.set(std::iter::once((0, SCREEN_LAYER.0, SCREEN_LAYER.1)));
            let tells = self.config.tells_layers;
            let told = (tells.then(|| teller.with_frame(0, frame.keyframe, None))).flatten();
            stream.frame(captured, frame, told, |message, size| {
                self.pacer.push(message, size);
            });
        }
    }

    fn send_reports(&self, now: Instant, out: &mut Vec<Message>) {
        let since = self.since_origin(now);
        for stream in &self.streams {
            let sends = match stream.section {
                CAMERA => self.camera.is_some() && stream.on && stream.fits,
                SCREEN => self.screen.is_some() && stream.on,
                _ => self.microphone,
            };
            if sends && stream.frames > 0 {
                out.push(Message::SenderReport {
                    section: stream.section,
                    layer: stream.layer,
                    ntp: self.ntp.advance(since),
                    rtp: stream.rtp_at(since),
                });
            }
        }
    }
}
