//! Dependency descriptors, bit by bit (AV1 RTP specification, appendix A.8).

#[path = "support/descriptors.rs"]
mod descriptors;

use bytes::Bytes;
use descriptors::{Kind, Place, Templates, bits};
use media::dependency_descriptor::{
    Descriptor, Dti, Frame, LayerGrid, MAX_FDIFFS, Resolution, Structure, parse, with_frame_number,
};
use media::{Codec, Extensions, Packet, PacketReader, RtpTime, SeqNo};
use proptest::prelude::*;

/// A keyframe's first packet: two temporal layers, one chain.
fn keyframe() -> Bytes {
    bits(
        "1 0 000011 0000000100000010           | first packet, not the last, template 3, frame 258
          1 0 0 0 0                             | a structure
          000011 00001                          | its templates count from 3, two decode targets
          01 11                                 | one template of T0, one of T1
          1010 0001                             | SS, -D
          0 1 0000 0                            | refers to nothing, to the frame before
          10                                    | one chain, which protects both
          0000 0001                             | nothing in it before, the frame before
          1 0000001001111111 0000000101100111   | 640x360",
    )
}

fn read(bytes: &[u8], known: Option<&Structure>) -> Descriptor {
    parse(bytes, known).expect("a descriptor")
}

fn frame(descriptor: &Descriptor) -> Frame {
    descriptor.frame.expect("its template is known")
}

fn fdiffs(frame: &Frame) -> Vec<u16> {
    frame.fdiffs.iter().collect()
}

fn chain_diffs(frame: &Frame) -> Vec<u8> {
    frame.chain_diffs.iter().collect()
}

#[test]
fn a_keyframe_brings_the_structure() {
    let first = read(&keyframe(), None);
    assert!(first.starts_frame && !first.ends_frame);
    assert_eq!(first.number, 258);
    let structure = first.attached.as_ref().expect("a structure");
    let layers: Vec<(u8, u8, Option<u8>)> = structure
        .decode_targets()
        .iter()
        .map(|target| (target.spatial_id, target.temporal_id, target.protected_by))
        .collect();
    assert_eq!(layers, [(0, 0, Some(0)), (0, 1, Some(0))]);
    assert_eq!(structure.chains(), 1);
    let frame = frame(&first);
    assert_eq!((frame.spatial_id, frame.temporal_id), (0, 0));
    assert_eq!(
        [0, 1, 2].map(|target| frame.dtis.get(target)),
        [Dti::Switch, Dti::Switch, Dti::NotPresent]
    );
    assert_eq!((fdiffs(&frame), chain_diffs(&frame)), (vec![], vec![0]));
    assert_eq!(frame.active_decode_targets, Some(0b11), "all that there are");
    assert_eq!(
        frame.resolution,
        Some(Resolution {
            width: 640,
            height: 360
        })
    );
}

#[test]
fn later_frames_are_read_with_it() {
    let structure = read(&keyframe(), None).attached;
    let packet = bits("0 1 000100 1111111111111111 | last packet, template 4, frame 65535");
    let later = read(&packet, structure.as_deref());
    assert_eq!(
        (later.starts_frame, later.ends_frame, later.number),
        (false, true, 65_535)
    );
    assert!(later.attached.is_none());
    let by_template = frame(&later);
    assert_eq!((by_template.spatial_id, by_template.temporal_id), (0, 1));
    assert_eq!(
        [0, 1].map(|target| by_template.dtis.get(target)),
        [Dti::NotPresent, Dti::Discardable]
    );
    assert_eq!(
        (fdiffs(&by_template), chain_diffs(&by_template)),
        (vec![1], vec![1])
    );
    assert_eq!(by_template.active_decode_targets, None, "as before");
    let packet = bits(
        "1 1 000100 0000000000000001
                       0 1 1 1 1                | all of its own
                       01                       | only decode target 0 is sent on
                       1100                     | R-
                       01 0001 11 111111111111 10 00010000 00
                       11001000                 | 200 before",
    );
    let custom = frame(&read(&packet, structure.as_deref()));
    assert_eq!(
        [0, 1].map(|target| custom.dtis.get(target)),
        [Dti::Required, Dti::NotPresent]
    );
    assert_eq!(
        (fdiffs(&custom), chain_diffs(&custom)),
        (vec![2, 4_096, 17], vec![200])
    );
    assert_eq!(custom.active_decode_targets, Some(0b01));
}

#[test]
fn without_the_structure_only_the_number_is_known() {
    let packet = bits("1 1 000100 0000000000000111");
    let blind = read(&packet, None);
    assert_eq!(
        (blind.starts_frame, blind.ends_frame, blind.number),
        (true, true, 7)
    );
    assert_eq!(blind.frame, None);
    // Of the structure after the next keyframe.
    let structure = read(&keyframe(), None).attached;
    let packet = bits("1 1 000101 0000000000000111");
    assert_eq!(read(&packet, structure.as_deref()).frame, None);
}

#[test]
fn what_is_cut_short_is_refused() {
    let whole = keyframe();
    for length in 0..whole.len() {
        let cut = whole.slice(..length);
        // The mandatory fields alone are a descriptor of their own.
        assert_eq!(parse(&cut, None).is_some(), length == 3, "{length} bytes");
    }
}

#[test]
fn nonsense_is_refused() {
    let layers = |next: &str| {
        let structure = format!("1 0 000000 0000000000000000 10000 000000 00000 {next} 11");
        parse(&[&bits(&structure)[..], &[0; 64]].concat(), None).is_some()
    };
    assert!(layers("10 10 10"), "four spatial layers");
    assert!(!layers("10 10 10 10"), "AV1 has no five");
    assert!(
        layers(&"01".repeat(7)) && !layers(&"01".repeat(8)),
        "eight temporal layers"
    );
    assert!(
        layers(&"00".repeat(63)) && !layers(&"00".repeat(64)),
        "64 templates"
    );
    let references = |count: usize| {
        let references = "1 0000".repeat(count);
        let structure = format!("1 0 000000 0000000000000000 10000 000000 00000 11 10 {references} 0 0 0");
        parse(&bits(&structure), None).is_some()
    };
    assert!(references(MAX_FDIFFS) && !references(MAX_FDIFFS + 1));
    let template = bits("1 0 000001 0000000000000000 10000 000000 00000 11 10 0 0 0");
    assert_eq!(
        parse(&template, None),
        None,
        "a template that the structure lacks"
    );
}

/// Three spatial layers on each other, two temporal.
fn svc() -> Templates {
    let kind = |spatial, temporal, dtis: &str, fdiffs: &[u16], chains: &[u8]| Kind {
        spatial,
        temporal,
        dtis: dtis.to_owned(),
        fdiffs: fdiffs.to_vec(),
        chains: chains.to_vec(),
    };
    Templates {
        offset: 60,
        kinds: vec![
            kind(0, 0, "SSSSSS", &[], &[0, 0, 0]),
            kind(0, 0, "SSRRRR", &[6], &[6, 5, 4]),
            kind(0, 1, "-D-R-R", &[3], &[3, 2, 1]),
            kind(1, 0, "--SSRR", &[6, 1], &[1, 1, 1]),
            kind(1, 1, "---D-R", &[3, 1], &[4, 3, 2]),
            kind(2, 0, "----SS", &[6, 1], &[2, 1, 1]),
            kind(2, 1, "-----D", &[3, 1], &[5, 4, 3]),
        ],
        protected_by: vec![0, 0, 1, 1, 2, 2],
        resolutions: vec![(320, 180), (640, 360), (65_536, 1)],
    }
}

#[test]
fn what_is_written_is_read() {
    let templates = svc();
    let mut known: Option<Box<Structure>> = None;
    for (index, kind) in templates.kinds.iter().enumerate() {
        let mut custom = kind.clone();
        custom.fdiffs = vec![1, 300];
        custom.chains = vec![255, 0, 16];
        for (frame, attach, active) in [
            (kind, index == 0, None),
            (kind, false, Some(0b01_1010)),
            (&custom, false, None),
        ] {
            let place = Place {
                starts: attach,
                ends: !attach,
                number: 65_535 - index as u16,
            };
            let read = read(
                &templates.descriptor(place, frame, attach, active),
                known.as_deref(),
            );
            let got = read.frame.expect("its template is known");
            assert_eq!(
                (read.starts_frame, read.ends_frame, read.number),
                (attach, !attach, place.number)
            );
            assert_eq!((got.spatial_id, got.temporal_id), (kind.spatial, kind.temporal));
            let dtis: String = (0..6)
                .map(|target| match got.dtis.get(target) {
                    Dti::NotPresent => '-',
                    Dti::Discardable => 'D',
                    Dti::Switch => 'S',
                    Dti::Required => 'R',
                })
                .collect();
            assert_eq!(dtis, frame.dtis);
            assert_eq!(
                (fdiffs(&got), chain_diffs(&got)),
                (frame.fdiffs.clone(), frame.chains.clone())
            );
            assert_eq!(got.active_decode_targets, active.or(attach.then_some(0b11_1111)));
            let (width, height) = templates.resolutions[usize::from(kind.spatial)];
            assert_eq!(got.resolution, Some(Resolution { width, height }));
            known = read.attached.or(known);
        }
    }
    let targets = known.expect("it came with the first").decode_targets().to_vec();
    let layers: Vec<(u8, u8)> = targets
        .iter()
        .map(|target| (target.spatial_id, target.temporal_id))
        .collect();
    assert_eq!(layers, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
    assert_eq!(targets[4].protected_by, Some(2));
}

#[test]
fn the_frame_number_is_changed_in_place() {
    let before = keyframe();
    let after = with_frame_number(&before, 0xabcd).expect("long enough");
    assert_eq!(after[1..3], [0xab, 0xcd]);
    assert_eq!((&after[..1], &after[3..]), (&before[..1], &before[3..]));
    assert_eq!(with_frame_number(&before[..2], 1), None);
}

/// The choices of three spatial and two temporal layers among which a grid has these.
fn choices(grid: LayerGrid) -> Vec<(u8, u8)> {
    let all = (0..3).flat_map(|spatial| [(spatial, 0), (spatial, 1)]);
    all.filter(|(spatial, temporal)| grid.has(*spatial, *temporal))
        .collect()
}

#[test]
fn decode_targets_become_choices_of_layers() {
    let templates = svc();
    let place = Place::default();
    let first = read(
        &templates.descriptor(place, &templates.kinds[0], true, None),
        None,
    );
    let layers = |kind: usize| {
        let descriptor = templates.descriptor(place, &templates.kinds[kind], false, None);
        frame(&read(&descriptor, first.attached.as_deref())).layers
    };
    let all = vec![(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)];
    assert_eq!(choices(layers(0).within), all);
    assert_eq!(choices(layers(0).switch), all, "a keyframe");
    assert_eq!(
        choices(layers(1).switch),
        [(0, 0), (0, 1)],
        "the lowest layer of another picture"
    );
    assert_eq!(choices(layers(4).within), [(1, 1), (2, 1)]);
    assert_eq!(choices(layers(5).within), [(2, 0), (2, 1)]);
    assert_eq!(choices(layers(5).switch), [(2, 0), (2, 1)]);
    // Wishes for more than there is are those for the highest there is.
    assert!(layers(6).within.has(u8::MAX, 1) && !layers(6).within.has(u8::MAX, 0));
    assert!(layers(5).switch.has(3, u8::MAX) && !layers(1).switch.has(3, u8::MAX));
    // The upper layers of a picture need those below at keyframes alone: a choice has them all the same.
    let mut keyed = svc();
    keyed.kinds[1].dtis = "SS----".to_owned();
    let descriptor = keyed.descriptor(place, &keyed.kinds[1], false, None);
    let first = read(&keyed.descriptor(place, &keyed.kinds[0], true, None), None);
    assert_eq!(
        choices(frame(&read(&descriptor, first.attached.as_deref())).layers.within),
        all
    );
}

proptest! {
    #[test]
    fn choices_are_those_of_all_decode_targets(targets in prop::collection::vec((0u8..4, 0u8..8), 1..=32)) {
        let none = "-".repeat(targets.len());
        let choices = || (0..4u8).flat_map(|spatial| (0..8u8).map(move |temporal| (spatial, temporal)));
        // One template for each pair of layers, which is all there is in the decode targets of these layers.
        let kinds = choices().map(|(spatial, temporal)| Kind {
            spatial,
            temporal,
            dtis: targets.iter().map(|target| if *target == (spatial, temporal) { 'S' } else { '-' }).collect(),
            ..Kind::default()
        });
        let templates = Templates { kinds: kinds.collect(), ..Templates::default() };
        let first = read(&templates.descriptor(Place::default(), &templates.kinds[0], true, None), None);
        for (index, target) in targets.iter().enumerate() {
            let mut only = Kind { dtis: none.clone(), ..Kind::default() };
            only.dtis.replace_range(index..=index, "S");
            let descriptor = templates.descriptor(Place::default(), &only, false, None);
            let layers = frame(&read(&descriptor, first.attached.as_deref())).layers;
            for (spatial, temporal) in choices() {
                let within = |target: &(u8, u8)| target.0 <= spatial && target.1 <= temporal;
                let highest = targets.iter().copied().filter(within).max();
                prop_assert_eq!(layers.within.has(spatial, temporal), within(target));
                prop_assert_eq!(layers.switch.has(spatial, temporal), highest == Some(*target));
            }
        }
    }
}

fn packet(codec: Codec, payload: &'static [u8], descriptor: Option<Bytes>) -> Packet {
    Packet {
        seq: SeqNo(1),
        timestamp: RtpTime(1),
        marker: false,
        codec,
        extensions: Extensions {
            dependency_descriptor: descriptor,
            ..Extensions::default()
        },
        payload: Bytes::from_static(payload),
    }
}

#[test]
fn what_the_descriptor_says_counts() {
    // VP8 as browsers send it with descriptors: no picture id, no layers, and a keyframe only here and there.
    let vp8 = |descriptor| packet(Codec::Vp8, b"\x10\x01picture", descriptor);
    let mut reader = PacketReader::default();
    let info = reader.read(1, &vp8(None)).expect("VP8");
    assert!(!info.keyframe && info.starts_frame && info.described.is_none());
    let templates = svc();
    let place = |starts, ends| Place {
        starts,
        ends,
        number: 77,
    };
    let described = |place, kind: usize, attach| {
        vp8(Some(templates.descriptor(
            place,
            &templates.kinds[kind],
            attach,
            None,
        )))
    };
    let early = reader
        .read(2, &described(place(true, true), 6, false))
        .expect("VP8");
    let frame = early.described.expect("a descriptor");
    assert_eq!((frame.number, frame.layers), (77, None));
    assert!(!early.keyframe && !early.starts_frame);
    let key = reader
        .read(3, &described(place(true, false), 0, true))
        .expect("VP8");
    assert!(key.keyframe && key.starts_frame && !key.ends_layer_frame);
    let upper = reader
        .read(4, &described(place(true, true), 6, false))
        .expect("VP8");
    assert_eq!((upper.spatial_id, upper.temporal_id), (2, 1));
    assert!(!upper.keyframe && !upper.starts_frame && upper.ends_layer_frame);
    // Not a place to begin: it refers to others, structure or not.
    let repeated = reader
        .read(5, &described(place(true, false), 1, true))
        .expect("VP8");
    assert!(!repeated.keyframe && repeated.starts_frame);
    let nonsense = packet(Codec::Av1, &[0x10, 0], Some(Bytes::from_static(&[0x80, 0])));
    assert_eq!(reader.read(6, &nonsense), None);
    let empty = packet(
        Codec::Av1,
        &[0x10],
        Some(templates.descriptor(place(true, true), &templates.kinds[1], false, None)),
    );
    assert_eq!(reader.read(7, &empty), None, "it carries nothing");
}

#[test]
fn the_same_structure_once_more_takes_nothing_back() {
    let templates = svc();
    let av1 = |kind: usize, attach| {
        let descriptor = templates.descriptor(Place::default(), &templates.kinds[kind], attach, None);
        packet(Codec::Av1, &[0x10, 0], Some(descriptor))
    };
    let mut reader = PacketReader::default();
    let mut is_read = |extended, packet: &Packet| {
        let described = reader.read(extended, packet).expect("AV1").described;
        described.expect("a descriptor").layers.is_some()
    };
    assert!(is_read(10, &av1(0, true)) && is_read(20, &av1(0, true)));
    assert!(
        is_read(19, &av1(6, false)),
        "a late packet from before the second keyframe"
    );
    assert!(!is_read(9, &av1(6, false)), "from before the first");
    // Another one was lost between them, and comes late.
    let mut another = svc();
    another.offset = 20;
    let between = another.descriptor(Place::default(), &another.kinds[0], true, None);
    assert!(is_read(15, &packet(Codec::Av1, &[0x10, 0], Some(between))));
    assert!(is_read(21, &av1(6, false)) && !is_read(19, &av1(6, false)));
}

/// From Chromium 156, AV1 in L3T3_KEY at 1280x720: the first packet of a call, whose encoder has begun with one layer.
const CHROMIUM_FIRST: &str = "c0 0001 c008 1485 214e aaaa a800 0600 0040 0010 0002 aa80 a800 0600 0040 0010 0002 a000 a800 \
     0600 0040 0016 d549 241b 5524 906d 5492 3157 e001 974c a864 330e 2223 96ec a865 5304 2243 90ec a877 5301 3f00 b302 \
     7f01 6704 ff02 cf03 80";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
    digits.chunks(2).map(byte).collect()
}

#[test]
fn as_a_browser_writes_them() {
    let first = read(&hex(CHROMIUM_FIRST), None);
    assert!(first.starts_frame && first.ends_frame);
    assert_eq!(first.number, 1);
    let structure = first.attached.as_deref().expect("a structure");
    let layers: Vec<(u8, u8, Option<u8>)> = structure
        .decode_targets()
        .iter()
        .map(|target| (target.spatial_id, target.temporal_id, target.protected_by))
        .collect();
    let expected = (0..3).flat_map(|spatial| (0..3).map(move |temporal| (spatial, temporal, Some(spatial))));
    assert_eq!(layers, expected.collect::<Vec<_>>());
    let heights = [0, 1, 2, 3].map(|spatial| structure.resolution(spatial).map(|size| size.height));
    assert_eq!(heights, [Some(180), Some(360), Some(720), None]);
    let frame_of = |text: &str| frame(&read(&hex(text), Some(structure)));
    let keyframe = frame(&first);
    assert!(keyframe.fdiffs.is_empty());
    assert_eq!(
        keyframe.active_decode_targets,
        Some(0b111),
        "the lowest spatial layer"
    );
    // Alone, the layer counts its frames otherwise than the templates of three layers.
    let alone = frame_of("c3 0002 1a00 0800 00");
    assert_eq!((alone.spatial_id, alone.temporal_id), (0, 2));
    assert_eq!((fdiffs(&alone), chain_diffs(&alone)), (vec![1], vec![1, 0, 0]));
    let upper = frame_of("8a 0008");
    assert_eq!(
        (upper.spatial_id, upper.temporal_id, fdiffs(&upper)),
        (2, 0, vec![1])
    );
    let dtis: Vec<Dti> = (0..9).map(|target| upper.dtis.get(target)).collect();
    assert_eq!(
        (&dtis[..6], &dtis[6..]),
        (&[Dti::NotPresent; 6][..], &[Dti::Switch; 3][..])
    );
    let top = frame_of("4d 000b");
    assert_eq!((top.spatial_id, top.temporal_id, fdiffs(&top)), (2, 2, vec![3]));
}
