//! Transport-wide feedback is negotiated where the client offers both the header extension and the feedback; REMB where
//! it does not.

mod support;

use support::{TRANSPORT_CC_EXT, World, audio, usual_sections, video};

/// The lines of the answer's section with this mid that are about bandwidth.
fn lines(answer: &str, mid: &str) -> Vec<String> {
    let section = answer
        .split("\r\nm=")
        .find(|section| section.contains(&format!("a=mid:{mid}\r\n")))
        .unwrap();
    let about = |line: &&str| line.contains("transport") || line.contains("remb");
    section.lines().filter(about).map(str::to_owned).collect()
}

/// A section without the lines that contain this.
fn without(section: &str, text: &str) -> String {
    let kept = section.lines().filter(|line| !line.contains(text));
    kept.map(|line| format!("{line}\r\n")).collect()
}

fn answer(sections: &[String]) -> String {
    World::new(sections, Default::default(), false).first_answer.sdp
}

#[test]
fn a_slot_that_offers_it_reports_on_transport_wide_numbers() {
    let answer = answer(&usual_sections());
    for (mid, payload_type) in [("v0", 96), ("a0", 111)] {
        let lines = lines(&answer, mid);
        assert!(
            lines[0].starts_with(&format!("a=extmap:{TRANSPORT_CC_EXT} ")),
            "{lines:?}"
        );
        assert!(
            lines.contains(&format!("a=rtcp-fb:{payload_type} transport-cc")),
            "{lines:?}"
        );
        assert!(!lines.iter().any(|line| line.contains("remb")), "{lines:?}");
    }
}

#[test]
fn a_slot_without_the_extension_or_the_feedback_falls_back_to_remb() {
    for missing in ["holmer", "transport-cc"] {
        let slot = without(&video("v0", "recvonly", &[]), missing);
        let sound = without(&audio("a0", "recvonly"), missing);
        let answer = answer(&[slot, sound, video("v1", "recvonly", &[])]);
        assert_eq!(
            lines(&answer, "v0"),
            ["a=rtcp-fb:96 goog-remb"],
            "without {missing}"
        );
        assert_eq!(lines(&answer, "a0"), [""; 0], "without {missing}");
        assert!(lines(&answer, "v1").len() >= 2, "another section is on its own");
    }
}
