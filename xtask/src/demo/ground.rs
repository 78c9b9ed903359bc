//! Where the demonstration takes place: a folder of this machine, or a container that has everything.
//! Either is taken away whole.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::command;
use crate::engine::Engine;
use crate::images::{Image, Images};
use crate::machine::Somebody;

/// A place for a throw-away server and its client, with the account that both run as.
pub(super) struct Ground {
    /// The folder that everything is made in.
    pub(super) folder: PathBuf,
    /// The folder with `initdb` and `pg_ctl`.
    pub(super) programs: PathBuf,
    /// The binary under demonstration.
    pub(super) pgcert: PathBuf,
    /// The server's port.
    pub(super) port: u16,
    place: Place,
}

enum Place {
    Here(Somebody),
    Container { engine: Engine, name: String },
}

impl Ground {
    /// A folder of this machine, with programs that an unprivileged user can run.
    pub(super) fn here(pgcert: &Path, programs: &Path) -> anyhow::Result<Self> {
        let folder = PathBuf::from(format!("/tmp/pgcert-demo-{}", std::process::id()));
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let who = Somebody::unprivileged()?;
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut ground = Self {
            pgcert: folder.join("pgcert"),
            programs: programs.to_owned(),
            folder,
            port,
            place: Place::Here(who.clone()),
        };
        match ground.furnish(&who, pgcert) {
            Ok(()) => Ok(ground),
            Err(error) => {
                let _ = ground.remove();
                Err(error)
            }
        }
    }

    fn furnish(&mut self, who: &Somebody, pgcert: &Path) -> anyhow::Result<()> {
        fs::create_dir(self.home())?;
        fs::copy(pgcert, &self.pgcert)?;
        if !who.can_run(&self.programs.join("postgres")) {
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
        who.own(&self.home())?;
        who.own(&self.folder)
    }

    /// A container that reaches no network, with the binary in it.
    pub(super) fn in_container(root: &Path, pgcert: &Path) -> anyhow::Result<Self> {
        let engine = Engine::ready_for_cleaning_up(root)?;
        let (version, Image { tag, origin }) = Images::new(root, &engine)
            .plain()
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        println!("PostgreSQL {version} from {origin}, in {}", engine.program);
        let name = format!("pgcert-demo-{}", std::process::id());
        let ground = Self {
            folder: PathBuf::from("/srv/demo"),
            programs: PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")),
            pgcert: PathBuf::from("/usr/local/bin/pgcert"),
            port: 5432,
            place: Place::Container { engine, name },
        };
        match ground.boot(pgcert, &tag) {
            Ok(()) => Ok(ground),
            Err(error) => {
                let _ = ground.remove();
                Err(error)
            }
        }
    }

    fn boot(&self, pgcert: &Path, image: &str) -> anyhow::Result<()> {
        let Place::Container { engine, name } = &self.place else {
            return Ok(());
        };
        let volume = format!("{}:{}:ro", pgcert.display(), self.pgcert.display());
        let mut run = engine.command(["run", "--detach", "--network", "none", "--name", name]);
        // A shell as the first process takes in orphans, so that a server that stopped is gone.
        let idle = ["-c", "while :; do sleep 2; done"];
        run.args(["--volume", &volume, "--entrypoint", "bash", image])
            .args(idle);
        command::output(&mut run)?;
        let folders = "mkdir -p \"$1/home\" && chown -R postgres \"$1\"";
        let mut make = engine.command(["exec", "--user", "root", name, "sh", "-ec", folders, "sh"]);
        command::output(make.arg(&self.folder))?;
        command::output(self.command(&self.pgcert).arg("--version"))
            .context("the binary that was built here does not start in the image")?;
        Ok(())
    }

    /// The data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The client's home.
    pub(super) fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The account that everything runs as.
    pub(super) fn account(&self) -> &str {
        match &self.place {
            Place::Here(who) => &who.name,
            Place::Container { .. } => "postgres",
        }
    }

    /// A program run as that account, whose home is the demonstration's.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        // Clients before 15 look up the home in the user database.
        let service_file = self.home().join(".pg_service.conf");
        match &self.place {
            Place::Here(who) => {
                let mut command = who.command(program);
                command
                    .env("HOME", self.home())
                    .env("PGSERVICEFILE", service_file);
                command
            }
            Place::Container { engine, name } => {
                let mut command =
                    engine.command(["exec", "--user", self.account(), "--workdir", "/"]);
                for (variable, value) in [
                    ("HOME", self.home().display().to_string()),
                    ("PGSERVICEFILE", service_file.display().to_string()),
                    ("LC_ALL", "C.UTF-8".to_owned()),
                ] {
                    command.args(["--env", &format!("{variable}={value}")]);
                }
                command.arg(name).arg(program);
                command
            }
        }
    }

    /// A command of [`Ground::command`] as one would type it there.
    pub(super) fn typed(&self, command: &Command) -> String {
        let whole = command::shown(command);
        let before = match &self.place {
            Place::Here(_) => " -- ".to_owned(),
            Place::Container { name, .. } => format!(" {name} "),
        };
        match whole.split_once(&before) {
            Some((_, typed)) => typed.to_owned(),
            None => whole,
        }
    }

    /// Whether the account finds the program in its path.
    pub(super) fn has(&self, program: &str) -> bool {
        let script = format!("command -v {program}");
        command::succeeds(self.command("sh").args(["-c", &script]))
    }

    /// Runs `pg_ctl`; its error shows the server's log.
    pub(super) fn pg_ctl(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let log = self.folder.join("server.log");
        let mut pg_ctl = self.command(self.programs.join("pg_ctl"));
        pg_ctl.arg("--pgdata").arg(self.data());
        pg_ctl.arg("--log").arg(&log).args(arguments);
        command::output(&mut pg_ctl).map(|_| ()).with_context(|| {
            let log = command::output(self.command("cat").arg(&log)).unwrap_or_default();
            format!("the server's log:\n{log}")
        })
    }

    /// Ends the server, if it runs, and takes everything away.
    pub(super) fn remove(&self) -> anyhow::Result<()> {
        let what = match &self.place {
            Place::Here(_) => {
                if self.data().join("postmaster.pid").exists() {
                    self.pg_ctl(&["--mode=fast", "--wait", "--timeout=10", "stop"])
                        .or_else(|_| self.pg_ctl(&["--mode=immediate", "--wait", "stop"]))?;
                }
                fs::remove_dir_all(&self.folder)
                    .with_context(|| format!("cannot remove {}", self.folder.display()))?;
                self.folder.display().to_string()
            }
            Place::Container { engine, name } => {
                command::output(&mut engine.command(["rm", "--force", "--volumes", name]))?;
                format!("the container {name}")
            }
        };
        println!("removed {what}");
        Ok(())
    }

    /// Leaves everything in place and says how to go on: `psql` with these arguments.
    pub(super) fn leave(self, psql: &str) {
        let stop = {
            let mut stop = self.command(self.programs.join("pg_ctl"));
            stop.arg("--pgdata").arg(self.data());
            stop.args(["--mode=fast", "stop"]);
            command::shown(&stop)
        };
        let services = format!(
            "PGSERVICEFILE={}",
            self.home().join(".pg_service.conf").display()
        );
        let folder = self.folder.display();
        match self.place {
            Place::Here(who) => {
                let mut session = who.command("env");
                session.args([&services, "psql", psql]);
                println!("\nKept in {folder}, owned by {}.", who.name);
                println!("use:     {}", command::shown(&session));
                println!("remove:  {stop} && rm -r {folder}");
            }
            Place::Container { engine, name } => {
                let program = engine.program;
                println!("\nKept in {folder} of the container {name}.");
                println!(
                    "use:     {program} exec -it --user postgres --env {services} {name} psql {psql}"
                );
                println!("remove:  {program} rm --force --volumes {name}");
                engine.leave();
            }
        }
    }
}
