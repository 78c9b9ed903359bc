//! The running server: its role, its settings, and getting it to read its files.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use hostfile::Account;
use pg_host::{Admin, Cluster, FileSetting};
use pg_probe::{identifier, literal};
use pki_core::Time;

use crate::failure::ApplyError;
use crate::workshop::{Way, Workshop};

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

/// Creates a role that may log in and nothing else, with `mark` as its comment: both or neither, since
/// the statements of one message are one transaction.
pub(crate) fn create_role(admin: &mut Admin, role: &str, mark: &str) -> Result<(), ApplyError> {
    let name = identifier(role);
    let mark = literal(mark);
    let statements = format!("CREATE ROLE {name} LOGIN; COMMENT ON ROLE {name} IS {mark}");
    admin.session().query(&statements)?;
    Ok(())
}

/// Takes the mark off a role that stays.
pub(crate) fn unmark_role(admin: &mut Admin, role: &str, mark: &str) -> Result<(), ApplyError> {
    if is_marked(admin, role, mark)? {
        let statement = format!("COMMENT ON ROLE {} IS NULL", identifier(role));
        admin.session().query(&statement)?;
    }
    Ok(())
}

/// Drops the role if it is the one that was created with this mark.
pub(crate) fn drop_role(admin: &mut Admin, role: &str, mark: &str) -> Result<(), ApplyError> {
    if is_marked(admin, role, mark)? {
        admin
            .session()
            .query(&format!("DROP ROLE {}", identifier(role)))?;
    }
    Ok(())
}

fn is_marked(admin: &mut Admin, role: &str, mark: &str) -> Result<bool, ApplyError> {
    let question = format!(
        "SELECT pg_catalog.shobj_description(oid, 'pg_authid') FROM pg_catalog.pg_roles WHERE rolname = {}",
        literal(role)
    );
    Ok(admin.session().query(&question)?.scalar() == Some(mark))
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
    let (now, way) = (workshop.now, workshop.way.clone());
    let (cluster, _) = workshop.server()?;
    workshop.server = Some(restart_cluster(cluster, &way, now)?);
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
    let admin = workshop.way.connect(&cluster, workshop.now)?;
    workshop.server = Some((cluster, admin));
    Ok(())
}

/// Stops and starts the server the way it was started: by Debian's tool where that manages it.
pub(crate) fn restart_cluster(
    cluster: &Cluster,
    way: &Way,
    now: Time,
) -> Result<(Cluster, Admin), ApplyError> {
    let failed = |error: String| ApplyError::NotRestarted(error);
    let mut command = restart_command(cluster)?;
    command
        .current_dir("/")
        .env_clear()
        .env("PATH", SYSTEM_PATH);
    let root = Account::current().is_ok_and(|account| account.uid == 0);
    // Debian's tool is root's to call: it goes to the service manager and becomes the owner itself.
    // pg_ctl has to be called as the owner: postgres refuses to run as root.
    let output = match cluster.debian && root {
        true => command.output(),
        false => hostfile::becoming(&cluster.owner, || command.output())?,
    };
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(failed(words.trim().to_owned()));
    }
    let cluster = cluster.refreshed()?;
    let admin = way.connect(&cluster, now)?;
    Ok((cluster, admin))
}

fn restart_command(cluster: &Cluster) -> Result<Command, ApplyError> {
    if let (Some(name), true) = (&cluster.name, cluster.debian) {
        let mut command = Command::new("pg_ctlcluster");
        command.args([&cluster.version.to_string(), name, "restart"]);
        return Ok(command);
    }
    let not = |reason: &str| ApplyError::NotRestarted(reason.to_owned());
    let bin_dir = cluster.bin_dir.as_ref();
    let bin_dir = bin_dir.ok_or_else(|| not("its programs were not found"))?;
    if has_relative_path(cluster)? {
        return Err(not(
            "it was started with a relative path, from a folder that is not known here",
        ));
    }
    let mut command = Command::new(bin_dir.join("pg_ctl"));
    // The options that it was started with are in postmaster.opts.
    command.arg("-D").arg(&cluster.data_dir);
    command
        .args(["-w", "-s"])
        .arg("-l")
        .arg(log_file(cluster))
        .arg("restart");
    Ok(command)
}

/// Whether the server was started with `-D` and a path that means another folder from elsewhere.
fn has_relative_path(cluster: &Cluster) -> Result<bool, ApplyError> {
    let options = cluster.data_dir.join("postmaster.opts");
    let options = cluster.as_owner(|| hostfile::read_if_exists(&options))??;
    let options = String::from_utf8_lossy(&options.unwrap_or_default()).into_owned();
    let words: Vec<_> = options
        .split('"')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    let folder = words
        .windows(2)
        .find(|pair| pair[0] == "-D")
        .map(|pair| pair[1]);
    Ok(folder.is_some_and(|folder| !folder.starts_with('/')))
}

/// Where the server writes its log now, if that is a file: what it inherited as standard error.
fn log_file(cluster: &Cluster) -> PathBuf {
    let nowhere = PathBuf::from("/dev/null");
    let Some(postmaster) = &cluster.postmaster else {
        return nowhere;
    };
    let stderr = PathBuf::from(format!("/proc/{}/fd/2", postmaster.pid));
    let target = cluster.as_owner(|| hostfile::read_link(&stderr));
    match target {
        Ok(Ok(path)) if path.is_absolute() => path,
        _ => nowhere,
    }
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

/// Puts a setting of `postgresql.auto.conf` back, if it still has the value that we gave it.
pub(crate) fn reset_system(
    admin: &mut Admin,
    name: &str,
    value: &str,
    before: Option<&str>,
) -> Result<(), ApplyError> {
    let auto = |row: &FileSetting| {
        let file = row.file.as_deref().and_then(Path::file_name);
        file.is_some_and(|file| file == "postgresql.auto.conf") && row.name.as_deref() == Some(name)
    };
    let rows = admin.file_settings()?;
    let now = rows.iter().rev().find(|row| auto(row));
    if now.and_then(|row| row.value.as_deref()) == Some(value) {
        set_system(admin, name, before)?;
    }
    Ok(())
}

const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
/// Nothing of our own environment is the server's business.
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
