//! Issuing: the intent into the store, then the signature, then the certificate into the store.
//! What stands in a certificate is decided by the order and by pki-core.

use std::fmt;

use pki_core::{
    AltName, Certificate, Fingerprint, Kind, Leaf, PrivateKey, PublicKey, Subject, Time, Validity,
    issue_leaf,
};

use crate::store::Intent;
use crate::{Authority, Error};

/// An authority whose key is at hand.
pub struct Unlocked<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) key: PrivateKey,
}

/// What certificate is wanted, and who wants it.
#[derive(Debug, Clone)]
pub struct IssueOrder<'a> {
    /// [`Kind::Server`] or [`Kind::Client`].
    pub kind: Kind,
    /// The CN: a server's name, a role's. Replaces one in `subject`.
    pub name: &'a str,
    /// The rest of the subject.
    pub subject: &'a Subject,
    /// Subject alternative names.
    pub alt_names: &'a [AltName],
    /// Lifetime in days; the authority's own end comes first.
    pub days: u32,
    /// The key to certify.
    pub public_key: &'a PublicKey,
    /// Who orders it, for the record.
    pub by: &'a str,
    /// The fingerprint of the signing request it comes from, if it comes from one.
    pub request: Option<&'a Fingerprint>,
}

impl Unlocked<'_> {
    /// Issues a certificate. When this returns it is in the store, on the disk. Where a crash or an
    /// error comes between, the store has the serial as [`State::Intended`](crate::State::Intended).
    ///
    /// # Errors
    /// [`Error::Expired`] and [`Error::NotYetValid`] where the authority's own certificate is not
    /// valid at `now`, [`Error::Issue`] where the order is against the profile, [`Error::Store`]
    /// where it cannot be recorded.
    pub fn issue(&self, order: &IssueOrder<'_>, now: Time) -> Result<Certificate, Error> {
        let Authority {
            certificate: issuer,
            store,
            ..
        } = self.authority;
        let own = issuer.validity();
        if now > own.not_after {
            return Err(Error::Expired {
                not_after: own.not_after,
            });
        }
        if now < own.not_before {
            return Err(Error::NotYetValid {
                not_before: own.not_before,
            });
        }
        let subject = order.subject.with_common_name(order.name);
        let validity = Validity::new(now, order.days, Some(own.not_after))?;
        let serial = store.intend(&Intent {
            kind: order.kind,
            name: order.name,
            subject: &subject,
            validity,
            public_key: order.public_key,
            request: order.request,
            by: order.by,
            at: now,
        })?;
        let leaf = Leaf {
            kind: order.kind,
            subject,
            alt_names: order.alt_names.to_vec(),
            public_key: order.public_key,
            serial,
            validity,
        };
        let certificate = issue_leaf(issuer, &self.key, &leaf)?;
        store.issued(&certificate, now)?;
        Ok(certificate)
    }
}

impl fmt::Debug for Unlocked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unlocked")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}
