//! `cargo xtask demo`: the whole way before one's eyes. A throw-away server, `pgcert setup` on it,
//! a session of `psql` over what it set up, and all of it removed.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::machine::Somebody;
use crate::{bundle, command, local, machine};

/// The role that logs in.
const ROLE: &str = "slardiere";
/// The service that it logs in through.
const SERVICE: &str = "tolva";

/// Runs the demonstration; `keep` leaves everything in place and says how to use and remove it.
pub(crate) fn run(root: &Path, keep: bool) -> anyhow::Result<()> {
    println!("building pgcert");
    command::run(Command::new("cargo").current_dir(root).args([
        "build",
        "--quiet",
        "--package",
        "pgcert",
    ]))?;
    let started = Instant::now();
    let programs = programs(root)?;
    let demo = Demo::lay_out(root, &programs)?;
    let shown = demo.play();
    let ended = if keep && shown.is_ok() {
        demo.explain()
    } else {
        demo.remove()
    };
    shown.and(ended)?;
    println!("\ndone in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// The newest server on this machine, else npm's newest.
fn programs(root: &Path) -> anyhow::Result<PathBuf> {
    if let Some(found) = local::installed().first() {
        println!(
            "PostgreSQL {} from {}",
            found.version,
            found.folder.display()
        );
        return Ok(found.folder.clone());
    }
    let newest = bundle::versions().max().unwrap_or_default();
    let folder = bundle::ready(root, newest)
        .context("no PostgreSQL on this machine, and npm's cannot be had")?;
    println!("PostgreSQL {newest} from npm");
    Ok(folder)
}

/// The throw-away server and its client, in one folder.
struct Demo {
    folder: PathBuf,
    programs: PathBuf,
    who: Somebody,
    port: u16,
}

impl Demo {
    /// Makes the folder, with programs that the unprivileged user can run.
    fn lay_out(root: &Path, programs: &Path) -> anyhow::Result<Self> {
        let who = Somebody::unprivileged()?;
        let folder = PathBuf::from(format!("/tmp/pgcert-demo-{}", std::process::id()));
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut demo = Self {
            folder,
            programs: programs.to_owned(),
            who,
            port,
        };
        match demo.fill(root) {
            Ok(()) => Ok(demo),
            Err(error) => {
                let _ = demo.remove();
                Err(error)
            }
        }
    }

    fn fill(&mut self, root: &Path) -> anyhow::Result<()> {
        fs::create_dir(self.folder.join("home"))?;
        fs::copy(
            crate::target(root).join("debug/pgcert"),
            self.folder.join("pgcert"),
        )?;
        if !self.who.can_run(&self.programs.join("postgres")) {
            // The clone lies where only its owner can go: the server comes along.
            let bundle = self
                .programs
                .parent()
                .context("programs without a folder")?;
            command::output(
                Command::new("cp")
                    .arg("-a")
                    .arg(bundle)
                    .arg(self.folder.join("postgresql")),
            )?;
            self.programs = self.folder.join("postgresql/bin");
        }
        for name in ["home", ""] {
            self.who.own(&self.folder.join(name))?;
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// A program run as the unprivileged user, whose home is the demonstration's.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.who.command(program);
        // Clients before 15 look up the home in the user database.
        command
            .env("HOME", self.home())
            .env("PGSERVICEFILE", self.home().join(".pg_service.conf"));
        command
    }

    /// The server started, set up, used.
    fn play(&self) -> anyhow::Result<()> {
        println!(
            "a server for {} on port {}, as {}",
            self.folder.display(),
            self.port,
            self.who.name
        );
        command::output(
            self.command(self.programs.join("initdb"))
                .arg("--pgdata")
                .arg(self.data())
                .args([
                    "--auth-local=peer",
                    "--auth-host=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                ]),
        )?;
        let settings = format!(
            "\nport = {}\nlisten_addresses = 'localhost'\nunix_socket_directories = '{}'\nshared_buffers = 16MB\nfsync = off\n",
            self.port,
            self.folder.display()
        );
        let file = self.data().join("postgresql.conf");
        let text = fs::read_to_string(&file)?;
        fs::write(&file, text + &settings)?;
        self.pg_ctl(&["--wait", "start"])?;

        let mut setup = self.command(self.folder.join("pgcert"));
        setup
            .arg("setup")
            .arg("--data-dir")
            .arg(self.data())
            .args([
                "--role",
                ROLE,
                "--create-role",
                "--server-name",
                "localhost",
                "--service",
                SERVICE,
            ])
            .arg("--authority")
            .arg(self.folder.join("authority"))
            .arg("--client-home")
            .arg(self.home())
            .args(["--no-passphrase", "--yes", "--accept", "tls-on"]);
        self.announce(&setup);
        command::run(&mut setup)?;

        if machine::find("psql").is_none() {
            println!("\nthere is no psql here: pgcert proves the login alone");
            let mut check = self.command(self.folder.join("pgcert"));
            check.args(["check", &format!("service={SERVICE}")]);
            self.announce(&check);
            return command::run(&mut check);
        }
        let question = "select usename as role, version as protocol, cipher, bits, client_dn, issuer_dn from pg_stat_ssl join pg_stat_activity using (pid) where pid = pg_backend_pid()";
        let mut psql = self.command("psql");
        psql.args([
            "-X",
            &format!("service={SERVICE}"),
            "-c",
            "\\conninfo",
            "-x",
            "-c",
            question,
        ]);
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
        let whole = command::shown(command);
        let typed = whole
            .split_once(" -- ")
            .map_or(whole.as_str(), |(_, typed)| typed);
        println!("\n[{}]$ {typed}", self.who.name);
    }

    fn pg_ctl(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut pg_ctl = self.command(self.programs.join("pg_ctl"));
        pg_ctl
            .arg("--pgdata")
            .arg(self.data())
            .arg("--log")
            .arg(self.folder.join("server.log"))
            .args(arguments);
        command::output(&mut pg_ctl).map(|_| ()).with_context(|| {
            let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
            format!("the server's log:\n{log}")
        })
    }

    /// Stops the server, if it runs, and takes the folder away.
    fn remove(&self) -> anyhow::Result<()> {
        if self.data().join("postmaster.pid").exists() {
            self.pg_ctl(&["--mode=fast", "--wait", "stop"])?;
        }
        fs::remove_dir_all(&self.folder)
            .with_context(|| format!("cannot remove {}", self.folder.display()))?;
        println!("removed {}", self.folder.display());
        Ok(())
    }

    /// Says how to go on.
    fn explain(&self) -> anyhow::Result<()> {
        let mut session = self.who.command("env");
        session
            .arg(format!(
                "PGSERVICEFILE={}",
                self.home().join(".pg_service.conf").display()
            ))
            .args(["psql", &format!("service={SERVICE}")]);
        let mut stop = self.who.command(self.programs.join("pg_ctl"));
        stop.arg("--pgdata")
            .arg(self.data())
            .args(["--mode=fast", "stop"]);
        println!(
            "\nKept in {}, owned by {}.",
            self.folder.display(),
            self.who.name
        );
        println!("use:     {}", command::shown(&session));
        println!(
            "remove:  {} && rm -r {}",
            command::shown(&stop),
            self.folder.display()
        );
        Ok(())
    }
}
