//! Of each codec one flavour is answered, the one that everybody decodes, with its parameters as offered.

mod support;

use support::{World, video};

/// Formats, then `fmtp` lines of the answered slot.
fn answered(formats: &str, lines: &[&str]) -> (String, Vec<String>) {
    let mut section = video("v0", "recvonly", &[]).replace(" 98\r\n", &format!(" {formats}\r\n"));
    for line in lines {
        section += &format!("a={line}\r\n");
    }
    let answer = World::new(&[section], Default::default(), false).first_answer.sdp;
    let slot = answer.split("\r\nm=video 9 UDP/TLS/RTP/SAVPF ").nth(1).unwrap();
    let fmtp = slot.lines().filter(|line| line.starts_with("a=fmtp:"));
    (
        slot.lines().next().unwrap().to_owned(),
        fmtp.map(str::to_owned).collect(),
    )
}

#[test]
fn h264_is_constrained_baseline_in_mode_1() {
    let (formats, fmtp) = answered(
        "100 101 102 103",
        &[
            "rtpmap:100 H264/90000",
            "fmtp:100 packetization-mode=0;profile-level-id=42e01f",
            "rtpmap:101 H264/90000",
            "fmtp:101 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
            "rtpmap:102 H264/90000",
            "fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42E01F",
            "rtpmap:103 H264/90000",
            "fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f",
        ],
    );
    assert_eq!(formats, "96 97 102");
    assert!(fmtp.contains(
        &"a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42E01F".to_owned()
    ));
}

#[test]
fn h264_without_constrained_baseline_is_baseline() {
    let (formats, _) = answered(
        "100 101",
        &[
            "rtpmap:100 H264/90000",
            "fmtp:100 packetization-mode=1;profile-level-id=4d001f",
            "rtpmap:101 H264/90000",
            "fmtp:101 packetization-mode=1;profile-level-id=42001f",
        ],
    );
    assert_eq!(formats, "96 97 101");
}

#[test]
fn vp9_and_av1_are_profile_0() {
    let (formats, fmtp) = answered(
        "100 101 102 103",
        &[
            "rtpmap:100 VP9/90000",
            "fmtp:100 profile-id=2",
            "rtpmap:101 AV1/90000",
            "fmtp:101 level-idx=5;profile=1;tier=0",
            "rtpmap:102 AV1/90000",
            "fmtp:102 level-idx=5;profile=0;tier=0",
            "rtpmap:103 VP9/90000",
            "fmtp:103 max-fs=12288; profile-id=0",
        ],
    );
    assert_eq!(formats, "96 97 102 103", "in the client's order");
    assert_eq!(
        fmtp[1..],
        [
            "a=fmtp:102 level-idx=5;profile=0;tier=0".to_owned(),
            "a=fmtp:103 profile-id=0".to_owned()
        ]
    );
}
