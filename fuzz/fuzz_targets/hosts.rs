//! `hosts`: any bytes come back as they were; no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pg_config::hosts::Document;

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(Document::parse(bytes).to_bytes(), bytes);
});
