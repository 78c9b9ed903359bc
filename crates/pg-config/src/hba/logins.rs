//! Logins as a conjunction of what rules ask of role and database, and those of them that meet the fewest rules.
//!
//! Rules ask for things, none asks for their absence: a role that no rule names, in no more groups than it must be,
//! asking for a database that no rule names, is matched by a rule only if every login of the conjunction is. Where there
//! are patterns, it takes one such name for each smallest set of them that a name can meet.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::names::{Name, Names, Of, can_be_asked_for};
use super::{Connection, Database, HostName, Rule, Transport, User};

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

/// One login, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login<'a> {
    role: Name<'a>,
    member_of: Vec<Cow<'a, [u8]>>,
    /// None for physical replication.
    database: Option<Name<'a>>,
}

/// What a word of a role or database field asks for, as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Asks<'a> {
    All,
    Name(&'a [u8]),
    Group(&'a [u8]),
    Regex(&'a [u8]),
    SameUser,
    SameRole,
    Replication,
    /// An `@file` that is not read: nobody meets it.
    File(&'a [u8]),
}

impl<'a> From<&'a User> for Asks<'a> {
    fn from(word: &'a User) -> Self {
        match word {
            User::All => Self::All,
            User::Name(name) => Self::Name(name),
            User::Group(name) => Self::Group(name),
            User::Regex(pattern) => Self::Regex(pattern),
            User::File(file) => Self::File(file),
        }
    }
}

impl<'a> From<&'a Database> for Asks<'a> {
    fn from(word: &'a Database) -> Self {
        match word {
            Database::All => Self::All,
            Database::SameUser => Self::SameUser,
            Database::SameRole | Database::SameGroup => Self::SameRole,
            Database::Replication => Self::Replication,
            Database::Name(name) => Self::Name(name),
            Database::Regex(pattern) => Self::Regex(pattern),
            Database::File(file) => Self::File(file),
        }
    }
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
            (User::Regex(pattern), _) => {
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
            Database::Regex(pattern) => Some(logins.database_like(pattern)),
            Database::File(_) => None,
        };
        one.into_iter().collect()
    }

    fn named(mut self, name: &'a [u8]) -> Option<Self> {
        if let Some(role) = self.role {
            return (role == name).then_some(self);
        }
        self.role = Some(name);
        self.groups.retain(|group| *group != name);
        match self.database {
            Asked::Own => self.own_is_named(name),
            _ => can_be_asked_for(name).then_some(self),
        }
    }

    fn in_group(&self, group: &'a [u8]) -> Option<Self> {
        let mut logins = match (self.role, self.member_of) {
            (Some(role), _) if role == group => return Some(self.clone()),
            (_, Some(known)) => {
                let is_member = known.iter().any(|g| g.as_bytes() == group);
                return is_member.then(|| self.clone());
            }
            (_, None) if !can_be_asked_for(group) => return None,
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
        if !can_be_asked_for(name) {
            return None;
        }
        match core::mem::replace(&mut self.database, Asked::Named(name)) {
            Asked::Any => Some(self),
            Asked::Named(other) => (other == name).then_some(self),
            Asked::Own => self.named(name),
            Asked::Group => self.in_group(name),
            Asked::Physical => None,
        }
    }

    fn database_like(mut self, pattern: &'a [u8]) -> Self {
        add(&mut self.database_patterns, pattern);
        self
    }

    /// Logins of these that stand for all of them: whichever rules match one of these, match every login that it stands
    /// for. None where there is no such login.
    pub(super) fn examples(&self, names: &'a Names) -> Vec<Login<'a>> {
        let login = |role: &Name<'a>, database: Option<&Name<'a>>| {
            let groups = self.groups.iter().copied().map(Cow::Borrowed);
            let known = self.member_of.into_iter().flatten();
            let known = known.map(|group| Cow::Borrowed(group.as_bytes()));
            let own = database.filter(|_| self.database == Asked::Group);
            Login {
                role: role.clone(),
                member_of: groups
                    .chain(known)
                    .chain(own.map(|name| name.text.clone()))
                    .collect(),
                database: database.cloned(),
            }
        };
        match self.database {
            Asked::Own => {
                let asked = [&self.role_patterns[..], &self.database_patterns].concat();
                let both = names.meeting(Of::Both, &asked, &[]);
                both.iter().map(|name| login(name, Some(name))).collect()
            }
            Asked::Physical => self
                .roles(names, &[])
                .iter()
                .map(|role| login(role, None))
                .collect(),
            Asked::Named(database) => {
                let database = names.given(Of::Database, database, &self.database_patterns);
                let roles = database.iter().flat_map(|_| self.roles(names, &[]));
                roles.map(|role| login(&role, database.as_ref())).collect()
            }
            Asked::Any | Asked::Group => {
                let pairs = self.pairs(names);
                pairs
                    .iter()
                    .map(|(role, database)| login(role, Some(database)))
                    .collect()
            }
        }
    }

    /// The role, or those that stand for all but this one.
    fn roles(&self, names: &'a Names, but: &[&[u8]]) -> Vec<Name<'a>> {
        match self.role {
            Some(role) if but.contains(&role) => Vec::new(),
            Some(role) => names
                .given(Of::Role, role, &self.role_patterns)
                .into_iter()
                .collect(),
            None => names.meeting(Of::Role, &self.role_patterns, but),
        }
    }

    /// Roles and databases whose names have nothing to do with each other, unless there are none.
    fn pairs(&self, names: &'a Names) -> Vec<(Name<'a>, Name<'a>)> {
        let mut pairs = Vec::new();
        for role in self.roles(names, &[]) {
            let others = names.meeting(Of::Database, &self.database_patterns, &[&role.text]);
            let own = names
                .meant(Of::Database, &role, &self.database_patterns)
                .filter(|own| !others.iter().any(|other| other.stands_for(own)));
            pairs.extend(others.into_iter().map(|other| (role.clone(), other)));
            // No other name stands for the role's own as that of a database.
            if let Some(own) = own {
                let others = self.roles(names, &[&role.text]);
                pairs.extend(others.into_iter().map(|other| (other, own.clone())));
                pairs.push((role, own));
            }
        }
        pairs
    }
}

fn add<'a>(words: &mut Vec<&'a [u8]>, word: &'a [u8]) {
    if !words.contains(&word) {
        words.push(word);
    }
}

impl Login<'_> {
    /// Whether it is known to be one of those that it stands for.
    pub(super) fn is_sure(&self) -> bool {
        self.role.is_sure && self.database.as_ref().is_none_or(|name| name.is_sure)
    }

    /// The words of role fields that it meets.
    pub(super) fn user_words<'s>(&'s self, names: &'s Names) -> Vec<Asks<'s>> {
        let own = [
            Asks::All,
            Asks::Name(&self.role.text),
            Asks::Group(&self.role.text),
        ];
        let groups = self.member_of.iter().map(|group| Asks::Group(group));
        let met = self.role.met.iter();
        let met = met.map(|at| Asks::Regex(names.text(*at)));
        own.into_iter().chain(groups).chain(met).collect()
    }

    /// The words of database fields that it meets.
    pub(super) fn database_words<'s>(&'s self, names: &'s Names) -> Vec<Asks<'s>> {
        let Some(database) = &self.database else {
            return alloc::vec![Asks::Replication];
        };
        let mut words = alloc::vec![Asks::All, Asks::Name(&database.text)];
        let is_own = database.text == self.role.text;
        if is_own {
            words.push(Asks::SameUser);
        }
        if is_own || self.member_of.contains(&database.text) {
            words.push(Asks::SameRole);
        }
        let met = database.met.iter();
        words.extend(met.map(|at| Asks::Regex(names.text(*at))));
        words
    }

    /// The login as a connection; none where a name of it is no text.
    pub(super) fn connection(
        &self,
        transport: Transport,
        host_name: HostName,
    ) -> Option<Connection> {
        let text = |name: &[u8]| core::str::from_utf8(name).ok().map(String::from);
        let database = self.database.as_ref().map(|name| &*name.text);
        Some(Connection {
            transport,
            database: text(database.unwrap_or_default())?,
            role: text(&self.role.text)?,
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
