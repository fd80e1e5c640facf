//! SRTP and SRTCP of one peer (RFC 3711), on the keys of `rtc`'s DTLS handshake.
//!
//! Through `rtc` a packet passes its queues, is marshalled, parsed again and copied twice before it is encrypted, which
//! costs more than the encryption itself (docs/performance.md). Here a packet is encrypted in the buffer it was written
//! to, and decrypted in the one it was received in. Nothing is remembered of a source before a packet of it was authentic.
//! The ciphers are `rtc`'s, and so is the way out of RTCP.

mod cm;
mod gcm;
mod index;
pub mod keys;

pub(crate) use index::SendIndex;

use crate::slot::Plain;
use bytes::{Bytes, BytesMut};
use cm::Cm;
use gcm::Gcm;
pub(crate) use gcm::TAG_BYTES;
use index::ReplayWindow;
use keys::MasterKey;
use rtc::crypto::RTCCryptoProvider;
use rtc::rtcp;
use rtc::srtp::context::Context;
use rtc::srtp::protection_profile::ProtectionProfile;

/// Of an RTCP packet what is not encrypted: header and SSRC.
const CONTROL_HEADER_BYTES: usize = 8;
/// Its index, behind a flag that says that it is encrypted (RFC 3711 §3.4).
const CONTROL_INDEX_BYTES: usize = 4;
const ENCRYPTED: u32 = 1 << 31;
/// Inbound SSRCs with a window of their own: twice what a client's streams can be. When full, the one that has been
/// silent for longest makes room.
const MAX_SOURCES: usize = 2 * crate::streams::MAX_STREAMS;

/// A packet that is not authentic, was seen before, or is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected;

/// Both directions of one connection.
pub struct Srtp {
    outbound: Cipher,
    /// Of RTCP: it counts the indices.
    outbound_control: Context,
    inbound: Cipher,
    media: Sources,
    control: Sources,
}

enum Cipher {
    Gcm(Gcm),
    Cm(Cm),
}

impl Srtp {
    /// From the handshake's keys; `None` when it made none, or of a profile nobody offered.
    pub fn new(profile: &str, keys: [&MasterKey; 2], provider: &dyn RTCCryptoProvider) -> Option<Self> {
        use ProtectionProfile::{AeadAes128Gcm, AeadAes256Gcm, Aes128CmHmacSha1_32, Aes128CmHmacSha1_80};
        let (profile, tag_bytes) = match profile {
            "SRTP_AEAD_AES_128_GCM" => (AeadAes128Gcm, TAG_BYTES),
            "SRTP_AEAD_AES_256_GCM" => (AeadAes256Gcm, TAG_BYTES),
            "SRTP_AES128_CM_HMAC_SHA1_80" => (Aes128CmHmacSha1_80, 10),
            "SRTP_AES128_CM_HMAC_SHA1_32" => (Aes128CmHmacSha1_32, 4),
            _ => return None,
        };
        let crypto = provider.crypto();
        let cipher = |key: &MasterKey| match profile {
            AeadAes128Gcm | AeadAes256Gcm => Some(Cipher::Gcm(Gcm::new(key, crypto)?)),
            _ => Some(Cipher::Cm(Cm::new(key, tag_bytes, crypto)?)),
        };
        let [local, remote] = keys;
        let salt = local.salt.get(..profile.salt_len())?;
        let outbound_control = Context::new(local.key.as_ref(), salt, profile, None, None, crypto);
        Some(Self {
            outbound: cipher(local)?,
            outbound_control: outbound_control.ok()?,
            inbound: cipher(remote)?,
            media: Sources::default(),
            control: Sources::default(),
        })
    }

    /// Encrypts the packet at the end of the buffer. Its index must never be one that was used before with its SSRC.
    pub(crate) fn protect(&mut self, buffer: &mut Vec<u8>, plain: &Plain) -> Result<(), Rejected> {
        let start = buffer.len().checked_sub(plain.bytes).ok_or(Rejected)?;
        match &mut self.outbound {
            Cipher::Gcm(gcm) => gcm.seal(buffer, start, plain),
            Cipher::Cm(cm) => cm.seal(buffer, start, plain),
        }
    }

    /// Decrypts an RTP packet in place.
    pub fn unprotect(&mut self, mut packet: BytesMut) -> Result<Bytes, Rejected> {
        let header = Header::read(&packet).ok_or(Rejected)?;
        let window = self.media.find(header.ssrc);
        let index = window.map_or(Some(header.seq.into()), |window| window.check(header.seq));
        let index = index.ok_or(Rejected)?;
        match &mut self.inbound {
            Cipher::Gcm(gcm) => gcm.open(&mut packet, header.bytes, header.ssrc, index)?,
            Cipher::Cm(cm) => cm.open(&mut packet, header.bytes, header.ssrc, index)?,
        }
        self.media.accept(header.ssrc, index);
        Ok(packet.freeze())
    }

    /// Encrypts a compound. All of a connection must go this way: the indices are counted here.
    pub fn protect_control(&mut self, packets: &[Box<dyn rtcp::Packet>]) -> Result<BytesMut, Rejected> {
        let plain = rtcp::packet::marshal(packets).map_err(|_| Rejected)?;
        self.outbound_control.encrypt_rtcp(&plain).map_err(|_| Rejected)
    }

    /// Decrypts a compound in place.
    pub fn unprotect_control(&mut self, mut packet: BytesMut) -> Result<Bytes, Rejected> {
        let trailer = match &self.inbound {
            Cipher::Gcm(_) => Gcm::CONTROL_TRAILER_BYTES,
            Cipher::Cm(_) => Cm::CONTROL_TRAILER_BYTES,
        };
        let (ssrc, index) = control_index(&packet, trailer).ok_or(Rejected)?;
        let window = self.control.find(ssrc);
        if window.is_some_and(|window| !window.is_unused(index.into())) {
            return Err(Rejected);
        }
        match &mut self.inbound {
            Cipher::Gcm(gcm) => gcm.open_control(&mut packet, ssrc, index)?,
            Cipher::Cm(cm) => cm.open_control(&mut packet, ssrc, index)?,
        }
        self.control.accept(ssrc, index.into());
        Ok(packet.freeze())
    }
}

/// SSRC and index of an RTCP packet, which stands so far from its end. One that is not encrypted is none that a browser
/// sends.
fn control_index(packet: &[u8], trailer: usize) -> Option<(u32, u32)> {
    let [_, _, _, _, ssrc @ ..] = *packet.first_chunk::<CONTROL_HEADER_BYTES>()?;
    let word = packet.get(packet.len().checked_sub(trailer)?..)?;
    let word = u32::from_be_bytes(*word.first_chunk::<CONTROL_INDEX_BYTES>()?);
    (word & ENCRYPTED != 0).then_some((u32::from_be_bytes(ssrc), word & !ENCRYPTED))
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
        for (profile, key_bytes) in PROFILES {
            let [mut a, mut b] = ends(profile, key_bytes);
            let wire = sealed(&mut a, 5, 9, 5);
            for at in 0..wire.len() {
                let cut = BytesMut::from(&wire[..at]);
                assert_eq!(b.unprotect(cut), Err(Rejected), "{profile}: {at} bytes");
                let mut forged = wire.clone();
                forged[at] ^= 0x40;
                assert_eq!(b.unprotect(forged), Err(Rejected), "{profile}: byte {at}");
            }
            assert!(b.media.sources.is_empty(), "nothing is remembered of them");
            assert!(b.unprotect(wire).is_ok(), "{profile}");
        }
    }

    /// `rtc` encrypts, we decrypt; and the other way round.
    #[test]
    fn another_implementation_understands_us() {
        let provider = crypto::default_provider().unwrap();
        let profiles = [
            ProtectionProfile::AeadAes128Gcm,
            ProtectionProfile::AeadAes256Gcm,
            ProtectionProfile::Aes128CmHmacSha1_80,
            ProtectionProfile::Aes128CmHmacSha1_32,
        ];
        for ((profile, key_bytes), of_rtc) in PROFILES.into_iter().zip(profiles) {
            let [mut a, mut b] = ends(profile, key_bytes);
            // The other end of `b`, and of `a`.
            let context = |byte: u8| {
                let mut salt = [0; 14];
                salt[..12].fill(byte + 1);
                let salt = &salt[..of_rtc.salt_len()];
                let key = vec![byte; key_bytes];
                Context::new(&key, salt, of_rtc, None, None, provider.crypto()).unwrap()
            };
            let (mut sends, mut receives) = (context(1), context(1));
            for seq in [65_534u16, 65_535, 0, 1] {
                let wire = sends.encrypt_rtp(&packet(seq, 9).0).unwrap();
                assert_eq!(b.unprotect(wire).unwrap(), packet(seq, 9).0, "{profile}: {seq}");
            }
            let wire = sealed(&mut a, 7, 8, 7);
            assert_eq!(receives.decrypt_rtp(&wire).unwrap(), packet(7, 8).0, "{profile}");
        }
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
        assert_eq!(b.media.sources.len(), MAX_SOURCES);
        let knows = |ssrc: u32| b.media.sources.iter().any(|source| source.ssrc == ssrc);
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
