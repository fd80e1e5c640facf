//! What is left of a run in the server: memory, descriptors, peer connections, when everybody has gone.

use crate::engine::server::Look;
use crate::report::model::Sample;
use std::fmt::Write as _;

/// Memory is shown this often, in seconds.
const MEMORY_EVERY_S: f64 = 300.0;

/// The server before the first join and after the last leave, and its memory in between; empty when it was not seen.
pub fn leftovers(before: Option<&Look>, after: Option<&Look>, samples: &[Sample]) -> String {
    let (Some(before), Some(after)) = (before, after) else {
        return String::new();
    };
    let mut text = String::new();
    let mut row = |name: &str, look: &Look| {
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{name:<14}{:.1} MB, {} descriptors, {} threads{}",
            megabytes(look.resident_bytes),
            look.descriptors,
            look.threads,
            look.peers
                .map_or(String::new(), |peers| format!(", {peers} peer connections"))
        );
    };
    row("server before", before);
    row("server after", after);
    let mut next = MEMORY_EVERY_S;
    let mut memory = Vec::new();
    for sample in samples {
        let Some(server) = sample.server.filter(|_| sample.at_s >= next) else {
            continue;
        };
        next += MEMORY_EVERY_S;
        let minutes = (sample.at_s / 60.0).round();
        memory.push(format!(
            "{minutes} min {:.1} MB",
            megabytes(server.resident_bytes)
        ));
    }
    if !memory.is_empty() {
        let _ = writeln!(text, "{:<14}{}", "memory", memory.join(", "));
    }
    text
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::ServerSample;

    #[test]
    fn what_is_left_is_shown_beside_what_was_and_memory_every_five_minutes() {
        let look = |descriptors, peers| Look {
            resident_bytes: 50_000_000,
            descriptors,
            peers: Some(peers),
            threads: 6,
            ..Look::default()
        };
        let sample = |second: u32| Sample {
            at_s: f64::from(second),
            server: Some(ServerSample {
                resident_bytes: u64::from(second) * 100_000,
                ..ServerSample::default()
            }),
            ..Sample::default()
        };
        let samples: Vec<Sample> = (1..=700).map(sample).collect();
        let text = leftovers(Some(&look(12, 0)), Some(&look(14, 1)), &samples);
        assert!(
            text.contains("server before 50.0 MB, 12 descriptors, 6 threads, 0 peer connections\n"),
            "{text}"
        );
        assert!(
            text.contains("server after  50.0 MB, 14 descriptors, 6 threads, 1 peer connections\n"),
            "{text}"
        );
        assert!(text.contains("5 min 30.0 MB, 10 min 60.0 MB\n"), "{text}");
        assert_eq!(leftovers(None, Some(&look(1, 1)), &samples), "");
    }
}
