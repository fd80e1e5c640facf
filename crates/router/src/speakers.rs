//! Who speaks in a room, and whose microphones flow.
//!
//! Levels come from the client-to-mixer audio level extension (RFC 6464), so nothing is decoded. Loudness here
//! counts upwards: 127 + dBov, 0 silent to 127 loudest.

use crate::state::TrackKey;
use crate::table::{Key, Table};
use media::{AudioLevel, TrackId};
use std::time::{Duration, Instant};

/// From this loudness on a packet is speech: −45 dBov. Lower lets fans and keyboards in, higher loses people who
/// speak softly or sit far from their microphone.
pub const SPEECH_LOUDNESS: u8 = 82;
/// Below this smoothed loudness speech may be over: −55 dBov. The gap to [`SPEECH_LOUDNESS`] is the hysteresis.
const SILENCE_LOUDNESS: f32 = 72.0;
/// What a packet without the extension counts as, −35 dBov: speech, or a client that does not send levels would
/// never be heard in a big room.
const UNKNOWN_LOUDNESS: u8 = 92;
/// How fast the smoothed level rises. Lower takes a click for speech, higher shows speakers late.
const RISE: Duration = Duration::from_millis(50);
/// How fast it falls. Lower flickers between words, higher keeps the mark on someone who has finished.
const FALL: Duration = Duration::from_millis(1_000);
/// Pauses up to this long are part of speech.
const PAUSE: Duration = Duration::from_millis(500);
/// An open microphone without speech for this long gives way to anyone who speaks.
const GIVES_WAY: Duration = Duration::from_secs(1);
/// An open microphone with speech gives way only to one that is louder by this much (6 dB), and only after it
/// has been open for [`GIVES_WAY`]. Lower flaps among people of equal loudness.
const LOUDER_BY: f32 = 6.0;
/// A microphone is silent when no packet came for this long (Opus DTX sends one in 400 ms).
const NO_PACKETS: Duration = Duration::from_millis(100);
/// Between two reports of levels.
pub const REPORT_INTERVAL: Duration = Duration::from_millis(200);
/// Most microphones in one report.
pub const MAX_REPORTED: usize = 16;

/// Whether a packet with this level, as on the wire, is speech.
pub(crate) fn is_speech(level: Option<u8>) -> bool {
    loudness(level) >= SPEECH_LOUDNESS
}

// The sender's own opinion of voice activity is left aside: not all senders have one.
fn loudness(level: Option<u8>) -> u8 {
    level.map_or(UNKNOWN_LOUDNESS, |level| AudioLevel::from_wire(level).loudness())
}

/// Names a microphone of a room.
pub(crate) type MicrophoneKey = Key<Microphone>;

/// One microphone's recent past.
#[derive(Debug)]
pub(crate) struct Microphone {
    track: TrackKey,
    id: TrackId,
    muted: bool,
    level: f32,
    /// When `level` was last brought up to date.
    smoothed: Instant,
    /// When the last packet came.
    heard: Instant,
    /// When the last packet of speech came.
    loud: Option<Instant>,
    speaking: bool,
    /// When it was let through the gate.
    open: Option<Instant>,
}

impl Microphone {
    /// Moves the level towards `loudness` for the time since it was last brought up to date.
    fn smooth(&mut self, now: Instant, loudness: f32) {
        let elapsed = now
            .saturating_duration_since(self.smoothed)
            .as_secs_f32()
            .max(0.001);
        let constant = if loudness > self.level { RISE } else { FALL };
        self.level += (loudness - self.level) * elapsed / (elapsed + constant.as_secs_f32());
        self.smoothed = now;
    }

    fn quiet_for(&self, now: Instant) -> Duration {
        self.loud
            .map_or(Duration::MAX, |loud| now.saturating_duration_since(loud))
    }

    fn judge(&mut self, now: Instant) {
        self.speaking = if self.speaking {
            self.level >= SILENCE_LOUDNESS || self.quiet_for(now) < PAUSE
        } else {
            self.level >= f32::from(SPEECH_LOUDNESS)
        };
    }
}

/// What one packet of a microphone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The packet is speech.
    pub(crate) speech: bool,
    /// The microphone is let through the gate.
    pub(crate) open: bool,
    /// Another microphone that had to give way.
    pub(crate) closed: Option<TrackKey>,
}

/// The microphones of one room.
#[derive(Debug)]
pub(crate) struct Speakers {
    loudest: usize,
    microphones: Table<Microphone>,
    unmuted: usize,
    /// Those let through, at most `loudest`; all unmuted ones while they are no more than that.
    open: Vec<MicrophoneKey>,
    reported: Option<Instant>,
    /// Somebody spoke at the last report, or began since.
    active: bool,
}

impl Speakers {
    pub(crate) fn new(loudest: usize) -> Self {
        Self {
            loudest: loudest.clamp(1, 64),
            // Bounded by the router's tracks.
            microphones: Table::new(usize::MAX),
            unmuted: 0,
            open: Vec::new(),
            reported: None,
            active: false,
        }
    }

    /// A microphone that is not muted joins.
    pub(crate) fn add(&mut self, now: Instant, track: TrackKey, id: TrackId) -> Option<MicrophoneKey> {
        let key = self.microphones.insert(Microphone {
            track,
            id,
            muted: true,
            level: 0.0,
            smoothed: now,
            heard: now,
            loud: None,
            speaking: false,
            open: None,
        });
        let key = key.ok()?;
        self.set_muted(now, key, false);
        Some(key)
    }

    /// The microphone is gone. Returns those that are let through because of that.
    pub(crate) fn remove(&mut self, now: Instant, key: MicrophoneKey) -> Vec<TrackKey> {
        let opened = self.set_muted(now, key, true);
        self.microphones.remove(key);
        opened
    }

    /// Returns the microphones let through because of that.
    pub(crate) fn set_muted(&mut self, now: Instant, key: MicrophoneKey, muted: bool) -> Vec<TrackKey> {
        let Some(microphone) = self.microphones.get_mut(key) else {
            return Vec::new();
        };
        if microphone.muted == muted {
            return Vec::new();
        }
        microphone.muted = muted;
        if muted {
            (microphone.level, microphone.speaking, microphone.open) = (0.0, false, None);
            self.unmuted -= 1;
            self.open.retain(|open| *open != key);
        } else {
            self.unmuted += 1;
        }
        self.fill(now)
    }

    /// A gate with room for everyone is open for everyone.
    fn fill(&mut self, now: Instant) -> Vec<TrackKey> {
        let mut opened = Vec::new();
        if self.unmuted > self.loudest || self.open.len() == self.unmuted {
            return opened;
        }
        self.open.clear();
        for (key, microphone) in self
            .microphones
            .iter_mut()
            .filter(|(_, microphone)| !microphone.muted)
        {
            self.open.push(key);
            if microphone.open.is_none() {
                microphone.open = Some(now);
                opened.push(microphone.track);
            }
        }
        opened
    }

    /// Whether the microphone is let through.
    pub(crate) fn is_open(&self, key: MicrophoneKey) -> bool {
        self.microphones
            .get(key)
            .is_some_and(|microphone| microphone.open.is_some())
    }

    /// When the microphone last spoke.
    pub(crate) fn last_speech(&self, key: MicrophoneKey) -> Option<Instant> {
        self.microphones.get(key)?.loud
    }

    /// A packet came; `level` is the extension as on the wire.
    pub(crate) fn hear(&mut self, now: Instant, key: MicrophoneKey, level: Option<u8>) -> Heard {
        let silent = Heard {
            speech: false,
            open: false,
            closed: None,
        };
        let Some(microphone) = self.microphones.get_mut(key) else {
            return silent;
        };
        if microphone.muted {
            return silent;
        }
        let loudness = loudness(level);
        let speech = loudness >= SPEECH_LOUDNESS;
        if now.saturating_duration_since(microphone.heard) > NO_PACKETS {
            microphone.smooth(now, 0.0);
        }
        microphone.heard = now;
        microphone.smooth(now, loudness.into());
        if speech {
            microphone.loud = Some(now);
        }
        microphone.judge(now);
        self.active |= microphone.speaking;
        if microphone.open.is_some() {
            return Heard {
                speech,
                open: true,
                closed: None,
            };
        }
        if !speech {
            return silent;
        }
        let level = microphone.level;
        let (open, closed) = self.try_open(now, key, level);
        Heard { speech, open, closed }
    }

    /// Lets a speaking microphone through if there is room or somebody gives way.
    fn try_open(&mut self, now: Instant, key: MicrophoneKey, level: f32) -> (bool, Option<TrackKey>) {
        let closed = if self.open.len() < self.loudest {
            None
        } else {
            let Some((place, track)) = self.gives_way(now, level) else {
                return (false, None);
            };
            let former = self.open.swap_remove(place);
            if let Some(former) = self.microphones.get_mut(former) {
                former.open = None;
            }
            Some(track)
        };
        self.open.push(key);
        if let Some(microphone) = self.microphones.get_mut(key) {
            microphone.open = Some(now);
        }
        (true, closed)
    }

    /// The open microphone that gives way to one of this level: the longest quiet, else the softest.
    fn gives_way(&self, now: Instant, level: f32) -> Option<(usize, TrackKey)> {
        let open = || {
            self.open
                .iter()
                .enumerate()
                .filter_map(|(place, key)| Some((place, self.microphones.get(*key)?)))
        };
        let quiet = open().max_by_key(|(_, microphone)| microphone.quiet_for(now))?;
        if quiet.1.quiet_for(now) >= GIVES_WAY {
            return Some((quiet.0, quiet.1.track));
        }
        let (place, softest) = open().min_by(|(_, a), (_, b)| a.level.total_cmp(&b.level))?;
        let settled = softest
            .open
            .is_some_and(|since| now.saturating_duration_since(since) >= GIVES_WAY);
        (settled && level >= softest.level + LOUDER_BY).then_some((place, softest.track))
    }

    /// When the next report is due.
    pub(crate) fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        self.active
            .then(|| self.reported.map_or(now, |reported| reported + REPORT_INTERVAL))
    }

    /// The report that is due now, if any: who speaks, loudest first, and once nobody.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Vec<(TrackId, u8)>> {
        if self.poll_timeout(now)? > now {
            return None;
        }
        self.reported = Some(now);
        let mut levels = Vec::new();
        for (_, microphone) in self.microphones.iter_mut() {
            if now.saturating_duration_since(microphone.heard) > NO_PACKETS {
                microphone.smooth(now, 0.0);
            }
            microphone.judge(now);
            if microphone.speaking {
                levels.push((microphone.id, microphone.level as u8));
            }
        }
        self.active = !levels.is_empty();
        levels.sort_by_key(|(id, level)| (std::cmp::Reverse(*level), *id));
        levels.truncate(MAX_REPORTED);
        Some(levels)
    }
}
