//! Logins with certificates through maps that were made by chance, half of their lines written by the library: who gets
//! in is who our reading of the file says gets in. On 12 to 14 nothing else shows how lines without errors are read.

use std::time::Duration;

use e2e::generated::{Dice, spelling};
use pg_config::Version;
use pg_config::ident::{Claim, Document, Maps};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::Run;
use super::disk::Disk;
use crate::log::Log;
use crate::servers::Server;

/// For how many files maps are made once.
const OFTEN: u64 = 100;
/// How many are made at least.
const LEAST: u64 = 12;
/// How many logins are tried through each.
const LOGINS: usize = 4;
/// How long a reload is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many claims are thought of for one that our reading lets in.
const TRIES: usize = 60;

impl Run {
    /// Tries who gets in.
    #[expect(
        clippy::print_stdout,
        reason = "the figures of a recorded run; nobody sees them otherwise"
    )]
    pub(super) fn log_in(&mut self, server: &Server) {
        let version = server.cluster.version;
        let ground = Ground::new(server);
        let (mut allowed, mut denied) = (0, 0);
        for index in 0..(self.count / OFTEN).max(LEAST) {
            let mut dice = Dice::of_file(self.seed, index);
            let file = ground.load(&mut dice);
            let path = format!("{}/pg_ident.conf", server.cluster.data);
            let maps = Maps::of_bytes(&Disk, &path, &file, Version::new(version).unwrap());
            if !maps.errors().is_empty() {
                // The server keeps what it had.
                continue;
            }
            for nth in 0..LOGINS {
                // By chance alone hardly anybody gets in.
                let mut claims = (0..TRIES).map(|_| (dice.below(NAMES.len()), dice.one_of(ROLES)));
                let gets_in = |(name, role): &(usize, &str)| {
                    maps.allows("m", claim(*name, role)) == Some(true)
                };
                let chosen = match nth {
                    0 => claims.find(gets_in),
                    1 => claims.next(),
                    _ => claims.next().map(|(name, _)| (name, LIKELY[name])),
                };
                let Some((name, role)) = chosen else { continue };
                let claim = claim(name, role);
                let Some(ours) = maps.allows("m", claim) else {
                    continue;
                };
                let said = ground.log_in(name, role);
                let theirs = match said.stderr.contains("authentication failed") {
                    true => false,
                    false => said.code == 0 && said.stdout.trim() == role,
                };
                let count = if theirs { &mut allowed } else { &mut denied };
                *count += 1;
                if ours != theirs {
                    self.found.push(format!(
                        "login of {:?} as {role:?} on PostgreSQL {version}: ours {ours}\n  file {}\n{said}",
                        NAMES[name],
                        file.escape_ascii()
                    ));
                }
            }
        }
        println!(
            "maps on PostgreSQL {version}: {allowed} logins that get in, {denied} that do not"
        );
        if allowed == 0 || denied == 0 {
            self.found.push(format!(
                "logins on PostgreSQL {version}: {allowed} get in, {denied} do not"
            ));
        }
    }
}

/// Somebody who is in no group.
fn claim<'a>(name: usize, role: &'a str) -> Claim<'a> {
    Claim {
        system_user: NAMES[name],
        role,
        member_of: Some(&[]),
    }
}

/// A server that takes certificates through the map `m`; put back as it was at the end.
struct Ground<'a> {
    server: &'a Server,
    before: [(&'static str, String); 2],
}

impl<'a> Ground<'a> {
    fn new(server: &'a Server) -> Self {
        let read = |file: &str| {
            server
                .host
                .read(&format!("{}/{file}", server.cluster.data))
                .unwrap()
        };
        let before = ["pg_hba.conf", "pg_ident.conf"].map(|file| (file, read(file)));
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = authority.self_signed(&key).unwrap();
        server.write("root.crt", root.pem().as_bytes());
        let authority = Issuer::new(authority, key);
        for (at, name) in NAMES.iter().enumerate() {
            let key = KeyPair::generate().unwrap();
            let mut client = CertificateParams::default();
            client.distinguished_name.push(DnType::CommonName, *name);
            let client = client.signed_by(&key, &authority).unwrap();
            let owner = format!("{}:", server.cluster.owner);
            for (ending, text) in [("crt", client.pem()), ("key", key.serialize_pem())] {
                let path = format!("{}/client{at}.{ending}", server.cluster.socket);
                server.host.write(&path, &text, &owner, "600");
            }
        }
        server.write(
            "pg_hba.conf",
            b"local all all peer\nhostssl all all all cert map=m\n",
        );
        server
            .cluster
            .ask(&server.host, "alter system set ssl_ca_file = 'root.crt'");
        for role in ROLES {
            let role = role.replace('"', "\"\"");
            server
                .cluster
                .ask(&server.host, &format!("create role \"{role}\" login"));
        }
        Self { server, before }
    }

    /// A file by chance, in force.
    fn load(&self, dice: &mut Dice) -> Vec<u8> {
        let version = Version::new(self.server.cluster.version).unwrap();
        let mut file = Vec::new();
        for _ in 0..dice.between(1, 5) {
            let map = dice.one_of(&["m", "m", "m", "M", "other"]);
            let role = dice.one_of(&[
                "\\1",
                "\\1",
                "\\1",
                "alice",
                "bob",
                "\\1",
                "x\\1y",
                "with space",
                "a\"b",
                "all",
                "ALICE",
            ]);
            let pattern = dice.one_of(PATTERNS);
            let name = dice.one_of(NAMES);
            let pattern = (!dice.once_in(3)).then_some(pattern);
            if dice.once_in(2) {
                let mut document = Document::parse(file.as_slice(), version);
                let change = match pattern {
                    Some(pattern) => document.add_pattern(map, pattern, role),
                    None => document.add_line(map, name, role),
                };
                change.unwrap();
                file = document.to_bytes();
                continue;
            }
            let system_user =
                pattern.map_or_else(|| name.to_owned(), |pattern| format!("/{pattern}"));
            let fields =
                [map, &*system_user, role].map(|field| spelling::token(dice, field.as_bytes()));
            file.extend(spelling::line(dice, &fields));
            file.push(b'\n');
        }
        self.server.write("pg_ident.conf", &file);
        self.reload();
        file
    }

    /// Whoever is let in after the server has said that it reloads is judged by the new files.
    fn reload(&self) {
        let cluster = &self.server.cluster;
        let mut log = Log::at_end(cluster.log_file());
        cluster.ctl(&self.server.host, "reload").ok();
        log.text_until("received SIGHUP", PATIENCE);
    }

    fn log_in(&self, name: usize, role: &str) -> e2e::Said {
        let cluster = &self.server.cluster;
        let role = role.replace('\\', "\\\\").replace('\'', "\\'");
        let client = format!("{}/client{name}", cluster.socket);
        let conninfo = format!(
            "host=127.0.0.1 port={} user='{role}' dbname=postgres sslmode=require sslcert={client}.crt sslkey={client}.key",
            cluster.port
        );
        let words = ["psql", "-XAtqc", "select current_user", &conninfo];
        self.server.host.run(&cluster.owner, &words)
    }
}

impl Drop for Ground<'_> {
    fn drop(&mut self) {
        for (file, text) in &self.before {
            self.server.write(file, text.as_bytes());
        }
        self.reload();
    }
}

/// The common names of the certificates.
const NAMES: &[&str] = &[
    "alice",
    "bob",
    "alice@example.org",
    "with space",
    "Alice A., Inc",
    "a\"b",
];

/// The role that each of them is most likely after.
const LIKELY: &[&str] = &["alice", "bob", "alice", "with space", "alice", "a\"b"];

/// The roles.
const ROLES: &[&str] = &[
    "alice",
    "bob",
    "with space",
    "a\"b",
    "xalicey",
    "all",
    "ALICE",
];

const PATTERNS: &[&str] = &[
    "^(.*)$",
    "^(.*)@",
    "^(.*)@example\\.org$",
    "^(.*)$",
    "^al",
    "^Alice (.*)$",
    "b$",
    "^(alice)$",
    "(with|a) ",
    "^x",
];
