//! Offers as browsers write them, and the part of an SDP that `rtc` negotiates for the client.

/// Put media sections behind the data section of an `rtc` offer.
pub(super) fn bundle(offer: &str, media: &[String]) -> String {
    let mids: Vec<&str> = media.iter().map(|s| mid(s)).collect();
    let mut sdp = String::new();
    let mut transport = Vec::new();
    let mut data_mid = "";
    for line in offer.lines() {
        if line.starts_with("a=ice-ufrag")
            || line.starts_with("a=ice-pwd")
            || line.starts_with("a=fingerprint")
        {
            transport.push(line);
        }
        if let Some(mid) = line.strip_prefix("a=mid:") {
            data_mid = mid;
        }
    }
    for line in offer.lines() {
        if line.starts_with("a=group:BUNDLE") {
            sdp += &format!("a=group:BUNDLE {data_mid} {}\r\n", mids.join(" "));
        } else {
            sdp += &format!("{line}\r\n");
        }
    }
    for section in media {
        sdp += section;
        for line in &transport {
            if !line.starts_with("a=fingerprint") || !offer.contains("\r\na=fingerprint") {
                sdp += &format!("{line}\r\n");
            }
        }
        sdp += "a=setup:actpass\r\na=rtcp-mux\r\n";
    }
    sdp
}

fn mid(section: &str) -> &str {
    section
        .lines()
        .find_map(|line| line.strip_prefix("a=mid:"))
        .unwrap()
}

/// The session and the application section of an SDP.
pub(super) fn data_only(answer: &str) -> String {
    let mut sdp = String::new();
    let mut keep = true;
    let data_mid = answer
        .split("m=application")
        .nth(1)
        .and_then(|section| section.lines().find_map(|line| line.strip_prefix("a=mid:")));
    for line in answer.lines() {
        if let Some(rest) = line.strip_prefix("m=") {
            keep = rest.starts_with("application");
        }
        if line.starts_with("a=group:BUNDLE") {
            sdp += &format!("a=group:BUNDLE {}\r\n", data_mid.unwrap());
        } else if keep {
            sdp += &format!("{line}\r\n");
        }
    }
    sdp
}

pub const MID_EXT: u8 = 4;
pub const RID_EXT: u8 = 10;
pub const REPAIRED_EXT: u8 = 11;
pub const AUDIO_LEVEL_EXT: u8 = 1;
pub const TRANSPORT_CC_EXT: u8 = 3;
pub const ORIENTATION_EXT: u8 = 13;
pub const OPUS: u8 = 111;
pub const RED: u8 = 63;
pub const VP8: u8 = 96;
pub const RTX: u8 = 97;

/// An audio section as Chromium writes it.
pub fn audio(mid: &str, direction: &str) -> String {
    format!(
        "m=audio 9 UDP/TLS/RTP/SAVPF {OPUS} {RED} 9\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\n\
         a=extmap:{AUDIO_LEVEL_EXT} urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
         a=extmap:{TRANSPORT_CC_EXT} http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
         a=extmap:{MID_EXT} urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
         a=rtpmap:{OPUS} opus/48000/2\r\na=rtcp-fb:{OPUS} transport-cc\r\na=fmtp:{OPUS} minptime=10;useinbandfec=1\r\n\
         a=rtpmap:{RED} red/48000/2\r\na=fmtp:{RED} {OPUS}/{OPUS}\r\na=rtpmap:9 G722/8000\r\n"
    )
}

/// A video section as Chromium writes it; `rids` for simulcast.
pub fn video(mid: &str, direction: &str, rids: &[&str]) -> String {
    let mut section = format!(
        "m=video 9 UDP/TLS/RTP/SAVPF {VP8} {RTX} 98\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\n\
         a=extmap:{ORIENTATION_EXT} urn:3gpp:video-orientation\r\n\
         a=extmap:{TRANSPORT_CC_EXT} http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
         a=extmap:{MID_EXT} urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
         a=extmap:{RID_EXT} urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n\
         a=extmap:{REPAIRED_EXT} urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n\
         a=rtpmap:{VP8} VP8/90000\r\na=rtcp-fb:{VP8} goog-remb\r\na=rtcp-fb:{VP8} transport-cc\r\n\
         a=rtcp-fb:{VP8} ccm fir\r\na=rtcp-fb:{VP8} nack\r\na=rtcp-fb:{VP8} nack pli\r\n\
         a=rtpmap:{RTX} rtx/90000\r\na=fmtp:{RTX} apt={VP8}\r\na=rtpmap:98 VP9/90000\r\n"
    );
    if !rids.is_empty() {
        for rid in rids {
            section += &format!("a=rid:{rid} send\r\n");
        }
        section += &format!("a=simulcast:send {}\r\n", rids.join(";"));
    }
    section
}

/// Microphone, camera in three layers, three audio and three video slots.
pub fn usual_sections() -> Vec<String> {
    let mut sections = vec![
        audio("mic", "sendonly"),
        video("cam", "sendonly", &["q", "h", "f"]),
    ];
    sections.extend((0..3).map(|i| video(&format!("v{i}"), "recvonly", &[])));
    sections.extend((0..3).map(|i| audio(&format!("a{i}"), "recvonly")));
    sections
}
