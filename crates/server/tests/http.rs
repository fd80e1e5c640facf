//! What HTTP answers besides signaling.

mod common;

use common::{Client, TestServer, config};
use server::config::Config;
use server::page;
use tokio_tungstenite::tungstenite::Error;

fn status(result: Result<Client, Error>) -> u16 {
    match result {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn the_page_is_at_the_root_and_at_every_room() {
    let server = TestServer::start(config()).await;
    for path in ["/", "/r/some-room"] {
        let (status, head, body) = server.get(path).await;
        assert_eq!(status, 200);
        assert!(head.contains("content-type: text/html"), "{head}");
        assert!(
            head.contains("content-security-policy: default-src 'self'"),
            "{head}"
        );
        assert!(
            head.contains("permissions-policy: camera=(self), microphone=(self), display-capture=(self)"),
            "{head}"
        );
        let expected = if page::is_embedded() {
            "<script"
        } else {
            "make web"
        };
        assert!(body.contains(expected), "{body}");
    }
    assert_eq!(server.get("/no/such/file").await.0, 404);
    server.stop().await;
}

#[tokio::test]
async fn health_and_metrics_answer() {
    let server = TestServer::start(config()).await;
    assert_eq!(server.get("/healthz").await.0, 200);
    assert_eq!(server.get("/readyz").await.0, 200);
    let (_ada, _) = server.joined("room", "Ada").await;
    let (status, head, text) = server.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    for name in [
        "plenum_rooms ",
        "plenum_participants ",
        "plenum_tracks ",
        "plenum_sessions 1",
        "plenum_forwarded_packets_total{kind=\"video\",worker=\"0\"} 0",
        "plenum_drops_total{reason=\"unvalidated_address\",worker=\"0\"} 0",
        "plenum_worker_loop_lag_seconds_bucket{worker=\"0\"",
        "plenum_worker_queue_depth{worker=\"0\"}",
        "plenum_join_duration_seconds_count 0",
        "plenum_signaling_messages_received_total{type=\"join\"} 1",
        "plenum_signaling_messages_sent_total{type=\"welcome\"} 1",
        "plenum_build_info{version=",
        "process_resident_memory_bytes ",
        "process_open_fds ",
    ] {
        assert!(text.contains(name), "{name} is missing in\n{text}");
    }
    server.stop().await;
}

#[tokio::test]
async fn gauges_follow_rooms_and_participants() {
    let server = TestServer::start(config()).await;
    let (_ada, _) = server.joined("one", "Ada").await;
    let (_bob, _) = server.joined("two", "Bob").await;
    let reached = async { while server.metric("plenum_participants").await != 2.0 {} };
    tokio::time::timeout(common::LIMIT, reached)
        .await
        .expect("set once a second");
    assert_eq!(server.metric("plenum_rooms").await, 2.0);
    server.stop().await;
}

#[tokio::test]
async fn pages_of_other_hosts_may_not_open_signaling() {
    let allowed = vec!["https://app.example".to_owned()];
    let server = TestServer::start(Config {
        allowed_origins: allowed,
        ..config()
    })
    .await;
    let own = format!("http://{}", server.addr);
    assert_eq!(status(Client::connect(server.addr, Some(&own)).await), 101);
    assert_eq!(
        status(Client::connect(server.addr, Some("https://app.example")).await),
        101
    );
    assert_eq!(
        status(Client::connect(server.addr, Some("https://evil.example")).await),
        403
    );
    assert_eq!(
        server
            .metric("plenum_session_refusals_total{reason=\"origin\"}")
            .await,
        1.0
    );
    server.stop().await;
}

#[tokio::test]
async fn the_subprotocol_must_be_asked_for() {
    let server = TestServer::start(config()).await;
    let url = format!("ws://{}/signal", server.addr);
    let error = tokio_tungstenite::connect_async(url).await.expect_err("refused");
    assert!(matches!(error, Error::Http(response) if response.status() == 400));
    server.stop().await;
}

#[tokio::test]
async fn connections_over_the_limit_are_refused_until_one_ends() {
    let server = TestServer::start(Config {
        max_sessions: 1,
        ..config()
    })
    .await;
    let (mut ada, _) = server.joined("room", "Ada").await;
    assert_eq!(status(Client::connect(server.addr, None).await), 503);
    ada.request(serde_json::json!({"type": "leave"})).await;
    ada.end().await;
    let reached = async { while status(Client::connect(server.addr, None).await) != 101 {} };
    tokio::time::timeout(common::LIMIT, reached)
        .await
        .expect("the place is free again");
    server.stop().await;
}
