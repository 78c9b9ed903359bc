//! What is worth saying about rules because of the others: those that can never match, those without which nothing changes,
//! demands for a certificate that an earlier rule lets everybody evade, and refusals that leave a way in.

mod networks;
mod reject;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::report::Report;
use super::{Finding, Place};
use crate::hba::{
    ClientCert, Connection, Decision, Located, Match, Method, Reach, RuleSet, Site, Transport,
    decide, matches, reach, without_effect,
};
use crate::resolve::Files;

/// What the rules say about each other; nothing where the server would refuse one of them. That a rule can never match is
/// exact ([`reach`]).
///
/// Rules without effect are looked for as [`without_effect`] does; evaded certificates and partial refusals until ten million
/// comparisons are made.
///
/// `samehost` and `samenet` are asked for anew with each connection (`hba.c`, `check_same_host_or_net`): what never matches or has no
/// effect only with the interfaces of `site` is said to be so today. Evaded certificates and partial refusals are those of today.
pub fn rules(files: &dyn Files, set: &RuleSet, site: &Site) -> Vec<Finding> {
    if !set.is_loadable() {
        return Vec::new();
    }
    let reached = reach(set, site);
    let mut found = Found {
        set,
        site,
        patience: [COMPARISONS; 3],
        messages: Vec::new(),
    };
    let elsewhere = networks::matter(set, site).then(Site::default);
    let always = elsewhere.as_ref().map(|elsewhere| reach(set, elsewhere));
    for (rule, reach) in reached.iter().enumerate() {
        if let Reach::Never { hidden_by } = reach {
            let never = |reached: &Vec<Reach>| matches!(reached[rule], Reach::Never { .. });
            let always = always.as_ref().is_none_or(never);
            found.never(rule, hidden_by, always);
        }
    }
    found.certificates(&reached);
    found.rejects(&reached);
    found.idle(&reached, elsewhere.as_ref());
    found.networks();
    found.finish(files)
}

/// What is found, on its way.
struct Found<'a> {
    set: &'a RuleSet,
    site: &'a Site,
    /// How many rules may still be tried, to find evaded certificates, to say who decides a sample, and to find ways around a
    /// reject.
    patience: [usize; 3],
    messages: Vec<Message>,
}

/// A finding about a rule.
struct Message {
    rule: usize,
    code: &'static str,
    text: String,
    hidden_by: Vec<Place>,
}

impl Found<'_> {
    /// A rule that can never match, and a connection that it is for, which goes elsewhere. `always`: whatever networks the server
    /// is in.
    fn never(&mut self, rule: usize, hidden_by: &[usize], always: bool) {
        let places: Vec<Place> = hidden_by.iter().map(|by| self.place(*by)).collect();
        if places.is_empty() {
            let text = "never matches: there is no connection that it is for".into();
            self.say(rule, "hba-never-matches", text, places);
            return;
        }
        let at = &self.set.rules[rule];
        let mut text = format!(
            "never matches: {} take{} all that it is for",
            self.listed(hidden_by, at),
            if hidden_by.len() == 1 { "s" } else { "" }
        );
        if let Some(example) = alone(self.set, at, self.site) {
            let _ = write!(text, ", such as {}", example.assumed());
            if let Some(by) = self.decider(&example, rule) {
                let _ = write!(text, " by {}", self.listed(&[by], at));
            }
        }
        text.push_str(if always { "" } else { TODAY });
        self.say(rule, "hba-never-matches", text, places);
    }

    /// Which rule before this one decides a connection, as long as there is time to look.
    fn decider(&mut self, connection: &Connection, before: usize) -> Option<usize> {
        self.patience[1] = self.patience[1].checked_sub(before)?;
        let earlier = self.set.rules[..before].iter();
        let mut answers = earlier.map(|at| matches(&at.rule, connection, self.site));
        let first = answers.position(|answer| !matches!(answer, Match::No(_)))?;
        let surely = matches(&self.set.rules[first].rule, connection, self.site) == Match::Yes;
        surely.then_some(first)
    }

    /// Rules that demand a certificate, and an earlier one by which whoever they are for gets in without, with TLS or in
    /// clear, be it from some addresses only. (An earlier rule for some of their roles or databases is an exception.)
    fn certificates(&mut self, reached: &[Reach]) {
        for (rule, at) in self.set.rules.iter().enumerate() {
            let demands = at.rule.client_cert() != ClientCert::Off;
            if !demands || at.rule.method == Method::Reject {
                continue;
            }
            let (Reach::Decides(example), Some(anybody)) =
                (&reached[rule], alone(self.set, at, self.site))
            else {
                continue;
            };
            self.patience[0] = match self.patience[0].checked_sub(rule + 1) {
                Some(left) => left,
                None => return,
            };
            let evades = |by: usize| self.evades(by, &reached[by], example, &anybody, at);
            let Some((by, connection)) =
                (0..rule).find_map(|by| evades(by).map(|connection| (by, connection)))
            else {
                continue;
            };
            let line = self.listed(&[by], at);
            let method = self.set.rules[by].rule.method;
            let text = format!(
                "asks for a certificate that an earlier rule does without: {} gets in by {line} ({method})",
                connection.assumed()
            );
            self.say(rule, "hba-optional-certificate", text, Vec::new());
        }
    }

    /// A connection that gets in without a certificate by the rule `by`, and is one of those that `at` asks for one, or
    /// would be with TLS.
    fn evades(
        &self,
        by: usize,
        reached: &Reach,
        example: &Connection,
        anybody: &Connection,
        at: &Located,
    ) -> Option<Connection> {
        let rule = &self.set.rules[by].rule;
        let (false, Reach::Decides(own)) = (rule.keeps_its_say(), reached) else {
            return None;
        };
        let in_clear = Connection {
            transport: Transport::Plain,
            ..example.clone()
        };
        let elsewhere = Connection {
            address: own.address,
            ..anybody.clone()
        };
        let mut tried = [in_clear, anybody.clone(), elsewhere].into_iter();
        tried.find(|connection| {
            let with_tls = Connection {
                transport: Transport::Tls,
                ..connection.clone()
            };
            matches(rule, connection, self.site) == Match::Yes
                && matches(&at.rule, &with_tls, self.site) == Match::Yes
                && decide(self.set, connection, self.site) == Decision::Rule(by)
        })
    }

    /// Rules without which everybody would be decided in the same way by later ones; on another machine perhaps not.
    fn idle(&mut self, reached: &[Reach], elsewhere: Option<&Site>) {
        let always = elsewhere.map(|elsewhere| without_effect(self.set, elsewhere));
        for found in without_effect(self.set, self.site) {
            let Some(Reach::Decides(example)) = reached.get(found.rule) else {
                continue;
            };
            let lines = self.listed(&found.instead, &self.set.rules[found.rule]);
            let always = always
                .as_ref()
                .is_none_or(|all| all.iter().any(|one| one.rule == found.rule));
            let today = if always { "" } else { TODAY };
            let text = format!(
                "has no effect: without it {lines} would decide the same connections in the same way, such as {}{today}",
                example.assumed()
            );
            self.say(found.rule, "hba-no-effect", text, Vec::new());
        }
    }

    fn say(&mut self, rule: usize, code: &'static str, text: String, hidden_by: Vec<Place>) {
        self.messages.push(Message {
            rule,
            code,
            text,
            hidden_by,
        });
    }

    fn place(&self, rule: usize) -> Place {
        let at = &self.set.rules[rule];
        Place {
            file: at.file.to_string(),
            line: at.rule.line,
        }
    }

    /// Lines in words, with their files where those are not the one that is spoken of.
    fn listed(&self, rules: &[usize], of: &Located) -> String {
        let one = |rule: &usize| {
            let at = &self.set.rules[*rule];
            match Arc::ptr_eq(&at.file, &of.file) || at.file == of.file {
                true => at.rule.line.to_string(),
                false => format!("{}:{}", at.file, at.rule.line),
            }
        };
        let shown: Vec<_> = rules.iter().take(SHOWN).map(one).collect();
        let word = if rules.len() == 1 { "line" } else { "lines" };
        match rules.len() - shown.len() {
            0 => format!("{word} {}", shown.join(", ")),
            more => format!("{word} {} and {more} more", shown.join(", ")),
        }
    }

    fn finish(self, files: &dyn Files) -> Vec<Finding> {
        let mut by_file: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
        let mut order: Vec<&str> = Vec::new();
        for message in &self.messages {
            let file = &*self.set.rules[message.rule].file;
            let known = by_file.entry(file).or_insert_with(|| {
                order.push(file);
                Vec::new()
            });
            known.push(message);
        }
        let mut findings = Vec::new();
        for file in order {
            let bytes = files.read(file).unwrap_or_default();
            let mut report = Report::new(file, &bytes);
            for message in by_file.remove(file).unwrap_or_default() {
                let at = &self.set.rules[message.rule];
                report.at(message.code, at.rule.span.start, message.text.as_str());
                report.hidden_by(message.hidden_by.clone());
            }
            findings.extend(report.finish());
        }
        findings
    }
}

/// A connection that the rule would decide if it stood alone.
fn alone(set: &RuleSet, at: &Located, site: &Site) -> Option<Connection> {
    let alone = RuleSet {
        version: set.version,
        file: set.file.clone(),
        rules: alloc::vec![at.clone()],
        errors: Vec::new(),
    };
    match reach(&alone, site).pop()? {
        Reach::Decides(example) => Some(example),
        Reach::Open(example) => example,
        Reach::Never { .. } => None,
    }
}

/// How many rules are tried for each of the three searches that are bounded.
const COMPARISONS: usize = 10_000_000;
/// What is said of a finding that other interfaces would end.
const TODAY: &str = " (with the networks that the server is in today)";
/// How many lines are named in a message at most.
const SHOWN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    pub(super) fn found(text: &str) -> String {
        found_at(text, &Site::default())
    }

    pub(super) fn found_at(text: &str, site: &Site) -> String {
        let files = BTreeMap::from([("/h".to_string(), text.as_bytes().to_vec())]);
        let set = RuleSet::read(&files, "/h", Version::V16).unwrap();
        let lines = rules(&files, &set, site)
            .into_iter()
            .map(|f| format!("{f} [{}]", f.lint.code));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn rules_that_can_never_match_are_found_with_what_hides_them() {
        insta::assert_snapshot!(found("hostssl app all all md5\nhostnossl all all all reject\nlocal all all peer\nhost app amy 10.0.0.0/8 md5\n"), @r#"/h:4:1: never matches: lines 1, 2 take all that it is for, such as amy to database app from 10.0.0.1 with TLS by line 1 [hba-never-matches]"#);
        insta::assert_snapshot!(found("host all all 10.0.0.0/9 md5\nhost all all 10.128.0.0/9 trust\nhost all all 10.0.0.0/8 scram-sha-256\n"), @r#"/h:3:1: never matches: lines 1, 2 take all that it is for, such as other to database otherdb from 10.0.0.1 with TLS by line 1 [hba-never-matches]"#);
        let many: String = (0..16)
            .map(|n| format!("host all all 10.{n}.0.0/16 md5\n"))
            .collect();
        insta::assert_snapshot!(found(&format!("{many}host all +staff 10.0.0.0/12 md5\n")), @r#"/h:17:1: never matches: lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 6 more take all that it is for, such as other to database otherdb from 10.0.0.1 with TLS (a member of staff) by line 1 [hba-never-matches]"#);
        assert_eq!(
            found("host all +staff all md5\nhost all bob all trust\n"),
            ""
        );
    }

    #[test]
    fn evaded_certificates_are_found() {
        insta::assert_snapshot!(found("host all all 10.0.0.0/8 scram-sha-256\nhostssl all all all cert\n"), @r#"/h:2:1: asks for a certificate that an earlier rule does without: other to database otherdb from 10.0.0.1 with TLS gets in by line 1 (scram-sha-256) [hba-optional-certificate]"#);
        insta::assert_snapshot!(found("hostssl app all 10.1.0.0/16 md5\nhostssl app +staff 10.0.0.0/8 cert\n"), @r#"/h:2:1: asks for a certificate that an earlier rule does without: other to database app from 10.1.0.1 with TLS (a member of staff) gets in by line 1 (md5) [hba-optional-certificate]"#);
        insta::assert_snapshot!(found("hostnossl all all all md5\nhostssl all all all scram-sha-256 clientcert=verify-full\n"), @r#"/h:2:1: asks for a certificate that an earlier rule does without: other to database otherdb from 0.0.0.1 in clear gets in by line 1 (md5) [hba-optional-certificate]"#);
        // An exception for one role, a refusal, another demand, and a rule behind it.
        for other in [
            "hostssl all bob all md5\nhostssl all all all cert\n",
            "hostnossl all all all reject\nhostssl all all all cert\n",
            "hostssl all all 10.0.0.0/8 md5 clientcert=verify-full\nhostssl all all all cert\n",
            "hostssl all all all cert\nhost all all all md5\n",
        ] {
            assert_eq!(found(other), "", "{other}");
        }
    }

    #[test]
    fn rules_without_effect_are_found() {
        insta::assert_snapshot!(found("host all amy 10.0.0.0/8 md5\nhost all bob all trust\nhost all all all md5\n"), @r#"/h:1:1: has no effect: without it line 3 would decide the same connections in the same way, such as amy to database otherdb from 10.0.0.1 with TLS [hba-no-effect]"#);
        for other in [
            "host all amy 10.0.0.0/8 md5\nhost all +staff all trust\nhost all all all md5\n",
            "host all amy 10.0.0.0/8 md5\nhost all all all reject\n",
            "hostssl all amy all cert\nhostssl all all all cert map=m\n",
        ] {
            assert_eq!(found(other), "", "{other}");
        }
    }

    #[test]
    fn what_would_not_be_loaded_is_not_judged() {
        assert_eq!(
            found("host all all all md5\nhost all all all md5\nhost\n"),
            ""
        );
    }
}
