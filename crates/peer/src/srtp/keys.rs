//! The master keys of a connection, and what is derived from them.
//!
//! `rtc` exports the keys from its handshake for its own SRTP contexts and shows them to nobody; but the cryptography is
//! the caller's to provide. [`Recorder`] is `rtc`'s own provider, which remembers what keys are derived from: key
//! derivation is the only thing `rtc` encrypts single blocks for, and begins with the label 0, so the first block of each
//! master key is its salt.

use rtc::crypto::{
    ActiveKeyExchange, AeadAlgorithm, AeadCipher, BlockCipherAlgorithm, CbcAlgorithm, CbcCipher,
    CryptoAlgorithm, CryptoError, HashAlgorithm, HmacAlgorithm, KeyExchangeAlgorithm, Mac, PublicKey,
    RTCCrypto, RTCCryptoProvider, RTCRandom, SecretVec, SignatureScheme, SigningKey, StreamCipher,
    StreamCipherAlgorithm,
};
use std::sync::{Arc, OnceLock};

/// Salts are up to 14 bytes (RFC 3711 §8.2), of a block of 16.
const SALT_BYTES: usize = 14;
const BLOCK_BYTES: usize = 16;
/// Our key and the client's.
const MASTER_KEYS: usize = 2;

/// What one direction's session keys are derived from.
pub struct MasterKey {
    pub(super) key: SecretVec,
    /// Filled up with zeros.
    pub(super) salt: [u8; SALT_BYTES],
}

/// What a session key is for (RFC 3711 §4.3.2).
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    SrtpEncryption = 0,
    SrtpAuthentication = 1,
    SrtpSalt = 2,
    SrtcpEncryption = 3,
    SrtcpAuthentication = 4,
    SrtcpSalt = 5,
}

impl MasterKey {
    /// RFC 3711 §4.3.1 and §4.3.3; for keys of 256 bits RFC 6188 §2.
    pub(super) fn derive(&self, label: Label, bytes: usize, crypto: &dyn RTCCrypto) -> Option<SecretVec> {
        let algorithm = match self.key.len() {
            16 => BlockCipherAlgorithm::Aes128,
            32 => BlockCipherAlgorithm::Aes256,
            _ => return None,
        };
        let mut derived = Vec::with_capacity(bytes.next_multiple_of(BLOCK_BYTES));
        for counter in 0..u16::try_from(bytes.div_ceil(BLOCK_BYTES)).ok()? {
            let mut block = [0; BLOCK_BYTES];
            let (start, end) = block.split_at_mut(SALT_BYTES);
            start.copy_from_slice(&self.salt);
            end.copy_from_slice(&counter.to_be_bytes());
            if let Some(byte) = block.get_mut(7) {
                *byte ^= label as u8;
            }
            crypto
                .block_encrypt(algorithm, self.key.as_ref(), &mut block)
                .ok()?;
            derived.extend_from_slice(&block);
        }
        derived.truncate(bytes);
        Some(SecretVec::new(derived))
    }
}

/// See the module.
pub struct Recorder {
    provider: Arc<dyn RTCCryptoProvider>,
    /// In the order in which they were first used.
    keys: [OnceLock<MasterKey>; MASTER_KEYS],
}

impl Recorder {
    /// Around this provider.
    pub fn new(provider: Arc<dyn RTCCryptoProvider>) -> Self {
        Self {
            provider,
            keys: Default::default(),
        }
    }

    /// Our key and the client's: `rtc` makes its own contexts in this order. `None` before the handshake is done.
    pub fn keys(&self) -> Option<[&MasterKey; MASTER_KEYS]> {
        let [ours, clients] = &self.keys;
        Some([ours.get()?, clients.get()?])
    }

    fn record(&self, key: &[u8], block: &[u8]) {
        let Some(salt) = block.first_chunk() else { return };
        for cell in &self.keys {
            let known = cell.get_or_init(|| MasterKey {
                key: SecretVec::new(key.to_vec()),
                salt: *salt,
            });
            if known.key.as_ref() == key {
                return;
            }
        }
    }
}

impl RTCCryptoProvider for Recorder {
    fn name(&self) -> &'static str {
        self.provider.name()
    }

    fn crypto(&self) -> &dyn RTCCrypto {
        self
    }

    fn random(&self) -> &dyn RTCRandom {
        self.provider.random()
    }
}

impl RTCCrypto for Recorder {
    fn supports(&self, algorithm: CryptoAlgorithm) -> bool {
        self.provider.crypto().supports(algorithm)
    }

    fn hash(&self, algorithm: HashAlgorithm, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.provider.crypto().hash(algorithm, data)
    }

    fn block_encrypt(
        &self,
        algorithm: BlockCipherAlgorithm,
        key: &[u8],
        block: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.record(key, block);
        self.provider.crypto().block_encrypt(algorithm, key, block)
    }

    fn new_hmac(&self, algorithm: HmacAlgorithm, key: &[u8]) -> Result<Box<dyn Mac>, CryptoError> {
        self.provider.crypto().new_hmac(algorithm, key)
    }

    fn new_stream_cipher(
        &self,
        algorithm: StreamCipherAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn StreamCipher>, CryptoError> {
        self.provider.crypto().new_stream_cipher(algorithm, key)
    }

    fn new_aead(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn AeadCipher>, CryptoError> {
        self.provider.crypto().new_aead(algorithm, key)
    }

    fn new_cbc(&self, algorithm: CbcAlgorithm, key: &[u8]) -> Result<Box<dyn CbcCipher>, CryptoError> {
        self.provider.crypto().new_cbc(algorithm, key)
    }

    fn start_key_exchange(
        &self,
        algorithm: KeyExchangeAlgorithm,
    ) -> Result<Box<dyn ActiveKeyExchange>, CryptoError> {
        self.provider.crypto().start_key_exchange(algorithm)
    }

    fn generate_signing_key(&self, scheme: SignatureScheme) -> Result<Arc<dyn SigningKey>, CryptoError> {
        self.provider.crypto().generate_signing_key(scheme)
    }

    fn import_signing_key(
        &self,
        scheme: SignatureScheme,
        pkcs8_der: &[u8],
    ) -> Result<Arc<dyn SigningKey>, CryptoError> {
        self.provider.crypto().import_signing_key(scheme, pkcs8_der)
    }

    fn verify_signature(
        &self,
        scheme: SignatureScheme,
        public_key: PublicKey<'_>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        self.provider
            .crypto()
            .verify_signature(scheme, public_key, message, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 appendix B.3.
    const KEY: [u8; 16] = [
        0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39,
    ];
    const SALT: [u8; 14] = [
        0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6,
    ];

    #[test]
    fn session_keys_are_those_of_the_rfc() {
        let provider = rtc::crypto::default_provider().unwrap();
        let master = MasterKey {
            key: SecretVec::new(KEY.to_vec()),
            salt: SALT,
        };
        let derive = |label, bytes| master.derive(label, bytes, provider.crypto()).unwrap();
        assert_eq!(
            derive(Label::SrtpEncryption, 16).as_ref(),
            [
                0xc6, 0x1e, 0x7a, 0x93, 0x74, 0x4f, 0x39, 0xee, 0x10, 0x73, 0x4a, 0xfe, 0x3f, 0xf7, 0xa0,
                0x87
            ]
        );
        assert_eq!(
            derive(Label::SrtpSalt, 14).as_ref(),
            [
                0x30, 0xcb, 0xbc, 0x08, 0x86, 0x3d, 0x8c, 0x85, 0xd4, 0x9d, 0xb3, 0x4a, 0x9a, 0xe1
            ]
        );
    }

    #[test]
    fn the_first_block_of_each_of_the_first_two_keys_is_remembered() {
        let recorder = Recorder::new(rtc::crypto::default_provider().unwrap());
        let block = |key: u8, first: u8| {
            let mut block = [first; 16];
            recorder
                .block_encrypt(BlockCipherAlgorithm::Aes128, &[key; 16], &mut block)
                .unwrap();
        };
        block(1, 10);
        assert!(recorder.keys().is_none(), "only one of two");
        block(1, 10);
        block(1, 11);
        block(2, 20);
        block(2, 21);
        block(3, 30);
        let salts = recorder.keys().unwrap().map(|key| key.salt[0]);
        assert_eq!(salts, [10, 20]);
    }
}
