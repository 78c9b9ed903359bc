//! What libpq would warn of, and why it would not even connect: in its words where it has some.

use std::path::PathBuf;

use pg_config::Version;
use pg_config::conninfo::ResolveError;
use pg_config::service::LookupError;

/// Something worth knowing about a resolved connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientNote {
    /// libpq's own warning about a password file that it ignores.
    #[error("WARNING: password file \"{}\" is not a plain file", .0.display())]
    PassfileNotPlain(PathBuf),
    /// libpq's own warning about a password file that it ignores.
    #[error("WARNING: password file \"{}\" has group or world access; permissions should be u=rw (0600) or less", .0.display())]
    PassfileTooOpen(PathBuf),
    /// A root file was named, is not there, and the mode does not insist: nothing is verified.
    #[error("root certificate file \"{}\" does not exist, the server's certificate is not verified", .0.display())]
    NamedRootsMissing(PathBuf),
    /// A certificate was named and is not there: libpq goes on without one.
    #[error("certificate file \"{}\" does not exist, no client certificate is sent", .0.display())]
    NamedCertificateMissing(PathBuf),
    /// A revocation list was named and cannot be used: libpq goes on without one.
    #[error("certificate revocation list \"{}\" cannot be used, revocation is not checked", .0.display())]
    CrlUnusable(PathBuf),
    /// `sslmode` is `allow` or `prefer`, and TLS fails on the files already: libpq connects in plain text.
    #[error("the connection is made without TLS: {0}")]
    TlsGivenUp(Box<ClientError>),
    /// A parameter that libpq obeys and that is not looked at here.
    #[error("parameter {0} is not taken into account")]
    NotConsidered(&'static str),
}

/// Why libpq would not even connect, in its words where it has some.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The parameters do not make sense.
    #[error(transparent)]
    Parameters(#[from] ResolveError),
    /// The service file or the service is not there.
    #[error(transparent)]
    Service(#[from] LookupError),
    /// The address given as `hostaddr` is none.
    #[error("could not parse network address \"{0}\": Name or service not known")]
    HostAddress(String),
    /// A number that is none.
    #[error("invalid integer value \"{value}\" for connection option \"{keyword}\"")]
    NotAnInteger {
        /// The parameter.
        keyword: &'static str,
        /// Its value.
        value: String,
    },
    /// `sslmode=verify-*` without the root file.
    #[error("root certificate file \"{}\" does not exist\n{}", .path.display(), advice(.version))]
    NoRoots {
        /// Where it was looked for.
        path: PathBuf,
        /// Whose words.
        version: Version,
    },
    /// `sslmode=verify-*`, and the user has no home folder to look in.
    #[error("could not get home directory to locate root certificate file\n{}", advice(.version))]
    NoHome {
        /// Whose words.
        version: Version,
    },
    /// The root file is there and cannot be used.
    #[error("could not read root certificate file \"{}\": {reason}", .path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The certificate cannot be looked at.
    #[error("could not open certificate file \"{}\": {reason}", .path.display())]
    CertificateUnreachable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The certificate is there and cannot be used.
    #[error("could not read certificate file \"{}\": {reason}", .path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A certificate and no key.
    #[error("certificate present, but not private key file \"{}\"", .0.display())]
    NoKey(PathBuf),
    /// The key's name has a colon: it names an OpenSSL engine.
    #[error("could not load SSL engine \"{0}\"")]
    Engine(String),
    /// The key cannot be looked at.
    #[error("could not stat private key file \"{}\": {reason}", .path.display())]
    KeyUnreachable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key is no file.
    #[error("private key file \"{}\" is not a regular file", .0.display())]
    KeyNotAFile(PathBuf),
    /// The key's mode lets others in.
    #[error("private key file \"{}\" has group or world access; file must have permissions u=rw (0600) or less if owned by the current user, or permissions u=rw,g=r (0640) or less if owned by root", .path.display())]
    KeyTooOpen {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The key is encrypted and `sslpassword` is not set: libpq would ask for it on the terminal.
    #[error("could not load private key file \"{}\": a passphrase is needed", .0.display())]
    KeyEncrypted(PathBuf),
    /// The key cannot be used.
    #[error("could not load private key file \"{}\": {reason}", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key is another certificate's.
    #[error("could not load private key file \"{}\": key values mismatch", .0.display())]
    KeyMismatch(PathBuf),
    /// An abstract Unix socket (`@name`), which is not spoken to.
    #[error("abstract Unix-domain sockets are not supported: \"{0}\"")]
    AbstractSocket(String),
    /// The account's rights could not be taken on.
    #[error(transparent)]
    Rights(hostfile::Error),
}

/// What libpq of this version adds to its words about a missing root file.
fn advice(version: &Version) -> &'static str {
    if *version >= Version::V16 {
        "Either provide the file, use the system's trusted roots with sslrootcert=system, or change sslmode to disable server certificate verification."
    } else {
        "Either provide the file or change sslmode to disable server certificate verification."
    }
}

/// The system's words as libpq shows them: without the path, which stands before them already.
pub(super) fn reason(error: &hostfile::Error) -> String {
    let hostfile::Error::Io { source, .. } = error else {
        return error.to_string();
    };
    let text = source.to_string();
    text.split_once(" (os error")
        .map_or(&*text, |(words, _)| words)
        .to_owned()
}
