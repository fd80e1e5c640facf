//! Which rooms a token is for.

use serde::{Deserialize, Serialize};

/// Characters of a pattern. A room name has at most 64.
pub const PATTERN_CHARS_MAX: usize = 64;

/// A room's name, or a pattern of names: `*` stands for any characters, as many as there are, none included; every
/// other character for itself. Upper and lower case differ. The whole name must fit: `team-*` is for `team-` and
/// `team-7`, not for `my-team-7`; `*` alone is for every room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomPattern(pub String);

impl RoomPattern {
    /// Whether the token is for the room of this name.
    ///
    /// Takes time in proportion to name times pattern at most: after the last `*` that matched, more of the name is
    /// given to it and never to one before.
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.as_bytes(), name.as_bytes());
        let (mut p, mut n) = (0, 0);
        // Behind the last star, and where the name went on when it was met.
        let mut retry: Option<(usize, usize)> = None;
        while let Some(c) = name.get(n) {
            match pattern.get(p) {
                Some(b'*') => {
                    p += 1;
                    retry = Some((p, n));
                }
                Some(wanted) if wanted == c => {
                    p += 1;
                    n += 1;
                }
                _ => {
                    let Some((after_star, from)) = retry else {
                        return false;
                    };
                    retry = Some((after_star, from + 1));
                    p = after_star;
                    n = from + 1;
                }
            }
        }
        pattern
            .get(p..)
            .is_some_and(|rest| rest.iter().all(|c| *c == b'*'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, name: &str) -> bool {
        RoomPattern(pattern.into()).matches(name)
    }

    #[test]
    fn a_name_without_a_star_is_for_that_room_alone() {
        assert!(matches("daily", "daily"));
        for name in ["dail", "daily2", "Daily", "", "d*ily"] {
            assert!(!matches("daily", name), "{name}");
        }
        // Characters that other pattern languages know stand for themselves.
        assert!(!matches("d?ily", "daily") && !matches("d.ily", "daily") && !matches("[d]aily", "daily"));
    }

    #[test]
    fn a_star_stands_for_any_characters_and_for_none() {
        for name in ["team-", "team-7", "team-a-b"] {
            assert!(matches("team-*", name), "{name}");
        }
        for name in ["team", "my-team-7", "Team-7"] {
            assert!(!matches("team-*", name), "{name}");
        }
        assert!(matches("*", "anything") && matches("*", "") && matches("a*b*c", "a-b-b-c"));
        assert!(matches("*-2026", "会议-2026") && matches("会*", "会议"));
        assert!(!matches("a*b*c", "a-c-b") && !matches("", "a") && matches("", ""));
    }

    /// Says the same, and is plainly right.
    fn slow(pattern: &[u8], name: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((b'*', rest)) => (0..=name.len()).any(|i| slow(rest, &name[i..])),
            Some((c, rest)) => name.first() == Some(c) && slow(rest, &name[1..]),
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_plain_definition(pattern in "[ab*]{0,7}", name in "[ab]{0,9}") {
            prop_assert_eq!(matches(&pattern, &name), slow(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
