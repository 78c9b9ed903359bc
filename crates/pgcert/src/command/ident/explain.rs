//! `pgcert ident explain`: which names reach which roles, through which line of which map.

use std::fmt::Write as _;

use pg_config::InFile;
use pg_config::ident::{Answer, Claim, Entry, Maps, Names, Roles};
use serde_json::{Value, json};

use crate::args::IdentExplain;
use crate::command::lint::all_taken;
use crate::command::surroundings::Surroundings;
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::{BAD, GOOD, HEAD, Output, WARN, styled};

/// Runs `pgcert ident explain`.
pub(super) fn run(
    args: &IdentExplain,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let found = super::find(&args.file, context)?;
    let bytes = found.existing()?;
    let maps = Maps::of_bytes(&found.files(), &found.path, &bytes, found.version);
    let mut member_of = match (&args.member_of[..], args.no_groups) {
        ([], false) => None,
        (groups, _) => Some(groups.to_vec()),
    };
    let mut missing_roles = None;
    if let Some(role) = &args.role {
        let mut surroundings = Surroundings::of(&found, context, output);
        missing_roles = surroundings.missing(role, member_of.as_deref(), output);
        member_of = member_of.or_else(|| surroundings.member_of(role, output));
    }
    let explained = Explained {
        args,
        maps: &maps,
        member_of: member_of.as_deref(),
    };
    let verdicts = explained.verdicts();
    if output.json() {
        let verdicts: Vec<_> = verdicts.iter().map(Verdict::document).collect();
        output.print_json(json!({
            "maps": verdicts,
            "missing_roles": missing_roles,
            "loadable": maps.errors().is_empty(),
        }))?;
    } else {
        let mut text = String::new();
        for verdict in &verdicts {
            verdict.words(&mut text);
        }
        output.print(&text)?;
        if verdicts.is_empty() {
            output.say(&format!("{}: no lines", escape_name(&found.path)));
        }
        if args.map.is_some() && verdicts.iter().all(|verdict| !verdict.is_there(&maps)) {
            let known = match &explained.known()[..] {
                [] => "none".to_owned(),
                known => escape_name(&known.join(", ")),
            };
            let path = escape_name(&found.path);
            output.note(&format!(
                "{path} has no map of that name; the maps in it: {known}"
            ));
        }
    }
    all_taken(maps.errors(), "pgcert ident lint")
}

/// What was asked, and what is known.
struct Explained<'a> {
    args: &'a IdentExplain,
    maps: &'a Maps,
    member_of: Option<&'a [String]>,
}

/// What one map says.
struct Verdict<'a> {
    map: &'a str,
    args: &'a IdentExplain,
    /// Whether the name may be the role, where both were asked for; none where only the server can tell.
    allowed: Option<Option<bool>>,
    lines: Vec<Line<'a>>,
}

/// A line that has to do with what was asked.
struct Line<'a> {
    at: &'a InFile<Entry>,
    roles: Roles<'a>,
    /// What it says to the name, and to the role; none where everything is shown.
    answer: Option<Answer>,
}

impl<'a> Explained<'a> {
    fn verdicts(&self) -> Vec<Verdict<'a>> {
        let names = match &self.args.map {
            Some(map) => vec![&**map],
            None => self.known(),
        };
        names.into_iter().map(|map| self.verdict(map)).collect()
    }

    /// The maps that there are, each where it comes first.
    fn known(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for line in self.maps.lines() {
            if !names.contains(&&*line.entry.map) {
                names.push(&line.entry.map);
            }
        }
        names
    }

    fn verdict(&self, map: &'a str) -> Verdict<'a> {
        let (name, role) = (self.args.name.as_deref(), self.args.role.as_deref());
        let mut verdict = Verdict {
            map,
            args: self.args,
            allowed: None,
            lines: Vec::new(),
        };
        let (Some(system_user), Some(role)) = (name, role) else {
            verdict.lines = self.lines(map, name, role);
            return verdict;
        };
        let claim = Claim {
            system_user,
            role,
            member_of: self.member_of,
        };
        verdict.allowed = Some(self.maps.allows(map, claim));
        let tried = self.maps.tried(map, claim);
        verdict.lines = tried
            .map(|(at, answer)| Line {
                at,
                roles: at.entry.roles(self.maps.version()),
                answer: Some(answer),
            })
            .collect();
        verdict
    }

    /// The lines about the name or the role that was asked for, and those at which the server gives up.
    fn lines(&self, map: &'a str, name: Option<&str>, role: Option<&str>) -> Vec<Line<'a>> {
        let version = self.maps.version();
        let mut lines: Vec<Line<'a>> = Vec::new();
        for at in self.maps.find(map) {
            let mut line = self.line(at, name, role);
            if let (Some(line), Some(_), Names::One(one)) = (&mut line, role, at.entry.names()) {
                // Who is stopped by a line before it does not come so far.
                let stopping = lines.iter().filter(|line| line.at.entry.stops(version));
                let answers: Vec<_> = stopping
                    .map(|line| line.at.entry.roles_of(one, version))
                    .collect();
                if answers.contains(&Err(Answer::Stops)) {
                    continue;
                }
                if answers
                    .iter()
                    .any(|answer| *answer != Err(Answer::OtherName))
                {
                    line.answer = Some(Answer::OpenName);
                }
            }
            // The name that was asked for gets no further.
            let last = name.is_some()
                && line
                    .as_ref()
                    .is_some_and(|line| line.answer == Some(Answer::Stops));
            lines.extend(line);
            if last {
                break;
            }
        }
        lines
    }

    /// The line, where it is about the name or the role that was asked for.
    fn line(
        &self,
        at: &'a InFile<Entry>,
        name: Option<&str>,
        role: Option<&str>,
    ) -> Option<Line<'a>> {
        let version = self.maps.version();
        let mut roles = at.entry.roles(version);
        let mut answer = None;
        if name.is_none() && at.entry.stops(version) {
            let answer = Some(Answer::Stops);
            return Some(Line { at, roles, answer });
        }
        if let Some(name) = name {
            match at.entry.roles_of(name, version) {
                Ok(reached) => {
                    roles = reached;
                    answer = Some(Answer::Allows);
                }
                Err(Answer::OtherName) => return None,
                Err(other) => answer = Some(other),
            }
        }
        if let Some(role) = role {
            match roles.include(role, self.member_of) {
                Some(true) => answer = Some(Answer::Allows),
                Some(false) => return None,
                // Which names they are is what was asked.
                None if matches!(roles, Roles::Captured { .. }) => answer = Some(Answer::Allows),
                None => answer = Some(Answer::OpenRole),
            }
        }
        Some(Line { at, roles, answer })
    }
}

impl Verdict<'_> {
    /// Whether there is such a map at all.
    fn is_there(&self, maps: &Maps) -> bool {
        maps.find(self.map).next().is_some()
    }

    fn words(&self, text: &mut String) {
        let map = escape_name(self.map);
        let title = match (&self.args.name, &self.args.role) {
            (Some(name), Some(role)) => {
                format!("map {map}: {} as {}", escape_name(name), escape_name(role))
            }
            (Some(name), None) => format!("map {map}: roles for {}", escape_name(name)),
            (None, Some(role)) => format!("map {map}: names for {}", escape_name(role)),
            (None, None) => format!("map {map}"),
        };
        let _ = writeln!(text, "{}", styled(HEAD, &title));
        match self.allowed {
            Some(Some(true)) => {
                let _ = writeln!(text, "{}", styled(GOOD, "let in"));
            }
            Some(Some(false)) => {
                let _ = writeln!(text, "{}", styled(BAD, "refused"));
            }
            Some(None) => {
                let why = "may be let in";
                let _ = writeln!(text, "{}: only the server can tell", styled(WARN, why));
            }
            None if self.lines.is_empty() => text.push_str("  no line: nobody gets in\n"),
            None => {}
        }
        for line in &self.lines {
            let _ = writeln!(text, "  {}", line.words());
        }
    }

    fn document(&self) -> Value {
        let lines: Vec<_> = self.lines.iter().map(Line::document).collect();
        let mut document = json!({
            "map": self.map,
            "name": self.args.name,
            "role": self.args.role,
            "lines": lines,
        });
        if let (Some(allowed), Some(object)) = (self.allowed, document.as_object_mut()) {
            object.insert("allowed".to_owned(), allowed.into());
        }
        document
    }
}

impl Line<'_> {
    fn words(&self) -> String {
        let entry = &self.at.entry;
        let who = match entry.names() {
            Names::One(name) => escape_name(name),
            Names::Matching(pattern) => format!("names matching /{}", escape_name(pattern)),
        };
        let roles = match &self.roles {
            Roles::One(role) => escape_name(role),
            Roles::Captured { .. } if self.answer == Some(Answer::Stops) => {
                escape_name(&entry.role)
            }
            Roles::Captured { .. } => format!(
                "{}, where \\1 is what the first group takes",
                escape_name(&entry.role)
            ),
            Roles::All => "every role".to_owned(),
            Roles::Members(group) => format!("{0} and the members of {0}", escape_name(group)),
            Roles::Matching(pattern) => format!("roles matching /{}", escape_name(pattern)),
        };
        let place = format!("{}:{}", escape_name(&self.at.file), entry.line);
        let said = match self.answer {
            None | Some(Answer::Allows) => "",
            Some(Answer::OtherName) => ": another name",
            Some(Answer::OtherRole) => ": another role",
            Some(Answer::Stops) => {
                ": the server gives up here for names that match, and refuses: the expression has no group for \\1"
            }
            Some(Answer::OpenName) if matches!(entry.names(), Names::One(_)) => {
                ": perhaps, if the server does not give up before it"
            }
            Some(Answer::OpenName) => ": perhaps, if the expression matches",
            Some(Answer::OpenRole) => ": perhaps, if the role is among them",
        };
        format!("{place}  {who} -> {roles}{said}")
    }

    fn document(&self) -> Value {
        let entry = &self.at.entry;
        let (name, pattern) = match entry.names() {
            Names::One(name) => (Some(name), None),
            Names::Matching(pattern) => (None, Some(pattern)),
        };
        let (kind, value) = match &self.roles {
            Roles::One(role) => ("one", Some(&**role)),
            Roles::Captured { .. } => ("captured", Some(&*entry.role)),
            Roles::All => ("all", None),
            Roles::Members(group) => ("members", Some(*group)),
            Roles::Matching(pattern) => ("matching", Some(*pattern)),
        };
        json!({
            "file": self.at.file,
            "line": entry.line,
            "name": name,
            "pattern": pattern,
            "roles": { "kind": kind, "value": value },
            "answer": self.answer.map(|answer| match answer {
                Answer::Allows => "allows",
                Answer::OtherName => "other-name",
                Answer::OtherRole => "other-role",
                Answer::Stops => "stops",
                Answer::OpenName | Answer::OpenRole => "may",
            }),
        })
    }
}
