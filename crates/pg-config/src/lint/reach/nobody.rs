//! Why a rule that no other one hides is for nobody, and what to do about it.

use alloc::format;
use alloc::string::{String, ToString};

use super::Found;
use crate::hba::names::can_be_asked_for;
use crate::hba::reach::alone;
use crate::hba::{Address, ConnType, Database, Reach, Rule, User};

/// What keeps everybody out, and what to do.
pub(super) struct Nobody {
    pub(super) why: String,
    pub(super) advice: &'static str,
}

impl Found<'_> {
    /// The first field of the rule that nobody meets: each is asked about as if the other two took everybody.
    pub(super) fn nobody(&self, rule: &Rule) -> Nobody {
        let address = || (rule.kind != ConnType::Local).then_some(Address::All);
        let databases = || [Database::All, Database::Replication].into_iter().collect();
        let users = || [User::All].into_iter().collect();
        let by_user = Rule {
            address: address(),
            databases: databases(),
            ..rule.clone()
        };
        let by_database = Rule {
            address: address(),
            users: users(),
            ..rule.clone()
        };
        let by_address = Rule {
            databases: databases(),
            users: users(),
            ..rule.clone()
        };
        let is_met =
            |field: &Rule| !matches!(alone(field, self.names, self.site), Reach::Never { .. });
        let word = if !is_met(&by_user) {
            let written = rule.users.first().map(User::written).unwrap_or_default();
            rule.users.first().map(|word| match word {
                User::Name(name) => named("role", name, &written),
                User::Group(name) => named("role", name, &written),
                _ => expression("role", &written),
            })
        } else if !is_met(&by_database) {
            let word = rule.databases.first();
            let written = word.map(Database::written).unwrap_or_default();
            word.map(|word| match word {
                Database::Name(name) => named("database", name, &written),
                _ => expression("database", &written),
            })
        } else if !is_met(&by_address) {
            rule.address.as_ref().map(from)
        } else {
            None
        };
        word.unwrap_or_else(|| Nobody {
            why: "none of its roles can ask for one of its databases".to_string(),
            advice: "take it out, or give the roles and databases that go together a rule each",
        })
    }
}

fn named(what: &str, name: &[u8], written: &str) -> Nobody {
    match can_be_asked_for(name) {
        false if name.is_empty() => Nobody {
            why: format!("the empty name is no {what}'s"),
            advice: "take it out, or write a name, or all where everybody is meant",
        },
        _ => Nobody {
            why: format!(
                "{written} has {} bytes, and what a client asks for is cut to 63",
                name.len()
            ),
            advice: "write the name as the server keeps it: its first 63 bytes",
        },
    }
}

fn expression(what: &str, written: &str) -> Nobody {
    Nobody {
        why: format!("no {what} can have a name in which {written} is found"),
        advice: "take it out, or correct the expression; names have 1 to 63 bytes",
    }
}

fn from(address: &Address) -> Nobody {
    match address {
        Address::SameHost | Address::SameNet => Nobody {
            why: format!("the server has no interface for {}", address.written()),
            advice: "take it out, or write the networks that are meant",
        },
        _ => Nobody {
            why: format!("no client's name is {}", address.written()),
            advice: "take it out, or write an address, or all where everybody is meant",
        },
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use crate::Version;
    use crate::hba::{RuleSet, Site};

    fn advised(text: &str, site: &Site) -> String {
        let files = BTreeMap::from([
            ("/h".to_string(), text.as_bytes().to_vec()),
            ("/long".to_string(), "x".repeat(64).into_bytes()),
        ]);
        let set = RuleSet::read(&files, "/h", Version::V16).unwrap();
        assert_eq!(set.errors, []);
        let said = crate::lint::rules(&files, &set, site);
        let lines = said.iter().map(|found| {
            let message =
                &found.message["never matches: there is no connection that it is for".len()..];
            alloc::format!("{}{message}; {}", found.line, found.help())
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_cause_has_its_advice() {
        let text = "host all \"\" all md5\n\
            host \"\" all all md5\n\
            host all +\"\",\"\" all md5\n\
            host all @long all md5\n\
            host @long all all md5\n\
            host all /^$ all md5\n\
            local /^.{64},/a$a all md5\n\
            host replication /^$ all md5\n\
            host all all \"\" md5\n\
            host samerole \"\" \"\" md5\n";
        insta::assert_snapshot!(advised(text, &Site::default()), @r#"
        1: the empty name is no role's; take it out, or write a name, or all where everybody is meant
        2: the empty name is no database's; take it out, or write a name, or all where everybody is meant
        3: the empty name is no role's; take it out, or write a name, or all where everybody is meant
        4: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx has 64 bytes, and what a client asks for is cut to 63; write the name as the server keeps it: its first 63 bytes
        5: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx has 64 bytes, and what a client asks for is cut to 63; write the name as the server keeps it: its first 63 bytes
        6: no role can have a name in which /^$ is found; take it out, or correct the expression; names have 1 to 63 bytes
        7: no database can have a name in which /^.{64} is found; take it out, or correct the expression; names have 1 to 63 bytes
        8: no role can have a name in which /^$ is found; take it out, or correct the expression; names have 1 to 63 bytes
        9: no client's name is ""; take it out, or write an address, or all where everybody is meant
        10: the empty name is no role's; take it out, or write a name, or all where everybody is meant
        "#);
        let nowhere = Site {
            interfaces: Some(Vec::new()),
        };
        insta::assert_snapshot!(advised("host all all samenet md5\n", &nowhere), @"1: the server has no interface for samenet (with the networks that the server is in today); take it out, or write the networks that are meant");
    }

    #[test]
    fn what_others_hide_may_be_moved() {
        let set = "host all all all md5\nhost all amy all md5\n";
        let files = BTreeMap::from([("/h".to_string(), set.as_bytes().to_vec())]);
        let set = RuleSet::read(&files, "/h", Version::V16).unwrap();
        let said = crate::lint::rules(&files, &set, &Site::default());
        assert_eq!(
            said[0].help(),
            "take it out, or move it before the rules that hide it"
        );
    }
}
