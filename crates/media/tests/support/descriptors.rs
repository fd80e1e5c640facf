//! Writes dependency descriptors (AV1 RTP specification, appendix A.8), for tests.
#![allow(dead_code)] // each test uses a part

use bytes::Bytes;

/// Bits in network order.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    bits: usize,
}

impl Writer {
    pub(crate) fn number(&mut self, value: u32, bits: u32) {
        for bit in (0..bits).rev() {
            if self.bits.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().expect("pushed above");
            *last |= ((value >> bit & 1) as u8) << (7 - self.bits % 8);
            self.bits += 1;
        }
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.number(u32::from(value), 1);
    }

    /// `ns(n)`.
    pub(crate) fn non_symmetric(&mut self, value: u32, values: u32) {
        let bits = values.ilog2() + 1;
        let shorter = (1 << bits) - values;
        if value < shorter {
            self.number(value, bits - 1);
        } else {
            self.number(value + shorter, bits);
        }
    }

    pub(crate) fn finish(self) -> Bytes {
        self.bytes.into()
    }
}

/// Bits written out, with spaces as one likes and a comment behind `|` in each line; padded with zeros to whole bytes.
pub(crate) fn bits(text: &str) -> Bytes {
    let mut writer = Writer::default();
    let bits = text.lines().flat_map(|line| line.split('|').next());
    for bit in bits.flat_map(str::chars).filter(|bit| !bit.is_whitespace()) {
        writer.flag(bit == '1');
    }
    writer.finish()
}

/// One kind of frame, or one frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) spatial: u8,
    pub(crate) temporal: u8,
    /// One of `-`, `D`, `S`, `R` for each decode target.
    pub(crate) dtis: String,
    pub(crate) fdiffs: Vec<u16>,
    pub(crate) chains: Vec<u8>,
}

/// A template dependency structure.
#[derive(Debug, Clone, Default)]
pub(crate) struct Templates {
    pub(crate) offset: u8,
    /// In order of layers.
    pub(crate) kinds: Vec<Kind>,
    /// By decode target: its chain. Empty without chains.
    pub(crate) protected_by: Vec<u8>,
    pub(crate) resolutions: Vec<(u32, u32)>,
}

/// A packet's place in its frame.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    pub(crate) starts: bool,
    pub(crate) ends: bool,
    pub(crate) number: u16,
}

fn write_dtis(writer: &mut Writer, dtis: &str) {
    for dti in dtis.chars() {
        writer.number("-DSR".find(dti).expect("one of the four") as u32, 2);
    }
}

impl Templates {
    fn targets(&self) -> usize {
        self.kinds[0].dtis.len()
    }

    fn chains(&self) -> u32 {
        self.protected_by
            .iter()
            .max()
            .map_or(0, |chain| u32::from(*chain) + 1)
    }

    fn write(&self, writer: &mut Writer) {
        writer.number(u32::from(self.offset), 6);
        writer.number(self.targets() as u32 - 1, 5);
        for pair in self.kinds.windows(2) {
            let [a, b] = [&pair[0], &pair[1]];
            let next = match (b.spatial == a.spatial, b.temporal == a.temporal) {
                (true, true) => 0,
                (true, false) => 1,
                (false, _) => 2,
            };
            writer.number(next, 2);
        }
        writer.number(3, 2);
        for kind in &self.kinds {
            write_dtis(writer, &kind.dtis);
        }
        for kind in &self.kinds {
            for fdiff in &kind.fdiffs {
                writer.flag(true);
                writer.number(u32::from(fdiff - 1), 4);
            }
            writer.flag(false);
        }
        writer.non_symmetric(self.chains(), self.targets() as u32 + 1);
        for chain in &self.protected_by {
            writer.non_symmetric(u32::from(*chain), self.chains());
        }
        for kind in &self.kinds {
            kind.chains
                .iter()
                .for_each(|diff| writer.number(u32::from(*diff), 4));
        }
        writer.flag(!self.resolutions.is_empty());
        for (width, height) in &self.resolutions {
            writer.number(width - 1, 16);
            writer.number(height - 1, 16);
        }
    }

    /// The descriptor of a packet of this frame: by the first template of its layers, with what differs told for itself.
    pub(crate) fn descriptor(&self, place: Place, frame: &Kind, attach: bool, active: Option<u32>) -> Bytes {
        let same_layers = |kind: &Kind| (kind.spatial, kind.temporal) == (frame.spatial, frame.temporal);
        let exact = self.kinds.iter().position(|kind| kind == frame);
        let index = exact.or_else(|| self.kinds.iter().position(same_layers));
        let index = index.expect("a template of these layers");
        let template = &self.kinds[index];
        let mut writer = Writer::default();
        writer.flag(place.starts);
        writer.flag(place.ends);
        writer.number((u32::from(self.offset) + index as u32) % 64, 6);
        writer.number(u32::from(place.number), 16);
        if exact.is_some() && !attach && active.is_none() {
            return writer.finish();
        }
        let custom = [
            template.dtis != frame.dtis,
            template.fdiffs != frame.fdiffs,
            template.chains != frame.chains,
        ];
        for flag in [attach, active.is_some(), custom[0], custom[1], custom[2]] {
            writer.flag(flag);
        }
        if attach {
            self.write(&mut writer);
        }
        if let Some(active) = active {
            writer.number(active, self.targets() as u32);
        }
        if custom[0] {
            write_dtis(&mut writer, &frame.dtis);
        }
        if custom[1] {
            for fdiff in &frame.fdiffs {
                let nibbles = 1 + (fdiff - 1).checked_ilog2().unwrap_or(0) / 4;
                writer.number(nibbles, 2);
                writer.number(u32::from(fdiff - 1), 4 * nibbles);
            }
            writer.number(0, 2);
        }
        if custom[2] {
            frame
                .chains
                .iter()
                .for_each(|diff| writer.number(u32::from(*diff), 8));
        }
        writer.finish()
    }
}
