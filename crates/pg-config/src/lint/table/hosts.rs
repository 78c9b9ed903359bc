//! Every kind of finding in `pg_hosts.conf`, by severity.

use super::{Lint, lint};
use crate::Severity::Error;

pub(super) const LINTS: &[Lint] = &[lint(
    "hosts-syntax",
    Error,
    "A line that the server refuses: it does not start, and when it reads its files again it keeps the certificates that it has.",
    "one line for each host, HOST CERTIFICATE KEY [AUTHORITIES [COMMAND [RELOAD]]], and each host once",
)];
