//! What peers say of their connection reaches the control plane.

use crate::common::Stage;
use media::plane::MediaEvent;
use peer::{PeerEvent, Protocol};

#[test]
fn connected_silent_and_closed_pass_through() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    let participant = alice.id;
    let srtp_profile = "SRTP_AEAD_AES_128_GCM";
    stage.tell(
        &alice,
        PeerEvent::Connected {
            srtp_profile,
            protocol: Protocol::Tcp,
        },
    );
    for seconds in [3, 0, 3, 15] {
        stage.tell(&alice, PeerEvent::Silent { seconds });
    }
    stage.tell(
        &alice,
        PeerEvent::Closed {
            reason: "alert",
            dtls_alert: true,
        },
    );
    let told = |seconds| MediaEvent::Silent { participant, seconds };
    let expected = [
        MediaEvent::Connected {
            participant,
            srtp_profile,
            transport: "tcp",
        },
        told(3),
        told(0),
        told(3),
        told(15),
        MediaEvent::Disconnected {
            participant,
            reason: "alert",
            dtls_alert: true,
        },
    ];
    assert_eq!(stage.take_events(), expected);
}
