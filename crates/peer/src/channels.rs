//! Data channels: the client opens `reliable` and `lossy`; what we send is bounded per reader.
//!
//! `rtc` would buffer without limit, so only a window of bytes is handed to it; the rest waits here, where it can be
//! dropped or counted. `rtc` 0.21.1 sends on a channel the client opened in order and reliably whatever its type
//! says, so a lossy reader loses old messages here, before they are sent, never on the way.

use crate::api::{DataChannel, DataError, PeerEvent};
use bytes::{Bytes, BytesMut};
use rtc::data_channel::RTCDataChannelId;
use rtc::peer_connection::RTCPeerConnection;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Handed to `rtc` and not yet acknowledged. Larger lets one channel use a longer path fully; smaller keeps lossy
/// messages fresher. 64 KiB is 2.5 Mb/s at 200 ms.
const WINDOW_BYTES: usize = 64 * 1024;
/// Waiting for a lossy reader; past it the oldest goes.
const LOSSY_QUEUE_BYTES: usize = 128 * 1024;
/// Waiting for a reliable reader; past it the channel closes.
const RELIABLE_QUEUE_BYTES: usize = 1024 * 1024;
/// A reliable reader that takes nothing for this long is too slow as well.
const RELIABLE_STALL: Duration = Duration::from_secs(10);
/// What a queued message costs besides its bytes, so that tiny messages are bounded too.
const MESSAGE_OVERHEAD_BYTES: usize = 64;
/// Most times a client opens one of its channels in the life of a peer: `rtc` keeps statistics for each.
const MAX_OPENED: u32 = 1024;
/// Most channels with other names. They are closed at once, but `rtc` remembers names of up to 64 KiB.
const MAX_STRANGE: u32 = 16;

/// The two channels of a peer.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    open: Vec<Open>,
    opened: u32,
    strange: u32,
}

#[derive(Debug)]
struct Open {
    channel: DataChannel,
    id: RTCDataChannelId,
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    /// Unacknowledged in `rtc` when last looked at.
    outstanding: usize,
    /// When the reader last took something, or had nothing to take.
    progress: Instant,
}

impl Open {
    fn pending(&self) -> usize {
        self.waiting_bytes + self.outstanding
    }
}

impl Channels {
    /// The client opened a channel. Others than ours, and more than one of each, are closed at once. `false` when
    /// it has opened more than any client in good faith would.
    pub(crate) fn opened(
        &mut self,
        now: Instant,
        pc: &mut RTCPeerConnection,
        id: RTCDataChannelId,
        events: &mut VecDeque<PeerEvent>,
    ) -> bool {
        let Some(mut handle) = pc.data_channel(id) else {
            return true;
        };
        let channel = match handle.label() {
            "reliable" => Some(DataChannel::Reliable),
            "lossy" => Some(DataChannel::Lossy),
            _ => None,
        };
        let Some(channel) = channel else {
            let _ = handle.close();
            self.strange += 1;
            return self.strange <= MAX_STRANGE;
        };
        self.opened += 1;
        // Opened again: the client has given up the former one.
        if let Some(former) = self.take(|open| open.channel == channel) {
            if let Some(mut handle) = pc.data_channel(former.id) {
                let _ = handle.close();
            }
            events.push_back(PeerEvent::ChannelClosed(channel));
        }
        self.open.push(Open {
            channel,
            id,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            outstanding: 0,
            progress: now,
        });
        events.push_back(PeerEvent::ChannelOpen(channel));
        self.opened <= MAX_OPENED
    }

    /// `rtc` says that a channel is closed.
    pub(crate) fn closed(&mut self, id: RTCDataChannelId, events: &mut VecDeque<PeerEvent>) {
        if let Some(open) = self.take(|open| open.id == id) {
            events.push_back(PeerEvent::ChannelClosed(open.channel));
        }
    }

    /// Which of our channels a message came through.
    pub(crate) fn channel(&self, id: RTCDataChannelId) -> Option<DataChannel> {
        self.open
            .iter()
            .find(|open| open.id == id)
            .map(|open| open.channel)
    }

    pub(crate) fn send(
        &mut self,
        now: Instant,
        pc: &mut RTCPeerConnection,
        channel: DataChannel,
        message: Bytes,
        events: &mut VecDeque<PeerEvent>,
    ) -> Result<(), DataError> {
        let open = self
            .open
            .iter_mut()
            .find(|open| open.channel == channel)
            .ok_or(DataError::NotOpen)?;
        if open.pending() == 0 {
            open.progress = now;
        }
        let cost = message.len() + MESSAGE_OVERHEAD_BYTES;
        match channel {
            DataChannel::Lossy => {
                while open.waiting_bytes + cost > LOSSY_QUEUE_BYTES {
                    let Some(oldest) = open.waiting.pop_front() else {
                        break;
                    };
                    open.waiting_bytes -= oldest.len() + MESSAGE_OVERHEAD_BYTES;
                }
            }
            DataChannel::Reliable if open.pending() + cost > RELIABLE_QUEUE_BYTES => {
                self.give_up(pc, events);
                return Err(DataError::Full);
            }
            DataChannel::Reliable => {}
        }
        open.waiting.push_back(message);
        open.waiting_bytes += cost;
        self.flush(now, pc);
        Ok(())
    }

    /// Hand waiting messages to `rtc` as its window allows.
    pub(crate) fn flush(&mut self, now: Instant, pc: &mut RTCPeerConnection) {
        for open in self.open.iter_mut().filter(|open| open.pending() > 0) {
            let Some(mut handle) = pc.data_channel(open.id) else {
                continue;
            };
            let outstanding = handle.outstanding_bytes();
            if outstanding < open.outstanding {
                open.progress = now;
            }
            while handle.outstanding_bytes() < WINDOW_BYTES {
                let Some(message) = open.waiting.pop_front() else {
                    break;
                };
                open.waiting_bytes -= message.len() + MESSAGE_OVERHEAD_BYTES;
                // Too large for the client: its own limit, announced in its SDP. Not ours to report.
                let _ = handle.send(now, BytesMut::from(message));
            }
            open.outstanding = handle.outstanding_bytes();
        }
    }

    /// Close a reliable channel whose reader has stalled.
    pub(crate) fn handle_timeout(
        &mut self,
        now: Instant,
        pc: &mut RTCPeerConnection,
        events: &mut VecDeque<PeerEvent>,
    ) {
        self.flush(now, pc);
        if self.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.give_up(pc, events);
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let stalling = |open: &&Open| open.channel == DataChannel::Reliable && open.pending() > 0;
        self.open
            .iter()
            .find(stalling)
            .map(|open| open.progress + RELIABLE_STALL)
    }

    /// The reliable reader is too slow: what it missed is gone, so the channel ends, visibly.
    fn give_up(&mut self, pc: &mut RTCPeerConnection, events: &mut VecDeque<PeerEvent>) {
        if let Some(open) = self.take(|open| open.channel == DataChannel::Reliable) {
            if let Some(mut handle) = pc.data_channel(open.id) {
                let _ = handle.close();
            }
            events.push_back(PeerEvent::ChannelClosed(DataChannel::Reliable));
        }
    }

    fn take(&mut self, matches: impl Fn(&Open) -> bool) -> Option<Open> {
        let position = self.open.iter().position(matches)?;
        Some(self.open.swap_remove(position))
    }
}
