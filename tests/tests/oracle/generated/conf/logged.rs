//! The syntax errors of `postgresql.conf` against what the server logs when it is told to load the file. The view gives
//! a file up at the first of them; loading goes on to the next line, and says near what each one is.

use std::time::Duration;

use e2e::Psql;
use e2e::generated::{Dice, conf};
use pg_config::Version;
use pg_config::resolve::{FileError, Settings};

use super::meant::last_line;
use super::{Disk, FORMAT};
use crate::generated::{Bench, Run, SHOWN};
use crate::log::Log;
use crate::servers::Server;

/// One file in so many is loaded: a reload takes longer than a question.
const FEWER: usize = 4;
/// How long a reload is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is said at the hundredth error.
const TOO_MANY: &str = "too many syntax errors found, abandoning file";

impl Run {
    /// Has the server load files with a syntax error, which it then does not apply.
    #[expect(
        clippy::print_stdout,
        reason = "the figures of a recorded run; nobody sees them otherwise"
    )]
    pub(crate) fn errors_logged(&mut self, server: &Server) {
        let version = server.cluster.version;
        let main = format!("{}/{}", server.cluster.data, FORMAT.file);
        let mut bench = Bench::of(&FORMAT, server);
        let (mut files, mut errors, mut shown) = (0, 0, 0);
        for index in (0..self.count).step_by(FEWER) {
            let made = conf::file(&mut Dice::of_file(self.seed, index));
            bench.write(&made);
            let settings = Settings::read(&Disk, &main, None, Version::new(version).unwrap());
            let ours: Vec<String> = settings.errors().iter().filter_map(said).collect();
            if ours.is_empty() {
                continue;
            }
            files += 1;
            errors += ours.len();
            let theirs = logged(&mut bench.session, server);
            if ours != theirs {
                let bytes = made.main.escape_ascii();
                self.found.push(format!(
                    "{main} {index} on PostgreSQL {version}: {bytes:.400}\n  ours   {ours:?}\n  theirs {theirs:?}"
                ));
                shown += 1;
                if shown >= SHOWN {
                    break;
                }
            }
        }
        println!(
            "log of PostgreSQL {version}: {errors} syntax errors in {files} files, {shown} files with open differences"
        );
    }
}

/// An error as the server logs it.
fn said(error: &FileError) -> Option<String> {
    let FileError {
        file,
        line,
        message,
        ..
    } = error;
    if message == TOO_MANY {
        return Some(format!("{TOO_MANY} \"{file}\""));
    }
    let near = message.strip_prefix("syntax error ")?;
    // There it names the line before, as the table of differences has it.
    let (last, cut) = last_line(file);
    let is_cut = cut && near == "near end of line" && u64::from(*line) == last;
    let line = line - u32::from(is_cut);
    Some(format!(
        "syntax error in file \"{file}\" line {line}, {near}"
    ))
}

/// What the server logs of a file that it does not apply.
fn logged(session: &mut Psql, server: &Server) -> Vec<String> {
    let mut log = Log::at_end(server.cluster.log_file());
    session.ask("select pg_reload_conf()");
    let text = log.text_until(" contains errors; ", PATIENCE);
    let messages = text.lines().filter_map(|line| line.split_once(" LOG:  "));
    messages
        .map(|(_, message)| message.to_owned())
        .filter(|message| message.starts_with("syntax error in") || message.starts_with(TOO_MANY))
        .collect()
}
