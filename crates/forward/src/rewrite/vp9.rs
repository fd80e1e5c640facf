//! VP9: picture ids keep their gaps. In flexible mode references are differences of them (RFC 9628 §4.2), and a picture
//! dropped for its temporal layer is one that nothing refers to.

use super::pictures::PictureNumbers;
use super::{Numbers, Rewriter};
use media::vp9::Descriptor;

#[derive(Debug, Default)]
pub(super) struct Vp9Rewriter {
    numbers: PictureNumbers,
}

impl Rewriter for Vp9Rewriter {
    fn begin(&mut self, _payload: &[u8]) {
        self.numbers.begin();
    }

    fn numbers(&mut self, payload: &[u8]) -> Option<Numbers> {
        let descriptor = Descriptor::parse(payload)?;
        let numbers = self
            .numbers
            .numbers(descriptor.picture_id, descriptor.tl0_picture_index)?;
        let (picture_id, tl0_picture_index) = numbers;
        Some(Numbers::Vp9 {
            picture_id,
            tl0_picture_index,
        })
    }

    fn skip(&mut self, _payload: &[u8]) {}
}
