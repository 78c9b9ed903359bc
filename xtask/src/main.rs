//! `cargo xtask`: the project's chores, written in Rust. Drives cargo and the built binary and
//! imports none of the project's crates.
#![expect(
    clippy::print_stdout,
    reason = "a tool for the desk and CI: if nobody reads, it may stop"
)]

mod bench;
mod bundle;
mod cases;
mod command;
mod demo;
mod dist;
mod docs;
mod engine;
mod fuzz;
mod images;
mod interrupt;
mod local;
mod machine;
mod python;
mod report;
mod suite;
mod tidy;
mod tools;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use cases::{Generated, Scope, Tried, Wanted};
use clap::{Args, Parser, Subcommand};
use report::Report;

/// The chores of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Show the whole way: a throw-away server, `pgcert setup` on it, a session, all removed
    Demo {
        /// Leave it in place, and say how to use and remove it
        #[arg(long)]
        keep: bool,
        /// Whose server it is shown on; by default the first that there is
        #[arg(long, value_enum)]
        on: Option<demo::On>,
        /// Show this binary instead of building one
        #[arg(long, value_name = "FILE")]
        binary: Option<PathBuf>,
    },
    /// Run everything that says whether the project is sound
    Test(EndToEnd),
    /// Run the end-to-end tests against servers in containers
    E2e(EndToEnd),
    /// Compare our reading with PostgreSQL's own, on every version
    Oracle {
        /// How many generated files each format and version is judged by; from 20000 on every explained difference
        /// has to be met
        #[arg(long, value_name = "COUNT")]
        generated: Option<u64>,
        /// The seed that they are made from
        #[arg(long)]
        seed: Option<u64>,
        /// How many are edited; a fortieth of them where this is not said
        #[arg(long, value_name = "COUNT")]
        edits: Option<u64>,
        /// Keep to the formats that have this in their name
        #[arg(long, value_name = "NAME")]
        format: Option<String>,
        /// Keep to these versions of PostgreSQL
        #[arg(long, value_name = "VERSION,...", value_delimiter = ',')]
        versions: Vec<u16>,
        /// Only tests whose name contains one of these
        only: Vec<String>,
    },
    /// Look at the binary through the kernel: where secrets go, what kills and failing disks leave
    Faults {
        /// Only tests whose name contains one of these
        only: Vec<String>,
    },
    /// Feed the parsers what a fuzzer thinks of
    Fuzz {
        /// How long each target runs
        #[arg(long, default_value_t = 30)]
        seconds: u32,
        /// Only targets whose name contains one of these
        only: Vec<String>,
    },
    /// Measure what pgcert costs, beside the programs that do the same work
    Bench {
        /// Only these parts: start, issue, batch, crl, rules, meaning, settings
        only: Vec<String>,
    },
    /// Run a program and print what it cost: one run of a benchmark
    #[command(hide = true)]
    UnderMeasure {
        /// The program and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        program: Vec<OsString>,
    },
    /// Build the one binary that starts on old systems too
    Dist,
    /// Write the reference pages that come from the program itself
    Docs,
    /// Check what holds the house together: walls, imports, file heads, generated files
    Tidy {
        /// Rewrite the generated files first
        #[arg(long)]
        fix: bool,
    },
}

/// What the end-to-end tests run on.
#[derive(Args)]
struct EndToEnd {
    /// Versions of PostgreSQL
    #[arg(long, value_name = "VERSIONS", value_delimiter = ',')]
    pg: Vec<u16>,
    /// What runs the servers; by default whatever container engine answers
    #[arg(long, value_parser = ["docker", "podman", "local"])]
    engine: Option<String>,
    /// Test this binary instead of building one
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Build the binary without optimisation
    #[arg(long)]
    quick: bool,
    /// Only end-to-end tests whose name contains one of these
    only: Vec<String>,
}

impl From<EndToEnd> for Wanted {
    fn from(of: EndToEnd) -> Self {
        Self {
            versions: of.pg,
            engine: of.engine,
            binary: of.binary,
            quick: of.quick,
            only: of.only,
        }
    }
}

fn main() -> ExitCode {
    let root = root();
    let done = match Arguments::parse().chore {
        Chore::Demo { keep, on, binary } => demo::run(&root, keep, on, binary),
        Chore::Test(of) => suite::run(&root, &of.into()),
        Chore::E2e(of) => {
            let mut report = Report::new();
            cases::e2e(&root, &of.into(), Scope::Alone, &mut report);
            report.close()
        }
        Chore::Oracle {
            generated,
            seed,
            edits,
            format,
            versions,
            only,
        } => {
            let mut report = Report::new();
            let generated = Generated {
                files: generated,
                seed,
                edits,
                format,
                versions,
            };
            cases::oracle(&root, &only, &generated, Scope::Alone, &mut report);
            report.close()
        }
        Chore::Faults { only } => {
            let mut report = Report::new();
            cases::faults(&root, &only, Tried::Every, Scope::Alone, &mut report);
            report.close()
        }
        Chore::Fuzz { seconds, only } => fuzz::run(&root, &only, seconds),
        Chore::Bench { only } => bench::run(&root, &only),
        Chore::UnderMeasure { program } => return bench::under_measure(&program),
        Chore::Docs => docs::write(&root),
        Chore::Dist => dist::build(&root, true).map(|_| ()),
        Chore::Tidy { fix } => tidy::run(&root, fix, Scope::Alone),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default()
}

/// Where cargo builds, and where what is fetched is kept.
fn target(root: &Path) -> PathBuf {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    let ask = || {
        let asked = cargo_metadata::MetadataCommand::new()
            .current_dir(root)
            .no_deps()
            .exec();
        asked.map_or_else(
            |_| root.join("target"),
            |m| m.target_directory.into_std_path_buf(),
        )
    };
    TARGET.get_or_init(ask).clone()
}
