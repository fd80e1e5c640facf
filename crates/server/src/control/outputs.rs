//! From the control plane outwards: notices and answers to sockets, commands to workers.

use super::Control;
use super::answers::{Answer, RequestKey};
use crate::session::{End, Outgoing};
use crate::translate::{self, Outcome};
use media::plane::MediaCommand;
use media::{ParticipantId, WorkerId};
use room::{CloseReason, RoomOutput, SocketId};
use signaling::{ServerFrame, ServerMessage};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

impl Control {
    /// Everything that follows from what was handled.
    pub(super) fn drain(&mut self) {
        while let Some(output) = self.rooms.poll_output() {
            match output {
                RoomOutput::Notify { socket, notice } => match translate::notice(notice) {
                    Outcome::Tell(message) => self.tell(socket, message),
                    Outcome::Answer(request, message) => self.answer_pending(socket, request, message),
                    Outcome::Close(reason, message) => self.dismiss(socket, reason, message),
                },
                RoomOutput::Media { room, command } => {
                    if let MediaCommand::RemovePeer { participant } = &command {
                        self.places.release(*participant);
                    }
                    self.placement.handle_command(room, command);
                    self.send_commands();
                }
                RoomOutput::RoomClosed { room } => {
                    self.places.forget_room(room);
                    self.placement.forget_room(room);
                    tracing::info!(room = room.0, "room closed");
                }
            }
        }
    }

    /// Sends each command to its worker.
    pub(super) fn send_commands(&mut self) {
        while let Some((WorkerId(worker), command)) = self.placement.poll_command() {
            self.commands.send(usize::from(worker), command);
        }
    }

    /// A message without a request.
    pub(super) fn tell(&mut self, socket: SocketId, message: ServerMessage) {
        self.count_error(&message);
        self.send(socket, Outgoing::frame(ServerFrame { id: None, message }));
    }

    /// The socket lost its participant.
    fn dismiss(&mut self, socket: SocketId, reason: CloseReason, message: ServerMessage) {
        self.tell(socket, message);
        let participant = self.sockets.get(&socket).and_then(|socket| socket.participant);
        // Taken up on another socket, it lives on; else it ended with this one, and nothing of it is needed any more.
        if let Some(participant) = participant
            && self
                .members
                .get(&participant)
                .is_some_and(|member| member.socket == Some(socket))
        {
            self.members.remove(&participant);
        }
        let end = match reason {
            CloseReason::Replaced => End::Replaced,
            CloseReason::MediaSilent => End::MediaSilent,
            CloseReason::TokenExpired => End::TokenExpired,
            CloseReason::NotAllowed => End::NotAllowed,
            CloseReason::DuplicateIdentity => End::DuplicateIdentity,
            CloseReason::ShuttingDown => End::Draining,
        };
        self.close(socket, end);
    }

    pub(super) fn close(&mut self, socket: SocketId, end: End) {
        self.send(socket, Outgoing::Close(end));
        if let Some(socket) = self.sockets.get_mut(&socket) {
            socket.participant = None;
        }
    }

    /// Queues for the socket's session. When its queue is full the client is too slow: its session ends, and it can
    /// resume.
    pub(super) fn send(&mut self, socket: SocketId, outgoing: Outgoing) {
        let Some(to) = self.sockets.get_mut(&socket) else {
            return;
        };
        if let Err(TrySendError::Full(_)) = to.outbox.try_send(outgoing) {
            // Without a sender left the session ends; it tells us by `Closed`. What comes until then is lost, and the
            // resume makes up for it.
            to.outbox = mpsc::channel(1).0;
            to.overflow.notify_one();
        }
    }

    fn count_error(&self, message: &ServerMessage) {
        if let ServerMessage::Error { code, .. } = message {
            self.metrics.errors.with_label_values(&[code.name()]).inc();
        }
    }

    /// Makes the answer, sends it, and keeps it for a repetition.
    pub(super) fn answer(&mut self, socket: SocketId, key: RequestKey, message: ServerMessage) {
        self.count_error(&message);
        let kind = message.type_name();
        let frame = ServerFrame {
            id: Some(key.id),
            message,
        };
        let Ok(text) = serde_json::to_string(&frame) else {
            return;
        };
        let answer = Answer {
            kind,
            text: text.into(),
        };
        let participant = self.sockets.get(&socket).and_then(|socket| socket.participant);
        if let Some(member) = participant.and_then(|participant| self.members.get_mut(&participant)) {
            member.answers.keep(key, answer.clone());
        }
        self.send(socket, Outgoing::Text(answer));
    }

    /// The answer to a request that took a while: it goes to where the participant is now.
    pub(super) fn answer_pending(&mut self, socket: SocketId, request: u64, message: ServerMessage) {
        let participant = self.sockets.get(&socket).and_then(|socket| socket.participant);
        let Some(member) = participant.and_then(|participant| self.members.get_mut(&participant)) else {
            return;
        };
        let Some(index) = member.pending.iter().position(|(number, _)| *number == request) else {
            return;
        };
        let (_, key) = member.pending.swap_remove(index);
        self.answer(socket, key, message);
    }

    pub(super) fn is_between_sockets(&self, participant: ParticipantId) -> bool {
        self.members
            .get(&participant)
            .is_some_and(|member| member.socket.is_none())
    }

    /// The answer waits for its request to be repeated after the resume.
    pub(super) fn keep_pending(&mut self, participant: ParticipantId, request: u64, message: ServerMessage) {
        let Some(member) = self.members.get_mut(&participant) else {
            return;
        };
        let Some(index) = member.pending.iter().position(|(number, _)| *number == request) else {
            return;
        };
        let (_, key) = member.pending.swap_remove(index);
        let kind = message.type_name();
        if let Ok(text) = serde_json::to_string(&ServerFrame {
            id: Some(key.id),
            message,
        }) {
            member.answers.keep(
                key,
                Answer {
                    kind,
                    text: text.into(),
                },
            );
        }
    }
}
