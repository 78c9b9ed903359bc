//! `conf`: any bytes come back as they were; a setting that is set is read back; no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pg_config::conf::Document;

fuzz_target!(|bytes: &[u8]| {
    let mut document = Document::parse(bytes);
    assert_eq!(document.to_bytes(), bytes);
    let given_up = document
        .diagnostics()
        .iter()
        .any(|said| said.code == "conf-abandoned");
    if document.set("ssl", "on").is_ok() && !given_up {
        assert_eq!(
            document.get("ssl").and_then(|setting| setting.text()),
            Some("on")
        );
    }
});
