//! How good the call is for one participant, in one number.
//!
//! `score` is 100 times the product of five factors, each 1 when nothing is wrong, smoothed over about two seconds:
//!
//! | factor | is |
//! |---|---|
//! | downlink bandwidth | height of all pictures that flow, over the height that the view asks for and publishers send |
//! | downlink loss | 1 − 2 × share of packets lost on the way to the participant, before they are repaired |
//! | downlink delay | 1 up to 150 ms one way (half the round trip, and the queue), 0.5 at 400 ms and falling on: the limits of ITU-T G.114 |
//! | uplink bandwidth | height that comes of the participant's pictures, over the height that is asked for and stays away |
//! | uplink loss | 1 − 2 × share of packets lost on the way from the participant |
//!
//! A participant of whom nothing is heard has 0. The reason is the smallest factor.

use crate::router::Router;
use crate::state::{PeerEntry, PeerKey, Track};
use media::Kind;
use media::plane::{MediaEvent, Quality, QualityReason};
use peer::Peer;
use std::time::Duration;

/// Weight of the newest second. Higher: every switch of layers shows; lower: trouble shows late.
const NEWEST: f64 = 0.5;
/// A change smaller than this is not told, unless the reason is another one or all is well again.
const NOTICEABLE: u8 = 5;
/// What costs nothing (ITU-T G.114, one way).
const GOOD_DELAY: Duration = Duration::from_millis(150);
/// From `GOOD_DELAY` until this much later the factor falls to one half.
const HALF_DELAY: Duration = Duration::from_millis(250);
/// No single factor but silence makes a call worthless.
const LEAST: f64 = 0.1;

/// What of one participant was measured in the last second, each a share of 0.0 to 1.0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    pub(crate) downlink: f64,
    pub(crate) downlink_loss: f64,
    pub(crate) one_way: Duration,
    pub(crate) uplink: f64,
    pub(crate) uplink_loss: f64,
    pub(crate) silent: bool,
}

/// Follows one participant.
#[derive(Debug)]
pub(crate) struct QualityMeter {
    factors: [(QualityReason, f64); 5],
    told: Quality,
    /// Packets that came, and that were asked for again, when last looked at.
    uplink_seen: Option<(u64, u64)>,
}

const FINE: Quality = Quality {
    score: 100,
    reason: None,
};

impl Default for QualityMeter {
    fn default() -> Self {
        use QualityReason::{DownlinkBandwidth, DownlinkDelay, DownlinkLoss, UplinkBandwidth, UplinkLoss};
        let reasons = [
            DownlinkBandwidth,
            DownlinkLoss,
            DownlinkDelay,
            UplinkBandwidth,
            UplinkLoss,
        ];
        Self {
            factors: reasons.map(|reason| (reason, 1.0)),
            told: FINE,
            uplink_seen: None,
        }
    }
}

impl QualityMeter {
    /// What was told last.
    pub(crate) fn told(&self) -> Quality {
        self.told
    }

    /// Another second has passed: the quality, if it is worth telling.
    pub(crate) fn update(&mut self, measured: Measured) -> Option<Quality> {
        let beyond = measured.one_way.saturating_sub(GOOD_DELAY);
        let newest = [
            measured.downlink,
            1.0 - 2.0 * measured.downlink_loss,
            1.0 - 0.5 * beyond.as_secs_f64() / HALF_DELAY.as_secs_f64(),
            measured.uplink,
            1.0 - 2.0 * measured.uplink_loss,
        ];
        for ((_, factor), newest) in self.factors.iter_mut().zip(newest) {
            *factor += NEWEST * (newest.clamp(LEAST, 1.0) - *factor);
        }
        let now = match measured.silent {
            true => Quality {
                score: 0,
                reason: Some(QualityReason::Silent),
            },
            false => self.score(),
        };
        let noticeable = now.score.abs_diff(self.told.score) >= NOTICEABLE;
        let worth = noticeable || now.reason != self.told.reason;
        (worth && now != self.told).then(|| {
            self.told = now;
            now
        })
    }

    fn score(&self) -> Quality {
        let product: f64 = self.factors.iter().map(|(_, factor)| factor).product();
        let score = (product * 100.0).round() as u8;
        let worst = self.factors.iter().min_by(|one, other| one.1.total_cmp(&other.1));
        Quality {
            score,
            reason: worst.filter(|_| score < 100).map(|(reason, _)| *reason),
        }
    }

    /// The share lost on the way here since the last call, from counts that only grow: packets that came, and packets
    /// asked for again.
    fn uplink_loss(&mut self, came: u64, missed: u64) -> f64 {
        let (came_before, missed_before) = self.uplink_seen.replace((came, missed)).unwrap_or((came, missed));
        let (came, missed) = (
            came.saturating_sub(came_before),
            missed.saturating_sub(missed_before),
        );
        missed as f64 / (came + missed).max(1) as f64
    }
}

impl<P: Peer> Router<P> {
    /// Once a second for each participant.
    pub(crate) fn measure_quality(&mut self, key: PeerKey) {
        let Some(entry) = self.peers.get(key) else { return };
        let uplink = entry
            .sections
            .iter()
            .flatten()
            .filter_map(|section| self.tracks.get(section.track?))
            .map(Track::uplink_share)
            .fold(1.0, f64::min);
        let estimate = entry.peer.bandwidth();
        let measured = Measured {
            downlink: entry.view_share,
            downlink_loss: estimate.map_or(0.0, |estimate| estimate.loss),
            one_way: estimate.map_or(Duration::ZERO, |estimate| {
                estimate.round_trip / 2 + estimate.queue_delay
            }),
            uplink,
            uplink_loss: 0.0,
            silent: entry.silent_seconds > 0,
        };
        let Some(entry) = self.peers.get_mut(key) else {
            return;
        };
        let told = entry.measure(measured);
        let participant = entry.participant;
        if let Some(quality) = told {
            self.emit(MediaEvent::Quality { participant, quality });
        }
    }
}

impl<P: Peer> PeerEntry<P> {
    fn measure(&mut self, measured: Measured) -> Option<Quality> {
        let missed = self.peer.stats().nacks_sent;
        let uplink_loss = self.quality.uplink_loss(self.packets_in, missed);
        self.quality.update(Measured {
            uplink_loss,
            ..measured
        })
    }
}

impl Track {
    /// Of the height that its viewers ask for, the share that comes; 1 when nothing they ask for stays away.
    fn uplink_share(&self) -> f64 {
        if self.source.kind() == Kind::Audio || self.muted {
            return 1.0;
        }
        let layers = || self.layers.iter().zip(&self.status);
        let missing = layers()
            .filter(|(layer, status)| layer.absent && !status.active)
            .map(|(_, status)| status.height)
            .max();
        let comes = layers()
            .filter(|(_, status)| status.active)
            .map(|(_, status)| status.height)
            .max();
        match (missing, comes) {
            (Some(missing), Some(comes)) if missing > comes => f64::from(comes) / f64::from(missing),
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Measured = Measured {
        downlink: 1.0,
        downlink_loss: 0.0,
        one_way: Duration::from_millis(40),
        uplink: 1.0,
        uplink_loss: 0.0,
        silent: false,
    };

    /// After some seconds of this, what was told last.
    fn after(meter: &mut QualityMeter, measured: Measured, seconds: usize) -> Option<Quality> {
        (0..seconds).filter_map(|_| meter.update(measured)).last()
    }

    fn told(score: u8, reason: QualityReason) -> Option<Quality> {
        let reason = Some(reason);
        Some(Quality { score, reason })
    }

    #[test]
    fn nothing_is_told_while_all_is_well() {
        assert_eq!(after(&mut QualityMeter::default(), WELL, 100), None);
    }

    #[test]
    fn each_trouble_has_its_reason_and_ends() {
        let troubles = [
            (
                Measured {
                    downlink: 0.5,
                    ..WELL
                },
                50,
                QualityReason::DownlinkBandwidth,
            ),
            (
                Measured {
                    downlink_loss: 0.1,
                    ..WELL
                },
                80,
                QualityReason::DownlinkLoss,
            ),
            (
                Measured {
                    one_way: Duration::from_millis(400),
                    ..WELL
                },
                50,
                QualityReason::DownlinkDelay,
            ),
            (
                Measured { uplink: 0.25, ..WELL },
                25,
                QualityReason::UplinkBandwidth,
            ),
            (
                Measured {
                    uplink_loss: 0.2,
                    ..WELL
                },
                60,
                QualityReason::UplinkLoss,
            ),
            (Measured { silent: true, ..WELL }, 0, QualityReason::Silent),
        ];
        for (measured, score, reason) in troubles {
            let mut meter = QualityMeter::default();
            let got = after(&mut meter, measured, 20).expect("told");
            assert_eq!(got.reason, Some(reason));
            assert!(
                got.score.abs_diff(score) < NOTICEABLE,
                "{reason:?}: {}",
                got.score
            );
            assert_eq!(after(&mut meter, WELL, 20), Some(FINE));
        }
    }

    #[test]
    fn several_troubles_add_up_and_the_worst_is_named() {
        let bad = Measured {
            downlink: 0.5,
            downlink_loss: 0.1,
            ..WELL
        };
        let told = after(&mut QualityMeter::default(), bad, 30).expect("told");
        assert_eq!(told.reason, Some(QualityReason::DownlinkBandwidth));
        assert!(told.score.abs_diff(40) < NOTICEABLE);
    }

    #[test]
    fn small_changes_are_kept_to_oneself() {
        let mut meter = QualityMeter::default();
        let a_little = Measured {
            downlink_loss: 0.02,
            ..WELL
        };
        assert!(after(&mut meter, a_little, 30).is_some(), "the reason is new");
        let a_little_less = Measured {
            downlink_loss: 0.01,
            ..WELL
        };
        assert_eq!(after(&mut meter, a_little_less, 30), None);
        assert_eq!(
            told(0, QualityReason::Silent),
            after(&mut meter, Measured { silent: true, ..WELL }, 2)
        );
    }

    #[test]
    fn what_was_asked_for_again_was_lost() {
        let mut meter = QualityMeter::default();
        assert!(meter.uplink_loss(10, 5) < f64::EPSILON, "nobody knows since when");
        assert!((meter.uplink_loss(100, 15) - 0.1).abs() < 1e-9);
        assert!(meter.uplink_loss(200, 15) < f64::EPSILON);
    }
}
