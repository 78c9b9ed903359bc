//! What keeps a client from even connecting, or from using the files that it was told to use.

use pg_host::client::{ClientError, ClientNote};

use crate::Finding;

/// What it means when the client's files or parameters are refused before any socket is opened.
pub fn diagnose_client(error: &ClientError) -> Finding {
    let (code, fix) = match error {
        ClientError::Parameters(_) => (
            "client-parameters",
            "correct the connection string, the service or the PG* variable",
        ),
        ClientError::Service(_) => (
            "service-missing",
            "check the service's name, its file (~/.pg_service.conf, PGSERVICEFILE) and its spelling: no blanks around `=`",
        ),
        ClientError::HostAddress(_) => (
            "client-parameters",
            "hostaddr takes an address in numbers; a name belongs into host",
        ),
        ClientError::NoRoots { .. } => (
            "roots-missing",
            "put the authority's certificate there, or name its file with sslrootcert",
        ),
        ClientError::NoHome { .. } => (
            "roots-missing",
            "name the authority's certificate with sslrootcert: there is no home folder to look in",
        ),
        ClientError::Roots { .. } => (
            "roots-unreadable",
            "the file must hold certificates in PEM and be readable by this user",
        ),
        ClientError::CertificateUnreachable { .. } => (
            "client-certificate-unreadable",
            "let this user read it, folders included",
        ),
        ClientError::Certificate { .. } => (
            "client-certificate-unreadable",
            "the file must hold the client's certificate in PEM, its own first, then the intermediates",
        ),
        ClientError::Engine(_) => (
            "client-key-unreadable",
            "libpq takes a name with a colon for one of an OpenSSL engine: use a file name without a colon in sslkey",
        ),
        ClientError::NoKey(_) => (
            "client-key-missing",
            "put the key there, or name it with sslkey",
        ),
        ClientError::KeyUnreachable { .. } => (
            "client-key-unreadable",
            "let this user read it, folders included; nobody else",
        ),
        ClientError::KeyNotAFile(_) => ("client-key-unreadable", "name the key's file with sslkey"),
        ClientError::KeyTooOpen { path, .. } => return too_open(error, path),
        ClientError::KeyEncrypted(_) => (
            "client-key-encrypted",
            "give the passphrase with sslpassword (psql asks for it on a terminal)",
        ),
        ClientError::Key { .. } => (
            "client-key-unreadable",
            "a wrong passphrase (sslpassword), or a format that libpq cannot read: write it as PKCS#8 in PEM",
        ),
        ClientError::KeyMismatch(_) => (
            "client-key-mismatch",
            "name the pair that belongs together with sslcert and sslkey",
        ),
        ClientError::AbstractSocket(_) => ("client-parameters", "use a socket in a folder, or TCP"),
        ClientError::Rights(_) => ("rights", "run as this user, or as root"),
        _ => ("client", "correct the client's parameters"),
    };
    Finding::error(code, first_line(error))
        .all_seen(rest(error))
        .fix(fix)
}

/// A warning about what was noticed and did not stop the client.
pub(crate) fn note(note: &ClientNote) -> Finding {
    let (code, fix) = match note {
        ClientNote::PassfileNotPlain(_) => ("passfile-ignored", "make it a regular file"),
        ClientNote::PassfileTooOpen(_) => ("passfile-ignored", "chmod 0600"),
        ClientNote::NamedRootsMissing(_) => (
            "server-not-verified",
            "correct sslrootcert, and set sslmode=verify-full: then a missing file is an error",
        ),
        ClientNote::NamedCertificateMissing(_) => ("client-certificate-missing", "correct sslcert"),
        ClientNote::CrlUnusable(_) => (
            "crl-ignored",
            "correct sslcrl; the file must hold CRLs in PEM",
        ),
        ClientNote::NotConsidered(_) => return Finding::note("not-considered", note.to_string()),
        _ => return Finding::note("client", note.to_string()),
    };
    Finding::warning(
        code,
        note.to_string().trim_start_matches("WARNING: ").to_owned(),
    )
    .fix(fix)
}

fn too_open(error: &ClientError, path: &std::path::Path) -> Finding {
    Finding::error("client-key-too-open", error.to_string())
        .fix(format!("chmod 0600 {}", path.display()))
}

fn first_line(error: &ClientError) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// libpq's advice in the lines below is part of what psql would show.
fn rest(error: &ClientError) -> Vec<String> {
    error
        .to_string()
        .lines()
        .skip(1)
        .map(str::to_owned)
        .collect()
}
