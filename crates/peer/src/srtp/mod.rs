//! SRTP and SRTCP of one peer (RFC 3711), on the keys of `rtc`'s DTLS handshake.
//!
//! Through `rtc` a packet passes its queues, is marshalled, parsed again and copied twice before it is encrypted, which
//! costs more than the encryption itself (docs/performance.md). Here a packet is encrypted in the buffer it was written
//! to, and decrypted in the one it was received in. The ciphers are `rtc`'s; so is everything about profiles that are not
//! AES-GCM, which only clients get that are not our SDK.

mod gcm;
mod index;
pub mod keys;

pub(crate) use index::SendIndex;

use crate::slot::Plain;
use bytes::{Bytes, BytesMut};
pub(crate) use gcm::TAG_BYTES;
use gcm::{CONTROL_INDEX_BYTES, Gcm};
use index::ReplayWindow;
use keys::MasterKey;
use rtc::crypto::RTCCryptoProvider;
use rtc::rtcp;
use rtc::srtp::context::Context;
use rtc::srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc::srtp::protection_profile::ProtectionProfile;

/// Replay windows in packets (RFC 3711 §3.3.2 asks for at least 64). A path change can delay a whole burst.
const REPLAY_WINDOW_PACKETS: usize = 512;
/// Tag of RTCP in the AES-CM profiles, also in the one that shortens RTP's (RFC 5764 §4.1.2).
const CM_TAG_BYTES: usize = 10;
/// Inbound SSRCs with a window of their own: twice what a client's streams can be. When full, the one that has been
/// silent for longest makes room.
const MAX_SOURCES: usize = 2 * crate::streams::MAX_STREAMS;

/// A packet that is not authentic, was seen before, or is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected;

/// Both directions of one connection.
pub struct Srtp {
    outbound: Outbound,
    outbound_control: Context,
    inbound: Inbound,
}

enum Outbound {
    Gcm(Gcm),
    Other(Context),
}

enum Inbound {
    Gcm {
        gcm: Gcm,
        media: Sources,
        control: Sources,
    },
    /// Of RTP and of RTCP.
    Other(Context, Context),
}

impl Srtp {
    /// From the handshake's keys; `None` when it made none, or of a profile nobody offered.
    pub fn new(profile: &str, keys: [&MasterKey; 2], provider: &dyn RTCCryptoProvider) -> Option<Self> {
        let (profile, is_gcm) = match profile {
            "SRTP_AEAD_AES_128_GCM" => (ProtectionProfile::AeadAes128Gcm, true),
            "SRTP_AEAD_AES_256_GCM" => (ProtectionProfile::AeadAes256Gcm, true),
            "SRTP_AES128_CM_HMAC_SHA1_80" => (ProtectionProfile::Aes128CmHmacSha1_80, false),
            "SRTP_AES128_CM_HMAC_SHA1_32" => (ProtectionProfile::Aes128CmHmacSha1_32, false),
            _ => return None,
        };
        let context = |key: &MasterKey| {
            let salt = key.salt.get(..profile.salt_len())?;
            Context::new(
                key.key.as_ref(),
                salt,
                profile,
                Some(srtp_replay_protection(REPLAY_WINDOW_PACKETS)),
                Some(srtcp_replay_protection(REPLAY_WINDOW_PACKETS)),
                provider.crypto(),
            )
            .ok()
        };
        let [local, remote] = keys;
        let (outbound, inbound) = if is_gcm {
            (
                Outbound::Gcm(Gcm::new(local, provider.crypto())?),
                Inbound::Gcm {
                    gcm: Gcm::new(remote, provider.crypto())?,
                    media: Sources::default(),
                    control: Sources::default(),
                },
            )
        } else {
            let inbound = Inbound::Other(context(remote)?, context(remote)?);
            (Outbound::Other(context(local)?), inbound)
        };
        Some(Self {
            outbound,
            outbound_control: context(local)?,
            inbound,
        })
    }

    /// Encrypts the packet at the end of the buffer. Its index must never be one that was used before with its SSRC.
    pub(crate) fn protect(&mut self, buffer: &mut Vec<u8>, plain: &Plain) -> Result<(), Rejected> {
        let start = buffer.len().checked_sub(plain.bytes).ok_or(Rejected)?;
        match &mut self.outbound {
            Outbound::Gcm(gcm) => gcm.seal(buffer, start, plain),
            Outbound::Other(context) => {
                let packet = buffer.get(start..).ok_or(Rejected)?;
                let sealed = context.encrypt_rtp(packet).map_err(|_| Rejected)?;
                buffer.truncate(start);
                buffer.extend_from_slice(&sealed);
                Ok(())
            }
        }
    }

    /// Decrypts an RTP packet in place.
    pub fn unprotect(&mut self, mut packet: BytesMut) -> Result<Bytes, Rejected> {
        match &mut self.inbound {
            Inbound::Gcm { gcm, media, .. } => {
                let header = Header::read(&packet).ok_or(Rejected)?;
                let window = media.find(header.ssrc);
                let index = window.map_or(Some(header.seq.into()), |window| window.check(header.seq));
                let index = index.ok_or(Rejected)?;
                gcm.open(&mut packet, header.bytes, header.ssrc, index)?;
                media.accept(header.ssrc, index);
                Ok(packet.freeze())
            }
            Inbound::Other(context, _) => context
                .decrypt_rtp(&packet)
                .map(BytesMut::freeze)
                .map_err(|_| Rejected),
        }
    }

    /// Encrypts a compound.
    pub(crate) fn protect_control(
        &mut self,
        packets: &[Box<dyn rtcp::Packet>],
    ) -> Result<BytesMut, Rejected> {
        let plain = rtcp::packet::marshal(packets).map_err(|_| Rejected)?;
        self.outbound_control.encrypt_rtcp(&plain).map_err(|_| Rejected)
    }

    /// Decrypts a compound in place.
    pub(crate) fn unprotect_control(&mut self, mut packet: BytesMut) -> Result<Bytes, Rejected> {
        match &mut self.inbound {
            Inbound::Gcm { gcm, control, .. } => {
                let (ssrc, index) = gcm::control_index(&packet)?;
                let window = control.find(ssrc);
                if window.is_some_and(|window| !window.is_unused(index.into())) {
                    return Err(Rejected);
                }
                gcm.open_control(&mut packet, ssrc, index)?;
                control.accept(ssrc, index.into());
                Ok(packet.freeze())
            }
            Inbound::Other(_, context) => {
                // One that is not marked as encrypted `rtc` 0.21.1 would take without looking at its tag.
                let word = packet.len().checked_sub(CM_TAG_BYTES + CONTROL_INDEX_BYTES);
                let marked = word
                    .and_then(|at| packet.get(at))
                    .is_some_and(|byte| byte >> 7 == 1);
                if !marked {
                    return Err(Rejected);
                }
                let plain = context.decrypt_rtcp(&packet);
                plain.map(BytesMut::freeze).map_err(|_| Rejected)
            }
        }
    }
}

/// What of a header is needed to decrypt (RFC 3550 §5.1).
struct Header {
    ssrc: u32,
    seq: u16,
    /// CSRCs and extensions included.
    bytes: usize,
}

impl Header {
    fn read(packet: &[u8]) -> Option<Self> {
        let fixed: &[u8; 12] = packet.first_chunk()?;
        let [first, _, seq_high, seq_low, _, _, _, _, ssrc @ ..] = *fixed;
        let mut bytes = fixed.len() + 4 * usize::from(first & 0x0f);
        if first & 0x10 != 0 {
            let [_, _, high, low] = *packet.get(bytes..)?.first_chunk()?;
            bytes += 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
        }
        (bytes <= packet.len()).then_some(Self {
            ssrc: u32::from_be_bytes(ssrc),
            seq: u16::from_be_bytes([seq_high, seq_low]),
            bytes,
        })
    }
}

/// The windows of the SSRCs heard.
#[derive(Default)]
struct Sources {
    sources: Vec<Source>,
    /// Packets accepted so far: the time by which the quietest is found.
    accepted: u64,
}

struct Source {
    ssrc: u32,
    window: ReplayWindow,
    heard: u64,
}

impl Sources {
    /// The window of a source that was heard before.
    fn find(&self, ssrc: u32) -> Option<&ReplayWindow> {
        let source = self.sources.iter().find(|source| source.ssrc == ssrc);
        source.map(|source| &source.window)
    }

    /// The packet was authentic.
    fn accept(&mut self, ssrc: u32, index: u64) {
        self.accepted += 1;
        let heard = self.accepted;
        if let Some(source) = self.sources.iter_mut().find(|source| source.ssrc == ssrc) {
            source.window.accept(index);
            source.heard = heard;
            return;
        }
        if self.sources.len() >= MAX_SOURCES {
            let quietest = self.sources.iter().map(|source| source.heard).min();
            self.sources.retain(|source| Some(source.heard) != quietest);
        }
        self.sources.push(Source {
            ssrc,
            window: ReplayWindow::new(index),
            heard,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BufMut;
    use rtc::crypto::{self, SecretVec};

    const GCM: &str = "SRTP_AEAD_AES_128_GCM";
    const PROFILES: [(&str, usize); 4] = [
        (GCM, 16),
        ("SRTP_AEAD_AES_256_GCM", 32),
        ("SRTP_AES128_CM_HMAC_SHA1_80", 16),
        ("SRTP_AES128_CM_HMAC_SHA1_32", 16),
    ];

    /// Two ends of one connection.
    fn ends(profile: &str, key_bytes: usize) -> [Srtp; 2] {
        let provider = crypto::default_provider().unwrap();
        let key = |byte: u8| {
            // Of the GCM profiles, 12 bytes long.
            let mut salt = [0; 14];
            salt[..12].fill(byte + 1);
            MasterKey {
                key: SecretVec::new(vec![byte; key_bytes]),
                salt,
            }
        };
        let (a, b) = (key(1), key(3));
        let new = |keys| Srtp::new(profile, keys, provider.as_ref()).unwrap();
        [new([&a, &b]), new([&b, &a])]
    }

    /// With a CSRC and an extension block.
    fn packet(seq: u16, ssrc: u32) -> (Vec<u8>, usize) {
        let mut packet = Vec::new();
        packet.put_slice(&[0x91, 96]);
        packet.put_u16(seq);
        packet.put_u32(0);
        packet.put_u32(ssrc);
        packet.put_u32(7);
        packet.put_slice(&[0xbe, 0xde, 0, 1, 0x10, 1, 0, 0]);
        let header = packet.len();
        packet.put_slice(b"payload");
        (packet, header)
    }

    fn sealed(srtp: &mut Srtp, seq: u16, ssrc: u32, index: u64) -> BytesMut {
        let (packet, header_bytes) = packet(seq, ssrc);
        let plain = Plain {
            bytes: packet.len(),
            header_bytes,
            ssrc,
            index,
        };
        // Behind what is already there.
        let mut buffer = [b"before".to_vec(), packet].concat();
        srtp.protect(&mut buffer, &plain).unwrap();
        BytesMut::from(buffer.strip_prefix(b"before").unwrap())
    }

    #[test]
    fn what_one_end_encrypts_the_other_reads_once_in_every_profile() {
        for (profile, key_bytes) in PROFILES {
            let [mut a, mut b] = ends(profile, key_bytes);
            for seq in [1u16, 3, 2] {
                let wire = sealed(&mut a, seq, 9, seq.into());
                assert!(wire.len() > packet(seq, 9).0.len(), "{profile}");
                assert_eq!(b.unprotect(wire.clone()).unwrap(), packet(seq, 9).0, "{profile}");
                assert_eq!(b.unprotect(wire.clone()), Err(Rejected), "{profile}: replayed");
                assert_eq!(
                    a.unprotect(wire),
                    Err(Rejected),
                    "{profile}: of the other direction"
                );
            }
        }
    }

    #[test]
    fn both_ends_count_rollovers() {
        let [mut a, mut b] = ends(GCM, 16);
        let mut index = SendIndex::default();
        for seq in [65_534u16, 65_535, 1, 0, 2] {
            let wire = sealed(&mut a, seq, 9, index.claim(seq).unwrap());
            assert!(b.unprotect(wire).is_ok(), "{seq}");
        }
    }

    #[test]
    fn forged_and_cut_packets_are_rejected_and_change_nothing() {
        let [mut a, mut b] = ends(GCM, 16);
        let wire = sealed(&mut a, 5, 9, 5);
        for length in 0..wire.len() {
            assert_eq!(
                b.unprotect(BytesMut::from(&wire[..length])),
                Err(Rejected),
                "{length} bytes"
            );
        }
        let mut forged = wire.clone();
        forged[2] ^= 0x40;
        assert_eq!(b.unprotect(forged), Err(Rejected));
        assert!(b.unprotect(wire).is_ok());
    }

    #[test]
    fn the_quietest_source_makes_room() {
        let [mut a, mut b] = ends(GCM, 16);
        let last = u32::try_from(MAX_SOURCES).unwrap();
        for ssrc in 0..last {
            assert!(b.unprotect(sealed(&mut a, 1, ssrc, 1)).is_ok());
        }
        assert!(b.unprotect(sealed(&mut a, 2, 0, 2)).is_ok(), "0 speaks again");
        assert!(b.unprotect(sealed(&mut a, 1, last, 1)).is_ok());
        let Inbound::Gcm { media: sources, .. } = &b.inbound else {
            panic!("is GCM")
        };
        assert_eq!(sources.sources.len(), MAX_SOURCES);
        let knows = |ssrc: u32| sources.sources.iter().any(|source| source.ssrc == ssrc);
        assert!(knows(0) && !knows(1) && knows(last));
    }

    #[test]
    fn compounds_are_read_once_in_every_profile() {
        for (profile, key_bytes) in PROFILES {
            let [mut a, mut b] = ends(profile, key_bytes);
            let goodbye: [Box<dyn rtcp::Packet>; 1] = [Box::new(rtcp::goodbye::Goodbye {
                sources: vec![9],
                ..Default::default()
            })];
            let plain = rtcp::packet::marshal(&goodbye).unwrap();
            let mut wires = [0; 3].map(|_| a.protect_control(&goodbye).unwrap());
            wires.swap(1, 2);
            for wire in &wires {
                for at in 0..wire.len() {
                    let mut touched = wire.clone();
                    touched[at] ^= 1;
                    assert_eq!(
                        b.unprotect_control(touched),
                        Err(Rejected),
                        "{profile}: byte {at}"
                    );
                    let cut = BytesMut::from(&wire[..at]);
                    assert_eq!(b.unprotect_control(cut), Err(Rejected), "{profile}: {at} bytes");
                }
                assert_eq!(b.unprotect_control(wire.clone()).unwrap(), plain, "{profile}");
                assert_eq!(
                    b.unprotect_control(wire.clone()),
                    Err(Rejected),
                    "{profile}: replayed"
                );
            }
        }
    }
}
