//! The engine that runs containers: one that answers, else a daemon started here and ended here.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::{command, machine};

/// How long a daemon may take until it answers.
const START: Duration = Duration::from_secs(40);

/// A way to run containers.
#[derive(Debug)]
pub(crate) struct Engine {
    /// `docker` or `podman`: the program that is called.
    pub(crate) program: &'static str,
    /// The daemon, if it was started here.
    daemon: Option<Child>,
}

impl Engine {
    /// The engine called `wanted`, or the first that answers.
    ///
    /// A second daemon beside one that runs, or one without a bridge, would take the first one's
    /// network apart: a daemon is started only where none answers, and with its defaults.
    pub(crate) fn ready(root: &Path, wanted: Option<&str>) -> anyhow::Result<Self> {
        Self::found_or_started(root, wanted, Ctrl::C)
    }

    /// The same for whoever catches Ctrl-C: a daemon that is started does not hear of it, and is there
    /// until the containers are gone.
    pub(crate) fn ready_for_cleaning_up(root: &Path) -> anyhow::Result<Self> {
        Self::found_or_started(root, None, Ctrl::Caught)
    }

    fn found_or_started(root: &Path, wanted: Option<&str>, ctrl: Ctrl) -> anyhow::Result<Self> {
        for program in ["docker", "podman"] {
            if wanted.is_none_or(|w| w == program) && answers(program) {
                println!("containers: {program} answers");
                return Ok(Self {
                    program,
                    daemon: None,
                });
            }
        }
        if wanted == Some("podman") {
            bail!("podman does not answer");
        }
        if !machine::is_root() {
            bail!("no container engine answers, and only root can start one");
        }
        machine::need("docker", &["docker.io"])?;
        let dockerd = machine::need("dockerd", &["docker.io"])?;
        // The package starts it where a service manager runs.
        if answers("docker") {
            return Ok(Self {
                program: "docker",
                daemon: None,
            });
        }
        println!("containers: starting dockerd");
        std::fs::create_dir_all(crate::target(root))?;
        let log = crate::target(root).join("dockerd.log");
        let file = File::create(&log)?;
        let start = || -> anyhow::Result<Child> {
            let mut dockerd = Command::new(&dockerd);
            if let Ctrl::Caught = ctrl {
                dockerd.process_group(0);
            }
            dockerd
                .stdout(file.try_clone()?)
                .stderr(file.try_clone()?)
                .spawn()
                .context("dockerd")
        };
        let mut daemon = start()?;
        let deadline = Instant::now() + START;
        while !answers("docker") {
            if Instant::now() > deadline {
                let _ = daemon.kill();
                bail!("dockerd does not answer: see {}", log.display());
            }
            std::thread::sleep(Duration::from_millis(200));
            // One that was just ended may still hold its pid file for a moment.
            if daemon.try_wait()?.is_some() {
                std::thread::sleep(Duration::from_secs(1));
                daemon = start()?;
            }
        }
        Ok(Self {
            program: "docker",
            daemon: Some(daemon),
        })
    }

    /// Leaves a daemon that was started here running when this program ends.
    pub(crate) fn leave(mut self) {
        self.daemon = None;
    }

    /// The engine with arguments.
    pub(crate) fn command<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(self.program);
        command.args(arguments);
        command
    }
}

/// Who ends at a Ctrl-C on the terminal: this program and all that it started, or nobody at once.
#[derive(Clone, Copy)]
enum Ctrl {
    C,
    Caught,
}

impl Drop for Engine {
    /// Ends the daemon that was started here: with the signal that lets it put its things away.
    fn drop(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            let _ = command::output(Command::new("kill").arg(daemon.id().to_string()));
            let _ = daemon.wait();
        }
    }
}

fn answers(program: &str) -> bool {
    // `docker version` fails where the client is there and no daemon; podman needs none.
    machine::find(program).is_some() && command::succeeds(Command::new(program).arg("version"))
}
