//! Authorities under this one: signing their certificates, and making one whose root is at hand.

use std::path::Path;

use pki_core::{
    Certificate, Fingerprint, Kind, NewAuthority, PrivateKey, PublicKey, Scope, Subject, Time,
    issue_authority,
};

use crate::store::Intent;
use crate::{Authority, Error, Examined, Import, Init, State, Unlocked};

/// What authority is to be certified, and who wants it.
#[derive(Debug, Clone)]
pub struct AuthorityOrder<'a> {
    /// Its name: the CN. Replaces one in `subject`.
    pub name: &'a str,
    /// The rest of the subject.
    pub subject: &'a Subject,
    /// Lifetime in days; this authority's own end comes first.
    pub days: u32,
    /// Its key.
    pub public_key: &'a PublicKey,
    /// What it may sign.
    pub scope: &'a Scope,
    /// Who orders it, for the record.
    pub by: &'a str,
    /// The fingerprint of the signing request it comes from, if it comes from one.
    pub request: Option<&'a Fingerprint>,
}

impl Unlocked<'_> {
    /// Certifies an authority under this one. When this returns the certificate is in the store, on
    /// the disk.
    ///
    /// # Errors
    /// As for [`Unlocked::issue`].
    pub fn issue_authority(
        &self,
        order: &AuthorityOrder<'_>,
        now: Time,
    ) -> Result<Certificate, Error> {
        let Authority {
            certificate, store, ..
        } = self.authority;
        let subject = order.subject.with_common_name(order.name);
        let validity = self.authority.lifetime(order.days, now)?;
        let serial = store.intend(&Intent {
            kind: Kind::Intermediate,
            name: order.name,
            subject: &subject,
            validity,
            public_key: order.public_key,
            request: order.request,
            by: order.by,
            at: now,
        })?;
        let new = NewAuthority {
            subject: &subject,
            public_key: order.public_key,
            serial,
            validity,
            scope: order.scope,
        };
        let made = issue_authority(Some(certificate), &self.key, &new)?;
        store.issued(&made, now)?;
        Ok(made)
    }
}

/// Makes an authority under another one, in a folder of its own, which need not exist. Both stores
/// know of it; from then on it needs the other one for nothing, and that one can be carried away.
///
/// # Errors
/// As for [`init`](crate::init) and [`Unlocked::issue_authority`]. After an error there is no new
/// authority; the issuer's store has its certificate as [`State::Unused`].
pub fn init_under(
    dir: &Path,
    wish: &Init<'_>,
    issuer: &Unlocked<'_>,
    now: Time,
) -> Result<Authority, Error> {
    if Authority::open(dir)?.is_some() {
        return Err(Error::Exists {
            folder: dir.to_owned(),
        });
    }
    let key = PrivateKey::generate(wish.key_type).map_err(Error::MakeKey)?;
    let order = AuthorityOrder {
        name: wish.name,
        subject: wish.subject,
        days: wish.days,
        public_key: &key.public_key(),
        scope: wish.scope,
        by: wish.by,
        request: None,
    };
    let certificate = issuer.issue_authority(&order, now)?;
    let import = Import {
        certificate: &certificate,
        above: issuer.authority.path(),
        key: &key,
        passphrase: wish.passphrase,
        issued: &[],
        index: &[],
        crls: &[],
        force: true,
        owner: wish.owner,
        by: wish.by,
    };
    Examined::new(import, now)
        .and_then(|examined| examined.into_folder(dir))
        .inspect_err(|_| {
            // Nobody has its key any more.
            let serial = certificate.serial();
            let _ = issuer.authority.mark(&serial, State::Unused, wish.by, now);
        })
}
