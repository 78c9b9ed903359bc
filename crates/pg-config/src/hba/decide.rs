//! Which rule decides a connection (`hba.c`, `check_hba`): for sure, or as far as a file can tell. What is not known
//! here (memberships, names of hosts, a few regular expressions) makes the answer a "may", never a guess.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::cube::{Cube, agree};
use super::{Address, ConnType, Connection, Database, Rule, RuleSet, Site, Transport, User};
use crate::regex;

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

impl Mismatch {
    /// The field's name, as `pg_hba_file_rules` has it but for the role: `type`, `address`, `database`, `user`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Address => "address",
            Self::Database => "database",
            Self::User => "user",
        }
    }
}

/// Which rule decides this connection.
pub fn decide(set: &RuleSet, connection: &Connection, site: &Site) -> Decision {
    tried(set, connection, site).collect()
}

/// What the answers of the rules tried come to, in the order of [`tried`].
impl FromIterator<(usize, Match)> for Decision {
    fn from_iter<I: IntoIterator<Item = (usize, Match)>>(tried: I) -> Self {
        let mut rules = Vec::new();
        for (index, answer) in tried {
            match answer {
                Match::No(_) => {}
                Match::May(_) => rules.push(index),
                Match::Yes if rules.is_empty() => return Self::Rule(index),
                Match::Yes => {
                    rules.push(index);
                    return Self::May { rules, none: false };
                }
            }
        }
        if rules.is_empty() {
            Self::NoRule
        } else {
            Self::May { rules, none: true }
        }
    }
}

/// The rules as the server tries them for this connection, each with its answer, up to the first that surely matches,
/// which is the last item. Where none does, all rules.
pub fn tried<'a>(
    set: &'a RuleSet,
    connection: &'a Connection,
    site: &'a Site,
) -> impl Iterator<Item = (usize, Match)> + use<'a> {
    let mut over = false;
    set.rules.iter().enumerate().map_while(move |(index, at)| {
        let answer = (!over).then(|| matches(&at.rule, connection, site))?;
        over = answer == Match::Yes;
        Some((index, answer))
    })
}

/// Whether this rule matches this connection. PostgreSQL looks at type, address, database and role in this order.
pub fn matches(rule: &Rule, connection: &Connection, site: &Site) -> Match {
    let mut open = None;
    let missed = each_field(rule, connection, site, |field, answer| match answer {
        Some(true) => ControlFlow::Continue(()),
        Some(false) => ControlFlow::Break(field),
        None => {
            open = open.or(Some(field));
            ControlFlow::Continue(())
        }
    });
    match missed {
        ControlFlow::Break(field) => Match::No(field),
        ControlFlow::Continue(()) => open.map_or(Match::Yes, Match::May),
    }
}

/// The fields of a rule of which it cannot be told from here whether they match. All of them have to, for the rule to.
pub fn open_fields(rule: &Rule, connection: &Connection, site: &Site) -> Vec<Mismatch> {
    let mut open = Vec::new();
    let _ = each_field(rule, connection, site, |field, answer| {
        open.extend(answer.is_none().then_some(field));
        ControlFlow::<()>::Continue(())
    });
    open
}

/// Whether it is not known here in which names a regular expression is found: it has back references, looks around, or
/// is very large.
pub fn is_pattern_open(pattern: &[u8]) -> bool {
    regex::is_match(pattern, b"").is_none()
}

/// Tells of each field in PostgreSQL's order whether it matches, none where only the server can tell; as long as `see`
/// wants to know.
#[inline]
fn each_field<B>(
    rule: &Rule,
    connection: &Connection,
    site: &Site,
    mut see: impl FnMut(Mismatch, Option<bool>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let covers = rule.kind.covers(connection.transport);
    see(Mismatch::Type, Some(covers))?;
    let address = address_matches(rule.address.as_ref(), connection, site);
    see(Mismatch::Address, address)?;
    let login = Login {
        database: connection.database_name(),
        role: connection.role_name(),
        member_of: connection.member_of.as_deref(),
    };
    see(Mismatch::Database, login.database_matches(&rule.databases))?;
    see(Mismatch::User, login.role_matches(&rule.users))
}

impl ConnType {
    /// Whether rules of this type are for connections that come in so (`hba.c`, `check_hba`).
    pub const fn covers(self, transport: Transport) -> bool {
        match self {
            Self::Local => matches!(transport, Transport::Local),
            Self::Host => !matches!(transport, Transport::Local),
            Self::HostSsl => matches!(transport, Transport::Tls),
            Self::HostNoSsl => matches!(transport, Transport::Plain | Transport::Gss),
            Self::HostGssEnc => matches!(transport, Transport::Gss),
            Self::HostNoGssEnc => matches!(transport, Transport::Plain | Transport::Tls),
        }
    }
}

/// What a login asks for, without the way it comes in.
struct Login<'a> {
    /// None for physical replication.
    database: Option<&'a [u8]>,
    role: &'a [u8],
    member_of: Option<&'a [String]>,
}

impl Login<'_> {
    /// Whether the database field matches; none where only the server can tell (`hba.c`, `check_db`).
    fn database_matches(&self, words: &[Database]) -> Option<bool> {
        any(words.iter().map(|word| match (word, self.database) {
            (Database::Replication, database) => Some(database.is_none()),
            (_, None) => Some(false),
            (Database::All, _) => Some(true),
            (Database::SameUser, Some(name)) => Some(name == self.role),
            (Database::SameRole | Database::SameGroup, Some(name)) => self.is_member(name),
            (Database::Regex(pattern), Some(name)) => regex::is_match(pattern, name),
            (Database::Name(word), Some(name)) => Some(**word == *name),
            (Database::File(_), _) => None,
        }))
    }

    /// Whether the role field matches; none where only the server can tell (`hba.c`, `check_role`).
    fn role_matches(&self, words: &[User]) -> Option<bool> {
        any(words.iter().map(|word| match word {
            User::All => Some(true),
            User::Group(group) => self.is_member(group),
            User::Regex(pattern) => regex::is_match(pattern, self.role),
            User::Name(name) => Some(**name == *self.role),
            User::File(_) => None,
        }))
    }

    /// Whether the role is a member of this one; it is one of itself.
    fn is_member(&self, group: &[u8]) -> Option<bool> {
        if group == self.role {
            return Some(true);
        }
        self.member_of
            .map(|groups| groups.iter().any(|g| g.as_bytes() == group))
    }
}

/// Whether any of the answers is yes; open where none is and one is open.
fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut open = false;
    for answer in answers {
        match answer {
            Some(true) => return Some(true),
            Some(false) => {}
            None => open = true,
        }
    }
    (!open).then_some(false)
}

/// Whether an address field matches an address; none where only the server can tell.
#[inline]
fn address_matches(field: Option<&Address>, connection: &Connection, site: &Site) -> Option<bool> {
    let Some(field) = field else {
        return Some(true);
    };
    match field {
        Address::All => Some(true),
        Address::Masked(masked) => {
            let client = connection.address?;
            Some(agree(masked.address(), masked.mask(), client))
        }
        Address::HostName(name) => connection.host_name.is_met_by(name),
        field @ (Address::SameHost | Address::SameNet) => own_matches(field, connection, site),
    }
}

/// Whether `samehost` or `samenet` does.
fn own_matches(field: &Address, connection: &Connection, site: &Site) -> Option<bool> {
    let client = Cube::of_one(connection.address?);
    let own = site.interfaces.as_ref()?.iter();
    let mut own = own.filter_map(|interface| interface.cube(field));
    Some(own.any(|cube| cube.holds(client)))
}

#[cfg(test)]
mod tests {
    use super::super::{HostName, Interface};
    use super::*;
    use crate::Version;
    use alloc::collections::BTreeMap;
    use alloc::string::ToString;
    use alloc::vec;

    fn set(text: &str) -> RuleSet {
        let set = RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
        assert_eq!(set.errors, []);
        set
    }

    fn connection(database: &str, role: &str, from: &str) -> Connection {
        Connection {
            transport: Transport::Tls,
            database: database.to_string(),
            role: role.to_string(),
            member_of: Some(vec![]),
            address: Some(from.parse().unwrap()),
            host_name: HostName::Unknown,
            physical_replication: false,
        }
    }

    /// Whether the one rule matches: yes, or the field because of which it does not or may not.
    fn field(rule: &str, connection: &Connection) -> Match {
        matches(&set(rule).rules[0].rule, connection, &Site::default())
    }

    #[test]
    fn the_type_says_which_transports() {
        let kinds = [
            ("host", [false, true, true, true]),
            ("hostssl", [false, false, true, false]),
            ("hostnossl", [false, true, false, true]),
            ("hostgssenc", [false, false, false, true]),
            ("hostnogssenc", [false, true, true, false]),
        ];
        for (kind, matched) in kinds {
            let rules = set(&alloc::format!("{kind} all all all trust\n"));
            let found = Transport::ALL.map(|transport| {
                let connection = Connection {
                    transport,
                    ..connection("d", "r", "::1")
                };
                decide(&rules, &connection, &Site::default()) == Decision::Rule(0)
            });
            assert_eq!(found, matched, "{kind}");
        }
        let local = Connection {
            transport: Transport::Local,
            address: None,
            ..connection("d", "r", "::1")
        };
        assert_eq!(field("local all all trust\n", &local), Match::Yes);
    }

    #[test]
    fn databases_are_told_by_name_keyword_and_pattern() {
        let mut bob = connection("app", "bob", "10.0.0.1");
        bob.member_of = Some(vec!["staff".to_string()]);
        let with = |database: &str, words: &str| {
            let connection = Connection {
                database: database.to_string(),
                ..bob.clone()
            };
            field(&alloc::format!("host {words} all all trust\n"), &connection)
        };
        let no = Match::No(Mismatch::Database);
        assert_eq!(with("app", "other,app"), Match::Yes);
        assert_eq!(with("APP", "app"), no);
        assert_eq!(with("bob", "sameuser"), Match::Yes);
        assert_eq!(with("bob", "samerole"), Match::Yes);
        assert_eq!(with("staff", "samegroup"), Match::Yes);
        assert_eq!(with("app", "samerole"), no);
        assert_eq!(with("app", "\"all\""), no);
        assert_eq!(with("all", "\"all\""), Match::Yes);
        assert_eq!(with("replication", "replication"), no);
        assert_eq!(with("app1", "/^app[0-9]$"), Match::Yes);
        assert_eq!(with("app1", "/^(a|b)+"), Match::Yes);
        assert_eq!(with("app1", "/^(?=a)"), Match::May(Mismatch::Database));

        let standby = Connection {
            physical_replication: true,
            ..bob.clone()
        };
        for (words, answer) in [
            ("all", no),
            ("replication", Match::Yes),
            ("/.*", no),
            ("app", no),
        ] {
            assert_eq!(
                field(&alloc::format!("host {words} all all trust\n"), &standby),
                answer,
                "{words}"
            );
        }
    }

    #[test]
    fn what_only_the_server_knows_stays_open() {
        let mut bob = connection("app", "bob", "10.0.0.1");
        bob.member_of = None;
        assert_eq!(
            field("host all +staff all trust\n", &bob),
            Match::May(Mismatch::User)
        );
        assert_eq!(field("host all +bob all trust\n", &bob), Match::Yes);
        assert_eq!(
            field("host all all db.example.com trust\n", &bob),
            Match::May(Mismatch::Address)
        );
        assert_eq!(
            field("host all all samenet trust\n", &bob),
            Match::May(Mismatch::Address)
        );
        assert_eq!(
            field("host x all samenet trust\n", &bob),
            Match::No(Mismatch::Database)
        );

        let site = Site::default();
        let rules =
            set("host all +staff all trust\nhost all all 11.0.0.0/8 trust\nhost all all all md5\n");
        assert_eq!(
            decide(&rules, &bob, &site),
            Decision::May {
                rules: vec![0, 2],
                none: false
            }
        );
        let rules = set("host all +staff all trust\n");
        assert_eq!(
            decide(&rules, &bob, &site),
            Decision::May {
                rules: vec![0],
                none: true
            }
        );
        let rules = set(
            "local all all peer\nhost x bob 10.0.0.1/8 md5\nhost all +staff all trust\nhost all all all md5\nhost all all all reject\n",
        );
        let rule = &set("host samerole all samenet trust\n").rules[0].rule;
        let open = open_fields(rule, &bob, &site);
        assert_eq!(open, [Mismatch::Address, Mismatch::Database]);
        assert_eq!(
            tried(&rules, &bob, &site).collect::<Vec<_>>(),
            [
                (0, Match::No(Mismatch::Type)),
                (1, Match::No(Mismatch::Database)),
                (2, Match::May(Mismatch::User)),
                (3, Match::Yes),
            ]
        );
    }

    #[test]
    fn host_names_are_those_that_lead_back() {
        let from = |host_name| Connection {
            host_name,
            ..connection("app", "bob", "10.0.0.1")
        };
        let named = |name: &str| from(HostName::Verified(name.to_string()));
        let no = Match::No(Mismatch::Address);
        for (field_says, client, answer) in [
            ("db.example.com", named("DB.example.com"), Match::Yes),
            ("db.example.com", named("db.example.org"), no),
            (".example.com", named("db.Example.com"), Match::Yes),
            (".example.com", named("example.com"), no),
            (".example.com", named("dbexample.com"), no),
            (".example.com", from(HostName::Unverified), no),
            (
                ".example.com",
                from(HostName::Unknown),
                Match::May(Mismatch::Address),
            ),
            ("10.0.0.0/8", from(HostName::Unknown), Match::Yes),
        ] {
            let rule = alloc::format!("host all all {field_says} trust\n");
            assert_eq!(field(&rule, &client), answer, "{field_says} {client:?}");
        }
    }

    #[test]
    fn addresses_of_the_server_come_from_its_interfaces() {
        let site = Site {
            interfaces: Some(vec![Interface {
                address: "192.168.1.5".parse().unwrap(),
                netmask: "255.255.255.0".parse().unwrap(),
            }]),
        };
        let rules = set("host all all samehost trust\nhost all all samenet md5\n");
        for (from, decision) in [
            ("192.168.1.5", Decision::Rule(0)),
            ("192.168.1.6", Decision::Rule(1)),
            ("192.168.2.6", Decision::NoRule),
            ("::ffff:192.168.1.5", Decision::NoRule),
        ] {
            assert_eq!(
                decide(&rules, &connection("d", "r", from), &site),
                decision,
                "{from}"
            );
        }
    }
}
