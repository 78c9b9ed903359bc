//! Exchanging and settling, with and without the kernel's exchange.

use std::cell::Cell;

thread_local! {
    /// Makes this thread's renames behave as on a filesystem without EXCHANGE and NOREPLACE.
    pub(crate) static WITHOUT_FLAGS: Cell<bool> = const { Cell::new(false) };
}
