//! VP8: picture ids leave no gap for frames dropped on purpose; a decoder would wait for them.

use super::pictures::PictureNumbers;
use super::{Numbers, Rewriter};
use media::vp8::Descriptor;

#[derive(Debug, Default)]
pub(super) struct Vp8Rewriter {
    numbers: PictureNumbers,
}

impl Rewriter for Vp8Rewriter {
    fn begin(&mut self, _payload: &[u8]) {
        self.numbers.begin();
    }

    fn numbers(&mut self, payload: &[u8]) -> Option<Numbers> {
        let descriptor = Descriptor::parse(payload)?;
        // Browsers leave both out beside a dependency descriptor.
        if descriptor.picture_id.is_none() && descriptor.tl0_picture_index.is_none() {
            return Some(Numbers::Unchanged);
        }
        let numbers = self
            .numbers
            .numbers(descriptor.picture_id, descriptor.tl0_picture_index)?;
        let (picture_id, tl0_picture_index) = numbers;
        Some(Numbers::Vp8 {
            picture_id,
            tl0_picture_index,
        })
    }

    fn skip(&mut self, payload: &[u8]) {
        if let Some(id) = Descriptor::parse(payload).and_then(|descriptor| descriptor.picture_id) {
            self.numbers.skip(id);
        }
    }
}
