//! Every kind of finding in `postgresql.conf`, by severity.

use super::{Lint, lint};
use crate::Severity::{Error, Note, Warning};

pub(super) const LINTS: &[Lint] = &[
    lint(
        "conf-syntax",
        Error,
        "A line that is not `name = value`.",
        "write it as name = 'value', quotes and backslashes in the value doubled",
    ),
    lint(
        "conf-unquoted",
        Error,
        "A value such as `server.crt` without quotes: the server takes it for two names with a dot between them.",
        "put single quotes around the value",
    ),
    lint(
        "conf-byte-order-mark",
        Error,
        "The file begins with a UTF-8 byte order mark, which the server takes for a part of the first line.",
        "save the file as UTF-8 without a byte order mark",
    ),
    lint(
        "conf-abandoned",
        Error,
        "After a hundred syntax errors the server reads no further.",
        "is this the right file?",
    ),
    lint(
        "conf-include",
        Error,
        "An include directive that names nothing that can be read, or that leads back to itself.",
        "correct the name, or write include_if_exists where the file may be missing",
    ),
    lint(
        "conf-unknown-parameter",
        Error,
        "A name that this version does not know. Startup fails; a reload applies nothing at all.",
        "correct the name, or take the line out",
    ),
    lint(
        "conf-fixed",
        Error,
        "A parameter that cannot be set in a file.",
        "take the line out: the value is compiled in, or made by initdb",
    ),
    lint(
        "conf-value",
        Error,
        "A value that the parameter does not take. Startup fails; a reload leaves the parameter as it was.",
        "correct the value",
    ),
    lint(
        "conf-relative-path",
        Warning,
        "A relative path that counts from the folder in which the server was started, wherever that was.",
        "write the whole path",
    ),
    lint(
        "conf-duplicate",
        Warning,
        "A setting that a later line overrides.",
        "take one of the two lines out",
    ),
    lint(
        "conf-hidden",
        Note,
        "A setting that postgresql.auto.conf overrides: a change here does nothing.",
        "ALTER SYSTEM RESET takes the line out of postgresql.auto.conf",
    ),
];
