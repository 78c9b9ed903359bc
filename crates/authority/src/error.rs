//! What can go wrong with an authority, as facts. Advice and exit codes live at the command line.

use std::path::PathBuf;

use pki_core::{CrlError, IssueError, KeyError, Serial, SerialError, Time, ValidityError};

use crate::{ImportFinding, State};

/// Why an authority could not be made, opened, unlocked or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder already holds an authority.
    #[error("{} already holds an authority", folder.display())]
    Exists {
        /// The authority's folder.
        folder: PathBuf,
    },
    /// Certificates of the authority may be in use: it is not taken away.
    #[error("certificates of the authority in {} may be in use", folder.display())]
    InUse {
        /// The authority's folder.
        folder: PathBuf,
    },
    /// A file stands where a new authority's file has to go, and it is not a remainder of an
    /// interrupted [`init`](crate::init).
    #[error("{} is there already and belongs to no authority", path.display())]
    Occupied {
        /// The file in the way.
        path: PathBuf,
    },
    /// An authority of another program cannot be taken over.
    #[error("it cannot be taken over: {}", .findings.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join("; "))]
    Unfit {
        /// Why not, all of it.
        findings: Vec<ImportFinding>,
    },
    /// A file of the authority is not there.
    #[error("{} is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Something that is no regular file (or folder) stands under the name of one.
    #[error("{} is not a {wanted}", path.display())]
    WrongKind {
        /// The path.
        path: PathBuf,
        /// `regular file` or `folder`.
        wanted: &'static str,
    },
    /// Others than the owner can read or write the folder or the key.
    #[error("{} has mode {mode:04o}: accounts other than its owner have access", path.display())]
    Exposed {
        /// The folder or the key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file belongs neither to the owner of the folder nor to root.
    #[error("{} belongs to user {uid}, its folder to user {folder_uid}", path.display())]
    ForeignOwner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        uid: u32,
        /// The owner of the authority's folder.
        folder_uid: u32,
    },
    /// `ca.crt` holds no certificate that can be read.
    #[error("{}: {reason}", path.display())]
    BadCertificate {
        /// The certificate's file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// The certificate in `ca.crt` must not sign certificates (RFC 5280 section 4.2.1.9).
    #[error("the certificate in {} is not an authority's", path.display())]
    NotAnAuthority {
        /// The certificate's file.
        path: PathBuf,
    },
    /// The key could not be read: encrypted and no passphrase given, wrong passphrase, malformed.
    #[error("{}: {source}", path.display())]
    Key {
        /// The key's file.
        path: PathBuf,
        /// What is wrong with it or with the passphrase.
        source: KeyError,
    },
    /// The key is readable but is not the one in the authority's certificate.
    #[error("the key in {} does not belong to the authority's certificate", path.display())]
    KeyMismatch {
        /// The key's file.
        path: PathBuf,
    },
    /// A new key could not be made.
    #[error("the authority's key could not be made: {0}")]
    MakeKey(KeyError),
    /// The authority's certificate is no longer valid: nothing it signs would be accepted.
    #[error("the authority's certificate ended on {not_after}")]
    Expired {
        /// Its last second.
        not_after: Time,
    },
    /// The authority's certificate is not valid yet.
    #[error("the authority's certificate is not valid before {not_before}")]
    NotYetValid {
        /// Its first second.
        not_before: Time,
    },
    /// The certificate would have no lifetime.
    #[error(transparent)]
    Validity(#[from] ValidityError),
    /// No serial could be drawn.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// The certificate was refused before or right after it was signed. It was not handed out; its
    /// serial stays recorded as [`State::Intended`].
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The revocation list was not signed. Its number is not given again.
    #[error(transparent)]
    Crl(#[from] CrlError),
    /// The store knows no certificate of that serial.
    #[error("no certificate has the serial {serial}")]
    UnknownSerial {
        /// The serial asked for.
        serial: Serial,
    },
    /// An authority's own certificate is on no list of its own (RFC 5280 section 5): a root is taken
    /// out of the files that trust it, an intermediate revoked by its issuer.
    #[error("the authority's own certificate cannot be revoked by itself")]
    OwnCertificate,
    /// A certificate cannot go from the one state to the other.
    #[error("certificate {serial} is {from} and cannot become {to}")]
    Transition {
        /// The certificate.
        serial: Serial,
        /// Its state.
        from: State,
        /// The state that was asked for.
        to: State,
    },
    /// The store does not know the certificate in `ca.crt`: it belongs to another authority.
    #[error("{} does not belong to the certificate {serial} in ca.crt", path.display())]
    ForeignStore {
        /// The store.
        path: PathBuf,
        /// The serial of the certificate in `ca.crt`.
        serial: Serial,
    },
    /// The store was written by a newer release.
    #[error("{} has format {found}, this release knows {known}", path.display())]
    NewerStore {
        /// The store.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// The database refused.
    #[error("{}: {message}", path.display())]
    Store {
        /// The store.
        path: PathBuf,
        /// The part of the refusal that a caller may act on.
        fault: StoreFault,
        /// What SQLite said.
        message: String,
    },
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] hostfile::Error),
}

/// What kind of refusal the database met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFault {
    /// Another process kept the store busy for longer than a writer is waited for.
    Busy,
    /// The disk is full.
    Full,
    /// The store or its folder cannot be written.
    ReadOnly,
    /// The store, or a file beside it, cannot be opened.
    CannotOpen,
    /// The file is damaged or is no store.
    Damaged,
    /// Anything else; the message says what.
    Other,
}
