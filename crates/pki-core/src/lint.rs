//! What is looked at before anything is signed: everything that a client, a server or a linter was seen to refuse.

use crate::{
    certificate::{Certificate, ExtendedKeyUsage},
    issue::Order,
    key::{Family, PublicKey},
    profile::Kind,
    time::Time,
    verify,
};

/// One reason not to sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// PostgreSQL reads the role from the CN: `client certificate contains no user name`.
    #[error("a client certificate needs a common name")]
    ClientWithoutCommonName,
    /// Clients compare the host that they dialled with the SAN.
    #[error("a server certificate needs a subject alternative name")]
    ServerWithoutAltName,
    /// RFC 5280 4.1.2.6.
    #[error("an authority needs a subject")]
    AuthorityWithoutSubject,
    /// [`Leaf::kind`](crate::Leaf::kind) names an authority.
    #[error("a {kind} is not issued as a leaf")]
    NotALeaf {
        /// Which.
        kind: Kind,
    },
    /// The issuer's basicConstraints or keyUsage do not allow it.
    #[error("the issuer is not allowed to sign certificates")]
    IssuerCannotSign,
    /// The key that would sign is not the one in the issuer's certificate.
    #[error("the key is not the issuer's")]
    KeyOfAnother,
    /// The issuer's pathLenConstraint leaves no room.
    #[error("the issuer allows no further authority below it")]
    PathLength,
    /// A certificate that outlives its issuer fails on the day on which the issuer ends.
    #[error("it would end {end}, after its issuer ({issuer_end})")]
    OutlivesIssuer {
        /// The end asked for.
        end: Time,
        /// The issuer's.
        issuer_end: Time,
    },
    /// OpenSSL at security level 2, the usual default, refuses less than 112 bits.
    #[error("{key} is too weak a key")]
    WeakKey {
        /// In words.
        key: String,
    },
    /// Not an algorithm that can be signed for, or with, here.
    #[error("{key} is not a key that is supported")]
    UnsupportedKey {
        /// In words.
        key: String,
    },
    /// An authority above is limited to another kind by its extended key usage.
    #[error("{authority} may sign no {kind} certificates")]
    NotForKind {
        /// Its subject.
        authority: String,
        /// What was asked for.
        kind: Kind,
    },
    /// An authority above is limited to other names (RFC 5280 4.2.1.10).
    #[error("{authority} may not sign for {name}")]
    OutsideNames {
        /// Its subject.
        authority: String,
        /// The name.
        name: String,
    },
    /// RFC 5280 4.1.2.2: positive, at most 20 octets.
    #[error("the serial number must be positive and have at most 20 octets")]
    Serial,
}

/// Everything that speaks against signing, in no particular order of weight.
pub(crate) fn problems(order: &Order<'_>, signer: &PublicKey) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut add = |problem| found.push(problem);
    match order.kind {
        Kind::Client if order.subject.common_name().is_none() => {
            add(Problem::ClientWithoutCommonName);
        }
        Kind::Server if order.alt_names.is_empty() => add(Problem::ServerWithoutAltName),
        Kind::Root | Kind::Intermediate if order.subject.is_empty() => {
            add(Problem::AuthorityWithoutSubject);
        }
        _ => {}
    }
    if !(1..=20).contains(&encoded_len(order.serial.as_bytes())) {
        add(Problem::Serial);
    }
    for key in [order.public_key, signer] {
        if matches!(key.family(), Family::Other { .. }) {
            add(Problem::UnsupportedKey {
                key: key.describe(),
            });
        } else if key.family().security_bits() < 112 {
            add(Problem::WeakKey {
                key: key.describe(),
            });
        }
        if order.public_key == signer {
            break;
        }
    }
    if let Some(issuer) = order.issuer {
        under(order, issuer, signer, &mut add);
    }
    found
}

fn under(
    order: &Order<'_>,
    issuer: &Certificate,
    signer: &PublicKey,
    add: &mut impl FnMut(Problem),
) {
    if !issuer.can_sign_certificates() {
        add(Problem::IssuerCannotSign);
    }
    if issuer.public_key() != *signer {
        add(Problem::KeyOfAnother);
    }
    if order.kind == Kind::Intermediate && issuer.path_length() == Some(0) {
        add(Problem::PathLength);
    }
    let (end, issuer_end) = (order.validity.not_after, issuer.validity().not_after);
    if end > issuer_end {
        add(Problem::OutlivesIssuer { end, issuer_end });
    }
    beyond(order, issuer, add);
}

/// What a leaf is or names that an authority above it may not sign, though its issuer might.
pub(crate) fn beyond(order: &Order<'_>, authority: &Certificate, add: &mut impl FnMut(Problem)) {
    let usage = match order.kind {
        Kind::Server => ExtendedKeyUsage::ServerAuth,
        Kind::Client => ExtendedKeyUsage::ClientAuth,
        Kind::Root | Kind::Intermediate => return,
    };
    if !authority.is_authority() {
        return;
    }
    if authority
        .extended_key_usage()
        .is_some_and(|usages| !usages.contains(&usage))
    {
        add(Problem::NotForKind {
            authority: authority.subject(),
            kind: order.kind,
        });
    }
    let common_name = order.subject.common_name();
    for name in verify::names_outside(authority, order.alt_names, common_name) {
        add(Problem::OutsideNames {
            authority: authority.subject(),
            name,
        });
    }
}

/// The octets of a DER INTEGER for this number, read as unsigned; 0 for the number 0.
fn encoded_len(bytes: &[u8]) -> usize {
    match bytes {
        [] | [0] => 0,
        [first, ..] if *first >= 0x80 => bytes.len() + 1,
        _ => bytes.len(),
    }
}
