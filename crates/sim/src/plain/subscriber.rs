//! All that one person receives, and whether picture and sound belong together.

use super::observe::Observation;
use super::receiver::{Played, Receiver};
use super::wire::Message;
use media::plane::Sections;
use media::{Kind, LayerIndex, MLineIndex, NtpTime, Source};
use peer::SlotReport;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Picture and sound are compared when both were played within this time.
const TOGETHER: Duration = Duration::from_millis(200);

/// How far a publisher's picture is behind its sound at a receiver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Skew {
    /// When.
    pub at: Instant,
    /// Whose.
    pub person: u32,
    /// Milliseconds; negative when the picture is early.
    pub ms: f64,
}

/// How far off a publisher's sound was played, and when.
type Offset = (Instant, f64);

#[derive(Debug)]
pub(crate) struct Subscriber {
    origin: Instant,
    /// The server's NTP time at the origin; people do not know it, the oracle does.
    server_ntp: NtpTime,
    receivers: Vec<Option<Receiver>>,
    sound: BTreeMap<u32, Offset>,
    pub(crate) skews: Vec<Skew>,
    /// Written down, when somebody looks.
    pub(crate) observation: Option<Observation>,
}

impl Subscriber {
    pub(crate) fn new(origin: Instant, server_ntp: NtpTime, sections: &Sections) -> Self {
        let mut receivers = Vec::new();
        let video = sections.video_slots.iter().map(|slot| (slot.mline, Kind::Video));
        let audio = sections.audio_slots.iter().map(|slot| (slot.mline, Kind::Audio));
        for (mline, kind) in video.chain(audio) {
            let index = usize::from(mline.0);
            if receivers.len() <= index {
                receivers.resize_with(index + 1, || None);
            }
            receivers[index] = Some(Receiver::new(mline, kind));
        }
        Self {
            origin,
            server_ntp,
            receivers,
            sound: BTreeMap::new(),
            skews: Vec::new(),
            observation: None,
        }
    }

    pub(crate) fn receiver(&self, slot: MLineIndex) -> Option<&Receiver> {
        self.receivers.get(usize::from(slot.0))?.as_ref()
    }

    pub(crate) fn receivers(&self) -> impl Iterator<Item = &Receiver> {
        self.receivers.iter().flatten()
    }

    pub(crate) fn handle_report(&mut self, slot: MLineIndex, report: SlotReport) {
        if let Some(Some(receiver)) = self.receivers.get_mut(usize::from(slot.0)) {
            receiver.handle_report(report);
        }
    }

    pub(crate) fn handle_packet(
        &mut self,
        now: Instant,
        slot: MLineIndex,
        again: bool,
        packet: media::packet::SlotPacket,
        wrong: &mut Vec<String>,
    ) {
        let Some(Some(receiver)) = self.receivers.get_mut(usize::from(slot.0)) else {
            wrong.push(format!("a packet for m-line {}, which is no slot", slot.0));
            return;
        };
        let played = receiver.handle_packet(now, again, packet, wrong);
        played.iter().for_each(|played| self.play(now, slot, played));
    }

    fn play(&mut self, now: Instant, slot: MLineIndex, played: &Played) {
        if let Some(observation) = &mut self.observation {
            observation.received(now, slot, played.track, &played.stamp);
        }
        self.compare(now, played);
    }

    /// Notes how far from its capture a frame or packet is played, and compares picture with sound.
    fn compare(&mut self, now: Instant, played: &Played) {
        let Some(ntp) = played.ntp else { return };
        let captured = self
            .server_ntp
            .advance(Duration::from_micros(played.stamp.captured_us));
        let offset_ms = ntp.seconds_since(captured) * 1_000.0;
        let person = played.stamp.person;
        match played.stamp.source {
            Source::Microphone => {
                self.sound.insert(person, (now, offset_ms));
            }
            Source::Camera => {
                let sound = self
                    .sound
                    .get(&person)
                    .filter(|(at, _)| now.saturating_duration_since(*at) < TOGETHER);
                if let Some((_, sound_ms)) = sound {
                    self.skews.push(Skew {
                        at: now,
                        person,
                        ms: offset_ms - sound_ms,
                    });
                }
            }
            Source::Screen | Source::ScreenAudio => {}
        }
    }

    /// NACKs, keyframe requests, and what can be played because time has passed.
    pub(crate) fn handle_timeout(
        &mut self,
        now: Instant,
        round_trip: Duration,
        wrong: &mut Vec<String>,
    ) -> Vec<Message> {
        let mut out = Vec::new();
        for index in 0..self.receivers.len() {
            let Some(receiver) = &mut self.receivers[index] else {
                continue;
            };
            let mline = MLineIndex(index as u16);
            let played = receiver.handle_timeout(now, wrong);
            let missing = receiver.missing(now, round_trip);
            if !missing.is_empty() {
                out.push(Message::Nack {
                    mline,
                    layer: LayerIndex(0),
                    missing,
                });
            }
            if receiver.wants_keyframe(now) {
                out.push(Message::Keyframe {
                    mline,
                    layer: LayerIndex(0),
                });
            }
            played.iter().for_each(|played| self.play(now, mline, played));
        }
        out
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = self.receivers().filter_map(Receiver::poll_timeout);
        deadlines.map(|at| at.max(self.origin)).min()
    }
}
