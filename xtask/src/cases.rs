//! `cargo xtask e2e` and `cargo xtask oracle`: the tests of the package `e2e`, with what they need
//! made ready and named in their environment. The tests themselves are in `tests/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::engine::Engine;
use crate::images::{self, Images, NoImage};
use crate::report::{Count, Report};
use crate::{bundle, command, dist, local, machine};

/// Where the tests list what they could not run.
const NOT_RUN: &str = "e2e-not-run";

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
pub(crate) fn e2e(root: &Path, wanted: &Wanted, report: &mut Report) {
    let mut binary = wanted.binary.as_ref().and_then(|b| b.canonicalize().ok());
    if let (Some(named), None) = (&wanted.binary, &binary) {
        return report.not_run("e2e", &format!("{} is not there", named.display()));
    }
    if binary.is_none() {
        report.part("dist", |_| {
            binary = Some(dist::build(root, !wanted.quick)?);
            Ok(())
        });
    }
    let Some(binary) = binary else {
        return report.not_run("e2e", "there is no binary to test");
    };
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
    let mut images = engine.as_ref().map(|e| Images::new(root, e));
    for version in versions {
        let name = format!("e2e on PostgreSQL {version}");
        let mut source = None;
        match &mut images {
            None => {
                source = local_server(root, version, report);
            }
            Some(images) => match images.ready(version) {
                Ok(image) => {
                    let engine = images.program();
                    source = Some(Source::Container {
                        engine,
                        tag: image.tag,
                        origin: image.origin,
                    });
                }
                Err(NoImage::Lacking(what)) => {
                    report.note(format!("no container for PostgreSQL {version}: {what}; it runs on local programs instead"));
                    source = local_server(root, version, report);
                }
                Err(NoImage::Failed(error)) => {
                    report.part(&format!("image for PostgreSQL {version}"), |_| Err(error));
                }
            },
        }
        if let Some(source) = source {
            report.part(&name, |count| {
                run_version(root, version, &source, &binary, &wanted.only, count)
            });
            // What the tests themselves left out, for want of containers.
            let list = crate::target(root).join(NOT_RUN);
            for line in std::fs::read_to_string(&list).unwrap_or_default().lines() {
                report.note(format!("not run: {line}"));
            }
            let _ = std::fs::remove_file(list);
        }
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
    only: &[String],
    count: &mut Count,
) -> anyhow::Result<()> {
    let mut tests = test_command(root, "e2e", only);
    tests
        .env("PGCERT_BIN", binary)
        .env("PGCERT_E2E_VERSION", version.to_string())
        .env("PGCERT_E2E_NOT_RUN", crate::target(root).join(NOT_RUN));
    match source {
        Source::Container {
            engine,
            tag,
            origin,
        } => {
            println!("server: {origin}, in {engine} as {tag}");
            tests
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

/// Runs the oracle tests against servers of every version there is.
pub(crate) fn oracle(root: &Path, only: &[String], report: &mut Report) {
    report.part("oracle", |count| {
        machine::need("openssl", &["openssl"])?;
        machine::need("psql", &["postgresql-client"])?;
        let mut servers = Vec::new();
        for version in bundle::versions() {
            servers.push(format!(
                "{version}={}",
                bundle::ready(root, version)?.display()
            ));
        }
        command::output(Command::new("cargo").current_dir(root).args([
            "build",
            "--quiet",
            "--package",
            "pgcert",
        ]))?;
        let mut tests = test_command(root, "oracle", only);
        tests
            .env("PGCERT_BIN", crate::target(root).join("debug/pgcert"))
            .env("PGCERT_ORACLE_SERVERS", servers.join(":"));
        run_tests(&mut tests, count)
    });
}

/// The runner for one test target of the package `e2e`.
fn test_command(root: &Path, target: &str, only: &[String]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root);
    if nextest() {
        cargo
            .args(NEXTEST)
            .args(["--package", "e2e", "--test", target])
            .args(only);
    } else {
        cargo
            .args(["test", "--package", "e2e", "--test", target, "--"])
            .args(only);
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
