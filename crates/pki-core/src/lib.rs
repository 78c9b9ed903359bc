//! Keys, names, certificates, certificate requests, revocation lists and chains, as PostgreSQL, libpq and OpenSSL
//! take them: values and bytes only.
//!
//! Not here: files, sockets, processes, the environment, the clock, printing. Time comes in as a [`Time`], randomness
//! comes from aws-lc-rs. Which certificate is issued when, and what is kept of it, is the business of the authority.

mod algorithm;
mod certificate;
mod chain;
mod crl;
mod csr;
mod dn;
mod export;
mod fingerprint;
#[cfg(test)]
mod fixture;
mod host;
mod inspect;
mod issue;
mod key;
mod lint;
mod name;
mod pem;
mod pkcs12;
mod profile;
mod scope;
mod secret;
mod serial;
mod signature;
mod signer;
mod time;
mod validity;
mod verify;

pub use crate::{
    algorithm::{KeyType, UnknownKeyType},
    certificate::{Certificate, ExtendedKeyUsage, ParseError},
    chain::{BrokenPath, check_path},
    crl::{Crl, CrlDraft, CrlError, Revocation, RevocationReason, UnknownReason},
    csr::{RequestError, SigningRequest},
    export::{Bundle, ExportError},
    fingerprint::{BadFingerprint, Fingerprint},
    host::{HostMismatch, HostRules, verify_host},
    inspect::{Finding, InspectError, Item, Pkcs12, inspect, inspect_together},
    issue::{
        IssueError, Issuing, Leaf, NewAuthority, check_leaf, issue_authority, issue_intermediate,
        issue_leaf, issue_root,
    },
    key::{KeyError, PrivateKey, PublicKey},
    lint::Problem,
    name::{AltName, DnsName, NameError, RoleName, Subject},
    pkcs12::Pkcs12Error,
    profile::{Kind, UnknownKind},
    scope::{Network, Scope},
    secret::Secret,
    serial::{Serial, SerialError},
    signer::{SignError, Signer},
    time::{BadTime, Time},
    validity::{Validity, ValidityError},
    verify::{Purpose, VerifyCode, VerifyError, verify_chain},
};
