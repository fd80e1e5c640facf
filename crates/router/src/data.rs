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

    fn try_pass_on(
        &mut self,
        from: PeerKey,
        channel: DataChannel,
        message: &Bytes,
    ) -> Result<(), DropReason> {
        let Some(entry) = self.peers.get_mut(from) else {
            return Ok(());
        };
        if !entry.may_send_data {
            return Err(DropReason::DataNotAllowed);
        }
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
            self.deliver_to_room(room, Some(from), channel, &envelope);
            self.relay_data(room, channel, &envelope, None);
            return Ok(());
        }
        // Naming somebody twice sends nothing twice.
        recipients.sort_unstable();
        recipients.dedup();
        recipients.retain(|recipient| {
            let reader = self.in_room(*recipient, room);
            if let Some(reader) = reader {
                self.deliver(reader, channel, &envelope);
            }
            reader.is_none()
        });
        // Whoever is not here may be on another worker.
        let elsewhere = recipients.len();
        if elsewhere > 0 && !self.relay_data(room, channel, &envelope, Some(&recipients.into())) {
            (0..elsewhere).for_each(|_| self.refuse(DropReason::DataNoRecipient));
        }
        Ok(())
    }

    /// Gives everybody of the room who is on this worker the message, except its sender.
    pub(crate) fn deliver_to_room(
        &mut self,
        room: RoomKey,
        except: Option<PeerKey>,
        channel: DataChannel,
        envelope: &Bytes,
    ) {
        let readers = self.rooms.get(room).map(|room| room.peers.clone());
        for reader in readers.unwrap_or_default() {
            if Some(reader) != except {
                self.deliver(reader, channel, envelope);
            }
        }
    }

    /// The participant's peer, when it is in this room: ids of other rooms' participants lead nowhere.
    pub(crate) fn in_room(&self, participant: ParticipantId, room: RoomKey) -> Option<PeerKey> {
        let key = *self.by_participant.get(&participant)?;
        (self.peers.get(key)?.room == room).then_some(key)
    }

    pub(crate) fn deliver(&mut self, reader: PeerKey, channel: DataChannel, envelope: &Bytes) {
        let before = self.serve(reader);
        let Some(entry) = self.peers.get_mut(reader) else {
            self.serving = before;
            return;
        };
        match entry.peer.send_data(self.now, channel, envelope.clone()) {
            Ok(()) => self.counters.data_out.add(envelope.len()),
            // A slow reader's own affair: the peer drops or closes as the channel demands.
            Err(_) => self.counters.drop(DropReason::DataReader),
        }
        entry.touch(reader, &mut self.dirty);
        self.serving = before;
    }
}
