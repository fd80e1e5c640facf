//! Every way a frame can be wrong, with the code and the words the client gets.

use signaling::{ClientMessage, ErrorCode, parse_client_frame};

const LIMIT: usize = 65_536;

fn refused(text: &str) -> (Option<u32>, ErrorCode, String) {
    let error = parse_client_frame(text, LIMIT).expect_err("this frame is wrong");
    (error.id, error.code, error.message)
}

#[test]
fn not_json_tells_the_position() {
    let (id, code, message) = refused("{\"id\": 1,\n \"type\" join}");
    assert_eq!((id, code), (None, ErrorCode::Malformed));
    assert!(message.contains("line 2 column 9"), "{message}");
}

#[test]
fn json_that_is_no_object() {
    assert_eq!(refused("[1]").2, "the frame is JSON, but not an object");
}

#[test]
fn an_oversized_frame_tells_both_sizes() {
    let error = parse_client_frame(&"x".repeat(11), 10).expect_err("too large");
    assert_eq!(error.code, ErrorCode::FrameTooLarge);
    assert_eq!(error.message, "the frame has 11 bytes; at most 10 are accepted");
}

#[test]
fn a_missing_or_bad_id() {
    for text in [
        r#"{"type":"ping"}"#,
        r#"{"id":-1,"type":"ping"}"#,
        r#"{"id":4294967296,"type":"ping"}"#,
    ] {
        let (id, code, message) = refused(text);
        assert_eq!((id, code), (None, ErrorCode::Malformed), "{text}");
        assert!(message.starts_with("field `id`"), "{message}");
    }
}

#[test]
fn an_unknown_type_lists_the_known_ones_and_echoes_the_id() {
    let (id, code, message) = refused(r#"{"id":7,"type":"dance"}"#);
    assert_eq!((id, code), (Some(7), ErrorCode::UnknownMessage));
    for known in ClientMessage::TYPES {
        assert!(message.contains(known), "{message}");
    }
}

#[test]
fn a_missing_type() {
    let (id, code, message) = refused(r#"{"id":7}"#);
    assert_eq!((id, code), (Some(7), ErrorCode::Malformed));
    assert!(message.starts_with("field `type` is missing"), "{message}");
}

#[test]
fn a_missing_field_is_named() {
    let (id, code, message) = refused(r#"{"id":7,"type":"join","name":"Ada"}"#);
    assert_eq!((id, code), (Some(7), ErrorCode::Malformed));
    assert_eq!(message, "join: missing field `room`");
}

#[test]
fn a_field_of_the_wrong_type_is_named_with_its_path() {
    let text =
        r#"{"id":7,"type":"view","tiles":[{"participant":"p_00000001","source":"camera","height":"tall"}]}"#;
    let (_, code, message) = refused(text);
    assert_eq!(code, ErrorCode::Malformed);
    assert!(
        message.starts_with("view: field `tiles[0].height`: invalid type: string \"tall\""),
        "{message}"
    );
}

#[test]
fn an_id_of_the_wrong_form_is_named() {
    let (_, code, message) = refused(r#"{"id":7,"type":"mute","track":"p_00000001","muted":true}"#);
    assert_eq!(code, ErrorCode::Malformed);
    assert!(
        message.starts_with("mute: field `track`: not an id of the form t_XXXXXXXX"),
        "{message}"
    );
}

#[test]
fn lists_and_labels_have_limits() {
    let tile = r#"{"participant":"p_00000001","source":"camera","height":1}"#;
    let tiles = vec![tile; 65].join(",");
    let mid = "m".repeat(33);
    for text in [
        format!(r#"{{"id":1,"type":"view","tiles":[{tiles}]}}"#),
        format!(r#"{{"id":1,"type":"unpublish","mid":"{mid}"}}"#),
        r#"{"id":1,"type":"unpublish","mid":""}"#.to_owned(),
        r#"{"id":1,"type":"publish","mid":"a\u0000b"}"#.to_owned(),
        r#"{"id":1,"type":"participants","offset":0,"limit":101}"#.to_owned(),
        r#"{"id":1,"type":"participants","offset":0,"limit":0}"#.to_owned(),
    ] {
        let (id, code, message) = refused(&text);
        assert_eq!((id, code), (Some(1), ErrorCode::InvalidValue), "{message}");
    }
}

#[test]
fn fields_nobody_knows_are_ignored() {
    let frame = parse_client_frame(r#"{"id":1,"type":"ping","later":{"x":[]}}"#, LIMIT);
    assert_eq!(frame.map(|frame| frame.message), Ok(ClientMessage::Ping {}));
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let text = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(refused(&text).1, ErrorCode::Malformed);
}

#[test]
fn an_error_does_not_send_back_what_was_sent() {
    let long = "x".repeat(60_000);
    for field in [
        format!(r#""track":"t_00000001","muted":"{long}""#),
        format!(r#""track":"{long}","muted":true"#),
    ] {
        let (id, code, message) = refused(&format!(r#"{{"id":1,"type":"mute",{field}}}"#));
        assert_eq!((id, code), (Some(1), ErrorCode::Malformed));
        assert!(message.len() < 400, "{} bytes", message.len());
        assert!(message.starts_with("mute: field `"), "{message}");
    }
    // What a developer needs is at both ends.
    let (.., message) = refused(&format!(
        r#"{{"id":1,"type":"mute","track":"t_00000001","muted":"{long}"}}"#
    ));
    assert!(
        message.contains("field `muted`: invalid type: string"),
        "{message}"
    );
    assert!(message.ends_with("expected a boolean"), "{message}");
}
