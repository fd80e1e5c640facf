//! What people in a room see of each other, over real WebSockets.

mod common;

use common::{Client, TestServer, config, recorded_offer};
use serde_json::{Value, json};

/// A client with a peer connection that can publish microphone and camera.
async fn publisher(server: &TestServer, room: &str, name: &str) -> (Client, Value) {
    let (mut client, welcome) = server.joined(room, name).await;
    let tracks = json!([{"mid": "0", "source": "microphone"}, {"mid": "1", "source": "camera"}]);
    let answer = client
        .request(json!({"type": "offer", "sdp": recorded_offer(), "tracks": tracks}))
        .await;
    assert_eq!(answer["type"], "answer", "{answer}");
    (client, welcome)
}

/// The participant as soon as it is seen like this: in `updated`, or in `joined` when its coming was not told before.
async fn updated(client: &mut Client, wanted: impl Fn(&Value) -> bool) -> Value {
    let seen = |m: &Value| {
        m["participants"]
            .as_array()
            .and_then(|all| all.iter().find(|p| wanted(p)))
            .cloned()
    };
    let update = client.wait(|m| seen(m).is_some()).await;
    seen(&update).unwrap_or_default()
}

#[tokio::test]
async fn who_comes_sees_who_is_there_and_is_seen() {
    let server = TestServer::start(config()).await;
    let (mut ada, welcome) = server.joined("room", "Ada").await;
    assert_eq!(
        (&welcome["count"], &welcome["participants"]),
        (&json!(1), &json!([]))
    );
    assert_eq!(welcome["limits"]["frame_bytes"], 262_144);
    let (mut bob, welcome_bob) = server.joined("room", "Bob").await;
    assert_eq!(welcome_bob["participants"][0]["name"], "Ada");
    let joined = ada.notice("joined").await;
    assert_eq!(joined["participants"][0]["id"], welcome_bob["participant"]);

    assert_eq!(
        bob.request(json!({"type": "update", "name": "Robert"})).await["type"],
        "ok"
    );
    updated(&mut ada, |p| p["name"] == "Robert").await;
    assert_eq!(bob.request(json!({"type": "leave"})).await["type"], "ok");
    assert_eq!(
        ada.notice("left").await["participants"],
        json!([welcome_bob["participant"]])
    );
    assert_eq!(bob.end().await.0, Some(1000));
    server.stop().await;
}

#[tokio::test]
async fn what_is_published_muted_and_unpublished_is_seen_by_the_others() {
    let server = TestServer::start(config()).await;
    let (mut ada, _) = server.joined("room", "Ada").await;
    let (mut bob, welcome) = publisher(&server, "room", "Bob").await;
    let layers =
        json!([{"rid": "q", "height": 180}, {"rid": "h", "height": 360}, {"rid": "f", "height": 720}]);
    let published = bob
        .request(json!({"type": "publish", "mid": "1", "layers": layers}))
        .await;
    assert_eq!(published["type"], "published_ok", "{published}");
    let track = published["track"]["id"].clone();
    let seen = updated(&mut ada, |p| p["tracks"][0]["id"] == track).await;
    assert_eq!(seen["id"], welcome["participant"]);
    assert_eq!(seen["tracks"][0]["source"], "camera");

    assert_eq!(
        bob.request(json!({"type": "mute", "track": track, "muted": true}))
            .await["type"],
        "ok"
    );
    updated(&mut ada, |p| p["tracks"][0]["muted"] == json!(true)).await;
    assert_eq!(
        bob.request(json!({"type": "unpublish", "mid": "1"})).await["type"],
        "ok"
    );
    updated(&mut ada, |p| {
        p["id"] == welcome["participant"] && p["tracks"] == json!([])
    })
    .await;
    ada.refused(
        json!({"type": "mute", "track": track, "muted": false}),
        "not_found",
    )
    .await;
    server.stop().await;
}

#[tokio::test]
async fn two_rooms_never_mix() {
    let server = TestServer::start(config()).await;
    let (mut ada, _) = server.joined("one", "Ada").await;
    let (mut bob, welcome) = publisher(&server, "two", "Bob").await;
    assert_eq!(welcome["participants"], json!([]));
    let (_, welcome) = server.joined("two", "Eve").await;
    assert_eq!(welcome["participants"].as_array().map(Vec::len), Some(1));
    let published = bob.request(json!({"type": "publish", "mid": "0"})).await;
    // The others of its room hear of it; by then the first room would have heard too.
    bob.notice("joined").await;
    let track = published["track"]["id"].clone();
    ada.refused(
        json!({"type": "mute", "track": track, "muted": true}),
        "not_found",
    )
    .await;
    let page = ada
        .request(json!({"type": "participants", "offset": 0, "limit": 100}))
        .await;
    assert_eq!((&page["count"], &page["participants"]), (&json!(1), &json!([])));
    let tile = json!({"participant": welcome["participant"], "source": "camera", "height": 360});
    ada.request(json!({"type": "view", "tiles": [tile]})).await;
    assert_eq!(ada.everything_so_far().await, Vec::<Value>::new());
    server.stop().await;
}

#[tokio::test]
async fn a_lost_socket_is_seen_as_reconnecting_and_resumes_as_the_same_participant() {
    let server = TestServer::start(config()).await;
    let (mut ada, _) = server.joined("room", "Ada").await;
    let (bob, welcome) = server.joined("room", "Bob").await;
    ada.notice("joined").await;
    bob.vanish();
    updated(&mut ada, |p| p["state"] == "reconnecting").await;
    let mut again = server.client().await;
    let resume = json!({"type": "join", "room": "room", "name": "Bob", "resume": welcome["resume"]});
    let resumed = again.request(resume).await;
    assert_eq!(
        (&resumed["resumed"], &resumed["participant"]),
        (&json!(true), &welcome["participant"]),
        "{resumed}"
    );
    assert_eq!(resumed["participants"][0]["name"], "Ada");
    updated(&mut ada, |p| {
        p["id"] == welcome["participant"] && p["state"] != "reconnecting"
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn who_resumes_while_still_connected_replaces_the_older_connection() {
    let server = TestServer::start(config()).await;
    let (mut bob, welcome) = server.joined("room", "Bob").await;
    let mut again = server.client().await;
    let resume = json!({"type": "join", "room": "room", "name": "Bob", "resume": welcome["resume"]});
    assert_eq!(again.request(resume).await["resumed"], true);
    bob.error_without_id("replaced").await;
    assert_eq!(bob.end().await.0, Some(1008));
    // The end of the older connection does not touch the newer one.
    assert_eq!(
        again.request(json!({"type": "update", "name": "Bobby"})).await["type"],
        "ok"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_answer_and_is_done_once() {
    let server = TestServer::start(config()).await;
    let (mut bob, welcome) = publisher(&server, "room", "Bob").await;
    let publish = json!({"id": 500, "type": "publish", "mid": "0"}).to_string();
    bob.send_text(publish.clone()).await;
    let first = bob.answer(500).await;
    let (mut ada, _) = server.joined("room", "Ada").await;
    assert_eq!(
        bob.request(json!({"type": "unpublish", "mid": "0"})).await["type"],
        "ok"
    );
    updated(&mut ada, |p| p["tracks"] == json!([])).await;
    bob.send_text(publish).await;
    assert_eq!(bob.answer(500).await, first);
    // The same id for something else is a request of its own.
    bob.send_text(json!({"id": 500, "type": "ping"}).to_string())
        .await;
    assert_eq!(bob.answer(500).await["type"], "pong");
    assert_eq!(
        ada.everything_so_far().await,
        Vec::<Value>::new(),
        "it was not published again"
    );
    drop(welcome);
    server.stop().await;
}

#[tokio::test]
async fn an_answer_lost_with_its_socket_is_given_again_after_the_resume() {
    let server = TestServer::start(config()).await;
    let (mut bob, welcome) = server.joined("room", "Bob").await;
    let update = json!({"id": 77, "type": "participants", "offset": 0, "limit": 10}).to_string();
    bob.send_text(update.clone()).await;
    let first = bob.answer(77).await;
    bob.vanish();
    let (_ada, _) = server.joined("room", "Ada").await;
    let mut again = server.client().await;
    let resume = json!({"type": "join", "room": "room", "name": "Bob", "resume": welcome["resume"]});
    assert_eq!(again.request(resume).await["resumed"], true);
    again.send_text(update).await;
    assert_eq!(again.answer(77).await, first, "Ada, who came later, is not in it");
    server.stop().await;
}
