//! Somebody in a call: publisher, subscriber, and a connection.

use super::content::Content;
use super::estimators::Estimators;
use super::publisher::{LayerChange, Publisher};
use super::receiver::SlotStats;
use super::reporter::Reporter;
use super::subscriber::{Skew, Subscriber};
use super::wire::Message;
use bytes::{Bytes, BytesMut};
use link::{Link, LinkConfig};
use media::plane::Sections;
use media::{MLineIndex, ParticipantId, TrackId};
use peer::{DataChannel, Path};
use room::{Notice, SlotInfo, SlotShown, SocketId};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Between two checks of the connection (RFC 7675 §5.1: five seconds, less a fifth of chance).
const CHECK_INTERVAL: Duration = Duration::from_millis(2_500);

/// Names a person of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub usize);

/// How somebody comes.
#[derive(Debug, Clone)]
pub struct PersonConfig {
    /// Receive m-lines for video.
    pub video_slots: u16,
    /// Receive m-lines for audio; those past the video slots carry talkers.
    pub audio_slots: u16,
    /// Publishes a camera, at so many frames a second; 0: none.
    pub camera_fps: u32,
    /// What the camera shows.
    pub content: Content,
    /// Camera and screen send the frames that were recorded from Chromium, instead of the model's.
    pub replay: bool,
    /// Publishes a microphone.
    pub microphone: bool,
    /// How far this person's clock is from the server's, in seconds.
    pub clock_offset_s: i64,
    /// To the server.
    pub up: LinkConfig,
    /// From the server.
    pub down: LinkConfig,
    /// The server's congestion controller for this person.
    pub estimator: Estimators,
    /// Says with its video which layers it sends, as Chromium does and Firefox does not.
    pub tells_layers: bool,
    /// Bits per second of the camera's layers, headers not counted, lowest first.
    pub layers_bps: [u64; 3],
}

impl Default for PersonConfig {
    fn default() -> Self {
        Self {
            video_slots: 3,
            audio_slots: 5,
            camera_fps: 30,
            content: Content::TalkingHead,
            replay: false,
            microphone: true,
            clock_offset_s: 0,
            up: LinkConfig::default(),
            down: LinkConfig::default(),
            estimator: Estimators::default(),
            tells_layers: true,
            layers_bps: [150_000, 500_000, 1_700_000],
        }
    }
}

/// Somebody, and all they have seen and heard.
#[derive(Debug)]
pub struct Person {
    /// The room's name.
    pub room: String,
    /// Id on the server.
    pub participant: ParticipantId,
    /// Towards the server.
    pub up: Link,
    /// From the server.
    pub down: Link,
    /// What the server last said of each slot, by mid.
    pub slots: BTreeMap<String, SlotShown>,
    /// Everything the server said over the socket.
    pub notices: Vec<Notice>,
    /// Messages that came over data channels, envelope included.
    pub data: Vec<(DataChannel, Bytes)>,
    /// The camera's track, once published.
    pub camera: Option<TrackId>,
    /// The screen's track, once published.
    pub screen: Option<TrackId>,
    /// The microphone's track, once published.
    pub microphone: Option<TrackId>,
    pub(crate) sections: Sections,
    pub(crate) socket: SocketId,
    pub(crate) path: Path,
    pub(crate) check: BytesMut,
    pub(crate) next_check: Instant,
    pub(crate) publisher: Publisher,
    pub(crate) subscriber: Subscriber,
    pub(crate) reporter: Reporter,
    /// Whose downlink this person's datagrams come through, when it is not their own.
    pub(crate) shares: Option<usize>,
    /// Neither left nor vanished.
    pub(crate) alive: bool,
}

impl Person {
    /// What came through the n-th video slot.
    pub fn video(&self, n: usize) -> SlotStats {
        self.stats(self.sections.video_slots.get(n).map(|slot| slot.mline))
    }

    /// What came through the n-th audio slot.
    pub fn audio(&self, n: usize) -> SlotStats {
        self.stats(self.sections.audio_slots.get(n).map(|slot| slot.mline))
    }

    fn stats(&self, slot: Option<MLineIndex>) -> SlotStats {
        let receiver = slot.and_then(|slot| self.subscriber.receiver(slot));
        receiver
            .map(|receiver| receiver.stats.clone())
            .unwrap_or_default()
    }

    /// Frames of a track decoded (packets, for audio) over all slots.
    pub fn frames_of(&self, track: TrackId) -> u64 {
        self.subscriber
            .receivers()
            .filter_map(|receiver| receiver.stats.frames.get(&track))
            .sum()
    }

    /// Frames decoded and packets of audio received over all slots.
    pub fn frames(&self) -> u64 {
        self.subscriber
            .receivers()
            .flat_map(|receiver| receiver.stats.frames.values())
            .sum()
    }

    /// Video slot now showing the track, by what the server said.
    pub fn slot_showing(&self, track: TrackId) -> Option<usize> {
        let shows =
            |mid: &str| matches!(self.slots.get(mid), Some(SlotShown::Track { track: t, .. }) if *t == track);
        self.sections.video_slots.iter().position(|slot| shows(&slot.mid))
    }

    /// Comparisons of picture and sound so far.
    pub fn skews(&self) -> &[Skew] {
        &self.subscriber.skews
    }

    /// Keyframes the server asked this person's camera for, by layer.
    pub fn keyframe_requests(&self) -> [u64; 3] {
        self.publisher.keyframe_requests
    }

    /// Frames this person's camera has sent, by layer.
    pub fn frames_sent(&self) -> [u64; 3] {
        self.publisher.frames_sent
    }

    /// When layers of this person's camera stopped because the uplink was too thin, and when they were sent again.
    pub fn layer_changes(&self) -> &[LayerChange] {
        &self.publisher.changes
    }

    /// Camera layers this person encodes now.
    pub fn encoded_layers(&self) -> Vec<&'static str> {
        self.publisher.encoded()
    }

    pub(crate) fn handle_notice(&mut self, notice: Notice) {
        match &notice {
            Notice::Slots { slots } => {
                for SlotInfo { mid, shown } in slots {
                    self.slots.insert(mid.clone(), *shown);
                }
            }
            Notice::Layers { track, wanted } if Some(*track) == self.camera => {
                self.publisher.set_wanted(wanted);
            }
            Notice::Layers { track, wanted } if Some(*track) == self.screen => {
                self.publisher.set_screen_wanted(!wanted.is_empty());
            }
            _ => {}
        }
        self.notices.push(notice);
    }

    /// What reports would say now. (Queues of a link shared with somebody else are not in it.)
    fn round_trip(&self, now: Instant) -> Duration {
        let way = |link: &Link| link.config.delay + link.queue_delay(now);
        way(&self.up) + way(&self.down)
    }

    /// A datagram of the server's; returns what to answer.
    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        datagram: BytesMut,
        wrong: &mut Vec<String>,
    ) -> Vec<Message> {
        let Some(message) = Message::decode(datagram) else {
            wrong.push("a datagram that is no message".to_owned());
            return Vec::new();
        };
        match message {
            Message::Padding { transport, bytes } => {
                self.reporter.arrived(now, transport, usize::from(bytes));
                Vec::new()
            }
            Message::Slot {
                slot,
                again,
                transport,
                packet,
            } => {
                self.reporter.arrived(now, transport, packet.payload.len());
                self.subscriber.handle_packet(now, slot, again, packet, wrong);
                self.subscriber.handle_timeout(now, self.round_trip(now), wrong)
            }
            Message::Report { slot, report } => {
                self.subscriber.handle_report(slot, report);
                let rtt_ms = self.round_trip(now).as_millis() as u32;
                vec![Message::RoundTrip { slot, rtt_ms }]
            }
            Message::Nack {
                mline,
                layer,
                missing,
            } => {
                self.publisher.handle_nack(now, mline, layer, &missing);
                Vec::new()
            }
            Message::Keyframe { mline, layer } => {
                self.publisher.handle_keyframe_request(mline, layer);
                Vec::new()
            }
            Message::Data { channel, message } => {
                self.data.push((channel, message));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// What is due; datagrams to send.
    pub(crate) fn handle_timeout(&mut self, now: Instant, wrong: &mut Vec<String>) -> Vec<BytesMut> {
        let mut out = Vec::new();
        if self.next_check <= now {
            self.next_check = now + CHECK_INTERVAL;
            out.push(self.check.clone());
        }
        let mut messages = self.publisher.handle_timeout(now, &self.up);
        messages.extend(self.subscriber.handle_timeout(now, self.round_trip(now), wrong));
        messages.extend(self.reporter.handle_timeout(now));
        out.extend(messages.iter().map(Message::encode));
        out
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let own = self.next_check.min(self.publisher.poll_timeout());
        let others = [self.subscriber.poll_timeout(), self.reporter.poll_timeout()];
        self.alive
            .then(|| others.into_iter().flatten().fold(own, Instant::min))
    }
}
