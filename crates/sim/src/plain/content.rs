//! What cameras and screens show: how often there is a new picture, and how much of it is new.

use link::Rng;
use std::time::Duration;

/// What a track shows. Figures are fitted to `traces/*.csv`, recorded from Chromium 156.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// Somebody talks before a still wall (`talking_head.csv`): every frame fits its rate.
    TalkingHead,
    /// Pans over fine texture (`motion.csv`): at 720p the coarsest frames are larger than the rate, and two thirds are
    /// left out.
    Motion,
    /// Text that scrolls, slides, a caret (`screen.csv`): bursts, and seconds without any frame.
    Screen,
}

/// Pictures leave the encoder around their time with this deviation. `talking_head.csv`: intervals of 29 and 38 ms at
/// p10 and p90; `motion.csv`, 180p: 21 and 46 ms.
const TALKING_JITTER_MS: f64 = 2.5;
const MOTION_JITTER_MS: f64 = 7.0;
/// The texture of `motion.csv` gets finer for so long, then begins again.
const ZOOM_S: f64 = 60.0;
/// Least frame of `motion.csv` at 720p in bytes (layers above 0, by ten seconds: medians of 1.5 to 5.4 frames' worth of
/// 1.7 Mb/s), at the beginning of the zoom, and what comes on top until its end.
const ZOOM_BYTES: (f64, f64) = (8_500.0, 31_000.0);
const PICTURE: Duration = Duration::from_nanos(33_333_333);

/// A picture that is captured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Picture {
    /// After the one before, on the camera's own clock.
    pub(crate) after: Duration,
    /// How much later than usual its frames leave the encoder (earlier ones are later than the others by less).
    pub(crate) late: Duration,
    /// The least its frame can take, in bytes: at 720p for cameras.
    pub(crate) least: f64,
}

/// What is shown, picture by picture.
#[derive(Debug)]
pub(crate) struct Scene {
    content: Content,
    interval: Duration,
    rng: Rng,
    seconds: f64,
    act: usize,
    left: u32,
}

/// A stretch of a screen: so many pictures at this interval, of this size.
struct Act {
    pictures: u32,
    interval_ms: f64,
    /// Before its first picture.
    pause_ms: f64,
    /// Bytes of the first pictures, and how many they are.
    first: (u32, f64),
    /// The others: median, and deviation of the logarithm below and above it.
    size: Spread,
}

/// `screen.csv` by its quarter minutes: a slide gives way to text (149 kB), which scrolls; a caret blinks in a picture
/// that is still being refined; it scrolls again (the first pictures are the largest); a caret in a picture that is
/// done; nothing for five seconds.
const SCREEN: [Act; 4] = [
    Act {
        pictures: 22,
        interval_ms: 33.0,
        pause_ms: 5_500.0,
        first: (1, 148_000.0),
        size: Spread::new(6_500.0, 1.15, 1.05),
    },
    Act {
        pictures: 9,
        interval_ms: 497.0,
        pause_ms: 300.0,
        first: (0, 0.0),
        size: Spread::new(20_000.0, 0.9, 0.4),
    },
    Act {
        pictures: 22,
        interval_ms: 33.0,
        pause_ms: 500.0,
        first: (3, 60_000.0),
        size: Spread::new(14_500.0, 1.6, 0.6),
    },
    Act {
        pictures: 8,
        interval_ms: 497.0,
        pause_ms: 300.0,
        first: (0, 0.0),
        size: Spread::new(4_000.0, 1.4, 0.12),
    },
];
/// Pauses of a screen vary by this share, so that screens do not go in step.
const PAUSE_VARIES: f64 = 0.1;

/// A distribution in two halves, each of them log-normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    median: f64,
    below: f64,
    above: f64,
}

impl Spread {
    pub(crate) const fn new(median: f64, below: f64, above: f64) -> Self {
        Self { median, below, above }
    }

    pub(crate) fn draw(&self, rng: &mut Rng) -> f64 {
        let luck = normal(rng);
        self.median * (luck * if luck < 0.0 { self.below } else { self.above }).exp()
    }
}

/// A number of the standard normal distribution (Box and Muller).
fn normal(rng: &mut Rng) -> f64 {
    let (radius, angle) = (1.0 - rng.unit(), rng.unit());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

impl Scene {
    /// A camera gives so many pictures a second; a screen when it changes.
    pub(crate) fn new(content: Content, fps: u32, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let seconds = rng.unit() * ZOOM_S;
        let act = rng.below(SCREEN.len() as u64) as usize;
        let interval = if fps == 30 {
            PICTURE
        } else {
            Duration::from_secs(1) / fps.max(1)
        };
        Self {
            content,
            interval,
            rng,
            seconds,
            act,
            left: SCREEN.get(act).map_or(0, |act| act.pictures),
        }
    }

    pub(crate) fn next_picture(&mut self) -> Picture {
        let jitter = match self.content {
            Content::TalkingHead => TALKING_JITTER_MS,
            Content::Motion => MOTION_JITTER_MS,
            Content::Screen => return self.next_of_screen(),
        };
        self.seconds += self.interval.as_secs_f64();
        let zoom = (self.seconds / ZOOM_S).fract();
        // Three deviations early is as early as it gets.
        let late = (jitter * (3.0 + normal(&mut self.rng).clamp(-3.0, 3.0))) / 1_000.0;
        Picture {
            after: self.interval,
            late: Duration::from_secs_f64(late),
            least: match self.content {
                Content::Motion => ZOOM_BYTES.0 + ZOOM_BYTES.1 * zoom,
                _ => 0.0,
            },
        }
    }

    fn next_of_screen(&mut self) -> Picture {
        let mut after = 0.0;
        if self.left == 0 {
            self.act = (self.act + 1) % SCREEN.len();
            self.left = SCREEN.get(self.act).map_or(1, |act| act.pictures);
            let pause = SCREEN.get(self.act).map_or(0.0, |act| act.pause_ms);
            after = pause * (1.0 + PAUSE_VARIES * (2.0 * self.rng.unit() - 1.0));
        }
        let act = &SCREEN[self.act % SCREEN.len()];
        let done = act.pictures.saturating_sub(self.left);
        if after == 0.0 {
            after = act.interval_ms;
        }
        self.left -= 1;
        let size = act.size.draw(&mut self.rng);
        let (count, first) = act.first;
        // The screen's own picture of a slide hardly varies.
        let least = if done < count {
            first * (0.97 + 0.06 * self.rng.unit())
        } else {
            size
        };
        let jitter = TALKING_JITTER_MS * (3.0 + normal(&mut self.rng).clamp(-3.0, 3.0));
        Picture {
            after: Duration::from_secs_f64(after / 1_000.0),
            late: Duration::from_secs_f64(jitter / 1_000.0),
            least,
        }
    }
}
