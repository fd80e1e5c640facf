//! Who is let in, and what each may do, over real WebSockets.

mod common;

use common::{Client, TestServer, ada, config, join_with, recorded_offer, signed, unix_now, with_grants};
use serde_json::{Value, json};
use signaling::token::{Claims, RoomPattern, SigningKey};

/// A client that has joined with these grants and has a peer connection, with its `welcome`.
async fn with_peer(server: &TestServer, grants: &[&str]) -> (Client, Value) {
    let (mut client, welcome) = server.entered(&with_grants(grants)).await;
    let tracks = json!([
        {"mid": "0", "source": "microphone"}, {"mid": "1", "source": "camera"},
    ]);
    let answer = client
        .request(json!({"type": "offer", "sdp": recorded_offer(), "tracks": tracks}))
        .await;
    assert_eq!(answer["type"], "answer", "{answer}");
    (client, welcome)
}

#[tokio::test]
async fn a_holder_of_a_token_comes_in_as_who_it_names() {
    let server = TestServer::keyed().await;
    let claims = Claims {
        name: Some("Ada Lovelace".into()),
        metadata: Some("from the token".into()),
        ..ada()
    };
    let (mut client, welcome) = server.entered(&claims).await;
    assert_eq!(
        (&welcome["identity"], &welcome["name"]),
        (&json!("ada"), &json!("Ada Lovelace"))
    );
    assert_eq!(
        welcome["permissions"],
        json!({
            "publish": ["camera", "microphone", "screen", "screen_audio"],
            "subscribe": true, "data": true, "hidden": false, "see_hidden": false, "admin": false
        })
    );
    let words = client
        .refused(json!({"type": "update", "name": "Grace"}), "not_allowed")
        .await;
    assert!(words.contains("name"), "{words}");
    let bob = Claims {
        identity: "bob".into(),
        ..ada()
    };
    let (_bob, welcome) = server.entered(&bob).await;
    let seen = &welcome["participants"][0];
    assert_eq!(
        (&seen["identity"], &seen["name"], &seen["metadata"]),
        (&json!("ada"), &json!("Ada Lovelace"), &json!("from the token"))
    );
    server.stop().await;
}

#[tokio::test]
async fn nobody_comes_in_without_a_good_token() {
    let server = TestServer::keyed().await;
    let mut client = server.client().await;
    let now = unix_now();
    let forger = SigningKey::secret("app", "some other secret of 32 bytes or more").expect("long enough");
    let stranger = SigningKey::secret("stranger", common::SECRET).expect("long enough");
    let expired = Claims {
        expires: now - 90,
        ..ada()
    };
    let too_early = Claims {
        not_before: Some(now + 600),
        ..ada()
    };
    let elsewhere = Claims {
        room: RoomPattern("other-*".into()),
        ..ada()
    };
    for (token, code) in [
        ("not a token".to_owned(), "token_malformed"),
        ("x".repeat(9_000), "token_malformed"),
        (forger.sign(&ada()).0, "token_invalid"),
        (stranger.sign(&ada()).0, "token_invalid"),
        (signed(&expired), "token_expired"),
        (signed(&too_early), "token_not_yet_valid"),
        (signed(&elsewhere), "token_wrong_room"),
        (signed(&with_grants(&["create", "publish"])), "not_allowed"),
        (signed(&with_grants(&["join"])), "no_such_room"),
    ] {
        let words = client.refused(join_with(&token), code).await;
        assert!(
            !words.contains(&token) && !words.contains(common::SECRET),
            "{words}"
        );
    }
    let join = json!({"type": "join", "room": "room", "name": "Ada"});
    let words = client.refused(join, "token_missing").await;
    assert!(words.contains("invited"), "{words}");
    // The socket is as good as before.
    assert_eq!(
        client.request(join_with(&signed(&ada()))).await["type"],
        "welcome"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_pattern_is_for_every_room_it_fits() {
    let server = TestServer::keyed().await;
    let token = signed(&Claims {
        room: RoomPattern("team-*".into()),
        ..ada()
    });
    for (room, code) in [
        ("team-7", None),
        (" team-8 ", None),
        ("my-team-7", Some("token_wrong_room")),
    ] {
        let mut client = server.client().await;
        let join = json!({"type": "join", "room": room, "name": "Ada", "token": token});
        match code {
            None => assert_eq!(client.request(join).await["type"], "welcome", "{room}"),
            Some(code) => drop(client.refused(join, code).await),
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn each_act_needs_its_grant() {
    let server = TestServer::keyed().await;
    let (mut client, welcome) =
        with_peer(&server, &["join", "create", "publish:microphone", "subscribe"]).await;
    assert_eq!(welcome["permissions"]["publish"], json!(["microphone"]));
    assert_eq!(welcome["permissions"]["data"], json!(false));
    let words = client
        .refused(json!({"type": "publish", "mid": "1"}), "not_allowed")
        .await;
    assert!(words.contains("publish:camera"), "{words}");
    let published = client.request(json!({"type": "publish", "mid": "0"})).await;
    assert_eq!(published["type"], "published_ok", "{published}");
    server.stop().await;
}

#[tokio::test]
async fn a_renewed_token_brings_its_permissions() {
    let server = TestServer::keyed().await;
    let (mut client, welcome) = with_peer(&server, &["join", "create", "publish", "subscribe"]).await;
    let published = client.request(json!({"type": "publish", "mid": "1"})).await;
    assert_eq!(published["type"], "published_ok", "{published}");
    let fewer = signed(&with_grants(&["join", "publish:microphone"]));
    assert_eq!(
        client.request(json!({"type": "renew", "token": fewer})).await["type"],
        "ok"
    );
    let told = client.notice("permissions").await;
    assert_eq!(told["permissions"]["publish"], json!(["microphone"]));
    assert_eq!(told["permissions"]["subscribe"], json!(false));
    assert!(told["revision"].as_u64() > welcome["revision"].as_u64(), "{told}");
    client
        .refused(json!({"type": "publish", "mid": "1"}), "not_allowed")
        .await;
    assert_eq!(
        server
            .metric("plenum_signaling_messages_sent_total{type=\"permissions\"}")
            .await,
        1.0
    );

    let bob = Claims {
        identity: "bob".into(),
        ..ada()
    };
    let elsewhere = Claims {
        room: RoomPattern("other".into()),
        ..ada()
    };
    let expired = Claims {
        expires: unix_now() - 1,
        ..ada()
    };
    for (claims, code) in [
        (bob, "token_wrong_identity"),
        (elsewhere, "token_wrong_room"),
        (expired, "token_expired"),
    ] {
        let renew = json!({"type": "renew", "token": signed(&claims)});
        client.refused(renew, code).await;
    }
    // None of these changed anything.
    assert!(client.everything_so_far().await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_token_that_is_not_renewed_ends_the_stay() {
    let server = TestServer::keyed().await;
    let (mut ada, _) = server
        .entered(&Claims {
            expires: unix_now() + 3,
            ..common::ada()
        })
        .await;
    let told = ada.notice("token_expiring").await;
    assert!(
        told["seconds"]
            .as_u64()
            .is_some_and(|seconds| (1..=3).contains(&seconds)),
        "{told}"
    );
    ada.error_without_id("token_expired").await;
    assert_eq!(ada.end().await.0, Some(1008));
    server.stop().await;
}

#[tokio::test]
async fn a_renewed_token_keeps_the_stay() {
    let server = TestServer::keyed().await;
    let (mut ada, _) = server
        .entered(&Claims {
            expires: unix_now() + 3,
            ..common::ada()
        })
        .await;
    ada.notice("token_expiring").await;
    let renew = json!({"type": "renew", "token": signed(&common::ada())});
    assert_eq!(ada.request(renew).await["type"], "ok");
    // Longer than the first token would have lasted, told by another one that does expire.
    let (mut clock, _) = server
        .entered(&Claims {
            identity: "clock".into(),
            expires: unix_now() + 4,
            ..common::ada()
        })
        .await;
    clock.error_without_id("token_expired").await;
    assert_eq!(ada.request(json!({"type": "ping"})).await["type"], "pong");
    server.stop().await;
}

#[tokio::test]
async fn the_newer_of_two_with_one_identity_wins() {
    let server = TestServer::keyed().await;
    let (mut older, welcome_older) = server.entered(&ada()).await;
    let (mut newer, welcome_newer) = server.entered(&ada()).await;
    assert_ne!(welcome_older["participant"], welcome_newer["participant"]);
    assert_eq!(welcome_newer["count"], 1);
    older.error_without_id("duplicate_identity").await;
    assert_eq!(older.end().await.0, Some(1008));
    assert_eq!(newer.request(json!({"type": "ping"})).await["type"], "pong");
    server.stop().await;
}

#[tokio::test]
async fn a_seat_is_resumed_without_a_token() {
    let server = TestServer::keyed().await;
    let (client, welcome) = server.entered(&ada()).await;
    client.vanish();
    let mut client = server.client().await;
    let resume = json!({"type": "join", "room": "room", "name": "Ada", "resume": welcome["resume"]});
    let resumed = client.request(resume).await;
    assert_eq!(
        (&resumed["resumed"], &resumed["identity"]),
        (&json!(true), &json!("ada")),
        "{resumed}"
    );
    // A resume that fails opens nothing.
    let mut stranger = server.client().await;
    let resume = json!({"type": "join", "room": "room", "name": "Eve", "resume": "nonsense"});
    stranger.refused(resume, "resume_expired").await;
    stranger
        .refused(
            json!({"type": "join", "room": "room", "name": "Eve"}),
            "token_missing",
        )
        .await;
    server.stop().await;
}

#[tokio::test]
async fn who_is_hidden_is_not_seen() {
    let server = TestServer::keyed().await;
    let (mut first, _) = server.entered(&ada()).await;
    let ghost = Claims {
        identity: "ghost".into(),
        ..with_grants(&["join", "subscribe", "hidden"])
    };
    let (mut ghost, welcome) = server.entered(&ghost).await;
    assert_eq!(welcome["count"], 2);
    let bob = Claims {
        identity: "bob".into(),
        ..ada()
    };
    let (_bob, welcome) = server.entered(&bob).await;
    assert_eq!(
        (
            &welcome["count"],
            welcome["participants"].as_array().map(Vec::len)
        ),
        (&json!(2), Some(1))
    );
    let joined = first.notice("joined").await;
    assert_eq!(
        (&joined["count"], &joined["participants"][0]["identity"]),
        (&json!(2), &json!("bob"))
    );
    assert_eq!(ghost.request(json!({"type": "ping"})).await["type"], "pong");
    server.stop().await;
}

#[tokio::test]
async fn a_server_without_keys_lets_everybody_in_and_ignores_tokens() {
    let server = TestServer::start(config()).await;
    let mut client = server.client().await;
    let welcome = client.request(join_with("whatever")).await;
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    assert_eq!(welcome.get("identity"), None);
    assert_eq!(
        client
            .request(json!({"type": "renew", "token": "whatever"}))
            .await["type"],
        "ok"
    );
    let mut stranger = server.client().await;
    stranger
        .refused(json!({"type": "renew", "token": "whatever"}), "wrong_order")
        .await;
    server.stop().await;
}
