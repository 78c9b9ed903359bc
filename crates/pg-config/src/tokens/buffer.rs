//! How the server's line buffer grows (`stringinfo.c`, `pg_get_line_append`; 14 and later). It shows where a line holds
//! a NUL: `fgets` takes what there is room for, and of that the NUL hides what follows it. What comes in the next
//! piece is read again.

/// The buffer that all lines of a file go through. Only how large it is matters.
#[derive(Debug)]
pub(super) struct Buffer {
    capacity: usize,
}

impl Buffer {
    /// A new one (`initStringInfo`).
    pub(super) const fn new() -> Self {
        Self { capacity: 1024 }
    }

    /// How many bytes are taken at once where so many are in it.
    pub(super) fn room(&self, filled: usize) -> usize {
        self.capacity.saturating_sub(filled + 1).max(1)
    }

    /// Makes room after a piece that did not end the line (`enlargeStringInfo`).
    pub(super) fn enlarge(&mut self, filled: usize) {
        while self.capacity < filled + 1 + MORE {
            self.capacity *= 2;
        }
    }

    /// A line without NUL has brought it to so many bytes.
    pub(super) fn hold(&mut self, filled: usize) {
        while self.capacity < filled + 1 {
            self.capacity *= 2;
        }
    }
}

/// How much room is asked for at least.
const MORE: usize = 128;
