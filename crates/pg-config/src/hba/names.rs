//! Names of roles and databases, told apart by what rules can say of them: by being written in a rule, and by the
//! patterns that are found in them.
//!
//! Of the names that meet given patterns, those stand for all that meet as few others as may be: whoever else meets the
//! given ones meets what one of them meets, and more.

mod search;

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::{Address, Database, Rule, RuleSet, User};
use crate::Version;
use crate::regex::Pattern;
use crate::regex::union::Found;
use search::{Search, includes};

/// How long a name can be, in bytes: what is longer in a startup packet is cut, in the middle of a character if need be
/// (`ProcessStartupPacket`, `NAMEDATALEN`; 17.0 to 17.2 did not cut).
pub(super) const LONGEST: usize = 63;

/// Whether somebody who connects, or what he connects to, can be called so. Without a role's name nobody gets as far as the
/// rules, and without a database's the role's stands for it (`ProcessStartupPacket`).
pub(crate) fn can_be_asked_for(name: &[u8]) -> bool {
    !name.is_empty() && name.len() <= LONGEST
}

/// Whose name it is, and so which patterns matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// A role's: the patterns of role fields.
    Role,
    /// A database's: the patterns of database fields.
    Database,
    /// Both at once: all patterns.
    Both,
}

/// A name, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) text: Cow<'a, [u8]>,
    /// The numbers of the patterns that are found in it, ascending.
    pub(super) met: Found,
    /// Whether a rule names it.
    is_written: bool,
    /// Whether it is known to meet what it stands for; else nobody knows whether there is such a name.
    pub(super) is_sure: bool,
}

impl Name<'_> {
    /// Whether what a rule can say of this name, it can say of the other as well: being called something apart.
    pub(super) fn stands_for(&self, other: &Self) -> bool {
        !self.is_written && includes(&other.met, &self.met)
    }
}

/// All names, as some rules see them.
#[derive(Debug)]
pub(crate) struct Names {
    /// The patterns, ascending, by number.
    texts: Vec<Vec<u8>>,
    all: All,
    roles: RefCell<Search>,
    databases: RefCell<Search>,
    both: RefCell<Search>,
    role: Vec<u8>,
    database: Vec<u8>,
    /// The first label of a host's name that no rule names.
    pub(super) host: String,
}

/// What rules say of names.
#[derive(Debug)]
struct All {
    /// The patterns that are understood.
    patterns: BTreeMap<u32, Pattern>,
    /// The names that they give, and others that are none of a stranger's, ascending; not looked for where there is no
    /// pattern.
    written: Vec<Vec<u8>>,
}

impl Names {
    /// As the rules of a set see them.
    pub(crate) fn of_set(set: &RuleSet) -> Self {
        Self::of(&set.rules.iter().map(|at| &at.rule), &[])
    }

    /// As these rules see them; `others` are names that are none of a stranger's.
    pub(super) fn of<'r>(
        rules: &(impl Iterator<Item = &'r Rule> + Clone),
        others: &[&'r [u8]],
    ) -> Self {
        let of_roles = || sorted(rules.clone().flat_map(role_patterns));
        let of_databases = || sorted(rules.clone().flat_map(database_patterns));
        let (by_role, by_database) = (of_roles(), of_databases());
        let texts = sorted(by_role.iter().chain(&by_database).copied());
        let number = |text: &[u8]| {
            texts
                .binary_search(&text)
                .ok()
                .and_then(|at| u32::try_from(at).ok())
        };
        let patterns: BTreeMap<u32, Pattern> = texts
            .iter()
            .filter_map(|text| Some((number(text)?, Pattern::parse(text, Version::V16)?)))
            .collect();
        let search = |of: &[&[u8]]| {
            let numbered = of.iter().filter_map(|text| {
                let number = number(text)?;
                Some((number, patterns.get(&number)?))
            });
            RefCell::new(Search::new(numbered))
        };
        let written = || rules.clone().flat_map(names).chain(others.iter().copied());
        let not_written = |stem| {
            let like_it: BTreeSet<_> = written().filter(|name| is_like(name, stem)).collect();
            stranger(stem, |name| like_it.contains(name))
        };
        Self {
            roles: search(&by_role),
            databases: search(&by_database),
            both: search(&texts),
            all: All {
                written: match texts.is_empty() {
                    true => Vec::new(),
                    false => sorted(written()).into_iter().map(<[u8]>::to_vec).collect(),
                },
                patterns,
            },
            texts: texts.iter().map(|text| text.to_vec()).collect(),
            role: not_written(ROLE),
            database: not_written(DATABASE),
            host: host(rules),
        }
    }

    /// A pattern, by its number.
    pub(super) fn text(&self, pattern: u32) -> &[u8] {
        &self.texts[pattern as usize]
    }

    /// Whether a pattern is one of those of which nobody knows where they are found.
    pub(super) fn is_open(&self, pattern: &[u8]) -> bool {
        self.number(pattern)
            .is_none_or(|number| !self.all.patterns.contains_key(&number))
    }

    fn number(&self, pattern: &[u8]) -> Option<u32> {
        let at = self.texts.binary_search_by(|text| (**text).cmp(pattern));
        u32::try_from(at.ok()?).ok()
    }

    fn search(&self, of: Of) -> &RefCell<Search> {
        match of {
            Of::Role => &self.roles,
            Of::Database => &self.databases,
            Of::Both => &self.both,
        }
    }

    /// A given name, if it meets these patterns, or may.
    pub(super) fn given<'a>(&self, of: Of, text: &'a [u8], patterns: &[&[u8]]) -> Option<Name<'a>> {
        let mut name = Name {
            text: Cow::Borrowed(text),
            met: Found::new(),
            is_written: true,
            is_sure: true,
        };
        if self.texts.is_empty() {
            return Some(name);
        }
        let (asked, open) = self.numbers(patterns);
        let met = self.search(of).borrow_mut().met(text);
        name.is_sure = met.is_some();
        name.met = met.unwrap_or_else(|| asked.clone());
        includes(&name.met, &asked).then(|| self.with_open(name, &open))
    }

    /// The same name as one of something else, if it meets these patterns for sure.
    pub(super) fn meant<'a>(
        &self,
        of: Of,
        name: &Name<'a>,
        patterns: &[&[u8]],
    ) -> Option<Name<'a>> {
        let own = self.given(of, &name.text, patterns)?;
        Some(Name {
            text: name.text.clone(),
            met: own.met,
            is_written: name.is_written,
            is_sure: own.is_sure && name.is_sure,
        })
    }

    /// Names that meet these patterns and stand for all others that do, but for these, which are not looked at.
    pub(super) fn meeting<'a>(
        &'a self,
        of: Of,
        patterns: &[&[u8]],
        but: &[&[u8]],
    ) -> Vec<Name<'a>> {
        let stranger = match of {
            Of::Database => &self.database,
            _ => &self.role,
        };
        let stranger = |met| Name {
            text: Cow::Borrowed(stranger),
            met,
            is_written: false,
            is_sure: true,
        };
        if self.texts.is_empty() {
            return alloc::vec![stranger(Found::new())];
        }
        let (asked, open) = self.numbers(patterns);
        let mut search = self.search(of).borrow_mut();
        let stem = match of {
            Of::Database => DATABASE,
            _ => ROLE,
        };
        let Some(found) = search.meeting(&asked, but, &self.all, stem) else {
            // Whoever meets these patterns meets them: more is not known.
            let mut name = stranger(asked);
            name.is_sure = false;
            return alloc::vec![self.with_open(name, &open)];
        };
        let name = |(text, met, is_written): &(Vec<u8>, Found, bool)| Name {
            text: Cow::Owned(text.clone()),
            met: met.clone(),
            is_written: *is_written,
            is_sure: true,
        };
        found
            .iter()
            .map(|found| self.with_open(name(found), &open))
            .collect()
    }

    /// The numbers of patterns: of those that are understood, and of the others.
    fn numbers(&self, patterns: &[&[u8]]) -> (Vec<u32>, Vec<u32>) {
        let numbers = patterns.iter().filter_map(|pattern| self.number(pattern));
        let mut numbers: Vec<u32> = numbers.collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
            .into_iter()
            .partition(|number| self.all.patterns.contains_key(number))
    }

    /// The name as one that meets patterns too of which nobody knows where they are found.
    fn with_open<'a>(&self, mut name: Name<'a>, open: &[u32]) -> Name<'a> {
        if !open.is_empty() {
            name.is_sure = false;
            name.met.extend_from_slice(open);
            name.met.sort_unstable();
        }
        name
    }
}

/// What a role is called like that no rule names.
const ROLE: &str = "other";
/// What a database is called like.
const DATABASE: &str = "otherdb";

/// Names like a stem, the plainest first.
fn like(stem: &str) -> impl Iterator<Item = Vec<u8>> {
    ["", "z", "0", "_", "X"]
        .into_iter()
        .map(move |start| alloc::format!("{start}{stem}").into_bytes())
}

/// Whether a name may be one of [`like`] or [`stranger`].
fn is_like(name: &[u8], stem: &str) -> bool {
    name.windows(stem.len()).any(|part| part == stem.as_bytes())
}

/// A name like `stem` that is not known.
fn stranger(stem: &str, known: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let numbered = (0..).map(|n: u32| alloc::format!("{stem}{n}").into_bytes());
    let mut all = like(stem).chain(numbered);
    all.find(|name| !known(name)).unwrap_or_default()
}

/// A label that no host's name begins with.
fn host<'r>(rules: &(impl Iterator<Item = &'r Rule> + Clone)) -> String {
    let names = rules.clone().filter_map(|rule| match &rule.address {
        Some(Address::HostName(name)) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    let names: BTreeSet<Vec<u8>> = names.collect();
    let known = |label: &[u8]| {
        let label = label.to_ascii_lowercase();
        let mut from = names.range(label.clone()..);
        from.next().is_some_and(|name| name.starts_with(&label))
    };
    String::from_utf8(stranger(ROLE, known)).unwrap_or_default()
}

fn role_patterns(rule: &Rule) -> impl Iterator<Item = &[u8]> {
    rule.users.iter().filter_map(|word| match word {
        User::Regex(pattern) => Some(&***pattern),
        _ => None,
    })
}

fn database_patterns(rule: &Rule) -> impl Iterator<Item = &[u8]> {
    rule.databases.iter().filter_map(|word| match word {
        Database::Regex(pattern) => Some(&***pattern),
        _ => None,
    })
}

/// The names that a rule gives.
fn names(rule: &Rule) -> impl Iterator<Item = &[u8]> {
    let roles = rule.users.iter().filter_map(|word| match word {
        User::Name(name) => Some(&**name),
        User::Group(name) => Some(&***name),
        _ => None,
    });
    let databases = rule.databases.iter().filter_map(|word| match word {
        Database::Name(name) => Some(&**name),
        _ => None,
    });
    roles.chain(databases)
}

fn sorted<'r>(all: impl Iterator<Item = &'r [u8]>) -> Vec<&'r [u8]> {
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hba::RuleSet;

    #[test]
    fn strangers_are_called_like_nobody_whatever_is_written() {
        let mut text = String::from("host all other,zother,0other,_other,Xother other.a md5\n");
        text += "host all other0,other1,another2 ZOTHER.a md5\n";
        text += "host otherdb,zotherdb all 0otherwise.a md5\n";
        let set = RuleSet::of_bytes(
            &BTreeMap::<String, Vec<u8>>::new(),
            "h",
            text.as_bytes(),
            Version::V17,
        );
        let names = Names::of(&set.rules.iter().map(|at| &at.rule), &[b"0otherdb"]);
        assert_eq!(names.role, b"other2");
        assert_eq!(names.database, b"_otherdb");
        assert_eq!(names.host, "_other");
    }
}
