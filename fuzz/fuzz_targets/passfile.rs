//! `passfile`: any bytes, in every version, come back as they were and are looked through; no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pg_config::Version;
use pg_config::passfile::{Document, Wanted};

fuzz_target!(|bytes: &[u8]| {
    let wanted = Wanted {
        host: "tolva",
        port: "5432",
        database: "app",
        user: "alice",
    };
    for version in Version::ALL {
        let document = Document::parse(bytes, version);
        document.find(&wanted);
        assert_eq!(document.to_bytes(), bytes);
    }
});
