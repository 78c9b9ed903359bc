//! Which rule decides a connection (`hba.c`, `check_hba`): for sure, or as far as a file can tell. What is not known
//! here (memberships, names of hosts, most regular expressions) makes the answer a "may", never a guess.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::RuleSet;
use super::rule::Rule;

/// A connection as the server sees it. The role is taken to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// How it comes in.
    pub transport: Transport,
    /// The database asked for; not looked at for physical replication.
    pub database: String,
    /// The role asked for.
    pub role: String,
    /// The roles that it is a member of, directly or not; none where that is not known.
    pub member_of: Option<Vec<String>>,
    /// The client's address; none where that is not known, and for [`Transport::Local`].
    pub address: Option<IpAddr>,
    /// `replication=true` in the startup packet. (`replication=database` is an ordinary connection here.)
    pub physical_replication: bool,
}

/// How a connection comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// The Unix socket.
    Local,
    /// TCP in clear.
    Plain,
    /// TCP under TLS.
    Tls,
    /// TCP under GSS encryption.
    Gss,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Local, Self::Plain, Self::Tls, Self::Gss];
}

/// What the rules depend on besides their text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// The server's interfaces, for `samehost` and `samenet`; none where they are not known.
    pub interfaces: Option<Vec<Interface>>,
}

/// An address of the server and the network that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface {
    /// The address.
    pub address: IpAddr,
    /// The mask of its network, of the same family.
    pub netmask: IpAddr,
}

/// What decides a connection. Rules are indexes into [`RuleSet::rules`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This rule.
    Rule(usize),
    /// No rule matches: refused.
    NoRule,
    /// One of these, in order; which one cannot be told from here.
    May {
        /// The rules.
        rules: Vec<usize>,
        /// Whether it may also be that none matches.
        none: bool,
    },
}

/// Whether a rule matches a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It does.
    Yes,
    /// That cannot be told from here, because of this field.
    May(Mismatch),
    /// It does not, because of this field (the first in PostgreSQL's order).
    No(Mismatch),
}

/// A field of a rule that keeps it from matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The connection comes in another way.
    Type,
    /// It comes from elsewhere.
    Address,
    /// It is for another database.
    Database,
    /// It is of another role.
    User,
}

/// Which rule decides this connection.
pub fn decide(set: &RuleSet, connection: &Connection, site: &Site) -> Decision {
    let _ = (set, connection, site);
    todo!()
}

/// Whether this rule matches this connection.
pub fn matches(rule: &Rule, connection: &Connection, site: &Site) -> Match {
    let _ = (rule, connection, site);
    todo!()
}
