//! The running server: its role, its settings, and getting it to read its files.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use pg_host::{Admin, Cluster, FileSetting, How};
use pg_probe::{identifier, literal};
use pki_core::Time;

use crate::failure::ApplyError;
use crate::workshop::Workshop;

/// Asks the server what it would say to the files that are in place now, before it is told to
/// load them.
pub(crate) fn check_files(admin: &mut Admin) -> Result<(), ApplyError> {
    let settings = admin.file_settings_errors()?;
    // What waits for a restart "could not be applied" too; a bad value of the others is passed over.
    let counts = |row: &&FileSetting| {
        let name = row.name.as_deref().unwrap_or_default();
        row.stops_a_reload() || name == "ssl" || name.starts_with("ssl_")
    };
    let mut errors: Vec<_> = settings
        .iter()
        .filter(counts)
        .map(FileSetting::refusal)
        .collect();
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
    reload_unless(admin, &|| false)
}

/// The same, giving up the wait when somebody asks to stop.
pub(crate) fn reload_unless(
    admin: &mut Admin,
    interrupted: &dyn Fn() -> bool,
) -> Result<(), ApplyError> {
    let before = admin.conf_load_time()?;
    admin
        .session()
        .query("SELECT pg_catalog.pg_reload_conf()")?;
    let begun = Instant::now();
    while admin.conf_load_time()? == before {
        if begun.elapsed() > PATIENCE {
            return Err(ApplyError::NotReloaded(PATIENCE.as_secs()));
        }
        if interrupted() {
            return Err(ApplyError::Interrupted);
        }
        sleep(PAUSE);
    }
    Ok(())
}

/// Restarts the server, and opens a session with it again.
pub(crate) fn restart(workshop: &mut Workshop<'_>) -> Result<(), ApplyError> {
    let now = workshop.now;
    let (cluster, _) = workshop.server()?;
    workshop.server = Some(restart_cluster(cluster, now)?);
    Ok(())
}

/// Makes sure that the session still answers; one that broke is opened again where the server runs.
pub(crate) fn revive(workshop: &mut Workshop<'_>) -> Result<(), ApplyError> {
    let Some((cluster, admin)) = &mut workshop.server else {
        return Ok(());
    };
    if admin.conf_load_time().is_ok() {
        return Ok(());
    }
    let cluster = cluster.refreshed()?;
    let admin = Admin::connect(&cluster, &How::Socket, workshop.now)?;
    workshop.server = Some((cluster, admin));
    Ok(())
}

/// Stops and starts the server the way it was started: by Debian's tool where that manages it.
pub(crate) fn restart_cluster(
    cluster: &Cluster,
    now: Time,
) -> Result<(Cluster, Admin), ApplyError> {
    let failed = |error: String| ApplyError::NotRestarted(error);
    let mut command = restart_command(cluster)?;
    // With the rights of the server's user: postgres refuses to run as root.
    let output = hostfile::becoming(&cluster.owner, || command.output())?
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    let cluster = cluster.refreshed()?;
    let admin = Admin::connect(&cluster, &How::Socket, now)?;
    Ok((cluster, admin))
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
