//! VP8: picture id and TL0PICIDX (RFC 7741 §4.2) count on over switches. A decoder takes a jump in either
//! for lost frames and waits for them.

use super::{Numbers, Rewriter};
use crate::numbering::Numbering;
use media::vp8::{Descriptor, PictureId};

#[derive(Debug, Default)]
pub(super) struct Vp8Rewriter {
    /// Picture ids of the run, from its first packet that has one.
    pictures: Option<Pictures>,
    /// Highest picture id sent, without the wrap at 15 bits.
    last_picture: u64,
    /// From the run's TL0PICIDX to the slot's.
    tl0_shift: Option<u8>,
    /// Highest TL0PICIDX sent.
    last_tl0: u8,
}

/// One run's picture ids without the wrap.
#[derive(Debug)]
struct Pictures {
    newest: u64,
    numbering: Numbering,
}

/// Where extended picture ids start, so that what is older than the first has a number too.
const ORIGIN: u64 = 1 << 15;

impl Pictures {
    fn new(id: PictureId, output: u64) -> Pictures {
        let first = ORIGIN + u64::from(id.value);
        Pictures {
            newest: first,
            numbering: Numbering::new(first, output),
        }
    }

    /// The id nearest to the newest that has these 7 or 15 bits.
    fn extend(&mut self, id: PictureId) -> u64 {
        let modulus = u64::from(id.modulus());
        let ahead = (u64::from(id.value) + modulus - self.newest % modulus) % modulus;
        if ahead < modulus / 2 {
            self.newest += ahead;
            return self.newest;
        }
        self.newest.saturating_sub(modulus - ahead)
    }
}

impl Vp8Rewriter {
    fn picture(&mut self, id: PictureId) -> Option<u64> {
        let next = self.last_picture + 1;
        let pictures = self.pictures.get_or_insert_with(|| Pictures::new(id, next));
        let extended = pictures.extend(id);
        let output = pictures.numbering.output(extended)?;
        self.last_picture = self.last_picture.max(output);
        Some(output)
    }

    fn tl0(&mut self, index: u8) -> u8 {
        let next = self.last_tl0.wrapping_add(1);
        let shift = *self.tl0_shift.get_or_insert_with(|| next.wrapping_sub(index));
        let output = index.wrapping_add(shift);
        if output.wrapping_sub(self.last_tl0).cast_signed() > 0 {
            self.last_tl0 = output;
        }
        output
    }
}

impl Rewriter for Vp8Rewriter {
    fn begin(&mut self, _payload: &[u8]) {
        // Both restart from the first packet that has the number, which is this one if it has it.
        self.pictures = None;
        self.tl0_shift = None;
    }

    fn numbers(&mut self, payload: &[u8]) -> Option<Numbers> {
        let descriptor = Descriptor::parse(payload)?;
        let picture = match descriptor.picture_id {
            Some(id) => self.picture(id)?,
            None => 0,
        };
        let tl0_picture_index = descriptor.tl0_picture_index.map_or(0, |index| self.tl0(index));
        Some(Numbers::Vp8 {
            picture_id: (picture & 0x7fff) as u16,
            tl0_picture_index,
        })
    }

    fn skip(&mut self, payload: &[u8]) {
        let id = Descriptor::parse(payload).and_then(|descriptor| descriptor.picture_id);
        if let (Some(id), Some(pictures)) = (id, &mut self.pictures) {
            let extended = pictures.extend(id);
            pictures.numbering.skip(extended);
        }
    }
}
