//! Commands for running participants, one JSON object a line:
//! `{"participant": 3, "speak": true}` · `{"participant": 3, "mute": true}` · `{"participant": 3, "camera": false}` ·
//! `{"participant": 3, "leave": true}` · `{"participant": 3, "say": "hello"}` (chat to the room, topic `chat`).
//! Without `participant` it is for all of them. `{"quit": true}` ends the run, with its report.

use serde::Deserialize;

/// One line.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The number in the participant's name; absent: all.
    pub participant: Option<usize>,
    /// Talk from now on, or be silent.
    pub speak: Option<bool>,
    /// Mute or unmute the microphone.
    pub mute: Option<bool>,
    /// Camera on (publish) or off (unpublish).
    pub camera: Option<bool>,
    /// Send this to the room over the reliable channel.
    pub say: Option<String>,
    /// Leave the room.
    pub leave: Option<bool>,
    /// End the whole run.
    pub quit: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_a_typing_error_is_not_swallowed() {
        let line = r#"{"participant": 3, "speak": true}"#;
        let command: Command = serde_json::from_str(line).unwrap();
        assert_eq!(
            command,
            Command {
                participant: Some(3),
                speak: Some(true),
                ..Command::default()
            }
        );
        assert!(serde_json::from_str::<Command>(r#"{"participant": 3, "speek": true}"#).is_err());
    }
}
