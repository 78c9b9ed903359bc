//! `cargo xtask demo`: the whole way before one's eyes. A throw-away server, `pgcert setup` on it,
//! a session of `psql` over what it set up, and all of it removed. Where that takes place is in
//! [`ground`].

mod ground;
pub(crate) mod trial;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use self::ground::Ground;
use crate::cases::{self, Scope};
use crate::interrupt::Interrupt;
use crate::{bundle, command, local};

/// The role that logs in.
const ROLE: &str = "slardiere";
/// The service that it logs in through.
const SERVICE: &str = "tolva";

/// Whose server the demonstration is given on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum On {
    /// The programs of PostgreSQL that are installed here, the newest
    Installed,
    /// The programs that come as a package of npm
    Npm,
    /// A container
    Container,
}

/// Runs the demonstration; `keep` leaves everything in place and says how to use and remove it.
/// Without `on` it takes the first that there is, without `binary` it builds one.
pub(crate) fn run(
    root: &Path,
    keep: bool,
    on: Option<On>,
    binary: Option<PathBuf>,
) -> anyhow::Result<()> {
    let pgcert = match binary {
        Some(binary) => binary.canonicalize()?,
        None => {
            println!("building pgcert");
            cases::debug_binary(root, Scope::Alone)?
        }
    };
    let interrupt = Interrupt::catch()?;
    let started = Instant::now();
    let demo = Demo {
        ground: ground(root, &pgcert, on)?,
        interrupt,
    };
    let shown = demo.play();
    if keep && shown.is_ok() {
        demo.ground.leave(&format!("service={SERVICE}"));
    } else {
        let removed = demo.ground.remove();
        // What a program says that the terminal has interrupted is of no interest.
        demo.interrupt.check()?;
        shown.and(removed)?;
    }
    println!("\ndone in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// The newest server on this machine, else npm's newest, else one in a container.
fn ground(root: &Path, pgcert: &Path, on: Option<On>) -> anyhow::Result<Ground> {
    let choices = match &on {
        Some(on) => std::slice::from_ref(on),
        None => On::value_variants(),
    };
    let mut reasons = Vec::new();
    for choice in choices {
        let ground = match choice {
            On::Installed => installed().and_then(|programs| Ground::here(pgcert, &programs)),
            On::Npm => npm(root).and_then(|programs| Ground::here(pgcert, &programs)),
            On::Container => Ground::in_container(root, pgcert).context("no container"),
        };
        match ground {
            Ok(ground) => return Ok(ground),
            Err(error) => reasons.push(format!("{error:#}")),
        }
    }
    bail!(
        "there is no PostgreSQL to show it on\n  {}",
        reasons.join("\n  ")
    );
}

fn installed() -> anyhow::Result<PathBuf> {
    let installed = local::installed();
    let newest = installed.first().context("none is installed")?;
    let folder = newest.folder.clone();
    println!("PostgreSQL {} from {}", newest.version, folder.display());
    Ok(folder)
}

fn npm(root: &Path) -> anyhow::Result<PathBuf> {
    let newest = bundle::versions().max().unwrap_or_default();
    let folder = bundle::ready(root, newest).context("npm's cannot be had")?;
    println!("PostgreSQL {newest} from npm");
    Ok(folder)
}

/// A demonstration under way.
struct Demo {
    ground: Ground,
    interrupt: Interrupt,
}

impl Demo {
    /// The server started, set up, used.
    fn play(&self) -> anyhow::Result<()> {
        self.interrupt.check()?;
        self.start()?;
        self.interrupt.check()?;
        self.set_up()?;
        self.interrupt.check()?;
        self.log_in()
    }

    fn start(&self) -> anyhow::Result<()> {
        let ground = &self.ground;
        println!(
            "a server for {} on port {}, as {}",
            ground.folder.display(),
            ground.port,
            ground.account()
        );
        let mut initdb = ground.command(ground.programs.join("initdb"));
        initdb.arg("--pgdata").arg(ground.data()).args([
            "--auth-local=peer",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        command::output(&mut initdb)?;
        let settings = format!(
            "port = {}\nlisten_addresses = 'localhost'\nunix_socket_directories = '{}'\nshared_buffers = 16MB\nfsync = off\n",
            ground.port,
            ground.folder.display()
        );
        let mut append = ground.command("sh");
        append.args(["-ec", "printf '\\n%s' \"$1\" >> \"$2\"", "sh", &settings]);
        append.arg(ground.data().join("postgresql.conf"));
        command::output(&mut append)?;
        self.interrupt.check()?;
        ground.pg_ctl(&["--wait", "start"])
    }

    fn set_up(&self) -> anyhow::Result<()> {
        let ground = &self.ground;
        let mut setup = ground.command(&ground.pgcert);
        setup.arg("setup").arg("--data-dir").arg(ground.data());
        setup.args(["--role", ROLE, "--create-role"]);
        setup.args(["--server-name", "localhost", "--service", SERVICE]);
        setup
            .arg("--authority")
            .arg(ground.folder.join("authority"));
        setup.arg("--client-home").arg(ground.home());
        setup.args(["--no-passphrase", "--yes", "--accept", "tls-on"]);
        self.announce(&setup);
        command::run(&mut setup)
    }

    fn log_in(&self) -> anyhow::Result<()> {
        let ground = &self.ground;
        let service = format!("service={SERVICE}");
        if !ground.has("psql") {
            println!("\nthere is no psql here: pgcert proves the login alone");
            let mut check = ground.command(&ground.pgcert);
            check.args(["check", &service]);
            self.announce(&check);
            return command::run(&mut check);
        }
        let question = "select usename as role, version as protocol, cipher, bits, client_dn, issuer_dn from pg_stat_ssl join pg_stat_activity using (pid) where pid = pg_backend_pid()";
        let mut psql = ground.command("psql");
        psql.args(["-X", &service, "-c", "\\conninfo", "-x", "-c", question]);
        self.announce(&psql);
        let said = command::output(&mut psql)?;
        println!("{said}");
        for wanted in [
            format!("| {ROLE}"),
            "TLSv1.3".to_owned(),
            format!("CN={ROLE}"),
        ] {
            if !said.contains(&wanted) {
                bail!("the session does not show {wanted}");
            }
        }
        Ok(())
    }

    /// Shows a command as that user would type it.
    fn announce(&self, command: &Command) {
        let ground = &self.ground;
        println!("\n[{}]$ {}", ground.account(), ground.typed(command));
    }
}
