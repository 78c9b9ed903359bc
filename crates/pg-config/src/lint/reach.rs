//! What is worth saying about rules because of the others: those that can never match, those without which nothing changes,
//! demands for a certificate that an earlier rule lets everybody evade, and refusals that leave a way in.

mod certificate;
mod networks;
mod nobody;
mod reject;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::report::Report;
use super::{Finding, Place};
use crate::hba::names::Names;
use crate::hba::neighbours::{Neighbours, Patience};
use crate::hba::reach::{alone, in_turn};
use crate::hba::{
    Connection, Decision, Reach, Rule, RuleInFile, RuleSet, Site, WithoutEffect, effect,
};
use crate::resolve::Files;

/// What the rules say about each other; nothing where the server would refuse one of them. That a rule can never match is
/// exact ([`reach`](crate::hba::reach())), that one has no effect as well ([`without_effect`](crate::hba::without_effect)).
/// Where rules have so much in common that too many pairs of them would have to be compared, `hba-not-compared` says from
/// which one on rules without effect, evaded certificates or partial refusals are not looked for.
///
/// `samehost` and `samenet` are asked for anew with each connection (`hba.c`, `check_same_host_or_net`): what never matches or has no
/// effect only with the interfaces of `site` is said to be so today. Evaded certificates and partial refusals are those of today.
pub fn rules(files: &dyn Files, set: &RuleSet, site: &Site) -> Vec<Finding> {
    if !set.is_loadable() {
        return not_loaded(files, set);
    }
    let names = Names::of_set(set);
    let reached = in_turn(set, &names, site);
    let mut found = Found {
        set,
        site,
        names: &names,
        neighbours: Neighbours::of_set(set),
        looked_at_from: 0,
        messages: Vec::new(),
    };
    let elsewhere = networks::matter(set, site).then(Site::default);
    let always = elsewhere
        .as_ref()
        .map(|elsewhere| in_turn(set, &names, elsewhere));
    let mut patience = Patience::of(set);
    for (rule, reach) in reached.iter().enumerate() {
        if let Reach::Never { hidden_by } = reach {
            let never = |reached: &Vec<Reach>| matches!(reached[rule], Reach::Never { .. });
            let always = always.as_ref().is_none_or(never);
            found.never(rule, hidden_by, always, &mut patience);
        }
    }
    found.certificates(&reached);
    found.rejects(&reached);
    found.idle(&reached, elsewhere.as_ref().zip(always.as_deref()));
    found.networks();
    found.not_compared();
    found.finish(files)
}

/// That nothing is found because the server refuses all of it: where rules could be compared but for that.
fn not_loaded(files: &dyn Files, set: &RuleSet) -> Vec<Finding> {
    let Some(error) = set.errors.first().filter(|_| set.rules.len() > 1) else {
        return Vec::new();
    };
    let bytes = files.read(&error.file).unwrap_or_default();
    let mut report = Report::new(&error.file, &bytes);
    let text = "the rules are not compared with each other while a line is refused";
    report.in_line("hba-not-compared", error.line, text);
    report.advice(Some("mend what is refused, and ask again"));
    report.finish()
}

/// What is found, on its way.
struct Found<'a> {
    set: &'a RuleSet,
    site: &'a Site,
    names: &'a Names,
    neighbours: Neighbours<'a>,
    /// The first rule that every search has come to look at, from the last one on.
    looked_at_from: usize,
    messages: Vec<Message>,
}

/// A finding about a rule.
struct Message {
    rule: usize,
    code: &'static str,
    text: String,
    hidden_by: Vec<Place>,
    /// In place of what is said of its kind.
    advice: Option<&'static str>,
}

impl Found<'_> {
    /// A rule that can never match, and a connection that it is for, which goes elsewhere. `always`: whatever networks the server
    /// is in.
    fn never(&mut self, rule: usize, hidden_by: &[usize], always: bool, patience: &mut Patience) {
        let places: Vec<Place> = hidden_by.iter().map(|by| self.place(*by)).collect();
        if places.is_empty() {
            let nobody = self.nobody(&self.set.rules[rule].rule);
            let today = if always { "" } else { TODAY };
            let text = format!(
                "never matches: there is no connection that it is for: {}{today}",
                nobody.why
            );
            self.say(rule, "hba-never-matches", text, places);
            if let Some(message) = self.messages.last_mut() {
                message.advice = Some(nobody.advice);
            }
            return;
        }
        let at = &self.set.rules[rule];
        let mut text = format!(
            "never matches: {} take{} all that it is for",
            self.listed(hidden_by, at),
            if hidden_by.len() == 1 { "s" } else { "" }
        );
        if let Some(example) = self.alone(&at.rule) {
            let _ = write!(text, ", such as {}", example.assumed());
            let decision = self
                .neighbours
                .decide(|_| true, &example, self.site, patience);
            if let Ok(Decision::Rule(by)) = decision {
                let _ = write!(text, " by {}", self.listed(&[by], at));
            }
        }
        text.push_str(if always { "" } else { TODAY });
        self.say(rule, "hba-never-matches", text, places);
    }

    /// Rules without which everybody would be decided in the same way by later ones; on another machine perhaps not.
    fn idle(&mut self, reached: &[Reach], elsewhere: Option<(&Site, &[Reach])>) {
        let idle =
            |site, reached| effect::among(self.set, self.names, &self.neighbours, reached, site);
        let always = elsewhere.map(|(site, reached)| idle(site, reached));
        let today = idle(self.site, reached);
        for found in &today.rules {
            let Reach::Decides(example) = &reached[found.rule] else {
                continue;
            };
            let lines = self.listed(&found.instead, &self.set.rules[found.rule]);
            let always = always.as_ref().is_none_or(|always| {
                let rule = |found: &WithoutEffect| found.rule;
                found.rule < always.from
                    || always.rules.binary_search_by_key(&found.rule, rule).is_ok()
            });
            let today = if always { "" } else { TODAY };
            let text = format!(
                "has no effect: without it {lines} would decide the same connections in the same way, such as {}{today}",
                example.assumed()
            );
            self.say(found.rule, "hba-no-effect", text, Vec::new());
        }
        self.give_up(today.from);
    }

    /// The rules before this one are not looked at for everything.
    fn give_up(&mut self, from: usize) {
        self.looked_at_from = self.looked_at_from.max(from);
    }

    fn not_compared(&mut self) {
        if let Some(last) = self.looked_at_from.checked_sub(1) {
            let text = "rules up to here are not compared with every rule that they may have to do with: there are too many";
            self.say(last, "hba-not-compared", text.into(), Vec::new());
        }
    }

    fn say(&mut self, rule: usize, code: &'static str, text: String, hidden_by: Vec<Place>) {
        self.messages.push(Message {
            rule,
            code,
            text,
            hidden_by,
            advice: None,
        });
    }

    /// A connection that the rule would decide if it stood alone.
    fn alone(&self, rule: &Rule) -> Option<Connection> {
        match alone(rule, self.names, self.site) {
            Reach::Decides(example) => Some(example),
            Reach::Open(example) => example,
            Reach::Never { .. } => None,
        }
    }

    fn place(&self, rule: usize) -> Place {
        let at = &self.set.rules[rule];
        Place {
            file: at.file.to_string(),
            line: at.rule.line,
        }
    }

    /// Lines in words, with their files where those are not the one that is spoken of.
    fn listed(&self, rules: &[usize], of: &RuleInFile) -> String {
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
                report.advice(message.advice);
                report.hidden_by(message.hidden_by.clone());
            }
            findings.extend(report.finish());
        }
        findings
    }
}

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
    fn where_comparing_ends_is_said() {
        let rules = |many: usize| -> String {
            let methods = ["md5", "scram-sha-256"].into_iter().cycle().zip(0..many);
            let rules = methods.map(|(method, n)| format!("host all +g{n} all {method}\n"));
            rules.chain(["host all all all trust\n".into()]).collect()
        };
        assert_eq!(found(&rules(900)), "");
        insta::assert_snapshot!(found(&rules(1_200)), @"/h:369:1: rules up to here are not compared with every rule that they may have to do with: there are too many [hba-not-compared]");
    }

    #[test]
    fn what_would_not_be_loaded_is_not_judged() {
        insta::assert_snapshot!(found("host all all all md5\nhost all all all md5\nhost\n"), @"/h:3:1: the rules are not compared with each other while a line is refused [hba-not-compared]");
        assert_eq!(found("host all all all md5\nhost\n"), "");
    }
}
