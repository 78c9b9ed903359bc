//! `cargo xtask docs`: the reference pages that are written from the program itself: `docs/reference/cli.md` from its
//! help texts, `docs/reference/lints.md` from the table of lints. What people write by hand is not touched.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::cases::{self, Scope};
use crate::command;

/// Writes the pages.
pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    for (page, text) in pages(root, Scope::Alone)? {
        if let Some(folder) = page.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&page, text).with_context(|| format!("writing {}", page.display()))?;
    }
    Ok(())
}

/// The first page that is no longer what the program says, where there is one.
pub(crate) fn outdated(root: &Path, scope: Scope) -> anyhow::Result<Option<PathBuf>> {
    let old = |(page, text): &(PathBuf, String)| {
        std::fs::read_to_string(page).unwrap_or_default() != *text
    };
    let pages = pages(root, scope)?.into_iter();
    Ok(pages.into_iter().find(old).map(|(page, _)| page))
}

/// Each page and what it has to say.
fn pages(root: &Path, scope: Scope) -> anyhow::Result<[(PathBuf, String); 2]> {
    let reference = root.join("docs/reference");
    Ok([
        (reference.join("cli.md"), commands(root, scope)?),
        (reference.join("lints.md"), lints(root, scope)?),
    ])
}

/// The page of all lints: the library prints it.
fn lints(root: &Path, scope: Scope) -> anyhow::Result<String> {
    let of = match scope {
        Scope::Alone => &["--package", "pg-config"][..],
        Scope::Workspace => &["--workspace"],
    };
    let mut build = Command::new("cargo");
    build.current_dir(root).args(["build", "--quiet"]).args(of);
    command::output(build.args(["--example", "lints"]))?;
    command::output(&mut Command::new(
        crate::target(root).join("debug/examples/lints"),
    ))
}

/// The page of all commands.
fn commands(root: &Path, scope: Scope) -> anyhow::Result<String> {
    let binary = cases::debug_binary(root, scope)?;
    let help = |command: &[String]| {
        command::output(
            Command::new(&binary)
                .args(command)
                .arg("--help")
                .env_remove("COLUMNS"),
        )
    };
    let mut sections = Vec::new();
    gather(&mut Vec::new(), &help, &mut sections)?;
    Ok(page(&sections))
}

/// The help of a command and of those below it.
fn gather(
    command: &mut Vec<String>,
    help: &dyn Fn(&[String]) -> anyhow::Result<String>,
    sections: &mut Vec<(String, String)>,
) -> anyhow::Result<()> {
    let text = help(command)?;
    let names = subcommands(&text);
    let title = [&["pgcert".to_owned()], command.as_slice()].concat();
    sections.push((title.join(" "), text));
    for name in names {
        command.push(name);
        gather(command, help, sections)?;
        command.pop();
    }
    Ok(())
}

/// The names under `Commands:`.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    listed
        .take_while(|line| !line.is_empty())
        // A longer text goes on in lines that begin further in.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

fn page(sections: &[(String, String)]) -> String {
    let mut page = String::from(HEAD);
    for (title, text) in sections {
        let about = text.lines().next().unwrap_or_default();
        let _ = writeln!(page, "- [`{title}`](#{}): {about}", title.replace(' ', "-"));
    }
    for (title, text) in sections {
        let _ = write!(page, "\n## {title}\n\n```text\n{text}\n```\n");
    }
    page
}

const HEAD: &str = "\
<!-- Written by `cargo xtask docs` from the program's own help. Do not edit. -->

# The commands of pgcert

";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_gets_a_section() {
        let help = |command: &[String]| {
            Ok(match command.join(" ").as_str() {
                "" => "Certificates\n\nCommands:\n  ca     Authority,\n           and more\n  check  Connect\n  help   Print\n\nOptions:\n  -h",
                "ca" => "Authority\n\nCommands:\n  init  Make one",
                "ca init" => "Make one",
                _ => "Connect",
            }
            .to_owned())
        };
        let mut sections = Vec::new();
        gather(&mut Vec::new(), &help, &mut sections).unwrap();
        insta::assert_snapshot!(page(&sections), @"
        <!-- Written by `cargo xtask docs` from the program's own help. Do not edit. -->

        # The commands of pgcert

        - [`pgcert`](#pgcert): Certificates
        - [`pgcert ca`](#pgcert-ca): Authority
        - [`pgcert ca init`](#pgcert-ca-init): Make one
        - [`pgcert check`](#pgcert-check): Connect

        ## pgcert

        ```text
        Certificates

        Commands:
          ca     Authority,
                   and more
          check  Connect
          help   Print

        Options:
          -h
        ```

        ## pgcert ca

        ```text
        Authority

        Commands:
          init  Make one
        ```

        ## pgcert ca init

        ```text
        Make one
        ```

        ## pgcert check

        ```text
        Connect
        ```
        ");
    }
}
