//! Bits in network order, as the specification's `f(n)` and `ns(n)` read them.

/// Reads bits from the front of a byte string.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// Bits read so far.
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Bits<'a> {
        Bits { bytes, at: 0 }
    }

    /// `f(1)`.
    pub(super) fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// `f(n)` of at most 32 bits, the first the highest. `None` when there are not so many left.
    pub(super) fn number(&mut self, bits: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..bits {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }

    /// `f(n)` of at most 8 bits.
    pub(super) fn small(&mut self, bits: u32) -> Option<u8> {
        self.number(bits.min(8)).map(|value| value as u8)
    }

    /// `ns(n)`: one of `values` values, the lower ones one bit shorter.
    pub(super) fn non_symmetric(&mut self, values: u32) -> Option<u32> {
        let bits = values.checked_ilog2()? + 1;
        // 2^bits − values, which does not fit for 2^31 values and more; nobody has so many.
        let shorter = 1u32.checked_shl(bits)?.checked_sub(values)?;
        let value = self.number(bits - 1)?;
        if value < shorter {
            return Some(value);
        }
        let last = u32::from(self.flag()?);
        Some((value << 1 | last) - shorter)
    }
}
