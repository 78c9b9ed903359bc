//! Issuing by the hundred: the keys made here, on all processors, and the store asked twice for all
//! of them. Where the orders come from and where keys and certificates go is the caller's business.
#![expect(
    clippy::disallowed_methods,
    reason = "keys and signatures by the thousand, on all processors"
)]

use std::num::NonZeroUsize;
use std::{panic, thread};

use pki_core::{AltName, Certificate, Issuing, KeyType, Kind, PrivateKey, Subject, Time};

use super::{IssueOrder, Unlocked};
use crate::{Authority, Error};

/// What certificate is wanted, for a key that is still to be made.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
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
    /// The key to make.
    pub key_type: KeyType,
}

/// A certificate and its key.
#[derive(Debug, Clone)]
pub struct Made {
    /// The key. It exists nowhere else.
    pub key: PrivateKey,
    /// The certificate.
    pub certificate: Certificate,
}

impl Unlocked<'_> {
    /// Makes keys and issues their certificates, in the order of the orders. When this returns all
    /// are in the store, on the disk. Where a crash or an error comes between, none is handed out,
    /// and the store has the serials as [`State::Intended`](crate::State::Intended), or all of them
    /// as [`State::Issued`](crate::State::Issued).
    ///
    /// All of it is in memory at once: a few hundred at a time are as fast as thousands.
    ///
    /// # Errors
    /// As for [`Unlocked::issue`], where any of the orders is refused, and then no serial was taken;
    /// [`Error::MakeKey`].
    pub fn issue_many(
        &self,
        orders: &[Order<'_>],
        by: &str,
        now: Time,
    ) -> Result<Vec<Made>, Error> {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let Authority {
            certificate: issuer,
            store,
            ..
        } = self.authority;
        let keys = spread(orders, threads, |orders| {
            let make = |order: &Order<'_>| PrivateKey::generate(order.key_type);
            let keys = orders.iter().map(make).collect::<Result<Vec<_>, _>>();
            keys.map_err(Error::MakeKey)
        })?;
        let public_keys: Vec<_> = keys.iter().map(PrivateKey::public_key).collect();
        let mut drafts = Vec::with_capacity(orders.len());
        for (order, public_key) in orders.iter().zip(&public_keys) {
            let order = IssueOrder {
                kind: order.kind,
                name: order.name,
                subject: order.subject,
                alt_names: order.alt_names,
                days: order.days,
                public_key,
                by,
                request: None,
            };
            let validity = self.authority.vet(&order, now)?;
            let subject = order.subject.with_common_name(order.name);
            drafts.push((order, subject, validity));
        }
        let intents: Vec<_> = drafts
            .iter()
            .map(|(order, subject, validity)| order.intent(subject, *validity, now))
            .collect();
        let serials = store.intend_many(&intents)?;

        let wanted: Vec<_> = drafts.iter().zip(&serials).collect();
        let key = &self.key;
        let certificates = spread(&wanted, threads, |wanted| {
            let issuing = Issuing::new(issuer, key)?;
            wanted
                .iter()
                .map(|((order, _, validity), serial)| {
                    Ok(issuing.leaf(&order.leaf((*serial).clone(), *validity))?)
                })
                .collect::<Result<Vec<_>, Error>>()
        })?;
        store.issued_many(&certificates, now)?;
        let made = keys.into_iter().zip(certificates);
        Ok(made
            .map(|(key, certificate)| Made { key, certificate })
            .collect())
    }
}

/// Does the work in equal parts, each on a thread of its own; the results in the order of the items.
fn spread<T: Sync, R: Send>(
    items: &[T],
    threads: NonZeroUsize,
    work: impl Fn(&[T]) -> Result<Vec<R>, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let part = items.len().div_ceil(threads.get()).max(1);
    if part >= items.len() {
        return work(items);
    }
    thread::scope(|scope| {
        let work = &work;
        let parts: Vec<_> = items
            .chunks(part)
            .map(|part| scope.spawn(move || work(part)))
            .collect();
        let mut all = Vec::with_capacity(items.len());
        for part in parts {
            all.extend(
                part.join()
                    .unwrap_or_else(|cause| panic::resume_unwind(cause))?,
            );
        }
        Ok(all)
    })
}
