//! `conninfo`: any text, as every version of libpq reads it; no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pg_config::Version;
use pg_config::conninfo::Conninfo;

fuzz_target!(|text: &str| {
    for version in Version::ALL {
        let _ = Conninfo::parse_as(text, version);
    }
});
