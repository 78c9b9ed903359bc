//! Which names a user name map lets in as a role.

use pg_config::ident::{Located, Maps, Names, Roles};
use serde_json::{Value, json};

use crate::failure::escape_name;

/// A line of the map by which somebody gets in as the role.
pub(super) struct Through<'a> {
    line: &'a Located,
    /// What the pattern's first group has to take, where that is what names the role.
    group: Option<&'a str>,
    /// What has to be so besides, where that is not known.
    provided: Option<String>,
}

/// The lines of a map that let somebody in as a role, who is a member of these.
pub(super) fn through<'a>(
    maps: &'a Maps,
    map: &'a str,
    role: &'a str,
    member_of: Option<&[String]>,
) -> Vec<Through<'a>> {
    let lines = maps.find(map).filter_map(|line| {
        let roles = line.entry.roles(maps.version());
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
        Some(Through {
            line,
            group,
            provided,
        })
    });
    lines.collect()
}

impl Through<'_> {
    /// Where it stands: `FILE:LINE`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", escape_name(&self.line.file), self.line.entry.line)
    }

    /// Who gets in by it.
    pub(super) fn who(&self) -> String {
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
        })
    }
}
