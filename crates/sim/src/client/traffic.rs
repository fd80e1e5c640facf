//! Media out, media and reports in.

use super::assemble::Frame;
use super::publish::Due;
use super::{Client, ClientEvent, MAX_AGES, edge, send_time, source};
use media::{Kind, NtpTime};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::sansio::Protocol as _;
use std::sync::atomic::Ordering;
use std::time::Instant;

impl Client {
    pub(super) fn send_media(&mut self, now: Instant) {
        let mut due = Due {
            now,
            packets: Vec::new(),
            reports: Vec::new(),
        };
        self.work.media_changed();
        for section in &mut self.sections {
            section.handle_timeout(self.clocks, self.level_id, &mut due);
        }
        for packet in due.packets {
            self.write(now, RTCMessage::RtpPacket(String::new(), packet));
        }
        for report in due.reports {
            self.write_control(now, vec![Box::new(report)]);
        }
    }

    pub(super) fn check_slots(&mut self, now: Instant) {
        for place in 0..self.heard.len() {
            let Some(&index) = self.heard.get(place) else {
                break;
            };
            let Some(slot) = self.slots.get_mut(index) else {
                break;
            };
            let frames = slot.handle_timeout(now);
            let pli = slot.ssrc.filter(|_| slot.wants_keyframe(now));
            self.frames(index, frames);
            if let Some(media_ssrc) = pli {
                let pli = PictureLossIndication {
                    sender_ssrc: 1,
                    media_ssrc,
                };
                self.write_control(now, vec![Box::new(pli)]);
            }
        }
    }

    pub(super) fn write(&mut self, now: Instant, message: RTCMessage) {
        self.work.send();
        // Fails only when the connection is closed: then there is nobody to send to.
        let _ = self.pc.handle_write(TaggedRTCMessage { now, message });
    }

    /// RTCP. Past the connection when media comes in past it, all of it: the indices of SRTCP are counted in one place.
    pub(super) fn write_control(&mut self, now: Instant, compound: Vec<Box<dyn rtcp::Packet>>) {
        let Some(fast) = &mut self.fast else {
            return self.write(now, RTCMessage::RtcpPacket(String::new(), compound));
        };
        self.nacked
            .fetch_add(edge::asked_again(&compound), Ordering::Relaxed);
        // Fails only without cryptography, and then nothing works.
        if let (Some(path), Some(datagram)) = (self.mover.believed(), fast.protect(&compound)) {
            self.transmits.push_back(self.mover.outbound(path, datagram));
        }
    }

    pub(super) fn frames(&mut self, slot: usize, frames: Vec<Frame>) {
        self.received.frames += frames.len() as u64;
        if self.config.frame_events {
            self.events
                .extend(frames.into_iter().map(|frame| ClientEvent::Frame { slot, frame }));
        }
    }

    pub(super) fn handle_rtp(&mut self, now: Instant, packet: &rtc::rtp::Packet) {
        let ssrc = Some(packet.header.ssrc);
        let Some(index) = self.slot_ssrcs.iter().position(|known| *known == ssrc) else {
            return;
        };
        let level = self
            .level_id
            .and_then(|id| packet.header.get_extension(id)?.first().copied());
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        if let Err(place) = self.heard.binary_search(&index) {
            self.heard.insert(place, index);
        }
        let (kind, before) = (slot.kind, slot.stats.packets);
        let outcome = slot.handle_packet(now, packet, level);
        let new = slot.stats.packets > before;
        if new {
            self.received.packets += 1;
            self.received.bytes += packet.payload.len() as u64;
        }
        if let (Some(clock), true) = (self.clocks.send, new)
            && let Some(age) = send_time::age(&packet.payload, clock, now)
            && self.ages.len() < MAX_AGES
        {
            self.ages.push((kind, age));
        }
        let sound = kind == Kind::Audio && new;
        if let Some(&csrc) = packet
            .header
            .csrc
            .first()
            .filter(|_| sound && self.config.frame_events)
        {
            self.events.push_back(ClientEvent::Sound {
                slot: index,
                csrc,
                stream: source::sound_stream(&packet.payload),
            });
        }
        if let Some(csrc) = outcome.track_changed {
            self.events
                .push_back(ClientEvent::TrackChanged { slot: index, csrc });
        }
        self.frames(index, outcome.frames);
    }

    pub(super) fn handle_rtcp(&mut self, packet: &dyn rtcp::Packet) {
        if let Some(report) = packet
            .as_any()
            .downcast_ref::<rtcp::sender_report::SenderReport>()
        {
            if let Some(fast) = &mut self.fast {
                fast.handle_report(self.work.now(), report);
            }
            if let Some(slot) = self.slots.iter_mut().find(|slot| slot.ssrc == Some(report.ssrc)) {
                slot.handle_report(NtpTime(report.ntp_time), report.rtp_time);
            }
        } else if let Some(pli) = packet.as_any().downcast_ref::<PictureLossIndication>() {
            for section in &mut self.sections {
                section.request_keyframe(pli.media_ssrc);
            }
        }
    }
}
