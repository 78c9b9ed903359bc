//! A machine that a test has to itself: a container, or this machine where there are none. Programs
//! run on it as one of its accounts.

mod inside;

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use inside::{FIRST, Inside};

use crate::Said;
use crate::given::{Server, given};
use crate::tree::{self, Tree};

/// The label of everything that is made in the engine, by which leftovers can be found.
const LABEL: &str = "pgcert-e2e";

/// The language of every command.
const LOCALE: &str = "LC_ALL=C.UTF-8";

/// A machine.
#[derive(Debug)]
pub struct Host {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Container(Mutex<Inside>),
    Here,
}

/// A network of containers that reaches nothing else. Its hosts find each other by name.
#[derive(Debug)]
pub struct Network {
    engine: String,
    name: String,
}

impl Network {
    /// A new network.
    ///
    /// # Panics
    /// Where there are no containers.
    pub fn new() -> Self {
        let Server::Container { engine, .. } = &given().server else {
            panic!("networks need containers")
        };
        let name = unique("net");
        let create = ["network", "create", "--internal", "--label", LABEL, &name];
        say(Command::new(engine).args(create), "", None).ok();
        Self {
            engine: engine.clone(),
            name,
        }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = Command::new(&self.engine)
            .args(["network", "rm", &self.name])
            .stdout(Stdio::null())
            .status();
    }
}

impl Host {
    /// A container called `name`, with the binary under test as `pgcert` in its path. `options` go
    /// to the engine's `run`.
    ///
    /// # Panics
    /// Where there are no containers.
    pub fn container(name: &str, network: Option<&Network>, options: &[&str]) -> Self {
        let Server::Container { engine, image } = &given().server else {
            panic!("there are no containers")
        };
        let mut run = Command::new(engine);
        run.args([
            "run",
            "--interactive",
            "--rm",
            "--log-driver",
            "none",
            "--label",
            LABEL,
            "--name",
            &unique(name),
            "--hostname",
            name,
        ]);
        match network {
            Some(network) => {
                run.args(["--network", &network.name, "--network-alias", name]);
                // Nobody answers for a name that the engine does not know itself: by default that takes
                // every lookup ten seconds.
                run.args(["--dns-option", "timeout:1", "--dns-option", "attempts:2"])
            }
            None => run.args(["--network", "none"]),
        };
        run.arg("--volume").arg(format!(
            "{}:/usr/local/bin/pgcert:ro",
            given().pgcert.display()
        ));
        let [program, arguments @ ..] = FIRST;
        run.args(options).args(["--entrypoint", program, image]);
        run.args(arguments);
        Self {
            place: Place::Container(Mutex::new(Inside::start(&mut run))),
        }
    }

    /// This machine.
    pub fn here() -> Self {
        Self { place: Place::Here }
    }

    /// Whether this is a container, where any account may do anything.
    pub fn is_container(&self) -> bool {
        matches!(self.place, Place::Container(_))
    }

    /// Runs a command as `user`.
    pub fn run(&self, user: &str, words: &[&str]) -> Said {
        self.run_with(user, words, None)
    }

    /// Runs a command as `user` with `input` on its standard input.
    pub fn run_with(&self, user: &str, words: &[&str], input: Option<&[u8]>) -> Said {
        let shown = format!("[{user}] {}", words.join(" "));
        let Place::Container(inside) = &self.place else {
            return say(&mut self.command(user, words), &shown, input);
        };
        // As a login would have it.
        let (home, name) = (home_in_container(user), format!("USER={user}"));
        let home = format!("HOME={home}");
        let login = ["env", &home, &name, LOCALE];
        let said = inside
            .lock()
            .map(|mut inside| inside.run(user, &[&login[..], words].concat(), input));
        match said {
            Ok(Ok(output)) => Said::new(shown, &output),
            Ok(Err(error)) => panic!("no answer from the container to {shown}: {error}"),
            Err(_) => panic!("the container failed before {shown}"),
        }
    }

    /// A command as `user` of this machine, not yet run.
    ///
    /// # Panics
    /// In a container, where a command is run to its end.
    pub(crate) fn command(&self, user: &str, words: &[&str]) -> Command {
        assert!(!self.is_container(), "a command that stays open");
        let mut command = if user == me() {
            Command::new("env")
        } else {
            let mut command = Command::new("setpriv");
            command.args([
                &format!("--reuid={user}"),
                &format!("--regid={}", group_of(user)),
                "--init-groups",
            ]);
            command.arg("env");
            command
        };
        command.arg(LOCALE).args(words).current_dir("/");
        command
    }

    /// Runs a script of `sh` as `user`, which stops at the first command that fails.
    pub fn sh(&self, user: &str, script: &str) -> Said {
        self.run(user, &["sh", "-ec", script])
    }

    /// Runs the binary under test as `user` of this container.
    pub fn pgcert(&self, user: &str, words: &[&str]) -> Said {
        self.run(user, &[&["pgcert"], words].concat())
    }

    /// The network that this container is in, as `172.18.0.0/16`.
    pub fn network(&self) -> String {
        let script = "ip -4 -o route show scope link proto kernel | awk 'NR == 1 { print $1 }'";
        self.sh("root", script).ok().answer().to_owned()
    }

    /// The bytes of a file, or nothing where there is none.
    pub fn read(&self, path: &str) -> Option<String> {
        let said = self.run(&self.root(), &["cat", path]);
        (said.code == 0).then_some(said.stdout)
    }

    /// Writes a file: owner (`user:group`) and mode as given.
    ///
    /// # Panics
    /// When that fails.
    pub fn write(&self, path: &str, text: &str, owner: &str, mode: &str) {
        let script = "cat > \"$1\"; chown \"$2\" \"$1\"; chmod \"$3\" \"$1\"";
        let words = ["sh", "-ec", script, "sh", path, owner, mode];
        self.run_with(&self.root(), &words, Some(text.as_bytes()))
            .ok();
    }

    /// What the folders and files named hold now. One that ends in `/` is taken without what lies
    /// in its folders: a server changes those all the time.
    pub fn tree(&self, roots: &[&str]) -> Tree {
        tree::take(self, roots)
    }

    /// The account that may do most here: root, and on one's own machine oneself.
    pub fn root(&self) -> String {
        match self.place {
            Place::Container(_) => "root".to_owned(),
            Place::Here => me(),
        }
    }
}

/// The account that servers on this machine run as: PostgreSQL refuses to be root.
pub fn server_account() -> String {
    match me().as_str() {
        "root" if exists("postgres") => "postgres".to_owned(),
        "root" => "nobody".to_owned(),
        me => me.to_owned(),
    }
}

/// The name of the account that runs the tests.
fn me() -> String {
    let uid = std::fs::metadata("/proc/self").expect("/proc").uid();
    account(|fields| fields[2] == uid.to_string())
        .map_or_else(|| uid.to_string(), |fields| fields[0].clone())
}

/// Whether there is an account of that name on this machine.
fn exists(user: &str) -> bool {
    account(|fields| fields[0] == user).is_some()
}

fn group_of(user: &str) -> String {
    account(|fields| fields[0] == user).map_or_else(|| user.to_owned(), |fields| fields[3].clone())
}

fn account(wanted: impl Fn(&[String]) -> bool) -> Option<Vec<String>> {
    let passwd = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let accounts = passwd
        .lines()
        .map(|l| l.split(':').map(str::to_owned).collect::<Vec<_>>());
    accounts
        .filter(|fields| fields.len() >= 6)
        .find(|fields| wanted(fields))
}

/// Where the images' accounts, and those that tests add, have their homes.
fn home_in_container(user: &str) -> String {
    match user {
        "root" => "/root".to_owned(),
        "postgres" => "/var/lib/postgresql".to_owned(),
        "nobody" => "/nonexistent".to_owned(),
        other => format!("/home/{other}"),
    }
}

/// A name that no other test of this or another run uses.
fn unique(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!(
        "pgcert-e2e-{}-{}-{name}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// Runs the command to its end.
fn say(command: &mut Command, shown: &str, input: Option<&[u8]>) -> Said {
    let shown = if shown.is_empty() {
        format!("{command:?}")
    } else {
        shown.to_owned()
    };
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    let mut child = command
        .spawn()
        .unwrap_or_else(|e| panic!("cannot run {shown}: {e}"));
    if let (Some(bytes), Some(mut pipe)) = (input, child.stdin.take()) {
        // A program that does not read to the end is no failure of the test's.
        let _ = pipe.write_all(bytes);
    }
    let output = child
        .wait_with_output()
        .unwrap_or_else(|e| panic!("cannot wait for {shown}: {e}"));
    Said::new(shown, &output)
}
