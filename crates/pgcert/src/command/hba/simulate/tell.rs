//! Which rules were used, in words and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pg_config::hba::RuleInFile;
use serde_json::{Value, json};

use super::prefix::Prefix;
use super::sessions::{Named, Says, Sessions};
use super::usage::{Usage, Used};
use crate::command::hba::words;
use crate::failure::escape_name;
use crate::output::{HEAD, Output, WARN, styled};
use crate::render::table::table;

/// A table of the rules that were used, and lists of what else there is to say.
pub(super) fn words(usage: &Usage<'_>) -> String {
    let mut text = String::new();
    let used = || usage.all().filter(|(_, used)| used.total() > 0);
    if used().next().is_some() {
        let header = ["LOGINS", "REFUSED", "RULE", "BY"].map(str::to_owned);
        let rows = used().map(|(at, used)| row(at, used));
        let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
        text.push_str(&table(&rows, 2));
    }
    let list = |title: &str, lines: Vec<String>, text: &mut String| {
        if !lines.is_empty() {
            let _ = writeln!(text, "{}", styled(HEAD, title));
            for line in lines {
                let _ = writeln!(text, "  {line}");
            }
        }
    };
    let idle = |perhaps: bool| {
        let idle = usage.all().filter(|(_, used)| used.total() == 0);
        let idle = idle.filter(|(_, used)| used.perhaps == perhaps);
        idle.map(|(at, _)| format!("{}: {}", words::place(at), words::line(&at.rule)))
            .collect::<Vec<_>>()
    };
    list("never used", idle(false), &mut text);
    list(
        "perhaps used: it cannot be told from the log which of these decided",
        idle(true),
        &mut text,
    );
    let counted = |all: &BTreeMap<String, u64>| {
        let all = all
            .iter()
            .map(|(who, times)| format!("{times} x {}", escape_name(who)));
        all.collect::<Vec<_>>()
    };
    list("no rule matched", counted(&usage.no_rule), &mut text);
    let gone = usage.gone.iter().map(|(named, times)| gone(named, *times));
    list(
        "by rules that are not there any more, and not counted above",
        gone.collect(),
        &mut text,
    );
    text
}

/// What the reader has to know to trust the figures.
pub(super) fn notes(usage: &Usage<'_>, sessions: &Sessions, prefix: &Prefix, output: &mut Output) {
    let worked_out: u64 = usage.rules.iter().map(|used| used.worked_out).sum();
    if worked_out > 0 {
        output.note(&format!(
            "the log names no rule for {worked_out} of these: worked out from the rules as they are now"
        ));
    }
    let open: u64 = usage.open.values().sum();
    if open > 0 {
        output.note(&format!(
            "{open} more may have gone by one of several rules: memberships, networks or names are not known"
        ));
    }
    if usage.otherwise > 0 {
        output.note(&format!(
            "{} more are not counted: what became of them is not what the rules say now",
            usage.otherwise
        ));
    }
    let untold = usage.untold + sessions.begun_before;
    if untold > 0 {
        output.note(&format!(
            "{untold} more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs"
        ));
    }
    let setting = match prefix.is_known() {
        true => "",
        false => "; --log-line-prefix FORMAT says where the session stands",
    };
    if sessions.of_nobody > 0 {
        output.note(&format!(
            "{} more are not counted: their lines do not tell the session, and refusals may be counted as logins too{setting}",
            sessions.of_nobody
        ));
    }
    if sessions.unclear > 0 {
        output.note(&format!(
            "{} more are not counted: their lines can be read in two ways{setting}",
            sessions.unclear
        ));
    }
    if sessions.logins.is_empty() && sessions.uncounted() == 0 {
        output.say(&format!(
            "{} there is no login in it: log_connections has to be on, and messages in English (lc_messages)",
            styled(WARN, "warning:")
        ));
    }
}

/// As JSON.
pub(super) fn document(usage: &Usage<'_>, sessions: &Sessions) -> Value {
    let rules = usage.all().map(|(at, used)| {
        json!({
            "file": &*at.file,
            "line": at.rule.line,
            "method": at.rule.method.as_str(),
            "text": words::line(&at.rule),
            "logins": used.logins,
            "refusals": used.refusals,
            "worked_out": used.worked_out,
            "perhaps": used.perhaps,
            "by": used.by,
        })
    });
    let gone = usage.gone.iter().map(|(named, times)| {
        let (text, method) = match &named.says {
            Says::Text(text) => (Some(text), None),
            Says::Method(method) => (None, Some(method)),
        };
        json!({ "file": named.file, "line": named.line, "text": text, "method": method, "times": times })
    });
    json!({
        "rules": rules.collect::<Vec<_>>(),
        "no_rule": usage.no_rule,
        "gone": gone.collect::<Vec<_>>(),
        "open": usage.open.values().sum::<u64>(),
        "otherwise": usage.otherwise,
        "untold": usage.untold + sessions.uncounted(),
    })
}

impl Used {
    fn total(&self) -> u64 {
        self.logins + self.refusals
    }
}

fn row(at: &RuleInFile, used: &Used) -> [String; 4] {
    let mut by: Vec<_> = used.by.iter().collect();
    by.sort_by_key(|(role, times)| (std::cmp::Reverse(**times), *role));
    let shown = by.iter().take(MOST);
    let mut who: Vec<_> = shown
        .map(|(role, times)| format!("{} {times}", escape_name(role)))
        .collect();
    if by.len() > MOST {
        who.push(format!("{} more roles", by.len() - MOST));
    }
    [
        used.logins.to_string(),
        used.refusals.to_string(),
        format!("{}: {}", words::place(at), words::line(&at.rule)),
        who.join(", "),
    ]
}

fn gone(named: &Named, times: u64) -> String {
    let file = named.file.as_deref().unwrap_or("pg_hba.conf");
    let said = match &named.says {
        Says::Text(text) => format!("it said \"{}\"", escape_name(text)),
        Says::Method(method) => format!("its method was {}", escape_name(method)),
    };
    format!("{times} x {}:{}: {said}", escape_name(file), named.line)
}

/// How many roles are shown for a rule.
const MOST: usize = 5;
