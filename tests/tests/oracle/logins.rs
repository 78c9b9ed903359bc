//! Certificates of every type of key, for servers and for clients, under authorities of the same type:
//! PostgreSQL of every version shows and accepts them, and refuses what it has to refuse. What is on a
//! revocation list is in `crl.rs`.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use e2e::Said;
use pki_core::{Kind, Leaf, PrivateKey, Serial, Subject, Time, Validity, issue_leaf};

use crate::desk::Desk;
use crate::made::KEY_TYPES;
use crate::servers::Server;

/// The role of every client certificate.
const ROLE: &str = "slardiere";

/// For each type of key a folder of its name with an authority, a server's certificate and a client's,
/// whose keys are all of that type.
struct Ground(Desk);

impl Ground {
    /// Every type at once: the slow ones are those that have to find primes.
    fn new() -> Self {
        let ground = Self(Desk::new());
        std::thread::scope(|scope| {
            for key_type in KEY_TYPES {
                let make = || ground.make(key_type, key_type);
                scope.spawn(make);
            }
            scope.spawn(|| ground.make("stranger", "p256"));
        });
        ground.make_expired();
        ground
    }

    fn make(&self, folder: &str, key_type: &str) {
        let pgcert = |words: &[&str]| {
            let common = ["--authority", folder, "--key-type", key_type];
            self.0.pgcert(&[words, &common].concat()).ok();
        };
        let name = format!("Root of {folder}");
        let init = ["ca", "init", "--no-passphrase", "--force"];
        pgcert(&[&init[..], &["--ca-name", &name]].concat());
        pgcert(&["issue", "server", &host(folder), "--out", folder]);
        pgcert(&["issue", "client", ROLE, "--out", folder]);
    }

    /// `p256/expired.crt`: as the role's certificate beside it, but that it ended two years ago.
    fn make_expired(&self) {
        let key = |file| PrivateKey::from_pem(self.0.read(file).as_bytes(), None).unwrap();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = Time::from_unix(i64::try_from(since.as_secs()).unwrap());
        let leaf = Leaf {
            kind: Kind::Client,
            subject: Subject::empty().with_common_name(ROLE),
            alt_names: Vec::new(),
            public_key: &key("p256/slardiere.key").public_key(),
            serial: Serial::random().unwrap(),
            validity: Validity::new(now.plus_days(-731), 1, None).unwrap(),
        };
        let issuer = self.0.certificate("p256/ca.crt");
        let expired = issue_leaf(&issuer, &key("p256/ca.key"), &leaf).unwrap();
        self.0.write("p256/expired.crt", &expired.to_pem());
    }

    /// Every authority but the stranger.
    fn roots(&self) -> String {
        KEY_TYPES
            .map(|t| self.0.read(&format!("{t}/ca.crt")))
            .concat()
    }

    /// The server's certificate of a type, and its key.
    fn of_server(&self, key_type: &str) -> [String; 2] {
        ["crt", "key"].map(|ending| {
            self.0
                .read(&format!("{key_type}/{}.{ending}", host(key_type)))
        })
    }

    /// Dials the server as one that shows its certificate of a type, whose authority alone is trusted.
    fn login(&self, server: &Server, shown: &str, certificate: &str, key: &str) -> Said {
        let path = |name: &str| self.0.path(name);
        let root = path(&format!("{shown}/ca.crt"));
        let conninfo = server.conninfo(&host(shown), &root, ROLE, &path(certificate), &path(key));
        self.0
            .tool("psql", &["-XAtqc", "select current_user", &conninfo])
    }

    /// With the client's certificate of that type.
    fn login_with(&self, server: &Server, key_type: &str) -> Said {
        let [certificate, key] = ["crt", "key"].map(|ending| format!("{key_type}/{ROLE}.{ending}"));
        self.login(server, key_type, &certificate, &key)
    }

    /// Has the server show its certificate of a type, and logs in once it does: a reload is not waited
    /// for by whoever asks for it.
    fn login_once_shown(&self, server: &Server, key_type: &str) -> Said {
        let [certificate, key] = self.of_server(key_type);
        server.show(&certificate, &key);
        server.cluster.ctl(&server.host, "reload").ok();
        let begun = Instant::now();
        loop {
            let said = self.login_with(server, key_type);
            let shows_the_last = said.stderr.contains("certificate verify failed");
            if !shows_the_last || begun.elapsed() > Duration::from_secs(20) {
                return said;
            }
        }
    }
}

/// The name in the server's certificate of a type.
fn host(key_type: &str) -> String {
    format!("{key_type}.example.org")
}

#[test]
fn every_type_of_key_gets_in() {
    let ground = Ground::new();
    Server::each(|server| {
        let [certificate, key] = ground.of_server("stranger");
        server.demand_certificates(&certificate, &key, &ground.roots());
        let sql = format!("create role {ROLE} login");
        server.cluster.ask(&server.host, &sql);
        for key_type in KEY_TYPES {
            let said = ground.login_once_shown(server, key_type).ok();
            assert_eq!(said.answer(), ROLE, "{said}");
        }

        // The server's certificate is the last one; the alert says why (RFC 8446 6.2).
        let [.., shown] = KEY_TYPES;
        let key = "p256/slardiere.key";
        let refused = |certificate: &str, key: &str, why: &str| {
            ground
                .login(server, shown, certificate, key)
                .fails()
                .says(why);
        };
        refused(
            "stranger/slardiere.crt",
            "stranger/slardiere.key",
            "unknown ca",
        );
        refused("p256/expired.crt", key, "certificate expired");
        refused(
            "p256/p256.example.org.crt",
            "p256/p256.example.org.key",
            "unsupported certificate",
        );
        // Nothing was wrong with the key, nor with how it was tried.
        ground.login(server, shown, "p256/slardiere.crt", key).ok();
    });
}
