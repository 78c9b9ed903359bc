//! Every kind of finding, by file and severity. `docs/reference/lints.md` is written from this table.

use super::{Format, Lint};
use crate::Severity::{self, Error, Note, Warning};

/// Every kind of finding.
pub static LINTS: &[Lint] = &[
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
    lint(
        "hba-connection-type",
        Error,
        "The first word is none of the connection types.",
        "local, host, hostssl, hostnossl, hostgssenc and hostnogssenc are known; include from PostgreSQL 16 on, with one name behind it",
    ),
    lint(
        "hba-missing-field",
        Error,
        "The line ends too early.",
        "TYPE DATABASE USER ADDRESS METHOD, and no ADDRESS on local",
    ),
    lint(
        "hba-multiple-values",
        Error,
        "A list where a single word is taken.",
        "write one line for each",
    ),
    lint(
        "hba-address",
        Error,
        "An address that cannot be read.",
        "write it as 192.168.1.0/24 or 2001:db8::/32",
    ),
    lint(
        "hba-netmask",
        Error,
        "An address without `/` needs a mask behind it; what stands there is none, or one of the other family.",
        "write 192.168.1.5/32 for a single address",
    ),
    lint(
        "hba-method",
        Error,
        "A method that this version does not know, or not on this type of connection.",
        "scram-sha-256 and cert are what one mostly wants; cert is for hostssl, peer for local",
    ),
    lint(
        "hba-option",
        Error,
        "An option that is unknown, not in the form name=value, does not go with the method, or is missing.",
        "correct the option; values with blanks or commas need double quotes",
    ),
    lint(
        "hba-regex",
        Error,
        "A regular expression that cannot be compiled.",
        "correct it, or take the slash before it away for a plain name",
    ),
    lint(
        "hba-line",
        Error,
        "A line or word that is longer than this version reads.",
        "split it into several lines, or name an @file",
    ),
    lint(
        "hba-include",
        Error,
        "An @file or include that cannot be read, or holds what is refused here.",
        "correct the name; it counts from the folder of the file that it stands in",
    ),
    lint(
        "hba-empty",
        Error,
        "No rules at all: the server does not start without any.",
        "is this the right file?",
    ),
    lint(
        "hba-byte-order-mark",
        Error,
        "The file begins with a UTF-8 byte order mark, which the server takes for a part of the first line.",
        "save the file as UTF-8 without a byte order mark",
    ),
    lint(
        "hba-comment-goes-on",
        Warning,
        "A comment that ends in a backslash takes the next line with it (14 and later).",
        "take the backslash out",
    ),
    lint(
        "hba-nul",
        Warning,
        "A NUL byte hides the rest of its line, and from PostgreSQL 14 on glues the next one to it.",
        "take it out",
    ),
    lint(
        "hba-carriage-return",
        Warning,
        "A carriage return within a line: a blank until PostgreSQL 18, a part of the word from 19 on.",
        "end lines with a newline",
    ),
    lint(
        "hba-open-quote",
        Warning,
        "A double quote that is never closed.",
        "close it",
    ),
    lint(
        "hba-comma",
        Warning,
        "A comma with a blank before it separates fields, not the words of a list.",
        "take the blank before the comma out",
    ),
    lint(
        "hba-keyword-case",
        Warning,
        "A keyword in capital letters is a name.",
        "write keywords in small letters; in quotes, a name is meant for certain",
    ),
    lint(
        "hba-unanchored-regex",
        Warning,
        "A regular expression matches any part of a name unless it begins with ^ and ends with $ (16 and later).",
        "write /^name$",
    ),
    lint(
        "hba-odd-host-name",
        Warning,
        "What is no address is taken for a host name, whatever it looks like.",
        "write an address, a name, or one of all, samehost and samenet",
    ),
    lint(
        "hba-short-address",
        Warning,
        "An IPv4 address with fewer than four parts: 10/8 is 0.0.0.10/8.",
        "write all four parts",
    ),
    lint(
        "hba-zero-mask",
        Warning,
        "An address with a mask of zeros: every address of its family.",
        "write /32 (/128) for one address, or 0.0.0.0/0 (::/0) where everybody is meant",
    ),
    lint(
        "hba-mask-holes",
        Warning,
        "A mask whose ones are not all at its beginning.",
        "write a prefix such as /24",
    ),
    lint(
        "hba-mapped-address",
        Warning,
        "An IPv4 address written as an IPv6 one. The server's IPv6 sockets take no IPv4 connections.",
        "write the IPv4 address",
    ),
    lint(
        "hba-never-matches",
        Warning,
        "A rule that can never match: earlier rules take all connections that it is for, or there are none.",
        "take it out, or move it before the rules that hide it",
    ),
    lint(
        "hba-optional-certificate",
        Warning,
        "A rule that asks for a certificate, and an earlier one by which the same client gets in without, with TLS or in clear.",
        "let the earlier rule ask for a certificate too, or reject; pgcert hba explain shows the way of a login",
    ),
    lint(
        "hba-partial-reject",
        Warning,
        "A reject that leaves the clients it is for a way in by a later rule: with addresses of the other family, as a standby (all is no replication), or in clear.",
        "reject these too: all in place of 0.0.0.0/0, all,replication as databases, host in place of hostssl",
    ),
    lint(
        "hba-trust",
        Warning,
        "Connections from other machines without any authentication.",
        "use cert or scram-sha-256",
    ),
    lint(
        "hba-password-in-clear",
        Warning,
        "A method that sends passwords in clear over connections without encryption.",
        "use hostssl, or scram-sha-256",
    ),
    lint(
        "hba-legacy-clientcert",
        Warning,
        "A value of clientcert that PostgreSQL 14 and later refuse.",
        "verify-ca for 1, and nothing for 0 and no-verify, mean the same in every version",
    ),
    lint(
        "hba-duplicate-option",
        Warning,
        "An option that is given twice.",
        "take one of the two out",
    ),
    lint(
        "hba-boolean-option",
        Warning,
        "An option that only 1 turns on has another word for on.",
        "write 1",
    ),
    lint(
        "hba-ssl-off",
        Warning,
        "A hostssl rule on a server with ssl off.",
        "pgcert setup turns TLS on, or set ssl = on",
    ),
    lint(
        "hba-no-authority",
        Warning,
        "A rule that asks for certificates on a server without ssl_ca_file.",
        "set ssl_ca_file to the certificates of the authorities that clients come from",
    ),
    lint(
        "hba-no-effect",
        Note,
        "A rule without which everybody would be decided in the same way by later rules.",
        "take it out, if it is not there to be seen",
    ),
    lint(
        "hba-not-compared",
        Note,
        "Rules that ask for so much in common that to compare each with all takes too long: up to here some rules without \
         effect, evaded certificates and partial refusals may be missed.",
        "what can never match is found all the same; fewer rules for groups or patterns would help",
    ),
    lint(
        "hba-quoted-keyword",
        Note,
        "A keyword in quotes is a name.",
        "without quotes it is the keyword",
    ),
    lint(
        "hba-slash-name",
        Note,
        "A name that begins with a slash will be a regular expression from PostgreSQL 16 on.",
        "before the upgrade, write it as an anchored expression",
    ),
    lint(
        "hba-host-bits",
        Note,
        "Bits of an address that its mask leaves out.",
        "write the network's first address, so that nobody takes the rule for one of a single machine",
    ),
    lint(
        "hba-samenet",
        Note,
        "What samenet is on this machine: the networks of all its interfaces, bridges and tunnels among them.",
        "write the networks that are meant, if these are more",
    ),
    lint(
        "hba-md5",
        Note,
        "MD5 passwords are deprecated since PostgreSQL 18.",
        "scram-sha-256, once every role's password is stored so (SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'md5%')",
    ),
    lint(
        "hba-radius",
        Note,
        "PostgreSQL 19 has no RADIUS authentication.",
        "choose another method before the upgrade",
    ),
    lint(
        "hba-ident-on-local",
        Note,
        "ident on Unix sockets is peer under an old name.",
        "write peer",
    ),
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
    lint(
        "hosts-syntax",
        Error,
        "A line that the server refuses: it does not start, and when it reads its files again it keeps the certificates that it has.",
        "one line for each host, HOST CERTIFICATE KEY [AUTHORITIES [COMMAND [RELOAD]]], and each host once",
    ),
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

/// A code begins with the file that it is about.
const fn lint(
    code: &'static str,
    severity: Severity,
    what: &'static str,
    help: &'static str,
) -> Lint {
    let format = match code.as_bytes() {
        [b'c', b'o', b'n', b'f', ..] => Format::Conf,
        [b'h', b'b', b'a', ..] => Format::Hba,
        [b'h', b'o', b's', b't', ..] => Format::Hosts,
        [b'i', b'd', b'e', b'n', b't', ..] => Format::Ident,
        [b'p', b'a', b's', b's', ..] => Format::Passfile,
        _ => Format::Service,
    };
    Lint {
        code,
        format,
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
                Format::Hosts => "hosts-",
                Format::Passfile => "passfile-",
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
