//! The client's own files and parameters.

use std::path::PathBuf;

use doctor::{Observation, diagnose, diagnose_client};
use pg_config::Version;
use pg_host::client::{ClientError, ClientNote};

use crate::stage::{report, target, tls};

#[test]
fn the_clients_files() {
    let key = PathBuf::from("/home/s/.postgresql/postgresql.key");
    let certificate = PathBuf::from("/home/s/.postgresql/postgresql.crt");
    let roots = PathBuf::from("/home/s/.postgresql/root.crt");
    let reason = || "Permission denied".to_owned();
    let all = [
        ClientError::HostAddress("tolva".to_owned()),
        ClientError::NoRoots {
            path: roots.clone(),
            version: Version::new(15).unwrap(),
        },
        ClientError::NoHome {
            version: Version::new(15).unwrap(),
        },
        ClientError::Roots {
            path: roots,
            reason: reason(),
        },
        ClientError::Engine("pkcs11:id=1".to_owned()),
        ClientError::CertificateUnreachable {
            path: certificate.clone(),
            reason: reason(),
        },
        ClientError::Certificate {
            path: certificate,
            reason: "no start line".to_owned(),
        },
        ClientError::NoKey(key.clone()),
        ClientError::KeyUnreachable {
            path: key.clone(),
            reason: reason(),
        },
        ClientError::KeyNotAFile(key.clone()),
        ClientError::KeyTooOpen {
            path: key.clone(),
            mode: 0o644,
        },
        ClientError::KeyEncrypted(key.clone()),
        ClientError::Key {
            path: key.clone(),
            reason: "bad decrypt".to_owned(),
        },
        ClientError::KeyMismatch(key),
        ClientError::AbstractSocket("@pg".to_owned()),
    ];
    let shown = all.iter().map(|error| diagnose_client(error).to_string());
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n\n"), @r#"
    error[client-parameters]: could not parse network address "tolva": Name or service not known
      fix: hostaddr takes an address in numbers; a name belongs into host

    error[roots-missing]: root certificate file "/home/s/.postgresql/root.crt" does not exist
      seen: Either provide the file or change sslmode to disable server certificate verification.
      fix: put the authority's certificate there, or name its file with sslrootcert

    error[roots-missing]: could not get home directory to locate root certificate file
      seen: Either provide the file or change sslmode to disable server certificate verification.
      fix: name the authority's certificate with sslrootcert: there is no home folder to look in

    error[roots-unreadable]: could not read root certificate file "/home/s/.postgresql/root.crt": Permission denied
      fix: the file must hold certificates in PEM and be readable by this user

    error[client-key-unreadable]: could not load SSL engine "pkcs11:id=1"
      fix: libpq takes a name with a colon for one of an OpenSSL engine: use a file name without a colon in sslkey

    error[client-certificate-unreadable]: could not open certificate file "/home/s/.postgresql/postgresql.crt": Permission denied
      fix: let this user read it, folders included

    error[client-certificate-unreadable]: could not read certificate file "/home/s/.postgresql/postgresql.crt": no start line
      fix: the file must hold the client's certificate in PEM, its own first, then the intermediates

    error[client-key-missing]: certificate present, but not private key file "/home/s/.postgresql/postgresql.key"
      fix: put the key there, or name it with sslkey

    error[client-key-unreadable]: could not stat private key file "/home/s/.postgresql/postgresql.key": Permission denied
      fix: let this user read it, folders included; nobody else

    error[client-key-unreadable]: private key file "/home/s/.postgresql/postgresql.key" is not a regular file
      fix: name the key's file with sslkey

    error[client-key-too-open]: private key file "/home/s/.postgresql/postgresql.key" has group or world access; file must have permissions u=rw (0600) or less if owned by the current user, or permissions u=rw,g=r (0640) or less if owned by root
      fix: chmod 0600 /home/s/.postgresql/postgresql.key

    error[client-key-encrypted]: could not load private key file "/home/s/.postgresql/postgresql.key": a passphrase is needed
      fix: give the passphrase with sslpassword (psql asks for it on a terminal)

    error[client-key-unreadable]: could not load private key file "/home/s/.postgresql/postgresql.key": bad decrypt
      fix: a wrong passphrase (sslpassword), or a format that libpq cannot read: write it as PKCS#8 in PEM

    error[client-key-mismatch]: could not load private key file "/home/s/.postgresql/postgresql.key": key values mismatch
      fix: name the pair that belongs together with sslcert and sslkey

    error[client-parameters]: abstract Unix-domain sockets are not supported: "@pg"
      fix: use a socket in a folder, or TCP
    "#);
}

#[test]
fn what_was_noticed() {
    let path = PathBuf::from("/home/s/file");
    let notes = [
        ClientNote::PassfileNotPlain(path.clone()),
        ClientNote::PassfileTooOpen(path.clone()),
        ClientNote::NamedRootsMissing(path.clone()),
        ClientNote::NamedCertificateMissing(path.clone()),
        ClientNote::CrlUnusable(path),
        ClientNote::NotConsidered("gssencmode"),
    ];
    let mut target = target();
    target.roots = Some(Vec::new());
    let report = report(Some(tls(false)));
    let findings = diagnose(&Observation::new(&target, &report, None).with_notes(&notes));
    insta::assert_snapshot!(findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"), @r#"
    warning[passfile-ignored]: password file "/home/s/file" is not a plain file
      fix: make it a regular file

    warning[passfile-ignored]: password file "/home/s/file" has group or world access; permissions should be u=rw (0600) or less
      fix: chmod 0600

    warning[server-not-verified]: root certificate file "/home/s/file" does not exist, the server's certificate is not verified
      fix: correct sslrootcert, and set sslmode=verify-full: then a missing file is an error

    warning[client-certificate-missing]: certificate file "/home/s/file" does not exist, no client certificate is sent
      fix: correct sslcert

    warning[crl-ignored]: certificate revocation list "/home/s/file" cannot be used, revocation is not checked
      fix: correct sslcrl; the file must hold CRLs in PEM

    note[not-considered]: parameter gssencmode is not taken into account
    "#);
}
