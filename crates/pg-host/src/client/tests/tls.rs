//! The files of TLS: roots, revocation lists, certificates and keys.

use super::*;

#[test]
fn the_default_files_are_used_where_they_are() {
    let bare = User::new().resolve("host=db.example user=alice").unwrap();
    assert!(bare.target.roots.is_none() && bare.target.credentials.is_none());
    assert_eq!(bare.files.roots.map(|sought| sought.found), Some(false));

    let user = User::new().with_default_files();
    let found = user
        .resolve("host=db.example user=alice dbname=shop port=5433")
        .unwrap();
    let address = Address::Tcp {
        host: "db.example".to_owned(),
        ip: None,
        port: 5433,
    };
    assert_eq!(found.target.address, address);
    assert_eq!(
        (&*found.target.user, &*found.target.database),
        ("alice", "shop")
    );
    assert_eq!(found.target.roots, Some(vec![Pki::get().root.clone()]));
    let credentials = found.target.credentials.unwrap();
    assert_eq!(credentials.chain, [Pki::get().client.clone()]);
    let key = Sought {
        path: user.home(".postgresql/postgresql.key"),
        found: true,
    };
    assert_eq!(found.files.key, Some(key));
    assert!(found.notes.is_empty());
}

#[test]
fn sslmode_disable_needs_no_files() {
    let user = User::new();
    user.write(".postgresql/root.crt", "no certificate", 0o644);
    assert!(
        user.resolve("host=db sslmode=disable")
            .unwrap()
            .target
            .roots
            .is_none()
    );
    insta::assert_snapshot!(user.refusal("host=db sslmode=require"), @r#"could not read root certificate file "/home/.postgresql/root.crt": no certificate or crl found"#);
}

#[test]
fn verification_insists_on_roots() {
    let user = User::new();
    insta::assert_snapshot!(user.refusal("host=db sslmode=verify-full"), @r#"
    root certificate file "/home/.postgresql/root.crt" does not exist
    Either provide the file or change sslmode to disable server certificate verification.
    "#);
    insta::assert_snapshot!(user.libpq(Version::V17).refusal("host=db sslmode=verify-ca"), @r#"
    root certificate file "/home/.postgresql/root.crt" does not exist
    Either provide the file, use the system's trusted roots with sslrootcert=system, or change sslmode to disable server certificate verification.
    "#);
    // Weaker modes go on without, also where the name was mistyped.
    let user = User::new();
    assert_eq!(user.notes("host=db sslmode=require"), Vec::<String>::new());
    insta::assert_debug_snapshot!(user.notes("host=db sslmode=require sslrootcert=/rot.crt"), @r#"
    [
        "root certificate file \"/rot.crt\" does not exist, the server's certificate is not verified",
    ]
    "#);
}

#[test]
fn the_systems_roots_are_a_word_since_16() {
    let user = User::new().libpq(Version::V16);
    fs::write(&user.libpq.system_roots, Pki::get().root.to_pem()).unwrap();
    let found = user.resolve("host=db sslrootcert=system").unwrap();
    assert_eq!(found.target.sslmode, SslMode::VerifyFull);
    assert_eq!(found.target.roots, Some(vec![Pki::get().root.clone()]));
    insta::assert_snapshot!(user.refusal("host=db sslrootcert=system sslmode=require"), @r#"weak sslmode "require" may not be used with sslrootcert=system (use "verify-full")"#);

    let user = User::new().libpq(Version::V15);
    let found = user.resolve("host=db sslrootcert=system").unwrap();
    assert_eq!(
        (found.target.sslmode, found.target.roots),
        (SslMode::Prefer, None)
    );
    assert!(
        matches!(&found.notes[..], [ClientNote::NamedRootsMissing(path)] if path == Path::new("system"))
    );
}

#[test]
fn a_missing_certificate_is_passed_over_and_a_missing_key_is_not() {
    let user = User::new();
    let found = user
        .resolve("host=db sslcert=/nowhere.crt sslkey=/nowhere.key")
        .unwrap();
    assert!(found.target.credentials.is_none());
    assert_eq!(found.files.key, None);
    assert!(
        matches!(&found.notes[..], [ClientNote::NamedCertificateMissing(path)] if path == Path::new("/nowhere.crt"))
    );

    user.write(
        ".postgresql/postgresql.crt",
        Pki::get().client.to_pem(),
        0o644,
    );
    insta::assert_snapshot!(user.refusal("host=db sslmode=require"), @r#"certificate present, but not private key file "/home/.postgresql/postgresql.key""#);
    user.write(".postgresql/postgresql.crt", "", 0o644);
    insta::assert_snapshot!(user.refusal("host=db sslmode=require"), @r#"could not read certificate file "/home/.postgresql/postgresql.crt": no start line"#);
}

#[test]
fn keys_are_refused_in_libpqs_words() {
    let user = User::new().with_default_files();
    let key = ".postgresql/postgresql.key";
    let pem = Pki::get().client_key.to_pkcs8_pem();
    user.write(key, pem.as_bytes(), 0o644);
    insta::assert_snapshot!(user.refusal("host=db sslmode=require"), @r#"private key file "/home/.postgresql/postgresql.key" has group or world access; file must have permissions u=rw (0600) or less if owned by the current user, or permissions u=rw,g=r (0640) or less if owned by root"#);
    user.write(
        key,
        PrivateKey::generate(KeyType::P256)
            .unwrap()
            .to_pkcs8_pem()
            .as_bytes(),
        0o600,
    );
    insta::assert_snapshot!(user.refusal("host=db sslmode=require"), @r#"could not load private key file "/home/.postgresql/postgresql.key": key values mismatch"#);
    fs::remove_file(user.home(key)).unwrap();
    fs::create_dir(user.home(key)).unwrap();
    insta::assert_snapshot!(user.refusal("host=db sslmode=require"), @r#"private key file "/home/.postgresql/postgresql.key" is not a regular file"#);
    insta::assert_snapshot!(user.refusal("host=db sslmode=require sslkey=pkcs11:token"), @r#"could not load SSL engine "pkcs11""#);
    // With the certificate kept back nobody looks at the key.
    let user = user.libpq(Version::V16);
    assert!(
        user.resolve("host=db sslcertmode=disable")
            .unwrap()
            .target
            .credentials
            .is_none()
    );
}

#[test]
fn weak_modes_go_on_in_plain_text_where_the_files_fail() {
    let user = User::new().with_default_files();
    user.write(".postgresql/postgresql.key", "no key", 0o600);
    for mode in ["allow", "prefer"] {
        let found = user.resolve(&format!("host=db sslmode={mode}")).unwrap();
        assert_eq!(found.target.sslmode, SslMode::Disable);
        assert!(matches!(&found.notes[..], [ClientNote::TlsGivenUp(_)]));
    }
    user.write(".postgresql/postgresql.key", "no key", 0o644);
    insta::assert_debug_snapshot!(user.notes("host=db"), @r#"
    [
        "the connection is made without TLS: private key file \"/home/.postgresql/postgresql.key\" has group or world access; file must have permissions u=rw (0600) or less if owned by the current user, or permissions u=rw,g=r (0640) or less if owned by root",
    ]
    "#);
}

#[test]
fn roots_key_may_be_readable_for_its_group() {
    let key = |uid, mode| Metadata {
        kind: hostfile::FileKind::File,
        uid,
        gid: 0,
        mode,
        dev: 0,
        ino: 0,
        links: 1,
        len: 0,
        mtime: 0,
    };
    for (uid, mode, refused) in [
        (0, 0o640, false),
        (0, 0o644, true),
        (0, 0o660, true),
        (7, 0o640, true),
        (7, 0o700, false),
        (7, 0o400, false),
    ] {
        assert_eq!(
            credentials::is_too_open(&key(uid, mode)),
            refused,
            "{uid} {mode:o}"
        );
    }
}

#[test]
fn encrypted_keys_open_with_sslpassword() {
    let user = User::new().with_default_files();
    let pem = Pki::get()
        .client_key
        .to_encrypted_pem(&secret("sesame"))
        .unwrap();
    user.write(".postgresql/postgresql.key", pem.as_bytes(), 0o600);
    assert!(matches!(
        user.resolve("host=db"),
        Err(ClientError::KeyEncrypted(_))
    ));
    insta::assert_snapshot!(user.refusal("host=db sslmode=require sslpassword=wrong"), @r#"could not load private key file "/home/.postgresql/postgresql.key": bad decrypt"#);
    assert!(
        user.resolve("host=db sslpassword=sesame")
            .unwrap()
            .target
            .credentials
            .is_some()
    );
}

#[test]
fn keys_may_be_der_since_13() {
    let user = User::new().with_default_files();
    user.write(
        ".postgresql/postgresql.key",
        Pki::get().client_key.to_pkcs8_der().as_bytes(),
        0o600,
    );
    assert!(
        user.resolve("host=db")
            .unwrap()
            .target
            .credentials
            .is_some()
    );
    assert!(matches!(
        user.libpq(Version::V12).resolve("host=db sslmode=require"),
        Err(ClientError::Key { .. })
    ));
}

#[test]
fn encrypted_keys_may_not_be_der() {
    let user = User::new().with_default_files();
    let der = Pki::get()
        .client_key
        .to_encrypted_der(&secret("sesame"))
        .unwrap();
    user.write(".postgresql/postgresql.key", der.as_bytes(), 0o600);
    assert!(matches!(
        user.resolve("host=db sslmode=require sslpassword=sesame"),
        Err(ClientError::Key { .. })
    ));
}

/// Seen with OpenSSL 3: `could not load private key file: unsupported`.
#[test]
fn keys_under_des_are_not_opened() {
    let user = User::new().with_default_files();
    let key = include_bytes!("../../../../pki-core/src/key/testdata/pbes1-md5-des.pem");
    user.write(".postgresql/postgresql.key", key, 0o600);
    assert!(matches!(
        user.resolve("host=db sslmode=require sslpassword=hunter2"),
        Err(ClientError::Key { reason, .. }) if reason == "unsupported"
    ));
}

#[test]
fn intermediates_in_the_root_file_are_sent_along() {
    let pki = Pki::get();
    let user = User::new().with_default_files();
    user.write(
        ".postgresql/root.crt",
        pki.root.to_pem() + &pki.intermediate.to_pem(),
        0o644,
    );
    user.write(
        ".postgresql/postgresql.crt",
        pki.under_intermediate.to_pem(),
        0o644,
    );
    let chain = user
        .resolve("host=db")
        .unwrap()
        .target
        .credentials
        .unwrap()
        .chain;
    assert_eq!(
        chain,
        [pki.under_intermediate.clone(), pki.intermediate.clone()]
    );
    // Not where the certificate's own file has a chain already.
    user.write(
        ".postgresql/postgresql.crt",
        pki.under_intermediate.to_pem() + &pki.root.to_pem(),
        0o644,
    );
    let chain = user
        .resolve("host=db")
        .unwrap()
        .target
        .credentials
        .unwrap()
        .chain;
    assert_eq!(chain, [pki.under_intermediate.clone(), pki.root.clone()]);
}

#[test]
fn revocation_lists_that_cannot_be_used_are_passed_over() {
    let user = User::new().with_default_files();
    assert_eq!(user.notes("host=db"), Vec::<String>::new());
    insta::assert_debug_snapshot!(user.notes("host=db sslcrl=/nowhere.crl"), @r#"
    [
        "certificate revocation list \"/nowhere.crl\" cannot be used, revocation is not checked",
    ]
    "#);
    // Without roots nobody asks for them.
    assert_eq!(
        User::new().notes("host=db sslcrl=/nowhere.crl"),
        Vec::<String>::new()
    );
}
