//! The aggregation header of AV1 payloads (AV1 RTP payload specification §4.4).

/// Z: the first element continues a unit of the packet before.
const Z: u8 = 0x80;
/// N: first packet of a coded video sequence.
const N: u8 = 0x08;

/// What the header says of the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AggregationHeader {
    /// A coded video sequence begins: its frame can be decoded without anything before it.
    pub starts_sequence: bool,
    /// A unit begins here. Encoders of browsers put a frame into one unit, so this is also where frames begin.
    pub starts_unit: bool,
}

impl AggregationHeader {
    /// Read the header. `None` when nothing follows it.
    pub fn parse(payload: &[u8]) -> Option<AggregationHeader> {
        let (&header, data) = payload.split_first()?;
        (!data.is_empty()).then_some(AggregationHeader {
            starts_sequence: header & (N | Z) == N,
            starts_unit: header & Z == 0,
        })
    }
}
