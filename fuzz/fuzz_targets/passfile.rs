//! `passfile`: any bytes are looked through, in every version; no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pg_config::{Version, passfile};

fuzz_target!(|bytes: &[u8]| {
    for version in Version::ALL {
        passfile::lookup(bytes, "tolva", "5432", "app", "alice", version);
    }
});
