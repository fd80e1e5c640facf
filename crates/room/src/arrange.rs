//! What goes into everybody's slots.

use crate::assign::{TileKey, place, wanted};
use crate::context::Context;
use crate::participant::Participant;
use crate::room::Room;
use media::plane::MediaCommand;
use media::{ParticipantId, Source};
use std::collections::BTreeMap;

impl Room {
    /// Looks at everybody's slots.
    pub(crate) fn arrange_all(&mut self, cx: &mut Context) {
        let ranking = self.ranking();
        for id in self.order.clone() {
            self.arrange_by(cx, id, &ranking);
        }
    }

    /// Looks at one participant's slots.
    pub(crate) fn arrange(&mut self, cx: &mut Context, id: ParticipantId) {
        let ranking = self.ranking();
        self.arrange_by(cx, id, &ranking);
    }

    fn arrange_by(&mut self, cx: &mut Context, id: ParticipantId, ranking: &[TileKey]) {
        let Some(me) = self.participants.get(&id) else {
            return;
        };
        let pairs = me.slots.pairs();
        let tiles = me.view.as_ref().map_or(&[][..], |view| &view.tiles);
        let exists = |key| self.has_tracks(key);
        // Who may not subscribe gets nothing, and none of its slots counts.
        let places = if me.permissions.subscribe { pairs.len() } else { 0 };
        let wanted = wanted(id, tiles, me.auto_heights(), ranking, exists, places);
        let placed = place(pairs, &wanted);
        // Found now, because the slots below borrow the participant for writing.
        let tracks: BTreeMap<TileKey, _> = wanted
            .iter()
            .map(|tile| (tile.key, self.tracks_of(tile.key)))
            .collect();
        let Some(me) = self.participants.get_mut(&id) else {
            return;
        };
        let slots = me
            .slots
            .assign(&placed, |key| tracks.get(&key).copied().unwrap_or_default());
        cx.dirty_slots.insert((self.id, id));
        if !slots.is_empty() {
            cx.command(
                self.id,
                MediaCommand::Assign {
                    participant: id,
                    slots,
                },
            );
        }
    }

    /// The order of the default view: screens, recent speakers, then by joining, pictures before mere voices.
    fn ranking(&self) -> Vec<TileKey> {
        let camera = |id: &ParticipantId| TileKey {
            participant: *id,
            screen: false,
        };
        let present = || self.order.iter().filter_map(|id| self.participants.get(id));
        let publishes = |p: &Participant, source| p.track_of(source).is_some();
        let screens = present().filter(|p| publishes(p, Source::Screen));
        let seen = present().filter(|p| publishes(p, Source::Camera));
        let heard = present().filter(|p| !publishes(p, Source::Camera) && publishes(p, Source::Microphone));
        let mut ranking: Vec<TileKey> = screens
            .map(|p| TileKey {
                participant: p.id,
                screen: true,
            })
            .collect();
        ranking.extend(self.speakers.recent().iter().map(camera));
        // Speakers stand here again; the first mention counts.
        ranking.extend(seen.chain(heard).map(|p| camera(&p.id)));
        ranking
    }

    fn has_tracks(&self, key: TileKey) -> bool {
        let (video, audio) = self.tracks_of(key);
        video.or(audio).is_some()
    }

    fn tracks_of(&self, key: TileKey) -> (Option<media::TrackId>, Option<media::TrackId>) {
        let Some(owner) = self.participants.get(&key.participant) else {
            return (None, None);
        };
        (owner.track_of(key.video()), owner.track_of(key.audio()))
    }
}
