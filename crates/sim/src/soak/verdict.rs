//! What the oracles say of a call that has been played.

use super::call::Call;
use super::oracles::{Watched, lowest_rate, standing_queue, stuck, stuck_sound, times};
use super::play::{Present, Stage};
use super::{Failure, Oracle};
use media::Source;
use std::time::Duration;

impl<C: Call> Stage<'_, C> {
    /// The lowest rate of somebody's downlink between two times.
    fn rate(&self, index: usize, from: Duration, to: Duration) -> u64 {
        let guest = self.guest(index);
        let began = Duration::from_millis(guest.comes_ms.unwrap_or(0));
        lowest_rate(&guest.down, began, from, to)
    }

    pub(super) fn pictures(&self) -> impl Iterator<Item = Failure> {
        self.watched.iter().filter_map(|(viewer, track, watched)| {
            let seen = self.world.frames(self.people.get(viewer)?.id);
            let frames = times(&seen, *track, |at| self.since(at));
            let (from, gap) = stuck(*watched, frames, |from, to| self.rate(*viewer, from, to))?;
            let what = format!(
                "person {viewer} saw nothing of {track:?} for {:.1} s from second {:.1} on",
                gap.as_secs_f64(),
                from.as_secs_f64()
            );
            Some(Failure {
                oracle: Oracle::StuckSlot,
                what,
            })
        })
    }

    /// Whoever looks at somebody hears them too, while they are the loudest of all.
    pub(super) fn sound(&self) -> Vec<Failure> {
        let mut failures = Vec::new();
        for (viewer, person) in self.people.iter().filter(|(_, person)| person.here) {
            let seen = self.world.sound(person.id);
            let now = self.since(self.world.now());
            let speaks = |other: &&Present| other.here && !other.muted;
            let loudness = self.people.values().filter(speaks).map(|other| other.loudness);
            let loudest = loudness.max().filter(|loudness| *loudness >= 100);
            let others = self.people.iter().filter(|(index, _)| *index != viewer);
            let loudest = others.filter(|(_, other)| speaks(other) && Some(other.loudness) == loudest);
            let changes = self.changes.get(viewer).and_then(|changes| changes.last());
            let from = changes.copied().unwrap_or(now).max(self.voices_changed);
            for (index, other) in loudest {
                let Some(track) = self.world.track(other.id, Source::Microphone) else {
                    continue;
                };
                let shown = person.tiles.iter().any(|(of, height)| of == index && *height > 0);
                let watched = Watched {
                    from,
                    to: now,
                    tiles: 0,
                };
                let packets = times(&seen, track, |at| self.since(at));
                let gap = stuck_sound(watched, packets, |from, to| self.rate(*viewer, from, to));
                if let Some((from, gap)) = gap.filter(|_| shown) {
                    failures.push(Failure {
                        oracle: Oracle::StuckSound,
                        what: format!(
                            "person {viewer} heard nothing of person {index} for {:.1} s from second {:.1} on",
                            gap.as_secs_f64(),
                            from.as_secs_f64()
                        ),
                    });
                }
            }
        }
        failures
    }

    pub(super) fn queues(&self) -> impl Iterator<Item = Failure> {
        self.people.iter().filter_map(|(viewer, person)| {
            let guest = self.guest(*viewer);
            let came = Duration::from_millis(guest.comes_ms?);
            let steps = guest.down.schedule.iter().map(|step| came + step.at);
            let views = self.changes.get(viewer).into_iter().flatten().copied();
            let changes: Vec<Duration> = steps.chain(views).chain([came]).collect();
            let samples = self.world.samples(person.id);
            let share = standing_queue(samples, |sample| self.since(sample.at), &changes)?;
            Some(Failure {
                oracle: Oracle::StandingQueue,
                what: format!(
                    "person {viewer} had a long queue {:.0} % of the calm time",
                    share * 100.0
                ),
            })
        })
    }

    pub(super) fn given_up(&self) -> impl Iterator<Item = Failure> {
        self.thrown_out.iter().map(|(index, at)| Failure {
            oracle: Oracle::ThrownOut,
            what: format!(
                "the server gave up person {index} before second {:.1}",
                at.as_secs_f64()
            ),
        })
    }

    pub(super) fn forbidden(&self) -> impl Iterator<Item = Failure> {
        let violations = self.world.violations().into_iter();
        violations.map(|what| Failure {
            oracle: Oracle::Packets,
            what,
        })
    }

    pub(super) fn left_over(&self) -> Option<Failure> {
        let left = self.world.left_over();
        (!left.is_empty()).then(|| Failure {
            oracle: Oracle::Freed,
            what: format!("left when all had gone: {left:?}"),
        })
    }
}
