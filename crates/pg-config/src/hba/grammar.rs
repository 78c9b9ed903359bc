//! From the tokens of a line to a rule (`hba.c`, `parse_hba_line`), with PostgreSQL's words for what it refuses.
//!
//! What only the running server knows is not looked at: whether it was built with GSS, PAM or LDAP, which OAuth
//! validators it may load, whether names of RADIUS servers resolve. `sspi` and `bsd` are refused: no server on Linux
//! has them.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use memchr::memchr;

use super::{
    Address, ConnType, Database, Include, IncludeKind, List, Masked, Method, Record, Rule,
    RuleOption, User, Word,
};
use super::{address, options, rule::split_option};
use crate::regex::syntax;
use crate::text::Span;
use crate::tokens::{Line, Token};
use crate::{Diagnostic, Severity, Version};

/// Why a line is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) span: Span,
    pub(super) message: String,
}

impl Refusal {
    fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            span,
            message,
        }
    }
}

/// Reads lines as a version of PostgreSQL does.
#[derive(Debug)]
pub(crate) struct Reader {
    version: Version,
    /// Lists of options that were read, the latest new one first: rules that give the same ones share them.
    known: Vec<Known>,
}

/// Options that are good for rules of this type and method.
#[derive(Debug)]
struct Known {
    kind: ConnType,
    method: Method,
    options: Arc<[RuleOption]>,
}

/// How many lists of options are kept; the one that was new the longest ago goes. A site has few different ones.
const KNOWN: usize = 8;

impl Reader {
    /// One that has read nothing yet.
    pub(crate) const fn new(version: Version) -> Self {
        Self {
            version,
            known: Vec::new(),
        }
    }

    /// Reads one line of one file; what it includes is not read. Why a line is refused is told to `diagnostics`.
    pub(crate) fn read(&mut self, line: &Line<'_>, diagnostics: &mut Vec<Diagnostic>) -> Record {
        self.record(line).unwrap_or_else(|refusal| {
            diagnostics.push(Diagnostic {
                code: refusal.code,
                severity: Severity::Error,
                span: refusal.span,
                line: line.number,
                message: refusal.message,
            });
            Record::Bad {
                line: line.number,
                span: line.span,
            }
        })
    }

    /// The record that a line is.
    pub(super) fn record(&mut self, line: &Line<'_>) -> Result<Record, Refusal> {
        if let Some(error) = line.error {
            return Err(Refusal::new("hba-line", line.span, error));
        }
        if let Some(include) = include(line, self.version) {
            return Ok(Record::Include(include));
        }
        let indirect = |(index, field): (usize, &[Token<'_>])| {
            (index == 0 || index > 2) && field.iter().any(|token| token.file().is_some())
        };
        if line.names_files() && line.fields().enumerate().any(indirect) {
            return Ok(Record::Indirect {
                line: line.number,
                span: line.span,
            });
        }
        self.rule(line).map(Record::Rule)
    }

    /// Reads the fields of a rule, which [`crate::tokens::expand`] may have read in.
    pub(super) fn rule(&mut self, line: &Line<'_>) -> Result<Rule, Refusal> {
        let version = self.version;
        let mut fields = line.fields();
        let end = Span::new(line.span.end, line.span.end);
        let missing = |what: &str| {
            let message = format!("end-of-line before {what}");
            Refusal::new("hba-missing-field", end, message)
        };

        let field = fields.next().ok_or_else(|| missing("connection type"))?;
        let kind = conn_type(single(field, "connection type", end)?)?;
        let field = fields
            .next()
            .ok_or_else(|| missing("database specification"))?;
        patterns(field, version)?;
        let databases = List::of(field, |token| database(token, version));
        let field = fields.next().ok_or_else(|| missing("role specification"))?;
        patterns(field, version)?;
        let users = List::of(field, |token| user(token, version));

        let address = if kind == ConnType::Local {
            None
        } else {
            let field = fields
                .next()
                .ok_or_else(|| missing("IP address specification"))?;
            Some(match address(single(field, "host address", end)?)? {
                Host::Complete(address) => address,
                Host::NeedsMask(address) => {
                    let field = fields
                        .next()
                        .ok_or_else(|| missing("netmask specification"))?;
                    Address::Masked(masked(address, single(field, "netmask", end)?)?)
                }
            })
        };

        let field = fields
            .next()
            .ok_or_else(|| missing("authentication method"))?;
        let token = single(field, "authentication type", end)?;
        let method = method(token, kind, version)?;
        let options = self.options(kind, method, token.span, fields.tokens())?;

        Ok(Rule {
            line: line.number,
            span: line.span,
            kind,
            databases,
            users,
            address,
            method,
            options,
        })
    }

    /// Reads the options behind a method, which stands at `named`.
    fn options(
        &mut self,
        kind: ConnType,
        method: Method,
        named: Span,
        tokens: &[Token<'_>],
    ) -> Result<Arc<[RuleOption]>, Refusal> {
        let same = |known: &&Known| {
            (known.kind == kind && known.method == method && known.options.len() == tokens.len())
                && known
                    .options
                    .iter()
                    .zip(tokens)
                    .all(|(option, token)| option.text() == &*token.text)
        };
        if let Some(known) = self.known.iter().find(same) {
            return Ok(known.options.clone());
        }
        let mut options = Vec::with_capacity(tokens.len());
        for token in tokens {
            let refuse = |message: String| Refusal::new("hba-option", token.span, message);
            let text = token.lossy();
            let (name, value) = split_option(&text).ok_or_else(|| {
                refuse(format!(
                    "authentication option not in name=value format: {text}"
                ))
            })?;
            options::check(kind, method, name, value, self.version).map_err(refuse)?;
            options.push(RuleOption::of_text(&text));
        }
        options::check_together(method, &options, self.version)
            .map_err(|message| Refusal::new("hba-option", named, message))?;
        let options: Arc<[RuleOption]> = options.into();
        self.known.truncate(KNOWN - 1);
        self.known.insert(
            0,
            Known {
                kind,
                method,
                options: options.clone(),
            },
        );
        Ok(options)
    }
}

/// The include record that this line is, if this version reads it as one: exactly two fields, of which the first
/// token counts.
fn include(line: &Line<'_>, version: Version) -> Option<Include> {
    if version < Version::V16 {
        return None;
    }
    let ([word, ..], [name, ..]) = line.pair()? else {
        return None;
    };
    let kind = IncludeKind::of_word(&word.text)?;
    Some(Include {
        line: line.number,
        span: line.span,
        kind,
        name: Word::from(&*name.text),
    })
}

/// The one token of a field that takes no list, on a line that ends at `end`.
fn single<'a, 't>(field: &'t [Token<'a>], what: &str, end: Span) -> Result<&'t Token<'a>, Refusal> {
    match field {
        [token] => Ok(token),
        [] => Err(Refusal::new(
            "hba-missing-field",
            end,
            format!("end-of-line before {what}"),
        )),
        [first, .., last] => Err(Refusal::new(
            "hba-multiple-values",
            Span::new(first.span.start, last.span.end.max(first.span.start)),
            format!("multiple values specified for {what}"),
        )),
    }
}

fn conn_type(token: &Token<'_>) -> Result<ConnType, Refusal> {
    ConnType::of_word(&token.text).ok_or_else(|| {
        let message = format!("invalid connection type \"{}\"", token.lossy());
        Refusal::new("hba-connection-type", token.span, message)
    })
}

/// Refuses a field with a regular expression that this version does not take.
fn patterns(field: &[Token<'_>], version: Version) -> Result<(), Refusal> {
    for token in field {
        if let Some(pattern) = pattern(token, version)
            && let Some(fault) = syntax::fault(pattern, version)
        {
            let pattern = String::from_utf8_lossy(pattern);
            let message = format!("invalid regular expression \"{pattern}\": {fault}");
            return Err(Refusal::new("hba-regex", token.span, message));
        }
    }
    Ok(())
}

/// The regular expression that a token is; quoting does not change that (`hba.c`, `regcomp_auth_token`).
fn pattern<'t>(token: &'t Token<'_>, version: Version) -> Option<&'t [u8]> {
    match &*token.text {
        [b'/', pattern @ ..] if version >= Version::V16 => Some(pattern),
        _ => None,
    }
}

fn database(token: &Token<'_>, version: Version) -> Database {
    if let Some(file) = token.file() {
        return Database::File(file.into());
    }
    if let Some(pattern) = pattern(token, version) {
        return Database::Regex(pattern.into());
    }
    match &*token.text {
        b"all" if !token.quoted => Database::All,
        b"sameuser" if !token.quoted => Database::SameUser,
        b"samerole" if !token.quoted => Database::SameRole,
        b"samegroup" if !token.quoted => Database::SameGroup,
        b"replication" if !token.quoted => Database::Replication,
        name => Database::Name(name.into()),
    }
}

fn user(token: &Token<'_>, version: Version) -> User {
    if let Some(file) = token.file() {
        return User::File(file.into());
    }
    if let Some(pattern) = pattern(token, version) {
        return User::Regex(pattern.into());
    }
    match &*token.text {
        b"all" if !token.quoted => User::All,
        [b'+', group @ ..] if !token.quoted => User::Group(group.into()),
        name => User::Name(name.into()),
    }
}

/// An address field, complete or followed by its mask.
enum Host {
    Complete(Address),
    NeedsMask(IpAddr),
}

fn address(token: &Token<'_>) -> Result<Host, Refusal> {
    if !token.quoted {
        match &*token.text {
            b"all" => return Ok(Host::Complete(Address::All)),
            b"samehost" => return Ok(Host::Complete(Address::SameHost)),
            b"samenet" => return Ok(Host::Complete(Address::SameNet)),
            _ => {}
        }
    }
    let slash = memchr(b'/', &token.text);
    let (host, bits) = match slash {
        Some(at) => (&token.text[..at], Some(&token.text[at + 1..])),
        None => (&token.text[..], None),
    };
    let refuse = |message: String| Err(Refusal::new("hba-address", token.span, message));
    match (address::numeric(host), bits) {
        (Some(address), None) => Ok(Host::NeedsMask(address)),
        (Some(address), Some(bits)) => match address::prefix(address, bits) {
            Some(bits) => Ok(Host::Complete(Address::Masked(Masked::of_prefix(
                address, bits,
            )))),
            None => refuse(format!(
                "invalid CIDR mask in address \"{}\"",
                token.lossy()
            )),
        },
        (None, None) => Ok(Host::Complete(Address::HostName(host.into()))),
        (None, Some(_)) => refuse(format!(
            "specifying both host name and CIDR mask is invalid: \"{}\"",
            token.lossy()
        )),
    }
}

/// An address with the mask that stands behind it.
fn masked(address: IpAddr, token: &Token<'_>) -> Result<Masked, Refusal> {
    let refuse = |message: String| Refusal::new("hba-netmask", token.span, message);
    let mask = address::numeric(&token.text).ok_or_else(|| {
        // The tail is gai_strerror(EAI_NONAME) of the GNU C library.
        refuse(format!(
            "invalid IP mask \"{}\": Name or service not known",
            token.lossy()
        ))
    })?;
    Masked::new(address, mask).ok_or_else(|| refuse("IP address and mask do not match".into()))
}

fn method(token: &Token<'_>, kind: ConnType, version: Version) -> Result<Method, Refusal> {
    let refuse = |message: Cow<'static, str>| Err(Refusal::new("hba-method", token.span, message));
    let known = |method: &Method| match method {
        Method::Oauth => version >= Version::V18,
        Method::Radius => version < Version::V19,
        _ => true,
    };
    let found = Method::of_word(&token.text).filter(known);
    let invalid = || format!("invalid authentication method \"{}\"", token.lossy());
    match (found, kind) {
        (None, _) => refuse(invalid().into()),
        (Some(Method::Sspi | Method::Bsd), _) => {
            refuse(format!("{}: not supported by this build", invalid()).into())
        }
        (Some(Method::Ident), ConnType::Local) => Ok(Method::Peer),
        (Some(Method::Gss), ConnType::Local) => {
            refuse("gssapi authentication is not supported on local sockets".into())
        }
        (Some(Method::Peer), kind) if kind != ConnType::Local => {
            refuse("peer authentication is only supported on local sockets".into())
        }
        (Some(Method::Cert), kind) if kind != ConnType::HostSsl => {
            refuse("cert authentication is only supported on hostssl connections".into())
        }
        (Some(method), _) => Ok(method),
    }
}

impl IncludeKind {
    /// The include record that this word begins.
    pub(super) fn of_word(word: &[u8]) -> Option<Self> {
        match word {
            b"include" => Some(Self::File),
            b"include_if_exists" => Some(Self::IfExists),
            b"include_dir" => Some(Self::Folder),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;

    /// What a version says against each of the lines; nothing where it takes them.
    fn refusals(lines: &str, version: Version) -> String {
        let document = Document::parse(lines.as_bytes(), version);
        let line = |d: &crate::Diagnostic| {
            format!(
                "{} {} [{}] {}\n",
                d.line,
                d.code,
                String::from_utf8_lossy(d.span.of(lines.as_bytes())),
                d.message
            )
        };
        document.diagnostics().iter().map(line).collect()
    }

    #[test]
    fn refusals_are_in_the_words_of_the_server() {
        let lines = "local all all\nHOST all all all md5\nhost all all 10.0.0.1 md5\nhost a b 10.0.0.0/33 md5\n\
            host a b x/8 md5\nhost a b 10.0.0.1 ::1 md5\nhost,local a b all md5\nhost a b all md5,trust\n\
            host a b all scram\nhost a b all cert\nhost a b all peer\nlocal a b gss\nhost\nhost a\nhost a b\n\
            host a b 10.0.0.1\nhost a b all md5 map=x\nhost a b all md5 clientcert=verify-ca\nhost a b all md5 odd\n\
            host a b all md5 Map=x\nhost a b all ldap\nhost a b all sspi\n";
        insta::assert_snapshot!(refusals(lines, Version::V15), @r#"
        1 hba-missing-field [] end-of-line before authentication method
        2 hba-connection-type [HOST] invalid connection type "HOST"
        3 hba-netmask [md5] invalid IP mask "md5": Name or service not known
        4 hba-address [10.0.0.0/33] invalid CIDR mask in address "10.0.0.0/33"
        5 hba-address [x/8] specifying both host name and CIDR mask is invalid: "x/8"
        6 hba-netmask [::1] IP address and mask do not match
        7 hba-multiple-values [host,local] multiple values specified for connection type
        8 hba-multiple-values [md5,trust] multiple values specified for authentication type
        9 hba-method [scram] invalid authentication method "scram"
        10 hba-method [cert] cert authentication is only supported on hostssl connections
        11 hba-method [peer] peer authentication is only supported on local sockets
        12 hba-method [gss] gssapi authentication is not supported on local sockets
        13 hba-missing-field [] end-of-line before database specification
        14 hba-missing-field [] end-of-line before role specification
        15 hba-missing-field [] end-of-line before IP address specification
        16 hba-missing-field [] end-of-line before netmask specification
        17 hba-option [map=x] authentication option "map" is only valid for authentication methods ident, peer, gssapi, sspi, and cert
        18 hba-option [clientcert=verify-ca] clientcert can only be configured for "hostssl" rows
        19 hba-option [odd] authentication option not in name=value format: odd
        20 hba-option [Map=x] unrecognized authentication option name: "Map"
        21 hba-option [ldap] authentication method "ldap" requires argument "ldapbasedn", "ldapprefix", or "ldapsuffix" to be set
        22 hba-method [sspi] invalid authentication method "sspi": not supported by this build
        "#);
    }

    #[test]
    fn the_first_refusal_is_the_one_that_is_said() {
        let refused = refusals("host a b all md5 first second\n", Version::V18);
        assert!(refused.contains("format: first"), "{refused}");
        let refused = refusals(
            "host /( b all md5 Map=x\nhost /(,/[ b all md5\n",
            Version::V18,
        );
        assert_eq!(refused.matches("parentheses").count(), 2, "{refused}");
    }

    #[test]
    fn versions_differ_in_what_they_know() {
        let lines = "hostssl a b all cert clientcert=1\nhostssl a b all cert clientcert=no-verify\n\
            hostssl a b all cert clientcert=verify-ca\nhostssl a b all cert clientname=DN\nhost /( b all md5\n\
            include x\nhost a b all radius radiusservers=h radiussecrets=s\nhost a b all oauth issuer=i scope=s\n\
            host a b all ident map=m\nlocal a b ident\n";
        insta::assert_snapshot!(refusals(lines, Version::V12), @r#"
        2 hba-option [clientcert=no-verify] clientcert can not be set to "no-verify" when using "cert" authentication
        4 hba-option [clientname=DN] unrecognized authentication option name: "clientname"
        6 hba-connection-type [include] invalid connection type "include"
        8 hba-method [oauth] invalid authentication method "oauth"
        "#);
        insta::assert_snapshot!(refusals(lines, Version::V15), @r#"
        1 hba-option [clientcert=1] invalid value for clientcert: "1"
        2 hba-option [clientcert=no-verify] invalid value for clientcert: "no-verify"
        3 hba-option [clientcert=verify-ca] clientcert can only be set to "verify-full" when using "cert" authentication
        6 hba-connection-type [include] invalid connection type "include"
        8 hba-method [oauth] invalid authentication method "oauth"
        "#);
        insta::assert_snapshot!(refusals(lines, Version::V18), @r#"
        1 hba-option [clientcert=1] invalid value for clientcert: "1"
        2 hba-option [clientcert=no-verify] invalid value for clientcert: "no-verify"
        3 hba-option [clientcert=verify-ca] clientcert can only be set to "verify-full" when using "cert" authentication
        5 hba-regex [/(] invalid regular expression "(": parentheses () not balanced
        "#);
        insta::assert_snapshot!(refusals(lines, Version::V19), @r#"
        1 hba-option [clientcert=1] invalid value for clientcert: "1"
        2 hba-option [clientcert=no-verify] invalid value for clientcert: "no-verify"
        3 hba-option [clientcert=verify-ca] clientcert can only be set to "verify-full" when using "cert" authentication
        5 hba-regex [/(] invalid regular expression "(": parentheses () not balanced
        7 hba-method [radius] invalid authentication method "radius"
        "#);
    }

    #[test]
    fn lists_in_files_are_left_to_the_rule_set() {
        let document = Document::parse(
            b"local @d @u peer\nlocal d u @m\n@t d u peer\n",
            Version::V15,
        );
        let kinds: alloc::vec::Vec<_> = document
            .records()
            .iter()
            .map(|r| matches!(r, Record::Rule(_)))
            .collect();
        assert_eq!(kinds, [true, false, false]);
        assert_eq!(document.diagnostics(), []);
    }
}
