//! Structure out of a fuzzer's bytes.

use arbitrary::{Arbitrary, Unstructured};

/// As many values as the bytes hold, at most so many: the bytes are read from the front to their end, so that a longer
/// input is a longer sequence with the same beginning.
pub(crate) fn each<'a, T: Arbitrary<'a>>(data: &'a [u8], most: usize) -> impl Iterator<Item = T> {
    let mut input = Unstructured::new(data);
    let values = std::iter::from_fn(move || {
        (!input.is_empty())
            .then(|| T::arbitrary(&mut input).ok())
            .flatten()
    });
    values.take(most)
}

/// A short byte string: its length in a byte, then what there is of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Short(pub(crate) Vec<u8>);

impl<'a> Arbitrary<'a> for Short {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let length = usize::from(u8::arbitrary(input)?).min(input.len());
        Ok(Self(input.bytes(length)?.to_vec()))
    }
}
