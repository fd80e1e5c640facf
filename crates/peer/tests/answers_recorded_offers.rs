//! Every offer recorded from a real client is answered, and the answer fits it line by line.

mod support;

use media::Kind;
use peer::Answer;
use support::{factory, origin};

fn offer(name: &str) -> String {
    std::fs::read_to_string(format!(
        "{}/tests/offers/{name}-offer.sdp",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

/// The m-sections of an SDP, each from its m-line on.
fn sections(sdp: &str) -> Vec<Vec<&str>> {
    let mut sections: Vec<Vec<&str>> = Vec::new();
    for line in sdp.lines() {
        if line.starts_with("m=") {
            sections.push(Vec::new());
        }
        if let Some(section) = sections.last_mut() {
            section.push(line);
        }
    }
    sections
}

fn value<'a>(section: &[&'a str], prefix: &str) -> Option<&'a str> {
    section.iter().find_map(|line| line.strip_prefix(prefix))
}

fn formats(section: &[&str]) -> Vec<String> {
    section[0].split(' ').skip(3).map(str::to_owned).collect()
}

/// RFC 3264, RFC 8829 §5.3.1, RFC 9143: what must hold between any offer and its answer.
fn check_fits(name: &str, offer: &str, answer: &str) {
    assert!(
        answer
            .lines()
            .all(|line| line.len() > 2 && line.as_bytes()[1] == b'='),
        "{name}: {answer}"
    );
    let (offered, answered) = (sections(offer), sections(answer));
    assert_eq!(offered.len(), answered.len(), "{name}: number of m-lines");
    assert!(answer.contains("\r\na=ice-lite\r\n"));
    assert_eq!(
        answer.matches("typ host tcptype passive").count(),
        1,
        "{name}: one TCP candidate"
    );
    assert_eq!(
        answer.matches("candidate:").count(),
        2,
        "{name}: candidates once per bundle"
    );
    for (theirs, ours) in offered.iter().zip(&answered) {
        let context = format!("{name}: {} -> {}", theirs[0], ours[0]);
        assert_eq!(
            theirs[0].split(' ').next(),
            ours[0].split(' ').next(),
            "{context}"
        );
        assert_eq!(
            theirs[0].split(' ').nth(2),
            ours[0].split(' ').nth(2),
            "{context}: protocol"
        );
        assert_eq!(value(theirs, "a=mid:"), value(ours, "a=mid:"), "{context}");
        assert_eq!(value(ours, "a=setup:"), Some("passive"), "{context}");
        assert!(
            value(ours, "a=ice-ufrag:").is_some() && value(ours, "a=fingerprint:sha-256 ").is_some(),
            "{context}"
        );
        let offered_formats = formats(theirs);
        assert!(
            formats(ours)
                .iter()
                .all(|format| offered_formats.contains(format)),
            "{context}"
        );
        if ours[0].starts_with("m=application") {
            continue;
        }
        assert!(ours.contains(&"a=rtcp-mux"), "{context}");
        let expected = match theirs
            .iter()
            .find(|line| ["a=sendonly", "a=sendrecv", "a=recvonly"].contains(line))
        {
            Some(&"a=recvonly") => "a=sendonly",
            _ => "a=recvonly",
        };
        assert!(ours.contains(&expected), "{context}");
        for line in ours.iter().filter_map(|line| line.strip_prefix("a=extmap:")) {
            let (id, uri) = line.split_once(' ').unwrap();
            let id = id.split('/').next().unwrap();
            let known = theirs
                .iter()
                .filter_map(|line| line.strip_prefix("a=extmap:"))
                .any(|offered| {
                    let (offered_id, offered_uri) = offered.split_once(' ').unwrap();
                    offered_id.split('/').next() == Some(id) && offered_uri == uri
                });
            assert!(known, "{context}: extension {line}");
        }
        for prefix in ["a=rtpmap:", "a=rtcp-fb:"] {
            for line in ours.iter().filter(|line| line.starts_with(prefix)) {
                assert!(theirs.contains(line), "{context}: {line}");
            }
        }
    }
}

fn accept(name: &str) -> (String, Answer) {
    let offer = offer(name);
    let (_, answer) = factory()
        .accept(origin(), &offer, false)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    check_fits(name, &offer, &answer.sdp);
    (offer, answer)
}

/// Publish sections, video slots, audio slots.
fn counts(answer: &Answer) -> (usize, usize, usize) {
    let sections = &answer.sections;
    (
        sections.publish.len(),
        sections.video_slots.len(),
        sections.audio_slots.len(),
    )
}

#[test]
fn browsers_with_slots() {
    for (name, published, video, audio, rtx) in [
        (
            "chromium-slots",
            "96 97 108 109 45 46 98 99",
            "96 97 98 99 108 109 45 46",
            "111 63",
            true,
        ),
        (
            "firefox-slots",
            "120 124 121 125 99 100",
            "120 124 121 125 99 100",
            "109",
            true,
        ),
    ] {
        let (_, answer) = accept(name);
        assert_eq!(counts(&answer), (2, 4, 3), "{name}");
        let publish = &answer.sections.publish;
        assert_eq!(
            (publish[0].kind, publish[0].mline.0, publish[0].rids.len()),
            (Kind::Audio, 0, 0),
            "{name}"
        );
        assert_eq!((publish[1].kind, publish[1].mline.0), (Kind::Video, 1), "{name}");
        assert_eq!(publish[1].rids, ["q", "h", "f"], "{name}");
        let sections = sections(&answer.sdp);
        assert_eq!(
            formats(&sections[0]).join(" "),
            audio,
            "{name}: Opus, and RED where offered"
        );
        assert_eq!(
            formats(&sections[1]).join(" "),
            published,
            "{name}: every codec with its RTX, in the client's order"
        );
        let slot = usize::from(answer.sections.video_slots[0].mline.0);
        assert_eq!(
            formats(&sections[slot]).join(" "),
            video,
            "{name}: one of each codec with its RTX, in the client's order"
        );
        assert_eq!(value(&sections[1], "a=simulcast:"), Some("recv q;h;f"), "{name}");
        // The i-th audio slot is in the stream of the i-th video slot.
        for (i, slot) in answer.sections.audio_slots.iter().enumerate() {
            let paired = &answer.sections.video_slots[i];
            let stream = |mline: u16| {
                value(&sections[usize::from(mline)], "a=msid:")
                    .unwrap()
                    .split(' ')
                    .next()
                    .unwrap()
            };
            assert_eq!(stream(slot.mline.0), stream(paired.mline.0), "{name}");
            assert_eq!(stream(slot.mline.0), format!("slot-{i}"), "{name}");
        }
        for slot in &answer.sections.video_slots {
            let section = &sections[usize::from(slot.mline.0)];
            assert_eq!(value(section, "a=ssrc-group:FID ").is_some(), rtx, "{name}");
            assert!(
                value(section, "a=simulcast:").is_none()
                    && !section.iter().any(|line| line.contains("rtp-stream-id"))
            );
        }
    }
}

#[test]
fn browsers_that_only_publish() {
    for name in ["chromium", "firefox"] {
        let (_, answer) = accept(name);
        let (publish, video, audio) = counts(&answer);
        assert!(
            publish >= 1 && video == 0 && audio == 0,
            "{name}: {:?}",
            answer.sections
        );
        assert!(
            answer
                .sections
                .publish
                .iter()
                .any(|section| section.rids == ["q", "h", "f"]),
            "{name}"
        );
    }
}

#[test]
fn clients_that_offer_sendrecv_publish() {
    for name in ["aiortc", "gst"] {
        let (_, answer) = accept(name);
        assert_eq!(counts(&answer), (2, 0, 0), "{name}");
        assert!(
            answer
                .sections
                .publish
                .iter()
                .all(|section| section.rids.is_empty()),
            "{name}"
        );
    }
    let (_, answer) = accept("roamhq");
    assert!(
        answer
            .sections
            .publish
            .iter()
            .any(|section| section.rids.len() == 3),
        "{:?}",
        answer.sections
    );
}

#[test]
fn extensions_with_a_direction_are_answered_with_one() {
    let (_, answer) = accept("firefox-slots");
    let sections = sections(&answer.sdp);
    assert!(sections[1].contains(&"a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"));
    let slot = &sections[usize::from(answer.sections.video_slots[0].mline.0)];
    assert!(
        slot.iter().any(
            |line| line.ends_with("/sendonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay")
        )
    );
}

#[test]
fn the_ufrag_is_the_answers() {
    let (_, answer) = accept("chromium");
    assert!(
        answer
            .sdp
            .contains(&format!("\r\na=ice-ufrag:{}\r\n", answer.ufrag))
    );
}

#[test]
fn every_peer_has_its_own_credentials_and_ssrcs() {
    let factory = factory();
    let offer = offer("chromium-slots");
    let first = factory.accept(origin(), &offer, false).unwrap().1;
    let second = factory.accept(origin(), &offer, false).unwrap().1;
    assert_ne!(first.ufrag, second.ufrag);
    let ssrc = |answer: &Answer| {
        answer
            .sdp
            .lines()
            .find(|line| line.starts_with("a=ssrc:"))
            .map(str::to_owned)
    };
    assert_ne!(ssrc(&first), ssrc(&second));
    let fingerprint = |answer: &Answer| {
        answer
            .sdp
            .lines()
            .find(|line| line.starts_with("a=fingerprint:"))
            .map(str::to_owned)
    };
    assert_eq!(
        fingerprint(&first),
        fingerprint(&second),
        "one certificate for all"
    );
}
