//! The connections that are asked about: one from the options, or one for each line of a file.

use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::path::Path;

use pg_config::hba::{Connection, HostName, Transport};
use serde::Deserialize;

use crate::args;
use crate::command::surroundings::Surroundings;
use crate::context::Context;
use crate::failure::{Failure, shown};
use crate::output::Output;

/// A connection that is asked about.
pub(super) struct Asked {
    pub(super) connection: Connection,
    /// Which of the roles in it the server does not have; none where none was asked.
    pub(super) missing_roles: Option<Vec<String>>,
}

impl Asked {
    /// As it was said; no server was asked.
    fn said(connection: Connection) -> Self {
        Self {
            connection,
            missing_roles: None,
        }
    }

    /// Asks the server whose member the role is, unless that was said, and whether it has these roles.
    pub(super) fn ask(&mut self, surroundings: &mut Surroundings, output: &mut Output) {
        let Connection {
            role, member_of, ..
        } = &mut self.connection;
        self.missing_roles = surroundings.missing(role, member_of.as_deref(), output);
        if member_of.is_none() {
            *member_of = surroundings.member_of(role, output);
        }
    }
}

/// The one that the options describe.
pub(super) fn from_options(options: &args::Connection) -> Asked {
    let transport = match options {
        options if options.local => Transport::Local,
        options if options.no_tls => Transport::Plain,
        options if options.gss => Transport::Gss,
        _ => Transport::Tls,
    };
    let member_of = match (&options.member_of[..], options.no_groups) {
        ([], false) => None,
        (groups, _) => Some(groups.to_vec()),
    };
    let role = options.user.clone().unwrap_or_default();
    Asked::said(Connection {
        transport,
        database: options.database.clone().unwrap_or_else(|| role.clone()),
        role,
        member_of,
        address: options.from,
        host_name: host_name(options.host_name.clone(), options.no_host_name),
        physical_replication: options.replication,
    })
}

/// The client's name, as far as it was said.
fn host_name(name: Option<String>, none: bool) -> HostName {
    match (name, none) {
        (Some(name), _) => HostName::Verified(name),
        (None, true) => HostName::Unverified,
        (None, false) => HostName::Unknown,
    }
}

/// Those of a file of JSON lines, in its order; blank lines are left out.
pub(super) fn from_file(
    path: &Path,
    context: &Context,
) -> Result<impl Iterator<Item = Result<Asked, Failure>> + use<>, Failure> {
    let unreadable = {
        let path = shown(path);
        move |error: &dyn std::error::Error| {
            Failure::because(format_args!("{path} cannot be read"), error)
        }
    };
    let file = hostfile::acting_as(&context.account, || hostfile::reader(path))
        .and_then(|opened| opened)
        .map_err(|error| unreadable(&error))?;
    let name = shown(path);
    let lines = BufReader::new(file).lines().enumerate();
    Ok(lines.filter_map(move |(at, line)| {
        let line = match line {
            Ok(line) => line,
            Err(error) => return Some(Err(unreadable(&error))),
        };
        if line.trim().is_empty() {
            return None;
        }
        let wrong = |why: String| {
            Failure::new(format!("{name}, line {}: {why}", at + 1))
                .hint("as in {\"user\": \"app\", \"database\": \"sales\", \"from\": \"10.0.0.1\", \"tls\": true}")
        };
        let row: Result<Row, _> = serde_json::from_str(&line);
        Some(
            row.map_err(|error| without_place(&error))
                .and_then(Row::asked)
                .map_err(wrong),
        )
    }))
}

/// A line: the keys are named in the help.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    user: String,
    database: Option<String>,
    from: Option<IpAddr>,
    #[serde(default)]
    local: bool,
    tls: Option<bool>,
    #[serde(default)]
    gss: bool,
    #[serde(default)]
    replication: bool,
    member_of: Option<Vec<String>>,
    host_name: Option<String>,
    #[serde(default)]
    no_host_name: bool,
}

impl Row {
    fn asked(self) -> Result<Asked, String> {
        args::role(&self.user)?;
        self.database.as_deref().map(args::database).transpose()?;
        let transport = match (self.from.is_some(), self.local, self.tls, self.gss) {
            (true, true, ..) | (false, false, ..) => {
                return Err("one of from and local has to be there".to_owned());
            }
            (_, _, Some(true), true) => return Err("tls and gss exclude each other".to_owned()),
            (_, true, Some(true), _) | (_, true, _, true) => {
                return Err("a local connection has neither tls nor gss".to_owned());
            }
            (_, true, ..) => Transport::Local,
            (.., true) => Transport::Gss,
            (_, _, Some(false), _) => Transport::Plain,
            _ => Transport::Tls,
        };
        if self.host_name.is_some() && self.no_host_name {
            return Err("host_name and no_host_name exclude each other".to_owned());
        }
        Ok(Asked::said(Connection {
            transport,
            database: self.database.unwrap_or_else(|| self.user.clone()),
            role: self.user,
            member_of: self.member_of,
            address: self.from,
            host_name: host_name(self.host_name, self.no_host_name),
            physical_replication: self.replication,
        }))
    }
}

/// What serde says, without its line and column: each text is one line.
fn without_place(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    said.replace(&place, "")
}
