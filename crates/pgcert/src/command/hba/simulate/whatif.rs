//! What would happen if: the rules as they would be after a step that many think of, who is refused by them, and who is asked for
//! something else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pg_config::hba::{Change, ConnType, Connection, Decision, Method, Rule, RuleSet, Site, decide};
use serde_json::{Value, json};

use crate::args::Step;
use crate::command::hba::outcomes::Outcomes;
use crate::failure::escape_name;
use crate::output::{BAD, HEAD, Output, WARN, styled};

/// The rules after these steps. Lines keep their numbers.
pub(super) fn after(set: &RuleSet, steps: &[Step]) -> RuleSet {
    let mut after = set.clone();
    for at in &mut after.rules {
        for step in steps {
            take(*step, &mut at.rule);
        }
    }
    after
}

fn take(step: Step, rule: &mut Rule) {
    match step {
        Step::HostToHostssl => {
            if rule.kind == ConnType::Host {
                rule.kind = ConnType::HostSsl;
            }
        }
        Step::Md5ToScram => {
            if rule.method == Method::Md5 {
                rule.method = Method::ScramSha256;
            }
        }
        Step::PasswordsToCert => {
            if !matches!(
                rule.method,
                Method::Md5 | Method::ScramSha256 | Method::Password
            ) {
                return;
            }
            match rule.kind {
                // The kernel knows who is at a socket, and there is no TLS on it.
                ConnType::Local => {}
                // No certificate comes without TLS.
                ConnType::HostNoSsl | ConnType::HostGssEnc => rule.method = Method::Reject,
                ConnType::Host | ConnType::HostNoGssEnc | ConnType::HostSsl => {
                    rule.kind = ConnType::HostSsl;
                    rule.method = Method::Cert;
                }
            }
        }
    }
}

/// What the steps do to everybody, and to those that a log has seen.
pub(super) struct WhatIf<'a> {
    before: &'a RuleSet,
    after: &'a RuleSet,
    outcomes: Outcomes<'a>,
    /// Those that were let in: refused then, perhaps refused, asked for something else, as before.
    pub(super) seen: Seen,
}

/// How logins that were let in would end.
#[derive(Default)]
pub(super) struct Seen {
    refused: BTreeMap<String, u64>,
    otherwise: BTreeMap<String, u64>,
    perhaps: BTreeMap<String, u64>,
    same: u64,
    /// Of which the log tells too little.
    pub(super) untold: u64,
}

impl<'a> WhatIf<'a> {
    /// Between the rules as they are and as they would be.
    pub(super) fn new(before: &'a RuleSet, after: &'a RuleSet, site: &Site) -> Self {
        Self {
            before,
            after,
            outcomes: Outcomes::between(before, after, site),
            seen: Seen::default(),
        }
    }

    /// Puts a login that was let in to the new rules.
    pub(super) fn put(&mut self, connection: &Connection, site: &Site, times: u64) {
        let who = connection.to_string();
        let was = decide(self.before, connection, site);
        let will_be = decide(self.after, connection, site);
        let refuses = |rule: &usize| self.after.rules[*rule].rule.method == Method::Reject;
        let same = |rule: &usize| {
            let after = &self.after.rules[*rule].rule;
            self.before.rules[*rule].rule.decides_like(after)
        };
        let seen = &mut self.seen;
        let was_refused = match &was {
            Decision::NoRule => true,
            Decision::Rule(rule) => self.before.rules[*rule].rule.method == Method::Reject,
            Decision::May { .. } => false,
        };
        // It got in, by rules that were others then.
        if was_refused {
            seen.untold += times;
            return;
        }
        let into = match (&was, &will_be) {
            (_, Decision::NoRule) => &mut seen.refused,
            (_, Decision::Rule(rule)) if refuses(rule) => &mut seen.refused,
            (Decision::Rule(was), Decision::Rule(rule)) => {
                let after = &self.after.rules[*rule].rule;
                if self.before.rules[*was].rule.decides_like(after) {
                    seen.same += times;
                    return;
                }
                let who = format!("{who}: asked by {} then", after.method);
                *seen.otherwise.entry(who).or_default() += times;
                return;
            }
            // Whichever of them it is: lines keep their indexes.
            (was @ Decision::May { rules, .. }, will_be)
                if was == will_be && rules.iter().all(same) =>
            {
                seen.same += times;
                return;
            }
            _ => &mut seen.perhaps,
        };
        *into.entry(who).or_default() += times;
    }

    /// In words.
    pub(super) fn words(&self, all: bool, with_log: bool) -> String {
        let mut text = String::new();
        let refused = |change: &Change| self.is_refused(change);
        let mut section = |title: String, changes: String| {
            if !changes.is_empty() {
                let _ = write!(text, "{title}\n{changes}");
            }
        };
        section(
            styled(BAD, "refused then"),
            self.outcomes.words_of(all, refused),
        );
        section(
            styled(HEAD, "decided otherwise then"),
            self.outcomes.words_of(all, |change| !refused(change)),
        );
        if self.outcomes.is_empty() {
            text.push_str("nobody's outcome changes\n");
        }
        if let Some(not_compared) = self.outcomes.not_compared() {
            let _ = writeln!(text, "{not_compared}");
        }
        if with_log {
            let mut list = |title: String, seen: &BTreeMap<String, u64>| {
                if !seen.is_empty() {
                    let _ = writeln!(text, "{title}");
                    for (who, times) in seen {
                        let _ = writeln!(text, "  {times} x {}", escape_name(who));
                    }
                }
            };
            list(
                styled(BAD, "of the logins in the log, refused then"),
                &self.seen.refused,
            );
            list(
                styled(
                    WARN,
                    "not sure: a membership, a network or a name is not known",
                ),
                &self.seen.perhaps,
            );
            list(
                styled(HEAD, "asked for something else"),
                &self.seen.otherwise,
            );
            let _ = writeln!(text, "as before: {} logins of the log", self.seen.same);
        }
        text
    }

    /// What the steps need besides.
    pub(super) fn notes(&self, steps: &[Step], output: &mut Output) {
        if self.seen.untold > 0 {
            output.note(&format!(
                "{} more logins are not counted: the log does not tell enough of them, or the rules were others then",
                self.seen.untold
            ));
        }
        let pairs = || self.before.rules.iter().zip(&self.after.rules);
        let is_made =
            |method| pairs().any(|(was, is)| was.rule.method != method && is.rule.method == method);
        for step in steps {
            match step {
                Step::Md5ToScram if is_made(Method::ScramSha256) => output.note(
                    "scram-sha-256 refuses roles whose password is stored as an MD5 hash: SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'md5%'",
                ),
                Step::PasswordsToCert if is_made(Method::Cert) => output.note(
                    "each of these roles needs a certificate in its name: pgcert issue client ROLE; rules for the Unix socket keep their passwords",
                ),
                Step::HostToHostssl | Step::Md5ToScram | Step::PasswordsToCert => {}
            }
        }
    }

    /// As JSON.
    pub(super) fn document(&self) -> Value {
        json!({
            "outcomes": self.outcomes.document(),
            "not_compared": self.outcomes.not_compared_document(),
            "seen": {
                "refused": self.seen.refused,
                "perhaps": self.seen.perhaps,
                "otherwise": self.seen.otherwise,
                "same": self.seen.same,
                "untold": self.seen.untold,
            },
        })
    }

    fn is_refused(&self, change: &Change) -> bool {
        change
            .after
            .is_none_or(|rule| self.after.rules[rule].rule.method == Method::Reject)
    }
}
