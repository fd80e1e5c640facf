//! The video layers allocation of a publisher, as libwebrtc fills it in and sends it (`CreateVideoLayersAllocation`,
//! `RTPSenderVideo::SetVideoLayersAllocationInternal`).

use bytes::Bytes;
use media::layers_allocation::{AllocatedLayer, AllocatedPicture};
use media::{Bitrate, LayersAllocation};

/// Shares of temporal layers 0 to 2 with those below them (libwebrtc's `SimulcastRateAllocator`).
const SHARES: [u64; 3] = [40, 60, 100];

/// What each stream of a camera or screen has yet to say.
#[derive(Debug, Default)]
pub(crate) struct Teller {
    /// Layers that are sent: stream, picture height, rate.
    sent: Vec<(u8, u16, u64)>,
    /// By stream.
    owed: [Owed; 4],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Owed {
    #[default]
    Nothing,
    /// Rates are new.
    Rates,
    /// Layers are, too.
    Pictures,
}

impl Teller {
    /// What is sent now, lowest stream first: stream, picture height, bits per second.
    pub(crate) fn set(&mut self, sent: impl Iterator<Item = (u8, u16, u64)>) {
        let sent: Vec<_> = sent.collect();
        if sent == self.sent {
            return;
        }
        let streams = |sent: &[(u8, u16, u64)]| sent.iter().map(|(stream, ..)| *stream).collect::<Vec<_>>();
        let owed = if streams(&sent) == streams(&self.sent) {
            Owed::Rates
        } else {
            Owed::Pictures
        };
        self.owed
            .iter_mut()
            .for_each(|before| *before = owed.max(*before));
        self.sent = sent;
    }

    /// What goes with the first packet of a frame: with a keyframe always, else what is new and only where a lost packet
    /// will be asked for.
    pub(crate) fn with_frame(&mut self, stream: u8, keyframe: bool, temporal: Option<u8>) -> Option<Bytes> {
        let owed = self.owed.get_mut(usize::from(stream))?;
        let what = if keyframe { Owed::Pictures } else { *owed };
        if what == Owed::Nothing || (!keyframe && temporal.unwrap_or(0) > 0) {
            return None;
        }
        *owed = Owed::Nothing;
        let layer = |(stream, height, bps): &(u8, u16, u64)| {
            let targets = SHARES.map(|share| Bitrate(bps * share / 100));
            let targets = if temporal.is_some() {
                &targets[..]
            } else {
                &targets[2..]
            };
            let picture = AllocatedPicture {
                width: u32::from(*height) * 16 / 9,
                height: u32::from(*height),
                fps: 30,
            };
            let mut layer = AllocatedLayer::new(*stream, 0, targets);
            layer.picture = (what == Owed::Pictures).then_some(picture);
            layer
        };
        let layers = self.sent.iter().map(layer).collect();
        Some(LayersAllocation { stream, layers }.to_wire())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(teller: &mut Teller, stream: u8, keyframe: bool, temporal: u8) -> Option<(usize, bool)> {
        let bytes = teller.with_frame(stream, keyframe, Some(temporal))?;
        let allocation = LayersAllocation::parse(&bytes).expect("as libwebrtc writes it");
        assert_eq!(allocation.stream, stream);
        let sized = allocation.layers.iter().any(|layer| layer.picture.is_some());
        Some((allocation.layers.len(), sized))
    }

    #[test]
    fn told_with_keyframes_and_once_after_each_change() {
        let mut teller = Teller::default();
        teller.set([(0, 180, 150_000), (1, 360, 500_000)].into_iter());
        assert_eq!(told(&mut teller, 0, false, 1), None, "may be lost unnoticed");
        assert_eq!(told(&mut teller, 0, false, 0), Some((2, true)));
        assert_eq!(told(&mut teller, 0, false, 0), None);
        assert_eq!(told(&mut teller, 0, true, 0), Some((2, true)));
        assert_eq!(
            told(&mut teller, 1, false, 0),
            Some((2, true)),
            "each stream for itself"
        );
        teller.set([(0, 180, 140_000), (1, 360, 500_000)].into_iter());
        assert_eq!(told(&mut teller, 0, false, 0), Some((2, false)));
        teller.set([(0, 180, 140_000)].into_iter());
        assert_eq!(told(&mut teller, 0, false, 0), Some((1, true)));
    }
}
