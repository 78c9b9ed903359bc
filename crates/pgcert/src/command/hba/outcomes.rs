//! Whose outcome differs between two lists of rules, in words and as JSON: by which rule it was decided, by which it is, and a
//! connection that shows it.

use std::fmt::Write as _;

use pg_config::hba::{Change, Connection, HostName, RuleSet, Site, Transport, changes};
use serde_json::{Value, json};

use super::words;
use crate::command::edit::Edits;
use crate::failure::escape_name;
use crate::output::{HEAD, Output, styled};

/// The differences between two lists.
pub(super) struct Outcomes<'a> {
    before: &'a RuleSet,
    after: &'a RuleSet,
    changes: Vec<Change>,
}

impl<'a> Outcomes<'a> {
    /// Compares them.
    pub(super) fn between(before: &'a RuleSet, after: &'a RuleSet, site: &Site) -> Self {
        Self {
            before,
            after,
            changes: changes(before, after, site),
        }
    }

    /// Says them of an edit: exactly these connections go another way.
    pub(super) fn of_edit(&self, edits: &mut Edits<'_>, output: &Output) {
        let words = match self.is_empty() {
            true => "nobody's outcome changes\n".to_owned(),
            false => format!(
                "{}\n{}",
                styled(
                    HEAD,
                    "whose outcome changes (from: line numbers before the edit, to: after it)"
                ),
                self.words(output.verbose())
            ),
        };
        edits.means(words, "outcomes", self.document());
    }

    /// Whether both mean the same.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether some outcome surely differs.
    pub(super) fn is_certain(&self) -> bool {
        self.changes.iter().any(|change| change.certain)
    }

    /// In words, three lines a change, for the first ones or all.
    pub(super) fn words(&self, all: bool) -> String {
        self.words_of(all, |_| true)
    }

    /// The same for some of the changes.
    pub(super) fn words_of(&self, all: bool, of: impl Fn(&Change) -> bool) -> String {
        let mut text = String::new();
        let changes: Vec<_> = self.changes.iter().filter(|change| of(change)).collect();
        let shown = if all { changes.len() } else { MOST };
        for change in changes.iter().take(shown) {
            let perhaps = if change.certain { "" } else { "perhaps " };
            let _ = write!(
                text,
                "  {perhaps}from {}\n    to {}\n",
                rule(self.before, change.before),
                rule(self.after, change.after)
            );
            if let Some(example) = &change.example {
                let _ = writeln!(text, "    such as {}", escape_name(&example.assumed()));
            }
        }
        if changes.len() > shown {
            let rest = changes.len() - shown;
            let _ = writeln!(text, "  and {rest} more (-v shows each)");
        }
        text
    }

    /// As JSON.
    pub(super) fn document(&self) -> Value {
        let changes = self.changes.iter().map(|change| {
            json!({
                "before": rule_document(self.before, change.before),
                "after": rule_document(self.after, change.after),
                "example": change.example.as_ref().map(connection_document),
                "certain": change.certain,
            })
        });
        changes.collect()
    }
}

/// A connection as JSON, in the keys that `explain --connections` takes.
pub(super) fn connection_document(connection: &Connection) -> Value {
    let host_name = match &connection.host_name {
        HostName::Verified(name) => Some(name.as_str()),
        _ => None,
    };
    json!({
        "user": connection.role,
        "database": (!connection.physical_replication).then_some(&connection.database),
        "from": connection.address.map(|address| address.to_string()),
        "local": connection.transport == Transport::Local,
        "tls": connection.transport == Transport::Tls,
        "gss": connection.transport == Transport::Gss,
        "replication": connection.physical_replication,
        "member_of": connection.member_of,
        "host_name": host_name,
        "no_host_name": connection.host_name == HostName::Unverified,
    })
}

fn rule(set: &RuleSet, index: Option<usize>) -> String {
    match index.and_then(|index| set.rules.get(index)) {
        Some(at) => format!("{}: {}", words::place(at), words::line(&at.rule)),
        None => "no rule: refused".to_owned(),
    }
}

fn rule_document(set: &RuleSet, index: Option<usize>) -> Value {
    let at = index.and_then(|index| set.rules.get(index));
    at.map_or(Value::Null, words::document)
}

/// How many changes are shown at most unless all are asked for.
const MOST: usize = 10;
