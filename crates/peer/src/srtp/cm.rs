//! AES in counter mode and HMAC-SHA1 (RFC 3711 §4), for clients that have nothing better.
//!
//! Not `rtc`'s contexts: those keep a record of each SSRC before they know that its packet is authentic, so that forged
//! packets fill the memory and move the replay window, and take RTCP that is not marked as encrypted without a look at its
//! tag.

use super::keys::{Label, MasterKey};
use super::{CONTROL_HEADER_BYTES, CONTROL_INDEX_BYTES, Rejected};
use crate::slot::Plain;
use bytes::BytesMut;
use rtc::crypto::{HmacAlgorithm, Mac, RTCCrypto, StreamCipher, StreamCipherAlgorithm, constant_time_eq};

const KEY_BYTES: usize = 16;
const AUTHENTICATION_KEY_BYTES: usize = 20;
const SALT_BYTES: usize = 14;
/// Of the whole HMAC.
const HMAC_BYTES: usize = 20;
/// What of it is sent with RTCP, also in the profile that shortens RTP's (RFC 5764 §4.1.2).
const CONTROL_TAG_BYTES: usize = 10;

/// The session keys of one direction.
pub(super) struct Cm {
    media: Keys,
    control: Keys,
    /// Of RTP.
    tag_bytes: usize,
}

struct Keys {
    cipher: Box<dyn StreamCipher>,
    mac: Box<dyn Mac>,
    salt: [u8; SALT_BYTES],
}

impl Cm {
    pub(super) fn new(master: &MasterKey, tag_bytes: usize, crypto: &dyn RTCCrypto) -> Option<Self> {
        let keys = |encryption, authentication, salt| {
            let key = master.derive(encryption, KEY_BYTES, crypto)?;
            let authentication = master.derive(authentication, AUTHENTICATION_KEY_BYTES, crypto)?;
            let salt = master.derive(salt, SALT_BYTES, crypto)?;
            let cipher = crypto.new_stream_cipher(StreamCipherAlgorithm::Aes128Ctr, key.as_ref());
            let mac = crypto.new_hmac(HmacAlgorithm::Sha1, authentication.as_ref());
            Some(Keys {
                cipher: cipher.ok()?,
                mac: mac.ok()?,
                salt: salt.as_ref().try_into().ok()?,
            })
        };
        Some(Self {
            media: keys(Label::SrtpEncryption, Label::SrtpAuthentication, Label::SrtpSalt)?,
            control: keys(
                Label::SrtcpEncryption,
                Label::SrtcpAuthentication,
                Label::SrtcpSalt,
            )?,
            tag_bytes,
        })
    }

    /// Encrypts what follows the header of the packet that begins there, and appends the tag.
    pub(super) fn seal(&mut self, buffer: &mut Vec<u8>, start: usize, plain: &Plain) -> Result<(), Rejected> {
        let packet = buffer.get_mut(start..).ok_or(Rejected)?;
        let payload = packet.get_mut(plain.header_bytes..).ok_or(Rejected)?;
        self.media.apply(plain.ssrc, plain.index, payload)?;
        let tag = self.media.sign(&[packet, &rollovers(plain.index)])?;
        buffer.extend_from_slice(tag.get(..self.tag_bytes).ok_or(Rejected)?);
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
        let plain_bytes = packet.len().checked_sub(self.tag_bytes).ok_or(Rejected)?;
        let (plain, tag) = packet.split_at_mut_checked(plain_bytes).ok_or(Rejected)?;
        let expected = self.media.sign(&[plain, &rollovers(index)])?;
        verify(&expected, tag)?;
        let payload = plain.get_mut(header_bytes..).ok_or(Rejected)?;
        self.media.apply(ssrc, index, payload)?;
        packet.truncate(plain_bytes);
        Ok(())
    }

    /// Decrypts an RTCP compound, and removes index and tag (§3.4).
    pub(super) fn open_control(
        &mut self,
        packet: &mut BytesMut,
        ssrc: u32,
        index: u32,
    ) -> Result<(), Rejected> {
        let signed_bytes = packet.len().checked_sub(CONTROL_TAG_BYTES).ok_or(Rejected)?;
        let plain_bytes = signed_bytes.checked_sub(CONTROL_INDEX_BYTES).ok_or(Rejected)?;
        let (signed, tag) = packet.split_at_mut_checked(signed_bytes).ok_or(Rejected)?;
        let expected = self.control.sign(&[signed])?;
        verify(&expected, tag)?;
        let payload = signed
            .get_mut(CONTROL_HEADER_BYTES..plain_bytes)
            .ok_or(Rejected)?;
        self.control.apply(ssrc, index.into(), payload)?;
        packet.truncate(plain_bytes);
        Ok(())
    }

    /// Where the index of an RTCP packet stands, from its end.
    pub(super) const CONTROL_TRAILER_BYTES: usize = CONTROL_INDEX_BYTES + CONTROL_TAG_BYTES;
}

impl Keys {
    fn apply(&mut self, ssrc: u32, index: u64, data: &mut [u8]) -> Result<(), Rejected> {
        let counter = self.counter(ssrc, index);
        self.cipher.apply_keystream(&counter, data).map_err(|_| Rejected)
    }

    /// §4.1.1: SSRC and index over the salt, and a block counter of 16 bits.
    fn counter(&self, ssrc: u32, index: u64) -> [u8; 16] {
        let number = u128::from(ssrc) << 64 | u128::from(index & 0xffff_ffff_ffff) << 16;
        let mut counter = number.to_be_bytes();
        counter
            .iter_mut()
            .zip(self.salt)
            .for_each(|(byte, salt)| *byte ^= salt);
        counter
    }

    fn sign(&mut self, parts: &[&[u8]]) -> Result<[u8; HMAC_BYTES], Rejected> {
        let mut tag = [0; HMAC_BYTES];
        self.mac.sign(parts, &mut tag).map_err(|_| Rejected)?;
        Ok(tag)
    }
}

/// What RTP's tag covers beside the packet (§4.2).
fn rollovers(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

fn verify(expected: &[u8; HMAC_BYTES], tag: &[u8]) -> Result<(), Rejected> {
    let expected = expected.get(..tag.len()).ok_or(Rejected)?;
    constant_time_eq(expected, tag).then_some(()).ok_or(Rejected)
}
