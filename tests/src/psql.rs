//! A `psql` that stays open, for tests that ask one server thousands of things: a question costs what the server needs
//! for it, not a new process and a new connection.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::{Cluster, Host};

/// An open session of the cluster's owner, in a database whose encoding is `SQL_ASCII`: every byte goes through.
#[derive(Debug)]
pub struct Psql {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Psql {
    /// Opens a session; makes the database on the first one.
    ///
    /// # Panics
    /// When there is no getting in.
    #[track_caller]
    pub fn open(host: &Host, cluster: &Cluster) -> Self {
        let there = "select count(*) from pg_database where datname = 'bytes'";
        if cluster.ask(host, there) == "0" {
            let make = "create database bytes template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'";
            cluster.ask(host, make);
        }
        let port = cluster.port.to_string();
        let words = [
            "PGCLIENTENCODING=SQL_ASCII",
            "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            &cluster.socket,
            "-p",
            &port,
            "-d",
            "bytes",
            "-f",
            "-",
        ];
        let mut command = host.command(&cluster.owner, &words);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.expect("psql starts");
        let output = child.stdout.take().expect("its output");
        Self {
            input: child.stdin.take(),
            output: BufReader::new(output),
            child,
        }
    }

    /// Asks something that is answered with one row of one column, on one line: that line.
    ///
    /// # Panics
    /// When the server refuses, which psql has said by then.
    #[track_caller]
    pub fn ask(&mut self, sql: &str) -> Vec<u8> {
        let input = self.input.as_mut().expect("it is open");
        writeln!(input, "{sql};")
            .and_then(|()| input.flush())
            .expect("psql listens");
        let mut line = Vec::new();
        self.output.read_until(b'\n', &mut line).expect("an answer");
        assert_eq!(line.pop(), Some(b'\n'), "no answer to {sql}");
        line
    }
}

impl Drop for Psql {
    fn drop(&mut self) {
        // Without input it ends by itself.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
