//! Whose outcome differs between two lists of rules, in words and as JSON: by which rule it was decided, by which it is, and a
//! connection that shows it.

use std::fmt::Write as _;

use pg_config::hba::{
    Change, Changes, Connection, HostName, RuleSet, Site, Transport, changes_within,
};
use serde_json::{Value, json};

use super::words;
use crate::command::edit::Edits;
use crate::failure::escape_name;
use crate::output::{HEAD, Output, styled};

/// The differences between two lists.
pub(super) struct Outcomes<'a> {
    before: &'a RuleSet,
    after: &'a RuleSet,
    changes: Changes,
}

impl<'a> Outcomes<'a> {
    /// Compares them.
    pub(super) fn between(before: &'a RuleSet, after: &'a RuleSet, site: &Site) -> Self {
        Self::within(limit(before, after), before, after, site)
    }

    /// Compares no more pairs of rules than these.
    fn within(limit: usize, before: &'a RuleSet, after: &'a RuleSet, site: &Site) -> Self {
        Self {
            before,
            after,
            changes: changes_within(before, after, site, limit),
        }
    }

    /// Says them of an edit: exactly these connections go another way.
    pub(super) fn of_edit(&self, edits: &mut Edits<'_>, output: &Output) {
        let words = match self.changes.found.is_empty() {
            true if self.is_empty() => "nobody's outcome changes\n".to_owned(),
            true => "no change of anybody's outcome was found\n".to_owned(),
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
        if let Some(text) = self.not_compared() {
            edits.note("not-compared", text);
        }
    }

    /// Whether both surely mean the same.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_none()
    }

    /// The same, and none where nothing was found and not all was looked for.
    pub(super) fn are_equal(&self) -> Option<bool> {
        match self.changes.found.is_empty() {
            true => self.is_empty().then_some(true),
            false => Some(false),
        }
    }

    /// What was left out of the comparison, if it was too much.
    pub(super) fn not_compared(&self) -> Option<String> {
        let open = |set: &RuleSet, open: &[usize]| {
            let first = set.rules.get(*open.first()?)?;
            let last = set.rules.get(*open.last()?)?;
            Some(match open.len() {
                1 => words::place(first),
                count => format!(
                    "{count} rules from {} to {}",
                    words::place(first),
                    words::place(last)
                ),
            })
        };
        let before = open(self.before, &self.changes.before_open);
        let after = open(self.after, &self.changes.after_open);
        let open: Vec<String> = before
            .map(|rules| format!("{rules} before"))
            .into_iter()
            .chain(after.map(|rules| format!("{rules} after")))
            .collect();
        (!open.is_empty()).then(|| {
            format!(
                "too many rules have to do with each other, and not all are compared: what is missing is decided by {}",
                open.join(", or by ")
            )
        })
    }

    /// The same as JSON: the rules of either list.
    pub(super) fn not_compared_document(&self) -> Value {
        let places = |set: &RuleSet, open: &[usize]| -> Vec<Value> {
            let rules = open.iter().filter_map(|rule| set.rules.get(*rule));
            rules
                .map(|at| json!({ "file": &*at.file, "line": at.rule.line }))
                .collect()
        };
        json!({
            "before": places(self.before, &self.changes.before_open),
            "after": places(self.after, &self.changes.after_open),
        })
    }

    /// Whether some outcome surely differs.
    pub(super) fn is_certain(&self) -> bool {
        self.changes.found.iter().any(|change| change.certain)
    }

    /// In words, three lines a change, for the first ones or all.
    pub(super) fn words(&self, all: bool) -> String {
        self.words_of(all, |_| true)
    }

    /// The same for some of the changes.
    pub(super) fn words_of(&self, all: bool, of: impl Fn(&Change) -> bool) -> String {
        let mut text = String::new();
        let changes: Vec<_> = self
            .changes
            .found
            .iter()
            .filter(|change| of(change))
            .collect();
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
        let changes = self.changes.found.iter().map(|change| {
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

/// How many comparisons of two rules are made at most: enough for each pair of some five hundred, and for ten neighbours, twice, of
/// each of many.
fn limit(before: &RuleSet, after: &RuleSet) -> usize {
    300_000.max(20 * (before.rules.len() + after.rules.len()))
}

/// How many changes are shown at most unless all are asked for.
const MOST: usize = 10;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pg_config::Version;

    use super::*;

    #[test]
    fn what_is_not_compared_is_never_said_to_be_equal() {
        let set = |file: &str, method: &str| {
            let rules: String = (0..9)
                .map(|n| format!("host all +g{n} all {method}\n"))
                .collect();
            RuleSet::of_bytes(&BTreeMap::new(), file, rules.as_bytes(), Version::V17)
        };
        let (old, new) = (set("old", "md5"), set("new", "trust"));
        let site = Site::default();
        let [none, some, all] = [0, 4, 100].map(|limit| Outcomes::within(limit, &old, &new, &site));
        assert_eq!(all.not_compared(), None);
        assert_eq!(
            [none.are_equal(), some.are_equal(), all.are_equal()],
            [None, Some(false), Some(false)]
        );
        assert_eq!(
            Outcomes::within(0, &old, &old, &site).are_equal(),
            Some(true)
        );
        assert!(!none.is_empty() && !none.is_certain() && some.is_certain());
        insta::assert_snapshot!(none.not_compared().unwrap(), @"too many rules have to do with each other, and not all are compared: what is missing is decided by 9 rules from old:1 to old:9 before, or by 9 rules from new:1 to new:9 after");
        insta::assert_snapshot!(some.not_compared().unwrap(), @"too many rules have to do with each other, and not all are compared: what is missing is decided by 7 rules from old:3 to old:9 before, or by 9 rules from new:1 to new:9 after");
        insta::assert_snapshot!(some.not_compared_document()["before"].to_string(), @r#"[{"file":"old","line":3},{"file":"old","line":4},{"file":"old","line":5},{"file":"old","line":6},{"file":"old","line":7},{"file":"old","line":8},{"file":"old","line":9}]"#);
    }
}
