//! What `cargo xtask` gave this run: the binary under test, and where its servers come from.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What an end-to-end run was given.
#[derive(Debug)]
pub struct Given {
    /// The binary under test.
    pub pgcert: PathBuf,
    /// PostgreSQL's major version.
    pub version: u16,
    /// Where the server comes from.
    pub server: Server,
}

/// Where a server comes from.
#[derive(Debug)]
pub enum Server {
    /// A container image.
    Container {
        /// `docker` or `podman`.
        engine: String,
        /// The image's tag.
        image: String,
    },
    /// Programs on this machine.
    Local {
        /// The folder with `initdb`, `pg_ctl` and `postgres`.
        programs: PathBuf,
    },
}

/// What this run was given.
///
/// # Panics
/// When the environment does not say: a test must never run a binary that happens to lie around.
pub fn given() -> &'static Given {
    static GIVEN: OnceLock<Given> = OnceLock::new();
    GIVEN.get_or_init(|| Given {
        pgcert: pgcert(),
        version: variable("PGCERT_E2E_VERSION")
            .parse()
            .expect("PGCERT_E2E_VERSION is a number"),
        server: match variable("PGCERT_E2E_ENGINE").as_str() {
            "local" => Server::Local {
                programs: PathBuf::from(variable("PGCERT_E2E_PROGRAMS")),
            },
            engine => Server::Container {
                engine: engine.to_owned(),
                image: variable("PGCERT_E2E_IMAGE"),
            },
        },
    })
}

/// The binary under test.
///
/// # Panics
/// When it is not named.
pub fn pgcert() -> PathBuf {
    PathBuf::from(variable("PGCERT_BIN"))
}

/// The servers of an oracle run: version, folder of the programs.
///
/// # Panics
/// When they are not named.
pub fn oracle_servers() -> Vec<(u16, PathBuf)> {
    let list = variable("PGCERT_ORACLE_SERVERS");
    let servers = list.split(':').map(|entry| {
        let (version, programs) = entry.split_once('=').expect("VERSION=FOLDER");
        (version.parse().expect("a version"), PathBuf::from(programs))
    });
    servers.collect()
}

/// The place of a tool of the table in `xtask/src/tools.rs`: a program, for `jdbc` a `.jar`, for `pg`
/// the folder for `NODE_PATH`, for `pkilint`, `psycopg` and `asyncpg` the interpreter of Python that
/// can import it.
///
/// # Panics
/// When the run was not given it: a test asks no other program that happens to lie around, and is not
/// skipped.
pub fn tool(name: &str) -> PathBuf {
    let list = variable("PGCERT_TOOLS");
    let place = list
        .split(':')
        .filter_map(|entry| entry.split_once('='))
        .find(|(tool, _)| *tool == name);
    match place {
        Some((_, place)) => PathBuf::from(place),
        None => panic!(
            "{name} is not on this machine: `cargo xtask oracle` installs it, or says what does"
        ),
    }
}

/// Whether the run has containers. Where it has none, says that `test` was not run, and why.
pub fn has_containers(test: &str) -> bool {
    if matches!(given().server, Server::Container { .. }) {
        return true;
    }
    let line = format!(
        "{test} needs hosts of its own, and PostgreSQL {} runs on local programs",
        given().version
    );
    note(&format!("not run: {line}"));
    false
}

/// Says something that the run's last lines have to say as well.
///
/// # Panics
/// When the list of what they have to say cannot be written.
pub fn note(line: &str) {
    println!("{line}");
    if let Some(file) = std::env::var_os("PGCERT_NOTES") {
        let mut list = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)
            .expect("the list opens");
        writeln!(list, "{line}").expect("the list can be written");
    }
}

/// Whether nothing may be left out.
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `cargo xtask e2e` or `cargo xtask oracle`")
    })
}
