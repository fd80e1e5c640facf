//! The header extensions of outgoing packets (RFC 8285).

use crate::sdp::extensions::ExtensionIds;
use bwe::TransportSeq;
use bytes::Bytes;
use media::Extensions;
use rtc::rtp::header::{EXTENSION_PROFILE_ONE_BYTE, EXTENSION_PROFILE_TWO_BYTE, Extension};

/// Longest value with a one-byte header (RFC 8285 §4.2).
const ONE_BYTE_MAX: usize = 16;
/// Most zeros of one padding packet: with headers it stays below the 1,200 bytes that every path carries.
const MAX_ZEROS: usize = 1_100;

/// Whether a section's ids or its mid's length need two-byte headers: one-byte ones hold ids up to 14.
pub(crate) fn needs_two_bytes(ids: &ExtensionIds, mid_bytes: usize) -> bool {
    let written = [
        ids.mid,
        ids.audio_level,
        ids.transport_cc,
        ids.video_orientation,
        ids.playout_delay,
        ids.content_type,
        ids.dependency_descriptor,
    ];
    mid_bytes > ONE_BYTE_MAX || written.into_iter().any(|id| id > 14)
}

/// The extensions of a packet, and the profile they need.
pub(crate) fn extensions(
    ids: &ExtensionIds,
    mid: Option<Bytes>,
    carried: Extensions,
    seq: Option<TransportSeq>,
    two_byte: bool,
) -> (Vec<Extension>, u16) {
    // A dependency descriptor with its template structure is long; others beside it are not (`extmap-allow-mixed`).
    let long = ids.dependency_descriptor != 0
        && carried
            .dependency_descriptor
            .as_ref()
            .is_some_and(|descriptor| descriptor.len() > ONE_BYTE_MAX);
    let extensions: Vec<Extension> = [
        (ids.transport_cc, seq.map(number)),
        (ids.mid, mid),
        (ids.audio_level, carried.audio_level.map(byte)),
        (ids.video_orientation, carried.video_orientation.map(byte)),
        (
            ids.playout_delay,
            carried.playout_delay.map(|delay| Bytes::copy_from_slice(&delay)),
        ),
        (ids.content_type, carried.video_content_type.map(byte)),
        (ids.dependency_descriptor, usable(carried.dependency_descriptor)),
    ]
    .into_iter()
    .filter(|(id, _)| *id != 0)
    .filter_map(|(id, payload)| payload.map(|payload| Extension { id, payload }))
    .collect();
    let profile = match (extensions.is_empty(), two_byte || long) {
        (true, _) => 0,
        (false, true) => EXTENSION_PROFILE_TWO_BYTE,
        (false, false) => EXTENSION_PROFILE_ONE_BYTE,
    };
    (extensions, profile)
}

/// A length no header can state comes from a publisher's nonsense.
fn usable(descriptor: Option<Bytes>) -> Option<Bytes> {
    descriptor.filter(|descriptor| (1..=255).contains(&descriptor.len()))
}

/// Bytes of the block that [`extensions`] leads to, with a transport-wide number when one is negotiated.
pub(crate) fn block_bytes(
    ids: &ExtensionIds,
    mid: Option<&Bytes>,
    carried: &Extensions,
    two_byte: bool,
) -> usize {
    let descriptor = carried
        .dependency_descriptor
        .as_ref()
        .map_or(0, Bytes::len)
        .min(255);
    let values = [
        (ids.transport_cc, 2),
        (ids.mid, mid.map_or(0, Bytes::len)),
        (ids.audio_level, usize::from(carried.audio_level.is_some())),
        (
            ids.video_orientation,
            usize::from(carried.video_orientation.is_some()),
        ),
        (
            ids.playout_delay,
            3 * usize::from(carried.playout_delay.is_some()),
        ),
        (
            ids.content_type,
            usize::from(carried.video_content_type.is_some()),
        ),
        (ids.dependency_descriptor, descriptor),
    ];
    let long = ids.dependency_descriptor != 0 && descriptor > ONE_BYTE_MAX;
    let head = if two_byte || long { 2 } else { 1 };
    let sum: usize = values
        .into_iter()
        .filter(|(id, bytes)| *id != 0 && *bytes > 0)
        .map(|(_, bytes)| head + bytes)
        .sum();
    if sum == 0 { 0 } else { 4 + sum.next_multiple_of(4) }
}

/// The extensions of a packet of padding, with about so many bytes of zeros.
///
/// `rtc` writes at most four bytes of padding behind a payload, so the rest stands between extensions, where RFC 8285
/// §4.1.2 allows as much as one likes: zeros, to be skipped. As an entry of id 0 whose length is written as 0.
pub(crate) fn padding(
    ids: &ExtensionIds,
    mid: Bytes,
    seq: TransportSeq,
    two_byte: bool,
    zeros: usize,
) -> (Vec<Extension>, u16) {
    static ZEROS: [u8; 1_025] = [0; 1_025];
    let (mut extensions, profile) = extensions(ids, Some(mid), Extensions::default(), Some(seq), two_byte);
    // The low byte of the length is 0 (two-byte headers), or 1, which one-byte headers write as 0.
    let length = zeros.min(MAX_ZEROS) / 256 * 256 + usize::from(!two_byte);
    if let Some(payload) = ZEROS.get(..length).filter(|payload| payload.len() > 1) {
        extensions.push(Extension {
            id: 0,
            payload: Bytes::from_static(payload),
        });
    }
    (extensions, profile)
}

/// One byte as `Bytes`, without allocating: audio levels change with every packet.
fn byte(value: u8) -> Bytes {
    static ALL: [u8; 256] = {
        let mut all = [0; 256];
        let mut i = 0u8;
        while i < u8::MAX {
            all[i as usize] = i;
            i += 1;
        }
        all[255] = 255;
        all
    };
    ALL.get(usize::from(value)..=usize::from(value))
        .map(Bytes::from_static)
        .unwrap_or_default()
}

/// A transport-wide number as `Bytes`, without allocating: every packet has another.
fn number(seq: TransportSeq) -> Bytes {
    static ALL: [[u8; 2]; 1 << 16] = {
        let mut all = [[0; 2]; 1 << 16];
        let mut i = 0;
        while i < all.len() {
            all[i] = [(i >> 8) as u8, i as u8];
            i += 1;
        }
        all
    };
    ALL.get(usize::from(seq.0))
        .map(|bytes| Bytes::from_static(bytes))
        .unwrap_or_default()
}
