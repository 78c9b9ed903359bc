//! Short words and short lists without an allocation of their own: nearly every field of nearly every rule holds one
//! word of a few bytes, and a file may have a million rules.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;

/// The bytes of a word, whatever their encoding. Up to 22 of them lie in the value itself.
#[derive(Clone)]
pub struct Word(Bytes);

#[derive(Clone)]
enum Bytes {
    Here(u8, [u8; ROOM]),
    Elsewhere(Box<[u8]>),
}

/// What fits beside a tag and a length in three machine words.
const ROOM: usize = 22;

impl Word {
    /// The text for messages; what is not UTF-8 is replaced.
    pub fn lossy(&self) -> alloc::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self)
    }
}

impl Deref for Word {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Here(length, bytes) => &bytes[..usize::from(*length)],
            Bytes::Elsewhere(bytes) => bytes,
        }
    }
}

impl From<&[u8]> for Word {
    fn from(word: &[u8]) -> Self {
        let mut bytes = [0; ROOM];
        match (bytes.get_mut(..word.len()), u8::try_from(word.len())) {
            (Some(here), Ok(length)) => {
                here.copy_from_slice(word);
                Self(Bytes::Here(length, bytes))
            }
            _ => Self(Bytes::Elsewhere(word.into())),
        }
    }
}

impl From<&str> for Word {
    fn from(word: &str) -> Self {
        Self::from(word.as_bytes())
    }
}

/// For words that stand in few rules: an enum with several kinds of words is then as small as one.
impl From<&[u8]> for Box<Word> {
    fn from(word: &[u8]) -> Self {
        Self::new(word.into())
    }
}

impl From<&str> for Box<Word> {
    fn from(word: &str) -> Self {
        Self::new(word.into())
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Word {}

impl PartialOrd for Word {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Word {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Word {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.lossy(), f)
    }
}

/// A list that mostly has one entry, which then lies in the value itself. Reads like a slice.
#[derive(Clone)]
pub struct List<T>(Entries<T>);

#[derive(Clone)]
enum Entries<T> {
    One(T),
    Other(Box<[T]>),
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Entries::One(entry) => core::slice::from_ref(entry),
            Entries::Other(list) => list,
        }
    }
}

impl<T> List<T> {
    /// What `read` makes of each of them. It cannot fail, so that the one entry is made where it stays: looking into an
    /// enum and then moving it part by part is slow.
    pub(crate) fn of<S>(all: &[S], read: impl Fn(&S) -> T) -> Self {
        Self(match all {
            [one] => Entries::One(read(one)),
            _ => Entries::Other(all.iter().map(read).collect()),
        })
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        let mut entries = entries.into_iter().fuse();
        let (first, second) = match (entries.next(), entries.next()) {
            (Some(entry), None) => return Self(Entries::One(entry)),
            (None, _) => return Self(Entries::Other(Box::default())),
            (Some(first), Some(second)) => (first, second),
        };
        // Exactly what two need: a third is rare.
        let mut list = Vec::with_capacity(2);
        list.extend([first, second]);
        list.extend(entries);
        Self(Entries::Other(list.into_boxed_slice()))
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for List<T> {}

impl<T: PartialOrd> PartialOrd for List<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: Ord> Ord for List<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neither_is_larger_than_what_it_stands_for() {
        assert_eq!(size_of::<Word>(), size_of::<Vec<u8>>());
        assert_eq!(size_of::<List<Word>>(), size_of::<Word>());
    }

    proptest! {
        #[test]
        fn a_word_is_its_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..50)) {
            let word = Word::from(&*bytes);
            prop_assert_eq!(&*word, &*bytes);
            prop_assert_eq!(&word.clone(), &word);
        }

        #[test]
        fn a_list_is_its_entries(entries: Vec<u8>) {
            let list: List<u8> = entries.iter().copied().collect();
            prop_assert_eq!(&*list, &*entries);
            prop_assert_eq!(list.clone(), list);
        }
    }
}
