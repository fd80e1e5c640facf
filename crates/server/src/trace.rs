//! A file that tells why a participant's pictures are as good as they are: one JSON object a line.
//!
//! | field | of | is |
//! |---|---|---|
//! | `ms` | all | milliseconds since the Unix epoch |
//! | `participant` | all | whose downlink |
//! | `reason`, `before`, `after` | decisions | why the estimate changed, and from what to what, in bit/s |
//! | `target`, `stable`, `loss`, `round_trip_ms`, `queue_ms` | once a second | the estimate in bit/s, its recent minimum, the share lost, round trip, what waits in the path's queue |
//! | `slot`, `track`, `state` | slots | what flows through an m-line from now on, or why nothing does |

use media::ParticipantId;
use media::plane::{MediaEvent, SlotState};
use prometheus::IntCounter;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Lines that may wait for the disk. When full, lines are lost and counted: calls go on.
const QUEUE: usize = 4_096;

/// Takes events and writes them down. Dropping it waits until what was noted is in the file.
pub(crate) struct Trace {
    /// `None` only while it is dropped.
    lines: Option<SyncSender<String>>,
    writer: Option<JoinHandle<()>>,
    lost: IntCounter,
    /// One instant on both clocks.
    epoch: (Instant, f64),
}

impl Trace {
    /// Appends to a file, which is made when it is not there.
    ///
    /// # Errors
    /// When it cannot be opened for writing.
    pub(crate) fn open(path: &Path, lost: IntCounter) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let (lines, waiting) = sync_channel(QUEUE);
        let errors = lost.clone();
        let writer = thread::Builder::new()
            .name("plenum-trace".into())
            .spawn(move || write(file, &waiting, &errors))?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            lines: Some(lines),
            writer: Some(writer),
            lost,
            epoch: (Instant::now(), since.as_secs_f64() * 1_000.0),
        })
    }

    /// Writes the event down, if it is one of those that explain pictures.
    pub(crate) fn note(&self, event: &MediaEvent) {
        if let (Some(lines), Some(line)) = (&self.lines, self.line(event, Instant::now()))
            && lines.try_send(line.to_string()).is_err()
        {
            self.lost.inc();
        }
    }

    fn ms(&self, at: Instant) -> f64 {
        let (origin, epoch) = self.epoch;
        let since = at.saturating_duration_since(origin).as_secs_f64()
            - origin.saturating_duration_since(at).as_secs_f64();
        (epoch + since * 1_000.0).round()
    }

    fn line(&self, event: &MediaEvent, now: Instant) -> Option<Value> {
        let whose =
            |participant: &ParticipantId, at| json!({ "ms": self.ms(at), "participant": participant });
        let (mut line, more) = match event {
            MediaEvent::Estimate {
                participant,
                at,
                reason,
                before,
                after,
            } => (
                whose(participant, *at),
                json!({ "reason": reason, "before": before.0, "after": after.0 }),
            ),
            MediaEvent::Downlink {
                participant,
                target,
                stable,
                loss,
                round_trip,
                queue,
            } => (
                whose(participant, now),
                json!({
                    "target": target.0,
                    "stable": stable.0,
                    "loss": (loss * 1_000.0).round() / 1_000.0,
                    "round_trip_ms": round_trip.as_millis() as u64,
                    "queue_ms": queue.as_millis() as u64,
                }),
            ),
            MediaEvent::SlotState {
                participant,
                slot,
                track,
                state,
            } => {
                let state = match state {
                    SlotState::Live => "live".to_owned(),
                    SlotState::Switching => "switching".to_owned(),
                    SlotState::Paused(why) => format!("paused: {why:?}").to_lowercase(),
                };
                (
                    whose(participant, now),
                    json!({ "slot": slot.0, "track": track, "state": state }),
                )
            }
            _ => return None,
        };
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
        Some(line)
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // Without a sender the thread ends.
        self.lines = None;
        if self.writer.take().is_some_and(|writer| writer.join().is_err()) {
            self.lost.inc();
        }
    }
}

/// Writes until nobody can send any more. What waits is on the disk whenever nothing more comes.
fn write(file: File, lines: &Receiver<String>, lost: &IntCounter) {
    let mut file = BufWriter::new(file);
    loop {
        let line = match lines.try_recv() {
            Ok(line) => line,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {
                flush(&mut file, lost);
                match lines.recv() {
                    Ok(line) => line,
                    Err(_) => break,
                }
            }
        };
        // A full disk costs lines, not calls.
        if writeln!(file, "{line}").is_err() {
            lost.inc();
        }
    }
    flush(&mut file, lost);
}

fn flush(file: &mut BufWriter<File>, lost: &IntCounter) {
    if file.flush().is_err() {
        lost.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::plane::PauseReason;
    use media::{Bitrate, MLineIndex, TrackId};
    use std::time::Duration;

    fn events(at: Instant) -> [MediaEvent; 4] {
        let participant = ParticipantId(7);
        [
            MediaEvent::Estimate {
                participant,
                at,
                reason: "probe",
                before: Bitrate(300_000),
                after: Bitrate(900_000),
            },
            MediaEvent::Downlink {
                participant,
                target: Bitrate(900_000),
                stable: Bitrate(300_000),
                loss: 0.0204,
                round_trip: Duration::from_millis(48),
                queue: Duration::ZERO,
            },
            MediaEvent::SlotState {
                participant,
                slot: MLineIndex(4),
                track: Some(TrackId(3)),
                state: SlotState::Paused(PauseReason::Bandwidth),
            },
            MediaEvent::Silent {
                participant,
                seconds: 3,
            },
        ]
    }

    #[test]
    fn what_explains_pictures_is_a_line_each_and_nothing_else_is() {
        let path = std::env::temp_dir().join(format!("plenum-trace-{}.jsonl", std::process::id()));
        let lost = IntCounter::new("lost", "lost").unwrap();
        let trace = Trace::open(&path, lost.clone()).unwrap();
        let at = Instant::now();
        events(at).iter().for_each(|event| trace.note(event));
        let expected: Vec<Value> = events(at)
            .iter()
            .filter_map(|event| trace.line(event, at))
            .collect();
        drop(trace);
        let written = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let lines: Vec<Value> = written
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0], expected[0]);
        assert_eq!(lines[0]["participant"], "p_00000007");
        assert_eq!(lines[0]["after"], 900_000);
        assert_eq!(lines[1]["loss"], 0.02);
        assert_eq!(lines[2]["state"], "paused: bandwidth");
        assert_eq!(lost.get(), 0);
    }

    #[test]
    fn lines_that_find_the_disk_full_are_counted() {
        let lost = IntCounter::new("lost", "lost").unwrap();
        let trace = Trace::open(Path::new("/dev/full"), lost.clone()).unwrap();
        events(Instant::now()).iter().for_each(|event| trace.note(event));
        drop(trace);
        assert!(lost.get() > 0);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error_at_the_start() {
        let lost = IntCounter::new("lost", "lost").unwrap();
        assert!(Trace::open(Path::new("/proc/nothing/trace"), lost).is_err());
    }
}
