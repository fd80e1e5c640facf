//! Random loss, alone or in bursts.

use crate::config::LossModel;
use crate::rng::Rng;

/// Whether the last datagram was lost, which is all that Gilbert's model remembers.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    bad: bool,
}

impl Loss {
    /// Whether the next datagram is lost. Always draws twice, so that changing a model leaves other luck as it was.
    pub(crate) fn next(&mut self, model: LossModel, rng: &mut Rng) -> bool {
        let (first, second) = (rng.unit(), rng.unit());
        match model {
            LossModel::None => false,
            LossModel::Random(share) => first < share,
            LossModel::Bursts { share, mean } => {
                // In the long run a share p is lost: leave with 1/mean, enter with p / (mean · (1 − p)).
                let leave = 1.0 / mean.max(1.0);
                let enter = leave * share / (1.0 - share).max(f64::EPSILON);
                self.bad = if self.bad { first >= leave } else { second < enter };
                self.bad
            }
        }
    }
}
