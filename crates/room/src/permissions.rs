//! What a participant may do, and what follows when that changes during the call.

use crate::RoomError;
use crate::context::Context;
use crate::liveness::PeerState;
use crate::notice::Notice;
use crate::participant::Participant;
use crate::room::Room;
use media::plane::MediaCommand;
use media::{ParticipantId, Source, Sources};
use std::time::Instant;

/// What a participant may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    /// Be in the room at all.
    pub join: bool,
    /// Enter it although nobody is there.
    pub create: bool,
    /// Publish these.
    pub publish: Sources,
    /// Receive the tracks of others.
    pub subscribe: bool,
    /// Send data messages. Everybody receives them.
    pub data: bool,
    /// Not to be seen by others. Who is hidden neither publishes nor sends data: either would give it away.
    pub hidden: bool,
    /// See those who are hidden.
    pub see_hidden: bool,
    /// Act on others.
    pub admin: bool,
}

impl Permissions {
    /// What somebody in an ordinary call needs; what everybody has on a server that asks for no tokens.
    pub const CALL: Self = Self {
        join: true,
        create: true,
        publish: Sources::ALL,
        subscribe: true,
        data: true,
        hidden: false,
        see_hidden: false,
        admin: false,
    };

    /// Without what being hidden excludes.
    pub(crate) fn effective(self) -> Self {
        if self.hidden {
            Self {
                publish: Sources::NONE,
                data: false,
                ..self
            }
        } else {
            self
        }
    }
}

/// The words for something that a grant would allow.
pub(crate) fn not_allowed(what: &str, grant: &str) -> RoomError {
    RoomError::NotAllowed(format!(
        "{what} is not allowed: ask for a token with the grant `{grant}`"
    ))
}

/// Whether a participant may publish this.
pub(crate) fn check_publish(me: &Participant, source: Source) -> Result<(), RoomError> {
    if me.permissions.publish.contains(source) {
        return Ok(());
    }
    if me.permissions.hidden {
        return Err(RoomError::NotAllowed(
            "who is hidden publishes nothing: ask for a token without the grant `hidden`".into(),
        ));
    }
    let name = source.name();
    Err(not_allowed(
        &format!("publishing `{name}`"),
        &format!("publish:{name}"),
    ))
}

impl Room {
    /// Whether one participant may know of another.
    pub(crate) fn sees(&self, viewer: ParticipantId, other: ParticipantId) -> bool {
        let sees_hidden = || {
            let viewer = self.participants.get(&viewer);
            viewer.is_some_and(|viewer| viewer.permissions.see_hidden)
        };
        let other = self.participants.get(&other);
        other.is_some_and(|other| !other.permissions.hidden || other.id == viewer || sees_hidden())
    }

    /// The participant may do this from now on. What it may not do any more ends at once, and its client is told.
    pub(crate) fn set_permissions(
        &mut self,
        now: Instant,
        cx: &mut Context,
        id: ParticipantId,
        permissions: Permissions,
    ) {
        let permissions = permissions.effective();
        let Some(me) = self.participants.get_mut(&id) else {
            return;
        };
        let former = std::mem::replace(&mut me.permissions, permissions);
        if former == permissions {
            return;
        }
        self.end_tracks(now, cx, id);
        if (former.data, former.subscribe) != (permissions.data, permissions.subscribe) {
            self.permit(cx, id);
        }
        if former.subscribe != permissions.subscribe {
            self.change_subscribing(cx, id);
        }
        if former.hidden != permissions.hidden {
            self.change_hidden(now, id);
        }
        if former.see_hidden != permissions.see_hidden {
            self.change_sight(now, id);
        }
        self.revision += 1;
        let revision = self.revision;
        if let Some(me) = self.participants.get(&id) {
            let notice = Notice::Permissions {
                revision,
                permissions,
            };
            cx.notify(me.socket, notice);
        }
    }

    /// Tracks that the participant may not publish are over.
    fn end_tracks(&mut self, now: Instant, cx: &mut Context, id: ParticipantId) {
        let Some(me) = self.participants.get_mut(&id) else {
            return;
        };
        let allowed = me.permissions.publish;
        let (kept, over) = std::mem::take(&mut me.tracks)
            .into_iter()
            .partition::<Vec<_>, _>(|track| allowed.contains(track.source));
        me.tracks = kept;
        for track in &over {
            self.track_is_over(now, cx, track.id, true);
        }
        if over.iter().any(|track| track.source == Source::Microphone) {
            self.forget_audible(cx, id);
        }
        if !over.is_empty() {
            self.touch(now, id);
        }
    }

    /// Tells the media plane what it decides by itself: who may send data, and who may hear talkers.
    pub(crate) fn permit(&self, cx: &mut Context, id: ParticipantId) {
        let Some(me) = self.participants.get(&id) else {
            return;
        };
        if matches!(me.liveness.peer(), PeerState::None | PeerState::Failed) {
            return;
        }
        let Permissions { data, subscribe, .. } = me.permissions;
        cx.command(
            self.id,
            MediaCommand::Permit {
                participant: id,
                data,
                subscribe,
            },
        );
    }

    /// Fills the participant's slots, or empties them.
    fn change_subscribing(&mut self, cx: &mut Context, id: ParticipantId) {
        if let Some(me) = self.participants.get_mut(&id)
            && !me.permissions.subscribe
        {
            me.slots.clear_talkers();
        }
        self.arrange(cx, id);
    }

    /// The participant comes into sight, or goes out of it.
    fn change_hidden(&mut self, now: Instant, id: ParticipantId) {
        if self.participants.get(&id).is_some_and(|me| me.permissions.hidden) {
            self.hidden += 1;
            self.left.push(id);
            self.schedule(now);
        } else {
            self.hidden = self.hidden.saturating_sub(1);
            self.touch(now, id);
        }
    }

    /// Those who are hidden come into the participant's sight, or go out of it.
    fn change_sight(&mut self, now: Instant, id: ParticipantId) {
        let sees_hidden = |me: &Participant| me.permissions.see_hidden;
        let gains = self.participants.get(&id).is_some_and(sees_hidden);
        let hidden = self
            .participants
            .values()
            .filter(|other| other.permissions.hidden && other.id != id)
            .map(|other| other.id);
        // Only this one hears of it: to the others nothing of those changed.
        if gains {
            self.changed.extend(hidden);
        } else {
            self.left.extend(hidden);
        }
        self.schedule(now);
    }
}
