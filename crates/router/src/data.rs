//! Messages from one participant's data channel to the others'.

use crate::counters::DropReason;
use crate::router::Router;
use crate::state::{PeerKey, RoomKey};
use bytes::Bytes;
use media::ParticipantId;
use media::data::{ToClient, ToServer};
use peer::{DataChannel, Peer};

impl<P: Peer> Router<P> {
    /// A message came: it goes to whom it names, or to everyone else in the room.
    pub(crate) fn pass_on_data(&mut self, from: PeerKey, channel: DataChannel, message: &Bytes) {
        if let Err(reason) = self.try_pass_on(from, channel, message) {
            self.refuse(reason);
        }
    }

    fn try_pass_on(&mut self, from: PeerKey, channel: DataChannel, message: &Bytes) -> Result<(), DropReason> {
        let Some(entry) = self.peers.get_mut(from) else {
            return Ok(());
        };
        if message.len() > self.config.data_message_bytes {
            return Err(DropReason::DataTooLarge);
        }
        if !entry.data_messages.take(self.now, 1) || !entry.data_bytes.take(self.now, message.len()) {
            return Err(DropReason::DataRate);
        }
        let (sender, room) = (entry.participant, entry.room);
        let ToServer {
            mut recipients,
            topic,
            payload,
        } = ToServer::decode(message).map_err(|_| DropReason::DataMalformed)?;
        let envelope = ToClient {
            sender,
            topic,
            payload,
        }
        .encode()
        .map_err(|_| DropReason::DataTooLarge)?;
        self.counters.data_in.add(payload.len());
        if recipients.is_empty() {
            let others = self
                .rooms
                .get(room)
                .map(|room| room.peers.clone())
                .unwrap_or_default();
            for reader in others.into_iter().filter(|reader| *reader != from) {
                self.deliver(reader, channel, &envelope);
            }
            return Ok(());
        }
        // Naming somebody twice sends nothing twice.
        recipients.sort_unstable();
        recipients.dedup();
        for recipient in recipients {
            match self.in_room(recipient, room) {
                Some(reader) => self.deliver(reader, channel, &envelope),
                None => self.refuse(DropReason::DataNoRecipient),
            }
        }
        Ok(())
    }

    /// The participant's peer, when it is in this room: ids of other rooms' participants lead nowhere.
    fn in_room(&self, participant: ParticipantId, room: RoomKey) -> Option<PeerKey> {
        let key = *self.by_participant.get(&participant)?;
        (self.peers.get(key)?.room == room).then_some(key)
    }

    fn deliver(&mut self, reader: PeerKey, channel: DataChannel, envelope: &Bytes) {
        let Some(entry) = self.peers.get_mut(reader) else {
            return;
        };
        match entry.peer.send_data(self.now, channel, envelope.clone()) {
            Ok(()) => self.counters.data_out.add(envelope.len()),
            // A slow reader's own affair: the peer drops or closes as the channel demands.
            Err(_) => self.counters.drop(DropReason::DataReader),
        }
        entry.touch(reader, &mut self.dirty);
    }
}
