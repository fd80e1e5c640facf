//! What must hold of every answer.

use crate::offers::CONFIG;
use media::plane::Sections;
use peer::fuzzing::Negotiation;
use rtc::sdp::description::media::MediaDescription;
use rtc::sdp::description::session::SessionDescription;
use std::collections::BTreeSet;
use std::io::Cursor;

fn values<'a>(media: &'a MediaDescription, key: &'a str) -> impl Iterator<Item = &'a str> {
    let of_key = media
        .attributes
        .iter()
        .filter(move |attribute| attribute.key == key);
    of_key.filter_map(|attribute| attribute.value.as_deref())
}

fn all_differ<T: Ord>(mut values: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    values.all(|value| seen.insert(value))
}

fn first_word(value: &str) -> &str {
    value.trim().split([' ', '\t', '/']).next().unwrap_or_default()
}

/// Checks the answer to this offer, and what the rest of the server is told of it. A later offer that lists less is
/// answered with what was negotiated.
pub(super) fn check(offer: &str, negotiation: &Negotiation, later: bool) {
    let answer = negotiation.answer(&CONFIG);
    // Whatever is echoed was sent, and each section brings a few lines of ours.
    assert!(
        answer.len() <= 4 * offer.len() + 2_000 * 65,
        "{} bytes",
        answer.len()
    );
    for line in answer.split_terminator("\r\n") {
        assert_eq!(line.as_bytes().get(1), Some(&b'='), "{line:?}");
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
    }
    let read = SessionDescription::unmarshal(&mut Cursor::new(answer.as_bytes()))
        .unwrap_or_else(|error| panic!("{error}: {answer}"));
    let offered = SessionDescription::unmarshal(&mut Cursor::new(offer.as_bytes())).expect("it was accepted");
    let sections = &read.media_descriptions;
    assert_eq!(sections.len(), offered.media_descriptions.len(), "{answer}");
    for (section, offered) in sections.iter().zip(&offered.media_descriptions) {
        check_section(section, offered);
        if !later {
            check_offered(section, offered);
        }
    }
    let sources = || sections.iter().flat_map(|section| values(section, "ssrc"));
    let numbers: BTreeSet<&str> = sources().map(first_word).collect();
    let groups = sections.iter().flat_map(|section| values(section, "ssrc-group"));
    assert!(
        all_differ(groups.flat_map(|group| group.split(' ').skip(1))),
        "{answer}"
    );
    assert_eq!(2 * numbers.len(), sources().count(), "two lines each: {answer}");
    check_sections(&negotiation.sections(), sections);
}

fn check_section(section: &MediaDescription, offered: &MediaDescription) {
    let text = || format!("{section:?}");
    let (name, other) = (&section.media_name, &offered.media_name);
    assert_eq!(name.media, other.media, "{}", text());
    let mid = |of| values(of, "mid").next().map(str::trim);
    assert_eq!(mid(section), mid(offered), "{}", text());
    if name.port.value == 0 || name.media == "application" {
        return;
    }
    assert!(all_differ(name.formats.iter()), "payload types: {}", text());
    for key in ["rtpmap", "fmtp", "extmap", "rid"] {
        assert!(
            all_differ(values(section, key).map(first_word)),
            "{key}: {}",
            text()
        );
    }
    for key in ["rtpmap", "fmtp", "rtcp-fb"] {
        let known = |value| name.formats.iter().any(|format| format == first_word(value));
        assert!(values(section, key).all(known), "{key}: {}", text());
    }
    let mapped: Vec<&str> = values(section, "rtpmap").map(first_word).collect();
    assert!(
        name.formats
            .iter()
            .all(|format| mapped.contains(&format.as_str())),
        "{}",
        text()
    );
}

/// Only what was offered is promised.
fn check_offered(section: &MediaDescription, offered: &MediaDescription) {
    if section.media_name.port.value == 0 || section.media_name.media == "application" {
        return;
    }
    let text = || format!("{section:?}");
    assert_eq!(section.media_name.protos, offered.media_name.protos, "{}", text());
    let mut formats = section.media_name.formats.iter();
    assert!(
        formats.all(|format| offered.media_name.formats.contains(format)),
        "{}",
        text()
    );
    let ids: Vec<&str> = values(offered, "extmap").map(first_word).collect();
    assert!(
        values(section, "extmap").all(|value| ids.contains(&first_word(value))),
        "{}",
        text()
    );
}

fn check_sections(told: &Sections, answered: &[MediaDescription]) {
    let publish = told
        .publish
        .iter()
        .map(|section| (section.mline, &section.mid, "recvonly"));
    let slots = told.video_slots.iter().chain(&told.audio_slots);
    let all: Vec<_> = publish
        .chain(slots.map(|slot| (slot.mline, &slot.mid, "sendonly")))
        .collect();
    assert!(all_differ(all.iter().map(|(mline, ..)| mline.0)));
    for (mline, mid, direction) in all {
        let section = &answered[usize::from(mline.0)];
        assert_eq!(values(section, "mid").next(), Some(mid.as_str()));
        assert!(
            section
                .attributes
                .iter()
                .any(|attribute| attribute.key == direction)
        );
    }
    for section in &told.publish {
        assert!(all_differ(section.rids.iter()), "rids: {:?}", section.rids);
        assert!(section.rids.len() <= media::id::MAX_LAYERS);
    }
    assert!(told.publish.len() <= CONFIG.max_publish);
    assert!(told.video_slots.len().max(told.audio_slots.len()) <= CONFIG.max_slots);
}
