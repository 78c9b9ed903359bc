//! The `pgcert` command: reads the command line, calls the libraries, prints what they say and ends
//! with the documented exit code. Decisions live in the libraries, advice and wording here.

mod args;
mod command;
mod context;
mod failure;
mod interrupt;
mod output;
mod passphrase;
mod prompt;
mod render;

use std::process::ExitCode;

use clap::Parser as _;

use crate::context::Context;
use crate::output::Output;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let mut output = Output::new(&cli.common);
    let result = Context::new(&cli.common)
        .and_then(|context| command::run(cli.command, &context, &mut output));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.fail(&failure);
            ExitCode::from(failure.code as u8)
        }
    }
}
