//! A recorded offer with some of its lines changed, and later ones made of it in the same way.

use super::answer;
use crate::input::Short;
use crate::offers::{CONFIG, RECORDED};
use arbitrary::{Arbitrary, Unstructured};
use peer::fuzzing::Negotiation;
use rtc::sdp::description::session::SessionDescription;

#[derive(Debug, Arbitrary)]
struct Input {
    recorded: u8,
    first: Vec<(u16, Edit)>,
    later: Vec<Vec<(u16, Edit)>>,
}

/// What becomes of a line.
#[derive(Debug, Arbitrary)]
enum Edit {
    Delete,
    Repeat,
    /// With the line so much further down.
    Swap(u8),
    /// A line of another place of the offer, in front of it.
    Copy(u16),
    /// One of its words is another's.
    Word(u8, u16, u8),
    /// One of its words is a number.
    Number(u8, u32),
    /// One of its words is this.
    Text(u8, Short),
    /// The whole section that it is in once more, with another mid.
    Section(u8),
}

/// Offers, in structured form.
pub fn sdp_reoffer(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else { return };
    let recorded = RECORDED[usize::from(input.recorded) % RECORDED.len()];
    let mut lines: Vec<String> = recorded.lines().map(str::to_owned).collect();
    edit(&mut lines, input.first);
    let offer = lines.join("\r\n") + "\r\n";
    let Ok(mut session) = Negotiation::first(&offer, &CONFIG) else { return };
    answer::check(&offer, &session, false);
    for edits in input.later.into_iter().take(4) {
        let mut changed = lines.clone();
        edit(&mut changed, edits);
        let offer = changed.join("\r\n") + "\r\n";
        let Ok(next) = session.next(&offer, &CONFIG) else { continue };
        answer::check(&offer, &next, true);
        let (before, after) = (session.sections(), next.sections());
        assert!(after.publish.starts_with(&before.publish), "what was negotiated stays");
        assert!(after.video_slots.starts_with(&before.video_slots));
        assert!(after.audio_slots.starts_with(&before.audio_slots));
        let (before, after) = (session.answer(&CONFIG), next.answer(&CONFIG));
        let sections = |sdp: &str| sdp.split("\r\nm=").skip(1).map(str::to_owned).collect::<Vec<_>>();
        for (before, after) in sections(&before).iter().zip(sections(&after)) {
            assert_eq!(before.trim_end(), after.trim_end(), "a section's answer stays as it was");
        }
        (session, lines) = (next, changed);
    }
    assert!(SessionDescription::unmarshal(&mut std::io::Cursor::new(session.answer(&CONFIG))).is_ok());
}

fn edit(lines: &mut Vec<String>, edits: Vec<(u16, Edit)>) {
    for (at, edit) in edits.into_iter().take(24) {
        if lines.is_empty() || lines.len() > 2_000 {
            return;
        }
        let place = |number: u16| usize::from(number) % lines.len();
        let (at, line) = (place(at), lines[place(at)].clone());
        match edit {
            Edit::Delete => drop(lines.remove(at)),
            Edit::Repeat => lines.insert(at, line),
            Edit::Swap(by) => {
                let other = (at + usize::from(by)).min(lines.len() - 1);
                lines.swap(at, other);
            }
            Edit::Copy(from) => lines.insert(at, lines[place(from)].clone()),
            Edit::Word(which, from, other) => {
                let words = words(&lines[place(from)]);
                let word = words[usize::from(other) % words.len()].to_owned();
                lines[at] = with_word(&line, which, &word);
            }
            Edit::Number(which, number) => lines[at] = with_word(&line, which, &number.to_string()),
            Edit::Text(which, Short(text)) => {
                lines[at] = with_word(&line, which, &String::from_utf8_lossy(&text));
            }
            Edit::Section(mid) => repeat_section(lines, at, mid),
        }
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split(SEPARATORS).collect()
}

const SEPARATORS: [char; 6] = [' ', ':', '/', ';', '=', ','];

/// The line with another word in one place; what separates words stays.
fn with_word(line: &str, which: u8, word: &str) -> String {
    let pieces: Vec<&str> = line.split_inclusive(SEPARATORS).collect();
    let Some(count) = pieces.len().checked_sub(1) else { return word.to_owned() };
    let which = usize::from(which) % (count + 1);
    let mut out = String::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        if index == which {
            out.push_str(word);
            out.extend(piece.chars().next_back().filter(|end| SEPARATORS.contains(end)));
        } else {
            out.push_str(piece);
        }
    }
    out
}

/// The section around a line, repeated at the end and in the bundle.
fn repeat_section(lines: &mut Vec<String>, at: usize, mid: u8) {
    let starts = |line: &String| line.starts_with("m=");
    let Some(start) = lines[..=at].iter().rposition(starts) else { return };
    let end = lines[start + 1..].iter().position(starts).map_or(lines.len(), |end| start + 1 + end);
    let mut section = lines[start..end].to_vec();
    let mid = format!("x{mid}");
    for line in section.iter_mut().filter(|line| line.starts_with("a=mid:")) {
        *line = format!("a=mid:{mid}");
    }
    for line in lines.iter_mut().filter(|line| line.starts_with("a=group:BUNDLE")) {
        line.push(' ');
        line.push_str(&mid);
    }
    lines.append(&mut section);
}
