//! Authorities under a root, with limits and without: everything on the way from the root to a leaf, and
//! the lists of both, judged by pkilint and strictly by OpenSSL.

use std::fs;
use std::path::PathBuf;

use pki_core::Certificate;

use crate::lint::{Lint, clean, openssl};
use crate::made::{Authority, KEY_TYPES};

/// A root and an authority below it, for servers and clients or for one of them.
struct Chain {
    issuing: Authority,
    leaves: Vec<Leaf>,
}

struct Leaf {
    purpose: &'static str,
    /// The leaf, then the issuing authority's certificate.
    file: PathBuf,
}

impl Chain {
    fn new(key_type: &str, limits: &[&str]) -> Self {
        let issuing = Authority::under_a_root(key_type, limits);
        let only = |kind| !limits.contains(&"--for") || limits.contains(&kind);
        let mut leaves = Vec::new();
        if only("server") {
            let san = ["--san", "ip:192.0.2.1"];
            let words = [
                &["server", "db.example.org", "--key-type", key_type],
                &san[..],
            ];
            leaves.push(Leaf {
                purpose: "sslserver",
                file: issuing.sign(&words.concat()),
            });
        }
        if only("client") {
            leaves.push(Leaf {
                purpose: "sslclient",
                file: issuing.sign(&["client", "slardiere", "--key-type", key_type]),
            });
        }
        let made = Self { issuing, leaves };
        made.lists();
        made
    }

    /// A list of each authority, in one file, as PostgreSQL takes them.
    fn lists(&self) {
        let root = self.issuing.root_path().display().to_string();
        let file = self.path("lists.pem").display().to_string();
        self.issuing.pgcert(&["ca", "crl", "--out", &file]).ok();
        self.issuing
            .pgcert_of(&root, &["ca", "crl", "--out", &file])
            .ok();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.issuing.path().join(name)
    }

    /// Each certificate of a file in one of its own.
    fn split(&self, file: &PathBuf) -> Vec<PathBuf> {
        let all = Certificate::all_from_pem(&fs::read(file).unwrap()).unwrap();
        let one = |(n, certificate): (usize, &Certificate)| {
            let path = file.with_extension(format!("{n}.pem"));
            fs::write(&path, certificate.to_pem()).unwrap();
            path
        };
        all.iter().enumerate().map(one).collect()
    }

    fn lints(&self) -> Vec<Lint> {
        let up = self.split(&self.path("ca.crt"));
        let [below, root] = up.as_slice() else {
            panic!("{up:?}")
        };
        let mut lints = vec![
            Lint::certificate(root),
            Lint::certificate(below),
            Lint::chain(root, below),
        ];
        for leaf in &self.leaves {
            let sent = self.split(&leaf.file);
            assert_eq!(sent.len(), 2, "{sent:?}");
            lints.extend([Lint::certificate(&sent[0]), Lint::chain(below, &sent[0])]);
        }
        lints
    }

    fn openssl_agrees(&self) {
        let root = self.split(&self.path("ca.crt")).pop().unwrap();
        let [root, lists] = [root, self.path("lists.pem")].map(|p| p.display().to_string());
        for leaf in &self.leaves {
            let file = leaf.file.display().to_string();
            let verify = |purpose: &str| {
                let words = [
                    "verify",
                    "-x509_strict",
                    "-check_ss_sig",
                    "-crl_check_all",
                    "-CAfile",
                    &root,
                    "-CRLfile",
                    &lists,
                    "-untrusted",
                    &file,
                    "-purpose",
                    purpose,
                    &file,
                ];
                openssl(&self.issuing.path(), &words)
            };
            verify(leaf.purpose).ok();
            let wrong = match leaf.purpose {
                "sslserver" => "sslclient",
                _ => "sslserver",
            };
            verify(wrong).fails().says("unsuitable certificate purpose");
        }
    }
}

#[test]
fn chains_of_three() {
    let names = ["--permit-dns", "example.org", "--permit-ip", "192.0.2.0/24"];
    let servers = [&["--for", "server"], &names[..]].concat();
    let limits = [&[][..], &names, &servers, &["--for", "client"]];
    let chains: Vec<Chain> = std::thread::scope(|scope| {
        let by_type = KEY_TYPES.map(|t| scope.spawn(move || Chain::new(t, &[])));
        let limited = limits[1..]
            .iter()
            .map(|limits| Chain::new("p256", limits))
            .collect::<Vec<_>>();
        let by_type = by_type.map(|t| t.join().unwrap());
        by_type.into_iter().chain(limited).collect()
    });
    let lints: Vec<Lint> = chains.iter().flat_map(Chain::lints).collect();
    clean(&lints);
    for chain in &chains {
        chain.openssl_agrees();
    }
}
