//! Which names a user name map lets in as a role.

use pg_config::ident::{Answer, Entry, Maps, Names, Roles};
use pg_config::{InFile, Version};
use serde_json::{Value, json};

use crate::failure::escape_name;

/// A line of the map by which somebody gets in as the role.
pub(super) struct Through<'a> {
    line: &'a InFile<Entry>,
    /// What the pattern's first group has to take, where that is what names the role.
    group: Option<&'a str>,
    /// What has to be so besides, where that is not known.
    provided: Option<String>,
    /// Whether the server gives up here, and nobody whom the line is about gets in.
    stops: bool,
}

/// The lines of a map that let somebody in as a role, who is a member of these, and those at which the server gives up.
pub(super) fn through<'a>(
    maps: &'a Maps,
    map: &'a str,
    role: &'a str,
    member_of: Option<&[String]>,
) -> Vec<Through<'a>> {
    let version = maps.version();
    let mut stopping: Vec<&InFile<Entry>> = Vec::new();
    let lines = maps.find(map).filter_map(|line| {
        if line.entry.stops(version) {
            stopping.push(line);
            return Some(Through {
                line,
                group: None,
                provided: None,
                stops: true,
            });
        }
        let unless = match line.entry.names() {
            Names::One(name) => stopped(name, &stopping, version)?,
            Names::Matching(_) => None,
        };
        let roles = line.entry.roles(version);
        let answer = roles.include(role, member_of);
        let group = match roles {
            Roles::Captured { before, behind } => role
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(behind)),
            _ => None,
        };
        let name = escape_name(role);
        let provided = match (answer, roles) {
            (Some(false), _) => return None,
            (None, Roles::Members(of)) => {
                Some(format!("{name} is a member of {}", escape_name(of)))
            }
            (None, Roles::Matching(pattern)) => {
                Some(format!("{name} matches /{}", escape_name(pattern)))
            }
            _ => None,
        };
        let provided = match (provided, unless) {
            (Some(provided), Some(unless)) => Some(format!("{provided} and {unless}")),
            (provided, unless) => provided.or(unless),
        };
        Some(Through {
            line,
            group,
            provided,
            stops: false,
        })
    });
    lines.collect()
}

/// What has to be so for the server not to give up on a name in these lines; none where it surely does.
fn stopped(name: &str, stopping: &[&InFile<Entry>], version: Version) -> Option<Option<String>> {
    let mut unless = None;
    for line in stopping {
        match line.entry.roles_of(name, version) {
            Err(Answer::OtherName) => {}
            Err(Answer::Stops) => return None,
            // Whether the expression matches is for the server to say.
            _ => {
                let place = place(line);
                unless.get_or_insert_with(|| format!("{place} is not about it"));
            }
        }
    }
    Some(unless)
}

fn place(line: &InFile<Entry>) -> String {
    format!("{}:{}", escape_name(&line.file), line.entry.line)
}

impl Through<'_> {
    /// Where it stands: `FILE:LINE`.
    pub(super) fn place(&self) -> String {
        place(self.line)
    }

    /// Whether the server gives up here.
    pub(super) fn stops(&self) -> bool {
        self.stops
    }

    /// Who gets in by it.
    pub(super) fn who(&self) -> String {
        if let (true, Names::Matching(pattern)) = (self.stops, self.line.entry.names()) {
            return format!(
                "the server gives up here for names that match /{}: it has no group for \\1",
                escape_name(pattern)
            );
        }
        let who = match (self.line.entry.names(), self.group) {
            (Names::One(name), _) => escape_name(name),
            (Names::Matching(pattern), None) => {
                format!("every name that matches /{}", escape_name(pattern))
            }
            (Names::Matching(pattern), Some(group)) => format!(
                "the names that match /{} with \"{}\" as its first group",
                escape_name(pattern),
                escape_name(group)
            ),
        };
        match &self.provided {
            Some(condition) => format!("{who}, if {condition}"),
            None => who,
        }
    }

    pub(super) fn document(&self) -> Value {
        let (name, pattern) = match self.line.entry.names() {
            Names::One(name) => (Some(name), None),
            Names::Matching(pattern) => (None, Some(pattern)),
        };
        json!({
            "file": self.line.file,
            "line": self.line.entry.line,
            "name": name,
            "pattern": pattern,
            "group": self.group,
            "certain": self.provided.is_none(),
            "stops": self.stops,
        })
    }
}
