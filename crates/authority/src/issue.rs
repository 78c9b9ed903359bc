//! Issuing: the order looked over, the intent into the store, then the signature, then the
//! certificate into the store. What stands in a certificate is decided by the order and by pki-core.

mod many;

use std::fmt;

use pki_core::{
    AltName, Certificate, Fingerprint, Kind, Leaf, PrivateKey, PublicKey, Serial, Subject, Time,
    Validity, check_leaf, issue_leaf,
};

pub use self::many::{Made, Order};
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

impl Authority {
    /// Whether an order would be carried out at `now`, and from when until when its certificate
    /// would hold. Needs no key, takes no serial and records nothing.
    ///
    /// # Errors
    /// [`Error::Expired`] and [`Error::NotYetValid`] where the authority's own certificate is not
    /// valid at `now`, [`Error::Issue`] where the order is against the profile, with all that is.
    pub fn vet(&self, order: &IssueOrder<'_>, now: Time) -> Result<Validity, Error> {
        let validity = self.lifetime(order.days, now)?;
        let leaf = order.leaf(Serial::random()?, validity);
        check_leaf(self.path(), &leaf)?;
        Ok(validity)
    }

    /// Days from now, capped at the authority's own end.
    pub(crate) fn lifetime(&self, days: u32, now: Time) -> Result<Validity, Error> {
        let own = self.certificate.validity();
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
        Ok(Validity::new(now, days, Some(own.not_after))?)
    }
}

impl IssueOrder<'_> {
    fn leaf(&self, serial: Serial, validity: Validity) -> Leaf<'_> {
        Leaf {
            kind: self.kind,
            subject: self.subject.with_common_name(self.name),
            alt_names: self.alt_names.to_vec(),
            public_key: self.public_key,
            serial,
            validity,
        }
    }

    fn intent<'a>(&'a self, subject: &'a Subject, validity: Validity, at: Time) -> Intent<'a> {
        Intent {
            kind: self.kind,
            name: self.name,
            subject,
            validity,
            public_key: self.public_key,
            request: self.request,
            by: self.by,
            at,
        }
    }
}

impl Unlocked<'_> {
    /// Issues a certificate. When this returns it is in the store, on the disk. Where a crash or an
    /// error comes between, the store has the serial as [`State::Intended`](crate::State::Intended).
    ///
    /// # Errors
    /// As for [`Authority::vet`], and then no serial was taken; [`Error::Store`] where it cannot be
    /// recorded.
    pub fn issue(&self, order: &IssueOrder<'_>, now: Time) -> Result<Certificate, Error> {
        let Authority {
            certificate: issuer,
            store,
            ..
        } = self.authority;
        let validity = self.authority.vet(order, now)?;
        let subject = order.subject.with_common_name(order.name);
        let serial = store.intend(&order.intent(&subject, validity, now))?;
        let certificate = issue_leaf(issuer, &self.key, &order.leaf(serial, validity))?;
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
