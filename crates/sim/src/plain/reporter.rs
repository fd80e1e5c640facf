//! What a client tells of the packets that reached it (transport-cc), in libwebrtc's rhythm.

use super::wire::Message;
use std::time::{Duration, Instant};

/// Between two messages: as often as 5 % of the rate received pays for, within these bounds (libwebrtc's
/// `RemoteEstimatorProxy`).
const INTERVAL: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));
const SHARE: f64 = 0.05;
/// Bytes of one message with its headers.
const MESSAGE_BYTES: f64 = 68.0;

/// The numbered packets that came since the last message.
#[derive(Debug)]
pub(crate) struct Reporter {
    origin: Instant,
    arrived: Vec<(u16, Duration)>,
    bytes: usize,
    highest: Option<u16>,
    /// First number that was not reported yet.
    next: u16,
    due: Option<Instant>,
    last: Instant,
}

impl Reporter {
    pub(crate) fn new(origin: Instant, now: Instant) -> Self {
        Self {
            origin,
            arrived: Vec::new(),
            bytes: 0,
            highest: None,
            next: 0,
            due: None,
            last: now,
        }
    }

    pub(crate) fn arrived(&mut self, now: Instant, seq: u16, bytes: usize) {
        if self
            .highest
            .is_none_or(|highest| seq.wrapping_sub(highest) < 0x8000)
        {
            self.highest = Some(seq);
        }
        self.arrived
            .push((seq, now.saturating_duration_since(self.origin)));
        self.bytes += bytes;
        self.due.get_or_insert_with(|| (self.last + INTERVAL.0).max(now));
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// The message that is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Message> {
        let highest = self.highest.filter(|_| self.due.is_some_and(|due| due <= now))?;
        let passed = now.saturating_duration_since(self.last).as_secs_f64().max(0.001);
        let rate = self.bytes as f64 / passed;
        let interval = MESSAGE_BYTES / (SHARE * rate);
        let wanted =
            Duration::from_secs_f64(interval.clamp(INTERVAL.0.as_secs_f64(), INTERVAL.1.as_secs_f64()));
        if self.last + wanted > now {
            self.due = Some(self.last + wanted);
            return None;
        }
        (self.due, self.last, self.bytes) = (None, now, 0);
        let arrived = std::mem::take(&mut self.arrived);
        let count = highest.wrapping_sub(self.next).wrapping_add(1);
        let mut reports: Vec<(u16, Option<Duration>)> = Vec::with_capacity(arrived.len());
        // What comes late was told as missing before.
        let late = arrived
            .iter()
            .filter(|(seq, _)| seq.wrapping_sub(self.next) >= 0x8000);
        reports.extend(late.map(|(seq, at)| (*seq, Some(*at))));
        let behind = reports.len();
        if count < 0x8000 {
            reports.extend((0..count).map(|offset| (self.next.wrapping_add(offset), None)));
            for (seq, at) in &arrived {
                if let Some(place) = reports.get_mut(behind + usize::from(seq.wrapping_sub(self.next))) {
                    place.1 = Some(*at);
                }
            }
            self.next = highest.wrapping_add(1);
        }
        Some(Message::Feedback { reports })
    }
}
