//! Names people type.

use crate::RoomError;
use crate::config::{IDENTITY_CHARS_MAX, METADATA_BYTES_MAX, NAME_CHARS_MAX};

/// Trims a display name and refuses what would not be one.
pub(crate) fn display_name(typed: &str) -> Result<String, RoomError> {
    let name = typed.trim();
    let invalid = |what: String| Err(RoomError::InvalidValue(format!("name: {what}")));
    if name.is_empty() {
        return invalid("is empty; give 1 to 64 characters".into());
    }
    let length = name.chars().count();
    if length > NAME_CHARS_MAX {
        return invalid(format!(
            "has {length} characters; at most {NAME_CHARS_MAX} are allowed"
        ));
    }
    if let Some(c) = name.chars().find(|c| is_forbidden(*c)) {
        return invalid(format!(
            "contains the control character U+{:04X}; remove it",
            u32::from(c)
        ));
    }
    Ok(name.to_owned())
}

/// Trims a room name and refuses what cannot stand in a link.
pub(crate) fn room_name(typed: &str) -> Result<String, RoomError> {
    let name = typed.trim();
    let invalid = |what: String| Err(RoomError::InvalidValue(format!("room: {what}")));
    if name.is_empty() {
        return invalid("is empty; give 1 to 64 letters, digits, `-`, `_` or `.`".into());
    }
    let length = name.chars().count();
    if length > NAME_CHARS_MAX {
        return invalid(format!(
            "has {length} characters; at most {NAME_CHARS_MAX} are allowed"
        ));
    }
    if let Some(c) = name
        .chars()
        .find(|c| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
    {
        return invalid(format!(
            "contains {c:?}; only letters, digits, `-`, `_` and `.` are allowed"
        ));
    }
    Ok(name.to_owned())
}

/// Refuses an identity that cannot be shown or compared.
pub(crate) fn identity(given: &str) -> Result<String, RoomError> {
    let length = given.chars().count();
    if length == 0 || length > IDENTITY_CHARS_MAX || given.chars().any(char::is_control) {
        return Err(RoomError::InvalidValue(format!(
            "identity: must have 1 to {IDENTITY_CHARS_MAX} characters and no control characters"
        )));
    }
    Ok(given.to_owned())
}

/// Refuses metadata that is too long.
pub(crate) fn metadata(given: &str) -> Result<String, RoomError> {
    if given.len() > METADATA_BYTES_MAX {
        return Err(RoomError::InvalidValue(format!(
            "metadata: has {} bytes; at most {METADATA_BYTES_MAX} are allowed",
            given.len()
        )));
    }
    Ok(given.to_owned())
}

/// Control characters, line separators, and the marks that turn the direction of the text after them around: a name
/// must not be able to rewrite the line it stands in (Unicode TR 36 §2.5).
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_counted_in_characters() {
        assert_eq!(display_name("  Ada Lovelace ").as_deref(), Ok("Ada Lovelace"));
        assert!(display_name(&"王".repeat(64)).is_ok());
        assert!(display_name(&"王".repeat(65)).is_err());
        assert!(display_name("👩‍💻 Grace").is_ok());
    }

    #[test]
    fn control_characters_and_direction_overrides_are_refused() {
        for name in ["a\u{7}b", "a\nb", "\u{202E}eve", "a\u{2028}b", " ", ""] {
            assert!(display_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn room_names_can_stand_in_a_link() {
        for name in ["daily", "Team-7", "v1.2_x", "会议", " padded "] {
            assert!(room_name(name).is_ok(), "{name:?}");
        }
        for name in ["", "a b", "a/b", "a?b", "é\u{0}"] {
            assert!(room_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn metadata_is_limited_in_bytes() {
        assert!(metadata(&"x".repeat(1_024)).is_ok());
        assert!(metadata(&"é".repeat(513)).is_err());
    }
}
