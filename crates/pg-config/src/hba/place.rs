//! Where a rule that lets a role in by certificate has to stand, and what that changes.

use alloc::string::String;
use alloc::vec::Vec;

use super::{NewRule, RuleSet, Site, Source, Transport};

/// What shall be allowed: TLS connections of a role, to these databases, from these networks, by certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The role.
    pub role: String,
    /// The roles that it is a member of, directly or not; none where that is not known.
    pub member_of: Option<Vec<String>>,
    /// The databases.
    pub databases: Databases,
    /// The networks; one rule for each.
    pub from: Vec<Source>,
    /// The map of `pg_ident.conf` that the new rule shall use, where the certificate's CN is not the role's name.
    pub map: Option<String>,
}

/// Which databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Databases {
    /// Every one (`all`).
    All,
    /// Those of these names.
    Named(Vec<String>),
    /// Physical replication (the keyword `replication`).
    Replication,
}

/// A place in a [`RuleSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Before the rule of this index.
    Before(usize),
    /// Behind the last one.
    AtEnd,
}

/// Where the new rules stand. Numbers are indexes into [`RuleSet::rules`] as it is now, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// What is added, in this order. Empty: all of it is allowed already, by `already` or `maps`.
    pub insertions: Vec<Insertion>,
    /// Rules that let the role in by its certificate already.
    pub already: Vec<usize>,
    /// Rules of method `cert` with a map that decide: a line of that map has to name the certificate and the role.
    pub maps: Vec<MapUse>,
    /// Rules that decide some of these connections and keep doing so: `reject`, and other demands for a certificate.
    pub keeps_say: Vec<usize>,
    /// Rules that decided some of these connections and no longer will.
    pub overrides: Vec<usize>,
    /// Every rule by which the role still gets in without a certificate.
    pub ways_in: Vec<WayIn>,
}

/// A rule to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// Where.
    pub place: Place,
    /// What.
    pub rule: NewRule,
}

/// A rule with a map that decides already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapUse {
    /// The rule.
    pub rule: usize,
    /// Its map.
    pub map: String,
    /// Whether the map is asked about the certificate's DN, not its CN.
    pub by_dn: bool,
}

/// A rule by which a role gets in without a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayIn {
    /// The rule.
    pub rule: usize,
    /// The transports, in the order of [`Transport::ALL`].
    pub transports: Vec<Transport>,
    /// Whether that concerns the databases and (but for the socket) the networks that were asked for, or only others.
    pub inside: bool,
    /// Whether that is sure; false where a membership, a host name or a regular expression leaves it open.
    pub certain: bool,
}

/// Why there is no place for the rule. Numbers are indexes into [`RuleSet::rules`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// PostgreSQL refuses the rules as they are: nothing can be said about them ([`RuleSet::errors`]).
    #[error("the rules as they are would not be loaded")]
    Broken,
    /// The rule would have to stand before `before`, which decides some of the connections otherwise, and behind
    /// `behind`, which keep their say about others of them.
    #[error("no place is both before and behind the rules that decide these connections")]
    Order {
        /// From where.
        from: Source,
        /// The rule that it has to precede.
        before: usize,
        /// The rules that it has to follow.
        behind: Vec<usize>,
    },
    /// All of these connections are decided by rules that keep their say and do not let the certificate in.
    #[error("rules that keep their say decide all of these connections")]
    Decided {
        /// From where.
        from: Source,
        /// The rules.
        rules: Vec<usize>,
    },
    /// The rule would have to stand in a file that is read more than once, where it would stand in other places too.
    #[error("\"{file}\" is included more than once")]
    Repeated {
        /// The file.
        file: String,
    },
}

/// Where the rules for what is wanted have to stand: before the first rule that would otherwise decide the role's TLS
/// connections, behind those that keep their say about some of them.
///
/// # Errors
/// [`Conflict`] where no place satisfies both.
pub fn place(set: &RuleSet, wanted: &Wanted, site: &Site) -> Result<Placement, Conflict> {
    let _ = (set, wanted, site);
    todo!()
}

/// The rules that refuse the role's TCP connections without TLS (`hostnossl ... reject`), beside those of `placement`
/// where that is early enough. Empty where they are refused already.
///
/// # Errors
/// [`Conflict::Broken`] and [`Conflict::Repeated`].
pub fn refuse_without_tls(
    set: &RuleSet,
    wanted: &Wanted,
    placement: &Placement,
    site: &Site,
) -> Result<Vec<Insertion>, Conflict> {
    let _ = (set, wanted, placement, site);
    todo!()
}

/// Every rule by which the role gets in without a certificate, were `added` in force too.
pub fn ways_in(set: &RuleSet, wanted: &Wanted, added: &[Insertion], site: &Site) -> Vec<WayIn> {
    let _ = (set, wanted, added, site);
    todo!()
}
