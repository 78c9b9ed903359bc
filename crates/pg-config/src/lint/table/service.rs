//! Every kind of finding in `pg_service.conf`, by severity.

use super::{Lint, lint};
use crate::Severity::{Error, Note, Warning};

pub(super) const LINTS: &[Lint] = &[
    lint(
        "service-syntax",
        Error,
        "A line of a section that is not key=value, or a key that libpq of this version does not know. The service cannot be used.",
        "correct the key; keys are in small letters",
    ),
    lint(
        "service-blank-before-equals",
        Error,
        "A blank before the equals sign, which makes it a part of the key.",
        "write key=value without blanks",
    ),
    lint(
        "service-nested",
        Error,
        "A service that names another service.",
        "write the other service's parameters here",
    ),
    lint(
        "service-line-too-long",
        Error,
        "A line that is longer than libpq reads: 254 bytes in 12 and 13, 1022 later. Every service from there on cannot be used.",
        "shorten it; comments count too",
    ),
    lint(
        "service-value",
        Error,
        "A value that libpq refuses in a connection that names this service and nothing else.",
        "correct the value",
    ),
    lint(
        "service-byte-order-mark",
        Warning,
        "The file begins with a UTF-8 byte order mark: its first section is never found.",
        "save the file as UTF-8 without a byte order mark",
    ),
    lint(
        "service-nul",
        Warning,
        "A NUL byte hides the rest of its line.",
        "take it out",
    ),
    lint(
        "service-header",
        Warning,
        "A section without its closing bracket, which no service name matches.",
        "close the bracket",
    ),
    lint(
        "service-ldap",
        Warning,
        "A line that libpq looks up in LDAP where it was built so, and refuses elsewhere.",
        "write the parameters themselves",
    ),
    lint(
        "service-not-utf8",
        Warning,
        "A value that is not UTF-8.",
        "save the file as UTF-8",
    ),
    lint(
        "service-duplicate-section",
        Warning,
        "A second section of the same name, which is never read.",
        "put its lines into the first one",
    ),
    lint(
        "service-duplicate-key",
        Warning,
        "A key that stands in its section already.",
        "take one of the two lines out",
    ),
    lint(
        "service-comment",
        Warning,
        "A comment behind a value. There are no such comments.",
        "put it in a line of its own",
    ),
    lint(
        "service-quotes",
        Warning,
        "Quotes around a value. There are no quotes in service files.",
        "take them out",
    ),
    lint(
        "service-blank-behind-equals",
        Warning,
        "A blank before a value.",
        "write key=value without blanks",
    ),
    lint(
        "service-outside",
        Warning,
        "A line before the first section.",
        "put it into a section",
    ),
    lint(
        "service-system-roots",
        Warning,
        "sslrootcert=system to libpq 15 and before, which takes it for the name of a file: where there is none, sslmode=require and weaker verify nothing.",
        "name the file that holds the authorities",
    ),
    lint(
        "service-empty-section",
        Note,
        "A section without parameters.",
        "the name alone hides a section of the system's file",
    ),
    lint(
        "service-password",
        Note,
        "A password in a service file.",
        "use a certificate, or a password file with mode 0600",
    ),
    lint(
        "service-sslmode",
        Note,
        "An sslmode that does not verify whom it connects to.",
        "sslmode=verify-full, with the authority's certificate in sslrootcert",
    ),
];
