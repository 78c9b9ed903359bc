//! Revocation, judged by servers of every version, by OpenSSL and by pkilint: a certificate that works,
//! is revoked and refused, while others go on working; and what a list that is missing does, which is
//! why `install server --crl` refuses it.

use e2e::Said;

use crate::desk::Desk;
use crate::lint::{Lint, clean};
use crate::servers::Server;

/// A server that trusts the authority of the desk alone, set up by hand, and two clients of it.
struct Site<'a> {
    desk: Desk,
    server: &'a Server,
}

impl<'a> Site<'a> {
    fn on(server: &'a Server) -> Self {
        // Without a passphrase, which is not the matter here and costs each command a tenth of a second.
        let desk = Desk::new();
        desk.pgcert(&["ca", "init", "--no-passphrase"]).ok();
        desk.write("root.crt", &desk.pgcert(&["ca", "export"]).ok().stdout);
        let site = Self { desk, server };
        site.issue(&["server", "localhost", "--san", "ip:127.0.0.1"], &[]);
        let read = |file| site.desk.read(file);
        server.demand_certificates(
            &read("localhost.crt"),
            &read("localhost.key"),
            &read("root.crt"),
        );
        for role in ["alice", "bob"] {
            site.issue(&["client", role], &[]);
            let sql = format!("create role {role} login");
            server.cluster.ask(&server.host, &sql);
        }
        site
    }

    fn issue(&self, words: &[&str], more: &[&str]) {
        self.desk.pgcert(&[&["issue"], words, more].concat()).ok();
    }

    fn revoke(&self, name: &str) {
        let reason = ["--reason", "key-compromise", "--yes"];
        self.desk
            .pgcert(&[&["revoke", name][..], &reason].concat())
            .ok();
    }

    /// Makes the next list, beside those of other authorities in `root.crl`.
    fn list(&self) {
        self.desk.pgcert(&["ca", "crl", "--out", "root.crl"]).ok();
    }

    /// Brings `root.crl` onto the server, as its administrator does.
    fn install(&self, file: &str) -> Said {
        let data = &self.server.cluster.data;
        let words = [
            "install",
            "server",
            "--crl",
            file,
            "--data-dir",
            data,
            "--yes",
        ];
        self.desk.pgcert(&words)
    }

    fn login(&self, role: &str) -> Said {
        let path = |name: &str| self.desk.path(name);
        let (root, certificate) = (path("root.crt"), path(&format!("{role}.crt")));
        let key = path(&format!("{role}.key"));
        let conninfo = self
            .server
            .conninfo("localhost", &root, role, &certificate, &key);
        self.desk
            .tool("psql", &["-XAtqc", "select current_user", &conninfo])
    }
}

#[test]
fn what_is_revoked_is_refused_and_nobody_else() {
    Server::each(|server| {
        let site = Site::on(server);
        // Revoked, and a list made: nothing has changed on the server.
        site.login("alice").ok();
        site.revoke("alice");
        site.list();
        site.login("alice").ok();
        let said = site.install("root.crl").ok();
        assert!(
            said.stdout.contains("goes by the revocation lists"),
            "{said}"
        );
        // The alert says why (RFC 8446 6.2), whatever the server writes into its log.
        let refused = site.login("alice").fails();
        assert!(refused.stderr.contains("certificate revoked"), "{refused}");
        assert_eq!(site.login("bob").ok().answer(), "bob");

        // The next list, with the next one on it. Again is nothing to do; back there is no way.
        let old = site.desk.read("root.crl");
        site.revoke("bob");
        site.list();
        site.install("root.crl").ok();
        site.login("bob").fails();
        site.install("root.crl").ok().says("nothing to do");
        site.desk.write("old.crl", &old);
        let refused = site.install("old.crl").exits(1);
        assert!(refused.stderr.contains("is in force already"), "{refused}");

        // One made for bob again gets in: his name is not on a list.
        site.desk.sh("rm bob.crt bob.key").ok();
        site.issue(&["client", "bob"], &[]);
        site.login("bob").ok();
    });
}

#[test]
fn an_authority_without_a_list_has_its_clients_refused_and_so_the_file_is() {
    Server::each(|server| {
        let site = Site::on(server);
        // A second authority, trusted beside the first: alice is its client now.
        let other = site.desk.path("other").display().to_string();
        let other = ["--authority", other.as_str()];
        let desk = &site.desk;
        desk.pgcert(
            &[
                &["ca", "init", "--ca-name", "Other", "--no-passphrase"][..],
                &other,
            ]
            .concat(),
        )
        .ok();
        desk.sh("rm alice.crt alice.key").ok();
        site.issue(&["client", "alice"], &other);
        let root = desk.pgcert(&[&["ca", "export"][..], &other].concat()).ok();
        let both = desk.read("root.crt") + &root.stdout;
        server.write("root.crt", both.as_bytes());
        server.cluster.ctl(&server.host, "reload").ok();
        site.login("alice").ok();
        site.login("bob").ok();

        site.list();
        let refused = site.install("root.crl").exits(1);
        assert!(
            refused
                .stderr
                .contains("CN=Other would have no current revocation list"),
            "{refused}"
        );
        site.login("alice").ok();
        // Why: the server itself takes such a file.
        server.write("half.crl", desk.read("root.crl").as_bytes());
        let sql = |file: &str| {
            let set = format!("alter system set ssl_crl_file = '{file}'");
            server.cluster.ask(&server.host, &set);
            server.cluster.ctl(&server.host, "restart").ok();
        };
        sql("half.crl");
        site.login("alice").fails();
        site.login("bob").ok();
        server
            .cluster
            .ask(&server.host, "alter system reset ssl_crl_file");
        server.cluster.ctl(&server.host, "restart").ok();

        // Both in one file.
        desk.pgcert(&[&["ca", "crl", "--out", "root.crl"][..], &other].concat())
            .ok();
        site.install("root.crl").ok();
        site.login("alice").ok();
        site.login("bob").ok();
    });
}

#[test]
fn lists_of_every_type_of_key() {
    let mut files = Vec::new();
    let mut desks = Vec::new();
    for key_type in ["p256", "p384", "rsa2048", "rsa3072", "ed25519"] {
        let desk = Desk::new();
        let init = [
            "ca",
            "init",
            "--no-passphrase",
            "--force",
            "--key-type",
            key_type,
        ];
        let subject = ["--subject", "C=FR,O=Loxodata,OU=Bases de données"];
        desk.pgcert(&[&init[..], &subject].concat()).ok();
        desk.write("root.crt", &desk.pgcert(&["ca", "export"]).ok().stdout);
        let crl = |name: &str, more: &[&str]| {
            let words = ["ca", "crl", "--out", name];
            desk.pgcert(&[&words[..], more].concat()).ok();
            desk.path(name)
        };
        files.push(crl("empty.crl", &[]));
        for (role, reason) in [
            ("alice", "key-compromise"),
            ("bob", "unspecified"),
            ("carol", "privilege-withdrawn"),
            ("dave", "superseded"),
        ] {
            desk.pgcert(&["issue", "client", role]).ok();
            if role != "dave" {
                desk.pgcert(&["revoke", role, "--yes", "--reason", reason])
                    .ok();
            }
        }
        files.push(crl("root.crl", &["--next-update", "30"]));

        let verified = desk.openssl(&[
            "crl", "-in", "root.crl", "-noout", "-verify", "-CAfile", "root.crt",
        ]);
        assert!(verified.ok().stderr.contains("verify OK"));
        let text = desk
            .openssl(&["crl", "-in", "root.crl", "-noout", "-text"])
            .ok()
            .stdout;
        for words in [
            "Version 2",
            "X509v3 CRL Number: \n                2\n",
            "X509v3 Authority Key Identifier",
            "Key Compromise",
            "Privilege Withdrawn",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert_eq!(text.matches("Serial Number:").count(), 3, "{text}");
        // What is unspecified is left out (RFC 5280 5.3.1).
        assert_eq!(text.matches("CRL Reason Code").count(), 2, "{text}");
        let check = [
            "verify",
            "-x509_strict",
            "-crl_check_all",
            "-CAfile",
            "root.crt",
        ];
        let with =
            |leaf: &str| desk.openssl(&[&check[..], &["-CRLfile", "root.crl", leaf]].concat());
        with("dave.crt").ok();
        let refused = with("alice.crt").fails();
        assert!(refused.stderr.contains("certificate revoked"), "{refused}");
        desks.push(desk);
    }
    let lints: Vec<Lint> = files.iter().map(|file| Lint::list(file)).collect();
    clean(&lints);
}
