//! How the server starts with keys and without, and the commands for keys and tokens, as an operator runs them.

mod common;

use common::{SECRET, TempFile, key_file};
use server::Server;
use server::config::{Config, TextPath};
use std::io::Write;
use std::process::{Command, Stdio};

fn plenum(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plenum"));
    command
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .env_clear();
    command
}

fn run(mut command: Command, input: &str) -> (Option<i32>, String, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    // It may have ended without reading.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn output(arguments: &[&str]) -> (Option<i32>, String, String) {
    run(plenum(arguments), "")
}

/// What starting with this configuration fails with.
async fn refused(config: Config) -> String {
    match Server::start(config).await {
        Ok(_) => panic!("it started"),
        Err(why) => why.to_string(),
    }
}

fn keyed(file: &TempFile) -> Config {
    Config {
        dev: false,
        key_file: TextPath(file.path().into()),
        ..common::config()
    }
}

#[test]
fn without_keys_and_without_dev_it_does_not_start_and_says_both_ways_out() {
    let (code, _, error) = output(&["serve", "--http-bind", "127.0.0.1:0"]);
    assert_eq!(code, Some(64), "{error}");
    for way in ["--key-file", "plenum token keygen", "--dev"] {
        assert!(error.contains(way), "{way} is missing in {error}");
    }
}

#[tokio::test]
async fn dev_does_not_serve_the_internet_unless_told_so() {
    let public = Config {
        // TEST-NET-3 (RFC 5737): nobody has it, so nothing is ever bound.
        http_bind: ([203, 0, 113, 9], 0).into(),
        ..common::config()
    };
    let words = refused(public.clone()).await;
    for part in ["203.0.113.9", "--dev-allow-public", "127.0.0.1"] {
        assert!(words.contains(part), "{part} is missing in {words}");
    }
    let told_so = Config {
        dev_allow_public: true,
        ..public
    };
    let words = refused(told_so).await;
    assert!(words.contains("cannot listen"), "{words}");
}

#[test]
fn dev_warns_on_the_terminal_and_in_the_log() {
    let arguments = [
        "serve",
        "--dev",
        "--http-bind",
        "127.0.0.1:0",
        "--media-bind",
        "127.0.0.1",
        "--media-port",
        "0",
        "--workers",
        "1",
    ];
    let mut child = plenum(&arguments)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut log = std::io::BufReader::new(child.stderr.take().expect("its log"));
    let mut seen = String::new();
    while !seen.contains("WARN") {
        let read = std::io::BufRead::read_line(&mut log, &mut seen).expect("its log");
        assert!(read > 0, "{seen}");
    }
    let _ = child.kill();
    let _ = child.wait();
    assert_eq!(seen.matches("EVERYBODY").count(), 2, "{seen}");
}

#[test]
fn keys_and_dev_exclude_each_other() {
    let file = key_file();
    let (code, _, error) = output(&["serve", "--dev", "--key-file", file.path()]);
    assert_eq!(code, Some(64));
    assert!(error.contains("choose one"), "{error}");
}

#[tokio::test]
async fn a_key_file_that_others_may_read_is_refused() {
    for mode in [0o644, 0o640, 0o604, 0o660, 0o602] {
        let file = TempFile::new(&format!("[app]\nsecret = \"{SECRET}\"\n"), mode);
        let words = refused(keyed(&file)).await;
        let advice = format!("chmod 600 {}", file.path());
        assert!(
            words.contains(&advice) && words.contains(&format!("{mode:04o}")),
            "{words}"
        );
        let (code, _, error) = output(&["serve", "--key-file", file.path()]);
        assert_eq!(code, Some(64));
        assert!(error.contains(&advice), "{error}");
        assert_eq!(
            output(&["config", "check", "--key-file", file.path()]).0,
            Some(64)
        );
    }
    for mode in [0o600, 0o400] {
        let file = TempFile::new(&format!("[app]\nsecret = \"{SECRET}\"\n"), mode);
        assert_eq!(output(&["config", "check", "--key-file", file.path()]).0, Some(0));
    }
}

#[tokio::test]
async fn a_key_file_that_is_wrong_says_where_and_never_what() {
    for (content, part) in [
        ("", "no key in it"),
        ("[app]\nsecret = \"hunter2\"\n", "at least 32"),
        ("[app]\nsecret = hunter2\n", "line 2"),
        ("[app]\nsecrets = \"hunter2\"\n", "line "),
        ("secret = \"hunter2\"\n", "line 1"),
        ("[app]\n", "either a `secret` or a `public_key`"),
        (
            "[app]\nsecret = \"hunter2\"\npublic_key = \"hunter2\"\n",
            "either a `secret` or a `public_key`",
        ),
        ("[app]\npublic_key = \"nowhere.pem\"\n", "nowhere.pem"),
        (
            "[\"a b\"]\nsecret = \"hunter2hunter2hunter2hunter2hunter2\"\n",
            "id has",
        ),
    ] {
        let file = TempFile::new(content, 0o600);
        let words = refused(keyed(&file)).await;
        assert!(
            words.contains(part) && words.contains(file.path()),
            "{part} is missing in {words}"
        );
        assert!(!words.contains("hunter2"), "{words}");
    }
    let words = refused(Config {
        dev: false,
        key_file: TextPath("/nowhere/keys.toml".into()),
        ..common::config()
    })
    .await;
    assert!(words.contains("/nowhere/keys.toml"), "{words}");
}

#[test]
fn a_key_is_made_a_token_is_made_with_it_and_read_again() {
    use std::os::unix::fs::PermissionsExt;
    let file = TempFile::new("", 0o600);
    std::fs::remove_file(&file.0).expect("it was there");
    let (code, stdout, error) = output(&["token", "keygen", "--key-file", file.path()]);
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{error}");
    let mode = std::fs::metadata(&file.0)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let content = std::fs::read_to_string(&file.0).expect("one's own file");
    let secret = content.split('"').nth(1).expect("a secret");
    assert!(secret.len() == 64 && !error.contains(secret), "{error}");

    let create = [
        "token",
        "create",
        "--key-file",
        file.path(),
        "--room",
        "team-*",
        "--identity",
        "ada",
        "--name",
        "Ada",
        "--ttl",
        "15m",
    ];
    let (code, token, error) = output(&create);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert_eq!(token.lines().count(), 1);
    let (code, claims, error) = run(plenum(&["token", "inspect", "--key-file", file.path()]), &token);
    assert_eq!(code, Some(0), "{error}");
    let claims: serde_json::Value = serde_json::from_str(&claims).expect("JSON");
    assert_eq!(claims["iss"], "app");
    assert_eq!(claims["sub"], "ada");
    assert_eq!(claims["room"], "team-*");
    assert_eq!(
        claims["grants"],
        serde_json::json!(["join", "create", "publish", "subscribe", "data"])
    );
    let left = claims["exp"]
        .as_u64()
        .expect("a time")
        .saturating_sub(common::unix_now());
    assert!((890..=900).contains(&left), "{left}");

    // Rotation: a second key beside the first; then one must be named.
    assert_eq!(
        output(&["token", "keygen", "--key-file", file.path()]).0,
        Some(64)
    );
    assert_eq!(
        output(&["token", "keygen", "--key", "next", "--key-file", file.path()]).0,
        Some(0)
    );
    let (code, _, error) = output(&create);
    assert!(code == Some(64) && error.contains("app, next"), "{error}");
    let grants = [
        "--key",
        "next",
        "--grant",
        "join,publish:camera",
        "--grant",
        "see_hidden",
    ];
    let (code, token, error) = output(&[create.as_slice(), &grants].concat());
    assert_eq!(code, Some(0), "{error}");
    let (_, claims, _) = run(plenum(&["token", "inspect", "--key-file", file.path()]), &token);
    let claims: serde_json::Value = serde_json::from_str(&claims).expect("JSON");
    assert_eq!(claims["iss"], "next");
    assert_eq!(
        claims["grants"],
        serde_json::json!(["join", "publish:camera", "see_hidden"])
    );
}

#[test]
fn a_token_command_that_is_wrong_says_what() {
    let file = key_file();
    let create = |more: &[&str]| {
        let (code, stdout, error) = output(
            &[
                &["token", "create", "--key-file", file.path(), "--identity", "ada"],
                more,
            ]
            .concat(),
        );
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{error}");
        error
    };
    assert!(create(&[]).contains("--room"));
    assert!(create(&["--room", "r", "--grant", "publish:mic"]).contains("publish:microphone"));
    assert!(create(&["--room", "r", "--ttl", "soon"]).contains("15m"));
    assert!(create(&["--room", "r", "--key", "nobody"]).contains("app"));
    assert!(create(&["--room", &"r".repeat(65)]).contains("room"));
    let (code, _, error) = output(&["token", "create", "--room", "r", "--identity", "ada"]);
    assert!(code == Some(64) && error.contains("--key-file"), "{error}");
    let (code, _, error) = run(plenum(&["token", "inspect", "--key-file", file.path()]), "x.y.z");
    assert!(code == Some(64) && error.contains("header"), "{error}");
}

#[test]
fn the_path_of_the_keys_is_shown_and_the_keys_are_not() {
    let file = key_file();
    let (code, printed, error) = output(&["config", "print", "--key-file", file.path()]);
    assert_eq!(code, Some(0), "{error}");
    assert!(
        printed.contains(file.path()) && !printed.contains(SECRET),
        "{printed}"
    );
}
