//! Logins as a conjunction of what rules ask of role and database, and the one of them that meets the fewest rules.
//!
//! Rules ask for things, none asks for their absence: a role that no rule names, in no more groups than it must be,
//! asking for a database that no rule names, is matched by a rule only if every login of the conjunction is. Regular
//! expressions alone break this, and are looked at apart.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Address, Connection, Database, HostName, Rule, Transport, User};
use crate::regex::{self, Pattern};

/// All logins that meet what several words ask.
#[derive(Debug, Clone)]
pub(super) struct Logins<'a> {
    role: Option<&'a [u8]>,
    /// What the role is a member of, where that is known.
    member_of: Option<&'a [String]>,
    /// What it has to be a member of besides.
    groups: Vec<&'a [u8]>,
    role_patterns: Vec<&'a [u8]>,
    database: Asked<'a>,
    database_patterns: Vec<&'a [u8]>,
    /// Whether a name was taken to meet a pattern of which that is not sure.
    pub(super) unsure: bool,
}

/// What is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked<'a> {
    Any,
    Named(&'a [u8]),
    /// The one called like the role.
    Own,
    /// One called like a role that the role is a member of.
    Group,
    /// None: physical replication.
    Physical,
}

/// Which of the logins a word of a rule is met by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Met {
    /// By all of them.
    All,
    /// By the one looked at.
    This,
    /// By the one looked at, perhaps.
    Perhaps,
}

/// One login, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login<'a> {
    role: Cow<'a, [u8]>,
    member_of: Vec<Cow<'a, [u8]>>,
    /// None for physical replication.
    database: Option<Cow<'a, [u8]>>,
}

impl<'a> Logins<'a> {
    /// All of them: to databases, and of physical replication.
    pub(super) fn all() -> [Self; 2] {
        [Asked::Any, Asked::Physical].map(|database| Self {
            role: None,
            member_of: None,
            groups: Vec::new(),
            role_patterns: Vec::new(),
            database,
            database_patterns: Vec::new(),
            unsure: false,
        })
    }

    /// All of one role, whose memberships may be known.
    pub(super) fn of_role(role: &'a [u8], member_of: Option<&'a [String]>) -> [Self; 2] {
        Self::all().map(|logins| Self {
            role: Some(role),
            member_of,
            ..logins
        })
    }

    /// Those of them that a rule's database and role fields match, by each pair of words.
    pub(super) fn and_rule(&self, rule: &'a Rule) -> impl Iterator<Item = Self> {
        let databases = rule.databases.iter().filter(|word| self.may_ask(word));
        let open = databases.clone().next().is_some();
        let users = rule.users.iter().filter(move |_| open);
        users
            .filter_map(|word| self.and_user(word))
            .flat_map(move |logins| {
                databases
                    .clone()
                    .flat_map(move |word| logins.and_database(word))
            })
    }

    /// Whether a rule may match any of them, at a glance.
    pub(super) fn may_meet(&self, rule: &Rule) -> bool {
        let may_be = |word: &User| match (word, self.role) {
            (User::Name(name), Some(role)) => **name == *role,
            _ => true,
        };
        rule.users.iter().any(may_be) && rule.databases.iter().any(|word| self.may_ask(word))
    }

    /// Whether a word may be met, at a glance.
    fn may_ask(&self, word: &Database) -> bool {
        match (word, self.database) {
            (Database::Replication, asked) => asked == Asked::Physical,
            (_, Asked::Physical) => false,
            (Database::Name(name), Asked::Named(asked)) => **name == *asked,
            _ => true,
        }
    }

    /// Those of them whose role meets a word.
    pub(super) fn and_user(&self, word: &'a User) -> Option<Self> {
        match (word, self.role) {
            (User::All, _) => Some(self.clone()),
            (User::Name(name), Some(role)) => (**name == *role).then(|| self.clone()),
            (User::Name(name), None) => self.clone().named(name),
            (User::Group(group), _) => self.in_group(group),
            (User::Regex(pattern), Some(role)) => {
                self.clone().holds(regex::is_match(pattern, role))
            }
            (User::Regex(pattern), None) => {
                let mut logins = self.clone();
                add(&mut logins.role_patterns, pattern);
                Some(logins)
            }
            (User::File(_), _) => None,
        }
    }

    /// Those of them that ask for a database that meets a word.
    pub(super) fn and_database(&self, word: &'a Database) -> Vec<Self> {
        if !self.may_ask(word) {
            return Vec::new();
        }
        let logins = self.clone();
        let one = match word {
            Database::All | Database::Replication => Some(logins),
            Database::SameUser => logins.own_database(),
            Database::SameRole | Database::SameGroup => return logins.groups_database(),
            Database::Name(name) => logins.database_named(name),
            Database::Regex(pattern) => logins.database_like(pattern),
            Database::File(_) => None,
        };
        one.into_iter().collect()
    }

    /// Goes on if that is so, unsure if nobody knows.
    fn holds(mut self, answer: Option<bool>) -> Option<Self> {
        self.unsure |= answer.is_none();
        (answer != Some(false)).then_some(self)
    }

    fn named(mut self, name: &'a [u8]) -> Option<Self> {
        if let Some(role) = self.role {
            return (role == name).then_some(self);
        }
        self.role = Some(name);
        self.groups.retain(|group| *group != name);
        let patterns = core::mem::take(&mut self.role_patterns);
        let logins = patterns.into_iter().try_fold(self, |logins, pattern| {
            logins.holds(regex::is_match(pattern, name))
        })?;
        match logins.database {
            Asked::Own => logins.own_is_named(name),
            _ => Some(logins),
        }
    }

    fn in_group(&self, group: &'a [u8]) -> Option<Self> {
        let mut logins = match (self.role, self.member_of) {
            (Some(role), _) if role == group => return Some(self.clone()),
            (_, Some(known)) => {
                let is_member = known.iter().any(|g| g.as_bytes() == group);
                return is_member.then(|| self.clone());
            }
            (_, None) => self.clone(),
        };
        add(&mut logins.groups, group);
        Some(logins)
    }

    fn own_database(mut self) -> Option<Self> {
        match (self.database, self.role) {
            (Asked::Named(name), _) => self.named(name),
            (_, Some(role)) => self.own_is_named(role),
            _ => {
                self.database = Asked::Own;
                Some(self)
            }
        }
    }

    /// The database is the role's own, whose name is known.
    fn own_is_named(mut self, role: &'a [u8]) -> Option<Self> {
        self.database = Asked::Any;
        self.database_named(role)
    }

    fn groups_database(mut self) -> Vec<Self> {
        match (self.database, self.role, self.member_of) {
            (Asked::Own, ..) => alloc::vec![self],
            (Asked::Named(name), ..) => self.in_group(name).into_iter().collect(),
            (_, Some(role), Some(known)) => {
                let names = known.iter().map(String::as_bytes).chain([role]);
                names
                    .filter_map(|name| self.clone().database_named(name))
                    .collect()
            }
            _ => {
                self.database = Asked::Group;
                alloc::vec![self]
            }
        }
    }

    fn database_named(mut self, name: &'a [u8]) -> Option<Self> {
        let asked = core::mem::replace(&mut self.database, Asked::Named(name));
        let patterns = core::mem::take(&mut self.database_patterns);
        let logins = patterns.into_iter().try_fold(self, |logins, pattern| {
            logins.holds(regex::is_match(pattern, name))
        })?;
        match asked {
            Asked::Any => Some(logins),
            Asked::Named(other) => (other == name).then_some(logins),
            Asked::Own => logins.named(name),
            Asked::Group => logins.in_group(name),
            Asked::Physical => None,
        }
    }

    fn database_like(mut self, pattern: &'a [u8]) -> Option<Self> {
        if let Asked::Named(name) = self.database {
            return self.holds(regex::is_match(pattern, name));
        }
        add(&mut self.database_patterns, pattern);
        Some(self)
    }

    /// Logins of these that rules for others do not match: one, but where patterns have to be met, then a few.
    pub(super) fn examples(&self, strangers: &'a Strangers) -> Vec<Login<'a>> {
        let mut member_of: Vec<Cow<'a, [u8]>> =
            self.groups.iter().copied().map(Cow::Borrowed).collect();
        let known = self.member_of.into_iter().flatten();
        member_of.extend(known.map(|group| Cow::Borrowed(group.as_bytes())));
        let own = self.database == Asked::Own;
        let roles = match self.role {
            Some(role) => alloc::vec![Cow::Borrowed(role)],
            None if own => strangers.like(
                &strangers.role,
                &[&self.role_patterns[..], &self.database_patterns].concat(),
            ),
            None => strangers.like(&strangers.role, &self.role_patterns),
        };
        let databases = match self.database {
            Asked::Any => strangers.like(&strangers.database, &self.database_patterns),
            Asked::Group => strangers.like(&strangers.group, &self.database_patterns),
            Asked::Named(name) => alloc::vec![Cow::Borrowed(name)],
            Asked::Own | Asked::Physical => Vec::new(),
        };
        let login = |role: &Cow<'a, [u8]>, database| Login {
            role: role.clone(),
            member_of: member_of.clone(),
            database,
        };
        match self.database {
            Asked::Own => roles
                .iter()
                .map(|role| login(role, Some(role.clone())))
                .collect(),
            Asked::Physical => roles.iter().map(|role| login(role, None)).collect(),
            _ => {
                let pairs = roles
                    .iter()
                    .flat_map(|role| databases.iter().map(move |database| (role, database)));
                let to = |(role, database): (_, &Cow<'a, [u8]>)| {
                    let mut login = login(role, Some(database.clone()));
                    if self.database == Asked::Group {
                        login.member_of.push(database.clone());
                    }
                    login
                };
                pairs.map(to).collect()
            }
        }
    }

    /// The words of role fields that one of these logins meets, but for patterns.
    pub(super) fn user_words(&self, login: &Login<'_>) -> Vec<(User, Met)> {
        let by_name = if self.role.is_some() {
            Met::All
        } else {
            Met::This
        };
        let own = [
            (User::All, Met::All),
            (User::Name((&*login.role).into()), by_name),
            (User::Group((&*login.role).into()), by_name),
        ];
        // The group that the database is called like has its name from the login looked at.
        let by_chance = |group| {
            self.database == Asked::Group
                && login.database.as_ref() == Some(group)
                && !self.groups.contains(&&**group)
        };
        let groups = login.member_of.iter().map(|group| {
            let met = if by_chance(group) {
                Met::This
            } else {
                Met::All
            };
            (User::Group((&**group).into()), met)
        });
        own.into_iter().chain(groups).collect()
    }

    /// The words of database fields that one of these logins meets, but for patterns.
    pub(super) fn database_words(&self, login: &Login<'_>) -> Vec<(Database, Met)> {
        let Some(database) = &login.database else {
            return alloc::vec![(Database::Replication, Met::All)];
        };
        let by_name = match self.database {
            Asked::Named(_) => Met::All,
            _ => Met::This,
        };
        let mut words = alloc::vec![
            (Database::All, Met::All),
            (Database::Name((&**database).into()), by_name),
        ];
        let always = |always| if always { Met::All } else { Met::This };
        if *database == login.role {
            words.push((
                Database::SameUser,
                always(self.database == Asked::Own || (by_name == Met::All && self.role.is_some())),
            ));
        }
        let is_member = login.member_of.contains(database);
        if *database == login.role || is_member {
            // A role that is not given may be called like the database by chance.
            let met = always(match self.database {
                Asked::Own | Asked::Group => true,
                Asked::Named(_) => is_member || self.role.is_some(),
                Asked::Any | Asked::Physical => false,
            });
            words.extend([(Database::SameRole, met), (Database::SameGroup, met)]);
        }
        words
    }

    /// Whether the role of one of these logins meets a pattern.
    pub(super) fn meets_user(
        &self,
        login: &Login<'_>,
        text: &[u8],
        pattern: Option<&Pattern>,
    ) -> Option<Met> {
        met(
            &login.role,
            self.role.is_some(),
            &self.role_patterns,
            text,
            pattern,
        )
    }

    /// Whether the database of one of these logins meets a pattern.
    pub(super) fn meets_database(
        &self,
        login: &Login<'_>,
        text: &[u8],
        pattern: Option<&Pattern>,
    ) -> Option<Met> {
        let named = matches!(self.database, Asked::Named(_));
        met(
            login.database.as_ref()?,
            named,
            &self.database_patterns,
            text,
            pattern,
        )
    }
}

fn met(
    name: &[u8],
    only: bool,
    asked: &[&[u8]],
    text: &[u8],
    pattern: Option<&Pattern>,
) -> Option<Met> {
    let always = asked.contains(&text) || pattern.is_some_and(Pattern::is_universal);
    match pattern.and_then(|pattern| pattern.is_match(name)) {
        _ if always => Some(Met::All),
        Some(true) if only => Some(Met::All),
        Some(true) => Some(Met::This),
        Some(false) => None,
        None => Some(Met::Perhaps),
    }
}

fn add<'a>(words: &mut Vec<&'a [u8]>, word: &'a [u8]) {
    if !words.contains(&word) {
        words.push(word);
    }
}

impl Login<'_> {
    /// The login as a connection; none where a name of it is no text.
    pub(super) fn connection(
        &self,
        transport: Transport,
        host_name: HostName,
    ) -> Option<Connection> {
        let text = |name: &[u8]| core::str::from_utf8(name).ok().map(String::from);
        Some(Connection {
            transport,
            database: text(self.database.as_deref().unwrap_or_default())?,
            role: text(&self.role)?,
            member_of: Some(
                self.member_of
                    .iter()
                    .map(|group| text(group))
                    .collect::<Option<_>>()?,
            ),
            address: None,
            host_name,
            physical_replication: self.database.is_none(),
        })
    }
}

/// Names that no rule gives and, as far as that can be had, no pattern of a rule meets.
#[derive(Debug)]
pub(super) struct Strangers {
    role: Vec<u8>,
    group: Vec<u8>,
    database: Vec<u8>,
    /// The first label of a host's name.
    pub(super) host: String,
}

impl Strangers {
    /// Strangers to these rules and to who is called so.
    pub(super) fn to<'r>(
        rules: &(impl Iterator<Item = &'r Rule> + Clone),
        others: &[&[u8]],
    ) -> Self {
        let roles = || rules.clone().flat_map(|rule| &rule.users);
        let databases = || rules.clone().flat_map(|rule| &rule.databases);
        let known = |name: &[u8]| {
            others.contains(&name)
                || databases().any(|word| matches!(word, Database::Name(known) if **known == *name))
                || roles().any(|word| match word {
                    User::Name(known) | User::Group(known) => **known == *name,
                    _ => false,
                })
        };
        let like = |name: &[u8]| {
            databases()
                .any(|word| matches!(word, Database::Regex(pattern) if is_like(pattern, name)))
                || roles()
                    .any(|word| matches!(word, User::Regex(pattern) if is_like(pattern, name)))
        };
        let known_host = |label: &[u8]| {
            rules.clone().any(|rule| match &rule.address {
                Some(Address::HostName(name)) => {
                    let start = name.get(..label.len());
                    start.is_some_and(|start| start.eq_ignore_ascii_case(label))
                }
                _ => false,
            })
        };
        let host = stranger("other", known_host, |_| false);
        // Three names that cannot be the same.
        Self {
            role: stranger("other", known, like),
            group: stranger("others", known, like),
            database: stranger("otherdb", known, like),
            host: String::from_utf8(host).unwrap_or_default(),
        }
    }

    /// Names that meet these patterns: the stranger's, where there are none.
    fn like<'a>(&self, name: &'a [u8], patterns: &[&[u8]]) -> Vec<Cow<'a, [u8]>> {
        if patterns.is_empty() {
            return alloc::vec![Cow::Borrowed(name)];
        }
        let own = String::from_utf8_lossy(name);
        let examples = patterns
            .iter()
            .filter_map(|pattern| regex::example(pattern));
        let varied = examples.flat_map(|example| {
            [
                alloc::format!("{example}{own}"),
                alloc::format!("{own}{example}"),
                alloc::format!("{example}0"),
                example,
            ]
        });
        let meets = |name: &String| {
            let met = |pattern: &&[u8]| is_like(pattern, name.as_bytes());
            patterns.iter().all(met)
        };
        core::iter::once(own.clone().into_owned())
            .chain(varied)
            .filter(meets)
            .map(|name| Cow::Owned(name.into_bytes()))
            .collect()
    }
}

fn is_like(pattern: &[u8], name: &[u8]) -> bool {
    regex::is_match(pattern, name) == Some(true)
}

/// A name like `stem` that is not known and, if that is easily had, not like a known one.
fn stranger(stem: &str, known: impl Fn(&[u8]) -> bool, like: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let varied =
        ["", "z", "0", "_", "X", "~"].map(|start| alloc::format!("{start}{stem}").into_bytes());
    let free = varied.into_iter().find(|name| !known(name) && !like(name));
    let numbered = || (0..).map(|n: u32| alloc::format!("{stem}{n}").into_bytes());
    free.or_else(|| numbered().find(|name| !known(name)))
        .unwrap_or_default()
}
