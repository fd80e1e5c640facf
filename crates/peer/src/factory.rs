//! Builds peers from offers.

use crate::api::{Answer, OfferError};
use crate::config::{PeerConfig, SrtpProfiles};
use crate::peer::RtcPeer;
use rtc::crypto::{self, RTCCryptoProvider, SignatureScheme};
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};
use std::sync::Arc;
use std::time::Instant;

/// A peer could not be prepared for; a broken build or machine, not bad input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactoryError {
    /// No cryptography, or it could not make a certificate.
    #[error("no DTLS certificate could be made: {0}")]
    Certificate(String),
    /// Nothing to advertise.
    #[error("no address to advertise as a candidate")]
    NoCandidate,
}

/// Makes the peers of one worker. Cheap to clone: the DTLS certificate is made once and shared.
#[derive(Clone)]
pub struct PeerFactory {
    pub(crate) config: PeerConfig,
    pub(crate) certificate: RTCCertificate,
    /// Its `a=fingerprint` value.
    pub(crate) fingerprint: String,
    pub(crate) crypto: Arc<dyn RTCCryptoProvider>,
}

impl std::fmt::Debug for PeerFactory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeerFactory")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl PeerFactory {
    /// Make the certificate (ECDSA P-256).
    ///
    /// # Errors
    /// When there is no address to advertise or no certificate can be made.
    pub fn new(config: PeerConfig) -> Result<Self, FactoryError> {
        if config.candidates.is_empty() {
            return Err(FactoryError::NoCandidate);
        }
        let error = |error: &dyn std::fmt::Display| FactoryError::Certificate(error.to_string());
        let provider = crypto::default_provider().map_err(|e| error(&e))?;
        let params = CertificateParams::new(vec!["plenum".to_owned()]).map_err(|e| error(&e))?;
        let certificate =
            RTCCertificate::generate(provider.crypto(), SignatureScheme::EcdsaP256Sha256, params)
                .map_err(|e| error(&e))?;
        let fingerprint = certificate
            .get_fingerprints(provider.crypto())
            .map_err(|e| error(&e))?
            .into_iter()
            .find(|fingerprint| fingerprint.algorithm == "sha-256")
            .map(|fingerprint| format!("sha-256 {}", fingerprint.value.to_ascii_uppercase()))
            .ok_or_else(|| FactoryError::Certificate("it has no SHA-256 fingerprint".to_owned()))?;
        Ok(Self {
            config,
            certificate,
            fingerprint,
            crypto: provider,
        })
    }

    /// The same certificate and settings, advertising other addresses: for another worker of the node.
    #[must_use]
    pub fn with_candidates(&self, candidates: Vec<std::net::SocketAddr>) -> Self {
        let mut factory = self.clone();
        factory.config.candidates = candidates;
        factory
    }

    /// Answer a client's first offer. Takes milliseconds: call it off the worker and move the peer there.
    /// `compat` offers AES-CM too, for clients that failed or are unknown.
    ///
    /// # Errors
    /// When the offer cannot be met; the text says what to offer.
    pub fn accept(&self, now: Instant, offer: &str, compat: bool) -> Result<(RtcPeer, Answer), OfferError> {
        let profiles = if compat {
            SrtpProfiles::Compat
        } else {
            self.config.srtp
        };
        RtcPeer::accept(self, now, offer, profiles)
    }
}
