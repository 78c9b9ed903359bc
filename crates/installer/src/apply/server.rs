//! The running server: its role, its settings, and getting it to read its files.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use pg_host::{Admin, Cluster, How};
use pg_probe::{identifier, literal};

use super::rollback::Undo;
use super::{ApplyError, Run, Workshop};
use crate::draft::refused;
use crate::journal::Entry;
use crate::plan::AlterSystem;

impl Run<'_, '_> {
    pub(super) fn create_role(&mut self, role: &str) -> Result<(), ApplyError> {
        self.journal.add(&Entry::Role {
            name: role.to_owned(),
        })?;
        let (_, admin) = server(self.workshop)?;
        admin
            .session()
            .query(&format!("CREATE ROLE {} LOGIN", identifier(role)))?;
        self.undo.push(Undo::Role(role.to_owned()));
        Ok(())
    }

    pub(super) fn alter_system(&mut self, change: &AlterSystem) -> Result<(), ApplyError> {
        let AlterSystem {
            name,
            value,
            before,
        } = change;
        self.journal.add(&Entry::AlterSystem {
            name: name.clone(),
            before: before.clone(),
        })?;
        let (_, admin) = server(self.workshop)?;
        set_system(admin, name, Some(value))?;
        self.undo.push(Undo::AlterSystem {
            name: name.clone(),
            before: before.clone(),
        });
        Ok(())
    }

    /// Asks the server what it would say to the files that are in place now, before it is told to
    /// load them.
    pub(super) fn check_files(&mut self) -> Result<(), ApplyError> {
        let (_, admin) = server(self.workshop)?;
        let mut errors = Vec::new();
        for row in admin.file_settings_errors()? {
            // What waits for a restart "could not be applied" by a reload; it was planned so.
            if row.name.as_deref() == Some("listen_addresses") {
                continue;
            }
            let place = row
                .file
                .map(|file| file.display().to_string())
                .unwrap_or_default();
            errors.push(format!(
                "{place}:{}: {}",
                row.line.unwrap_or(0),
                row.error.unwrap_or_default()
            ));
        }
        let rules = admin.hba_file_rules()?;
        errors.extend(
            rules
                .iter()
                .filter(|row| row.is_refused())
                .map(|row| format!("pg_hba.conf: {}", refused(row))),
        );
        if errors.is_empty() {
            Ok(())
        } else {
            Err(ApplyError::Unloadable(errors))
        }
    }

    pub(super) fn reload(&mut self) -> Result<(), ApplyError> {
        self.journal.add(&Entry::Reload)?;
        self.undo.push(Undo::Reload);
        let (_, admin) = server(self.workshop)?;
        reload(admin)
    }

    pub(super) fn restart(&mut self) -> Result<(), ApplyError> {
        self.journal.add(&Entry::Restart)?;
        self.undo.push(Undo::Restart);
        restart(self.workshop)
    }
}

/// Tells the server to read its files, and waits until it has.
pub(crate) fn reload(admin: &mut Admin) -> Result<(), ApplyError> {
    let before = admin.conf_load_time()?;
    admin
        .session()
        .query("SELECT pg_catalog.pg_reload_conf()")?;
    let begun = Instant::now();
    while admin.conf_load_time()? == before {
        if begun.elapsed() > PATIENCE {
            return Err(ApplyError::NotReloaded(PATIENCE.as_secs()));
        }
        sleep(PAUSE);
    }
    Ok(())
}

/// Stops and starts the server the way it was started: by Debian's tool where that manages it.
pub(super) fn restart(workshop: &mut Workshop<'_>) -> Result<(), ApplyError> {
    let (cluster, _) = server(workshop)?;
    let cluster = cluster.clone();
    let failed = |error: String| ApplyError::NotRestarted(error);
    let mut command = restart_command(&cluster)?;
    // With the rights of the server's user: postgres refuses to run as root.
    let output = hostfile::becoming(&cluster.owner, || command.output())?
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    let cluster = cluster.refreshed()?;
    let admin = Admin::connect(&cluster, &How::Socket, workshop.now)?;
    workshop.server = Some((cluster, admin));
    Ok(())
}

fn restart_command(cluster: &Cluster) -> Result<Command, ApplyError> {
    let mut command = match (&cluster.name, &cluster.bin_dir) {
        (Some(name), _) if cluster.debian => {
            let mut command = Command::new("pg_ctlcluster");
            command.args([&cluster.version.to_string(), name, "restart"]);
            command
        }
        (_, Some(bin_dir)) => {
            let mut command = Command::new(bin_dir.join("pg_ctl"));
            // The options that it was started with are in postmaster.opts.
            command.arg("-D").arg(&cluster.data_dir).args([
                "-w",
                "-s",
                "-l",
                "/dev/null",
                "restart",
            ]);
            command
        }
        (_, None) => {
            return Err(ApplyError::NotRestarted(
                "its programs were not found".to_owned(),
            ));
        }
    };
    command.current_dir("/");
    Ok(command)
}

/// `ALTER SYSTEM SET`, or `RESET` without a value.
pub(crate) fn set_system(
    admin: &mut Admin,
    name: &str,
    value: Option<&str>,
) -> Result<(), ApplyError> {
    let statement = match value {
        Some(value) => format!("ALTER SYSTEM SET {} = {}", identifier(name), literal(value)),
        None => format!("ALTER SYSTEM RESET {}", identifier(name)),
    };
    admin.session().query(&statement)?;
    Ok(())
}

/// Drops a role that was created.
pub(crate) fn drop_role(admin: &mut Admin, role: &str) -> Result<(), ApplyError> {
    admin
        .session()
        .query(&format!("DROP ROLE IF EXISTS {}", identifier(role)))?;
    Ok(())
}

/// The server of this workshop.
pub(super) fn server<'w>(
    workshop: &'w mut Workshop<'_>,
) -> Result<&'w mut (Cluster, Admin), ApplyError> {
    workshop
        .server
        .as_mut()
        .ok_or(ApplyError::Missing("a session with the server"))
}

const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
