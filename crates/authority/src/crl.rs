//! Making revocation lists: the number into the store, then the signature, then the list's digest into
//! the store. What stands in a list is decided by pki-core.

use pki_core::{Crl, CrlDraft, Fingerprint, Time};

use crate::store::Drawing;
use crate::{Error, Unlocked};

/// What list is wanted, and who wants it.
#[derive(Debug, Clone, Copy)]
pub struct CrlOrder<'a> {
    /// It ends after so many days. None, or more than the authority has left: it ends with the
    /// authority, so that nobody is locked out because a list was forgotten.
    pub days: Option<u32>,
    /// Who orders it, for the record.
    pub by: &'a str,
}

impl Unlocked<'_> {
    /// Makes a list of what is revoked. Its number is in the store, on the disk, before it is signed,
    /// and greater than every one before it; a list that a crash kept from being signed leaves a gap.
    ///
    /// It counts from a little before `now`, as certificates do and for the same reason: a server whose
    /// clock lags would refuse a list from the future, and with it every client.
    ///
    /// What was revoked and has expired is still on the first list that is made after its end, and on
    /// none after that (RFC 5280 section 3.3).
    ///
    /// # Errors
    /// [`Error::Expired`] and [`Error::NotYetValid`] where the authority's own certificate is not valid
    /// at `now`, [`Error::Crl`] where the list cannot be signed, [`Error::Store`].
    pub fn crl(&self, order: &CrlOrder<'_>, now: Time) -> Result<Crl, Error> {
        let authority = self.authority;
        let mut times = authority.lifetime(order.days.unwrap_or(u32::MAX), now)?;
        let own = authority.certificate().validity();
        times.not_before = times.not_before.max(own.not_before);
        let store = &authority.store;
        let mut draft = CrlDraft::new();
        let number = store.draw_crl(
            &Drawing {
                this_update: times.not_before,
                next_update: times.not_after,
                by: order.by,
                at: now,
            },
            |listed| draft.revoke(&listed.serial, listed.since, listed.reason),
        )?;
        let entries = draft.len();
        let crl = draft.sign(
            authority.certificate(),
            &self.key,
            number.unsigned_abs(),
            times,
        )?;
        store.crl_signed(number, &crl.fingerprint(), entries, order.by, now)?;
        Ok(crl)
    }
}

/// What the store knows of a list that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrlRecord {
    /// Its number (RFC 5280 5.2.3).
    pub number: i64,
    /// When it was made.
    pub at: Time,
    /// From when on it counts: a little earlier, for clocks that lag.
    pub this_update: Time,
    /// Until when it counts. Afterwards every certificate of this authority is refused where it is
    /// loaded.
    pub next_update: Time,
    /// SHA-256 of its DER.
    pub fingerprint: Fingerprint,
}
