//! The running server: its role, its settings, and getting it to read its files.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use pg_host::{Admin, Cluster, How};
use pg_probe::{identifier, literal};

use crate::failure::ApplyError;
use crate::workshop::Workshop;

/// Asks the server what it would say to the files that are in place now, before it is told to
/// load them.
pub(crate) fn check_files(admin: &mut Admin) -> Result<(), ApplyError> {
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
            .map(|row| format!("pg_hba.conf: {}", row.refusal())),
    );
    if errors.is_empty() {
        Ok(())
    } else {
        Err(ApplyError::Unloadable(errors))
    }
}

/// Creates a role that may log in and nothing else.
pub(crate) fn create_role(admin: &mut Admin, role: &str) -> Result<(), ApplyError> {
    let statement = format!("CREATE ROLE {} LOGIN", identifier(role));
    admin.session().query(&statement)?;
    Ok(())
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
pub(crate) fn restart(workshop: &mut Workshop<'_>) -> Result<(), ApplyError> {
    let cluster = workshop.server()?.0.clone();
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

const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
