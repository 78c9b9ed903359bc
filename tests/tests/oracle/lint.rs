//! Everything that is signed, made by the real binary and judged by pkilint and strictly by OpenSSL:
//! every profile with every type of key.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::{Said, given};
use serde::Deserialize;

use crate::made::{Authority, KEY_TYPES};

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Server,
    Client,
}

/// A certificate below an authority.
struct Leaf {
    purpose: Purpose,
    /// Names that clients may use for the server.
    names: Vec<String>,
    certificate: PathBuf,
}

/// An authority of `key_type` whose subject has most attributes, and leaves of all shapes.
fn issue(key_type: &str) -> (Authority, Vec<Leaf>) {
    let subject = "C=FR,ST=BZH,L=Nantes,O=Loxodata,OU=Bases de données";
    let authority = Authority::root(key_type, &["--ca-name", "trustly", "--subject", subject]);
    let role = "a".repeat(63);
    let server = |name: &str, more: &[&str]| Leaf {
        purpose: Purpose::Server,
        names: [name]
            .iter()
            .chain(more.iter().filter(|w| w.contains(':')))
            .map(|n| n.rsplit_once("dns:").map_or(*n, |(_, n)| n).to_owned())
            .collect(),
        certificate: authority.sign(&[&["server", name][..], more].concat()),
    };
    let client = |role: &str, more: &[&str]| Leaf {
        purpose: Purpose::Client,
        names: Vec::new(),
        certificate: authority.sign(&[&["client", role][..], more].concat()),
    };
    let mut leaves = vec![
        server(
            "db.example.org",
            &[
                "--key-type",
                key_type,
                "--san",
                "ip:192.0.2.1",
                "--san",
                "ip:2001:db8::1",
            ],
        ),
        client("slardiere", &["--key-type", key_type]),
    ];
    // Shapes of names do not depend on keys.
    if key_type == "p256" {
        leaves.extend([
            server("tolva", &["--san", "dns:db-1.example.org"]),
            server("*.example.org", &[]),
            server("xn--bcher-kva.example", &["--subject", subject]),
            // Too long for a common name: no subject, and the names are critical.
            server(&format!("{}.example.org", "a".repeat(60)), &[]),
            client(&role, &["--subject", subject]),
            client("Émile, \"le\" rôle = #1/x", &[]),
            client("a", &["--key-type", "rsa3072"]),
            client("under_score@example.org", &["--key-type", "ed25519"]),
        ]);
    }
    // A list without an entry, and one with.
    for (name, reason) in LISTS.iter().zip([None, Some("key-compromise")]) {
        if let Some(reason) = reason {
            authority
                .pgcert(&["revoke", "slardiere", "--reason", reason, "--yes"])
                .ok();
        }
        let list = authority.path().join(name).display().to_string();
        authority.pgcert(&["ca", "crl", "--out", &list]).ok();
    }
    (authority, leaves)
}

/// The lists before and after the client `slardiere` was revoked, in the authority's folder.
const LISTS: [&str; 2] = ["before.crl", "after.crl"];

/// Every type of key at once: the slow ones are those that have to find primes.
fn issue_all() -> Vec<(Authority, Vec<Leaf>)> {
    std::thread::scope(|scope| {
        let threads = KEY_TYPES.map(|key_type| scope.spawn(|| issue(key_type)));
        threads.map(|t| t.join().unwrap()).into_iter().collect()
    })
}

/// A call of one of pkilint's commands.
#[derive(Debug)]
pub(crate) struct Lint {
    command: &'static str,
    options: &'static [&'static str],
    files: Vec<PathBuf>,
}

impl Lint {
    pub(crate) fn certificate(file: &Path) -> Self {
        Self {
            command: "lint_pkix_cert",
            options: &[],
            files: vec![file.to_owned()],
        }
    }

    pub(crate) fn chain(issuer: &Path, subject: &Path) -> Self {
        Self {
            command: "lint_pkix_signer_signee_cert_chain",
            options: &[],
            files: vec![issuer.to_owned(), subject.to_owned()],
        }
    }

    /// A revocation list.
    pub(crate) fn list(file: &Path) -> Self {
        Self {
            command: "lint_crl",
            options: &["-t", "CRL", "-p", "PKIX"],
            files: vec![file.to_owned()],
        }
    }

    fn line(&self) -> String {
        let files = self.files.iter().map(|f| f.display().to_string());
        let words = ["lint", "-s", "NOTICE", "-f", "JSON"].map(str::to_owned);
        let words: Vec<String> = std::iter::once(self.command.to_owned())
            .chain(words)
            .chain(self.options.iter().map(|o| (*o).to_owned()))
            .chain(files)
            .collect();
        words.join("\t") + "\n"
    }
}

/// What pkilint says to one of them.
#[derive(Debug, Deserialize)]
struct Verdict {
    code: i32,
    findings: Vec<Finding>,
    error: String,
}

/// Something that pkilint does not like.
#[derive(Debug, Deserialize)]
struct Finding {
    at: String,
    severity: String,
    code: String,
    message: Option<String>,
}

impl Finding {
    /// What is accepted, for the names that were asked for and as they were asked for: clients compare
    /// the name that they use, so it has to be in the certificate. RFC 5280 4.2.1.6 wants the "preferred
    /// name syntax"; pkilint takes that for a public name.
    /// - A name without a dot, such as `tolva`, has that syntax.
    /// - A name with `*` in front is left to others by RFC 5280, and defined by RFC 9525 6.3.
    fn is_excused(&self, names: &[String]) -> bool {
        self.code == "pkix.invalid_domain_name_syntax"
            && self.at.contains("subjectAltName")
            && names.iter().any(|name| {
                let said = format!("Invalid domain name syntax: \"{name}\"");
                (!name.contains('.') || name.starts_with("*."))
                    && self.message.as_deref() == Some(&said)
            })
    }
}

/// pkilint's verdicts, in the order of what was asked.
fn judge(lints: &[Lint]) -> Vec<Verdict> {
    let mut python = Command::new(given::tool("pkilint"))
        .args(["-c", include_str!("pkilint.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = lints.iter().map(Lint::line).collect();
    let mut pipe = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let verdicts: Vec<Verdict> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(verdicts.len(), lints.len());
    verdicts
}

/// pkilint has nothing to say to any of them.
pub(crate) fn clean(lints: &[Lint]) {
    for (lint, verdict) in lints.iter().zip(judge(lints)) {
        let said = (verdict.code, verdict.error.as_str(), verdict.findings.len());
        assert_eq!(said, (0, "", 0), "{lint:?}\n{verdict:#?}");
    }
}

/// All of it in one go: finding primes takes longer than all the judging.
#[test]
fn everything_that_is_signed() {
    let made = issue_all();
    pkilint_finds_nothing(&made);
    openssl_accepts_each_for_its_purpose_alone(&made);
    openssl_refuses_what_is_on_a_list(&made);
    openssl_reads_requests_as_they_were_made(&made);
}

fn pkilint_finds_nothing(made: &[(Authority, Vec<Leaf>)]) {
    let mut lints = Vec::new();
    let mut names = Vec::new();
    for (authority, leaves) in made {
        let root = authority.certificate();
        lints.extend([Lint::certificate(&root), Lint::chain(&root, &root)]);
        names.extend([&[][..], &[]]);
        for list in LISTS {
            lints.push(Lint::list(&authority.path().join(list)));
            names.push(&[]);
        }
        for leaf in leaves {
            lints.push(Lint::certificate(&leaf.certificate));
            lints.push(Lint::chain(&root, &leaf.certificate));
            names.extend([&leaf.names[..], &[]]);
        }
    }
    let mut excused = BTreeSet::new();
    for ((lint, names), verdict) in lints.iter().zip(names).zip(judge(&lints)) {
        assert_eq!(verdict.error, "", "{lint:?}");
        let (known, unknown): (Vec<_>, Vec<_>) = verdict
            .findings
            .into_iter()
            .partition(|f| f.is_excused(names));
        assert!(unknown.is_empty(), "{lint:?}\n{unknown:#?}");
        assert_eq!(
            verdict.code,
            i32::try_from(known.len()).unwrap(),
            "{lint:?}"
        );
        excused.extend(known.into_iter().filter_map(|f| f.message));
    }
    // An exception that nothing needs any more has to go.
    assert_eq!(
        excused.into_iter().collect::<Vec<_>>(),
        [
            "Invalid domain name syntax: \"*.example.org\"",
            "Invalid domain name syntax: \"tolva\"",
        ]
    );
}

#[test]
fn pkilint_would_find_something() {
    // As openssl makes it without being told better: no keyUsage, and a version 1 leaf below it.
    let folder = tempfile::tempdir().unwrap();
    let openssl = |words: &[&str]| openssl(folder.path(), words).ok();
    openssl(&[
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt",
        "-subj", "/CN=ca",
    ]);
    openssl(&[
        "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "a.key", "-out", "a.csr", "-subj",
        "/CN=a",
    ]);
    openssl(&[
        "x509",
        "-req",
        "-in",
        "a.csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        "a.crt",
    ]);
    let [root, leaf] = ["ca.crt", "a.crt"].map(|f| folder.path().join(f));
    let lints = [
        Lint::certificate(&root),
        Lint::certificate(&leaf),
        Lint::chain(&leaf, &root),
    ];
    for (lint, verdict) in lints.iter().zip(judge(&lints)) {
        assert!(
            verdict.findings.iter().any(|f| f.severity == "ERROR"),
            "{lint:?} {verdict:?}"
        );
    }
}

pub(crate) fn openssl(folder: &Path, words: &[&str]) -> Said {
    let output = Command::new(given::tool("openssl"))
        .current_dir(folder)
        .args(words)
        .output()
        .unwrap();
    Said::new(format!("openssl {}", words.join(" ")), &output)
}

fn openssl_accepts_each_for_its_purpose_alone(made: &[(Authority, Vec<Leaf>)]) {
    for (authority, leaves) in made {
        let verify = |leaf: &Leaf, more: &[&str]| {
            let strictly = [
                "verify",
                "-x509_strict",
                "-check_ss_sig",
                "-CAfile",
                "ca.crt",
            ];
            let file = leaf.certificate.display().to_string();
            openssl(&authority.path(), &[&strictly[..], more, &[&file]].concat())
        };
        for leaf in leaves {
            let (right, wrong) = match leaf.purpose {
                Purpose::Server => ("sslserver", "sslclient"),
                Purpose::Client => ("sslclient", "sslserver"),
            };
            verify(leaf, &["-purpose", right]).ok();
            verify(leaf, &["-purpose", wrong])
                .fails()
                .says("unsuitable certificate purpose");
            for name in &leaf.names {
                let (option, name) = match name.strip_prefix("ip:") {
                    Some(address) => ("-verify_ip", address.to_owned()),
                    None => ("-verify_hostname", name.replace('*', "any")),
                };
                verify(leaf, &[option, &name]).ok();
            }
            verify(leaf, &["-verify_hostname", "other.example.net"])
                .fails()
                .says("hostname mismatch");
            verify(leaf, &["-verify_ip", "192.0.2.2"]).fails();
        }
    }
}

fn openssl_refuses_what_is_on_a_list(made: &[(Authority, Vec<Leaf>)]) {
    for (authority, leaves) in made {
        let verify = |leaf: &Leaf, list: &str| {
            let file = leaf.certificate.display().to_string();
            let words = [
                "verify",
                "-x509_strict",
                "-crl_check",
                "-CAfile",
                "ca.crt",
                "-CRLfile",
                list,
                &file,
            ];
            openssl(&authority.path(), &words)
        };
        for leaf in leaves {
            let revoked = leaf.certificate.ends_with("slardiere.crt");
            verify(leaf, LISTS[0]).ok();
            if revoked {
                verify(leaf, LISTS[1]).fails().says("certificate revoked");
            } else {
                verify(leaf, LISTS[1]).ok();
            }
        }
    }
}

fn openssl_reads_requests_as_they_were_made(made: &[(Authority, Vec<Leaf>)]) {
    for (authority, leaves) in made {
        for leaf in leaves {
            let request = leaf.certificate.with_extension("csr").display().to_string();
            let words = ["req", "-verify", "-noout", "-text", "-in", &request];
            let mut said = openssl(&authority.path(), &words).ok().says("verify OK");
            for name in &leaf.names {
                said = match name.strip_prefix("ip:") {
                    Some(_) => said.says("IP Address:"),
                    None => said.says(&format!("DNS:{name}")),
                };
            }
        }
    }
}
