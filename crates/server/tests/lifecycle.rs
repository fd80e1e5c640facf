//! Start and stop, in process and as the program an operator runs.

mod common;

use common::{TestServer, config};
use serde_json::json;
use server::Server;
use server::config::Config;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn plenum(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plenum"));
    command
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .env_clear();
    command
}

fn output(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = plenum(arguments).output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn a_busy_port_says_which_why_and_what_to_do() {
    let server = TestServer::start(config()).await;
    let busy = Config {
        http_bind: server.addr,
        ..config()
    };
    let error = Server::start(busy)
        .await
        .err()
        .expect("the port is busy")
        .to_string();
    for part in [server.addr.to_string().as_str(), "in use", "http_bind", "stop it"] {
        assert!(error.contains(part), "{part} is missing in {error}");
    }
    let port = server.addr.port();
    let (code, _, error) = output(&["serve", "--dev", "--http-bind", &format!("127.0.0.1:{port}")]);
    assert_eq!(code, Some(1));
    assert!(
        error.contains(&format!("127.0.0.1:{port}")) && error.contains("http_bind"),
        "{error}"
    );
    // A media port is checked for UDP and TCP; the HTTP server's TCP port is as good as any to be in the way.
    let media = Config {
        media_port: port,
        ..config()
    };
    let error = Server::start(media)
        .await
        .err()
        .expect("the port is busy")
        .to_string();
    assert!(
        error.contains(&format!("TCP 127.0.0.1:{port}")) && error.contains("media_port"),
        "{error}"
    );
    server.stop().await;
}

#[tokio::test]
async fn shutdown_tells_everybody_closes_every_connection_and_ends() {
    let mut server = TestServer::start(config()).await;
    let (mut ada, _) = server.joined("room", "Ada").await;
    let waiting = server.client().await;
    server.begin_shutdown();
    assert_eq!(ada.notice("draining").await["retry_after_ms"], 2_000);
    let (code, rest) = ada.end().await;
    assert_eq!(code, Some(1012));
    assert!(rest.iter().any(|m| m["code"] == "shutting_down"), "{rest:?}");
    let (code, rest) = waiting.end().await;
    assert_eq!(code, Some(1012), "{rest:?}");
    server.stop().await;
}

#[tokio::test]
async fn while_draining_the_server_is_not_ready_and_takes_nobody() {
    let mut server = TestServer::start(config()).await;
    // It holds the server in its draining state: it does not answer the close.
    let (mut held, _) = server.joined("room", "Ada").await;
    server.begin_shutdown();
    held.notice("draining").await;
    let (status, _, body) = server.get("/readyz").await;
    assert_eq!((status, body.as_str()), (503, "draining\n"));
    assert_eq!(server.get("/healthz").await.0, 200);
    assert!(common::Client::connect(server.addr, None).await.is_err());
    drop(held);
    server.stop().await;
}

#[test]
fn sigterm_ends_the_program_cleanly() {
    let mut child = plenum(&[
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
        "--log-format",
        "json",
    ])
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("its log"))
        .lines()
        .map_while(Result::ok);
    let ready = lines
        .find(|line| line.contains("Plenum is ready"))
        .expect("it says that it is ready");
    let ready: serde_json::Value = serde_json::from_str(&ready).expect("one JSON object a line");
    assert!(
        ready["page"]
            .as_str()
            .is_some_and(|url| url.starts_with("http://localhost:")),
        "{ready}"
    );
    assert!(
        ready["media"]
            .as_str()
            .is_some_and(|media| media.starts_with("127.0.0.1:")),
        "{ready}"
    );
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
    let log: Vec<String> = lines.collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{log:#?}");
    assert!(log.iter().any(|line| line.contains("rooms closed")), "{log:#?}");
}

#[test]
fn config_check_and_print_and_their_exit_codes() {
    assert_eq!(output(&["config", "check"]).0, Some(0));
    let (code, _, error) = output(&[
        "config",
        "check",
        "--workers",
        "999",
        "--max-rooms",
        "0",
        "--log-level",
        "loud",
    ]);
    assert_eq!(code, Some(64));
    for part in [
        "3 errors",
        "--workers: 999",
        "--max-rooms: 0",
        "--log-level: expected one of",
    ] {
        assert!(error.contains(part), "{part} is missing in {error}");
    }
    let (code, _, error) = output(&["serve", "--workers", "999"]);
    assert_eq!(
        (code, error.contains("--workers: 999")),
        (Some(64), true),
        "{error}"
    );
    let (code, _, error) = output(&["serve", "--max-roms", "9"]);
    assert_eq!((code, error.contains("--max-rooms")), (Some(64), true), "{error}");

    let servers = "[{ urls = [\"turn:t.example\"], username = \"u\", credential = \"s3cret\" }]";
    let (code, printed, _) = output(&["--max-rooms", "7", "config", "print", "--ice-servers", servers]);
    assert_eq!(code, Some(0));
    assert!(
        printed.contains("max_rooms = 7\n") && printed.contains("********") && !printed.contains("s3cret"),
        "{printed}"
    );
}

#[test]
fn help_and_version_answer() {
    let (code, version, _) = output(&["--version"]);
    assert_eq!(
        (code, version.starts_with("plenum ")),
        (Some(0), true),
        "{version}"
    );
    let (code, help, _) = output(&["serve", "--help"]);
    assert_eq!(code, Some(0));
    assert!(
        help.contains("--media-port") && help.contains("[default: 10000]"),
        "{help}"
    );
}

#[tokio::test]
async fn a_client_that_never_closes_does_not_hold_the_end_beyond_the_grace() {
    let server = TestServer::start(Config {
        shutdown_grace_ms: 300,
        ..config()
    })
    .await;
    let (mut ada, _) = server.joined("room", "Ada").await;
    assert_eq!(ada.request(json!({"type": "ping"})).await["type"], "pong");
    // `ada` is open and unread all the while.
    server.stop().await;
    drop(ada);
}
