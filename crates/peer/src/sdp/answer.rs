//! Writing the answer.

use crate::sdp::offer::Direction;
use crate::sdp::session::{Role, Section, Session};
use crate::sdp::transport::LocalTransport;
use std::fmt::Write;
use std::net::SocketAddr;

/// What an answer says besides the sections.
pub(crate) struct AnswerParameters<'a> {
    pub(crate) local: &'a LocalTransport,
    /// `a=fingerprint` value: algorithm and hash.
    pub(crate) fingerprint: &'a str,
    pub(crate) candidates: &'a [SocketAddr],
    pub(crate) max_message_bytes: usize,
    pub(crate) session_id: u64,
    /// Grows with every answer (RFC 8866 §5.2).
    pub(crate) version: u64,
}

/// The answer to the offer that led to `session`.
pub(crate) fn write(session: &Session, parameters: &AnswerParameters<'_>) -> String {
    let mut sdp = String::with_capacity(1024 * session.sections.len());
    let bundled: Vec<&str> = session
        .sections
        .iter()
        .filter(|s| s.role != Role::Refused)
        .map(|s| s.mid.as_str())
        .collect();
    line(&mut sdp, format_args!("v=0"));
    line(
        &mut sdp,
        format_args!(
            "o=- {} {} IN IP4 0.0.0.0",
            parameters.session_id, parameters.version
        ),
    );
    line(&mut sdp, format_args!("s=-"));
    line(&mut sdp, format_args!("t=0 0"));
    line(&mut sdp, format_args!("a=group:BUNDLE {}", bundled.join(" ")));
    line(&mut sdp, format_args!("a=ice-lite"));
    line(&mut sdp, format_args!("a=extmap-allow-mixed"));
    line(&mut sdp, format_args!("a=msid-semantic:WMS *"));
    // Candidates once, on the section that carries the bundle's transport (RFC 9143 §7.3.2).
    let mut candidates = parameters.candidates;
    for section in &session.sections {
        match section.role {
            Role::Refused => refused(&mut sdp, section),
            Role::Data => data(&mut sdp, section, parameters, candidates),
            Role::Publish | Role::Slot(_) | Role::Idle => media(&mut sdp, section, parameters, candidates),
        }
        if section.role != Role::Refused {
            candidates = &[];
        }
    }
    sdp
}

fn refused(sdp: &mut String, section: &Section) {
    let [media, protocol, formats] = &section.words;
    line(sdp, format_args!("m={media} 0 {protocol} {formats}"));
    line(sdp, format_args!("c=IN IP4 0.0.0.0"));
    line(sdp, format_args!("a=inactive"));
    line(sdp, format_args!("a=mid:{}", section.mid));
}

fn data(sdp: &mut String, section: &Section, parameters: &AnswerParameters<'_>, candidates: &[SocketAddr]) {
    let [_, protocol, formats] = &section.words;
    line(sdp, format_args!("m=application 9 {protocol} {formats}"));
    transport(sdp, section, parameters, candidates);
    line(sdp, format_args!("a=sctp-port:5000"));
    line(
        sdp,
        format_args!("a=max-message-size:{}", parameters.max_message_bytes),
    );
}

fn media(sdp: &mut String, section: &Section, parameters: &AnswerParameters<'_>, candidates: &[SocketAddr]) {
    let [media, protocol, _] = &section.words;
    let formats: Vec<String> = section
        .codecs
        .iter()
        .flat_map(|codec| [Some(codec.payload_type), codec.rtx])
        .flatten()
        .map(|payload_type| payload_type.to_string())
        .collect();
    line(sdp, format_args!("m={media} 9 {protocol} {}", formats.join(" ")));
    transport(sdp, section, parameters, candidates);
    let direction = match section.role {
        Role::Publish => Direction::RecvOnly,
        Role::Slot(_) => Direction::SendOnly,
        _ => Direction::Inactive,
    };
    line(sdp, format_args!("a={}", direction.as_str()));
    line(sdp, format_args!("a=rtcp-mux"));
    line(sdp, format_args!("a=rtcp-rsize"));
    for attribute in section
        .extension_lines
        .iter()
        .chain(section.codecs.iter().flat_map(|codec| &codec.lines))
    {
        line(sdp, format_args!("a={attribute}"));
    }
    if !section.rids.is_empty() {
        for rid in &section.rids {
            line(sdp, format_args!("a=rid:{rid} recv"));
        }
        line(sdp, format_args!("a=simulcast:recv {}", section.rids.join(";")));
    }
    if let Role::Slot(slot) = section.role {
        let stream = slot.stream();
        line(sdp, format_args!("a=msid:{stream} {stream}-{media}"));
        let repair = section.codecs.iter().any(|codec| codec.rtx.is_some());
        if repair {
            line(
                sdp,
                format_args!("a=ssrc-group:FID {} {}", slot.ssrc, slot.rtx_ssrc),
            );
        }
        for ssrc in [Some(slot.ssrc), repair.then_some(slot.rtx_ssrc)]
            .into_iter()
            .flatten()
        {
            line(sdp, format_args!("a=ssrc:{ssrc} cname:{stream}"));
            line(sdp, format_args!("a=ssrc:{ssrc} msid:{stream} {stream}-{media}"));
        }
    }
}

fn transport(
    sdp: &mut String,
    section: &Section,
    parameters: &AnswerParameters<'_>,
    candidates: &[SocketAddr],
) {
    line(sdp, format_args!("c=IN IP4 0.0.0.0"));
    for candidate in candidate_values(candidates) {
        line(sdp, format_args!("a={candidate}"));
    }
    if !candidates.is_empty() {
        line(sdp, format_args!("a=end-of-candidates"));
    }
    line(sdp, format_args!("a=ice-ufrag:{}", parameters.local.ufrag));
    line(sdp, format_args!("a=ice-pwd:{}", parameters.local.pwd));
    line(sdp, format_args!("a=fingerprint:{}", parameters.fingerprint));
    line(sdp, format_args!("a=setup:passive"));
    line(sdp, format_args!("a=mid:{}", section.mid));
}

/// Host candidates, UDP before TCP, in the order of the addresses (RFC 8839 §5.1, RFC 6544 §4.5). Component 1
/// carries everything.
pub(crate) fn candidate_values(addresses: &[SocketAddr]) -> impl Iterator<Item = String> + '_ {
    let one = |protocol: &'static str, type_preference: u32, suffix: &'static str| {
        addresses.iter().enumerate().map(move |(i, address)| {
            // RFC 8445 §5.1.2.1; UDP before TCP (RFC 6544 §4.2), the first address before the others.
            let local_preference = 65_535u32.saturating_sub(u32::try_from(i).unwrap_or(u32::MAX));
            let priority = (type_preference << 24) | (local_preference << 8) | 255;
            let foundation = if protocol == "udp" { 1 + 2 * i } else { 2 + 2 * i };
            let (ip, port) = (address.ip(), address.port());
            format!("candidate:{foundation} 1 {protocol} {priority} {ip} {port} typ host{suffix}")
        })
    };
    one("udp", 126, "").chain(one("tcp", 90, " tcptype passive"))
}

/// One line of SDP. Writing to a `String` cannot fail.
fn line(sdp: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = sdp.write_fmt(text);
    sdp.push_str("\r\n");
}
