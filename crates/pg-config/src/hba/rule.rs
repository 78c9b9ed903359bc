//! What a line of `pg_hba.conf` says, as a value. Reading it is `grammar`'s business, writing it `write`'s.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use memchr::memchr;

use super::{Address, List, Word};
use crate::text::Span;

/// A rule as PostgreSQL understands it.
///
/// In memory as it is written here: by type and address nearly every rule is passed over, and the rest of it need not be
/// fetched then.
#[derive(Debug, Clone, PartialEq, Eq)]
#[repr(C)]
pub struct Rule {
    /// Which connections it is for.
    pub kind: ConnType,
    /// How the role has to prove itself. `ident` on `local` is read as `peer`.
    pub method: Method,
    /// From 1: the first physical line.
    pub line: u32,
    /// Where from; none for `local`.
    pub address: Option<Address>,
    /// The databases: any of them.
    pub databases: List<Database>,
    /// The roles: any of them.
    pub users: List<User>,
    /// In the order given; of two with the same name the later one counts. Rules of a file that give the same ones
    /// share them.
    pub options: Arc<[RuleOption]>,
    /// The record without its line end.
    pub span: Span,
}

impl Rule {
    /// The value of an option in force.
    pub fn option(&self, name: &str) -> Option<&str> {
        RuleOption::last(&self.options, name)
    }

    /// The map of `pg_ident.conf` that it uses; an empty name is none.
    pub fn map(&self) -> Option<&str> {
        self.option("map").filter(|map| !map.is_empty())
    }

    /// What it demands of the client's certificate. Method `cert` always demands the full check.
    pub fn client_cert(&self) -> ClientCert {
        if self.method == Method::Cert {
            return ClientCert::Full;
        }
        match self.option("clientcert") {
            Some("verify-full") => ClientCert::Full,
            Some("verify-ca" | "1") => ClientCert::Authority,
            _ => ClientCert::Off,
        }
    }

    /// Whether the certificate's DN is compared, not its CN (`clientname=DN`).
    pub fn compares_dn(&self) -> bool {
        self.option("clientname") == Some("DN")
    }

    /// Whether a certificate alone is enough to get in: method `cert`, or `trust` with the full check.
    pub fn accepts_certificate_alone(&self) -> bool {
        match self.method {
            Method::Cert => true,
            Method::Trust => self.client_cert() == ClientCert::Full,
            _ => false,
        }
    }

    /// Whether nobody gets in through it without a certificate: `reject`, or any demand for one.
    pub fn keeps_its_say(&self) -> bool {
        self.method == Method::Reject || self.client_cert() != ClientCert::Off
    }

    /// Whether what it matches depends on whose member a role is.
    pub(super) fn asks_for_memberships(&self) -> bool {
        let group = |word: &User| matches!(word, User::Group(_));
        let same = |word: &Database| matches!(word, Database::SameRole | Database::SameGroup);
        self.users.iter().any(group) || self.databases.iter().any(same)
    }

    /// Whether it has `@file` lists that are not read in.
    pub(super) fn names_files(&self) -> bool {
        let databases = |word: &Database| matches!(word, Database::File(_));
        let users = |word: &User| matches!(word, User::File(_));
        self.databases.iter().any(databases) || self.users.iter().any(users)
    }

    /// Whether both say the same, wherever they stand.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.words() == other.words()
    }

    /// All that it says.
    pub(super) fn words(&self) -> impl Ord {
        (
            self.kind,
            &self.databases,
            &self.users,
            &self.address,
            self.method,
            &self.options,
        )
    }

    /// Whether whom it decides gets in, or not, in the same way: both reject, or method and options in force are the
    /// same.
    pub fn decides_like(&self, other: &Self) -> bool {
        if self.method == Method::Reject || other.method == Method::Reject {
            return self.method == other.method;
        }
        // Those two have a value in force where they are not written.
        let others = |name: &&str| !matches!(*name, "clientcert" | "clientname");
        let has_all_of = |a: &Self, b: &Self| {
            let mut names = b.options.iter().map(RuleOption::name).filter(others);
            names.all(|name| a.in_force(name) == b.in_force(name))
        };
        self.method == other.method
            && self.client_cert() == other.client_cert()
            && self.compares_dn() == other.compares_dn()
            && has_all_of(self, other)
            && has_all_of(other, self)
    }

    /// The value of an option, none where that is as good as not written (`hba.c`, `parse_hba_line` and `parse_hba_auth_opt`).
    fn in_force(&self, name: &str) -> Option<&str> {
        match (name, self.option(name)) {
            ("map" | "krb_realm", Some("")) => None,
            ("include_realm" | "compat_realm", value) => {
                value.filter(|value| *value != "1").map(|_| "0")
            }
            ("ldaptls" | "upn_username", value) => value.filter(|value| *value == "1"),
            (_, value) => value,
        }
    }
}

/// An option behind the method: `name=value`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleOption(Word);

impl RuleOption {
    /// An option of this name, which holds no `=`.
    pub fn new(name: &str, value: &str) -> Self {
        Self(Word::from(&*alloc::format!("{name}={value}")))
    }

    /// The option that is written like this; [`split_option`] says that it is one.
    pub(super) fn of_text(text: &str) -> Self {
        Self(text.into())
    }

    /// As it is written, without quotes.
    pub(super) fn text(&self) -> &[u8] {
        &self.0
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.parts().0
    }

    /// Its value, which may be empty.
    pub fn value(&self) -> &str {
        self.parts().1
    }

    /// The value of the last one of this name.
    pub fn last<'o>(options: &'o [Self], name: &str) -> Option<&'o str> {
        let found = options.iter().rev().find(|option| option.name() == name);
        found.map(Self::value)
    }

    fn parts(&self) -> (&str, &str) {
        let text = core::str::from_utf8(&self.0).unwrap_or_default();
        split_option(text).unwrap_or_default()
    }
}

/// Name and value: what stands before and behind the first `=`.
pub(super) fn split_option(text: &str) -> Option<(&str, &str)> {
    let equals = memchr(b'=', text.as_bytes())?;
    Some((&text[..equals], &text[equals + 1..]))
}

/// The first field: which connections a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConnType {
    /// Unix sockets.
    Local,
    /// Any TCP connection.
    Host,
    /// TCP under TLS.
    HostSsl,
    /// TCP without TLS, GSS encryption included.
    HostNoSsl,
    /// TCP under GSS encryption.
    HostGssEnc,
    /// TCP without GSS encryption, TLS included.
    HostNoGssEnc,
}

impl ConnType {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Host => "host",
            Self::HostSsl => "hostssl",
            Self::HostNoSsl => "hostnossl",
            Self::HostGssEnc => "hostgssenc",
            Self::HostNoGssEnc => "hostnogssenc",
        }
    }

    /// The type that is written like this.
    pub(super) fn of_word(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"local" => Self::Local,
            b"host" => Self::Host,
            b"hostssl" => Self::HostSsl,
            b"hostnossl" => Self::HostNoSsl,
            b"hostgssenc" => Self::HostGssEnc,
            b"hostnogssenc" => Self::HostNoGssEnc,
            _ => return None,
        })
    }

    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Local,
        Self::Host,
        Self::HostSsl,
        Self::HostNoSsl,
        Self::HostGssEnc,
        Self::HostNoGssEnc,
    ];
}

impl fmt::Display for ConnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One word of the database field. What stands in few rules lies elsewhere, so that all of them are smaller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Database {
    /// `all`: every database, but no physical replication.
    All,
    /// `sameuser`: the database named like the role.
    SameUser,
    /// `samerole`: a database named like a role that the role is a member of.
    SameRole,
    /// `samegroup`: the same as `samerole`.
    SameGroup,
    /// `replication`: physical replication and nothing else.
    Replication,
    /// A regular expression, without its `/` (16 and later).
    Regex(Box<Word>),
    /// A database of this name.
    Name(Word),
    /// `@file`, not read.
    File(Box<Word>),
}

impl Database {
    /// A database of this name, whatever keyword it may look like.
    pub fn name(name: &str) -> Self {
        Self::Name(name.into())
    }

    /// The word without quotes, as PostgreSQL's view shows it.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::All => Cow::Borrowed("all"),
            Self::SameUser => Cow::Borrowed("sameuser"),
            Self::SameRole => Cow::Borrowed("samerole"),
            Self::SameGroup => Cow::Borrowed("samegroup"),
            Self::Replication => Cow::Borrowed("replication"),
            Self::Regex(regex) => prefixed('/', regex),
            Self::Name(name) => name.lossy(),
            Self::File(file) => prefixed('@', file),
        }
    }
}

/// One word of the role field. What stands in few rules lies elsewhere, so that all of them are smaller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum User {
    /// `all`: every role.
    All,
    /// `+group`: the group and its members, direct and indirect.
    Group(Box<Word>),
    /// A regular expression, without its `/` (16 and later).
    Regex(Box<Word>),
    /// A role of this name.
    Name(Word),
    /// `@file`, not read.
    File(Box<Word>),
}

impl User {
    /// A role of this name, whatever keyword it may look like.
    pub fn name(name: &str) -> Self {
        Self::Name(name.into())
    }

    /// The word without quotes, as PostgreSQL's view shows it.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::All => Cow::Borrowed("all"),
            Self::Group(group) => prefixed('+', group),
            Self::Regex(regex) => prefixed('/', regex),
            Self::Name(name) => name.lossy(),
            Self::File(file) => prefixed('@', file),
        }
    }
}

fn prefixed(sign: char, text: &Word) -> Cow<'static, str> {
    let mut out = String::from(sign);
    out.push_str(&text.lossy());
    Cow::Owned(out)
}

/// How a role proves itself (`hba.c`, `UserAuthName`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Not asked for anything.
    Trust,
    /// Never let in.
    Reject,
    /// A password by SCRAM.
    ScramSha256,
    /// A password by MD5, or by SCRAM where the secret is one of SCRAM's.
    Md5,
    /// A password in clear.
    Password,
    /// Kerberos.
    Gss,
    /// Windows.
    Sspi,
    /// The ident server of the client's machine.
    Ident,
    /// The operating system's user at the other end of the socket.
    Peer,
    /// LDAP.
    Ldap,
    /// RADIUS (until 18).
    Radius,
    /// A TLS client certificate.
    Cert,
    /// PAM.
    Pam,
    /// OpenBSD's login classes.
    Bsd,
    /// A bearer token (18 and later).
    Oauth,
}

impl Method {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trust => "trust",
            Self::Reject => "reject",
            Self::ScramSha256 => "scram-sha-256",
            Self::Md5 => "md5",
            Self::Password => "password",
            Self::Gss => "gss",
            Self::Sspi => "sspi",
            Self::Ident => "ident",
            Self::Peer => "peer",
            Self::Ldap => "ldap",
            Self::Radius => "radius",
            Self::Cert => "cert",
            Self::Pam => "pam",
            Self::Bsd => "bsd",
            Self::Oauth => "oauth",
        }
    }

    /// The method that is written like this.
    pub(super) fn of_word(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"trust" => Self::Trust,
            b"reject" => Self::Reject,
            b"scram-sha-256" => Self::ScramSha256,
            b"md5" => Self::Md5,
            b"password" => Self::Password,
            b"gss" => Self::Gss,
            b"sspi" => Self::Sspi,
            b"ident" => Self::Ident,
            b"peer" => Self::Peer,
            b"ldap" => Self::Ldap,
            b"radius" => Self::Radius,
            b"cert" => Self::Cert,
            b"pam" => Self::Pam,
            b"bsd" => Self::Bsd,
            b"oauth" => Self::Oauth,
            _ => return None,
        })
    }

    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Trust,
        Self::Reject,
        Self::ScramSha256,
        Self::Md5,
        Self::Password,
        Self::Gss,
        Self::Sspi,
        Self::Ident,
        Self::Peer,
        Self::Ldap,
        Self::Radius,
        Self::Cert,
        Self::Pam,
        Self::Bsd,
        Self::Oauth,
    ];
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a rule demands of the client's certificate, besides its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientCert {
    /// None is needed.
    Off,
    /// Any from a trusted authority (`verify-ca`; `1` in 12 and 13).
    Authority,
    /// One from a trusted authority that names the role (`verify-full`).
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use crate::hba::RuleSet;
    use alloc::collections::BTreeMap;

    #[test]
    fn rules_are_small() {
        assert_eq!(size_of::<Database>(), size_of::<Word>());
        assert_eq!(size_of::<User>(), size_of::<Word>());
        assert!(size_of::<Rule>() <= 112, "{}", size_of::<Rule>());
    }

    #[test]
    fn written_defaults_decide_alike() {
        let alike = |a: &str, b: &str| {
            let text = alloc::format!("host all all all {a}\nhost all all all {b}\n");
            let set = RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
            assert_eq!(set.errors, []);
            set.rules[0].rule.decides_like(&set.rules[1].rule)
                && set.rules[1].rule.decides_like(&set.rules[0].rule)
        };
        for (a, b) in [
            ("pam", "pam"),
            ("gss map=\"\"", "gss"),
            ("gss krb_realm=\"\"", "gss"),
            ("gss include_realm=1", "gss"),
            ("gss include_realm=0", "gss include_realm=no"),
            ("ldap ldapbasedn=a ldaptls=0", "ldap ldapbasedn=a"),
            ("gss map=a map=b", "gss map=b"),
        ] {
            assert!(alike(a, b), "{a}, {b}");
        }
        for (a, b) in [
            ("gss map=a", "gss"),
            ("gss include_realm=0", "gss"),
            ("gss map=a", "gss map=b"),
            ("ldap ldapbasedn=a ldaptls=1", "ldap ldapbasedn=a"),
            ("md5", "scram-sha-256"),
            ("md5", "reject"),
        ] {
            assert!(!alike(a, b), "{a}, {b}");
        }
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for kind in ConnType::ALL {
            assert_eq!(ConnType::of_word(kind.as_str().as_bytes()), Some(kind));
        }
        for method in Method::ALL {
            assert_eq!(Method::of_word(method.as_str().as_bytes()), Some(method));
        }
    }
}
