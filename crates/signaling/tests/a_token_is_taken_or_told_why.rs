//! What a token must be to be taken, and what whoever sends another is told.

mod common;
use common::*;
use serde_json::{Value, json};
use signaling::token::{Claims, Grants, KeyError, Keys, RoomPattern, SigningKey, TokenError};

fn check(token: &str) -> Result<Claims, TokenError> {
    keys().check(token, NOW)
}

fn refused(claims: &Value) -> String {
    match check(&signed(claims)) {
        Err(TokenError::Malformed(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_signed_with_a_known_key_is_read() {
    for (id, key) in [("app", app()), ("partner", partner())] {
        let claims = check(&key.sign(&ada()).0).expect("a good token");
        assert_eq!(
            claims,
            Claims {
                key: id.into(),
                ..ada()
            }
        );
        assert_eq!(claims.left(NOW + 600).as_secs(), 3_000);
    }
}

#[test]
fn a_forged_signature_is_refused() {
    let forger = SigningKey::secret("app", OTHER_SECRET).expect("a good secret");
    assert_eq!(check(&forger.sign(&ada()).0), Err(TokenError::Untrusted));
}

#[test]
fn a_token_that_was_changed_is_refused() {
    for key in [app(), partner()] {
        let token = key.sign(&ada()).0;
        let other = key
            .sign(&Claims {
                identity: "eve".into(),
                ..ada()
            })
            .0;
        let (_, signature) = token.rsplit_once('.').expect("three parts");
        let (signed, _) = other.rsplit_once('.').expect("three parts");
        assert_eq!(
            check(&format!("{signed}.{signature}")),
            Err(TokenError::Untrusted)
        );
        assert_eq!(check(&format!("{signed}.")), Err(TokenError::Untrusted));
    }
}

#[test]
fn a_key_that_is_not_known_is_refused_as_a_wrong_signature_is() {
    let stranger = SigningKey::secret("stranger", SECRET).expect("a good secret");
    assert_eq!(check(&stranger.sign(&ada()).0), Err(TokenError::Untrusted));
    assert_eq!(
        Keys::new().check(&app().sign(&ada()).0, NOW),
        Err(TokenError::Untrusted)
    );
}

#[test]
fn without_a_signature_nothing_is_believed() {
    for alg in ["none", "None", "NONE", ""] {
        let token = handmade(&json!({"alg": alg}), &ada_json(), b"");
        let (signed, _) = token.rsplit_once('.').expect("three parts");
        assert_eq!(check(&format!("{signed}.")), Err(TokenError::Untrusted), "{alg}");
        assert_eq!(check(&token), Err(TokenError::Untrusted), "{alg}");
    }
}

#[test]
fn a_public_key_is_no_secret() {
    // The classic confusion: the server's verifier takes the public key as the secret of HS256.
    let mut claims = ada_json();
    claims["iss"] = "partner".into();
    let raw = der(PUBLIC_PEM);
    for secret in [
        PUBLIC_PEM.as_bytes(),
        PUBLIC_PEM.trim().as_bytes(),
        &raw,
        &raw[12..],
    ] {
        let token = handmade(&json!({"alg": "HS256", "kid": "partner"}), &claims, secret);
        assert_eq!(check(&token), Err(TokenError::Untrusted));
    }
    // And whoever runs the server cannot make that mistake either.
    assert_eq!(
        Keys::new().add_secret("app", PUBLIC_PEM),
        Err(KeyError::PemAsSecret)
    );
}

#[test]
fn the_key_decides_the_algorithm() {
    // A good signature by the right secret, under another name.
    for alg in ["EdDSA", "HS384", "HS512", "RS256", "hs256"] {
        let token = handmade(&json!({"alg": alg}), &ada_json(), SECRET.as_bytes());
        assert_eq!(check(&token), Err(TokenError::Untrusted), "{alg}");
    }
}

#[test]
fn a_token_is_valid_until_the_second_it_names() {
    let token = app().sign(&ada()).0;
    let at = |now| keys().check(&token, now).map(drop);
    assert_eq!(at(NOW + 3_599), Ok(()));
    assert_eq!(at(NOW + 3_600), Err(TokenError::Expired { seconds: 0 }));
    assert_eq!(at(NOW + 3_700), Err(TokenError::Expired { seconds: 100 }));
}

#[test]
fn a_token_is_not_valid_before_the_second_it_names() {
    let later = Claims {
        not_before: Some(NOW + 60),
        ..ada()
    };
    let token = app().sign(&later).0;
    let at = |now| keys().check(&token, now).map(drop);
    assert_eq!(at(NOW), Err(TokenError::NotYetValid { seconds: 60 }));
    assert_eq!(at(NOW + 49), Err(TokenError::NotYetValid { seconds: 11 }));
    // The clock of the machine that made it may be ten seconds ahead.
    assert_eq!(at(NOW + 50), Ok(()));
    let any_time = Claims {
        not_before: None,
        ..ada()
    };
    assert!(check(&app().sign(&any_time).0).is_ok());
}

#[test]
fn times_may_be_far_away_or_have_fractions_but_must_be_times() {
    let with = |exp: Value| {
        let mut claims = ada_json();
        claims["exp"] = exp;
        check(&signed(&claims))
    };
    assert!(with(json!(u64::MAX)).is_ok() && with(json!(1.0e300)).is_ok());
    assert_eq!(
        with(json!(NOW as f64 + 0.9)),
        Err(TokenError::Expired { seconds: 0 })
    );
    assert_eq!(
        with(json!(NOW as f64 + 1.5)).map(|claims| claims.expires),
        Ok(NOW + 1)
    );
    for bad in [
        json!(-1),
        json!(-0.5),
        json!("1900000000"),
        json!(null),
        json!([]),
    ] {
        assert!(
            matches!(with(bad.clone()), Err(TokenError::Malformed(what)) if what.contains("`exp`")),
            "{bad}"
        );
    }
}

#[test]
fn a_token_that_never_expires_is_refused() {
    let mut claims = ada_json();
    claims.as_object_mut().expect("an object").remove("exp");
    assert!(refused(&claims).contains("`exp` is missing"));
}

#[test]
fn every_claim_that_is_needed_is_asked_for_by_name() {
    for claim in ["iss", "sub", "room", "grants", "exp"] {
        let mut claims = ada_json();
        claims.as_object_mut().expect("an object").remove(claim);
        assert!(refused(&claims).contains(&format!("`{claim}`")), "{claim}");
        claims[claim] = json!({"a": 1});
        assert!(refused(&claims).contains(&format!("`{claim}`")), "{claim}");
    }
    for (claim, value) in [
        ("sub", json!("")),
        ("sub", json!("a\nb")),
        ("sub", json!("x".repeat(129))),
        ("room", json!("")),
        ("room", json!("x".repeat(65))),
    ] {
        let mut claims = ada_json();
        claims[claim] = value;
        assert!(refused(&claims).contains(&format!("`{claim}`")), "{claim}");
    }
}

#[test]
fn claims_that_are_not_ours_are_left_alone() {
    let mut claims = ada_json();
    claims["aud"] = json!(["somebody else"]);
    claims["jti"] = json!("1");
    claims["iat"] = json!(NOW);
    assert_eq!(
        check(&signed(&claims)).map(|claims| claims.identity),
        Ok("ada".into())
    );
}

#[test]
fn a_token_is_for_the_rooms_it_names() {
    let claims = check(
        &app()
            .sign(&Claims {
                room: RoomPattern("team-*".into()),
                ..ada()
            })
            .0,
    )
    .expect("a good token");
    assert!(claims.room.matches("team-7") && !claims.room.matches("daily"));
}

#[test]
fn what_is_granted_is_what_is_listed() {
    let grants = |list: Value| {
        let mut claims = ada_json();
        claims["grants"] = list;
        check(&signed(&claims)).map(|claims| claims.grants.words())
    };
    assert_eq!(grants(json!([])), Ok(vec![]));
    assert_eq!(
        grants(json!(["publish:screen", "join", "sudo"])),
        Ok(vec!["join".into(), "publish:screen".into()])
    );
    assert!(grants(json!("join")).is_err() && grants(json!({"join": true})).is_err());
    assert_eq!(ada().grants, Grants::CALL);
}

#[test]
fn an_oversized_token_is_refused_unread() {
    let large = "x".repeat(9_000);
    let mut claims = ada_json();
    claims["metadata"] = large.clone().into();
    for token in [signed(&claims), large.clone(), format!("{large}.{large}.{large}")] {
        let bytes = token.len().to_string();
        match check(&token) {
            Err(TokenError::Malformed(what)) => {
                assert!(what.contains(&bytes) && what.contains("8192"), "{what}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_not_a_token_is_told_what_is_wrong_with_it() {
    let good = app().sign(&ada()).0;
    let (signed_part, signature) = good.rsplit_once('.').expect("three parts");
    let (header, claims) = signed_part.split_once('.').expect("two parts");
    for (token, word) in [
        (String::new(), "three parts"),
        (header.to_owned(), "three parts"),
        (signed_part.to_owned(), "three parts"),
        (format!("{good}.x"), "three parts"),
        (format!("{header}=.{claims}.{signature}"), "header"),
        (format!("aGk.{claims}.{signature}"), "header"),
        (format!("{header}.aGk.{signature}"), "claims"),
        (format!("{header}.{claims}.{signature}="), "signature"),
        (format!("{header}.{claims}.+/+/"), "signature"),
        (
            handmade(
                &json!({"alg": "HS256", "crit": ["exp"]}),
                &ada_json(),
                SECRET.as_bytes(),
            ),
            "crit",
        ),
        (
            handmade(
                &json!({"alg": "HS256", "kid": "partner"}),
                &ada_json(),
                SECRET.as_bytes(),
            ),
            "kid",
        ),
        (
            handmade(&json!({"kid": "app"}), &ada_json(), SECRET.as_bytes()),
            "alg",
        ),
        (signed(&json!(["iss", "app"])), "`iss`"),
        (signed(&json!("app")), "`iss`"),
    ] {
        match check(&token) {
            Err(TokenError::Malformed(what)) => assert!(what.contains(word), "{what}: {token}"),
            other => panic!("{other:?}: {token}"),
        }
    }
}

#[test]
fn a_key_must_be_one() {
    let mut keys = Keys::new();
    assert_eq!(
        keys.add_secret("app", "too short"),
        Err(KeyError::Short { bytes: 9 })
    );
    for id in ["", "a b", "a/b", "ключ", &"x".repeat(65)] {
        assert_eq!(keys.add_secret(id, SECRET), Err(KeyError::Id), "{id}");
    }
    for pem in [
        "",
        "nonsense",
        PRIVATE_PEM,
        &PUBLIC_PEM.replace("MCow", "MCox"),
        &PUBLIC_PEM.replace("PUBLIC", "EC"),
    ] {
        assert_eq!(keys.add_public_key("app", pem), Err(KeyError::PublicKey), "{pem}");
    }
    for pem in ["", SECRET, PUBLIC_PEM, &PRIVATE_PEM.replace("MC4C", "MC4D")] {
        assert_eq!(
            SigningKey::private_key("app", pem).map(drop),
            Err(KeyError::PrivateKey),
            "{pem}"
        );
    }
    assert_eq!(keys.add_secret("app", SECRET), Ok(()));
    assert_eq!(keys.add_secret("app", SECRET), Err(KeyError::Twice));
    for i in 1..64 {
        assert_eq!(keys.add_secret(&format!("key-{i}"), SECRET), Ok(()));
    }
    assert_eq!(keys.add_secret("one-more", SECRET), Err(KeyError::TooMany));
}

#[test]
fn while_keys_change_tokens_of_both_are_taken() {
    let mut keys = Keys::new();
    keys.add_secret("app-2026", SECRET).expect("a good secret");
    keys.add_secret("app-2027", OTHER_SECRET).expect("a good secret");
    for (id, secret) in [("app-2026", SECRET), ("app-2027", OTHER_SECRET)] {
        let token = SigningKey::secret(id, secret)
            .expect("a good secret")
            .sign(&ada());
        assert_eq!(keys.check(&token.0, NOW).map(|claims| claims.key), Ok(id.into()));
    }
}

#[test]
fn no_secret_and_no_token_is_in_what_is_printed() {
    let token = app().sign(&ada());
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        keys(),
        app(),
        partner(),
        signaling::ClientMessage::Renew { token: token.clone() }
    );
    assert!(shown.contains("app") && shown.contains("partner") && shown.contains("bytes"));
    for secret in [
        SECRET,
        &token.0,
        token.0.rsplit('.').next().expect("a signature"),
        "MC4C",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let mut claims = ada_json();
    claims["room"] = json!({"hunter2": 1});
    for token in [
        signed(&claims),
        signed(&json!({"iss": "app", "sub": "hunter2"})),
        "hunter2.hunter2.hunter2".into(),
    ] {
        let why = check(&token).map(drop).expect_err("not good").to_string();
        assert!(!why.contains("hunter2"), "{why}");
    }
}
