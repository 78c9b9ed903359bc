//! `cargo xtask e2e` and `cargo xtask oracle`: the tests of the package `e2e`, with what they need
//! made ready and named in their environment. The tests themselves are in `tests/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::demo::{On, trial};
use crate::engine::Engine;
use crate::images::{self, Images, NoImage};
use crate::report::{Count, Report};
use crate::{bundle, command, dist, local, machine, tools};

/// The tests of what the disk refuses and crashes leave.
const FAULTS: &[&str] = &["unwritable::", "taken_back::", "by_parts::"];
/// The version that they are run on.
const FAULTS_ON: u16 = 15;

/// Where the tests list what the run's last lines have to say: figures, and what they could not run.
const NOTES: &str = "notes-of-tests";

/// What `e2e` is asked to run.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Versions of PostgreSQL; all that have an image where empty.
    pub(crate) versions: Vec<u16>,
    /// `docker`, `podman`, `local`, or whatever answers.
    pub(crate) engine: Option<String>,
    /// A binary to test instead of one built now.
    pub(crate) binary: Option<PathBuf>,
    /// Build without optimisation: sooner ready, the same linking.
    pub(crate) quick: bool,
    /// Only tests whose name contains one of these.
    pub(crate) only: Vec<String>,
}

/// Where one version's server comes from.
enum Source {
    Container {
        engine: &'static str,
        tag: String,
        origin: String,
    },
    Local {
        programs: PathBuf,
        origin: String,
    },
}

/// Runs the end-to-end tests once for each version, as a part of `report` each.
pub(crate) fn e2e(root: &Path, wanted: &Wanted, scope: Scope, report: &mut Report) {
    let named = wanted.binary.as_ref();
    let mut binary = named.and_then(|b| b.canonicalize().ok());
    if let (Some(named), None) = (named, &binary) {
        return report.not_run("e2e", &format!("{} is not there", named.display()));
    }
    let versions: Vec<u16> = if wanted.versions.is_empty() {
        images::SUITES.iter().map(|(v, _)| *v).collect()
    } else {
        wanted.versions.clone()
    };
    let mut engine = None;
    if wanted.engine.as_deref() != Some("local") {
        let ready = report.part("container engine", |_| {
            engine = Some(Engine::ready(root, wanted.engine.as_deref())?);
            Ok(())
        });
        if !ready {
            return;
        }
    }
    // Packages are fetched and unpacked while the compiler works.
    let of = engine.as_ref();
    let images = std::thread::scope(|threads| {
        let images = threads.spawn(|| of.map(|engine| Images::new(root, engine).all(&versions)));
        if binary.is_none() {
            report.part("dist", |_| {
                binary = Some(dist::build(root, !wanted.quick)?);
                Ok(())
            });
        }
        images.join()
    });
    let Some(binary) = binary else {
        return report.not_run("e2e", "there is no binary to test");
    };
    let Ok(mut images) = images else {
        return report.not_run("e2e", "there are no images");
    };
    for &version in &versions {
        let name = format!("e2e on PostgreSQL {version}");
        let image = images.as_mut().and_then(|images| images.remove(&version));
        let source = match (&engine, image) {
            (Some(engine), Some(Ok(image))) => Some(Source::Container {
                engine: engine.program,
                tag: image.tag,
                origin: image.origin,
            }),
            (_, Some(Err(NoImage::Failed(error)))) => {
                report.part(&format!("image for PostgreSQL {version}"), |_| Err(error));
                None
            }
            (_, Some(Err(NoImage::Lacking(what)))) => {
                report.note(format!("no container for PostgreSQL {version}: {what}; it runs on local programs instead"));
                local_server(root, version, report)
            }
            (None, _) | (_, None) => local_server(root, version, report),
        };
        if let Some(source) = source {
            report.part(&name, |count| {
                let filter = Filter::of(wanted, version, &versions);
                run_version(root, version, &source, &binary, &filter, scope, count)
            });
            pass_on_notes(root, report);
        }
    }
    if engine.is_some() && wanted.only.is_empty() {
        report.part("demonstration in a container", |_| {
            trial::run(On::Container, &debug_binary(root, scope)?)
        });
    }
}

/// Takes what the tests themselves had to say into the report.
fn pass_on_notes(root: &Path, report: &mut Report) {
    let list = crate::target(root).join(NOTES);
    for line in std::fs::read_to_string(&list).unwrap_or_default().lines() {
        report.note(line.to_owned());
    }
    let _ = std::fs::remove_file(list);
}

/// Which tests of a target are run.
#[derive(Debug, Default)]
struct Filter<'a> {
    /// Those whose name contains one of these; all where empty.
    only: &'a [String],
    /// Not those whose name contains one of these.
    but: &'static [&'static str],
    /// What cargo is told about how to build them.
    build: &'static [&'static str],
}

impl<'a> Filter<'a> {
    /// What full disks, frozen files and crashes do does not depend on PostgreSQL's version, and takes
    /// half of the time: one version is enough, unless they are asked for.
    fn of(wanted: &'a Wanted, version: u16, versions: &[u16]) -> Self {
        let here = match versions.contains(&FAULTS_ON) {
            true => version == FAULTS_ON,
            false => versions.first() == Some(&version),
        };
        Filter {
            only: &wanted.only,
            but: if here || !wanted.only.is_empty() {
                &[]
            } else {
                FAULTS
            },
            build: &[],
        }
    }

    fn arguments(&self) -> impl Iterator<Item = &str> {
        self.but.iter().flat_map(|name| ["--skip", *name])
    }
}

/// The programs for `version` on this machine: npm's, else the system's. What could not be had is
/// in the report.
fn local_server(root: &Path, version: u16, report: &mut Report) -> Option<Source> {
    let mut source = None;
    report.part(&format!("programs of PostgreSQL {version}"), |_| {
        machine::need("psql", &["postgresql-client"])?;
        let installed = local::installed();
        source = match (
            bundle::ready(root, version),
            installed.iter().find(|p| p.version == version),
        ) {
            (Ok(programs), _) => Some(Source::Local {
                programs,
                origin: "npm's programs".to_owned(),
            }),
            (Err(_), Some(found)) => Some(Source::Local {
                programs: found.folder.clone(),
                origin: found.folder.display().to_string(),
            }),
            (Err(error), None) => return Err(error),
        };
        Ok(())
    });
    source
}

fn run_version(
    root: &Path,
    version: u16,
    source: &Source,
    binary: &Path,
    filter: &Filter<'_>,
    scope: Scope,
    count: &mut Count,
) -> anyhow::Result<()> {
    for name in filter.but {
        println!(
            "{name} is run on PostgreSQL {FAULTS_ON} alone: it does not depend on the version"
        );
    }
    let mut tests = test_command(root, "e2e", filter, scope);
    tests
        .env("PGCERT_BIN", binary)
        .env("PGCERT_E2E_VERSION", version.to_string())
        .env("PGCERT_NOTES", crate::target(root).join(NOTES));
    match source {
        Source::Container {
            engine,
            tag,
            origin,
        } => {
            println!("server: {origin}, in {engine} as {tag}");
            // A test in a container waits about as long as it computes.
            let threads = 2 * std::thread::available_parallelism().map_or(1, usize::from);
            tests
                .env("NEXTEST_TEST_THREADS", threads.to_string())
                .env("PGCERT_E2E_ENGINE", engine)
                .env("PGCERT_E2E_IMAGE", tag);
        }
        Source::Local { programs, origin } => {
            println!("server: {origin}");
            tests
                .env("PGCERT_E2E_ENGINE", "local")
                .env("PGCERT_E2E_PROGRAMS", programs);
        }
    }
    run_tests(&mut tests, count)
}

/// The generated files of an oracle run; the tests have their own numbers where none is given.
#[derive(Debug, Default)]
pub(crate) struct Generated {
    /// How many of each format and version.
    pub(crate) files: Option<u64>,
    /// What they are made from.
    pub(crate) seed: Option<u64>,
    /// How many of them are edited.
    pub(crate) edits: Option<u64>,
    /// A part of the names of the formats that are made.
    pub(crate) format: Option<String>,
    /// The versions that are asked; all where empty.
    pub(crate) versions: Vec<u16>,
}

impl Generated {
    /// Whether it is a run to be recorded. Then reading has to be fast, and so has the ground that thousands of files
    /// are written to.
    fn is_long(&self) -> bool {
        self.files.is_some() || self.edits.is_some()
    }

    fn variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        let folder = self.is_long() && Path::new(MEMORY).is_dir();
        [
            ("PGCERT_GENERATED", self.files.map(|n| n.to_string())),
            ("PGCERT_SEED", self.seed.map(|n| n.to_string())),
            ("PGCERT_EDITS", self.edits.map(|n| n.to_string())),
            ("PGCERT_FORMAT", self.format.clone()),
            ("PGCERT_ORACLE_FOLDER", folder.then(|| MEMORY.to_owned())),
            // The figures of the run.
            (
                "NEXTEST_SUCCESS_OUTPUT",
                self.is_long().then(|| "final".to_owned()),
            ),
        ]
        .into_iter()
        .filter_map(|(variable, value)| Some((variable, value?)))
    }
}

/// A folder that is on no disk.
const MEMORY: &str = "/dev/shm";

/// How cargo is told to make the readers of a long run fast.
const FAST: &[&str] = &["--config", "profile.dev.package.pg-config.opt-level=3"];

/// Runs the oracle tests against servers of every version there is.
pub(crate) fn oracle(
    root: &Path,
    only: &[String],
    generated: &Generated,
    scope: Scope,
    report: &mut Report,
) {
    let tools = tools_ready(root, report);
    report.part("oracle", |count| {
        machine::need("ip", &["iproute2"])?;
        let mut servers = Vec::new();
        let wanted =
            |version: &u16| generated.versions.is_empty() || generated.versions.contains(version);
        for version in bundle::versions().filter(wanted) {
            servers.push(format!(
                "{version}={}",
                bundle::ready(root, version)?.display()
            ));
        }
        let filter = Filter {
            only,
            build: if generated.is_long() { FAST } else { &[] },
            ..Filter::default()
        };
        let mut tests = test_command(root, "oracle", &filter, scope);
        tests
            .env("PGCERT_BIN", debug_binary(root, scope)?)
            .env("PGCERT_ORACLE_SERVERS", servers.join(":"))
            .env("PGCERT_NOTES", crate::target(root).join(NOTES))
            .env(tools::VARIABLE, &tools);
        tests.envs(generated.variables());
        run_tests(&mut tests, count)
    });
    pass_on_notes(root, report);
}

/// How many faults of each command are tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tried {
    /// Every one: minutes.
    Every,
    /// So many, spread evenly.
    Some(u16),
}

/// Runs the tests that look at the binary through the kernel, on a server of this machine: those of
/// secrets, and those of faults.
pub(crate) fn faults(
    root: &Path,
    only: &[String],
    tried: Tried,
    scope: Scope,
    report: &mut Report,
) {
    const NAME: &str = "secrets and faults";
    if !machine::is_root() {
        return report.not_run(
            NAME,
            "only root can trace a process that keeps itself private",
        );
    }
    let tools = tools_ready(root, report);
    let Some(Source::Local { programs, origin }) = local_server(root, FAULTS_ON, report) else {
        return;
    };
    report.part(NAME, |count| {
        println!("server: {origin}");
        let filter = Filter {
            only,
            ..Filter::default()
        };
        let mut tests = test_command(root, "faults", &filter, scope);
        tests
            .env("PGCERT_BIN", debug_binary(root, scope)?)
            .env("PGCERT_E2E_VERSION", FAULTS_ON.to_string())
            .env("PGCERT_E2E_ENGINE", "local")
            .env("PGCERT_E2E_PROGRAMS", programs)
            .env(
                "PGCERT_FAULTS",
                match tried {
                    Tried::Every => "all".to_owned(),
                    Tried::Some(number) => number.to_string(),
                },
            )
            .env(tools::VARIABLE, &tools);
        run_tests(&mut tests, count)
    });
}

/// The binary, built now and quickly.
pub(crate) fn debug_binary(root: &Path, scope: Scope) -> anyhow::Result<PathBuf> {
    let build: &[&str] = match scope {
        Scope::Workspace if nextest() => &["build", "--quiet", "--workspace", "--bins", "--tests"],
        _ => &["build", "--quiet", "--package", "pgcert"],
    };
    command::output(Command::new("cargo").current_dir(root).args(build))?;
    Ok(crate::target(root).join("debug/pgcert"))
}

/// The tools' places. Where some are lacking, that is a failure of its own, and the tests that need
/// none of them are run all the same.
fn tools_ready(root: &Path, report: &mut Report) -> String {
    let mut places = String::new();
    report.part("tools of the oracle tests", |_| {
        let tools = tools::ready(root);
        places = tools.places;
        tools.lacking.map_or(Ok(()), Err)
    });
    places
}

/// How much is built for tests of the package `e2e`. Cargo builds a dependency anew for each set of
/// features that a selection of packages asks for, and all that uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What these tests need: the soonest ready where nothing else is wanted.
    Alone,
    /// The workspace as one: nothing is built that the other parts of a whole run have not built.
    Workspace,
}

/// The runner for one test target of the package `e2e`. Servers, containers and signals have their
/// own pace: a test that fails is tried once more where the runner can do that, and is then called
/// flaky in its output.
fn test_command(root: &Path, target: &str, filter: &Filter<'_>, scope: Scope) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root);
    let nextest = nextest();
    if nextest {
        cargo.args(NEXTEST).args(["--retries", "1"]);
    } else {
        cargo.arg("test");
    }
    cargo.args(filter.build);
    if nextest && scope == Scope::Workspace {
        cargo.args(["--workspace", "-E"]);
        cargo.arg(format!("package(=e2e) & binary(={target})"));
    } else {
        cargo.args(["--package", "e2e", "--test", target]);
    }
    if nextest {
        cargo.args(filter.only).arg("--").args(filter.arguments());
    } else {
        cargo.arg("--").args(filter.only).args(filter.arguments());
    }
    cargo
}

/// How nextest is called: quiet about what passes.
pub(crate) const NEXTEST: [&str; 7] = [
    "nextest",
    "run",
    "--no-fail-fast",
    "--status-level=slow",
    "--final-status-level=fail",
    "--show-progress=none",
    "--cargo-quiet",
];

/// How nextest lists the tests that are marked to be ignored, a line each.
pub(crate) const IGNORED: [&str; 7] = [
    "nextest",
    "list",
    "--workspace",
    "--cargo-quiet",
    "--run-ignored=only",
    "--message-format=oneline",
    "--color=never",
];

/// Whether the quicker runner is there.
pub(crate) fn nextest() -> bool {
    command::succeeds(Command::new("cargo").args(["nextest", "--version"]))
}

/// Runs tests and counts them.
pub(crate) fn run_tests(tests: &mut Command, count: &mut Count) -> anyhow::Result<()> {
    let status = command::watched(tests.env("RUST_BACKTRACE", "0"), |line| count.read(line))?;
    match (status.success(), count.failed) {
        (true, 0) => Ok(()),
        (_, 0) => bail!("{} ({status})", command::shown(tests)),
        (_, failed) => bail!("{failed} failed"),
    }
}
