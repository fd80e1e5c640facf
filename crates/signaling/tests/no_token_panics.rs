//! Whatever is sent as a token, the answer is a verdict.

mod common;
use common::*;
use proptest::prelude::*;
use serde_json::Value;
use signaling::token::{Claims, Grants, RoomPattern, TokenError};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_refused(text in ".{0,300}") {
        prop_assert!(keys().check(&text, NOW).is_err());
    }

    #[test]
    fn any_three_parts_are_refused(text in "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}") {
        prop_assert!(keys().check(&text, NOW).is_err());
    }

    #[test]
    fn any_claims_with_a_good_signature_get_a_verdict(
        field in prop::sample::select(vec!["iss", "sub", "name", "metadata", "room", "grants", "exp", "nbf", "else"]),
        value in any_json(),
        now in any::<u64>(),
    ) {
        let mut claims = ada_json();
        claims[field] = value;
        let _ = keys().check(&signed(&claims), now);
    }

    #[test]
    fn one_changed_character_spoils_a_token(index in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]", public in any::<bool>()) {
        let key = if public { partner() } else { app() };
        let token = key.sign(&ada()).0;
        let at = index.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != token);
        prop_assert!(keys().check(&changed, NOW).is_err());
    }

    #[test]
    fn what_is_signed_is_what_is_read(
        identity in "[^\\p{C}]{1,128}",
        name in proptest::option::of(".{0,64}"),
        metadata in proptest::option::of(".{0,200}"),
        room in ".{1,64}",
        words in proptest::collection::vec(prop::sample::select(Grants::WORDS.to_vec()), 0..12),
        left in 1_u64..1_000_000,
        now in 0_u64..10_000_000_000,
    ) {
        let mut grants = Grants::default();
        for word in words {
            grants.add(word).expect("a known word");
        }
        let claims = Claims {
            key: "app".into(), identity, name, metadata, room: RoomPattern(room), grants, not_before: None, expires: now + left,
        };
        let token = app().sign(&claims).0;
        prop_assert_eq!(keys().check(&token, now), Ok(claims));
        prop_assert_eq!(keys().check(&token, now + left), Err(TokenError::Expired { seconds: 0 }));
    }
}
