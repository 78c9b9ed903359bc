//! What is worth saying about `pg_hosts.conf`.

use alloc::vec::Vec;

use super::Finding;
use super::report::Report;
use crate::hosts::Hosts;
use crate::resolve::Files;

/// Everything about the files that `hosts` was read from.
pub fn hosts(files: &dyn Files, hosts: &Hosts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for error in hosts.errors() {
        let bytes = files.read(&error.file).unwrap_or_default();
        let mut report = Report::new(&error.file, &bytes);
        report.in_line("hosts-syntax", error.line, error.message.as_str());
        findings.extend(report.finish());
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::string::{String, ToString};

    #[test]
    fn what_the_server_refuses_is_found_where_it_stands() {
        let files: BTreeMap<String, Vec<u8>> = BTreeMap::from([
            ("/h".into(), b"a a.crt a.key\ninclude more\nb\n".to_vec()),
            ("/more".into(), b"# none\nA b.crt b.key\n".to_vec()),
        ]);
        let found = hosts(&files, &Hosts::read(&files, "/h").unwrap());
        let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "/more:2:1: multiple entries for host \"A\" specified",
                "/h:3:1: missing entry at end of line",
            ]
        );
    }
}
