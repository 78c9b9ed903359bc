//! A connection as a server sees it before it looks for a rule, and what of its own surroundings it asks. Which rule
//! decides is known to `decide`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use super::names::LONGEST;

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
    /// What the server finds when it looks that address up, for rules that give a host name.
    pub host_name: HostName,
    /// `replication=true` in the startup packet. (`replication=database` is an ordinary connection here.)
    pub physical_replication: bool,
}

impl fmt::Display for Connection {
    /// `bob to database app from 10.0.0.1 with TLS`: who, to what, from where, how. Names are as they are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.physical_replication {
            true => write!(f, "{}, physical replication,", self.role)?,
            false => write!(f, "{} to database {}", self.role, self.database)?,
        }
        let how = match self.transport {
            Transport::Local => return f.write_str(" over the Unix socket"),
            Transport::Plain => "in clear",
            Transport::Tls => "with TLS",
            Transport::Gss => "with GSS encryption",
        };
        match self.address {
            Some(address) => write!(f, " from {address} {how}"),
            None => write!(f, " from somewhere {how}"),
        }
    }
}

impl Connection {
    /// The role's name as far as the server reads it.
    pub(super) fn role_name(&self) -> &[u8] {
        cut(&self.role)
    }

    /// The database's name as far as the server reads it; none for physical replication.
    pub(super) fn database_name(&self) -> Option<&[u8]> {
        (!self.physical_replication).then_some(cut(&self.database))
    }

    /// The same with what it assumes: memberships, and the client's name.
    pub fn assumed(&self) -> String {
        let groups = self.member_of.as_deref().unwrap_or_default();
        let mut more: Vec<String> = groups
            .iter()
            .map(|group| format!("a member of {group}"))
            .collect();
        if let HostName::Verified(name) = &self.host_name {
            more.push(format!("the client's name is {name}"));
        }
        match more.is_empty() {
            true => format!("{self}"),
            false => format!("{self} ({})", more.join(", ")),
        }
    }
}

/// The client's name as a server finds it (`hba.c`, `check_hostname`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HostName {
    /// Not known here.
    #[default]
    Unknown,
    /// The address has no name, or one that does not lead back to it: no rule with a host name matches.
    Unverified,
    /// The name that the address has, and which leads back to it.
    Verified(String),
}

impl HostName {
    /// Whether a rule's host name, or end of one, matches; none where that is not known (`hba.c`, `hostname_match`).
    pub(super) fn is_met_by(&self, pattern: &[u8]) -> Option<bool> {
        let actual = match self {
            Self::Unknown => return None,
            Self::Unverified => return Some(false),
            Self::Verified(name) => name.as_bytes(),
        };
        let compared = match pattern {
            [b'.', ..] => actual
                .len()
                .checked_sub(pattern.len())
                .map(|at| &actual[at..]),
            _ => Some(actual),
        };
        Some(compared.is_some_and(|actual| actual.eq_ignore_ascii_case(pattern)))
    }
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

/// A name as the server takes it from a startup packet (`ProcessStartupPacket`).
pub(crate) fn cut(name: &str) -> &[u8] {
    name.as_bytes().get(..LONGEST).unwrap_or(name.as_bytes())
}
