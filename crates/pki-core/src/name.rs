//! The names that certificates carry: of roles, of hosts, of subjects. A value that exists is a valid name.

mod alt;
mod dns;
mod role;
mod subject;

pub use self::{alt::AltName, dns::DnsName, role::RoleName, subject::Subject};

/// Why a text is not the name that it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing at all.
    #[error("a {what} cannot be empty")]
    Empty {
        /// `role name`, `host name`, `subject`, ….
        what: &'static str,
    },
    /// Longer than the format, or PostgreSQL, allows.
    #[error("`{text}` is too long for a {what}: {len} {unit}, at most {max}")]
    TooLong {
        /// Which kind of name.
        what: &'static str,
        /// What was given.
        text: String,
        /// How long it is.
        len: usize,
        /// How long it may be.
        max: usize,
        /// `bytes` or `characters`.
        unit: &'static str,
    },
    /// A character that has no place there.
    #[error("`{}` is no {what}: {character:?} cannot stand in it", .text.escape_debug())]
    Character {
        /// Which kind of name.
        what: &'static str,
        /// What was given.
        text: String,
        /// The first such character.
        character: char,
    },
    /// Right characters, wrong form.
    #[error("`{}` is no {what}: {reason}", .text.escape_debug())]
    Form {
        /// Which kind of name.
        what: &'static str,
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An attribute type that is not known here.
    #[error("`{key}` is no attribute of a subject (known: {known})")]
    UnknownAttribute {
        /// What was given.
        key: String,
        /// What would do.
        known: String,
    },
    /// An attribute given twice: the issuer names of what is signed under it would not come out the same.
    #[error("the attribute {key} is given twice")]
    Repeated {
        /// Which.
        key: &'static str,
    },
}
