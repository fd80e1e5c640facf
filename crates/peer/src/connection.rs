//! Building the `rtc` connection that carries a peer.

use crate::api::OfferError;
use crate::config::SrtpProfiles;
use crate::factory::PeerFactory;
use crate::sdp::answer::candidate_values;
use crate::sdp::offer::RemoteTransport;
use crate::sdp::transport::{self, LocalTransport};
use crate::srtp::keys::Recorder;
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::setting_engine::{SettingEngine, SettingEngineBuilder};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{RTCDtlsRole, RTCIceCandidateInit};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A connection that waits for the client's checks, and who hears its media keys.
pub(crate) fn build(
    factory: &PeerFactory,
    now: Instant,
    profiles: SrtpProfiles,
) -> Result<(RTCPeerConnection, Arc<Recorder>), rtc::shared::error::Error> {
    let recorder = Arc::new(Recorder::new(factory.crypto.clone()));
    let configuration = RTCConfigurationBuilder::new()
        .with_certificates(vec![factory.certificate.clone()])
        .build();
    let mut pc = RTCPeerConnectionBuilder::new()
        .with_configuration(configuration)
        .with_setting_engine(settings(profiles, recorder.clone()))
        .build(now)?;
    for candidate in candidate_values(&factory.config.candidates) {
        pc.add_local_candidate(RTCIceCandidateInit {
            candidate,
            ..RTCIceCandidateInit::default()
        })?;
    }
    Ok((pc, recorder))
}

fn settings(profiles: SrtpProfiles, recorder: Arc<Recorder>) -> SettingEngine {
    // The client's order decides, not ours: Chromium would take AES-256 (or AES-CM) if it were offered, which costs
    // more per packet and protects no better against anything that matters here.
    let gcm = SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm;
    let profiles = match profiles {
        SrtpProfiles::Gcm => vec![gcm],
        SrtpProfiles::Compat => vec![
            gcm,
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_32,
        ],
    };
    // Whether the client is alive is decided by the peer, not by the ICE agent, which knows one path only.
    let never = Some(Duration::ZERO);
    SettingEngineBuilder::new()
        .with_lite(true)
        .with_answering_dtls_role(RTCDtlsRole::Server)
        .with_ice_timeouts(never, never, never)
        // Clients' mDNS names are of no use to an agent that waits for checks.
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_srtp_protection_profiles(profiles)
        .with_crypto_provider(recorder)
        .build()
}

/// Give the connection the client's credentials (again, to restart ICE) and get ours.
pub(crate) fn negotiate(
    pc: &mut RTCPeerConnection,
    now: Instant,
    remote: &RemoteTransport,
    max_message_bytes: usize,
    version: u64,
) -> Result<LocalTransport, OfferError> {
    let refused = |error: rtc::shared::error::Error| {
        OfferError::Unsupported(format!("the transport could not be negotiated: {error}"))
    };
    let offer = transport::offer(remote, max_message_bytes, version);
    pc.set_remote_description(now, RTCSessionDescription::offer(offer).map_err(refused)?)
        .map_err(refused)?;
    let answer = pc.create_answer(None).map_err(refused)?;
    let local = transport::local(&answer.sdp);
    pc.set_local_description(now, answer).map_err(refused)?;
    local.ok_or_else(|| {
        OfferError::Unsupported("the transport could not be negotiated: no ICE credentials".to_owned())
    })
}
