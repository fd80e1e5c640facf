//! The examples in `docs/protocol/` are read and written exactly as they stand there, there is one for every message and
//! error code, and `docs/protocol.md` shows them all. `PLENUM_WRITE=1 cargo test -p signaling` copies them into the page,
//! and into a TypeScript file where the compiler holds them against the generated types.

use serde_json::Value;
use signaling::{ClientMessage, ErrorCode, ServerFrame, ServerMessage, parse_client_frame};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn docs() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs"))
}

/// Name without `.json` → text, of one folder.
fn golden(folder: &str) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(docs().join("protocol").join(folder)).expect("the folder is there");
    files
        .map(|file| {
            let path = file.expect("a readable entry").path();
            let name = path
                .file_stem()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read_to_string(&path).expect("a text file"))
        })
        .collect()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("golden files are JSON")
}

/// Every type has a file of its name; further files show variants, as `join_resume`.
fn covers(files: &BTreeMap<String, String>, types: &[&str]) {
    for name in types {
        assert!(files.contains_key(*name), "no example of `{name}`");
    }
    for (name, text) in files {
        let shown = value(text)["type"]
            .as_str()
            .expect("every frame has a type")
            .to_owned();
        assert!(
            name == &shown || name.starts_with(&format!("{shown}_")),
            "{name}.json shows `{shown}`"
        );
    }
}

#[test]
fn every_client_message_is_read_and_written_as_shown() {
    let files = golden("client");
    covers(&files, &ClientMessage::TYPES);
    for (name, text) in files {
        let frame = parse_client_frame(&text, 262_144).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(name.starts_with(frame.message.type_name()), "{name}");
        let mut written = serde_json::to_value(&frame).expect("a frame can be written");
        let mut shown = value(&text);
        // `muted: false` may be shown although it is the default.
        for frame in [&mut written, &mut shown] {
            frame
                .as_object_mut()
                .expect("an object")
                .retain(|_, field| *field != Value::Bool(false));
        }
        assert_eq!(written, shown, "{name}");
    }
}

#[test]
fn every_server_message_is_read_and_written_as_shown() {
    let files = golden("server");
    covers(&files, &ServerMessage::TYPES);
    for (name, text) in files {
        let frame: ServerFrame =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(name.starts_with(frame.message.type_name()), "{name}");
        assert_eq!(
            serde_json::to_value(&frame).expect("a frame can be written"),
            value(&text),
            "{name}"
        );
    }
}

#[test]
fn every_error_code_has_an_example() {
    let files = golden("errors");
    assert_eq!(files.len(), ErrorCode::ALL.len());
    for code in ErrorCode::ALL {
        let text = files
            .get(code.name())
            .unwrap_or_else(|| panic!("no example of `{}`", code.name()));
        let frame: ServerFrame = serde_json::from_str(text).expect("an error frame");
        assert!(matches!(frame.message, ServerMessage::Error { code: shown, .. } if shown == code));
        assert_eq!(
            serde_json::to_value(&frame).expect("a frame can be written"),
            value(text)
        );
        assert_eq!(
            serde_json::to_value(code).expect("a code can be written"),
            Value::from(code.name())
        );
    }
}

#[test]
fn a_track_and_its_csrc_are_one_number_in_every_example() {
    fn check(value: &Value) {
        if let (Some(csrc), Some(id)) = (value.get("csrc"), value.get("track").or_else(|| value.get("id"))) {
            let digits = id.as_str().and_then(|id| id.strip_prefix("t_")).unwrap_or("0");
            assert_eq!(u64::from_str_radix(digits, 16).ok(), csrc.as_u64(), "{value}");
        }
        match value {
            Value::Array(items) => items.iter().for_each(check),
            Value::Object(fields) => fields.values().for_each(check),
            _ => {}
        }
    }
    golden("server")
        .values()
        .for_each(|text| check(&self::value(text)));
}

/// The page with every example as its file has it: `<!-- folder/name.json -->`, then a block of JSON.
fn with_examples(page: &str, files: &BTreeMap<String, String>) -> String {
    let mut lines = page.lines().peekable();
    let mut out = Vec::new();
    while let Some(line) = lines.next() {
        out.push(line.to_owned());
        let Some(name) = line
            .strip_prefix("<!-- ")
            .and_then(|rest| rest.strip_suffix(".json -->"))
        else {
            continue;
        };
        let text = files
            .get(name)
            .unwrap_or_else(|| panic!("the page shows {name}.json, which does not exist"));
        if lines.peek() == Some(&"```json") {
            while lines.next().is_some_and(|old| old != "```") {}
        }
        out.push(format!("```json\n{}\n```", text.trim_end()));
    }
    out.join("\n") + "\n"
}

#[test]
fn the_page_shows_every_example_as_it_is() {
    let mut files = BTreeMap::new();
    for folder in ["client", "server", "errors"] {
        files.extend(
            golden(folder)
                .into_iter()
                .map(|(name, text)| (format!("{folder}/{name}"), text)),
        );
    }
    let path = docs().join("protocol.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let wanted = with_examples(&page, &files);
    if std::env::var_os("PLENUM_WRITE").is_some() {
        std::fs::write(&path, &wanted).expect("the page is writable");
    } else {
        assert!(
            page == wanted,
            "docs/protocol.md is stale: run `PLENUM_WRITE=1 cargo test -p signaling`"
        );
    }
    for name in files.keys() {
        assert!(
            wanted.contains(&format!("<!-- {name}.json -->")),
            "the page does not show {name}.json"
        );
    }
    for name in ClientMessage::TYPES.iter().chain(&ServerMessage::TYPES) {
        assert!(
            wanted.contains(&format!("\n### {name}\n")),
            "no section on `{name}`"
        );
    }
    for code in ErrorCode::ALL {
        assert!(
            wanted.contains(&format!("\n| `{}` |", code.name())),
            "no line on `{}`",
            code.name()
        );
    }
}

/// The examples as TypeScript values of the generated types: what Rust writes must be what TypeScript expects.
fn as_typescript() -> String {
    let mut text =
        "// Generated from docs/protocol by `PLENUM_WRITE=1 cargo test -p signaling`. Do not edit.\n\n\
                    import type { ClientFrame, ErrorCode, ServerFrame } from '../../src/gen/protocol.ts';\n"
            .to_owned();
    let folders = [
        ("client", "string", "ClientFrame"),
        ("server", "string", "ServerFrame"),
        ("errors", "ErrorCode", "ServerFrame"),
    ];
    for (folder, key, frame) in folders {
        text += &format!("\nexport const {folder}: Record<{key}, {frame}> = {{\n");
        for (name, example) in golden(folder) {
            text += &format!("{name}: {},\n", example.trim_end());
        }
        text += "};\n";
    }
    text
}

#[test]
fn typescript_holds_the_examples_against_its_types() {
    let path = docs().join("../web/sdk/tests/gen/golden.ts");
    let wanted = as_typescript();
    if std::env::var_os("PLENUM_WRITE").is_some() {
        std::fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("web/sdk/tests is writable");
        std::fs::write(&path, &wanted).expect("the file is writable");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "web/sdk/tests/gen/golden.ts is stale: run `PLENUM_WRITE=1 cargo test -p signaling`"
    );
}
