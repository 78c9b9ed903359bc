//! The four settings that turn TLS with client certificates on, and `listen_addresses`: changed in
//! the file that is in force, nowhere else.

use std::net::IpAddr;
use std::path::Path;

use pg_config::conf::{Document, boolean};

use super::certificate::Presented;
use super::edits::Edits;
use super::trust::Authorities;
use crate::facts::Server;
use crate::goal::ServerGoal;
use crate::plan::{AlterSystem, Plan, Step};
use crate::refusal::Refusal;

/// Adds what has to change.
pub(super) fn draft(
    wanted: &ServerGoal,
    presented: &Presented,
    authorities: &Authorities,
    server: &Server,
    edits: &mut Edits,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let mut settings = Settings {
        server,
        edits,
        plan,
    };
    settings.path("ssl_cert_file", &presented.certificate, presented.kept)?;
    settings.path("ssl_key_file", &presented.key, presented.kept)?;
    settings.path("ssl_ca_file", &authorities.path, false)?;
    if !settings.says("ssl").is_some_and(is_on) {
        settings.set("ssl", "on")?;
    }
    if let Some(listen) = &wanted.listen
        && settings.says("listen_addresses") != Some(listen.as_str())
    {
        if !wanted.may_restart {
            return Err(Refusal::NeedsRestart {
                name: "listen_addresses".to_owned(),
            });
        }
        own_addresses(listen, server)?;
        settings.set("listen_addresses", listen)?;
    }
    Ok(())
}

/// Makes `ssl_crl_file` name a file.
pub(super) fn crl_file(
    path: &Path,
    server: &Server,
    edits: &mut Edits,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let mut settings = Settings {
        server,
        edits,
        plan,
    };
    settings.path("ssl_crl_file", path, false)
}

/// A server that cannot listen on what it is told does not start again.
fn own_addresses(listen: &str, server: &Server) -> Result<(), Refusal> {
    let addresses = listen
        .split(',')
        .filter_map(|entry| entry.trim().parse::<IpAddr>().ok());
    let own = |address: &IpAddr| {
        address.is_loopback()
            || address.is_unspecified()
            || server
                .host
                .interfaces
                .iter()
                .any(|interface| interface.address == *address)
    };
    match addresses.into_iter().find(|address| !own(address)) {
        Some(address) => Err(Refusal::NotOwnAddress { address }),
        None => Ok(()),
    }
}

struct Settings<'a> {
    server: &'a Server,
    edits: &'a mut Edits,
    plan: &'a mut Plan,
}

impl Settings<'_> {
    /// What the files say now, loaded or not.
    fn says(&self, name: &str) -> Option<&str> {
        let assignment = self.server.host.configuration.assignments.get(name)?;
        std::str::from_utf8(&assignment.value).ok()
    }

    /// Makes a path setting name `path`. With `kept` the built-in default may go on naming it;
    /// otherwise it is written out, since a relative path depends on the folder the server runs in.
    fn path(&mut self, name: &str, path: &Path, kept: bool) -> Result<(), Refusal> {
        let data_dir = &self.server.host.cluster.data_dir;
        let already = match self.says(name) {
            Some(value) => data_dir.join(value) == path,
            None => kept && data_dir.join(self.server.host.settings.value(name)) == path,
        };
        if already {
            return Ok(());
        }
        let text = path.to_str().ok_or_else(|| Refusal::Unwritable {
            path: self.server.host.configuration.file.path.clone(),
            reason: format!("the path {} is not UTF-8", path.display()),
        })?;
        self.set(name, text)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let host = &self.server.host;
        if host
            .settings
            .get(name)
            .is_some_and(|setting| setting.source == "command line")
        {
            return Err(Refusal::CommandLine {
                name: name.to_owned(),
            });
        }
        let assignment = host.configuration.assignments.get(name);
        let main = host.configuration.file.path.to_string_lossy().into_owned();
        let file = assignment.map_or(main, |assignment| assignment.file.clone());
        if host
            .configuration
            .auto
            .as_ref()
            .is_some_and(|auto| auto.path == Path::new(&file))
        {
            self.plan.steps.push(Step::AlterSystem(AlterSystem {
                name: name.to_owned(),
                value: value.to_owned(),
                before: self.says(name).map(str::to_owned),
            }));
            return Ok(());
        }
        let mut document = Document::parse(self.edits.bytes(&file));
        document
            .set(name, value)
            .map_err(|error| Refusal::Unwritable {
                path: file.clone().into(),
                reason: error.to_string(),
            })?;
        self.edits.set(&file, "settings", document.to_bytes());
        Ok(())
    }
}

/// Whether a boolean's spelling means on.
fn is_on(value: &str) -> bool {
    boolean(value.as_bytes()) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::is_on;

    #[test]
    fn booleans_are_read_as_the_server_reads_them() {
        for on in ["on", "ON", "true", "t", "tRu", "yes", "y", "1"] {
            assert!(is_on(on), "{on}");
        }
        for off in ["off", "of", "o", "", "0", "no", "false", "2", "onn"] {
            assert!(!is_on(off), "{off}");
        }
    }
}
