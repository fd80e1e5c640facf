//! Clients that are silent, late or do not read: their connections end, the others' do not.

mod common;

use common::{Client, TestServer, config};
use serde_json::{Value, json};
use server::config::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn who_does_not_join_in_time_is_disconnected() {
    let server = TestServer::start(Config {
        join_timeout_ms: 100,
        ..config()
    })
    .await;
    let silent = server.client().await;
    assert_eq!(silent.end().await.0, Some(1008));
    assert_eq!(
        server
            .metric("plenum_session_ends_total{reason=\"join_timeout\"}")
            .await,
        1.0
    );
    server.stop().await;
}

#[tokio::test]
async fn who_does_not_even_answer_pings_is_disconnected_and_who_does_is_not() {
    let quick = Config {
        ping_interval_ms: 100,
        idle_timeout_ms: 1_000,
        ..config()
    };
    let server = TestServer::start(quick).await;
    let (mut ada, _) = server.joined("room", "Ada").await;
    // A WebSocket by hand: it joins and then answers nothing.
    let mut deaf = TcpStream::connect(server.addr).await.unwrap();
    let upgrade = format!(
        "GET /signal HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: plenum.v1\r\n\r\n",
        server.addr
    );
    deaf.write_all(upgrade.as_bytes()).await.unwrap();
    let text = br#"{"id":1,"type":"join","room":"room","name":"Bob"}"#;
    // Final text frame, masked with zeros (RFC 6455 §5.2).
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(text);
    deaf.write_all(&frame).await.unwrap();

    let reconnecting = |m: &Value| m["type"] == "updated" && m["participants"][0]["state"] == "reconnecting";
    ada.notice("joined").await;
    ada.wait(reconnecting).await;
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(common::LIMIT, deaf.read_to_end(&mut rest));
    tokio::pin!(closed);
    // Ada keeps reading meanwhile: a client that is not read does not answer pings either.
    let closed = tokio::select! {
        closed = &mut closed => closed,
        message = ada.wait(|_| false) => panic!("{message}"),
    };
    closed.expect("in time").expect("closed");
    assert_eq!(
        server.metric("plenum_session_ends_total{reason=\"idle\"}").await,
        1.0
    );
    assert_eq!(ada.request(json!({"type": "ping"})).await["type"], "pong");
    server.stop().await;
}

#[tokio::test]
async fn who_does_not_read_is_disconnected_and_can_resume() {
    let small = Config {
        signaling_queue_messages: 16,
        signaling_messages_per_second: 1_000,
        ..config()
    };
    let server = TestServer::start(small).await;
    let (mut ada, _) = server.joined("room", "Ada").await;
    let mut crowd: Vec<Client> = Vec::new();
    for index in 0..20 {
        let mut client = server.client().await;
        let metadata = "x".repeat(1_000);
        client
            .request(
                json!({"type": "join", "room": "room", "name": format!("{index}"), "metadata": metadata}),
            )
            .await;
        crowd.push(client);
    }
    let mut bob = Client::connect_with_small_window(server.addr).await;
    let welcome = bob
        .request(json!({"type": "join", "room": "room", "name": "Bob"}))
        .await;
    // Answers of 20 KB each, many more than the sockets between them hold (4 MiB) and the queue after them.
    for _ in 0..600 {
        let id = bob.try_send_text(
            json!({"id": 5_000, "type": "participants", "offset": 0, "limit": 100}).to_string(),
        );
        if !id.await {
            break;
        }
    }
    // In `updated`, or in `joined` when Ada had not been told of Bob before.
    let is_lost = |p: &Value| p["id"] == welcome["participant"] && p["state"] == "reconnecting";
    let lost = |m: &Value| {
        m["participants"]
            .as_array()
            .is_some_and(|all| all.iter().any(is_lost))
    };
    ada.wait(lost).await;
    assert_eq!(
        server.metric("plenum_session_ends_total{reason=\"slow\"}").await,
        1.0
    );
    let mut again = server.client().await;
    let resume = json!({"type": "join", "room": "room", "name": "Bob", "resume": welcome["resume"]});
    assert_eq!(again.request(resume).await["resumed"], true);
    server.stop().await;
}
