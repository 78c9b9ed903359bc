//! What turning TLS on changes: clients that prefer TLS move to it, `hostssl` rules wake up, `hostnossl` rules lose
//! their clients.

use alloc::vec::Vec;

use super::territory::{Cell, Territory};
use super::witness::{Region, Strangers};
use super::{ConnType, Connection, Method, RuleSet, Site, Transport};

/// Logins that another rule decides once TLS is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidingChange {
    /// The rule that decides them in clear; none where they are refused.
    pub before: Option<usize>,
    /// The rule that decides them under TLS; none where they are refused.
    pub after: Option<usize>,
    /// One such login, as it comes in under TLS.
    pub example: Connection,
    /// Whether that is sure; false where a membership, a host name or a regular expression leaves it open.
    pub certain: bool,
}

/// The logins whose deciding rule changes when TLS goes on and their clients move to it (`sslmode=prefer` does): with
/// `ssl` off they come in clear, with `ssl` on under TLS. Empty where nobody notices. Who is refused before and after
/// is not counted.
///
/// A login can only change where a rule decides it that is for one of the two alone, so only `hostssl` and
/// `hostnossl` rules are looked at. For each of them, every rule is found that decides the same logins otherwise, as
/// far as they are the logins of strangers or of those whom the rule names.
pub fn changes_with_tls(set: &RuleSet, site: &Site) -> Vec<DecidingChange> {
    let strangers = Strangers::to(set);
    let mut changes: Vec<DecidingChange> = Vec::new();
    for (index, at) in set.rules.iter().enumerate() {
        let (own, other) = match at.rule.kind {
            ConnType::HostSsl => (Transport::Tls, Transport::Plain),
            ConnType::HostNoSsl => (Transport::Plain, Transport::Tls),
            _ => continue,
        };
        for login in strangers.logins(&at.rule) {
            let region = Region::of(set, index, &login, own, site);
            if region.open.is_empty() {
                continue;
            }
            let asked = login.login();
            let territory = Territory {
                role: asked.role,
                member_of: asked.member_of,
                transport: other,
                cells: alloc::vec![Cell {
                    target: asked.database,
                    from: region.open.clone(),
                }],
            };
            let found = territory.deciders(set.rules.iter().map(|at| &at.rule), site);
            let counterparts = found.touches.iter().map(|touch| {
                let theirs = Region::of(set, touch.rule, &login, other, site);
                (Some(touch.rule), theirs)
            });
            let nobody = found.undecided.into_iter().map(|cell| {
                let (certain, open) = (cell.from.clone(), cell.from);
                (None, Region { certain, open })
            });
            for (counterpart, theirs) in counterparts.chain(nobody) {
                let (before, after) = match own {
                    Transport::Tls => (counterpart, Some(index)),
                    _ => (Some(index), counterpart),
                };
                let open = region.open.intersect(&theirs.open);
                let refused = |rule: Option<usize>| {
                    rule.is_none_or(|rule| set.rules[rule].rule.method == Method::Reject)
                };
                let known = changes
                    .iter()
                    .any(|c| c.before == before && c.after == after);
                if known || open.is_empty() || (refused(before) && refused(after)) {
                    continue;
                }
                let certain = region.certain.intersect(&theirs.certain);
                let from = if certain.is_empty() { &open } else { &certain };
                changes.push(DecidingChange {
                    before,
                    after,
                    example: login.connection(Transport::Tls, from),
                    certain: !certain.is_empty(),
                });
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use crate::hba::{Decision, decide};
    use alloc::collections::BTreeMap;

    fn changes(text: &str) -> Vec<(Option<usize>, Option<usize>)> {
        let set = RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
        let found = changes_with_tls(&set, &Site::default());
        for change in &found {
            assert!(change.certain);
            let decided = |transport| {
                let connection = Connection {
                    transport,
                    ..change.example.clone()
                };
                match decide(&set, &connection, &Site::default()) {
                    Decision::Rule(rule) => Some(rule),
                    Decision::NoRule => None,
                    may @ Decision::May { .. } => panic!("{may:?}"),
                }
            };
            assert_eq!(decided(Transport::Plain), change.before);
            assert_eq!(decided(Transport::Tls), change.after);
        }
        found
            .iter()
            .map(|change| (change.before, change.after))
            .collect()
    }

    #[test]
    fn rules_for_both_change_nothing() {
        assert_eq!(
            changes("local all all peer\nhost all all all md5\nhostgssenc all all all trust\n"),
            []
        );
        assert_eq!(
            changes("host all all all md5\nhostssl all all all trust\n"),
            []
        );
    }

    #[test]
    fn sleeping_rules_wake_up() {
        assert_eq!(
            changes("hostssl all all 10.0.0.0/8 trust\nhost all all 0.0.0.0/0 md5\n"),
            [(Some(1), Some(0))]
        );
        assert_eq!(
            changes("hostssl all amy 10.0.0.0/8 trust\nhost app all 0.0.0.0/0 md5\n"),
            [(None, Some(0))]
        );
        assert_eq!(changes("hostssl all all all reject\n"), []);
        assert_eq!(
            changes(
                "hostssl all all all reject\nhost all all 10.0.0.0/8 md5\nhost all all all trust\n"
            ),
            [(Some(1), Some(0)), (Some(2), Some(0))]
        );
    }

    #[test]
    fn rules_without_tls_lose_their_clients() {
        assert_eq!(
            changes("hostnossl all all all md5\nhost all all 10.0.0.0/8 trust\n"),
            [(Some(0), Some(1)), (Some(0), None)]
        );
        assert_eq!(
            changes(
                "hostnossl all amy all md5\nhostnossl all all all md5\nhostssl all all all cert\n"
            ),
            [(Some(0), Some(2)), (Some(1), Some(2))]
        );
    }
}
