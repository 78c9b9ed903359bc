//! Which rule of `pg_hba.conf` decides a connection: the first that matches, looked for one by one (`hba.c`, `check_hba`).
//!
//! A judge of what the rules mean, so as plain as can be: it shares no code with pg-config, reads no text, knows nothing
//! of sets, and is itself held to real servers. It needs to be told everything, and so never answers "perhaps".

use std::fmt;
use std::net::IpAddr;

/// A rule, as whoever wrote its text meant it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Which connections it is for.
    pub kind: Kind,
    /// The databases: any of them.
    pub databases: Vec<DatabaseWord>,
    /// The roles: any of them.
    pub roles: Vec<RoleWord>,
    /// Where from; not looked at for [`Kind::Local`].
    pub origin: Origin,
    /// The method and its options as they are written: what comes next.
    pub method: &'static str,
}

/// The first field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `local`
    Local,
    /// `host`
    Host,
    /// `hostssl`
    HostSsl,
    /// `hostnossl`
    HostNoSsl,
    /// `hostgssenc`
    HostGssEnc,
    /// `hostnogssenc`
    HostNoGssEnc,
}

/// How a connection comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// By the Unix socket.
    Socket,
    /// By TCP in clear.
    Plain,
    /// By TCP under TLS.
    Tls,
    /// By TCP under GSS encryption.
    Gss,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Socket, Self::Plain, Self::Tls, Self::Gss];
}

/// A word of the database field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DatabaseWord {
    /// `all`
    All,
    /// `sameuser`
    SameUser,
    /// `samerole` or `samegroup`
    SameRole,
    /// `replication`
    Replication,
    /// A regular expression.
    Pattern(Pattern),
    /// A name.
    Name(&'static str),
}

/// A word of the role field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RoleWord {
    /// `all`
    All,
    /// `+group`
    Member(&'static str),
    /// A regular expression.
    Pattern(Pattern),
    /// A name.
    Name(&'static str),
}

/// A regular expression, and what it says in words of Rust: no engine is needed here, and none is trusted.
#[derive(Clone, Copy)]
pub struct Pattern {
    /// As it is written, without the `/`.
    pub text: &'static str,
    /// Whether it is found in a name.
    pub found_in: fn(&str) -> bool,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// The address field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `all`
    Anywhere,
    /// `samehost`
    SameHost,
    /// `samenet`
    SameNet,
    /// An address and a mask of the same family.
    Masked(IpAddr, IpAddr),
    /// A host name, or the end of one where it begins with a dot.
    Host(&'static str),
}

/// A connection, with all that the server knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client<'a> {
    /// How it comes in.
    pub way: Way,
    /// The database; none for physical replication.
    pub database: Option<&'a str>,
    /// The role, which exists.
    pub role: &'a str,
    /// The other roles that it is a member of, directly or not.
    pub member_of: Vec<&'a str>,
    /// Where it comes from; not looked at for [`Way::Socket`].
    pub address: Option<IpAddr>,
    /// The name found for the address, where that in turn has the address.
    pub host_name: Option<&'a str>,
}

/// An address of the server, and the mask of its network.
pub type Interface = (IpAddr, IpAddr);

/// The number of the rule that decides; none where no rule matches.
pub fn first_match<'r>(
    rules: impl IntoIterator<Item = &'r Rule>,
    client: &Client<'_>,
    interfaces: &[Interface],
) -> Option<usize> {
    rules.into_iter().position(|rule| {
        rule.takes_way(client.way)
            && (client.way == Way::Socket
                || rule.takes_origin(client.address, client.host_name, interfaces))
            && rule.takes_login(client.database, client.role, &client.member_of)
    })
}

impl Rule {
    /// Whether it is for connections that come in so.
    pub fn takes_way(&self, way: Way) -> bool {
        let (tcp, tls, gss) = (way != Way::Socket, way == Way::Tls, way == Way::Gss);
        match self.kind {
            Kind::Local => !tcp,
            Kind::Host => tcp,
            Kind::HostSsl => tls,
            Kind::HostNoSsl => tcp && !tls,
            Kind::HostGssEnc => gss,
            Kind::HostNoGssEnc => tcp && !gss,
        }
    }

    /// Whether it is for connections from there.
    pub fn takes_origin(
        &self,
        address: Option<IpAddr>,
        name: Option<&str>,
        interfaces: &[Interface],
    ) -> bool {
        let Some(address) = address else {
            return self.origin == Origin::Anywhere;
        };
        match self.origin {
            Origin::Anywhere => true,
            Origin::SameHost => interfaces.iter().any(|(own, _)| *own == address),
            Origin::SameNet => interfaces
                .iter()
                .any(|(own, mask)| agree(address, *own, *mask)),
            Origin::Masked(own, mask) => agree(address, own, mask),
            Origin::Host(wanted) => name.is_some_and(|name| {
                let (wanted, name) = (wanted.to_ascii_lowercase(), name.to_ascii_lowercase());
                if wanted.starts_with('.') {
                    name.ends_with(&wanted)
                } else {
                    name == wanted
                }
            }),
        }
    }

    /// The regular expressions that have a say in it.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        let databases = self.databases.iter().filter_map(|word| match word {
            DatabaseWord::Pattern(pattern) => Some(pattern),
            _ => None,
        });
        let roles = self.roles.iter().filter_map(|word| match word {
            RoleWord::Pattern(pattern) => Some(pattern),
            _ => None,
        });
        databases.chain(roles)
    }

    /// Whether it makes a difference to it who is a member of this group.
    pub fn asks_about(&self, group: &str) -> bool {
        self.databases.contains(&DatabaseWord::SameRole)
            || self
                .roles
                .iter()
                .any(|word| matches!(word, RoleWord::Member(own) if *own == group))
    }

    /// Whether the server's own addresses have a say in it.
    pub fn has_own_addresses(&self) -> bool {
        self.kind != Kind::Local && matches!(self.origin, Origin::SameHost | Origin::SameNet)
    }

    /// Whether it is for this database (none: physical replication) and this role.
    pub fn takes_login(&self, database: Option<&str>, role: &str, member_of: &[&str]) -> bool {
        let is_a = |group: &str| group == role || member_of.contains(&group);
        let database = self.databases.iter().any(|word| match (word, database) {
            (DatabaseWord::Replication, asked) => asked.is_none(),
            (_, None) => false,
            (DatabaseWord::All, Some(_)) => true,
            (DatabaseWord::SameUser, Some(name)) => name == role,
            (DatabaseWord::SameRole, Some(name)) => is_a(name),
            (DatabaseWord::Pattern(pattern), Some(name)) => (pattern.found_in)(name),
            (DatabaseWord::Name(own), Some(name)) => *own == name,
        });
        let role = self.roles.iter().any(|word| match word {
            RoleWord::All => true,
            RoleWord::Member(group) => is_a(group),
            RoleWord::Pattern(pattern) => (pattern.found_in)(role),
            RoleWord::Name(name) => *name == role,
        });
        database && role
    }
}

/// Whether two addresses of one family are the same wherever the mask has a bit.
fn agree(address: IpAddr, own: IpAddr, mask: IpAddr) -> bool {
    match (address, own, mask) {
        (IpAddr::V4(a), IpAddr::V4(o), IpAddr::V4(m)) => {
            same(&a.octets(), &o.octets(), &m.octets())
        }
        (IpAddr::V6(a), IpAddr::V6(o), IpAddr::V6(m)) => {
            same(&a.octets(), &o.octets(), &m.octets())
        }
        _ => false,
    }
}

fn same(address: &[u8], own: &[u8], mask: &[u8]) -> bool {
    (0..mask.len()).all(|at| address[at] & mask[at] == own[at] & mask[at])
}
