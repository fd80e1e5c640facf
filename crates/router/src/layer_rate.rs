//! What a layer costs on the wire.

use media::Bitrate;
use std::time::{Duration, Instant};

/// Headers around a payload on the way to a subscriber, in bytes: IP and UDP 28, RTP 16 with a CSRC, extensions about
/// 16, SRTP tag 16.
const HEADERS: usize = 76;
/// One of the pieces of time that are added up.
const PIECE: Duration = Duration::from_millis(250);
/// Pieces in the window: 3 s. Longer: steadier, and later to tell that a layer became dearer. Shorter: a keyframe makes
/// a layer look dearer than it is, and pictures jump.
const PIECES: usize = 12;
/// Full pieces from which on what was measured counts.
const ENOUGH: usize = 8;
/// An announced rate is that of the codec: what packets add to it.
const WITH_HEADERS: f64 = 1.08;
/// A layer costs at least this share of what was announced, even when its picture stands still for a moment: it will
/// move again. Lower: upgrades that have to be taken back.
const LEAST_SHARE: f64 = 0.4;

/// Bytes of a layer over the last second.
#[derive(Debug, Clone)]
pub(crate) struct LayerRate {
    pieces: [u64; PIECES],
    from: Instant,
    /// Full pieces since it began, up to the whole window.
    full: usize,
}

impl LayerRate {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            pieces: [0; PIECES],
            from: now,
            full: 0,
        }
    }

    /// A packet of the layer, by its payload.
    pub(crate) fn add(&mut self, now: Instant, payload: usize) {
        self.advance(now);
        if let Some(piece) = self.pieces.last_mut() {
            *piece += (payload + HEADERS) as u64;
        }
    }

    fn advance(&mut self, now: Instant) {
        let mut behind = now.saturating_duration_since(self.from);
        if behind >= PIECE * (PIECES as u32 + 1) {
            // It was silent: what it costs is to be measured anew.
            *self = Self::new(now);
            return;
        }
        while behind >= PIECE {
            behind -= PIECE;
            self.from += PIECE;
            self.pieces.rotate_left(1);
            if let Some(piece) = self.pieces.last_mut() {
                *piece = 0;
            }
            self.full = (self.full + 1).min(PIECES - 1);
        }
    }

    /// What the layer costs: measured, or announced as long as too little was seen.
    pub(crate) fn cost(&self, announced: Bitrate) -> Bitrate {
        if self.full < ENOUGH {
            return Bitrate((announced.0 as f64 * WITH_HEADERS) as u64);
        }
        // The newest piece is still being filled.
        let full: u64 = self.pieces.iter().rev().skip(1).take(self.full).sum();
        let seconds = PIECE.as_secs_f64() * self.full as f64;
        let measured = full as f64 * 8.0 / seconds;
        Bitrate(measured.max(announced.0 as f64 * LEAST_SHARE) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announced_first_then_measured_with_headers() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let t0 = Instant::now();
        let mut rate = LayerRate::new(t0);
        let announced = Bitrate(500_000);
        let with_headers = Bitrate(540_000);
        // 100 packets a second of 1,174 + 76 bytes are 1 Mb/s.
        for i in 0..180 {
            rate.add(t0 + Duration::from_millis(10) * i, 1_174);
            assert_eq!(rate.cost(announced), with_headers);
        }
        for i in 180..400 {
            rate.add(t0 + Duration::from_millis(10) * i, 1_174);
        }
        let cost = rate.cost(announced).0;
        assert!((980_000..1_020_000).contains(&cost), "{cost}");
        // A picture that stands still is still worth a part of what was announced.
        for i in 4_000..8_000 {
            rate.add(t0 + Duration::from_millis(i), 0);
        }
        assert_eq!(rate.cost(Bitrate(10_000_000)), Bitrate(4_000_000));
        // After silence it is measured anew.
        rate.add(t0 + Duration::from_secs(20), 1_174);
        assert_eq!(rate.cost(announced), with_headers);
    }
}
