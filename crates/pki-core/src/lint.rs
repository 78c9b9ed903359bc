//! What is looked at before anything is signed.

/// Something that a client, a server or a linter was seen to refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// PostgreSQL reads the role from the CN: `client certificate contains no user name`.
    #[error("a client certificate without a common name cannot log in")]
    ClientWithoutCommonName,
    /// Clients compare the name that they dialled with the SAN.
    #[error("a server certificate without a subject alternative name")]
    ServerWithoutAltName,
}
