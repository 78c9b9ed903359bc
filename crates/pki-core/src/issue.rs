//! Making certificates: the profile filled in, looked over, signed, and compared with the issuer afterwards.

use crate::{
    certificate::Certificate,
    key::PublicKey,
    lint::Problem,
    name::{AltName, Subject},
    profile::Kind,
    serial::Serial,
    signer::{SignError, Signer},
    validity::Validity,
};

/// What goes into a server or client certificate. Everything else is decided by the profile of its kind.
#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    /// [`Kind::Server`] or [`Kind::Client`].
    pub kind: Kind,
    /// The subject, the common name included.
    pub subject: Subject,
    /// The names that a client may dial; at least one for a server.
    pub alt_names: Vec<AltName>,
    /// The holder's public key.
    pub public_key: &'a PublicKey,
    /// Unique under the issuer.
    pub serial: Serial,
    /// Not beyond the issuer's end.
    pub validity: Validity,
}

/// Makes a self-signed root.
///
/// # Errors
/// [`IssueError`].
pub fn issue_root(
    signer: &dyn Signer,
    subject: &Subject,
    serial: Serial,
    validity: Validity,
) -> Result<Certificate, IssueError> {
    let _ = (signer, subject, serial, validity);
    todo!()
}

/// Makes an authority under another one.
///
/// # Errors
/// [`IssueError`].
pub fn issue_intermediate(
    issuer: &Certificate,
    signer: &dyn Signer,
    subject: &Subject,
    public_key: &PublicKey,
    serial: Serial,
    validity: Validity,
) -> Result<Certificate, IssueError> {
    let _ = (issuer, signer, subject, public_key, serial, validity);
    todo!()
}

/// Makes a server or client certificate.
///
/// # Errors
/// [`IssueError`].
pub fn issue_leaf(
    issuer: &Certificate,
    signer: &dyn Signer,
    leaf: &Leaf<'_>,
) -> Result<Certificate, IssueError> {
    let _ = (issuer, signer, leaf);
    todo!()
}

/// Why no certificate was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// What was asked for would be refused somewhere. Nothing was signed.
    #[error("not signed: {}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused {
        /// All of it, not only the first.
        problems: Vec<Problem>,
    },
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The issuer's name came out in other bytes than the authority carries: such a certificate does not chain.
    #[error("the issuer's name cannot be written as the authority carries it")]
    IssuerName,
    /// The library refused.
    #[error("the certificate cannot be encoded: {reason}")]
    Encoding {
        /// Its words.
        reason: String,
    },
}
