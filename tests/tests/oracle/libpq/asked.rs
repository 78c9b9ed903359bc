//! A libpq that answers questions: loaded into a process of its own by `libpq.py`, which can make no connection.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use e2e::given::tool;
use serde_json::{Value, json};

/// What was made of a question, by us or by libpq.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// Every parameter that has a value; none where there is an error.
    pub(super) options: BTreeMap<String, String>,
    /// The password for the last host.
    pub(super) password: Option<String>,
    /// Why there is no connection to be tried.
    pub(super) error: Option<String>,
}

impl Answer {
    /// Refused for this reason.
    pub(super) fn refused(error: &impl ToString) -> Self {
        Self {
            error: Some(error.to_string()),
            ..Self::default()
        }
    }
}

/// A libpq of one version.
pub(super) struct Libpq {
    pub(super) version: u16,
    /// The operating system's name of the user that it runs as.
    pub(super) user: String,
    /// And the home folder that the system has for him.
    pub(super) home: String,
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Libpq {
    /// That which belongs to a server's programs.
    pub(super) fn beside(programs: &Path, version: u16) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/libpq.py");
        let mut process = Command::new(tool("python3"))
            .arg(script)
            .arg(programs.with_file_name("lib").join("libpq.so.5"))
            .env_clear()
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It warns of password files that others may read.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut libpq = Self {
            version,
            user: String::new(),
            home: String::new(),
            questions: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()),
            process,
        };
        let greeting = libpq.answer();
        libpq.user = greeting[0].as_str().unwrap().to_owned();
        libpq.home = greeting[1].as_str().unwrap().to_owned();
        libpq
    }

    /// What it makes of a connection string in an environment: `ask` is `parse` (`PQconninfoParse`) or `start`
    /// (`PQconnectStart`, as far as it gets without a socket).
    pub(super) fn ask(
        &mut self,
        ask: &str,
        conninfo: &str,
        environment: &BTreeMap<String, String>,
    ) -> Answer {
        let environment: BTreeMap<_, _> = environment
            .iter()
            .map(|(name, value)| (name, characters(value)))
            .collect();
        self.question(
            &json!({ "ask": ask, "conninfo": characters(conninfo), "environment": environment }),
        );
        let answer = self.answer();
        let error = answer["error"].as_str().map(bytes).unwrap_or_default();
        let error = error.strip_suffix('\n').unwrap_or(&error);
        if is_of_the_network(error) || error.lines().all(is_of_a_port) {
            // It got as far as to the hosts. From 15 on it goes on to the next, and so may say it of several ports.
            if let Some(port) = error.lines().find(|line| is_of_a_port(line)) {
                return Answer::refused(&port);
            }
        } else {
            return Answer::refused(&error);
        }
        let options = answer["options"].as_object().unwrap();
        Answer {
            options: options
                .iter()
                .map(|(keyword, value)| (keyword.clone(), bytes(value.as_str().unwrap())))
                .collect(),
            // It does not tell an empty one from none.
            password: answer["password"]
                .as_str()
                .map(bytes)
                .filter(|password| !password.is_empty()),
            error: None,
        }
    }

    /// The keywords that it knows: name, variable, default, and how it is to be shown.
    pub(super) fn keywords(&mut self) -> Vec<Vec<Option<String>>> {
        self.question(&json!({ "ask": "known", "environment": {} }));
        serde_json::from_value(self.answer()["known"].take()).unwrap()
    }

    fn question(&mut self, question: &Value) {
        // In one piece: the formatter would write, and wake it, for each token.
        let line = format!("{question}\n");
        self.questions.write_all(line.as_bytes()).unwrap();
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("libpq {} gave up: {line:?}", self.version))
    }
}

impl Drop for Libpq {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What libpq says where it would have connected, but for want of a socket could not.
fn is_of_the_network(error: &str) -> bool {
    [
        "could not create socket: Operation not permitted",
        "could not translate host name ",
        "could not parse network address ",
        "could not translate Unix-domain socket path ",
        "Unix-domain socket path ",
    ]
    .iter()
    .any(|words| error.contains(words))
}

/// What it says of a port when it gets to it.
fn is_of_a_port(error: &str) -> bool {
    error.starts_with("invalid port number: ") || error.ends_with(" for connection option \"port\"")
}

/// The bytes of a text, as a character each.
fn characters(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// The other way, as the library shows bytes that are not UTF-8.
fn bytes(characters: &str) -> String {
    let bytes: Vec<u8> = characters
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
