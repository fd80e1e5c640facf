//! The TypeScript types of the protocol, written to `web/sdk/src/gen/protocol.ts`. The test fails when that file
//! is stale; `PLENUM_WRITE=1 cargo test -p signaling typescript` writes it anew.

use crate::*;
use std::fmt::Write;
use ts_rs::{Config, TS};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/sdk/src/gen/protocol.ts");

/// Types whose Rust side lives in `media`, where they are not plain serde structs.
const HEADER: &str = r#"// Generated from crates/signaling/src by `PLENUM_WRITE=1 cargo test -p signaling typescript`. Do not edit.

/** WebSocket subprotocol and version of the protocol. */
export const SUBPROTOCOL = 'plenum.v1';

/** One person or program in a room: `p_` and eight hexadecimal digits. */
export type ParticipantId = string;

/** One published track: `t_` and eight hexadecimal digits, which are its CSRC. */
export type TrackId = string;

/** What a track is. A participant has at most one track of each. */
export type Source = 'camera' | 'microphone' | 'screen' | 'screen_audio';
"#;

/// The frames are written by hand, because flattening would repeat every message.
const CLIENT_FRAME: &str = "
/** A frame from the client. The server echoes `id` in the answer or error; repeating an id is harmless. */
export type ClientFrame = { id: number } & ClientMessage;
";
const SERVER_FRAME: &str = "
/** A frame from the server: an answer with the request's id, or a notice without one. */
export type ServerFrame = { id?: number } & ServerMessage;
";

fn declare<T: TS>(text: &mut String, config: &Config) {
    text.push('\n');
    if let Some(docs) = T::docs() {
        text.push_str(docs.trim_end());
        text.push('\n');
    }
    writeln!(text, "export {}", T::decl(config)).expect("writing to a String does not fail");
}

fn generate() -> String {
    let config = Config::new().with_large_int("number");
    let mut text = HEADER.to_owned();
    declare::<ParticipantState>(&mut text, &config);
    declare::<TrackInfo>(&mut text, &config);
    declare::<ParticipantInfo>(&mut text, &config);
    declare::<OfferedTrack>(&mut text, &config);
    declare::<LayerDescription>(&mut text, &config);
    declare::<Tile>(&mut text, &config);
    declare::<SlotStateName>(&mut text, &config);
    declare::<PauseReasonName>(&mut text, &config);
    declare::<SlotInfo>(&mut text, &config);
    declare::<CodecName>(&mut text, &config);
    declare::<QualityReasonName>(&mut text, &config);
    declare::<QualityInfo>(&mut text, &config);
    declare::<Speaker>(&mut text, &config);
    declare::<IceServer>(&mut text, &config);
    declare::<PermissionsInfo>(&mut text, &config);
    declare::<Limits>(&mut text, &config);
    declare::<ErrorCode>(&mut text, &config);
    declare::<ClientMessage>(&mut text, &config);
    text.push_str(CLIENT_FRAME);
    declare::<ServerMessage>(&mut text, &config);
    text.push_str(SERVER_FRAME);
    tidy(&text)
}

/// One line per short doc comment and per variant, indented: the file is read by people in reviews.
fn tidy(text: &str) -> String {
    let text = text
        .replace("/**\n * ", "/** ")
        .replace("\n */", " */")
        .replace(", }", ",\n}");
    let text = text
        .replace("{ \n", "{\n")
        .replace(", \n", ",\n")
        .replace(" | { \"type\"", "\n  | { \"type\"");
    let mut depth = 0usize;
    let mut lines = Vec::new();
    for line in text.lines() {
        let closing = line.starts_with('}');
        let indent = "  ".repeat(depth - usize::from(closing && depth > 0));
        lines.push(if line.is_empty() {
            String::new()
        } else {
            format!("{indent}{}", line.trim_end())
        });
        depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_generated_typescript_types_are_current() {
    let wanted = generate();
    if std::env::var_os("PLENUM_WRITE").is_some() {
        std::fs::create_dir_all(
            std::path::Path::new(PATH)
                .parent()
                .expect("the path has a folder"),
        )
        .expect("web/sdk/src is writable");
        std::fs::write(PATH, &wanted).expect("web/sdk/src/gen is writable");
    }
    let found = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        found == wanted,
        "web/sdk/src/gen/protocol.ts is stale: run `PLENUM_WRITE=1 cargo test -p signaling typescript`"
    );
}

#[test]
fn the_hand_written_source_type_has_every_source() {
    use media::Source::*;
    for source in [Camera, Microphone, Screen, ScreenAudio] {
        // A new variant must be added to the list above and to HEADER.
        match source {
            Camera | Microphone | Screen | ScreenAudio => {}
        }
        let name = serde_json::to_string(&source)
            .expect("a unit variant")
            .replace('"', "'");
        assert!(HEADER.contains(&name), "{name} is missing in HEADER");
    }
    assert!(HEADER.contains(&format!("'{SUBPROTOCOL}'")));
}
