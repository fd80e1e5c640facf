//! Which codec a publisher should send: its own choice, as long as everybody who watches decodes it.

use media::Codec;
use std::time::{Duration, Instant};

/// After the last viewer who needed VP8 has gone, this long passes before the publisher may return to its own codec.
/// Shorter: somebody whose page reloads makes everybody's picture change codec twice.
const RETURN: Duration = Duration::from_secs(10);

/// Follows one video track.
#[derive(Debug, Clone, Default)]
pub(crate) struct CodecWish {
    /// What the publisher sent last that is not VP8.
    own: Option<Codec>,
    /// It was told to send VP8.
    fallen_back: bool,
    /// Since when everybody decodes `own`.
    able_since: Option<Instant>,
}

impl CodecWish {
    /// The publisher sends this.
    pub(crate) fn note(&mut self, codec: Codec) {
        if codec != Codec::Vp8 && self.own != Some(codec) {
            *self = Self {
                own: Some(codec),
                ..Self::default()
            };
        }
    }

    /// The publisher's own codec, when it has another than VP8: whether viewers decode it is what counts.
    pub(crate) fn own(&self) -> Option<Codec> {
        self.own
    }

    /// What to tell the publisher now, given whether everybody who watches decodes its own codec.
    pub(crate) fn poll(&mut self, now: Instant, all_able: bool) -> Option<Codec> {
        let own = self.own?;
        if !all_able {
            self.able_since = None;
            return (!std::mem::replace(&mut self.fallen_back, true)).then_some(Codec::Vp8);
        }
        let since = *self.able_since.get_or_insert(now);
        let may_return = self.fallen_back && now.saturating_duration_since(since) >= RETURN;
        may_return.then(|| {
            self.fallen_back = false;
            own
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_to_vp8_at_once_and_to_its_own_after_a_while() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let t0 = Instant::now();
        let at = |seconds| t0 + Duration::from_secs(seconds);
        let mut wish = CodecWish::default();
        wish.note(Codec::Vp8);
        assert_eq!(wish.poll(at(0), false), None, "VP8 is what everybody decodes");
        wish.note(Codec::Av1);
        assert_eq!(wish.poll(at(1), true), None);
        assert_eq!(wish.poll(at(2), false), Some(Codec::Vp8));
        assert_eq!(wish.poll(at(3), false), None, "told once");
        wish.note(Codec::Vp8);
        assert_eq!(wish.poll(at(10), true), None);
        assert_eq!(wish.poll(at(15), false), None);
        assert_eq!(wish.poll(at(20), true), None, "the wait begins anew");
        assert_eq!(wish.poll(at(29), true), None);
        assert_eq!(wish.poll(at(30), true), Some(Codec::Av1));
        assert_eq!(wish.poll(at(31), true), None);
        wish.note(Codec::Av1);
        assert_eq!(wish.poll(at(40), false), Some(Codec::Vp8));
    }
}
