//! Every kind of finding in `.pgpass`, by severity.

use super::{Lint, lint};
use crate::Severity::Warning;

pub(super) const LINTS: &[Lint] = &[
    lint(
        "passfile-byte-order-mark",
        Warning,
        "The file begins with a UTF-8 byte order mark, which libpq takes for a part of the first host.",
        "save the file as UTF-8 without a byte order mark",
    ),
    lint(
        "passfile-fields",
        Warning,
        "A line that no connection can match, because it has too few fields.",
        "write HOST:PORT:DATABASE:USER:PASSWORD, with a backslash before each colon and backslash in them",
    ),
    lint(
        "passfile-lost",
        Warning,
        "A last line that libpq does not see: it has no line end, and fills the buffer to the last byte.",
        "end the last line with a newline",
    ),
];
