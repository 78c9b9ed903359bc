//! `pgcert completions` and `pgcert man`: made from the command line's own definition.

use clap::CommandFactory as _;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::Output;

/// Prints the completion script for a shell.
pub(crate) fn completions(shell: clap_complete::Shell, output: &mut Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "pgcert", &mut script);
    output.print(&String::from_utf8_lossy(&script))
}

/// Prints the manual page, in roff, with every command.
pub(crate) fn man(output: &mut Output) -> Result<(), Failure> {
    let mut page = Vec::new();
    let mut command = Cli::command();
    // Gives every subcommand its full name: `pgcert ca init`.
    command.build();
    write_page(&command, &mut page)
        .map_err(|error| Failure::because("the manual page cannot be made", &error))?;
    output.print(&String::from_utf8_lossy(&page))
}

fn write_page(command: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(page)?;
    command
        .get_subcommands()
        .filter(|c| c.get_name() != "help")
        .try_for_each(|command| write_page(command, page))
}
