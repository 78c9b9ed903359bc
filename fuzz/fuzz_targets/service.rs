//! `service`: any bytes, in every version, come back as they were; no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pg_config::Version;
use pg_config::service::Document;

fuzz_target!(|bytes: &[u8]| {
    for version in Version::ALL {
        assert_eq!(Document::parse(bytes, version).to_bytes(), bytes);
    }
});
