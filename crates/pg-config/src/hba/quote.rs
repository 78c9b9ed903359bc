//! Names and patterns as tokens that mean them and nothing else: new ones with quotes wherever a version could need them,
//! and those of a rule that was read with no more than it needs. Where the tokens go is `write`'s business.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::prefix_length;
use super::{Address, Database, EditError, RuleOption, User};
use crate::Version;

impl Database {
    /// The word as it has to stand in a file of the version that read it, for messages: in quotes where it would mean
    /// something else without (`"all"`, `"a b"`). What is not UTF-8 is replaced.
    pub fn written(&self) -> String {
        let text = self.text();
        match self {
            Self::Name(_) => name(&text),
            Self::Regex(_) => quoted_where_needed(&text),
            Self::File(file) => unquoted_sign('@', &file.lossy()),
            _ => text.into_owned(),
        }
    }
}

impl User {
    /// As [`Database::written`]; the `+` of a group stays outside the quotes.
    pub fn written(&self) -> String {
        let text = self.text();
        match self {
            Self::All => text.into_owned(),
            Self::Name(_) => name(&text),
            Self::Regex(_) => quoted_where_needed(&text),
            Self::Group(group) => unquoted_sign('+', &group.lossy()),
            Self::File(file) => unquoted_sign('@', &file.lossy()),
        }
    }
}

impl Address {
    /// As [`Database::written`]; a network as a prefix where its mask is one, else as address and mask.
    pub fn written(&self) -> String {
        match self {
            Self::All => "all".into(),
            Self::SameHost => "samehost".into(),
            Self::SameNet => "samenet".into(),
            Self::Masked(masked) => {
                let (address, mask) = (masked.address(), masked.mask());
                match prefix_length(mask) {
                    Some(bits) => format!("{address}/{bits}"),
                    None => format!("{address} {mask}"),
                }
            }
            Self::HostName(host) => {
                let host = host.lossy();
                match &*host {
                    "all" | "samehost" | "samenet" => quoted(&host),
                    _ => quoted_where_needed(&host),
                }
            }
        }
    }
}

impl RuleOption {
    /// Name and value as [`Database::written`]: `name=value`, the value in quotes where it needs them.
    pub fn written(&self) -> String {
        let value = match self.value() {
            "" => String::new(),
            value => quoted_where_needed(value),
        };
        format!("{}={value}", self.name())
    }
}

/// A name that was read as one: in 12 to 15 even one that begins with `/`.
fn name(name: &str) -> String {
    if is_keyword(name.as_bytes()) || name.starts_with(['+', '@', '/']) {
        return quoted(name);
    }
    quoted_where_needed(name)
}

/// Signs mean something only outside of quotes.
fn unquoted_sign(sign: char, text: &str) -> String {
    format!("{sign}{}", quoted_where_needed(text))
}

/// In quotes where it would not be one token without (`hba.c`, `next_token`).
fn quoted_where_needed(text: &str) -> String {
    let parts = |c: char| matches!(c, ' ' | '\t' | '\r' | ',' | '"' | '#');
    // At the end of a line a backslash joins the next one to it.
    if text.is_empty() || text.contains(parts) || text.ends_with('\\') {
        return quoted(text);
    }
    text.into()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Whether a role or database has to be quoted not to be taken for a word of the file's own.
fn is_keyword(name: &[u8]) -> bool {
    [
        &b"all"[..],
        b"sameuser",
        b"samerole",
        b"samegroup",
        b"replication",
    ]
    .contains(&name)
}

/// A database or role of this name and no other.
pub(super) fn literal(name: &[u8], version: Version) -> Result<Vec<u8>, EditError> {
    writable(name)?;
    if name.is_empty() {
        return Err(EditError::Unwritable {
            name: String::new(),
        });
    }
    if name.starts_with(b"/") && version >= Version::V16 {
        let mut pattern = b"^".to_vec();
        for &byte in name {
            if byte.is_ascii_punctuation() && !matches!(byte, b'/' | b'_') {
                pattern.push(b'\\');
            }
            pattern.push(byte);
        }
        pattern.push(b'$');
        return signed(b'/', &pattern, Quote::Whole);
    }
    Ok(quoted_if(
        is_keyword(name) || !name.iter().copied().all(is_plain),
        name,
    ))
}

/// What the quotes go around.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quote {
    /// The sign as well; only a `/` keeps its meaning in quotes.
    Whole,
    /// What follows the sign.
    Rest,
}

pub(super) fn signed(sign: u8, text: &[u8], quote: Quote) -> Result<Vec<u8>, EditError> {
    writable(text)?;
    let plain = text
        .iter()
        .all(|&b| is_plain(b) || (b == b'/' && sign == b'@'));
    let mut out = alloc::vec![sign];
    if quote == Quote::Whole {
        out.extend_from_slice(text);
        return Ok(quoted_if(!plain, &out));
    }
    out.extend(quoted_if(!plain, text));
    Ok(out)
}

/// Whether the bytes can stand in a line at all.
pub(super) fn writable(text: &[u8]) -> Result<(), EditError> {
    if text.iter().any(|b| matches!(b, b'\n' | b'\r' | 0)) {
        return Err(EditError::Unwritable {
            name: String::from_utf8_lossy(text).into_owned(),
        });
    }
    Ok(())
}

pub(super) fn quoted_if(needed: bool, text: &[u8]) -> Vec<u8> {
    if !needed {
        return text.to_vec();
    }
    let mut out = alloc::vec![b'"'];
    for &byte in text {
        out.extend(core::iter::repeat_n(byte, if byte == b'"' { 2 } else { 1 }));
    }
    out.push(b'"');
    out
}

/// Bytes that mean nothing but themselves, in every version.
pub(super) const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hba::{Document, Rule};

    fn written(rule: &Rule) -> String {
        let databases: Vec<_> = rule.databases.iter().map(Database::written).collect();
        let users: Vec<_> = rule.users.iter().map(User::written).collect();
        let mut fields = alloc::vec![
            String::from(rule.kind.as_str()),
            databases.join(","),
            users.join(",")
        ];
        fields.extend(rule.address.as_ref().map(Address::written));
        fields.push(rule.method.as_str().into());
        fields.extend(rule.options.iter().map(RuleOption::written));
        fields.join(" ")
    }

    #[test]
    fn a_rule_is_written_with_the_quotes_that_it_needs() {
        for (version, line) in [
            (
                Version::V16,
                r#"host all,"all",Mixed,"replication" +staff,"+staff",@"my list" all md5"#,
            ),
            (
                Version::V16,
                r#"host "a,b","a b","say ""so""" bob,"@x","a#b" "all" md5"#,
            ),
            (
                Version::V16,
                r#"host /^a.*b$,"/^a, b" all,+"my group" 10.0.0.0/8 md5"#,
            ),
            (Version::V15, r#"host a "/x",+/y 10.0.0.0 255.0.255.0 md5"#),
            (
                Version::V16,
                r#"local "" "samerole" ldap ldapserver="a b" ldapbasedn=dc=a ldapbinddn="x,y""#,
            ),
            (Version::V16, r#"hostssl a b ::1/128 cert map="#),
        ] {
            let read = Document::parse(line.as_bytes(), version);
            let rule = read.rules().next().expect(line);
            assert_eq!(written(rule), line);
        }
        // Quotes that say nothing are left out.
        let read = Document::parse(br#"local "bob" "Tom" peer "map=m""#, Version::V16);
        let shown: Vec<_> = read.rules().map(written).collect();
        assert_eq!(shown, ["local bob Tom peer map=m"]);
    }
}
