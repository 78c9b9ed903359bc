//! Sets of bytes, and the ones that PostgreSQL's classes name. Without a locale they are of ASCII (`regc_pg_locale.c`,
//! `pg_char_properties`), but for control characters, which are the same everywhere (`regc_locale.c`, `CC_CNTRL`).

/// A set of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    /// Those for which this holds.
    pub(super) fn of(holds: impl Fn(u8) -> bool) -> Self {
        let mut set = Self::default();
        for byte in (0..=u8::MAX).filter(|byte| holds(*byte)) {
            set.add(byte);
        }
        set
    }

    /// The members of a class, by its name.
    pub(super) fn of_class(name: &[u8]) -> Option<Self> {
        let is = CLASSES.iter().find(|(known, _)| known.as_bytes() == name);
        is.map(|(_, is)| Self::of(is))
    }

    pub(super) const fn add(&mut self, byte: u8) {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
    }

    /// Whether it holds a byte.
    pub(crate) const fn has(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] & (1 << (byte & 63)) != 0
    }

    pub(super) fn add_all(&mut self, other: Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own |= other;
        }
    }

    pub(super) fn complement(self) -> Self {
        Self(self.0.map(|bits| !bits))
    }

    /// With every letter in either case.
    pub(super) fn in_both_cases(self) -> Self {
        Self::of(|byte| self.has(byte.to_ascii_lowercase()) || self.has(byte.to_ascii_uppercase()))
    }
}

/// Whether a byte is part of a word (`\w`).
pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Blanks, the vertical tab among them.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Which bytes are in a class.
type IsIn = fn(u8) -> bool;

/// The classes of characters.
const CLASSES: [(&str, IsIn); 14] = [
    ("alnum", |b| b.is_ascii_alphanumeric()),
    ("alpha", |b| b.is_ascii_alphabetic()),
    ("ascii", |b| b.is_ascii()),
    ("blank", |b| matches!(b, b' ' | b'\t')),
    ("cntrl", |b| matches!(b, 0..=0x1f | 0x7f..=0x9f)),
    ("digit", |b| b.is_ascii_digit()),
    ("graph", |b| b.is_ascii_graphic()),
    ("lower", |b| b.is_ascii_lowercase()),
    ("print", |b| b.is_ascii_graphic() || b == b' '),
    ("punct", |b| b.is_ascii_punctuation()),
    ("space", is_space),
    ("upper", |b| b.is_ascii_uppercase()),
    ("xdigit", |b| b.is_ascii_hexdigit()),
    ("word", is_word),
];
