//! Whether lost packets tell of congestion.
//!
//! Loss that a queue causes comes with delay, and the delay-based part has lowered the rate by then. What is left are
//! radio links, where loss has nothing to do with our rate, and links with hardly a queue (policers), where loss is
//! all there is. They differ in what happens when we send more: only with a policer the share lost grows. So loss is
//! compared with what this path has lately shown.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Over how much time a share is taken. Longer: steadier, and later to notice a policer.
const WINDOW: Duration = Duration::from_millis(1_000);
/// Windows over which the usual share is taken. More: layers go on for longer on a path that has become worse; fewer: they
/// change with luck.
const USUAL_WINDOWS: usize = 5;
/// How long a share counts as what the path loses by itself. Longer: a radio link that got worse is blamed on us for
/// longer. Shorter: loss that we cause by growing slowly passes for the path's own.
const INHERENT_WINDOW: Duration = Duration::from_secs(12);
/// Loss below this is never worth lowering the rate (libwebrtc's loss controller holds from 2 % and yields at 10 %).
const TOLERATED: f64 = 0.05;
/// Variance of the number lost, as a multiple of independent losses': bursts of mean 5 have nine times as much.
const BURSTINESS: f64 = 9.0;
/// Standard deviations above the inherent share that count as more. Lower: bad luck lowers the rate.
const SIGNIFICANT: f64 = 3.5;
/// Fewer packets say nothing.
const LEAST_PACKETS: u32 = 20;

#[derive(Debug, Clone, Copy)]
struct Message {
    at: Instant,
    came: u32,
    lost: u32,
}

#[derive(Debug, Default)]
pub(super) struct Loss {
    recent: VecDeque<Message>,
    came: u32,
    lost: u32,
    /// Shares of past windows.
    shares: VecDeque<(Instant, f64)>,
    usual: f64,
}

impl Loss {
    pub(super) fn add(&mut self, at: Instant, came: usize, lost: usize) {
        let message = Message {
            at,
            came: came as u32,
            lost: lost as u32,
        };
        self.recent.push_back(message);
        self.came += message.came;
        self.lost += message.lost;
        while self
            .recent
            .front()
            .is_some_and(|m| at.saturating_duration_since(m.at) > WINDOW)
        {
            let Some(gone) = self.recent.pop_front() else {
                break;
            };
            self.came -= gone.came;
            self.lost -= gone.lost;
        }
        let due = self
            .shares
            .back()
            .is_none_or(|(last, _)| at.saturating_duration_since(*last) >= WINDOW);
        if due && self.packets() >= LEAST_PACKETS {
            self.shares.push_back((at, self.share()));
        }
        while self
            .shares
            .front()
            .is_some_and(|(from, _)| at.saturating_duration_since(*from) > INHERENT_WINDOW)
        {
            self.shares.pop_front();
        }
        self.usual = self.work_out_usual();
    }

    fn packets(&self) -> u32 {
        self.came + self.lost
    }

    /// Share lost over the window, 0.0 to 1.0.
    pub(super) fn share(&self) -> f64 {
        f64::from(self.lost) / f64::from(self.packets().max(1))
    }

    /// Share lost over the last seconds.
    pub(super) fn usual(&self) -> f64 {
        self.usual
    }

    /// The same, worked out anew: it is asked for with each packet, and changes with each message.
    fn work_out_usual(&self) -> f64 {
        let shares = self.shares.iter().rev().take(USUAL_WINDOWS);
        let (count, sum) = shares.fold((0.0, 0.0), |(count, sum), (_, share)| (count + 1.0, sum + share));
        let usual = if count > 0.0 { sum / count } else { self.share() };
        // A path that became thinner loses more at once, and so long as it does.
        if self.is_congestion() {
            usual.max(self.share())
        } else {
            usual
        }
    }

    /// What the path loses by itself: the median of the recent past.
    fn inherent(&self) -> f64 {
        let mut shares: Vec<f64> = self.shares.iter().map(|(_, share)| *share).collect();
        shares.sort_unstable_by(f64::total_cmp);
        shares.get(shares.len() / 2).copied().unwrap_or(1.0)
    }

    /// Whether more is lost than the path loses by itself.
    pub(super) fn is_congestion(&self) -> bool {
        if self.packets() < LEAST_PACKETS || self.shares.len() < 3 {
            return false;
        }
        let inherent = self.inherent();
        let deviation = (inherent * (1.0 - inherent) * BURSTINESS / f64::from(self.packets())).sqrt();
        self.share() > inherent + TOLERATED.max(SIGNIFICANT * deviation)
    }

    /// What was lost so far is dealt with: judge anew.
    pub(super) fn forget_recent(&mut self) {
        self.recent.clear();
        self.came = 0;
        self.lost = 0;
        self.usual = self.work_out_usual();
    }
}
