//! The networks.

use crate::plain::Content;
use link::{LinkConfig, LossModel, RateStep};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const MBIT: u64 = 1_000_000;

/// Round trips in milliseconds that every row is played with; the first is what thresholds are written for.
pub const ROUND_TRIPS: [u32; 4] = [50, 20, 100, 300];

/// Whose estimates decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// `bwe::Controller`.
    Ours,
    /// `rtc`'s Google Congestion Control.
    Gcc,
    /// The true rate less 5 %.
    Oracle,
}

impl Column {
    /// All of them.
    pub const ALL: [Column; 3] = [Column::Ours, Column::Gcc, Column::Oracle];

    /// In a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Gcc => "gcc",
            Self::Oracle => "oracle",
        }
    }
}

/// A network, and who is on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// In the table.
    pub name: &'static str,
    /// The viewer's downlink; its delay is set by the round trip.
    pub down: LinkConfig,
    /// The first publisher's uplink, when it is not clean.
    pub up: Option<LinkConfig>,
    /// People with a camera whom the viewer watches at 720 pixels.
    pub publishers: usize,
    /// What their cameras show.
    pub content: Content,
    /// They send the frames that were recorded from Chromium, not the model's.
    pub replay: bool,
    /// The first of them shares a screen, which the viewer watches at 1,080 pixels, and the camera beside it at 180.
    pub screen: bool,
    /// Two others watch the first publisher at 180 and 360 pixels, so that all layers are sent.
    pub small_tiles: bool,
    /// A second viewer behind the same link.
    pub second_viewer: bool,
    /// A download on the same link.
    pub download: bool,
    /// How long it is played.
    pub seconds: u32,
    /// The row without loss or jitter that this one is compared with.
    pub clean: Option<&'static str>,
}

fn limited(rate: u64) -> LinkConfig {
    LinkConfig {
        rate_bps: Some(rate),
        ..LinkConfig::default()
    }
}

fn deep(link: LinkConfig) -> LinkConfig {
    LinkConfig {
        queue: 1_000 * MS,
        ..link
    }
}

fn row(name: &'static str, down: LinkConfig, publishers: usize) -> Row {
    Row {
        name,
        down,
        up: None,
        publishers,
        content: Content::TalkingHead,
        replay: false,
        screen: false,
        small_tiles: false,
        second_viewer: false,
        download: false,
        seconds: 30,
        clean: None,
    }
}

fn lossy(name: &'static str, clean: &'static str, rate: u64, loss: LossModel) -> Row {
    let down = LinkConfig {
        loss,
        ..limited(rate)
    };
    Row {
        clean: Some(clean),
        ..row(name, down, 4)
    }
}

fn steps(steps: &[(u64, u64)]) -> Vec<RateStep> {
    let step = |(at, rate): &(u64, u64)| RateStep {
        at: Duration::from_secs(*at),
        rate_bps: Some(*rate),
    };
    steps.iter().map(step).collect()
}

/// Rows in which it is the publishers that make it hard.
fn publishers() -> [Row; 4] {
    let mut thin = row("thin uplink 0.6 Mb/s, then back", limited(10 * MBIT), 1);
    thin.up = Some(LinkConfig {
        schedule: steps(&[(15, 600_000), (25, 10 * MBIT)]),
        ..limited(10 * MBIT)
    });
    thin.small_tiles = true;
    thin.seconds = 45;
    let recorded = |name, content| {
        let mut row = row(name, limited(3 * MBIT), 1);
        (row.content, row.replay) = (content, true);
        row
    };
    let mut screen = recorded("recorded screen, 3 Mb/s", Content::TalkingHead);
    screen.screen = true;
    [
        thin,
        recorded("recorded talking head, 3 Mb/s", Content::TalkingHead),
        recorded("recorded motion, 3 Mb/s", Content::Motion),
        screen,
    ]
}

/// All rows, in the table's order.
pub fn rows() -> Vec<Row> {
    let random = LossModel::Random;
    let bursts = |share| LossModel::Bursts { share, mean: 5.0 };
    let mut all = vec![
        row("join 10 Mb/s", limited(10 * MBIT), 1),
        // A queue that is longer than what is allowed, so that it can be.
        row("join 0.3 Mb/s", deep(limited(300_000)), 1),
        row("constant 1 Mb/s", limited(MBIT), 1),
        row("constant 3 Mb/s", limited(3 * MBIT), 4),
        row("constant 10 Mb/s", limited(10 * MBIT), 4),
        lossy("10 Mb/s, loss 2 %", "constant 10 Mb/s", 10 * MBIT, random(0.02)),
        lossy("10 Mb/s, loss 5 %", "constant 10 Mb/s", 10 * MBIT, random(0.05)),
        lossy("10 Mb/s, loss 10 %", "constant 10 Mb/s", 10 * MBIT, random(0.10)),
        lossy("3 Mb/s, loss 2 %", "constant 3 Mb/s", 3 * MBIT, random(0.02)),
        lossy("3 Mb/s, loss 5 %", "constant 3 Mb/s", 3 * MBIT, random(0.05)),
        lossy("3 Mb/s, loss 10 %", "constant 3 Mb/s", 3 * MBIT, random(0.10)),
        lossy("10 Mb/s, bursts 2 %", "constant 10 Mb/s", 10 * MBIT, bursts(0.02)),
        lossy("10 Mb/s, bursts 5 %", "constant 10 Mb/s", 10 * MBIT, bursts(0.05)),
        lossy(
            "10 Mb/s, bursts 10 %",
            "constant 10 Mb/s",
            10 * MBIT,
            bursts(0.10),
        ),
        lossy("3 Mb/s, bursts 2 %", "constant 3 Mb/s", 3 * MBIT, bursts(0.02)),
        lossy("3 Mb/s, bursts 5 %", "constant 3 Mb/s", 3 * MBIT, bursts(0.05)),
        lossy("3 Mb/s, bursts 10 %", "constant 3 Mb/s", 3 * MBIT, bursts(0.10)),
    ];
    let mut step = row("3 to 0.8 to 3 Mb/s", limited(3 * MBIT), 1);
    step.down.schedule = steps(&[(15, 800_000), (30, 3 * MBIT)]);
    step.seconds = 45;
    let mut outage = row("outage of 3 s", limited(3 * MBIT), 1);
    outage.down.schedule = steps(&[(15, 0), (18, 3 * MBIT)]);
    let mut jitter = row("3 Mb/s, jitter ±30 ms", limited(3 * MBIT), 4);
    jitter.down.jitter = 60 * MS;
    jitter.down.reorder = false;
    jitter.clean = Some("constant 3 Mb/s");
    let mut shared = row("two viewers, 4 Mb/s", limited(4 * MBIT), 4);
    shared.second_viewer = true;
    shared.seconds = 60;
    let mut download = row("beside a download, 4 Mb/s", limited(4 * MBIT), 4);
    download.download = true;
    download.seconds = 60;
    let mut uplink = row("uplink loses 5 %", limited(10 * MBIT), 1);
    uplink.up = Some(LinkConfig {
        loss: random(0.05),
        ..LinkConfig::default()
    });
    all.extend([step, outage, jitter, shared, download, uplink]);
    all.extend(publishers());
    all
}
