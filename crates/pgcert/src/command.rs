//! One module a command: from arguments to a result that is printed.

mod advice;
mod audit;
mod ca;
mod change;
mod check;
mod client;
mod conf;
mod crl;
mod edit;
mod export;
mod files;
mod hba;
mod ident;
mod import;
mod init;
mod inspect;
mod install;
mod issue;
mod issued;
mod issuer;
mod lint;
mod manual;
mod reload;
mod request;
mod revoke;
mod server;
mod service;
mod setup;
mod sign;
mod surroundings;

use crate::args::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// Runs the command.
pub(crate) fn run(command: Command, context: &Context, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Setup(args) => setup::run(&args, context, output),
        Command::Ca(args) => ca::run(&args, context, output),
        Command::Issue(args) => issue::run(&args, context, output),
        Command::Request(args) => request::run(&args, context, output),
        Command::Sign(args) => sign::run(&args, context, output),
        Command::Export(args) => export::run(&args, context, output),
        Command::Install(args) => install::run(args, context, output),
        Command::Check(args) => check::run(&args, context, output),
        Command::Conf(args) => conf::run(&args, context, output),
        Command::Hba(args) => hba::run(&args, context, output),
        Command::Ident(args) => ident::run(&args, context, output),
        Command::Service(args) => service::run(&args, context, output),
        Command::Inspect(args) => inspect::run(&args, context, output),
        Command::List(args) => issued::list(&args, context, output),
        Command::Show(args) => issued::show(&args, context, output),
        Command::Revoke(args) => revoke::run(&args, context, output),
        Command::Completions { shell } => manual::completions(shell, output),
        Command::Man => manual::man(output),
    }
}
