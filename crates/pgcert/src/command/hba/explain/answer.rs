//! The answer for one connection: which rule decides, which were passed over, in words and as JSON.

use std::fmt::Write as _;

use pg_config::hba::{
    Connection, Decision, Match, Mismatch, Rule, RuleInFile, RuleSet, Site, Transport, open_fields,
    tried,
};
use serde_json::{Value, json};

use super::Explained;
use super::asked::Asked;
use super::next::Next;
use super::open::{condition, remedy};
use crate::command::hba::outcomes::connection_document;
use crate::command::hba::words;
use crate::failure::escape_name;
use crate::output::{BAD, GOOD, HEAD, WARN, styled};

/// The answer.
pub(super) struct Answer<'a> {
    connection: &'a Connection,
    missing_roles: Option<&'a [String]>,
    explained: &'a Explained<'a>,
    decision: Decision,
    /// The rules before the last one that may decide, and the field that keeps each from it.
    passed_over: Vec<(usize, Mismatch)>,
    /// What has to be so for each of the rules that may decide, in their order, and what to say to know it.
    open: Vec<(String, Option<&'static str>)>,
}

impl<'a> Answer<'a> {
    /// What decides this connection.
    pub(super) fn to(asked: &'a Asked, explained: &'a Explained<'a>, site: &Site) -> Self {
        let connection = &asked.connection;
        let set = explained.set;
        let answers: Vec<_> = tried(set, connection, site).collect();
        let passed_over = answers.iter().filter_map(|(index, answer)| match answer {
            Match::No(field) => Some((*index, *field)),
            Match::May(_) | Match::Yes => None,
        });
        let open = answers.iter().filter_map(|(index, answer)| match answer {
            Match::May(_) => Some(conditions(&set.rules[*index].rule, connection, site)),
            Match::No(_) | Match::Yes => None,
        });
        Self {
            connection,
            missing_roles: asked.missing_roles.as_deref(),
            explained,
            passed_over: passed_over.collect(),
            open: open.collect(),
            decision: answers.into_iter().collect(),
        }
    }

    /// In words.
    pub(super) fn words(&self) -> String {
        let mut text = format!(
            "{}\n",
            styled(HEAD, &escape_name(&self.connection.to_string()))
        );
        match &self.decision {
            Decision::Rule(rule) => {
                let at = self.at(*rule);
                let decided = styled(GOOD, "decided by");
                let _ = writeln!(
                    text,
                    "{decided} {}: {}",
                    words::place(at),
                    words::line(&at.rule)
                );
            }
            Decision::NoRule => {
                let _ = writeln!(
                    text,
                    "{}: no rule matches (\"no pg_hba.conf entry\")",
                    styled(BAD, "refused")
                );
            }
            Decision::May { rules, none } => self.candidates(rules, *none, &mut text),
        }
        self.passed(&mut text);
        if let Some(next) = self.next() {
            text.push_str("then\n");
            for line in next.words() {
                let _ = writeln!(text, "  {line}");
            }
        }
        text
    }

    /// What comes after the rule that decides.
    fn next(&self) -> Option<Next<'a>> {
        let Decision::Rule(rule) = self.decision else {
            return None;
        };
        let rule = &self.at(rule).rule;
        Some(Next::after(rule, self.connection, self.explained.maps))
    }

    /// Whether it goes through a map of a file that the server refuses.
    pub(super) fn needs_refused_map(&self) -> bool {
        self.next().is_some_and(|next| next.is_refused())
    }

    fn candidates(&self, rules: &[usize], none: bool, text: &mut String) {
        let _ = writeln!(
            text,
            "{}: what decides it depends on what is not known here",
            styled(WARN, "not sure")
        );
        for (at, rule) in rules.iter().enumerate() {
            let rule = self.at(*rule);
            let when = match self.open.get(at) {
                Some((condition, _)) => format!("if {condition}"),
                None => "otherwise".to_owned(),
            };
            let _ = writeln!(
                text,
                "  {}: {}\n    {when}",
                words::place(rule),
                words::line(&rule.rule)
            );
        }
        if none {
            text.push_str("  no rule: refused\n    otherwise\n");
        }
    }

    /// The rules that were passed over; long runs of neighbours as one, unless all are asked for.
    fn passed(&self, text: &mut String) {
        if self.passed_over.is_empty() {
            return;
        }
        let _ = writeln!(text, "passed over");
        let all = self.explained.verbose;
        let mut runs = runs(&self.passed_over, self.set());
        if all {
            runs = runs.iter().flat_map(|run| run.chunks(1)).collect();
        }
        let shown = if all {
            runs.len()
        } else {
            runs.len().min(MOST)
        };
        for run in &runs[..shown] {
            let _ = writeln!(text, "  {}", self.run(run));
        }
        let rest: usize = runs[shown..].iter().map(|run| run.len()).sum();
        if rest > 0 {
            let _ = writeln!(text, "  and {rest} more (-v shows each)");
        }
    }

    /// A run: rules of one file next to each other, passed over for the same field.
    fn run(&self, run: &[(usize, Mismatch)]) -> String {
        let (Some((first, field)), Some((last, _))) = (run.first(), run.last()) else {
            return String::new();
        };
        let (first, last) = (self.at(*first), self.at(*last));
        let why = self.why(*field, run.len() > 1);
        match run.len() {
            1 => format!(
                "{}: {}: {why}",
                words::place(first),
                words::line(&first.rule)
            ),
            count => format!(
                "{} to {}: {count} rules, {why}",
                words::place(first),
                last.rule.line
            ),
        }
    }

    fn why(&self, field: Mismatch, many: bool) -> String {
        let (one, more) = match field {
            Mismatch::Type => {
                let way = match self.connection.transport {
                    Transport::Local => "for connections over the Unix socket",
                    Transport::Plain => "for connections in clear",
                    Transport::Tls => "for connections with TLS",
                    Transport::Gss => "for connections with GSS encryption",
                };
                return match many {
                    true => format!("none {way}"),
                    false => format!("not {way}"),
                };
            }
            Mismatch::Address => ("another address", "other addresses"),
            Mismatch::Database if self.connection.physical_replication => (
                "not for physical replication",
                "none for physical replication",
            ),
            Mismatch::Database => ("another database", "other databases"),
            Mismatch::User => ("another role", "other roles"),
        };
        if many { more } else { one }.to_owned()
    }

    /// What to say to get a sure answer.
    pub(super) fn hint(&self) -> Option<String> {
        let remedies = each_once(self.open.iter().filter_map(|(_, remedy)| *remedy));
        (!remedies.is_empty()).then(|| remedies.join("; "))
    }

    /// As JSON.
    pub(super) fn document(&self) -> Value {
        let (outcome, rule, candidates, none) = match &self.decision {
            Decision::Rule(rule) => ("rule", Some(*rule), &[][..], false),
            Decision::NoRule => ("no-rule", None, &[][..], true),
            Decision::May { rules, none } => ("may", None, &rules[..], *none),
        };
        let candidates = candidates.iter().enumerate().map(|(at, index)| {
            let mut document = words::document(self.at(*index));
            if let Some(object) = document.as_object_mut() {
                let condition = self.open.get(at).map(|(condition, _)| condition.as_str());
                object.insert("if".to_owned(), condition.into());
            }
            document
        });
        let passed_over = self.passed_over.iter().map(|(index, field)| {
            let at = self.at(*index);
            json!({ "file": &*at.file, "line": at.rule.line, "field": field.as_str() })
        });
        json!({
            "connection": connection_document(self.connection),
            "missing_roles": self.missing_roles,
            "outcome": outcome,
            "rule": rule.map(|rule| words::document(self.at(rule))),
            "candidates": candidates.collect::<Vec<_>>(),
            "no_rule_possible": none,
            "passed_over": passed_over.collect::<Vec<_>>(),
            "next": self.next().map(|next| next.document()),
            "loadable": self.set().is_loadable(),
        })
    }

    /// A row of a table: the rule, the method, the connection.
    pub(super) fn row(&self) -> [String; 3] {
        let (rule, method) = match &self.decision {
            Decision::Rule(rule) => {
                let at = self.at(*rule);
                (words::place(at), at.rule.method.to_string())
            }
            Decision::NoRule => ("none".to_owned(), "refused".to_owned()),
            Decision::May { rules, none } => {
                let places = rules.iter().map(|rule| words::place(self.at(*rule)));
                let methods = rules
                    .iter()
                    .map(|rule| self.at(*rule).rule.method.to_string());
                let either = |all: Vec<String>, nobody: &str| {
                    let nobody = none.then(|| nobody.to_owned());
                    each_once(all.into_iter().chain(nobody)).join(" or ")
                };
                (
                    either(places.collect(), "none"),
                    either(methods.collect(), "refused"),
                )
            }
        };
        [rule, method, escape_name(&self.connection.to_string())]
    }

    fn set(&self) -> &'a RuleSet {
        self.explained.set
    }

    fn at(&self, rule: usize) -> &'a RuleInFile {
        &self.explained.set.rules[rule]
    }
}

/// What has to be so for the rule to match, and what to say to know it.
fn conditions(rule: &Rule, connection: &Connection, site: &Site) -> (String, Option<&'static str>) {
    let fields = open_fields(rule, connection, site);
    let said: Vec<_> = fields
        .iter()
        .map(|field| condition(rule, *field, connection))
        .collect();
    let remedy = fields.iter().find_map(|field| remedy(rule, *field));
    (said.join(" and "), remedy)
}

/// Each once, where it comes first.
fn each_once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for one in all {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

/// Neighbours in one file that were passed over for the same field.
fn runs<'p>(passed: &'p [(usize, Mismatch)], set: &RuleSet) -> Vec<&'p [(usize, Mismatch)]> {
    let together = |(a, x): &(usize, Mismatch), (b, y): &(usize, Mismatch)| {
        x == y && a + 1 == *b && set.rules[*a].file == set.rules[*b].file
    };
    passed.chunk_by(together).collect()
}

/// How many runs are shown at most unless all are asked for.
const MOST: usize = 20;
