//! `cargo xtask`: the project's chores, written in Rust. Drives cargo and the built binary and
//! imports none of the project's crates.
#![expect(
    clippy::print_stdout,
    reason = "a tool for the desk and CI: if nobody reads, it may stop"
)]

mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Check what holds the house together: walls, imports, file heads, generated files
    Tidy {
        /// Rewrite the generated files first
        #[arg(long)]
        fix: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Tidy { fix } => tidy::run(&root(), fix),
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
