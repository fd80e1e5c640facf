//! A set of sources.

use crate::track::Source;
use std::fmt;

/// A set of [`Source`]s, in one byte.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Sources(u8);

impl Sources {
    /// No source.
    pub const NONE: Self = Self(0);
    /// Every source.
    pub const ALL: Self = Self(0b1111);

    /// Whether the source is in the set.
    pub fn contains(self, source: Source) -> bool {
        self.0 & bit(source) != 0
    }

    /// The set and this source.
    #[must_use]
    pub fn with(self, source: Source) -> Self {
        Self(self.0 | bit(source))
    }

    /// The set without this source.
    #[must_use]
    pub fn without(self, source: Source) -> Self {
        Self(self.0 & !bit(source))
    }

    /// Whether no source is in the set.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// The sources of the set, in the order of [`Source::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Source> {
        Source::ALL
            .into_iter()
            .filter(move |source| self.contains(*source))
    }
}

impl FromIterator<Source> for Sources {
    fn from_iter<T: IntoIterator<Item = Source>>(sources: T) -> Self {
        sources.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

fn bit(source: Source) -> u8 {
    match source {
        Source::Camera => 1,
        Source::Microphone => 2,
        Source::Screen => 4,
        Source::ScreenAudio => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let set = Sources::NONE.with(Source::Camera).with(Source::ScreenAudio);
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [Source::Camera, Source::ScreenAudio]
        );
        assert!(!set.contains(Source::Microphone) && !set.without(Source::Camera).contains(Source::Camera));
        assert_eq!(set.iter().collect::<Sources>(), set);
        assert_eq!(Source::ALL.into_iter().collect::<Sources>(), Sources::ALL);
        assert!(Sources::NONE.is_empty() && !set.is_empty());
    }
}
