//! Ids and tokens from one seeded generator.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Source of ids and tokens. `StdRng` is a cryptographic generator, so a seed nobody knows makes tokens nobody guesses.
#[derive(Debug)]
pub(crate) struct Ids {
    rng: StdRng,
}

impl Ids {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self {
            rng: StdRng::from_seed(seed),
        }
    }

    /// A random number that is not 0 and not taken. Random, because a CSRC seen twice within minutes (a track that
    /// ended, a server that restarted) must not stand for somebody else.
    pub(crate) fn fresh(&mut self, taken: impl Fn(u32) -> bool) -> u32 {
        loop {
            let number = self.rng.random::<u32>();
            // Ends: tables hold far fewer than 2^32 entries (limits on rooms and participants).
            if number != 0 && !taken(number) {
                return number;
            }
        }
    }

    /// 128 random bits in hexadecimal.
    pub(crate) fn token(&mut self) -> String {
        format!("{:032x}", self.rng.random::<u128>())
    }
}
