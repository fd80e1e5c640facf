//! What the client reads out of descriptions itself; `rtc` reads the rest.

use media::Kind;
use std::net::{IpAddr, SocketAddr};

/// One m-line of an answer.
#[derive(Debug, Clone, Default)]
pub(super) struct AnsweredSection {
    pub(super) kind: Option<Kind>,
    pub(super) mid: String,
    /// What the answerer sends here, retransmissions left out.
    pub(super) ssrc: Option<u32>,
    /// What carries its retransmissions.
    pub(super) repair_ssrc: Option<u32>,
    /// Header extensions: URI and id.
    pub(super) extensions: Vec<(String, u8)>,
}

/// An answer, as far as the client looks.
#[derive(Debug, Clone, Default)]
pub(super) struct Answered {
    pub(super) ufrag: String,
    pub(super) pwd: String,
    pub(super) udp: Vec<SocketAddr>,
    pub(super) tcp: Vec<SocketAddr>,
    pub(super) sections: Vec<AnsweredSection>,
}

impl Answered {
    pub(super) fn parse(sdp: &str) -> Self {
        let mut answer = Self::default();
        for line in sdp.lines() {
            let line = line.trim_end();
            if let Some(media) = line.strip_prefix("m=") {
                answer.sections.push(media_line(media));
            } else if let Some(attribute) = line.strip_prefix("a=") {
                answer.attribute(attribute);
            }
        }
        answer
    }

    fn attribute(&mut self, attribute: &str) {
        let (key, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        match key {
            "ice-ufrag" => value.clone_into(&mut self.ufrag),
            "ice-pwd" => value.clone_into(&mut self.pwd),
            "candidate" => self.candidate(value),
            _ => {}
        }
        let Some(section) = self.sections.last_mut() else {
            return;
        };
        match key {
            "mid" => value.clone_into(&mut section.mid),
            "ssrc" if section.ssrc.is_none() => section.ssrc = first_number(value),
            // `FID primary rtx`: the group may come before or after the ssrc lines.
            "ssrc-group" => {
                if let Some(group) = value.strip_prefix("FID ") {
                    section.ssrc = first_number(group);
                    section.repair_ssrc = group.split_whitespace().nth(1).and_then(|word| word.parse().ok());
                }
            }
            "extmap" => {
                let mut words = value.split_whitespace();
                let id = words.next().and_then(|id| id.split('/').next()?.parse().ok());
                if let (Some(id), Some(uri)) = (id, words.next()) {
                    section.extensions.push((uri.to_owned(), id));
                }
            }
            _ => {}
        }
    }

    fn candidate(&mut self, value: &str) {
        let words: Vec<&str> = value.split_whitespace().collect();
        let [_, component, transport, _, ip, port, ..] = words.as_slice() else {
            return;
        };
        let (Ok(ip), Ok(port), true) = (ip.parse::<IpAddr>(), port.parse(), *component == "1") else {
            return;
        };
        let list = if transport.eq_ignore_ascii_case("udp") {
            &mut self.udp
        } else {
            &mut self.tcp
        };
        let address = SocketAddr::new(ip, port);
        if !list.contains(&address) {
            list.push(address);
        }
    }
}

fn media_line(media: &str) -> AnsweredSection {
    let kind = match media.split_whitespace().next() {
        Some("audio") => Some(Kind::Audio),
        Some("video") => Some(Kind::Video),
        _ => None,
    };
    AnsweredSection {
        kind,
        ..AnsweredSection::default()
    }
}

fn first_number(text: &str) -> Option<u32> {
    text.split_whitespace().next()?.parse().ok()
}

/// An attribute's value, wherever it occurs first.
pub(super) fn attribute<'a>(sdp: &'a str, key: &str) -> Option<&'a str> {
    sdp.lines()
        .filter_map(|line| line.trim_end().strip_prefix("a=")?.split_once(':'))
        .find_map(|(k, value)| (k == key).then_some(value))
}
