//! Limits an operator can set, and the times and sizes that are fixed.

use std::time::Duration;

/// Limits an operator can set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Rooms on this node at the same time.
    pub max_rooms: usize,
    /// Participants in one room, those who are reconnecting included.
    pub max_participants: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_rooms: 1_000,
            max_participants: 500,
        }
    }
}

/// `joined`, `left` and `updated` go out at most this often. Longer: fewer messages when a whole class comes in,
/// and names appear later.
pub(crate) const BATCH_INTERVAL: Duration = Duration::from_millis(200);

/// Above this many participants only people on screen, talkers and counts are pushed; the rest is asked for by page.
pub(crate) const FULL_LIST_MAX: usize = 100;

/// Most participants in `welcome` or in one page.
pub(crate) const PAGE_MAX: usize = 100;

/// A participant without a socket has left after this long without media (RFC 7675 gives consent up after 30 s at
/// most; a page that crashed should be gone sooner).
pub(crate) const SILENCE_WITHOUT_SOCKET: Duration = Duration::from_secs(15);

/// A participant whose media is silent while its socket is open keeps its seat this long.
pub(crate) const SILENCE_WITH_SOCKET: Duration = Duration::from_secs(30);

/// A lost socket can be resumed this long, whatever the media does.
pub(crate) const RESUME_WINDOW: Duration = Duration::from_secs(30);

/// Characters in a display or room name.
pub(crate) const NAME_CHARS_MAX: usize = 64;

/// Characters of an identity.
pub(crate) const IDENTITY_CHARS_MAX: usize = 128;

/// Bytes of metadata.
pub(crate) const METADATA_BYTES_MAX: usize = 1_024;

/// Tiles in one view; more than any client has slots, few enough to look at one by one.
pub(crate) const TILES_MAX: usize = 64;

/// Height at which the default view shows a camera, in pixels.
pub(crate) const DEFAULT_CAMERA_HEIGHT: u16 = 360;

/// Height at which the default view shows a screen, in pixels: text must be readable.
pub(crate) const DEFAULT_SCREEN_HEIGHT: u16 = 1_080;
