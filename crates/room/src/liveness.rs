//! Whether a participant is here, perhaps here, or gone.

use crate::ParticipantState;
use crate::config::{RESUME_WINDOW, SILENCE_WITH_SOCKET, SILENCE_WITHOUT_SOCKET};
use std::time::{Duration, Instant};

/// State of a participant's peer connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PeerState {
    /// None was offered yet.
    None,
    /// Offered; ICE and DTLS are not done.
    Connecting,
    /// Media has flowed.
    Connected,
    /// It broke.
    Failed,
}

/// What is known of a participant's two ways to be heard of: its socket and its media.
#[derive(Debug, Clone)]
pub(crate) struct Liveness {
    socket_closed_at: Option<Instant>,
    /// Since when no media has come; `None` while it comes.
    silent_since: Option<Instant>,
    peer: PeerState,
}

impl Liveness {
    /// Just joined: a socket, no media yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            socket_closed_at: None,
            silent_since: Some(now),
            peer: PeerState::None,
        }
    }

    pub(crate) fn peer(&self) -> PeerState {
        self.peer
    }

    pub(crate) fn handle_socket_open(&mut self) {
        self.socket_closed_at = None;
    }

    pub(crate) fn handle_socket_closed(&mut self, now: Instant) {
        self.socket_closed_at = Some(now);
    }

    pub(crate) fn handle_peer_added(&mut self, now: Instant) {
        self.peer = PeerState::Connecting;
        self.silent_since = Some(now);
    }

    pub(crate) fn handle_connected(&mut self) {
        if matches!(self.peer, PeerState::None | PeerState::Failed) {
            return;
        }
        self.peer = PeerState::Connected;
        self.silent_since = None;
    }

    pub(crate) fn handle_failed(&mut self, now: Instant) {
        // Silence that was seen before the end counts on; a peer that never connected was not silent, it was new.
        let since = self.silent_since.filter(|_| self.peer == PeerState::Connected);
        self.peer = PeerState::Failed;
        self.silent_since = Some(since.unwrap_or(now));
    }

    /// Nothing has come for `seconds`; 0: it comes again.
    pub(crate) fn handle_silent(&mut self, now: Instant, seconds: u32) {
        if self.peer != PeerState::Connected {
            return;
        }
        if seconds == 0 {
            self.silent_since = None;
        } else if self.silent_since.is_none() {
            // `checked_sub`: the origin of `Instant` is unspecified and may be recent.
            let since = now.checked_sub(Duration::from_secs(u64::from(seconds)));
            self.silent_since = Some(since.unwrap_or(now));
        }
    }

    /// As others see it.
    pub(crate) fn state(&self) -> ParticipantState {
        if self.socket_closed_at.is_some() {
            return ParticipantState::Reconnecting;
        }
        match (self.peer, self.silent_since) {
            (PeerState::None | PeerState::Connecting, _) => ParticipantState::Connecting,
            (PeerState::Connected, None) => ParticipantState::Connected,
            (PeerState::Connected, Some(_)) | (PeerState::Failed, _) => ParticipantState::Reconnecting,
        }
    }

    /// When it counts as left if nothing more is heard of it.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match (self.socket_closed_at, self.silent_since) {
            (None, None) => None,
            // The open socket is the sign of life of a client that has not offered yet.
            (None, Some(_)) if self.peer == PeerState::None => None,
            (None, Some(silent)) => Some(silent + SILENCE_WITH_SOCKET),
            // Media goes on without anybody who could still take it up.
            (Some(closed), None) => Some(closed + RESUME_WINDOW),
            (Some(closed), Some(silent)) => {
                // Where no media ever flowed, the socket was the sign of life until it closed.
                let connected = self.peer == PeerState::Connected;
                let since = if connected { silent } else { silent.max(closed) };
                Some((since + SILENCE_WITHOUT_SOCKET).min(closed + RESUME_WINDOW))
            }
        }
    }
}
