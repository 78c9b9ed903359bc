//! The server's files in a made-up data folder.

#![expect(
    clippy::disallowed_methods,
    reason = "the data folder to look at has to be made"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use hostfile::Account;
use pg_config::Version;
use pki_core::{KeyType, Secret};
use tempfile::TempDir;

use super::*;
use crate::admin::Setting;
use crate::sample::Pki;

/// A cluster with its files.
struct Server {
    folder: TempDir,
    cluster: Cluster,
    settings: Vec<(&'static str, String)>,
}

impl Server {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let data_dir = folder.path().join("data");
        fs::create_dir(&data_dir).unwrap();
        let cluster = Cluster {
            version: Version::V15,
            name: None,
            config_file: None,
            owner: Account::current().unwrap(),
            postmaster: None,
            bin_dir: None,
            debian: false,
            data_dir,
        };
        Self {
            folder,
            cluster,
            settings: Vec::new(),
        }
        .set("ssl", "on")
        .set("ssl_cert_file", "server.crt")
        .set("ssl_key_file", "server.key")
    }

    fn set(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>, mode: u32) {
        let path = self.cluster.data_dir.join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn read(&self) -> TlsFiles {
        let settings = self.settings.iter().map(|(name, value)| Setting {
            name: (*name).to_owned(),
            value: value.clone(),
            ..Setting::default()
        });
        TlsFiles::read(&self.cluster, &settings.collect()).unwrap()
    }
}

#[test]
fn files_are_named_from_the_data_folder() {
    let server = Server::new().set("ssl_ca_file", "").set("ssl_crl_file", "");
    let pki = Pki::get();
    server.write(
        "server.crt",
        pki.client.to_pem() + &pki.root.to_pem(),
        0o644,
    );
    server.write(
        "server.key",
        pki.client_key.to_pkcs8_pem().as_bytes(),
        0o600,
    );
    let tls = server.read();
    assert!(tls.on);
    assert_eq!(
        tls.certificate.path,
        server.cluster.data_dir.join("server.crt")
    );
    assert_eq!(
        tls.certificate.certificates,
        [pki.client.clone(), pki.root.clone()]
    );
    assert_eq!(
        (tls.certificate.problem.clone(), tls.certificate.place),
        (None, Place::Own)
    );
    assert_eq!(tls.key.refusal, None);
    assert_eq!(tls.key_fits(), Some(true));
    assert!(tls.authorities.is_none() && tls.crl.is_none() && tls.crl_dir.is_none());
}

#[test]
fn what_the_server_would_refuse_is_said() {
    let server = Server::new()
        .set("ssl_ca_file", "root.crt")
        .set("ssl_crl_file", "root.crl");
    let tls = server.read();
    assert_eq!(tls.certificate.problem, Some(FileProblem::Missing));
    assert_eq!(tls.key.refusal, Some(KeyRefusal::Missing));
    assert_eq!(tls.key_fits(), None);
    assert_eq!(
        tls.crl.and_then(|crl| crl.problem),
        Some(FileProblem::Missing)
    );

    let key = PrivateKey::generate(KeyType::P256).unwrap();
    server.write("server.crt", Pki::get().client.to_pem(), 0o644);
    server.write("root.crt", "nothing\n", 0o644);
    server.write("server.key", key.to_pkcs8_pem().as_bytes(), 0o644);
    let tls = server.read();
    assert_eq!(tls.key_fits(), Some(false));
    assert!(matches!(
        tls.key.refusal,
        Some(KeyRefusal::TooOpen { mode: 0o644, .. })
    ));
    assert!(tls.authorities.unwrap().problem.is_some());

    let pem = key
        .to_encrypted_pem(&Secret::new(b"sesame".to_vec()))
        .unwrap();
    server.write("server.key", pem.as_bytes(), 0o600);
    let tls = server.read();
    assert!(tls.key.encrypted);
    assert_eq!((tls.key.refusal.clone(), tls.key_fits()), (None, None));
    server.write("server.key", "no key", 0o600);
    assert!(matches!(
        server.read().key.refusal,
        Some(KeyRefusal::Malformed(_))
    ));
}

#[test]
fn a_bundle_that_others_use_is_told_from_the_clusters_own() {
    let root = Pki::get().root.to_pem();
    let server = Server::new().set("ssl_ca_file", "root.crt");
    server.write("root.crt", &root, 0o644);
    assert!(!server.read().authorities.unwrap().is_system_bundle());

    // Many authorities.
    server.write("root.crt", root.repeat(MANY_AUTHORITIES + 1), 0o644);
    assert!(server.read().authorities.unwrap().is_system_bundle());

    // Somewhere else, by its name or through a link.
    let elsewhere = server.folder.path().join("ca-certificates.crt");
    fs::write(&elsewhere, &root).unwrap();
    fs::remove_file(server.cluster.data_dir.join("root.crt")).unwrap();
    symlink(&elsewhere, server.cluster.data_dir.join("root.crt")).unwrap();
    assert!(server.read().authorities.unwrap().is_system_bundle());

    // Beside postgresql.conf is the cluster's own too.
    let server = Server::new();
    let etc = server.folder.path().join("etc");
    fs::create_dir(&etc).unwrap();
    fs::write(etc.join("root.crt"), &root).unwrap();
    let path = |name: &str| etc.join(name).to_str().unwrap().to_owned();
    let (config, roots) = (path("postgresql.conf"), path("root.crt"));
    let server = server
        .set("config_file", &config)
        .set("ssl_ca_file", &roots);
    assert!(!server.read().authorities.unwrap().is_system_bundle());
}

#[test]
fn the_servers_rule_for_keys() {
    let key = |uid, mode| Metadata {
        kind: FileKind::File,
        uid,
        gid: 0,
        mode,
        dev: 0,
        ino: 0,
        links: 1,
        len: 0,
        mtime: 0,
    };
    for (uid, mode, taken) in [
        (100, 0o600, true),
        (100, 0o400, true),
        (100, 0o700, true),
        (100, 0o640, false),
        (100, 0o604, false),
        (0, 0o640, true),
        (0, 0o600, true),
        (0, 0o660, false),
        (0, 0o650, false),
        (0, 0o644, false),
        (7, 0o600, false),
    ] {
        assert_eq!(
            refused_by_attributes(&key(uid, mode), 100).is_none(),
            taken,
            "{uid} {mode:o}"
        );
    }
    let folder = Metadata {
        kind: FileKind::Folder,
        ..key(100, 0o700)
    };
    assert_eq!(
        refused_by_attributes(&folder, 100),
        Some(KeyRefusal::NotAFile)
    );
}
