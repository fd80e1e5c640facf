//! Estimators to compare ours with, behind the same trait.

mod flawed;
mod rtc_gcc;
mod traced;
mod true_rate;

pub use flawed::{Flaw, Flawed};
pub use rtc_gcc::RtcGcc;
pub use traced::Traced;
pub use true_rate::TrueRate;
