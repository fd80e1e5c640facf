//! The control plane: one task that owns all rooms. Sessions, offer builders and workers send it values through
//! bounded queues; it never waits for any of them.

mod admission;
mod answers;
mod commands;
mod offers;
mod outputs;
mod places;
mod requests;
#[cfg(test)]
mod tests;

pub(crate) use admission::Refusal;
pub(crate) use answers::{Answer, RequestKey};
pub(crate) use places::MOVE_OUTCOMES;

use crate::access::Credential;
use crate::config::{Config, SrtpProfiles};
use crate::metrics::Metrics;
use crate::session::{End, Outgoing};
use crate::trace::Trace;
use crate::translate;
use answers::Answers;
use commands::Commands;
use media::plane::MediaEvent;
use media::{ParticipantId, RoomId, WorkerId};
use node::{Node, NodeEvent};
use offers::{Built, OfferDesk};
use peer::{PeerFactory, RtcPeer};
use places::Places;
use room::{Rooms, SocketId};
use router::{Placement, RouterConfig};
use signaling::{ClientFrame, ErrorCode, Limits, ServerMessage};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant as Timer, sleep_until};

/// Messages of all sessions waiting for the control plane. When full, sessions stop reading their sockets.
pub(crate) const INPUT_QUEUE: usize = 4_096;
/// How soon a full worker mailbox is tried again.
const RETRY: Duration = Duration::from_millis(10);
/// Answers of a participant without a socket are kept for longer than it can be resumed (30 s).
const FORGET_AFTER: Duration = Duration::from_secs(60);
/// How often those are looked for, and gauges set.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// What a session tells the control plane.
#[derive(Debug)]
pub(crate) enum Input {
    /// A WebSocket opened.
    Opened {
        socket: SocketId,
        outbox: mpsc::Sender<Outgoing>,
        overflow: Arc<Notify>,
    },
    /// A message that could be read.
    Message {
        socket: SocketId,
        frame: ClientFrame,
        key: RequestKey,
        credential: Credential,
    },
    /// The WebSocket is gone, or is about to be closed by its session.
    Closed { socket: SocketId },
}

/// A WebSocket.
struct Socket {
    outbox: mpsc::Sender<Outgoing>,
    overflow: Arc<Notify>,
    participant: Option<ParticipantId>,
}

/// What belongs to a participant and outlives its socket.
struct Member {
    socket: Option<SocketId>,
    answers: Answers,
    /// Requests whose answer is still being made, by our number.
    pending: Vec<(u64, RequestKey)>,
    joined_at: Instant,
    connected: bool,
    compat: bool,
    socket_lost_at: Option<Instant>,
}

/// What the control plane is made of.
pub(crate) struct Parts {
    pub(crate) config: Arc<Config>,
    pub(crate) node: Arc<Node<RtcPeer>>,
    pub(crate) node_events: mpsc::Receiver<NodeEvent>,
    /// One per worker.
    pub(crate) factories: Vec<PeerFactory>,
    pub(crate) metrics: Metrics,
    pub(crate) inputs: mpsc::Receiver<Input>,
    pub(crate) draining: watch::Receiver<bool>,
    /// Told why nobody more is taken, and when somebody is again.
    pub(crate) full: watch::Sender<Option<Refusal>>,
    pub(crate) trace: Option<Trace>,
}

pub(crate) struct Control {
    config: Arc<Config>,
    rooms: Rooms,
    commands: Commands,
    offers: OfferDesk,
    metrics: Metrics,
    sockets: HashMap<SocketId, Socket>,
    members: HashMap<ParticipantId, Member>,
    places: Places,
    placement: Placement,
    full: watch::Sender<Option<Refusal>>,
    next_request: u64,
    trace: Option<Trace>,
}

/// Runs until the server drains: then everybody was told, every room is closed, and every command is with its worker.
pub(crate) async fn run(parts: Parts) {
    let Parts {
        config,
        node,
        mut node_events,
        factories,
        metrics,
        mut inputs,
        mut draining,
        full,
        trace,
    } = parts;
    let (offers, mut built) = OfferDesk::new(factories, &config);
    let limits = room::Config {
        max_rooms: config.max_rooms as usize,
        max_participants: config.max_participants_per_room as usize,
    };
    let mut control = Control {
        rooms: Rooms::new(limits, rand::random()),
        places: Places::new(node.workers(), &config, &RouterConfig::default()),
        full,
        commands: Commands::new(node, metrics.commands_refused.clone()),
        offers,
        metrics,
        config,
        sockets: HashMap::new(),
        members: HashMap::new(),
        placement: Placement::new(),
        next_request: 0,
        trace,
    };
    let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
    housekeeping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let wake = control.wake_at();
        tokio::select! {
            Some(input) = inputs.recv() => control.input(input),
            Some(event) = node_events.recv() => control.media_event(event),
            Some(done) = built.recv() => control.peer_built(done),
            () = sleep_until(wake) => control.timeout(),
            _ = housekeeping.tick() => control.housekeeping(inputs.len(), node_events.len()),
            _ = draining.wait_for(|draining| *draining) => break,
        }
        control.drain();
    }
    // Sockets that opened in the last moment are told as well.
    while let Ok(input) = inputs.try_recv() {
        control.input(input);
    }
    control.shut_down();
}

impl Control {
    fn wake_at(&self) -> Timer {
        let now = Instant::now();
        let far = now + Duration::from_secs(3_600);
        let rooms = self.rooms.poll_timeout().unwrap_or(far);
        let retry = if self.commands.waiting() { now + RETRY } else { far };
        Timer::from_std(rooms.min(retry))
    }

    fn timeout(&mut self) {
        self.commands.retry();
        self.rooms.handle_timeout(Instant::now());
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Opened {
                socket,
                outbox,
                overflow,
            } => {
                self.sockets.insert(
                    socket,
                    Socket {
                        outbox,
                        overflow,
                        participant: None,
                    },
                );
            }
            Input::Message {
                socket,
                frame,
                key,
                credential,
            } => self.message(socket, frame, key, credential),
            Input::Closed { socket } => self.closed(socket),
        }
    }

    fn closed(&mut self, socket: SocketId) {
        let participant = self.sockets.remove(&socket).and_then(|socket| socket.participant);
        if let Some(member) = participant.and_then(|participant| self.members.get_mut(&participant))
            && member.socket == Some(socket)
        {
            member.socket = None;
            member.socket_lost_at = Some(Instant::now());
        }
        self.rooms.handle_socket_closed(Instant::now(), socket);
    }

    fn media_event(&mut self, NodeEvent { worker, event }: NodeEvent) {
        if let Some(trace) = &self.trace {
            trace.note(&event);
        }
        self.note_move(&event);
        let told = self.placement.handle_event(worker_id(worker), &event);
        self.send_commands();
        if !told {
            return;
        }
        match &event {
            MediaEvent::Connected {
                participant,
                srtp_profile,
                transport,
            } => {
                self.metrics
                    .connections
                    .with_label_values(&[*srtp_profile, *transport])
                    .inc();
                if let Some(member) = self.members.get_mut(participant)
                    && !std::mem::replace(&mut member.connected, true)
                {
                    self.metrics
                        .join_seconds
                        .observe(member.joined_at.elapsed().as_secs_f64());
                }
                tracing::info!(%participant, srtp_profile, transport, "media connected");
            }
            MediaEvent::Disconnected {
                participant,
                reason,
                dtls_alert,
            } => {
                let alert = if *dtls_alert { "true" } else { "false" };
                self.metrics.disconnections.with_label_values(&[alert]).inc();
                tracing::info!(%participant, reason, dtls_alert, "media disconnected");
            }
            MediaEvent::Silent { participant, seconds } => {
                tracing::info!(%participant, seconds, "media silent");
            }
            MediaEvent::Answer {
                participant,
                request,
                result,
            } if self.is_between_sockets(*participant) => {
                let message = match result {
                    Ok((sdp, _)) => ServerMessage::Answer { sdp: sdp.clone() },
                    Err(why) => translate::error(ErrorCode::OfferRejected, why.clone()),
                };
                self.keep_pending(*participant, *request, message);
            }
            _ => {}
        }
        self.rooms.handle_media_event(Instant::now(), event);
    }

    fn peer_built(&mut self, done: Built) {
        let Built {
            participant,
            room,
            worker,
            request,
            took,
            result,
        } = done;
        self.metrics.offer_seconds.observe(took.as_secs_f64());
        let now = Instant::now();
        let (label, message) = match result {
            Err(why) => {
                self.rooms.handle_peer_refused(now, participant);
                self.places.release(participant);
                ("rejected", translate::error(ErrorCode::OfferRejected, why))
            }
            Ok(built) => {
                let (peer, answer) = *built;
                match self
                    .rooms
                    .handle_peer_built(now, participant, answer.sections.clone())
                {
                    Err(why) => {
                        self.places.release(participant);
                        let label = if matches!(why, room::RoomError::NotFound(_)) {
                            "gone"
                        } else {
                            "rejected"
                        };
                        (label, translate::room_error(&why))
                    }
                    Ok(()) => self.hand_over(room, participant, worker, peer, answer),
                }
            }
        };
        self.metrics.offers.with_label_values(&[label]).inc();
        // Without a socket now there is nobody to tell: a client that lost its socket before the answer joins anew.
        if let Some(socket) = self.members.get(&participant).and_then(|member| member.socket) {
            self.answer_pending(socket, request, message);
        }
    }

    fn hand_over(
        &mut self,
        room: RoomId,
        participant: ParticipantId,
        worker: usize,
        peer: RtcPeer,
        answer: peer::Answer,
    ) -> (&'static str, ServerMessage) {
        let sdp = answer.sdp.clone();
        let command = node::WorkerCommand::AddPeer {
            room,
            participant,
            peer: Box::new(peer),
            answer: Box::new(answer),
        };
        if self.commands.add_peer(worker, command).is_ok() {
            self.placement.handle_peer(room, participant, worker_id(worker));
            self.places.settle(Instant::now(), participant);
            self.send_commands();
            return ("accepted", ServerMessage::Answer { sdp });
        }
        self.places.release(participant);
        let reason = "the media worker has too much to do";
        let gone = MediaEvent::Disconnected {
            participant,
            reason,
            dtls_alert: false,
        };
        self.rooms.handle_media_event(Instant::now(), gone);
        (
            "busy",
            translate::error(ErrorCode::Internal, format!("{reason}: try again in a second")),
        )
    }

    fn housekeeping(&mut self, queued: usize, events: usize) {
        let now = Instant::now();
        self.members.retain(|_, member| {
            member
                .socket_lost_at
                .is_none_or(|lost| now.saturating_duration_since(lost) < FORGET_AFTER)
        });
        let snapshots = self.commands.snapshots();
        self.places.handle_snapshots(now, &snapshots);
        self.relieve(now, &snapshots);
        let lost = self.placement.take_lost_commands();
        self.metrics.commands_refused.inc_by(lost);
        self.update_full();
        self.metrics.rooms.set(self.rooms.room_count() as i64);
        self.metrics
            .participants
            .set(self.rooms.participant_count() as i64);
        self.metrics.tracks.set(self.rooms.track_count() as i64);
        self.metrics.control_queue.set(queued as i64);
        self.metrics.event_queue.set(events as i64);
    }

    fn shut_down(&mut self) {
        let retry_after_ms = self.config.draining_retry_ms;
        let sockets: Vec<SocketId> = self.sockets.keys().copied().collect();
        for socket in &sockets {
            self.tell(*socket, ServerMessage::Draining { retry_after_ms });
        }
        self.rooms.handle_shutdown(Instant::now());
        self.drain();
        for socket in sockets {
            self.close(socket, End::Draining);
        }
        self.commands.retry();
        tracing::info!("rooms closed");
    }

    fn limits(&self) -> Limits {
        Limits {
            participants: self.config.max_participants_per_room,
            frame_bytes: self.config.signaling_frame_bytes,
            data_message_bytes: self.config.data_message_bytes,
            data_messages_per_second: self.config.data_messages_per_second,
            video_slots: self.config.max_video_slots,
            audio_slots: self.config.max_audio_slots,
        }
    }

    fn compat(&self, asked: bool) -> bool {
        match self.config.srtp_profiles {
            SrtpProfiles::PreferGcm => asked,
            SrtpProfiles::OnlyGcm => false,
            SrtpProfiles::All => true,
        }
    }
}

/// Workers have ports of their own, so there are fewer than 65,536.
fn worker_id(worker: usize) -> WorkerId {
    WorkerId(u16::try_from(worker).unwrap_or(u16::MAX))
}
