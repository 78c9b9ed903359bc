//! Every kind of finding, by file and severity. `docs/reference/lints.md` is written from this table.

use super::{Format, Lint};
use crate::Severity::{self, Error, Note, Warning};

/// Every kind of finding.
pub static LINTS: &[Lint] = &[
    conf(
        "conf-syntax",
        Error,
        "A line that is not `name = value`.",
        "write it as name = 'value', quotes and backslashes in the value doubled",
    ),
    conf(
        "conf-unquoted",
        Error,
        "A value such as `server.crt` without quotes: the server takes it for two names with a dot between them.",
        "put single quotes around the value",
    ),
    conf(
        "conf-byte-order-mark",
        Error,
        "The file begins with a UTF-8 byte order mark, which the server takes for a part of the first line.",
        "save the file as UTF-8 without a byte order mark",
    ),
    conf(
        "conf-abandoned",
        Error,
        "After a hundred syntax errors the server reads no further.",
        "is this the right file?",
    ),
    conf(
        "conf-include",
        Error,
        "An include directive that names nothing that can be read, or that leads back to itself.",
        "correct the name, or write include_if_exists where the file may be missing",
    ),
    conf(
        "conf-unknown-parameter",
        Error,
        "A name that this version does not know. Startup fails; a reload applies nothing at all.",
        "correct the name, or take the line out",
    ),
    conf(
        "conf-fixed",
        Error,
        "A parameter that cannot be set in a file.",
        "take the line out: the value is compiled in, or made by initdb",
    ),
    conf(
        "conf-value",
        Error,
        "A value that the parameter does not take. Startup fails; a reload leaves the parameter as it was.",
        "correct the value",
    ),
    conf(
        "conf-relative-path",
        Warning,
        "A relative path that counts from the folder in which the server was started, wherever that was.",
        "write the whole path",
    ),
    conf(
        "conf-duplicate",
        Warning,
        "A setting that a later line overrides.",
        "take one of the two lines out",
    ),
    conf(
        "conf-hidden",
        Note,
        "A setting that postgresql.auto.conf overrides: a change here does nothing.",
        "ALTER SYSTEM RESET takes the line out of postgresql.auto.conf",
    ),
    hba(
        "hba-connection-type",
        Error,
        "The first word is none of the connection types.",
        "local, host, hostssl, hostnossl, hostgssenc and hostnogssenc are known; include from PostgreSQL 16 on, with one name behind it",
    ),
    hba(
        "hba-missing-field",
        Error,
        "The line ends too early.",
        "TYPE DATABASE USER ADDRESS METHOD, and no ADDRESS on local",
    ),
    hba(
        "hba-multiple-values",
        Error,
        "A list where a single word is taken.",
        "write one line for each",
    ),
    hba(
        "hba-address",
        Error,
        "An address that cannot be read.",
        "write it as 192.168.1.0/24 or 2001:db8::/32",
    ),
    hba(
        "hba-netmask",
        Error,
        "An address without `/` needs a mask behind it; what stands there is none, or one of the other family.",
        "write 192.168.1.5/32 for a single address",
    ),
    hba(
        "hba-method",
        Error,
        "A method that this version does not know, or not on this type of connection.",
        "scram-sha-256 and cert are what one mostly wants; cert is for hostssl, peer for local",
    ),
    hba(
        "hba-option",
        Error,
        "An option that is unknown, not in the form name=value, does not go with the method, or is missing.",
        "correct the option; values with blanks or commas need double quotes",
    ),
    hba(
        "hba-regex",
        Error,
        "A regular expression that cannot be compiled.",
        "correct it, or take the slash before it away for a plain name",
    ),
    hba(
        "hba-line",
        Error,
        "A line or word that is longer than this version reads.",
        "split it into several lines, or name an @file",
    ),
    hba(
        "hba-include",
        Error,
        "An @file or include that cannot be read, or holds what is refused here.",
        "correct the name; it counts from the folder of the file that it stands in",
    ),
    hba(
        "hba-empty",
        Error,
        "No rules at all: the server does not start without any.",
        "is this the right file?",
    ),
    hba(
        "hba-byte-order-mark",
        Error,
        "The file begins with a UTF-8 byte order mark, which the server takes for a part of the first line.",
        "save the file as UTF-8 without a byte order mark",
    ),
    hba(
        "hba-comment-goes-on",
        Warning,
        "A comment that ends in a backslash takes the next line with it (14 and later).",
        "take the backslash out",
    ),
    hba(
        "hba-nul",
        Warning,
        "A NUL byte hides the rest of its line, and from PostgreSQL 14 on glues the next one to it.",
        "take it out",
    ),
    hba(
        "hba-carriage-return",
        Warning,
        "A carriage return within a line: a blank until PostgreSQL 18, a part of the word from 19 on.",
        "end lines with a newline",
    ),
    hba(
        "hba-open-quote",
        Warning,
        "A double quote that is never closed.",
        "close it",
    ),
    hba(
        "hba-comma",
        Warning,
        "A comma with a blank before it separates fields, not the words of a list.",
        "take the blank before the comma out",
    ),
    hba(
        "hba-keyword-case",
        Warning,
        "A keyword in capital letters is a name.",
        "write keywords in small letters; in quotes, a name is meant for certain",
    ),
    hba(
        "hba-unanchored-regex",
        Warning,
        "A regular expression matches any part of a name unless it begins with ^ and ends with $ (16 and later).",
        "write /^name$",
    ),
    hba(
        "hba-odd-host-name",
        Warning,
        "What is no address is taken for a host name, whatever it looks like.",
        "write an address, a name, or one of all, samehost and samenet",
    ),
    hba(
        "hba-short-address",
        Warning,
        "An IPv4 address with fewer than four parts: 10/8 is 0.0.0.10/8.",
        "write all four parts",
    ),
    hba(
        "hba-mask-holes",
        Warning,
        "A mask whose ones are not all at its beginning.",
        "write a prefix such as /24",
    ),
    hba(
        "hba-mapped-address",
        Warning,
        "An IPv4 address written as an IPv6 one. The server's IPv6 sockets take no IPv4 connections.",
        "write the IPv4 address",
    ),
    hba(
        "hba-never-matches",
        Warning,
        "A rule that can never match: earlier rules take all connections that it is for.",
        "take it out, or move it before the rules that hide it",
    ),
    hba(
        "hba-optional-certificate",
        Warning,
        "A rule that asks for a certificate, and an earlier one by which the same client gets in without, with TLS or in clear.",
        "let the earlier rule ask for a certificate too, or reject; pgcert hba explain shows the way of a login",
    ),
    hba(
        "hba-trust",
        Warning,
        "Connections from other machines without any authentication.",
        "use cert or scram-sha-256",
    ),
    hba(
        "hba-password-in-clear",
        Warning,
        "A method that sends passwords in clear over connections without encryption.",
        "use hostssl, or scram-sha-256",
    ),
    hba(
        "hba-legacy-clientcert",
        Warning,
        "A value of clientcert that PostgreSQL 14 and later refuse.",
        "verify-ca for 1, and nothing for 0 and no-verify, mean the same in every version",
    ),
    hba(
        "hba-duplicate-option",
        Warning,
        "An option that is given twice.",
        "take one of the two out",
    ),
    hba(
        "hba-boolean-option",
        Warning,
        "An option that only 1 turns on has another word for on.",
        "write 1",
    ),
    hba(
        "hba-ssl-off",
        Warning,
        "A hostssl rule on a server with ssl off.",
        "pgcert setup turns TLS on, or set ssl = on",
    ),
    hba(
        "hba-no-authority",
        Warning,
        "A rule that asks for certificates on a server without ssl_ca_file.",
        "set ssl_ca_file to the certificates of the authorities that clients come from",
    ),
    hba(
        "hba-no-effect",
        Note,
        "A rule without which everybody would be decided in the same way by later rules.",
        "take it out, if it is not there to be seen",
    ),
    hba(
        "hba-quoted-keyword",
        Note,
        "A keyword in quotes is a name.",
        "without quotes it is the keyword",
    ),
    hba(
        "hba-slash-name",
        Note,
        "A name that begins with a slash will be a regular expression from PostgreSQL 16 on.",
        "before the upgrade, write it as an anchored expression",
    ),
    hba(
        "hba-host-bits",
        Note,
        "Bits of an address that its mask leaves out.",
        "write the network's first address, so that nobody takes the rule for one of a single machine",
    ),
    hba(
        "hba-md5",
        Note,
        "MD5 passwords are deprecated since PostgreSQL 18.",
        "scram-sha-256, once every role's password is stored so (SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'md5%')",
    ),
    hba(
        "hba-radius",
        Note,
        "PostgreSQL 19 has no RADIUS authentication.",
        "choose another method before the upgrade",
    ),
    hba(
        "hba-ident-on-local",
        Note,
        "ident on Unix sockets is peer under an old name.",
        "write peer",
    ),
    ident(
        "ident-syntax",
        Error,
        "A line with fewer than three fields.",
        "MAP SYSTEM-USER PG-USER",
    ),
    ident(
        "ident-unquoted-comma",
        Error,
        "A comma outside of quotes, as in a distinguished name.",
        "put double quotes around the field: \"CN=alice,O=Acme\"",
    ),
    ident(
        "ident-regex",
        Error,
        "A regular expression that cannot be compiled.",
        "correct it, or take the slash before it away for a plain name",
    ),
    ident(
        "ident-include",
        Error,
        "An @file or include that cannot be read, or holds what is refused here.",
        "correct the name; it counts from the folder of the file that it stands in",
    ),
    ident(
        "ident-byte-order-mark",
        Warning,
        "The file begins with a UTF-8 byte order mark, which the server takes for a part of the first map's name.",
        "save the file as UTF-8 without a byte order mark",
    ),
    ident(
        "ident-comment-goes-on",
        Warning,
        "A comment that ends in a backslash takes the next line with it (14 and later).",
        "take the backslash out",
    ),
    ident(
        "ident-nul",
        Warning,
        "A NUL byte hides the rest of its line, and from PostgreSQL 14 on glues the next one to it.",
        "take it out",
    ),
    ident(
        "ident-carriage-return",
        Warning,
        "A carriage return within a line: a blank until PostgreSQL 18, a part of the word from 19 on.",
        "end lines with a newline",
    ),
    ident(
        "ident-open-quote",
        Warning,
        "A double quote that is never closed.",
        "close it",
    ),
    ident(
        "ident-comma",
        Warning,
        "A comma with a blank before it separates fields.",
        "put the field in double quotes, or take the comma out",
    ),
    ident(
        "ident-extra-field",
        Warning,
        "A fourth field, which the server does not read.",
        "put names with blanks in double quotes, or take the rest out",
    ),
    ident(
        "ident-unanchored-regex",
        Warning,
        "A regular expression matches any part of a name unless it begins with ^ and ends with $.",
        "write /^name$",
    ),
    ident(
        "ident-no-group",
        Warning,
        "A \\1 for which there is no group. With a regular expression, every login that gets to the line fails.",
        "put the part that is the role's name in parentheses: /^(.*)@example\\.com$",
    ),
    ident(
        "ident-second-reference",
        Warning,
        "A second \\1, which stays as it is.",
        "write it once",
    ),
    ident(
        "ident-every-role",
        Warning,
        "The role all: every role, superusers too (16 and later).",
        "name the roles, or a group with +",
    ),
    ident(
        "ident-role-word",
        Note,
        "A role that is a plain name here and will be a word or a pattern from PostgreSQL 16 on.",
        "before the upgrade, put it in double quotes; a name with a slash in front has to become another one",
    ),
    ident(
        "ident-duplicate",
        Note,
        "A line that an earlier one says already.",
        "take one of the two lines out",
    ),
    service(
        "service-syntax",
        Error,
        "A line of a section that is not key=value, or a key that libpq of this version does not know. The service cannot be used.",
        "correct the key; keys are in small letters",
    ),
    service(
        "service-blank-before-equals",
        Error,
        "A blank before the equals sign, which makes it a part of the key.",
        "write key=value without blanks",
    ),
    service(
        "service-nested",
        Error,
        "A service that names another service.",
        "write the other service's parameters here",
    ),
    service(
        "service-line-too-long",
        Error,
        "A line that is longer than libpq reads: 254 bytes in 12 and 13, 1022 later. Every service from there on cannot be used.",
        "shorten it; comments count too",
    ),
    service(
        "service-value",
        Error,
        "A value that libpq refuses.",
        "correct the value",
    ),
    service(
        "service-byte-order-mark",
        Warning,
        "The file begins with a UTF-8 byte order mark: its first section is never found.",
        "save the file as UTF-8 without a byte order mark",
    ),
    service(
        "service-header",
        Warning,
        "A section without its closing bracket, which no service name matches.",
        "close the bracket",
    ),
    service(
        "service-ldap",
        Warning,
        "A line that libpq looks up in LDAP where it was built so, and refuses elsewhere.",
        "write the parameters themselves",
    ),
    service(
        "service-not-utf8",
        Warning,
        "A value that is not UTF-8.",
        "save the file as UTF-8",
    ),
    service(
        "service-duplicate-section",
        Warning,
        "A second section of the same name, which is never read.",
        "put its lines into the first one",
    ),
    service(
        "service-duplicate-key",
        Warning,
        "A key that stands in its section already.",
        "take one of the two lines out",
    ),
    service(
        "service-comment",
        Warning,
        "A comment behind a value. There are no such comments.",
        "put it in a line of its own",
    ),
    service(
        "service-quotes",
        Warning,
        "Quotes around a value. There are no quotes in service files.",
        "take them out",
    ),
    service(
        "service-blank-behind-equals",
        Warning,
        "A blank before a value.",
        "write key=value without blanks",
    ),
    service(
        "service-outside",
        Warning,
        "A line before the first section.",
        "put it into a section",
    ),
    service(
        "service-system-roots",
        Warning,
        "sslrootcert=system to libpq 15 and before, which takes it for the name of a file: where there is none, sslmode=require and weaker verify nothing.",
        "name the file that holds the authorities",
    ),
    service(
        "service-empty-section",
        Note,
        "A section without parameters.",
        "the name alone hides a section of the system's file",
    ),
    service(
        "service-password",
        Note,
        "A password in a service file.",
        "use a certificate, or a password file with mode 0600",
    ),
    service(
        "service-sslmode",
        Note,
        "An sslmode that does not verify whom it connects to.",
        "sslmode=verify-full, with the authority's certificate in sslrootcert",
    ),
];

const fn ident(
    code: &'static str,
    severity: Severity,
    what: &'static str,
    help: &'static str,
) -> Lint {
    Lint {
        code,
        format: Format::Ident,
        severity,
        what,
        help,
    }
}

const fn service(
    code: &'static str,
    severity: Severity,
    what: &'static str,
    help: &'static str,
) -> Lint {
    Lint {
        code,
        format: Format::Service,
        severity,
        what,
        help,
    }
}

const fn hba(
    code: &'static str,
    severity: Severity,
    what: &'static str,
    help: &'static str,
) -> Lint {
    Lint {
        code,
        format: Format::Hba,
        severity,
        what,
        help,
    }
}

const fn conf(
    code: &'static str,
    severity: Severity,
    what: &'static str,
    help: &'static str,
) -> Lint {
    Lint {
        code,
        format: Format::Conf,
        severity,
        what,
        help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_begin_with_their_file() {
        for (i, lint) in LINTS.iter().enumerate() {
            assert!(
                LINTS[..i].iter().all(|other| other.code != lint.code),
                "{}",
                lint.code
            );
            let begins = match lint.format {
                Format::Conf => "conf-",
                Format::Hba => "hba-",
                Format::Ident => "ident-",
                Format::Service => "service-",
            };
            assert!(lint.code.starts_with(begins), "{}", lint.code);
            assert!(
                lint.what.ends_with('.') && !lint.help.ends_with('.'),
                "{}",
                lint.code
            );
        }
        assert!(LINTS.is_sorted_by_key(|lint| (lint.format, core::cmp::Reverse(lint.severity))));
    }
}
