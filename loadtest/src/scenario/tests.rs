use super::file::PacingName;
use super::*;
use std::time::Duration;

#[test]
fn every_scenario_of_the_program_is_one() {
    for name in builtin::names() {
        let scenario = load(name).unwrap();
        assert!(
            !scenario.description.is_empty() && !scenario.group.is_empty(),
            "{name}"
        );
    }
    assert_eq!(list().len(), builtin::names().len());
}

/// The error of a scenario with these lines, in its only group.
fn error(lines: &str) -> String {
    let text = format!("description = \"x\"\n[[group]]\nname = \"a\"\n{lines}\n");
    format!("{:#}", parse(&text).unwrap_err())
}

#[test]
fn a_wrong_key_is_named_with_the_keys_there_are() {
    let error = error("participant = 3");
    assert!(
        error.contains("participant")
            && error.contains("expected one of")
            && error.contains("`participants`")
    );
    assert!(error.contains("line 4"), "{error}");
}

#[test]
fn a_wrong_value_is_named_with_what_is_allowed() {
    let error_of = |lines, parts: &[&str]| {
        let error = error(lines);
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    };
    error_of("video_slots = 60", &["group \"a\": video_slots = 60", "0 to 59"]);
    error_of(
        "camera = { packets_per_second = 300, pacing = \"soon\" }",
        &["pacing", "soon", "burst", "even"],
    );
    error_of(
        "camera = { layers = 4, fps = 0 }",
        &["camera.layers = 4", "1 to 3", "camera.fps = 0", "1 to 120"],
    );
    error_of("camera = { layers = 3, packets_per_second = 300 }", &["not both"]);
    error_of("microphone = { talk = \"loud\" }", &["none, all or round-robin"]);
    error_of(
        "churn = { joins_per_second = 1, stay = [\"9s\", \"2s\"] }",
        &["churn.stay", "shorter"],
    );
    error_of(
        "churn = { joins_per_second = 1, stay = [\"9x\", \"2s\"] }",
        &["10s, 500ms or 5m"],
    );
}

#[test]
fn what_is_no_scenario_is_answered_with_those_there_are() {
    let error = format!("{:#}", load("webinarr").unwrap_err());
    assert!(
        error.contains("webinar, ") || error.contains(", webinar"),
        "{error}"
    );
}

fn overridden(line: &str) -> Result<Scenario> {
    let line = ["x", "run"].into_iter().chain(line.split_whitespace());
    let matches = crate::options::command().try_get_matches_from(line)?;
    let (_, run) = matches.subcommand().unwrap();
    let mut scenario = load(run.get_one::<String>("scenario").unwrap())?;
    Overrides::from_matches(run).apply(&mut scenario)?;
    Ok(scenario)
}

#[test]
fn flags_change_a_scenario_and_only_those_that_were_written() {
    let plain = overridden("webinar").unwrap();
    assert_eq!(
        plain,
        load("webinar").unwrap(),
        "defaults of other runs change nothing"
    );
    let changed =
        overridden("webinar --subscribers 400 --pacing even --duration 7s --video-slots 1 --rooms 2")
            .unwrap();
    assert_eq!((changed.group[1].participants, changed.rooms), (400, 2));
    assert_eq!(changed.duration, Duration::from_secs(7));
    assert_eq!(
        changed.group[0].camera.as_ref().unwrap().pacing,
        Some(PacingName::Even)
    );
    assert_eq!(
        (changed.group[0].video_slots, changed.group[1].video_slots),
        (0, 1),
        "who has no slots gets none"
    );
}

#[test]
fn a_flag_of_a_group_that_is_not_there_is_refused() {
    let error = format!("{:#}", overridden("webinar --talkers 3").unwrap_err());
    assert!(error.contains("publishers, subscribers"), "{error}");
    assert!(
        overridden("webinar --packet-rate 99999").is_err(),
        "the result is checked"
    );
}
