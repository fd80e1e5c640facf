//! The bare loop: what forwarding cannot do without. Each packet is encrypted for each destination (AES-128-GCM, a key for
//! each) and sent from one socket, a burst to a destination with one segmented send. Nothing is received, looked up,
//! rewritten, paced or repaired. A server's cost per packet is judged as a multiple of this one's, measured in the same
//! minute on the same machine.

mod options;
mod sockets;

pub use options::{bare, bare_command};

use anyhow::{Result, anyhow};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustix::time::{ClockId, clock_gettime};
use sockets::Sockets;
use std::time::Duration;

/// RTP header of a forwarded packet: fixed part, one CSRC, and one-byte extensions for transport-cc (RFC 3550, RFC 8285).
const HEADER_BYTES: usize = 12 + 4 + 8;
/// Of AES-GCM in SRTP (RFC 7714).
const TAG_BYTES: usize = 16;
/// CPU time measured, when not told otherwise.
pub const USUAL_TIME: Duration = Duration::from_millis(500);
/// Rounds before it counts: caches and socket buffers are as they stay.
const WARM_UP_ROUNDS: u32 = 3;

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bare {
    /// Destinations.
    pub destinations: usize,
    /// Packets to each in a row.
    pub burst: usize,
    /// RTP payload of each packet in bytes.
    pub payload_bytes: usize,
}

/// What it cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Packets sent.
    pub packets: u64,
    /// CPU time of the thread.
    pub cpu: Duration,
    /// Packets that came out again.
    pub arrived: u64,
}

impl Cost {
    /// CPU time of one packet in microseconds.
    pub fn us_per_packet(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.packets.max(1) as f64
    }
}

impl Bare {
    /// Runs until it has used this much CPU time. Blocks the thread.
    ///
    /// # Errors
    /// When sockets cannot be opened, or nothing can be sent.
    pub fn measure(&self, time: Duration) -> Result<Cost> {
        let mut sockets = Sockets::open(self.destinations)?;
        let keys = (0..self.destinations).map(key).collect::<Result<Vec<_>>>()?;
        let payload = vec![7; self.payload_bytes];
        let mut segments = Vec::with_capacity(self.burst * (HEADER_BYTES + self.payload_bytes + TAG_BYTES));
        let (mut cost, mut round) = (Cost::default(), 0u32);
        while cost.cpu < time {
            let before = cpu_time();
            let mut sent = 0;
            for (destination, key) in keys.iter().enumerate() {
                segments.clear();
                for packet in 0..self.burst {
                    seal(
                        key,
                        u64::from(round) * self.burst as u64 + packet as u64,
                        &payload,
                        &mut segments,
                    )?;
                }
                sent += sockets.send(destination, &segments, self.burst)?;
            }
            let used = cpu_time().saturating_sub(before);
            let arrived = sockets.empty();
            round += 1;
            if round > WARM_UP_ROUNDS {
                cost.packets += sent;
                cost.cpu += used;
                cost.arrived += arrived;
            }
        }
        Ok(cost)
    }
}

fn key(destination: usize) -> Result<LessSafeKey> {
    let mut bytes = [0; 16];
    bytes
        .iter_mut()
        .zip(destination.to_be_bytes())
        .for_each(|(byte, of)| *byte = of);
    let key = UnboundKey::new(&AES_128_GCM, &bytes).map_err(|_| anyhow!("AES-128-GCM takes no key"))?;
    Ok(LessSafeKey::new(key))
}

/// Appends an SRTP packet: header in the clear, payload encrypted, tag (RFC 7714 §5).
fn seal(key: &LessSafeKey, number: u64, payload: &[u8], segments: &mut Vec<u8>) -> Result<()> {
    let mut header = [0; HEADER_BYTES];
    header[0] = 0x91;
    header[2..10].copy_from_slice(&number.to_be_bytes());
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    segments.extend_from_slice(&header);
    let start = segments.len();
    segments.extend_from_slice(payload);
    let body = segments.get_mut(start..).unwrap_or_default();
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(header), body)
        .map_err(|_| anyhow!("the packet is too long to encrypt"))?;
    segments.extend_from_slice(tag.as_ref());
    Ok(())
}

/// CPU time of this thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let [seconds, nanos] = [time.tv_sec, time.tv_nsec].map(|part| u64::try_from(part).unwrap_or(0));
    Duration::from_secs(seconds) + Duration::from_nanos(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_counted_and_arrives() {
        for burst in [1, 10] {
            let bare = Bare {
                destinations: 5,
                burst,
                payload_bytes: 1_100,
            };
            let cost = bare.measure(Duration::from_millis(2)).unwrap();
            assert!(
                cost.packets > 0 && cost.packets.is_multiple_of(5 * burst as u64),
                "{cost:?}"
            );
            assert_eq!(cost.arrived, cost.packets);
            assert!(cost.us_per_packet() > 0.0);
        }
    }

    #[test]
    fn a_packet_can_be_decrypted_and_each_is_another() {
        let (key, payload) = (key(1).unwrap(), [9; 100]);
        let mut segments = Vec::new();
        seal(&key, 5, &payload, &mut segments).unwrap();
        seal(&key, 6, &payload, &mut segments).unwrap();
        let len = HEADER_BYTES + payload.len() + TAG_BYTES;
        let (first, second) = segments.split_at_mut(len);
        assert!(second.len() == len && first[HEADER_BYTES..] != second[HEADER_BYTES..]);
        let (header, body) = second.split_at_mut(HEADER_BYTES);
        let mut nonce = [0; 12];
        nonce[11] = 6;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plain = key.open_in_place(nonce, Aad::from(header), body).unwrap();
        assert_eq!(plain, payload);
    }
}
