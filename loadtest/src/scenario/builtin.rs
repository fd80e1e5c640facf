//! The scenarios that come with the program: the files of `loadtest/scenarios`.

const SCENARIOS: [(&str, &str); 7] = [
    ("audio_room", include_str!("../../scenarios/audio_room.toml")),
    ("churn", include_str!("../../scenarios/churn.toml")),
    ("join_storm", include_str!("../../scenarios/join_storm.toml")),
    ("meeting", include_str!("../../scenarios/meeting.toml")),
    ("screen_share", include_str!("../../scenarios/screen_share.toml")),
    ("voice", include_str!("../../scenarios/voice.toml")),
    ("webinar", include_str!("../../scenarios/webinar.toml")),
];

pub(super) fn text(name: &str) -> Option<&'static str> {
    SCENARIOS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

pub(super) fn names() -> Vec<&'static str> {
    SCENARIOS.iter().map(|(name, _)| *name).collect()
}
