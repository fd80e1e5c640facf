//! AES-GCM on RTP packets (RFC 7714).

use super::keys::{Label, MasterKey};
use super::{CONTROL_HEADER_BYTES, CONTROL_INDEX_BYTES, Rejected};
use crate::slot::Plain;
use bytes::BytesMut;
use rtc::crypto::{AeadAlgorithm, AeadCipher, RTCCrypto};

/// RFC 7714 §13.2.
pub(crate) const TAG_BYTES: usize = 16;
/// RFC 7714 §8.1.
const NONCE_BYTES: usize = 12;

/// The session keys of one direction.
pub(super) struct Gcm {
    media: Cipher,
    control: Cipher,
}

struct Cipher {
    cipher: Box<dyn AeadCipher>,
    salt: [u8; NONCE_BYTES],
}

impl Gcm {
    pub(super) fn new(master: &MasterKey, crypto: &dyn RTCCrypto) -> Option<Self> {
        let algorithm = match master.key.len() {
            16 => AeadAlgorithm::Aes128Gcm,
            32 => AeadAlgorithm::Aes256Gcm,
            _ => return None,
        };
        let cipher = |encryption: Label, salt: Label| {
            let key = master.derive(encryption, master.key.len(), crypto)?;
            let salt = master.derive(salt, NONCE_BYTES, crypto)?;
            Some(Cipher {
                cipher: crypto.new_aead(algorithm, key.as_ref()).ok()?,
                salt: salt.as_ref().try_into().ok()?,
            })
        };
        Some(Self {
            media: cipher(Label::SrtpEncryption, Label::SrtpSalt)?,
            control: cipher(Label::SrtcpEncryption, Label::SrtcpSalt)?,
        })
    }

    /// Encrypts what follows the header of the packet that begins there, and appends the tag.
    pub(super) fn seal(&mut self, buffer: &mut Vec<u8>, start: usize, plain: &Plain) -> Result<(), Rejected> {
        let nonce = self.media.nonce(plain.ssrc, plain.index);
        let mut tag = [0; TAG_BYTES];
        let packet = buffer.get_mut(start..).ok_or(Rejected)?;
        let (header, payload) = packet.split_at_mut_checked(plain.header_bytes).ok_or(Rejected)?;
        self.media
            .cipher
            .seal_in_place(&nonce, header, payload, &mut tag)
            .map_err(|_| Rejected)?;
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    /// Decrypts what follows the header, and removes the tag.
    pub(super) fn open(
        &mut self,
        packet: &mut BytesMut,
        header_bytes: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), Rejected> {
        let nonce = self.media.nonce(ssrc, index);
        let plain_bytes = packet.len().checked_sub(TAG_BYTES).ok_or(Rejected)?;
        let (plain, tag) = packet.split_at_mut_checked(plain_bytes).ok_or(Rejected)?;
        let (header, payload) = plain.split_at_mut_checked(header_bytes).ok_or(Rejected)?;
        self.media
            .cipher
            .open_in_place(&nonce, header, payload, tag)
            .map_err(|_| Rejected)?;
        packet.truncate(plain_bytes);
        Ok(())
    }

    /// Where the index of an RTCP packet stands, from its end: behind the tag.
    pub(super) const CONTROL_TRAILER_BYTES: usize = CONTROL_INDEX_BYTES;

    /// Decrypts an RTCP compound, and removes tag and index (RFC 7714 §9).
    pub(super) fn open_control(
        &mut self,
        packet: &mut BytesMut,
        ssrc: u32,
        index: u32,
    ) -> Result<(), Rejected> {
        let nonce = self.control.nonce(ssrc, index.into());
        let tail = TAG_BYTES + CONTROL_INDEX_BYTES;
        let plain_bytes = packet.len().checked_sub(tail).ok_or(Rejected)?;
        let (plain, tail) = packet.split_at_mut_checked(plain_bytes).ok_or(Rejected)?;
        let (tag, word) = tail.split_at(TAG_BYTES);
        let (header, payload) = plain.split_at_mut_checked(CONTROL_HEADER_BYTES).ok_or(Rejected)?;
        let mut authenticated = [0; CONTROL_HEADER_BYTES + CONTROL_INDEX_BYTES];
        let (front, back) = authenticated.split_at_mut(CONTROL_HEADER_BYTES);
        front.copy_from_slice(header);
        back.copy_from_slice(word);
        self.control
            .cipher
            .open_in_place(&nonce, &authenticated, payload, tag)
            .map_err(|_| Rejected)?;
        packet.truncate(plain_bytes);
        Ok(())
    }
}

impl Cipher {
    /// RFC 7714 §8.1 and §9.1: two bytes of 0, SSRC, and an index of 48 bits, over the salt.
    fn nonce(&self, ssrc: u32, index: u64) -> [u8; NONCE_BYTES] {
        let number = u128::from(ssrc) << 48 | u128::from(index & 0xffff_ffff_ffff);
        let mut nonce = self.salt;
        let [_, _, _, _, number @ ..] = number.to_be_bytes();
        nonce
            .iter_mut()
            .zip(number)
            .for_each(|(salt, byte)| *salt ^= byte);
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7714 §16.1.1 and §16.1.2: keys, packet and ciphertext.
    const KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    const SALT: [u8; 12] = *b"Quid pro quo";
    const SSRC: u32 = 0x5eb0_5c0d;
    const SEQ: u64 = 0xf17b;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let digit = |byte: u8| (byte as char).to_digit(16).unwrap() as u8;
        digits
            .chunks(2)
            .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
            .collect()
    }

    fn gcm() -> Gcm {
        let provider = rtc::crypto::default_provider().unwrap();
        let cipher = || Cipher {
            cipher: provider
                .crypto()
                .new_aead(AeadAlgorithm::Aes128Gcm, &KEY)
                .unwrap(),
            salt: SALT,
        };
        Gcm {
            media: cipher(),
            control: cipher(),
        }
    }

    /// Header and payload, and what is to be done with them.
    fn described(ssrc: u32) -> (Vec<u8>, Plain) {
        let packet = plain();
        let described = Plain {
            bytes: packet.len(),
            header_bytes: 12,
            ssrc,
            index: SEQ,
        };
        (packet.to_vec(), described)
    }

    fn plain() -> BytesMut {
        let header = hex("8040f17b 8041f8d3 5501a0b2");
        let payload = b"Gallia est omnis divisa in partes tres";
        BytesMut::from([&header, &payload[..]].concat().as_slice())
    }

    #[test]
    fn the_packet_of_the_rfc_is_encrypted_as_it_says() {
        let (mut packet, plain) = described(0x5501_a0b2);
        gcm().seal(&mut packet, 0, &plain).unwrap();
        let expected = hex(
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a \
                            51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        );
        assert_eq!(packet, expected);
    }

    #[test]
    fn what_was_sealed_opens_and_what_was_touched_does_not() {
        let (mut sealed, described) = described(SSRC);
        gcm().seal(&mut sealed, 0, &described).unwrap();
        let sealed = BytesMut::from(sealed.as_slice());
        let mut opened = sealed.clone();
        gcm().open(&mut opened, 12, SSRC, SEQ).unwrap();
        assert_eq!(opened, plain());
        for at in [0, 11, 12, sealed.len() - 1] {
            let mut touched = sealed.clone();
            touched[at] ^= 1;
            assert_eq!(
                gcm().open(&mut touched, 12, SSRC, SEQ),
                Err(Rejected),
                "byte {at}"
            );
        }
        assert_eq!(gcm().open(&mut { sealed }, 12, SSRC, SEQ + 65_536), Err(Rejected));
        assert_eq!(
            gcm().open(&mut BytesMut::from(&[0; 20][..]), 12, SSRC, SEQ),
            Err(Rejected)
        );
    }
}
