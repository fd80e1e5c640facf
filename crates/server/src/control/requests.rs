//! What each request of a client does.

use super::answers::{Answers, RequestKey};
use super::{Control, Member, Refusal};
use crate::access::Credential;
use crate::session::{End, Outgoing};
use crate::translate::{self, error, room_error};
use media::ParticipantId;
use room::{Credentials, Join, OfferStep, RoomError, SocketId, Welcome};
use signaling::token::TokenError;
use signaling::{ClientFrame, ClientMessage, ErrorCode, OfferedTrack, ServerMessage};
use std::time::Instant;

/// What came out of a request: an answer now, or one that a peer still makes.
type Outcome = Result<ServerMessage, RoomError>;

impl Control {
    pub(super) fn message(
        &mut self,
        socket: SocketId,
        frame: ClientFrame,
        key: RequestKey,
        credential: Credential,
    ) {
        if self.repeat(socket, key) {
            return;
        }
        let now = Instant::now();
        let outcome = match frame.message {
            ClientMessage::Join {
                room,
                name,
                metadata,
                resume,
                compat,
                ..
            } => {
                let join = Join {
                    room,
                    name,
                    metadata,
                    credentials: Credentials::OPEN,
                };
                self.join(now, socket, join, credential, resume, compat)
            }
            ClientMessage::Renew { .. } => self.renew(now, socket, credential),
            ClientMessage::Offer { sdp, tracks } => return self.offer(now, socket, key, sdp, tracks),
            ClientMessage::Leave {} => return self.leave(now, socket, key),
            message => self.in_room(now, socket, message),
        };
        self.answer(socket, key, outcome.unwrap_or_else(|why| room_error(&why)));
    }

    /// Whether this is a request that was answered or is being answered already.
    fn repeat(&mut self, socket: SocketId, key: RequestKey) -> bool {
        let participant = self.sockets.get(&socket).and_then(|socket| socket.participant);
        let Some(member) = participant.and_then(|participant| self.members.get(&participant)) else {
            return false;
        };
        if member.pending.iter().any(|(_, pending)| *pending == key) {
            return true;
        }
        let Some(answer) = member.answers.find(key).cloned() else {
            return false;
        };
        self.send(socket, Outgoing::Text(answer));
        true
    }

    fn in_room(&mut self, now: Instant, socket: SocketId, message: ClientMessage) -> Outcome {
        let ok = |()| ServerMessage::Ok {};
        match message {
            ClientMessage::Publish { mid, layers, muted } => self
                .rooms
                .handle_publish(now, socket, &mid, translate::layers(layers), muted)
                .map(|track| ServerMessage::PublishedOk {
                    track: translate::track(track),
                }),
            ClientMessage::Unpublish { mid } => self.rooms.handle_unpublish(now, socket, &mid).map(ok),
            ClientMessage::View { tiles, auto_height } => self
                .rooms
                .handle_view(now, socket, translate::view(tiles, auto_height))
                .map(ok),
            ClientMessage::Mute { track, muted } => self.rooms.handle_mute(now, socket, track, muted).map(ok),
            ClientMessage::Update { name, metadata } => self
                .rooms
                .handle_update(now, socket, name.as_deref(), metadata.as_deref())
                .map(ok),
            ClientMessage::Participants { offset, limit } => self
                .rooms
                .handle_participants(socket, offset, limit)
                .map(translate::page),
            // `join`, `renew`, `offer` and `leave` do not come here.
            ClientMessage::Ping {}
            | ClientMessage::Renew { .. }
            | ClientMessage::Join { .. }
            | ClientMessage::Offer { .. }
            | ClientMessage::Leave {} => Ok(ServerMessage::Pong {}),
        }
    }

    fn join(
        &mut self,
        now: Instant,
        socket: SocketId,
        join: Join,
        credential: Credential,
        resume: Option<String>,
        compat: bool,
    ) -> Outcome {
        let resumes = resume.is_some();
        if !resumes && let Some(refusal) = self.update_full() {
            return Ok(self.refuse(refusal));
        }
        let welcome = match resume {
            Some(token) => self.rooms.handle_resume(now, socket, &token)?,
            None => match admit(now, join, credential) {
                Ok(join) => self.rooms.handle_join(now, socket, join)?,
                Err(why) => return Ok(translate::token_error(&why)),
            },
        };
        self.seat(now, socket, &welcome, compat);
        if !resumes {
            // Counted from here on, so that a burst of joins is spread.
            self.places
                .reserve(now, &self.placement, welcome.room, welcome.participant);
        }
        tracing::info!(
            participant = %welcome.participant, room = welcome.room.0, count = welcome.count, resumed = welcome.resumed,
            "joined"
        );
        let ice_servers = self.config.ice_servers.to_wire();
        Ok(translate::welcome(welcome, ice_servers, self.limits()))
    }

    /// Goes on with another access token, of the same identity and for the same room.
    fn renew(&mut self, now: Instant, socket: SocketId, credential: Credential) -> Outcome {
        let seat = self.rooms.seat_of(socket)?;
        let (claims, left) = match credential {
            Credential::Holder(claims, left) => (claims, left),
            Credential::Refused(why) => return Ok(translate::token_error(&why)),
            // Nothing expires.
            Credential::Everybody | Credential::Unneeded => return Ok(ServerMessage::Ok {}),
        };
        let refusal = if seat.identity != Some(claims.identity.as_str()) {
            Some(TokenError::WrongIdentity)
        } else if !claims.room.matches(seat.room) {
            Some(TokenError::WrongRoom)
        } else {
            None
        };
        if let Some(why) = refusal {
            return Ok(translate::token_error(&why));
        }
        let permissions = translate::permissions(claims.grants);
        self.rooms
            .handle_renew(now, socket, permissions, now.checked_add(left))?;
        Ok(ServerMessage::Ok {})
    }

    /// Somebody who is not in a room is turned away. Those who are have their seat, whatever the load.
    fn refuse(&mut self, refusal: Refusal) -> ServerMessage {
        self.metrics
            .joins_refused
            .with_label_values(&[refusal.name()])
            .inc();
        let words = match refusal {
            Refusal::Busy => "this server has enough to do",
            Refusal::Peers | Refusal::Tracks => "this server has as many participants as it may",
            Refusal::Files => "this server has as many connections as it may",
        };
        error(
            ErrorCode::NodeFull,
            format!("{words}: join on another one, or try again in a minute"),
        )
    }

    /// Connects socket and participant.
    fn seat(&mut self, now: Instant, socket: SocketId, welcome: &Welcome, compat: bool) {
        let participant = welcome.participant;
        let former = self
            .sockets
            .get_mut(&socket)
            .and_then(|socket| socket.participant.replace(participant));
        if let Some(former) = former.filter(|former| *former != participant) {
            self.members.remove(&former);
        }
        let member = self.members.entry(participant).or_insert_with(|| Member {
            socket: None,
            answers: Answers::default(),
            pending: Vec::new(),
            joined_at: now,
            connected: false,
            compat,
            socket_lost_at: None,
        });
        member.socket = Some(socket);
        member.socket_lost_at = None;
    }

    fn member(&mut self, socket: SocketId) -> Option<(ParticipantId, &mut Member)> {
        let participant = self.sockets.get(&socket)?.participant?;
        self.members
            .get_mut(&participant)
            .map(|member| (participant, member))
    }

    fn offer(
        &mut self,
        now: Instant,
        socket: SocketId,
        key: RequestKey,
        sdp: String,
        tracks: Vec<OfferedTrack>,
    ) {
        self.next_request += 1;
        let request = self.next_request;
        // Only a first offer needs the text again; that it is copied otherwise costs microseconds.
        let step = self.rooms.handle_offer(
            now,
            socket,
            request,
            sdp.clone(),
            translate::offered_tracks(tracks),
        );
        let refusal = match step {
            Err(why) => Some(room_error(&why)),
            Ok(OfferStep::Forwarded) => {
                self.wait_for(socket, request, key);
                None
            }
            Ok(OfferStep::BuildPeer { participant, room }) => {
                let placed = self.places.reserve(now, &self.placement, room, participant);
                let worker = usize::from(placed.0);
                let asked = self.member(socket).is_some_and(|(_, member)| member.compat);
                let compat = self.compat(asked);
                if self.offers.build(participant, room, worker, request, sdp, compat) {
                    self.places.build(participant);
                    self.wait_for(socket, request, key);
                    None
                } else {
                    self.rooms.handle_peer_refused(now, participant);
                    self.places.release(participant);
                    self.metrics.offers.with_label_values(&["busy"]).inc();
                    let words =
                        "the server has too many offers to answer: send it again in a second, with a new id";
                    Some(error(ErrorCode::Internal, words.into()))
                }
            }
        };
        if let Some(message) = refusal {
            self.answer(socket, key, message);
        }
    }

    fn wait_for(&mut self, socket: SocketId, request: u64, key: RequestKey) {
        if let Some((_, member)) = self.member(socket) {
            member.pending.push((request, key));
        }
    }

    fn leave(&mut self, now: Instant, socket: SocketId, key: RequestKey) {
        match self.rooms.handle_leave(now, socket) {
            Err(why) => self.answer(socket, key, room_error(&why)),
            Ok(()) => {
                let participant = self.sockets.get(&socket).and_then(|socket| socket.participant);
                self.answer(socket, key, ServerMessage::Ok {});
                self.close(socket, End::Leave);
                if let Some(participant) = participant {
                    self.places.release(participant);
                    self.members.remove(&participant);
                    tracing::info!(%participant, "left");
                }
            }
        }
    }
}

/// The join with what the access token says of who joins.
fn admit(now: Instant, join: Join, credential: Credential) -> Result<Join, TokenError> {
    let (claims, left) = match credential {
        Credential::Everybody => return Ok(join),
        Credential::Holder(claims, left) => (*claims, left),
        Credential::Refused(why) => return Err(why),
        Credential::Unneeded => return Err(TokenError::Missing),
    };
    Ok(Join {
        room: join.room,
        credentials: Credentials {
            identity: Some(claims.identity),
            fixed_name: claims.name.is_some(),
            permissions: translate::permissions(claims.grants),
            expires: now.checked_add(left),
        },
        name: claims.name.unwrap_or(join.name),
        metadata: claims.metadata.or(join.metadata),
    })
}
