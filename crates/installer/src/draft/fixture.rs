//! A made-up machine for tests of drafting: a server as its packages leave it, a client who has
//! nothing yet, and an authority. Each test changes what it is about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hostfile::{Account, FileKind, Interface, Metadata};
use pg_config::{Version, hba, ident, resolve, service};
use pg_host::client::ClientFacts;
use pg_host::{
    CertificateFile, Cluster, Configuration, Database, DatabaseFacts, File, Hba, Ident, KeyFile,
    Place, Postmaster, Role, ServerFacts, Setting, TlsFiles,
};
use pki_core::{
    AltName, Certificate, KeyType, Kind, Leaf, NewAuthority, PrivateKey, RoleName, Scope, Secret,
    Serial, Subject, Time, Validity, issue_authority, issue_intermediate, issue_leaf, issue_root,
};

use crate::facts::{AuthorityFacts, Client, Facts, Server, Snapshot};
use crate::goal::{AccessGoal, AuthorityGoal, ClientGoal, Goal, Identity, ServerGoal, Wish};

pub(super) const NOW: i64 = 1_800_000_000;
pub(super) const DATA: &str = "/data";
pub(super) const HOME: &str = "/home/anna";

/// An authority with its key.
pub(super) struct Issuing {
    pub(super) key: PrivateKey,
    pub(super) certificate: Certificate,
}

impl Issuing {
    pub(super) fn named(name: &str) -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let subject = Subject::empty().with_common_name(name);
        let validity = Validity::new(Time::from_unix(NOW), 3650, None).unwrap();
        let certificate = issue_root(&key, &subject, Serial::random().unwrap(), validity).unwrap();
        Issuing { key, certificate }
    }

    /// One that may sign certificates of a kind alone.
    pub(super) fn only_for(kind: Kind) -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let scope = Scope {
            only: Some(kind),
            ..Scope::default()
        };
        let new = NewAuthority {
            subject: &Subject::empty().with_common_name(kind.name()),
            public_key: &key.public_key(),
            serial: Serial::random().unwrap(),
            validity: Validity::new(Time::from_unix(NOW), 3650, None).unwrap(),
            scope: &scope,
        };
        let certificate = issue_authority(None, &key, &new).unwrap();
        Issuing { key, certificate }
    }

    /// An authority under this one.
    pub(super) fn intermediate(&self, name: &str) -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let certificate = issue_intermediate(
            &self.certificate,
            &self.key,
            &Subject::empty().with_common_name(name),
            &key.public_key(),
            Serial::random().unwrap(),
            Validity::new(Time::from_unix(NOW), 1800, None).unwrap(),
        );
        Issuing {
            key,
            certificate: certificate.unwrap(),
        }
    }

    /// A certificate made `age` days ago for 360 days, and its key.
    pub(super) fn issue(&self, kind: Kind, names: &[&str], age: i64) -> (PrivateKey, Certificate) {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let made = Time::from_unix(NOW).plus_days(-age);
        let alt_names: Vec<AltName> = match kind {
            Kind::Server => names.iter().map(|name| name.parse().unwrap()).collect(),
            _ => Vec::new(),
        };
        let leaf = Leaf {
            kind,
            subject: Subject::empty().with_common_name(names[0]),
            alt_names,
            public_key: &key.public_key(),
            serial: Serial::random().unwrap(),
            validity: Validity::new(made, 360, None).unwrap(),
        };
        let certificate = issue_leaf(&self.certificate, &self.key, &leaf).unwrap();
        (key, certificate)
    }
}

/// The goal of `pgcert setup --role anna --server-name tolva`.
pub(super) fn goal() -> Goal {
    let wish = Wish {
        days: 360,
        key_type: KeyType::P256,
        subject: Subject::empty(),
        key_passphrase: None,
    };
    Goal {
        authority: Some(AuthorityGoal {
            dir: "/ca".into(),
            dir_was_named: false,
            name: "trustly".to_owned(),
            subject: Subject::empty(),
            days: 3650,
            key_type: KeyType::P256,
            encrypted: true,
        }),
        server: Some(ServerGoal {
            names: vec!["tolva".parse().unwrap()],
            identity: Identity::Issued(wish.clone()),
            may_replace: false,
            access: Some(AccessGoal {
                role: RoleName::parse("anna").unwrap(),
                databases: Vec::new(),
                from: vec![hba::Source::SameHost],
                cert_name: None,
                certificate_only: false,
                create_role: false,
            }),
            listen: None,
            may_restart: false,
        }),
        client: Some(ClientGoal {
            role: RoleName::parse("anna").unwrap(),
            cert_name: None,
            database: "postgres".to_owned(),
            remote: None,
            service: None,
            identity: Identity::Issued(wish),
            prove: true,
        }),
        crls: Vec::new(),
    }
}

/// The machine: TLS off, password rules, the role there with nothing special.
pub(super) fn machine() -> Facts {
    Facts {
        now: Time::from_unix(NOW),
        account: account("root", 0),
        authority: Some(AuthorityFacts {
            path: Vec::new(),
            key_is_encrypted: true,
        }),
        server: Some(server(CONF, RULES)),
        client: Some(client("")),
    }
}

pub(super) const CONF: &str = "listen_addresses = 'localhost'\n#ssl = off\n";
pub(super) const RULES: &str = "local all all peer\nhost all all 127.0.0.1/32 scram-sha-256\n";

/// A server with these files.
pub(super) fn server(conf: &str, rules: &str) -> Server {
    let conf_path = format!("{DATA}/postgresql.conf");
    let hba_path = format!("{DATA}/pg_hba.conf");
    let mut files = Snapshot::default();
    files.set(conf_path.clone(), conf.as_bytes().to_vec());
    files.set(hba_path.clone(), rules.as_bytes().to_vec());
    let version = Version::V15;
    let assignments = resolve::Settings::read(&files, &conf_path, Some(DATA), version);
    let settings = [
        ("listen_addresses", "localhost"),
        ("ssl", "off"),
        ("ssl_cert_file", "server.crt"),
        ("ssl_key_file", "server.key"),
        ("ssl_ca_file", ""),
    ];
    let host = ServerFacts {
        cluster: Cluster {
            version,
            name: None,
            data_dir: DATA.into(),
            config_file: Some(conf_path.clone().into()),
            owner: account("postgres", 70),
            postmaster: Some(Postmaster {
                pid: 1,
                port: 5432,
                socket_dir: Some("/run".into()),
                listen: Some("localhost".to_owned()),
                started: 0,
                status: "ready".to_owned(),
            }),
            bin_dir: None,
            debian: false,
        },
        version,
        version_num: 150_018,
        settings: settings
            .into_iter()
            .map(|(name, value)| setting(name, value))
            .collect(),
        configuration: Configuration {
            file: file(&conf_path, conf.as_bytes()),
            auto: None,
            assignments,
            errors: Vec::new(),
        },
        hba: Hba {
            file: file(&hba_path, rules.as_bytes()),
            rules: hba::RuleSet::of_bytes(&files, &hba_path, rules.as_bytes(), version),
            view: Vec::new(),
        },
        ident: Ident {
            path: format!("{DATA}/pg_ident.conf").into(),
            file: None,
            document: ident::Document::parse(b"", version),
            maps: ident::Maps::of_bytes(&files, "pg_ident.conf", b"", version),
            view: None,
        },
        tls: TlsFiles {
            on: false,
            certificate: certificate_file(&format!("{DATA}/server.crt"), &[]),
            key: KeyFile {
                path: format!("{DATA}/server.key").into(),
                metadata: None,
                public_key: None,
                encrypted: false,
                refusal: None,
            },
            authorities: None,
            crl: None,
            crl_dir: None,
        },
        role: Some(role("anna")),
        databases: Vec::new(),
        sessions: Vec::new(),
        in_recovery: false,
        standbys: Vec::new(),
        interfaces: interfaces(),
        site: hba::Site {
            interfaces: Some(
                interfaces()
                    .iter()
                    .filter_map(|found| {
                        let (address, netmask) = (found.address, found.netmask?);
                        Some(hba::Interface { address, netmask })
                    })
                    .collect(),
            ),
        },
        host_name: "tolva".to_owned(),
        signs: Vec::new(),
    };
    Server {
        host,
        files,
        writers: BTreeMap::from([(PathBuf::from(DATA), account("postgres", 70))]),
        taken: Vec::new(),
        unloaded: Vec::new(),
        links: Vec::new(),
    }
}

/// Gives the server a certificate in use, and authorities that it trusts.
pub(super) fn serve(
    server: &mut Server,
    key: &PrivateKey,
    chain: &[Certificate],
    trusted: &[Certificate],
) {
    let tls = &mut server.host.tls;
    tls.on = true;
    tls.certificate = certificate_file(&format!("{DATA}/server.crt"), chain);
    tls.key.metadata = Some(metadata(70, 0o600));
    tls.key.public_key = Some(key.public_key());
    if !trusted.is_empty() {
        tls.authorities = Some(certificate_file(&format!("{DATA}/root.crt"), trusted));
    }
    let taken = ["server.crt", "server.key", "root.crt"];
    server.taken = taken
        .iter()
        .map(|name| Path::new(DATA).join(name))
        .collect();
}

/// Writes other settings into `postgresql.conf`.
pub(super) fn configure(server: &mut Server, conf: &str) {
    let path = format!("{DATA}/postgresql.conf");
    server.files.set(path.clone(), conf.as_bytes().to_vec());
    let configuration = &mut server.host.configuration;
    configuration.file = file(&path, conf.as_bytes());
    configuration.assignments =
        resolve::Settings::read(&server.files, &path, Some(DATA), server.host.version);
}

/// A client with this service file.
pub(super) fn client(services: &str) -> Client {
    let services_path = format!("{HOME}/.pg_service.conf");
    Client {
        host: ClientFacts {
            account: account("anna", 1000),
            home: HOME.into(),
            home_metadata: Some(metadata(1000, 0o755)),
            folder: None,
            certificate: None,
            key: None,
            roots: None,
            crl: None,
            service_file: (!services.is_empty()).then(|| file(&services_path, services.as_bytes())),
            services: service::Document::parse(services.as_bytes(), Version::V12),
        },
        certificates: BTreeMap::new(),
        keys: BTreeMap::new(),
        addresses: vec!["127.0.0.1".parse().unwrap()],
        links: Vec::new(),
    }
}

pub(super) fn role(name: &str) -> Role {
    Role {
        name: name.to_owned(),
        login: true,
        superuser: false,
        replication: false,
        bypass_rls: false,
        has_password: false,
        member_of: Vec::new(),
    }
}

pub(super) fn database(name: &str, may_connect: bool) -> DatabaseFacts {
    let found = Database {
        name: name.to_owned(),
        allows_connections: true,
        is_template: false,
    };
    DatabaseFacts {
        name: name.to_owned(),
        database: Some(found),
        may_connect,
    }
}

pub(super) fn setting(name: &str, value: &str) -> Setting {
    Setting {
        name: name.to_owned(),
        value: value.to_owned(),
        unit: None,
        context: "sighup".to_owned(),
        source: "default".to_owned(),
        file: None,
        line: None,
        pending_restart: false,
    }
}

pub(super) fn certificate_file(path: &str, certificates: &[Certificate]) -> CertificateFile {
    let pem: String = certificates.iter().map(Certificate::to_pem).collect();
    CertificateFile {
        path: path.into(),
        file: (!pem.is_empty()).then(|| file(path, pem.as_bytes())),
        certificates: certificates.to_vec(),
        problem: None,
        place: Place::Own,
    }
}

pub(super) fn file(path: &str, bytes: &[u8]) -> File {
    File {
        path: path.into(),
        bytes: bytes.to_vec(),
        metadata: metadata(70, 0o600),
    }
}

pub(super) fn secret(key: &PrivateKey) -> Secret {
    key.to_pkcs8_pem()
}

fn account(name: &str, uid: u32) -> Account {
    Account {
        name: name.to_owned(),
        uid,
        gid: uid,
        home: PathBuf::from("/home").join(name),
    }
}

fn metadata(uid: u32, mode: u32) -> Metadata {
    Metadata {
        kind: FileKind::File,
        uid,
        gid: uid,
        mode,
        dev: 1,
        ino: 1,
        links: 1,
        len: 0,
        mtime: 0,
    }
}

fn interfaces() -> Vec<Interface> {
    let interface = |name: &str, address: &str, netmask: &str| Interface {
        name: name.to_owned(),
        address: address.parse().unwrap(),
        netmask: Some(netmask.parse().unwrap()),
    };
    vec![
        interface("lo", "127.0.0.1", "255.0.0.0"),
        interface("eth0", "192.168.1.10", "255.255.255.0"),
    ]
}
