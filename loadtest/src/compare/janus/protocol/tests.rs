//! With messages recorded from Janus 1.1.2.

use super::*;

const SESSION: &str = r#"{ "janus": "success", "transaction": "1", "data": { "id": 8798052156778996 } }"#;
const CREATED: &str = r#"{ "janus": "success", "session_id": 8798052156778996, "transaction": "3", "sender": 77725090744976,
    "plugindata": { "plugin": "janus.plugin.videoroom", "data": { "videoroom": "created", "room": 42, "permanent": false } } }"#;
const EXISTS: &str = r#"{ "janus": "success", "session_id": 8798052156778996, "transaction": "4", "sender": 77725090744976,
    "plugindata": { "plugin": "janus.plugin.videoroom",
    "data": { "videoroom": "event", "error_code": 427, "error": "Room 42 already exists" } } }"#;
const NO_PLUGIN: &str = r#"{ "janus": "error", "session_id": 8798052156778996, "transaction": "5",
    "error": { "code": 460, "reason": "No such plugin 'janus.plugin.nothing'" } }"#;
const ACK: &str = r#"{ "janus": "ack", "session_id": 8798052156778996, "transaction": "6" }"#;
const JOINED: &str = r#"{ "janus": "event", "session_id": 8798052156778996, "transaction": "6", "sender": 77725090744976,
    "plugindata": { "plugin": "janus.plugin.videoroom", "data": { "videoroom": "joined", "room": 42,
    "description": "Room 42", "id": 1432803267094221, "private_id": 1655152165, "publishers": [] } } }"#;
/// The whole message with Janus' offer to a subscriber.
const ATTACHED: &str = include_str!("attached.json");
const NO_FEED: &str = r#"{ "janus": "event", "session_id": 4962195490705400, "transaction": "8", "sender": 481561093820573,
    "plugindata": { "plugin": "janus.plugin.videoroom",
    "data": { "videoroom": "event", "error_code": 428, "error": "No such feed (8738429820797911)" } } }"#;
const UP: &str = r#"{ "janus": "webrtcup", "session_id": 8798052156778996, "sender": 77725090744976 }"#;

#[test]
fn ids_of_sessions_and_feeds_are_read() {
    let session = Reply::parse(SESSION).unwrap().checked().unwrap();
    assert_eq!(
        session.data,
        Some(Id {
            id: 8_798_052_156_778_996
        })
    );
    let created = Reply::parse(CREATED).unwrap().checked().unwrap();
    assert_eq!(created.plugindata.unwrap().data.videoroom, "created");
    let joined = Reply::parse(JOINED).unwrap().checked().unwrap();
    assert_eq!(joined.plugindata.unwrap().data.id, Some(1_432_803_267_094_221));
}

#[test]
fn an_ack_and_events_of_others_answer_nothing() {
    let answers = |text: &str| Reply::parse(text).unwrap().answers("6");
    assert!(answers(JOINED));
    assert!(!answers(ACK) && !answers(CREATED) && !answers(UP));
}

#[test]
fn refusals_of_janus_and_of_the_plugin_are_errors_with_their_reason() {
    let error = |text: &str| Reply::parse(text).unwrap().checked().unwrap_err().to_string();
    assert_eq!(
        error(NO_PLUGIN),
        "Janus refuses: No such plugin 'janus.plugin.nothing' (code 460)"
    );
    assert_eq!(
        error(EXISTS),
        "VideoRoom refuses: Room 42 already exists (code 427)"
    );
    assert!(
        Reply::parse(NO_FEED).unwrap().has_no_such_feed()
            && !Reply::parse(EXISTS).unwrap().has_no_such_feed()
    );
    assert!(Reply::parse("{}").is_err() && Reply::parse("hello").is_err());
}

#[test]
fn only_the_description_that_is_due_is_taken() {
    let attached = Reply::parse(ATTACHED).unwrap().checked().unwrap();
    assert!(attached.sdp("offer").unwrap().starts_with("v=0\r\n"));
    assert!(
        attached
            .sdp("answer")
            .unwrap_err()
            .to_string()
            .contains("an SDP offer where an answer was due")
    );
    assert!(Reply::parse(JOINED).unwrap().sdp("answer").is_err());
}

#[test]
fn requests_have_what_the_plugin_asks_for() {
    assert_eq!(create(42)["bitrate"], 0, "no limit for the publisher");
    assert_eq!(create(42)["videocodec"], "vp8");
    assert_eq!(join_subscriber(42, 7)["streams"], json!([{ "feed": 7 }]));
    assert_eq!(join_publisher(42)["ptype"], "publisher");
}
