//! Which tile goes into which slot pair: two pure functions.
//!
//! [`wanted`] decides *what* a participant gets, [`place`] decides *where*, moving as little as it can: a picture that
//! changes its slot costs a keyframe and a flicker, one that stays costs nothing.

use crate::request::Tile;
use media::{ParticipantId, Source};

/// What fills one slot pair: a participant's camera and microphone, or its screen and screen audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileKey {
    /// Whose.
    pub participant: ParticipantId,
    /// Camera and microphone, or screen and screen audio.
    pub screen: bool,
}

impl TileKey {
    /// The source that flows through the pair's video slot.
    pub fn video(self) -> Source {
        if self.screen {
            Source::Screen
        } else {
            Source::Camera
        }
    }

    /// The source that flows through the pair's audio slot.
    pub fn audio(self) -> Source {
        if self.screen {
            Source::ScreenAudio
        } else {
            Source::Microphone
        }
    }
}

/// One tile a participant is going to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// What.
    pub key: TileKey,
    /// Height in pixels; 0 when it is not visible now.
    pub height: u16,
    /// 0 is the most important.
    pub priority: u8,
}

/// Heights at which the default view fills slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoHeights {
    /// Cameras.
    pub camera: u16,
    /// Screens.
    pub screen: u16,
}

/// Priorities of what the default view adds: behind what a client names by itself, unless it says otherwise.
const AUTO_SCREEN_PRIORITY: u8 = 100;
const AUTO_CAMERA_PRIORITY: u8 = 101;

/// The tiles `me` gets, the most important first, at most `pairs`, never twice the same, never its own.
///
/// `tiles` come first in their order; then, with `auto`, the `ranking`. `exists` tells whether there is anything to
/// send for a tile: one without a track takes no slot from another.
pub fn wanted(
    me: ParticipantId,
    tiles: &[Tile],
    auto: Option<AutoHeights>,
    ranking: &[TileKey],
    exists: impl Fn(TileKey) -> bool,
    pairs: usize,
) -> Vec<Wanted> {
    let named = tiles.iter().map(|tile| Wanted {
        key: TileKey {
            participant: tile.participant,
            screen: tile.source == Source::Screen,
        },
        height: tile.height,
        priority: tile.priority,
    });
    let filled = auto.into_iter().flat_map(|heights| {
        ranking.iter().map(move |&key| Wanted {
            key,
            height: if key.screen {
                heights.screen
            } else {
                heights.camera
            },
            priority: if key.screen {
                AUTO_SCREEN_PRIORITY
            } else {
                AUTO_CAMERA_PRIORITY
            },
        })
    });
    let mut list: Vec<Wanted> = Vec::with_capacity(pairs);
    for candidate in named.chain(filled) {
        if list.len() == pairs {
            break;
        }
        let fresh = list.iter().all(|taken| taken.key != candidate.key);
        if candidate.key.participant != me && fresh && exists(candidate.key) {
            list.push(candidate);
        }
    }
    list
}

/// Puts `wanted` into the pairs: what is in a pair already stays there, the rest takes the free pairs in order.
/// What does not fit is left out, the least important first.
pub fn place(current: &[Option<TileKey>], wanted: &[Wanted]) -> Vec<Option<Wanted>> {
    let wanted = &wanted[..wanted.len().min(current.len())];
    let mut placed: Vec<Option<Wanted>> = current
        .iter()
        .map(|key| key.and_then(|key| wanted.iter().find(|tile| tile.key == key).copied()))
        .collect();
    let mut newcomers = wanted.iter().filter(|tile| !current.contains(&Some(tile.key)));
    for pair in placed.iter_mut().filter(|pair| pair.is_none()) {
        *pair = newcomers.next().copied();
    }
    placed
}
