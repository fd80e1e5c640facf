//! Offers that cannot be met are refused in words that say what to offer instead.

mod support;

use peer::OfferError;
use support::*;

fn usual_offer() -> String {
    Client::new(origin(), ClientOptions::default()).offer_with_channel(&usual_sections())
}

fn refusal(offer: &str) -> OfferError {
    factory()
        .accept(origin(), offer, false)
        .map(|(_, answer)| answer.sdp)
        .expect_err("refused")
}

/// The usual offer with something replaced; what is replaced must be there.
fn changed(from: &str, to: &str) -> String {
    let offer = usual_offer();
    assert!(offer.contains(from), "{from:?} not in\n{offer}");
    offer.replace(from, to)
}

#[track_caller]
fn says(error: &OfferError, words: &str) {
    assert!(error.to_string().contains(words), "{error:?}: {error}");
}

#[test]
fn the_usual_offer_is_fine() {
    factory().accept(origin(), &usual_offer(), false).unwrap();
}

#[test]
fn not_sdp() {
    assert!(matches!(refusal("hello"), OfferError::Malformed(_)));
    assert!(matches!(refusal(""), OfferError::Malformed(_)));
    assert!(matches!(
        refusal("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"),
        OfferError::Malformed(_)
    ));
}

#[test]
fn too_large() {
    let offer = usual_offer() + &"a=x\r\n".repeat(60_000);
    assert!(matches!(
        refusal(&offer),
        OfferError::TooLarge { limit: 262_144, .. }
    ));
    let many: Vec<String> = (0..65).map(|i| audio(&format!("s{i}"), "recvonly")).collect();
    let offer = Client::new(origin(), ClientOptions::default()).offer_with_channel(&many);
    assert!(matches!(
        refusal(&offer),
        OfferError::TooLarge {
            what: "the number of m-lines",
            actual: 66,
            limit: 64
        }
    ));
    let many: Vec<String> = (0..50).map(|i| audio(&format!("s{i}"), "recvonly")).collect();
    let offer = Client::new(origin(), ClientOptions::default()).offer_with_channel(&many);
    assert!(matches!(
        refusal(&offer),
        OfferError::TooLarge {
            what: "the number of recvonly audio m-lines",
            ..
        }
    ));
    let many: Vec<String> = (0..9).map(|i| audio(&format!("s{i}"), "sendonly")).collect();
    let offer = Client::new(origin(), ClientOptions::default()).offer_with_channel(&many);
    assert!(matches!(
        refusal(&offer),
        OfferError::TooLarge {
            what: "the number of m-lines to publish on",
            ..
        }
    ));
    let offer = changed("a=simulcast:send q;h;f", "a=simulcast:send a;b;c;d");
    assert!(matches!(
        refusal(&offer),
        OfferError::TooLarge {
            actual: 4,
            limit: 3,
            ..
        }
    ));
}

#[test]
fn no_codec_in_common() {
    let error = refusal(&changed("VP8/90000", "H265/90000"));
    assert!(matches!(error, OfferError::NoCodec { mline: 2, .. }), "{error:?}");
    says(&error, "VP8");
    says(&refusal(&changed("opus/48000", "speex/48000")), "opus/48000/2");
}

#[test]
fn not_bundled() {
    says(
        &refusal(&changed(" mic cam ", " cam ")),
        "bundlePolicy: \"max-bundle\"",
    );
}

#[test]
fn without_dtls_or_ice() {
    let offer = usual_offer();
    let without = |prefix: &str| -> String {
        offer
            .lines()
            .filter(|line| !line.starts_with(prefix))
            .map(|line| format!("{line}\r\n"))
            .collect()
    };
    says(&refusal(&without("a=fingerprint")), "a=fingerprint:sha-256");
    says(&refusal(&without("a=ice-pwd")), "a=ice-pwd");
    says(&refusal(&without("a=rtcp-mux")), "rtcp-mux");
    says(&refusal(&without("a=mid:mic")), "a=mid");
    says(
        &refusal(&changed("a=setup:actpass", "a=setup:passive")),
        "actpass",
    );
    says(
        &refusal(&changed("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n")),
        "ICE-lite",
    );
}

#[test]
fn a_mid_used_twice() {
    assert!(matches!(
        refusal(&changed("a=mid:cam", "a=mid:mic")),
        OfferError::Malformed(_)
    ));
}

#[test]
fn sections_of_unknown_kind_are_refused_alone() {
    let offer = usual_offer() + "m=image 0 udptl t38\r\nc=IN IP4 0.0.0.0\r\na=mid:fax\r\na=inactive\r\n";
    let (_, answer) = factory().accept(origin(), &offer, false).unwrap();
    assert!(answer.sdp.contains("m=image 0 udptl t38\r\n"), "{}", answer.sdp);
    assert!(
        !answer
            .sdp
            .lines()
            .any(|line| line.starts_with("a=group") && line.contains("fax"))
    );
}

#[test]
fn an_inactive_section_is_answered_so() {
    let mut sections = usual_sections();
    sections.push(video("off", "inactive", &[]));
    let offer = Client::new(origin(), ClientOptions::default()).offer_with_channel(&sections);
    let (_, answer) = factory().accept(origin(), &offer, false).unwrap();
    assert_eq!(answer.sections.publish.len(), 2);
    assert!(
        answer.sdp.contains("a=mid:off\r\na=inactive\r\n"),
        "{}",
        answer.sdp
    );
}

#[test]
fn lines_that_end_in_their_middle() {
    // Whoever reads the answer might take it for a line's end.
    says(
        &refusal(&changed("a=rtpmap:96 VP8/90000", "a=rtpmap:96 VP8/90000\ra=x")),
        "carriage return",
    );
    says(
        &refusal(&changed("a=rtpmap:96 VP8/90000", "a=rtpmap:96 VP8/90000\0x")),
        "NUL",
    );
    let unix = usual_offer().replace("\r\n", "\n");
    factory().accept(origin(), &unix, false).unwrap();
}

#[test]
fn two_layers_with_one_name() {
    says(
        &refusal(&changed("a=simulcast:send q;h;f", "a=simulcast:send q;h;q")),
        "differ",
    );
}

#[test]
fn a_payload_type_in_two_spellings() {
    let offer = changed("SAVPF 96 97 98", "SAVPF 96 97 98 +98 098").replace(
        "a=rtpmap:98 VP9/90000\r\n",
        "a=rtpmap:98 VP9/90000\r\na=rtpmap:098 AV1/90000\r\na=rtpmap:+98 AV1/90000\r\n",
    );
    let (_, answer) = factory().accept(origin(), &offer, false).unwrap();
    assert!(!answer.sdp.contains("AV1/90000"), "{}", answer.sdp);
}
