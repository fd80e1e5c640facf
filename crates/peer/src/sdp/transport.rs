//! The one section `rtc` negotiates: a data channel, which brings ICE, DTLS and SCTP.

use crate::sdp::offer::RemoteTransport;

/// Our end of the bundled transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalTransport {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
}

/// The offer for `rtc`. `version` grows with every call for one connection.
///
/// Candidates stay out: a lite agent learns the client's addresses from its checks, and must not be made to
/// send anything to addresses that a client merely names.
pub(crate) fn offer(remote: &RemoteTransport, max_message_bytes: usize, version: u64) -> String {
    let RemoteTransport {
        ufrag,
        pwd,
        fingerprint,
    } = remote;
    format!(
        "v=0\r\no=- 1 {version} IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE data\r\n\
         m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n\
         a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:active\r\n\
         a=mid:data\r\na=sctp-port:5000\r\na=max-message-size:{max_message_bytes}\r\n"
    )
}

/// Our credentials, out of the answer of `rtc`.
pub(crate) fn local(answer: &str) -> Option<LocalTransport> {
    let find = |prefix: &str| {
        answer
            .lines()
            .find_map(|line| line.trim().strip_prefix(prefix))
            .map(str::to_owned)
    };
    Some(LocalTransport {
        ufrag: find("a=ice-ufrag:")?,
        pwd: find("a=ice-pwd:")?,
    })
}
