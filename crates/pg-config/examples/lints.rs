//! Prints the table of lints as a page of Markdown: `docs/reference/lints.md` is this program's output.

use std::io::{self, Write as _};

use pg_config::Severity;
use pg_config::lint::{Format, LINTS};

#[expect(
    clippy::disallowed_methods,
    reason = "the page goes to standard output"
)]
fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "<!-- Written by `cargo xtask docs` from the table in crates/pg-config/src/lint/table.rs. Do not edit. -->\n\n\
         # What the lints find\n\n\
         `pgcert conf lint`, `pgcert hba lint`, `pgcert ident lint` and `pgcert service lint` name each finding by one of these codes, \
         which are stable; those of `pg_hosts.conf` and `.pgpass` are for now in the library alone. An error is what PostgreSQL or libpq refuses, in its own words; a warning is what it takes and was probably not meant; \
         a note is good to know."
    )?;
    for format in Format::ALL {
        writeln!(
            out,
            "\n## {}\n\n| code | severity | what | what to do |\n|---|---|---|---|",
            format.file_name()
        )?;
        for lint in LINTS.iter().filter(|lint| lint.format == format) {
            let severity = match lint.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let cell = |text: &str| text.replace('|', "\\|");
            writeln!(
                out,
                "| `{}` | {severity} | {} | {} |",
                lint.code,
                cell(lint.what),
                cell(lint.help)
            )?;
        }
    }
    Ok(())
}
