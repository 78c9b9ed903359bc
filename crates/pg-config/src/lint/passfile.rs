//! What is worth saying about `.pgpass`.

use alloc::vec::Vec;

use super::Finding;
use super::lines::BYTE_ORDER_MARK;
use super::report::Report;
use crate::Version;
use crate::passfile::Document;

/// Everything about one password file, as libpq of this version reads it.
pub fn passfile(path: &str, bytes: &[u8], version: Version) -> Vec<Finding> {
    let mut report = Report::new(path, bytes);
    if bytes.starts_with(BYTE_ORDER_MARK) {
        let message = "the file begins with a byte order mark";
        report.at("passfile-byte-order-mark", 0, message);
    }
    for diagnostic in Document::parse(bytes, version).diagnostics() {
        report.diagnostic(diagnostic, diagnostic.code);
    }
    report.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lint_is_found() {
        let file = alloc::format!("\u{feff}h:*:*:u:p\nh:u:p\nh:*:*:u:{}", "p".repeat(247));
        let found = passfile("f", file.as_bytes(), Version::V15);
        let codes: Vec<_> = found.iter().map(|f| (f.line, f.lint.code)).collect();
        assert_eq!(
            codes,
            [
                (1, "passfile-byte-order-mark"),
                (2, "passfile-fields"),
                (3, "passfile-lost"),
            ]
        );
    }
}
