//! What of a track the allocator can choose among.

use crate::state::{Layer, Track};
use forward::{LayerTarget, Step};
use media::{Bitrate, Codec, Kind, LayerIndex, Source};
use std::time::{Duration, Instant};

/// How long a layer that was just asked for counts as coming: a round trip over the signaling socket, a keyframe, and
/// the way here.
const ASKED_PATIENCE: Duration = Duration::from_millis(1_500);

impl Track {
    /// All qualities it can be had in; [`forward::ladder`] leaves out what is not worth its cost. A slot that `starts`
    /// begins with what comes already: a better layer that nobody asked for may never come. Of use may be only the `lowest`
    /// spatial layer of each encoding.
    pub(crate) fn steps(&self, now: Instant, starts: bool, lowest: bool) -> Vec<Step> {
        match self.source.kind() {
            // Audio flows or does not; it has no quality to choose, and DTX is no reason to close.
            Kind::Audio if self.open => vec![self.step(0, 0)],
            Kind::Audio => Vec::new(),
            Kind::Video => {
                let had = self.status.iter().enumerate();
                let highest = self.status.iter().rposition(|status| status.active);
                let most = highest.filter(|_| starts).unwrap_or(usize::MAX);
                let mut steps: Vec<Step> = had
                    .filter(|(index, _)| *index <= most && self.is_to_be_had(*index, now))
                    .flat_map(|(index, status)| self.encoding_steps(index, status.height, now, lowest))
                    .collect();
                never_cheaper(&mut steps);
                steps
            }
        }
    }

    /// Whether a layer comes, or would if the publisher were asked: it was told that nobody watches it, or that somebody
    /// does again so lately that it may not have begun. A browser drops layers without a word: one that was asked for
    /// and stays silent is absent until something of it is heard.
    pub(crate) fn is_to_be_had(&self, index: usize, now: Instant) -> bool {
        let active = self.status.get(index).is_some_and(|status| status.active);
        let unasked = !self.wanted.announced().contains(LayerIndex(index as u8));
        let Some(layer) = self.layers.get(index) else {
            return false;
        };
        let coming = layer
            .asked
            .is_some_and(|at| now.saturating_duration_since(at) < ASKED_PATIENCE);
        active || self.stands_still() || (!layer.absent && (unasked || coming))
    }

    /// A screen that nothing is heard of shows what it did: for as long as nothing on it moves, browsers send none of it
    /// but the keyframe that somebody who comes is owed.
    fn stands_still(&self) -> bool {
        self.source == Source::Screen && self.layers.iter().any(|layer| layer.heard.is_some())
    }

    /// Notes which of the layers that were asked for do not come; whether that is news of any.
    pub(crate) fn note_absent(&mut self, now: Instant) -> bool {
        let mut news = false;
        for index in 0..self.layers.len() {
            let wanted = self.wanted.announced().contains(LayerIndex(index as u8));
            let absent = wanted && !self.is_to_be_had(index, now);
            if let Some(layer) = self.layers.get_mut(index) {
                news |= absent && layer.asked.is_some() && !layer.absent;
                layer.absent |= absent && layer.asked.is_some();
            }
        }
        news
    }

    /// The layer for a tile of this height when bandwidth is no object and the publisher sends all it has.
    pub(crate) fn ideal_layer(&self, height: u16) -> Option<LayerIndex> {
        if self.source.kind() == Kind::Audio {
            return None;
        }
        let heights = self.status.iter().enumerate();
        let steps: Vec<Step> = heights
            .map(|(index, status)| self.step(index, status.height))
            .collect();
        forward::select_step(height, &steps).map(|index| LayerIndex(index as u8))
    }

    /// The steps one encoding can be had in: all of it, and with SVC fewer of its spatial layers, else fewer of its temporal
    /// ones. What each pair of both costs is not measured, so an encoding with spatial layers comes at the full rate.
    fn encoding_steps(&self, index: usize, height: u16, now: Instant, lowest: bool) -> Vec<Step> {
        let mut all = self.step(index, height);
        all.target.spatial = if lowest { 0 } else { all.target.spatial };
        let Some(layer) = self.layers.get(index) else {
            return vec![all];
        };
        let spatial = layer.spatial.steps(now, layer.aimed_at()).map(|step| Step {
            target: LayerTarget {
                spatial: step.id,
                ..all.target
            },
            height: all.height >> step.halvings,
            bitrate: step.bitrate,
            ..all
        });
        let mut steps: Vec<Step> = spatial.take(if lowest { 1 } else { usize::MAX }).collect();
        // Whoever reads no descriptors could not tell pictures that are lost from those left out. And in VP9 without them
        // nothing says when a temporal layer may come back: libwebrtc's encoder never sets the bit for it (RFC 9628 §4.2, U).
        if steps.is_empty() && !lowest && self.codec != Some(Codec::Vp9) {
            steps.extend(layer.temporal.steps(all.bitrate).map(|step| Step {
                target: LayerTarget {
                    temporal: step.id,
                    ..all.target
                },
                rate_permille: step.rate_permille,
                bitrate: step.bitrate,
                ..all
            }));
        }
        match steps.last_mut() {
            // Nothing to leave out of the highest.
            Some(highest) => highest.target = all.target,
            None => steps.push(all),
        }
        steps
    }

    fn step(&self, index: usize, height: u16) -> Step {
        let layer = self.layers.get(index);
        Step {
            target: LayerIndex(index as u8).into(),
            height,
            rate_permille: 1_000,
            bitrate: layer.map_or(Bitrate(0), Layer::cost),
        }
    }
}

/// Makes each encoding cost at least what those below it do. Of one that has just begun little is known, by a publisher
/// that named no rate nothing, and what costs nothing would be given to everybody.
fn never_cheaper(steps: &mut [Step]) {
    let (mut below, mut dearest, mut layer) = (Bitrate(0), Bitrate(0), None);
    for step in steps {
        if layer.replace(step.target.layer) != Some(step.target.layer) {
            below = dearest;
        }
        step.bitrate = step.bitrate.max(below);
        dearest = dearest.max(step.bitrate);
    }
}
