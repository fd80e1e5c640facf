//! One person's call, a line every 200 ms, for whoever looks for a cause.

use super::call::Call;
use super::play::Stage;
use crate::full::Arrival;
use bwe::DownlinkStats;
use media::plane::SlotState;
use room::SlotShown;
use std::fmt::Write as _;
use std::time::Duration;

/// Between two lines.
const INTERVAL: Duration = Duration::from_millis(200);

/// Tells how a person does while a call is played.
pub(super) struct Timeline<'a> {
    /// Who, by their place among the guests.
    person: usize,
    next: Duration,
    sent: DownlinkStats,
    tell: &'a mut dyn FnMut(&str),
}

impl<'a> Timeline<'a> {
    pub(super) fn new(person: usize, tell: &'a mut dyn FnMut(&str)) -> Self {
        Self {
            person,
            next: Duration::ZERO,
            sent: DownlinkStats::default(),
            tell,
        }
    }

    /// When the next line is due, since the beginning.
    pub(super) fn next(&self) -> Duration {
        self.next
    }

    /// Tells the line that is due.
    pub(super) fn tell<C: Call>(&mut self, stage: &Stage<'_, C>, now: Duration) {
        self.next = now + INTERVAL;
        let Some(present) = stage.people.get(&self.person).filter(|present| present.here) else {
            return;
        };
        let mut line = format!("{:6.1} s", now.as_secs_f64());
        if let Some(sample) = stage.world.samples(present.id).last() {
            let megabits = |bps: u64| bps as f64 / 1e6;
            let _ = write!(
                line,
                "  target {:.2} stable {:.2} of {:.2} Mb/s, queue {:3} ms, {}",
                megabits(sample.target_bps),
                megabits(sample.stable_bps),
                sample.link_bps.map_or(f64::INFINITY, megabits),
                sample.queue.as_millis(),
                self.bytes(&sample.sent),
            );
        }
        let mut arrivals = stage.world.frames(present.id);
        arrivals.extend(stage.world.sound(present.id));
        for (mid, shown) in stage.world.slots(present.id) {
            if let SlotShown::Track { track, state } = shown {
                let last = arrivals
                    .iter()
                    .rfind(|arrival| arrival.slot.0.to_string() == mid && arrival.track == track);
                let who = stage.owners.get(&track);
                let name = who.map_or_else(
                    || track.to_string(),
                    |(of, source)| format!("{of}'s {source:?}").to_lowercase(),
                );
                let last = last.map(|last: &Arrival| (last.layer, now.saturating_sub(stage.since(last.at))));
                let _ = write!(line, " | {mid}: {name} {}", seen(state, last));
            }
        }
        (self.tell)(&line);
    }

    /// What left since the last line, in bytes.
    fn bytes(&mut self, sent: &DownlinkStats) -> String {
        let before = std::mem::replace(&mut self.sent, *sent);
        format!(
            "video {:5} sound {:4} repairs {:5} padding {:5} B, {} probes ({} good)",
            sent.video_bytes.saturating_sub(before.video_bytes),
            sent.audio_bytes.saturating_sub(before.audio_bytes),
            sent.retransmission_bytes
                .saturating_sub(before.retransmission_bytes),
            sent.padding_bytes.saturating_sub(before.padding_bytes),
            sent.probes.saturating_sub(before.probes),
            sent.probes_succeeded.saturating_sub(before.probes_succeeded),
        )
    }
}

/// A slot's state, and layer and age of what came last.
fn seen(state: SlotState, last: Option<(u8, Duration)>) -> String {
    let state = match state {
        SlotState::Live => "live".to_owned(),
        SlotState::Switching => "switching".to_owned(),
        SlotState::Paused(reason) => format!("paused ({reason:?})").to_lowercase(),
    };
    match last {
        Some((layer, age)) => format!("{state}, layer {layer} {} ms ago", age.as_millis()),
        None => format!("{state}, nothing yet"),
    }
}
