//! What one participant knows from signaling, and whether the packets agree with it.

use media::{ParticipantId, Source};
use signaling::{ParticipantInfo, ServerMessage, SlotInfo, TrackInfo};
use sim::client::Run;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Packets and messages travel separately: an assignment counts this long before and after.
const GRACE: Duration = Duration::from_secs(2);

/// A track as announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownTrack {
    /// Publisher.
    pub participant: ParticipantId,
    /// What it is.
    pub source: Source,
}

#[derive(Debug, Clone, Copy)]
struct Assigned {
    from: Instant,
    csrc: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Oracle {
    names: HashMap<ParticipantId, String>,
    tracks: HashMap<u32, KnownTrack>,
    slots: HashMap<String, Vec<Assigned>>,
    count: u32,
}

impl Oracle {
    /// A message from the server.
    pub fn handle(&mut self, now: Instant, message: &ServerMessage) {
        match message {
            ServerMessage::Welcome {
                participants,
                slots,
                count,
                ..
            } => {
                self.count = *count;
                self.learn(participants);
                self.assign(now, slots);
            }
            ServerMessage::Joined {
                participants, count, ..
            } => {
                self.count = *count;
                self.learn(participants);
            }
            ServerMessage::Left { count, .. } => self.count = *count,
            ServerMessage::Updated { participants, .. }
            | ServerMessage::Participants { participants, .. } => {
                self.learn(participants);
            }
            ServerMessage::Slots { slots } => self.assign(now, slots),
            _ => {}
        }
    }

    /// How many are in the room, by the last message that said so.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// A track by its number.
    pub fn track(&self, csrc: u32) -> Option<KnownTrack> {
        self.tracks.get(&csrc).copied()
    }

    /// `bot-03/Camera`, or the bare number of an unknown track.
    pub fn describe(&self, csrc: u32) -> String {
        match self.track(csrc) {
            Some(track) => {
                let name = self.names.get(&track.participant).map_or("?", String::as_str);
                format!("{name}/{:?}", track.source)
            }
            None => format!("unknown {csrc:08x}"),
        }
    }

    /// What a slot carries now, as announced.
    pub fn assigned(&self, mid: &str) -> Option<u32> {
        self.slots
            .get(mid)?
            .last()
            .map(|a| a.csrc)
            .filter(|csrc| *csrc != 0)
    }

    /// Whether packets that began then can be judged by somebody who left at `left`: before their announcement had its time to
    /// come, nothing is known of them.
    pub fn can_judge(run: &Run, left: Instant) -> bool {
        run.start + GRACE <= left
    }

    /// Whether packets of a track through a slot were announced: nothing may reach the wrong participant, and no
    /// name may stand under a wrong picture. A track may have been assigned again before another's first packet came: then
    /// its packets are one run, and the assignments have to cover it together.
    pub fn allows(&self, mid: &str, run: &Run) -> bool {
        let Some(history) = self
            .slots
            .get(mid)
            .filter(|_| self.tracks.contains_key(&run.csrc))
        else {
            return false;
        };
        let mut covered = None;
        for (assigned, next) in history.iter().zip(history.iter().skip(1).map(Some).chain([None])) {
            let open = covered.unwrap_or(run.start);
            if assigned.csrc != run.csrc || assigned.from > open + GRACE {
                continue;
            }
            match next.map(|next| next.from + GRACE) {
                None => return true,
                Some(until) if until >= open => covered = Some(until),
                Some(_) => {}
            }
        }
        covered.is_some_and(|until| run.end <= until)
    }

    fn learn(&mut self, participants: &[ParticipantInfo]) {
        for participant in participants {
            self.names.insert(participant.id, participant.name.clone());
            for TrackInfo { csrc, source, .. } in &participant.tracks {
                self.tracks.insert(
                    *csrc,
                    KnownTrack {
                        participant: participant.id,
                        source: *source,
                    },
                );
            }
        }
    }

    fn assign(&mut self, now: Instant, slots: &[SlotInfo]) {
        for slot in slots {
            let history = self.slots.entry(slot.mid.clone()).or_default();
            if history.last().is_none_or(|last| last.csrc != slot.csrc) {
                history.push(Assigned {
                    from: now,
                    csrc: slot.csrc,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::TrackId;
    use signaling::{ParticipantState, SlotStateName};

    fn slot(csrc: u32) -> ServerMessage {
        let track = (csrc != 0).then_some(TrackId(csrc));
        ServerMessage::Slots {
            slots: vec![SlotInfo {
                mid: "4".to_owned(),
                track,
                csrc,
                state: SlotStateName::Live,
                reason: None,
            }],
        }
    }

    fn run(csrc: u32, start: Instant, end: Instant) -> Run {
        Run {
            csrc,
            start,
            end,
            packets: 1,
            frames: 0,
            voiced: 0,
        }
    }

    #[test]
    fn only_announced_packets_are_allowed() {
        let t0 = Instant::now();
        let at = |s| t0 + Duration::from_secs(s);
        let mut oracle = Oracle::default();
        let track = |csrc| TrackInfo {
            id: TrackId(csrc),
            csrc,
            source: Source::Camera,
            muted: false,
        };
        oracle.learn(&[ParticipantInfo {
            id: ParticipantId(1),
            identity: None,
            name: "bot-01".to_owned(),
            metadata: None,
            state: ParticipantState::Connected,
            tracks: vec![track(7), track(8)],
        }]);
        oracle.handle(at(10), &slot(7));
        oracle.handle(at(20), &slot(8));
        assert!(oracle.allows("4", &run(7, at(9), at(21))));
        assert!(
            !oracle.allows("4", &run(7, at(9), at(30))),
            "goes on after the change"
        );
        assert!(
            !oracle.allows("4", &run(8, at(12), at(30))),
            "long before the change"
        );
        oracle.handle(at(23), &slot(7));
        oracle.handle(at(26), &slot(8));
        assert!(
            oracle.allows("4", &run(7, at(9), at(27))),
            "away for so short that each packet is within the grace of one of two assignments"
        );
        oracle.handle(at(40), &slot(7));
        assert!(oracle.allows("4", &run(7, at(39), at(90))));
        assert!(
            !oracle.allows("4", &run(7, at(9), at(41))),
            "away for long, in which some of them may have come"
        );
        assert!(
            !oracle.allows("4", &run(7, at(33), at(33))),
            "in the midst of that"
        );
        assert!(Oracle::can_judge(&run(7, at(9), at(9)), at(11)));
        assert!(
            !Oracle::can_judge(&run(7, at(9), at(9)), at(10)),
            "left before the announcement can have come"
        );
        assert!(!oracle.allows("4", &run(9, at(10), at(11))), "unknown track");
        assert!(!oracle.allows("5", &run(7, at(10), at(11))), "another slot");
        assert_eq!(
            (oracle.describe(7), oracle.assigned("4")),
            ("bot-01/Camera".to_owned(), Some(7))
        );
    }
}
