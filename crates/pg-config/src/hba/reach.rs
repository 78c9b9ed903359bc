//! Which rules decide anything, and which can never match because of those before them.

use alloc::vec::Vec;

use super::names::Names;
use super::transports::Transports;
use super::walk::{Share, Walk, Within};
use super::{Connection, Rule, RuleSet, Site};

/// What a rule decides, of all connections that there can be: whatever roles, memberships, databases, addresses and host
/// names there are or may be one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It decides this connection, among others. The role is a member of the roles that the connection says and of no
    /// other.
    Decides(Connection),
    /// It may decide something: which networks the server is in leaves that open, or a regular expression that is not
    /// understood.
    Open(Option<Connection>),
    /// It decides nothing: earlier rules match all that it matches.
    Never {
        /// Enough of them, ascending indexes into [`RuleSet::rules`]; none where the rule matches nothing at all.
        hidden_by: Vec<usize>,
    },
}

/// What each rule decides, in their order.
///
/// Exact but for regular expressions with back references or lookarounds, and such as would take too long; for the
/// server's networks where the site does not say them; for names where no UTF-8 meets the same patterns, and for masks
/// with holes in great number. There a rule is [`Reach::Open`], not [`Reach::Never`]. What the site says is taken to stay so.
///
/// ```
/// use std::collections::BTreeMap;
/// use pg_config::Version;
/// use pg_config::hba::{Reach, RuleSet, Site, reach};
///
/// let text = b"hostssl all all all scram-sha-256\nhostnossl all all all reject\nhost all amy all md5\n";
/// let rules = RuleSet::of_bytes(&BTreeMap::new(), "pg_hba.conf", text, Version::V17);
/// let found = reach(&rules, &Site::default());
/// assert_eq!(found[2], Reach::Never { hidden_by: vec![0, 1] });
/// ```
pub fn reach(set: &RuleSet, site: &Site) -> Vec<Reach> {
    in_turn(set, &Names::of_set(set), site)
}

/// The same for a set whose names are known.
pub(crate) fn in_turn(set: &RuleSet, names: &Names, site: &Site) -> Vec<Reach> {
    let mut walk = Walk::new(Within::everything(), names, site);
    let mut found = Vec::with_capacity(set.rules.len());
    for (index, at) in set.rules.iter().enumerate() {
        let ways = Transports::of(at.rule.kind);
        let share = walk.share(&at.rule, ways);
        if !matches!(share, Share::Nothing(_)) {
            walk.take(index, &at.rule, ways);
        }
        found.push(share.into());
    }
    found
}

/// What a rule would decide if it stood alone, of those that have these names.
pub(crate) fn alone(rule: &Rule, names: &Names, site: &Site) -> Reach {
    let walk = Walk::new(Within::everything(), names, site);
    walk.share(rule, Transports::of(rule.kind)).into()
}

impl From<Share> for Reach {
    fn from(share: Share) -> Self {
        match share {
            Share::Some(connection) => Self::Decides(connection),
            Share::Perhaps(connection) => Self::Open(connection),
            Share::Nothing(takers) => Self::Never {
                hidden_by: takers.into_iter().collect(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use crate::hba::{Decision, HostName, decide};
    use alloc::collections::BTreeMap;
    use alloc::string::String;

    fn set(text: &str) -> RuleSet {
        let set = RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
        assert_eq!(set.errors, []);
        set
    }

    /// Of each rule `+`, `?` or what hides it.
    fn told(text: &str) -> Vec<String> {
        let set = set(text);
        let site = Site::default();
        let told = |(index, found)| match found {
            Reach::Decides(example) => {
                assert_eq!(
                    decide(&set, &example, &site),
                    Decision::Rule(index),
                    "{example:?}"
                );
                "+".into()
            }
            Reach::Open(_) => "?".into(),
            Reach::Never { hidden_by } => alloc::format!("{hidden_by:?}"),
        };
        reach(&set, &site)
            .into_iter()
            .enumerate()
            .map(told)
            .collect()
    }

    #[test]
    fn unions_hide() {
        assert_eq!(
            told("hostssl all all all md5\nhostnossl all all all md5\nhost all all all md5\n"),
            ["+", "+", "[0, 1]"]
        );
        assert_eq!(
            told(
                "host all all 10.0.0.0/9 md5\nhost all all 10.128.0.0/9 md5\nhost all all 10.0.0.0/8 md5\n"
            ),
            ["+", "+", "[0, 1]"]
        );
        assert_eq!(
            told(
                "host all all 0.0.0.0/0 md5\nhost all all ::/0 md5\nhost all all all md5\nlocal all all md5\n"
            ),
            ["+", "+", "[0, 1]", "+"]
        );
        assert_eq!(
            told(
                "hostgssenc all all all md5\nhostnogssenc all amy,bob all md5\nhost a,b bob,amy all md5\n"
            ),
            ["+", "+", "[0, 1]"]
        );
    }

    #[test]
    fn groups_and_own_databases_are_told_apart() {
        assert_eq!(
            told(
                "host sameuser all all md5\nhost samerole all all md5\nhost samegroup all all md5\nhost amy amy all md5\nhost amy +amy all md5\n"
            ),
            ["+", "+", "[1]", "[0]", "[1]"]
        );
        assert_eq!(
            told(
                "host all +staff all md5\nhost all staff all md5\nhost all amy all md5\nhost all +staff,amy all md5\n"
            ),
            ["+", "[0]", "+", "[0, 2]"]
        );
        assert_eq!(
            told(
                "host all all all md5\nhost replication all all md5\nhost all,replication bob all md5\n"
            ),
            ["+", "+", "[0, 1]"]
        );
    }

    #[test]
    fn masks_with_holes_are_exact() {
        assert_eq!(
            told(
                "host all all 10.0.0.0 255.0.0.1 md5\nhost all all 10.0.0.1 255.0.0.1 md5\nhost all all 10.1.0.0/16 md5\nhost all all 10.0.0.0/7 md5\n"
            ),
            ["+", "+", "[0, 1]", "+"]
        );
        assert_eq!(
            told(
                "host all all 10.0.0.0/9 md5\nhost all all 10.0.0.1 255.0.0.1 md5\nhost all all 10.128.0.0 255.128.0.1 md5\nhost all all 10.0.0.0/8 md5\n"
            ),
            ["+", "+", "+", "[0, 1, 2]"]
        );
    }

    #[test]
    fn host_names_hide_by_their_ends() {
        assert_eq!(
            told(
                "host all all .Example.com md5\nhost all all db.example.COM md5\nhost all all .db.example.com md5\nhost all all example.com md5\nhost all all 10.0.0.0/8 md5\n"
            ),
            ["+", "[0]", "[0]", "+", "+"]
        );
        assert_eq!(
            told("host all all all md5\nhost all all db.example.com md5\n"),
            ["+", "[0]"]
        );
    }

    #[test]
    fn the_networks_of_the_server_are_open_without_it() {
        let text = "host all all samenet md5\nhost all all samehost md5\nhost all all 10.0.0.0/8 md5\nhost all all all md5\nhost all all samenet md5\n";
        assert_eq!(told(text), ["?", "[0]", "?", "?", "[0]"]);
        let site = Site {
            interfaces: Some(alloc::vec![crate::hba::Interface {
                address: "10.0.0.5".parse().unwrap(),
                netmask: "255.0.0.0".parse().unwrap(),
            }]),
        };
        let without_mask = Site {
            interfaces: Some(alloc::vec![crate::hba::Interface {
                address: "10.0.0.5".parse().unwrap(),
                netmask: "0.0.0.0".parse().unwrap(),
            }]),
        };
        let near = set("host all all samenet md5\nhost all all 10.0.0.0/8 md5\n");
        assert!(matches!(reach(&near, &without_mask)[1], Reach::Decides(_)));
        let never = |found: &Reach| matches!(found, Reach::Never { .. });
        let found: Vec<_> = reach(&set(text), &site).iter().map(never).collect();
        assert_eq!(found, [false, true, true, false, true]);
    }

    #[test]
    fn patterns_hide_what_they_match() {
        assert_eq!(
            told(
                "host all /^a all md5\nhost all /^a all md5\nhost all /^ab all md5\nhost all amy all md5\nhost all bob all md5\nhost all all all md5\n"
            ),
            ["+", "[0]", "[0]", "[0]", "+", "+"]
        );
        assert_eq!(
            told("host all /.* all md5\nhost all bob all md5\n"),
            ["+", "[0]"]
        );
        assert_eq!(
            told("host /(a)(p) all all md5\nhost app all all md5\n"),
            ["+", "[0]"]
        );
        // Together.
        assert_eq!(
            told("host all /^[a-m] all md5\nhost all /^[^a-m] all md5\nhost all all all md5\n"),
            ["+", "+", "[0, 1]"]
        );
        assert_eq!(
            told(
                "host all /^d[0-4] all md5\nhost all /^d[5-9] all md5\nhost all /^d all md5\nhost all /^d[0-9]+$ all md5\n"
            ),
            ["+", "+", "+", "[0, 1]"]
        );
        // No name is longer than what follows from the first two.
        assert_eq!(
            told(
                "host all \"/^.{0,40}$\" all md5\nhost all \"/^.{30,63}$\" all md5\nhost all all all md5\n"
            ),
            ["+", "+", "[0, 1]"]
        );
        assert_eq!(
            told(
                "host all \"/^.{0,40}$\" all md5\nhost all \"/^.{30,62}$\" all md5\nhost all all all md5\n"
            ),
            ["+", "+", "+"]
        );
    }

    #[test]
    fn names_that_patterns_leave_over_are_told_apart() {
        assert_eq!(
            told("host all amy all md5\nhost all /^amy$ all md5\n"),
            ["+", "[0]"]
        );
        assert_eq!(
            told("host all amy all md5\nhost all /^(amy|bob)$ all md5\nhost all bob all md5\n"),
            ["+", "+", "[1]"]
        );
        assert_eq!(
            told("host all d1,d2 all md5\nhost all /^d[12]$ all md5\nhost all /^d[123]$ all md5\n"),
            ["+", "[0]", "+"]
        );
        // One name for role and database, or two.
        assert_eq!(
            told(
                "host sameuser all all md5\nhost /^x$ /^x$ all md5\nhost /^[xy]$ /^[xy]$ all md5\n"
            ),
            ["+", "[0]", "+"]
        );
        assert_eq!(
            told(
                "host sameuser all all md5\nhost /^x$ /^y$ all md5\nhost /^[xy]$ /^[xy]$ all md5\nhost /^[xy]$ /^[xy]$ all md5\n"
            ),
            ["+", "+", "+", "[2]"]
        );
        assert_eq!(
            told(
                "host sameuser all all md5\nhost x y all md5\nhost y /^x$ all md5\nhost /^[xy]$ /^[xy]$ all md5\n"
            ),
            ["+", "+", "+", "[0, 1, 2]"]
        );
        assert_eq!(
            told(
                "host sameuser /^a all md5\nhost sameuser /^b all md5\nhost /^[ab] all all md5\nhost sameuser /^[ab] all md5\n"
            ),
            ["+", "+", "+", "[0, 1]"]
        );
        assert_eq!(
            told("host /^[ab] samerole all md5\nhost /^c$ all all md5\nhost samerole +c all md5\n"),
            ["+", "+", "+"]
        );
    }

    #[test]
    fn what_is_not_understood_is_open() {
        assert_eq!(
            told(
                "host all /^(?!a) all md5\nhost all /^(?!a) all md5\nhost all bob all md5\nhost all /^b all md5\nhost all all all md5\nhost all /^(?!b) all md5\n"
            ),
            ["?", "[0]", "?", "?", "?", "[4]"]
        );
        assert_eq!(
            told(
                "host all /^b all md5\nhost all /^(?=b)bob all md5\nhost all,/^x /^(?=b),/^b all md5\n"
            ),
            ["+", "?", "?"]
        );
    }

    #[test]
    fn a_name_that_is_text_is_shown_where_there_is_one() {
        let found = told(
            "host all /^[éè] all md5\nhost all /^[^a-z]ß all md5\nhost all /^[^!-~] all md5\nhost all /^é all md5\nhost all /^\\xa8 all md5\n",
        );
        assert_eq!(found, ["+", "+", "+", "[0]", "[0]"]);
        assert_eq!(told("host all /^\\xa8 all md5\n"), ["?"]);
    }

    #[test]
    fn too_much_is_open() {
        let mut text = String::new();
        for n in 0..8 {
            text += &alloc::format!("host all /{n}.*a.{{9}}b.*{n}$ all md5\n");
        }
        text += "host all /^.*a.{8}b.*c.{9}d+$ all md5\nhost all /^.*a.{8}b.*c.{9}d+$ all md5\n";
        let found = told(&text);
        assert_eq!(found.last().map(String::as_str), Some("[8]"));
        assert!(found.contains(&"?".into()), "{found:?}");
    }

    #[test]
    fn an_example_of_a_pattern_says_nothing_about_the_others() {
        // The first name that the pattern is found in is the database's own.
        assert_eq!(
            told("host samerole /^[gd]0$ all md5\nhost d0 /^[gd]0$ all md5\n"),
            ["+", "+"]
        );
        assert_eq!(
            told("host samerole /^[gd]0$ all md5\nhost d0 d0 all md5\n"),
            ["+", "[0]"]
        );
    }

    #[test]
    fn strangers_are_called_like_nothing_that_is_written_anywhere() {
        assert_eq!(
            told(
                "host sameuser all all md5\nhost other all all md5\nhost all otherdb all md5\nhost samerole all all md5\nhost all +otherdb,others all md5\n"
            ),
            ["+", "+", "+", "+", "+"]
        );
    }

    #[test]
    fn what_matches_nothing_is_hidden_by_nothing() {
        assert_eq!(told("host all all \"\" md5\n"), ["[]"]);
        // No role is called so, and no database.
        assert_eq!(
            told("host all \"\" all md5\nhost \"\" all all md5\nhost \"\",a \"\",a all md5\n"),
            ["[]", "[]", "+"]
        );
    }

    #[test]
    fn an_example_names_the_host_that_it_comes_from() {
        let found = reach(&set("host all all .example.com md5\n"), &Site::default());
        let Reach::Decides(example) = &found[0] else {
            panic!("{found:?}")
        };
        assert_eq!(
            example.host_name,
            HostName::Verified("other.example.com".into())
        );
    }
}
