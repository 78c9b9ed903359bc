//! Witnesses: for each rule a connection that it decides, and the comparison of two sets by them.
//!
//! A witness need not be anybody who exists: it stands for all who could come so.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::decide::{Login, Target};
use super::space::{AddressSet, Reach};
use super::{
    Connection, Database, Decision, HostName, Rule, RuleSet, Site, Transport, User, decide,
};
use crate::regex;

/// A connection that a rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The rule, an index into [`RuleSet::rules`].
    pub rule: usize,
    /// The connection.
    pub connection: Connection,
    /// Whether the rule surely decides it; false where it only may.
    pub certain: bool,
}

/// A witness for each rule that has one, in their order. A rule without one decides nothing: earlier ones take all
/// that it matches. (Where memberships, host names or regular expressions are at play that is only likely.)
///
/// Takes time in proportion to the square of the number of rules.
pub fn witnesses(set: &RuleSet, site: &Site) -> Vec<Witness> {
    let strangers = Strangers::to(set);
    let of_rule = |rule: usize| {
        let kind = set.rules[rule].rule.kind;
        let transports = TRANSPORTS.into_iter().filter(|t| kind.covers(*t));
        let mut uncertain = None;
        for transport in transports {
            for login in strangers.logins(&set.rules[rule].rule) {
                let region = Region::of(set, rule, &login, transport, site);
                if region.open.is_empty() {
                    continue;
                }
                let from = if region.certain.is_empty() {
                    &region.open
                } else {
                    &region.certain
                };
                let witness = Witness {
                    rule,
                    connection: login.connection(transport, from),
                    certain: !region.certain.is_empty(),
                };
                if witness.certain {
                    return Some(witness);
                }
                uncertain.get_or_insert(witness);
            }
        }
        uncertain
    };
    (0..set.rules.len()).filter_map(of_rule).collect()
}

/// Whether the same rule, by what it says, decides this connection in both sets.
pub fn unchanged(before: &RuleSet, after: &RuleSet, connection: &Connection, site: &Site) -> bool {
    let same = |a: usize, b: usize| before.rules[a].rule.says_the_same(&after.rules[b].rule);
    match (
        decide(before, connection, site),
        decide(after, connection, site),
    ) {
        (Decision::Rule(a), Decision::Rule(b)) => same(a, b),
        (Decision::NoRule, Decision::NoRule) => true,
        (Decision::May { rules: a, none: x }, Decision::May { rules: b, none: y }) => {
            x == y && a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same(*a, *b))
        }
        _ => false,
    }
}

/// A login that a rule matches, with names of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// None for physical replication.
    pub(super) database: Option<String>,
    pub(super) role: String,
    pub(super) member_of: Vec<String>,
}

impl Candidate {
    pub(super) fn login(&self) -> Login<'_> {
        Login {
            database: self
                .database
                .as_ref()
                .map_or(Target::Physical, |name| Target::Named(name.as_bytes())),
            role: self.role.as_bytes(),
            member_of: Some(&self.member_of),
        }
    }

    pub(super) fn connection(&self, transport: Transport, from: &AddressSet) -> Connection {
        Connection {
            transport,
            database: self.database.clone().unwrap_or_default(),
            role: self.role.clone(),
            member_of: Some(self.member_of.clone()),
            address: match transport {
                Transport::Local => None,
                _ => from.example(),
            },
            host_name: HostName::Unknown,
            physical_replication: self.database.is_none(),
        }
    }
}

/// Where a login is decided by a rule.
#[derive(Debug)]
pub(super) struct Region {
    /// Surely.
    pub(super) certain: AddressSet,
    /// Surely or possibly.
    pub(super) open: AddressSet,
}

impl Region {
    pub(super) fn of(
        set: &RuleSet,
        index: usize,
        login: &Candidate,
        transport: Transport,
        site: &Site,
    ) -> Self {
        let login = login.login();
        let matches = |rule: &Rule| match rule.kind.covers(transport) {
            true => match (
                login.database_matches(&rule.databases),
                login.role_matches(&rule.users),
            ) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            false => Some(false),
        };
        let own = &set.rules[index].rule;
        let mut region = match matches(own) {
            Some(false) => Reach {
                sure: AddressSet::empty(),
                may: AddressSet::empty(),
            },
            Some(true) => Reach::of(own.address.as_ref(), site),
            None => Reach {
                sure: AddressSet::empty(),
                ..Reach::of(own.address.as_ref(), site)
            },
        };
        for earlier in &set.rules[..index] {
            if region.may.is_empty() {
                break;
            }
            let answer = matches(&earlier.rule);
            if answer == Some(false) {
                continue;
            }
            let reach = Reach::of(earlier.rule.address.as_ref(), site);
            region.sure = region.sure.subtract(&reach.may);
            if answer == Some(true) {
                region.may = region.may.subtract(&reach.sure);
            }
        }
        Self {
            certain: region.sure,
            open: region.may,
        }
    }
}

/// Names that no rule mentions: who bears them is met only by what is meant for everybody.
#[derive(Debug)]
pub(super) struct Strangers {
    database: String,
    role: String,
}

impl Strangers {
    pub(super) fn to(set: &RuleSet) -> Self {
        let mut names = BTreeSet::new();
        for at in &set.rules {
            names.extend(at.rule.databases.iter().map(Database::text));
            names.extend(at.rule.users.iter().map(User::text));
        }
        let free = |stem: &str| {
            let numbered = (1..).map(|n: u32| format!("{stem}{n}"));
            let mut all = core::iter::once(stem.to_string()).chain(numbered);
            all.find(|name| !names.contains(&**name))
                .unwrap_or_default()
        };
        Self {
            database: free("otherdb"),
            role: free("other"),
        }
    }

    /// Logins that the rule matches as far as databases and roles go: each of its words with each.
    pub(super) fn logins(&self, rule: &Rule) -> Vec<Candidate> {
        let mut all = Vec::new();
        for user in &rule.users {
            let Some((role, member_of)) = self.role(user) else {
                continue;
            };
            for database in &rule.databases {
                let database = match database {
                    Database::All => Some(self.database.clone()),
                    Database::SameUser | Database::SameRole | Database::SameGroup => {
                        Some(role.clone())
                    }
                    Database::Replication => None,
                    Database::Name(name) => match utf8(name) {
                        Some(name) => Some(name),
                        None => continue,
                    },
                    Database::Regex(pattern) => match regex::example(pattern) {
                        Some(name) => Some(name),
                        None => Some(self.database.clone()),
                    },
                    Database::File(_) => continue,
                };
                all.push(Candidate {
                    database,
                    role: role.clone(),
                    member_of: member_of.clone(),
                });
            }
        }
        all
    }

    fn role(&self, user: &User) -> Option<(String, Vec<String>)> {
        let stranger = || self.role.clone();
        match user {
            User::All => Some((stranger(), Vec::new())),
            User::Name(name) => Some((utf8(name)?, Vec::new())),
            User::Group(group) => Some((stranger(), alloc::vec![utf8(group)?])),
            User::Regex(pattern) => {
                Some((regex::example(pattern).unwrap_or_else(stranger), Vec::new()))
            }
            User::File(_) => None,
        }
    }
}

fn utf8(name: &[u8]) -> Option<String> {
    core::str::from_utf8(name).ok().map(ToString::to_string)
}

/// In the order in which they are tried: where a rule is for several, TLS is the one that is proven.
pub(super) const TRANSPORTS: [Transport; 4] = [
    Transport::Tls,
    Transport::Plain,
    Transport::Gss,
    Transport::Local,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use alloc::collections::BTreeMap;

    fn set(text: &str) -> RuleSet {
        let set = RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
        assert_eq!(set.errors, []);
        set
    }

    #[test]
    fn every_rule_that_decides_anything_has_a_witness() {
        let set = set("local all all peer\n\
             hostssl app bob 10.0.0.0/24 cert\n\
             host all all 10.0.0.0/8 md5\n\
             host app,shop amy 10.1.0.0/16 md5\n\
             hostnossl sameuser +staff ::/0 md5\n\
             host replication all all md5\n\
             host /^db[0-9]+$ \"o d\" all md5\n\
             host all all all reject\n\
             hostssl all all 192.168.0.0/16 md5\n");
        let site = Site::default();
        let found = witnesses(&set, &site);
        // 3 and 8 lie behind rules that take all of theirs.
        let rules: Vec<_> = found.iter().map(|w| w.rule).collect();
        assert_eq!(rules, [0, 1, 2, 4, 5, 6, 7]);
        for witness in &found {
            assert!(witness.certain, "{witness:?}");
            assert_eq!(
                decide(&set, &witness.connection, &site),
                Decision::Rule(witness.rule)
            );
            assert!(unchanged(&set, &set, &witness.connection, &site));
        }
    }

    #[test]
    fn open_questions_make_uncertain_witnesses() {
        let set = set("host all all db.example.com md5\nhost all all all md5\n");
        let found: Vec<_> = witnesses(&set, &Site::default())
            .iter()
            .map(|w| (w.rule, w.certain))
            .collect();
        assert_eq!(found, [(0, false), (1, false)]);
    }

    #[test]
    fn a_rule_before_all_others_is_noticed() {
        let before = set("host all all all md5\n");
        let after = set("host all other 0.0.0.0/0 trust\nhost all all all md5\n");
        let site = Site::default();
        let witness = &witnesses(&before, &site)[0];
        assert!(!unchanged(&before, &after, &witness.connection, &site));
        let harmless = set("host all bob all trust\nhost all all all md5\n");
        assert!(unchanged(&before, &harmless, &witness.connection, &site));
    }
}
