//! Every form in which keys are written, and some that others write, tried with the real drivers: each
//! one logs in to a real server, verify-full, with the key as its only credential. What they read is
//! the table of `docs/how-to/drivers.md`; where a cell differs, the test fails and shows the new one.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::Said;
use e2e::given::tool;

use crate::desk::{Desk, PASSPHRASE};
use crate::servers::Server;

/// The kinds of key, each with the role that has it.
const KINDS: [&str; 3] = ["p256", "rsa2048", "ed25519"];

/// A form of a key: its name in the table, the file's ending, and the command of `sh` that makes `$OUT`
/// of the key `$KEY` and the certificate `$CERT`; whether it has a passphrase.
struct Form {
    row: &'static str,
    ending: &'static str,
    script: &'static str,
    is_encrypted: bool,
}

const fn form(row: &'static str, ending: &'static str, script: &'static str) -> Form {
    Form {
        row,
        ending,
        script,
        is_encrypted: false,
    }
}

const fn encrypted(row: &'static str, ending: &'static str, script: &'static str) -> Form {
    Form {
        is_encrypted: true,
        ..form(row, ending, script)
    }
}

impl Form {
    /// Ed25519 came after the forms that each kind of key had for itself.
    fn is_there_for(&self, kind: &str) -> bool {
        kind != "ed25519" || !self.script.contains("-traditional")
    }
}

/// `export` is `pgcert export` into a folder of its own, of which the one file of this ending is taken.
const FORMS: [Form; 9] = [
    form("PKCS#8 PEM", "key", "export --for libpq"),
    form(
        "PKCS#1 or SEC1 PEM",
        "pem",
        "openssl pkey -traditional -in $KEY -out $OUT",
    ),
    form("PKCS#8 DER (`.pk8`)", "pk8", "export --for jdbc"),
    encrypted(
        "PBES2 PEM, PBKDF2, AES-256",
        "key",
        "export --for libpq --key-passphrase-file pp",
    ),
    encrypted(
        "PBES2 DER",
        "der",
        "openssl pkcs8 -topk8 -in $KEY -outform DER -v2 aes-256-cbc -passout file:pp -out $OUT",
    ),
    encrypted(
        "PBES2 PEM, scrypt",
        "pem",
        "openssl pkcs8 -topk8 -in $KEY -scrypt -passout file:pp -out $OUT",
    ),
    encrypted(
        "PKCS#12 PBE 3DES, PEM",
        "pem",
        "openssl pkcs8 -topk8 -in $KEY -v1 PBE-SHA1-3DES -passout file:pp -out $OUT",
    ),
    encrypted(
        "PKCS#12 PBE 3DES, DER",
        "der",
        "openssl pkcs8 -topk8 -in $KEY -outform DER -v1 PBE-SHA1-3DES -passout file:pp -out $OUT",
    ),
    encrypted(
        "PKCS#12 (`.p12`)",
        "p12",
        "export --for jdbc --key-passphrase-file pp",
    ),
];

/// A driver, by its name in the table.
struct Driver {
    column: &'static str,
    login: fn(&Ground, &[Case]) -> BTreeMap<String, String>,
}

const DRIVERS: [Driver; 5] = [
    Driver {
        column: "libpq",
        login: psql,
    },
    Driver {
        column: "psycopg",
        login: |ground, cases| ask(ground.python("psycopg"), cases),
    },
    Driver {
        column: "asyncpg, Python ssl",
        login: |ground, cases| ask(ground.python("asyncpg"), cases),
    },
    Driver {
        column: "node-postgres",
        login: |ground, cases| ask(ground.node("login.js"), cases),
    },
    Driver {
        column: "pgjdbc",
        login: |ground, cases| ask(ground.java(), cases),
    },
];

/// One login that is tried.
#[derive(Clone)]
struct Case {
    name: String,
    role: &'static str,
    key: PathBuf,
    certificate: PathBuf,
    passphrase: &'static str,
}

impl Case {
    fn line(&self) -> String {
        let (key, certificate) = (self.key.display(), self.certificate.display());
        format!(
            "{}\t{}\t{key}\t{certificate}\t{}\n",
            self.name, self.role, self.passphrase
        )
    }
}

#[test]
fn drivers_read_what_the_table_says() {
    let ground = Ground::new();
    let cases: Vec<(usize, Case)> = FORMS
        .iter()
        .enumerate()
        .flat_map(|(row, form)| KINDS.map(|kind| (row, form, kind)))
        .filter(|(_, form, kind)| form.is_there_for(kind))
        .map(|(row, form, kind)| (row, ground.case(form, kind)))
        .collect();
    let columns: Vec<_> = DRIVERS
        .iter()
        .map(|driver| {
            let cases: Vec<Case> = cases.iter().map(|(_, case)| case.clone()).collect();
            (driver.login)(&ground, &cases)
        })
        .collect();
    let mut table = format!(
        "| key file | {} |\n|---|",
        DRIVERS.map(|d| d.column).join(" | ")
    );
    table.push_str(&"---|".repeat(DRIVERS.len()));
    for (row, form) in FORMS.iter().enumerate() {
        let names = cases
            .iter()
            .filter(|(of, _)| *of == row)
            .map(|(_, case)| &case.name);
        let names: Vec<_> = names.collect();
        let cells = columns.iter().map(|answers| cell(&names, answers));
        table.push_str(&format!(
            "\n| {} | {} |",
            form.row,
            cells.collect::<Vec<_>>().join(" | ")
        ));
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/how-to/drivers.md");
    let page = std::fs::read_to_string(page).unwrap();
    let reasons: Vec<_> = columns
        .iter()
        .zip(&DRIVERS)
        .flat_map(|(answers, driver)| {
            answers
                .iter()
                .map(|(name, answer)| format!("{}: {name}: {answer}", driver.column))
        })
        .collect();
    assert!(
        page.contains(&table),
        "the page has another table:\n{table}\n\n{}",
        reasons.join("\n")
    );
}

/// What the drivers say to all kinds of key in one form.
fn cell(names: &[&String], answers: &BTreeMap<String, String>) -> String {
    let reads = |name: &str| answers[name].starts_with("yes");
    let read: Vec<_> = names.iter().filter(|name| reads(name)).collect();
    match read.len() {
        0 => "no".to_owned(),
        n if n == names.len() => "yes".to_owned(),
        _ => {
            let not = names.iter().filter(|name| !reads(name));
            let kinds: Vec<_> = not
                .map(|name| name.rsplit(' ').next().unwrap_or_default())
                .collect();
            format!("yes, not {}", kinds.join(", "))
        }
    }
}

#[test]
fn the_line_that_export_prints_connects() {
    let ground = Ground::new();
    let port = ground.server.cluster.port.to_string();
    let line = |driver: &str, more: &[&str]| {
        let out = format!("line-{driver}-{}", more.len());
        std::fs::create_dir(ground.desk.path(&out)).unwrap();
        let words = [
            "export", "--for", driver, "--key", "p256.key", "--cert", "p256.crt", "--root",
            "root.crt", "--out", &out,
        ];
        let document = ground.desk.json(&[&words[..], more].concat());
        let line = document["use"]
            .as_str()
            .unwrap()
            .replace("PASSPHRASE", PASSPHRASE)
            .replace("DATABASE", "postgres");
        line.replace("host=HOST", &format!("host=localhost port={port}"))
            .replace("host: 'HOST'", &format!("host: 'localhost', port: {port}"))
            .replace("//HOST", &format!("//localhost:{port}"))
            .replace("@HOST", &format!("@localhost:{port}"))
    };
    for more in [&[][..], &["--key-passphrase-file", "pp"]] {
        ground
            .desk
            .tool(
                "psql",
                &[&line("libpq", more), "-XAtc", "select current_user"],
            )
            .ok()
            .says("p256");
        let python = format!(
            "import psycopg; print({}.execute('select current_user').fetchone())",
            line("psycopg", more)
        );
        ground
            .desk
            .tool("psycopg", &["-c", &python])
            .ok()
            .says("p256");
        let script = format!(
            "const fs = require('fs'), pg = require('pg'); const c = {}; c.connect().then(() => c.query('select current_user')).then(r => {{ console.log(r.rows[0]); return c.end(); }})",
            line("node", more)
        );
        let mut node = ground.node("-e");
        node.arg(script);
        Said::new("node".to_owned(), &node.output().unwrap())
            .ok()
            .says("p256");
        let answer = fed(ground.java(), &format!("{}\n", line("jdbc", more)));
        assert!(answer.contains("\tyes"), "{answer}");
    }
    ground
        .desk
        .tool("psql", &[&line("pgx", &[]), "-XAtc", "select current_user"])
        .ok()
        .says("p256");
}

/// A server that lets in by certificate alone, and the roles' keys and certificates on a desk.
struct Ground {
    desk: Desk,
    server: Server,
}

impl Ground {
    fn new() -> Self {
        let desk = Desk::with_authority();
        desk.pgcert(&["issue", "server", "localhost", "--passphrase-file", "pp"])
            .ok();
        let server = Server::newest();
        for kind in KINDS {
            desk.pgcert(&[
                "issue",
                "client",
                kind,
                "--key-type",
                kind,
                "--passphrase-file",
                "pp",
            ])
            .ok();
            server
                .cluster
                .ask(&server.host, &format!("create role \"{kind}\" login"));
        }
        let read = |file| desk.read(file);
        server.demand_certificates(
            &read("localhost.crt"),
            &read("localhost.key"),
            &read("root.crt"),
        );
        Self { desk, server }
    }

    /// Makes a key of `kind` in a form.
    fn case(&self, form: &Form, kind: &'static str) -> Case {
        let name = format!("{} {kind}", form.row);
        let folder: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        std::fs::create_dir(self.desk.path(&folder)).unwrap();
        let key = self.desk.path(&format!("{folder}/{kind}.{}", form.ending));
        let (from, certificate) = (format!("{kind}.key"), format!("{kind}.crt"));
        match form.script.strip_prefix("export ") {
            Some(options) => {
                let words = [
                    "export",
                    "--key",
                    &from,
                    "--cert",
                    &certificate,
                    "--root",
                    "root.crt",
                    "--out",
                    &folder,
                ];
                let options: Vec<_> = options.split(' ').collect();
                self.desk.pgcert(&[&words[..], &options].concat()).ok();
            }
            None => {
                let script = form
                    .script
                    .replace("$KEY", &from)
                    .replace("$OUT", &key.display().to_string());
                self.desk.sh(&format!("umask 077; {script}")).ok();
            }
        }
        assert!(key.is_file(), "{name}");
        Case {
            name,
            role: kind,
            key,
            certificate: self.desk.path(&certificate),
            passphrase: if form.is_encrypted { PASSPHRASE } else { "" },
        }
    }

    fn python(&self, driver: &str) -> Command {
        let mut python = Command::new(tool(driver));
        python.arg(script("login.py")).arg(driver);
        self.told(python)
    }

    fn node(&self, what: &str) -> Command {
        let mut node = Command::new(tool("node"));
        node.env("NODE_PATH", tool("pg"));
        match what {
            "-e" => {
                node.arg("-e");
                node
            }
            file => {
                node.arg(script(file));
                self.told(node)
            }
        }
    }

    fn java(&self) -> Command {
        let mut java = Command::new(tool("java"));
        java.arg("-cp").arg(tool("jdbc")).arg(script("Login.java"));
        self.told(java)
    }

    /// Where the server is, and whom to trust.
    fn told(&self, mut program: Command) -> Command {
        program
            .arg(self.server.cluster.port.to_string())
            .arg(self.desk.path("root.crt"));
        program
    }
}

fn psql(ground: &Ground, cases: &[Case]) -> BTreeMap<String, String> {
    let login = |case: &Case| {
        let conninfo = format!(
            "host=localhost port={} dbname=postgres user={} sslmode=verify-full sslrootcert={} sslkey={} sslcert={} sslpassword={}",
            ground.server.cluster.port,
            case.role,
            ground.desk.path("root.crt").display(),
            case.key.display(),
            case.certificate.display(),
            case.passphrase,
        );
        let conninfo = conninfo.trim_end_matches(" sslpassword=");
        let said = ground.desk.tool("psql", &["-XAtc", "select 1", conninfo]);
        let answer = if said.code == 0 {
            "yes".to_owned()
        } else {
            format!("no {}", said.stderr)
        };
        (case.name.clone(), answer)
    };
    cases.iter().map(login).collect()
}

/// Gives a driver's program all cases at once.
fn ask(program: Command, cases: &[Case]) -> BTreeMap<String, String> {
    let lines: String = cases.iter().map(Case::line).collect();
    let answers = fed(program, &lines);
    let answers: BTreeMap<_, _> = answers
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, answer)| (name.to_owned(), answer.to_owned()))
        .collect();
    assert_eq!(answers.len(), cases.len(), "{answers:#?}");
    answers
}

fn fed(mut program: Command, input: &str) -> String {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/oracle/drivers")
        .join(name)
}
