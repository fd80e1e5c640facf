//! Picture ids and TL0PICIDX, which VP8 (RFC 7741 §4.2) and VP9 (RFC 9628 §4.2) share: they count on over switches. A
//! decoder takes a jump for lost frames and waits for them.

use crate::numbering::Numbering;
use media::PictureId;

/// The numbers a slot has handed out, and how a run's are moved onto them.
#[derive(Debug, Default)]
pub(super) struct PictureNumbers {
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

impl PictureNumbers {
    /// A run begins: both numbers start anew from the first packet that has them.
    pub(super) fn begin(&mut self) {
        self.pictures = None;
        self.tl0_shift = None;
    }

    /// The slot's numbers for a packet of the run with these, 0 where it has none. `None` when it is not part of the run.
    pub(super) fn numbers(&mut self, id: Option<PictureId>, tl0: Option<u8>) -> Option<(u16, u8)> {
        let picture = match id {
            Some(id) => self.picture(id)?,
            None => 0,
        };
        Some(((picture & 0x7fff) as u16, tl0.map_or(0, |index| self.tl0(index))))
    }

    /// The newest picture is left out, and nobody should miss it.
    pub(super) fn skip(&mut self, id: PictureId) {
        if let Some(pictures) = &mut self.pictures {
            let extended = pictures.extend(id);
            pictures.numbering.skip(extended);
        }
    }

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
