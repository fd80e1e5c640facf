//! Every way a client can be wrong: it gets a code and words, keeps its place where it can, and nobody else notices.

mod common;

use common::{Client, TestServer, config, recorded_offer};
use serde_json::{Value, json};
use server::config::Config;

/// Ada, who does everything right, and sees nothing of what others do wrong.
async fn with_bystander(config: Config) -> (TestServer, Client) {
    let server = TestServer::start(config).await;
    let (mut ada, _) = server.joined("room", "Ada").await;
    ada.everything_so_far().await;
    (server, ada)
}

async fn unharmed(server: TestServer, mut ada: Client) {
    let harm: Vec<Value> = ada.everything_so_far().await;
    let only_company = harm.iter().all(|m| {
        ["joined", "left", "updated"]
            .iter()
            .any(|kind| m["type"] == *kind)
    });
    assert!(only_company, "the bystander was told {harm:?}");
    server.stop().await;
}

#[tokio::test]
async fn text_that_is_not_json_is_malformed_and_the_connection_goes_on() {
    let (server, ada) = with_bystander(config()).await;
    let (mut bob, _) = server.joined("room", "Bob").await;
    bob.send_text("{\"id\": 1, \"type\"").await;
    assert_eq!(bob.error_without_id("malformed").await["type"], "error");
    bob.send_text(r#"{"id": 900, "type": "mute", "track": 7, "muted": true}"#)
        .await;
    assert_eq!(bob.answer(900).await["code"], "malformed");
    bob.send_binary(vec![1, 2, 3]).await;
    bob.error_without_id("malformed").await;
    assert_eq!(bob.request(json!({"type": "ping"})).await["type"], "pong");
    unharmed(server, ada).await;
}

#[tokio::test]
async fn a_message_of_an_unknown_type_is_named_in_the_answer() {
    let (server, ada) = with_bystander(config()).await;
    let mut bob = server.client().await;
    let words = bob.refused(json!({"type": "dance"}), "unknown_message").await;
    assert!(words.contains("dance") && words.contains("join"), "{words}");
    unharmed(server, ada).await;
}

#[tokio::test]
async fn messages_in_the_wrong_order_are_refused() {
    let (server, ada) = with_bystander(config()).await;
    let mut bob = server.client().await;
    for early in [
        json!({"type": "publish", "mid": "0"}),
        json!({"type": "view", "tiles": []}),
        json!({"type": "offer", "sdp": "v=0", "tracks": []}),
        json!({"type": "leave"}),
    ] {
        bob.refused(early, "wrong_order").await;
    }
    let join = json!({"type": "join", "room": "room", "name": "Bob"});
    assert_eq!(bob.request(join.clone()).await["type"], "welcome");
    bob.refused(join, "wrong_order").await;
    bob.refused(json!({"type": "publish", "mid": "0"}), "wrong_order")
        .await;
    unharmed(server, ada).await;
}

#[tokio::test]
async fn values_out_of_range_are_refused() {
    let (server, ada) = with_bystander(config()).await;
    let mut bob = server.client().await;
    bob.refused(
        json!({"type": "join", "room": "a room/with a slash", "name": "Bob"}),
        "invalid_value",
    )
    .await;
    bob.refused(
        json!({"type": "join", "room": "room", "name": ""}),
        "invalid_value",
    )
    .await;
    bob.refused(
        json!({"type": "join", "room": "room", "name": "x".repeat(65)}),
        "invalid_value",
    )
    .await;
    assert_eq!(
        bob.request(json!({"type": "join", "room": "room", "name": "Bob"}))
            .await["type"],
        "welcome"
    );
    bob.refused(
        json!({"type": "participants", "offset": 0, "limit": 1000}),
        "invalid_value",
    )
    .await;
    bob.refused(
        json!({"type": "mute", "track": "t_00000001", "muted": true}),
        "not_found",
    )
    .await;
    unharmed(server, ada).await;
}

#[tokio::test]
async fn a_full_room_and_a_full_server_say_so_and_let_in_when_there_is_room() {
    let (server, mut ada) = with_bystander(Config {
        max_participants_per_room: 2,
        max_rooms: 2,
        ..config()
    })
    .await;
    let (bob, _) = server.joined("room", "Bob").await;
    let mut eve = server.client().await;
    let words = eve
        .refused(
            json!({"type": "join", "room": "room", "name": "Eve"}),
            "room_full",
        )
        .await;
    assert!(words.contains('2'), "the limit is named: {words}");
    let (_other, _) = server.joined("other", "Dan").await;
    eve.refused(
        json!({"type": "join", "room": "third", "name": "Eve"}),
        "too_many_rooms",
    )
    .await;

    let mut bob = bob;
    assert_eq!(bob.request(json!({"type": "leave"})).await["type"], "ok");
    let welcome = eve
        .request(json!({"type": "join", "room": "room", "name": "Eve"}))
        .await;
    assert_eq!(welcome["type"], "welcome");
    let seen = ada
        .wait(|m| m["type"] == "joined" && m["participants"][0]["name"] == "Eve")
        .await;
    assert_eq!(seen["count"], 2);
    unharmed(server, ada).await;
}

#[tokio::test]
async fn an_oversized_frame_is_answered_and_its_connection_closes() {
    let (server, ada) = with_bystander(Config {
        signaling_frame_bytes: 16_384,
        ..config()
    })
    .await;
    // One that is read and refused, and one whose head alone is too much.
    for bytes in [20_000, 200_000] {
        let (mut bob, _) = server.joined("room", "Bob").await;
        bob.try_send_text("x".repeat(bytes)).await;
        let error = bob.error_without_id("frame_too_large").await;
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|words| words.contains("16384")),
            "{error}"
        );
        assert_eq!(bob.end().await.0, Some(1009));
    }
    assert_eq!(
        server
            .metric("plenum_session_ends_total{reason=\"frame_too_large\"}")
            .await,
        2.0
    );
    unharmed(server, ada).await;
}

#[tokio::test]
async fn offers_that_cannot_be_met_are_refused_and_a_good_one_is_answered() {
    let (server, ada) = with_bystander(Config {
        max_video_slots: 4,
        ..config()
    })
    .await;
    let (mut bob, _) = server.joined("room", "Bob").await;
    let tracks = json!([{"mid": "0", "source": "microphone"}, {"mid": "1", "source": "camera"}]);
    let offer = |sdp: &str| json!({"type": "offer", "sdp": sdp, "tracks": tracks});
    bob.refused(offer("this is not SDP"), "offer_rejected").await;
    let video_without_codecs = recorded_offer().replace("a=rtpmap", "a=x-rtpmap");
    bob.refused(offer(&video_without_codecs), "offer_rejected").await;
    let wrong_mid =
        json!({"type": "offer", "sdp": recorded_offer(), "tracks": [{"mid": "77", "source": "camera"}]});
    bob.refused(wrong_mid, "offer_rejected").await;
    let answer = bob.request(offer(&recorded_offer())).await;
    assert_eq!(answer["type"], "answer", "{answer}");
    assert!(
        answer["sdp"]
            .as_str()
            .is_some_and(|sdp| sdp.contains("a=ice-lite")),
        "{answer}"
    );
    assert!(server.metric("plenum_offers_total{result=\"rejected\"}").await >= 3.0);
    unharmed(server, ada).await;
}

#[tokio::test]
async fn an_offer_with_more_slots_than_allowed_names_the_limit() {
    let (server, ada) = with_bystander(Config {
        max_video_slots: 3,
        ..config()
    })
    .await;
    let (mut bob, _) = server.joined("room", "Bob").await;
    let words = bob
        .refused(
            json!({"type": "offer", "sdp": recorded_offer(), "tracks": []}),
            "offer_rejected",
        )
        .await;
    assert!(words.contains("at most 3"), "{words}");
    unharmed(server, ada).await;
}

#[tokio::test]
async fn who_sends_too_fast_is_refused_then_disconnected() {
    let (server, ada) = with_bystander(Config {
        signaling_messages_per_second: 1,
        ..config()
    })
    .await;
    let (mut bob, _) = server.joined("room", "Bob").await;
    for id in 100..180 {
        if !bob
            .try_send_text(json!({"id": id, "type": "ping"}).to_string())
            .await
        {
            break;
        }
    }
    let limited = bob.wait(|m| m["code"] == "rate_limited").await;
    assert!(limited["id"].as_u64().is_some_and(|id| id > 100), "{limited}");
    assert_eq!(bob.end().await.0, Some(1008));
    assert_eq!(
        server.metric("plenum_session_ends_total{reason=\"flood\"}").await,
        1.0
    );
    drop(ada);
    server.stop().await;
}

#[tokio::test]
async fn an_unknown_resume_token_is_refused_and_a_plain_join_works() {
    let (server, ada) = with_bystander(config()).await;
    let mut bob = server.client().await;
    let resume = json!({"type": "join", "room": "room", "name": "Bob", "resume": "nonsense"});
    bob.refused(resume, "resume_expired").await;
    assert_eq!(
        bob.request(json!({"type": "join", "room": "room", "name": "Bob"}))
            .await["type"],
        "welcome"
    );
    unharmed(server, ada).await;
}

#[tokio::test]
async fn errors_are_counted_by_code() {
    let (server, ada) = with_bystander(config()).await;
    let mut bob = server.client().await;
    bob.refused(json!({"type": "dance"}), "unknown_message").await;
    bob.refused(json!({"type": "leave"}), "wrong_order").await;
    assert_eq!(
        server
            .metric("plenum_signaling_errors_total{code=\"unknown_message\"}")
            .await,
        1.0
    );
    assert_eq!(
        server
            .metric("plenum_signaling_errors_total{code=\"wrong_order\"}")
            .await,
        1.0
    );
    unharmed(server, ada).await;
}
