//! Why it cannot be told from here whether a rule matches, in words: what would have to be so.

use pg_config::hba::{Address, Connection, Database, Mismatch, Rule, User, is_pattern_open};

use crate::failure::escape_name;

/// What the rule matches by, as far as that is open: "bob is a member of staff".
pub(super) fn condition(rule: &Rule, field: Mismatch, connection: &Connection) -> String {
    let role = escape_name(&connection.role);
    let database = escape_name(&connection.database);
    match field {
        Mismatch::Type => "it comes that way".to_owned(),
        Mismatch::Address => {
            let from = connection.address.map(|a| a.to_string());
            let from = from.unwrap_or_else(|| "the client".to_owned());
            match &rule.address {
                Some(Address::HostName(name)) => {
                    let name = escape_name(&name.lossy());
                    match name.starts_with('.') {
                        true => format!("{from} has a host name that ends in {name}"),
                        false => format!("{from} has the host name {name}"),
                    }
                }
                Some(Address::SameHost) => format!("{from} is an address of the server"),
                _ => format!("{from} is in a network of the server"),
            }
        }
        Mismatch::Database => any(rule.databases.iter().filter_map(|word| match word {
            Database::SameRole | Database::SameGroup => {
                Some(format!("{role} is a member of {database}"))
            }
            Database::Regex(pattern) if is_pattern_open(pattern) => Some(format!(
                "{database} matches /{}",
                escape_name(&pattern.lossy())
            )),
            _ => None,
        })),
        Mismatch::User => any(rule.users.iter().filter_map(|word| match word {
            User::Group(group) => Some(format!(
                "{role} is a member of {}",
                escape_name(&group.lossy())
            )),
            User::Regex(pattern) if is_pattern_open(pattern) => {
                Some(format!("{role} matches /{}", escape_name(&pattern.lossy())))
            }
            _ => None,
        })),
    }
}

/// What to say to know more; none where nothing helps.
pub(super) fn remedy(rule: &Rule, field: Mismatch) -> Option<&'static str> {
    let members = || {
        let database = |word: &Database| matches!(word, Database::SameRole | Database::SameGroup);
        match field {
            Mismatch::Database => rule.databases.iter().any(database),
            _ => rule.users.iter().any(|word| matches!(word, User::Group(_))),
        }
    };
    match (field, &rule.address) {
        (Mismatch::Address, Some(Address::HostName(_))) => Some(HOST_NAME),
        (Mismatch::Address, _) => Some(NETWORKS),
        (Mismatch::Database | Mismatch::User, _) if members() => Some(MEMBERS),
        _ => None,
    }
}

fn any(conditions: impl Iterator<Item = String>) -> String {
    let all: Vec<_> = conditions.collect();
    match &all[..] {
        [one] => one.clone(),
        _ => format!("({})", all.join(" or ")),
    }
}

const HOST_NAME: &str =
    "--host-name NAME or --no-host-name says what name the server finds for the client's address";
const NETWORKS: &str = "--cluster or --data-dir says which server's networks are meant";
const MEMBERS: &str = "--member-of ROLE or --no-groups says whose member the role is; with --cluster or --data-dir the server is asked";
