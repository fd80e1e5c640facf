//! Client-to-mixer audio level (RFC 6464).

/// How loud one packet of audio is, as its sender measured it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioLevel(u8);

impl AudioLevel {
    /// From the extension's data byte (RFC 6464 §3): bit 7 voice activity, low 7 bits −dBov.
    pub fn from_wire(byte: u8) -> AudioLevel {
        AudioLevel(byte)
    }

    /// The extension's data byte; `minus_dbov` past 127 counts as 127.
    pub fn new(voice: bool, minus_dbov: u8) -> AudioLevel {
        AudioLevel(minus_dbov.min(127) | (u8::from(voice) << 7))
    }

    /// The extension's data byte.
    pub fn to_wire(self) -> u8 {
        self.0
    }

    /// Whether the sender heard a voice. Not every sender sets it.
    pub fn voice(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// The level below the loudest possible, in dB: 0 (overload) to 127 (digital silence).
    pub fn minus_dbov(self) -> u8 {
        self.0 & 0x7f
    }

    /// The level with the louder the larger: 0 (digital silence) to 127 (overload).
    pub fn loudness(self) -> u8 {
        127 - self.minus_dbov()
    }
}
