//! Every kind of finding in `pg_ident.conf`, by severity.

use super::{Lint, lint};
use crate::Severity::{Error, Note, Warning};

pub(super) const LINTS: &[Lint] = &[
    lint(
        "ident-syntax",
        Error,
        "A line with fewer than three fields.",
        "MAP SYSTEM-USER PG-USER",
    ),
    lint(
        "ident-unquoted-comma",
        Error,
        "A comma outside of quotes, as in a distinguished name.",
        "put double quotes around the field: \"CN=alice,O=Acme\"",
    ),
    lint(
        "ident-regex",
        Error,
        "A regular expression that cannot be compiled.",
        "correct it, or take the slash before it away for a plain name",
    ),
    lint(
        "ident-include",
        Error,
        "An @file or include that cannot be read, or holds what is refused here.",
        "correct the name; it counts from the folder of the file that it stands in",
    ),
    lint(
        "ident-byte-order-mark",
        Warning,
        "The file begins with a UTF-8 byte order mark, which the server takes for a part of the first map's name.",
        "save the file as UTF-8 without a byte order mark",
    ),
    lint(
        "ident-comment-goes-on",
        Warning,
        "A comment that ends in a backslash takes the next line with it (14 and later).",
        "take the backslash out",
    ),
    lint(
        "ident-nul",
        Warning,
        "A NUL byte hides the rest of its line, and from PostgreSQL 14 on glues the next one to it.",
        "take it out",
    ),
    lint(
        "ident-carriage-return",
        Warning,
        "A carriage return within a line: a blank until PostgreSQL 18, a part of the word from 19 on.",
        "end lines with a newline",
    ),
    lint(
        "ident-open-quote",
        Warning,
        "A double quote that is never closed.",
        "close it",
    ),
    lint(
        "ident-comma",
        Warning,
        "A comma with a blank before it separates fields.",
        "put the field in double quotes, or take the comma out",
    ),
    lint(
        "ident-extra-field",
        Warning,
        "A fourth field, which the server does not read.",
        "put names with blanks in double quotes, or take the rest out",
    ),
    lint(
        "ident-unanchored-regex",
        Warning,
        "A regular expression matches any part of a name unless it begins with ^ and ends with $.",
        "write /^name$",
    ),
    lint(
        "ident-no-group",
        Warning,
        "A \\1 for which there is no group. With a regular expression, every login that gets to the line fails.",
        "put the part that is the role's name in parentheses: /^(.*)@example\\.com$",
    ),
    lint(
        "ident-second-reference",
        Warning,
        "A second \\1, which stays as it is.",
        "write it once",
    ),
    lint(
        "ident-every-role",
        Warning,
        "The role all: every role, superusers too (16 and later).",
        "name the roles, or a group with +",
    ),
    lint(
        "ident-role-word",
        Note,
        "A role that is a plain name here and will be a word or a pattern from PostgreSQL 16 on.",
        "before the upgrade, put it in double quotes; a name with a slash in front has to become another one",
    ),
    lint(
        "ident-duplicate",
        Note,
        "A line that an earlier one says already.",
        "take one of the two lines out",
    ),
];
