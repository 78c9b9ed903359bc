//! What another program has issued and revoked, put together from its certificates, its index and its
//! revocation list: one record a serial.

use std::collections::BTreeMap;

use pki_core::{Certificate, Crl, Fingerprint, Kind, RevocationReason, Serial, Time};

use super::{Import, ImportFinding};

/// One serial that was used before.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    pub(crate) serial: Serial,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) subject: String,
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
    /// The certificate, where it was given.
    pub(crate) certificate: Option<Certificate>,
    pub(crate) revoked: Option<(Time, RevocationReason)>,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) records: Vec<Past>,
    /// The newest revocation list of this authority and its number, where it has one.
    pub(crate) list: Option<(i64, Crl)>,
}

impl History {
    /// Puts it together; what does not belong, or is not known whole, is said in `findings`.
    pub(crate) fn gather(wish: &Import<'_>, now: Time, findings: &mut Vec<ImportFinding>) -> Self {
        let mut records: BTreeMap<Serial, Past> = BTreeMap::new();
        let (mut foreign, mut twice) = (0_usize, 0_usize);
        for certificate in wish.issued {
            if certificate == wish.certificate {
                continue;
            }
            if !certificate.is_issued_by(wish.certificate) || too_long(&certificate.serial()) {
                foreign += 1;
                continue;
            }
            let next = Past::of(certificate);
            match records.get(&next.serial) {
                Some(earlier) if earlier.certificate.as_ref() == Some(certificate) => {}
                // Of two with one serial the one that lasts longer: revoking it revokes both.
                Some(earlier) => {
                    twice += 1;
                    if next.not_after > earlier.not_after {
                        records.insert(next.serial.clone(), next);
                    }
                }
                None => {
                    records.insert(next.serial.clone(), next);
                }
            }
        }
        let mut unknown = 0_usize;
        let own = wish.certificate.serial();
        for line in wish.index.iter().filter(|line| line.serial != own) {
            let record = records.entry(line.serial.clone()).or_insert_with(|| {
                unknown += 1;
                Past::unknown(
                    &line.serial,
                    line.common_name(),
                    &line.subject,
                    line.not_after,
                    now,
                )
            });
            record.revoked = record.revoked.or(line.revoked);
        }
        let crl = newest(wish, findings);
        for (serial, revocation) in crl.iter().flat_map(Crl::revoked) {
            let crl_takes_it_off = revocation.reason == Some(REMOVE_FROM_CRL);
            if crl_takes_it_off || serial == own || too_long(&serial) {
                continue;
            }
            let record = records.entry(serial.clone()).or_insert_with(|| {
                unknown += 1;
                let end = wish.certificate.validity().not_after;
                Past::unknown(&serial, "", "", end, now)
            });
            let reason = revocation.reason.and_then(RevocationReason::from_code);
            record.revoked = record
                .revoked
                .or(Some((revocation.since, reason.unwrap_or_default())));
        }
        if let Some(number) = crl.as_ref().and_then(Crl::number)
            && crl.as_ref().and_then(self::number).is_none()
        {
            let text = format!(
                "the number of its revocation list, {number}, is beyond what can be counted here: the next list begins anew with 1"
            );
            findings.push(ImportFinding::warning("crl-number", text));
        }
        let mut say = |count: usize, code, text: &str| {
            if count > 0 {
                findings.push(ImportFinding::warning(code, format!("{count} {text}")));
            }
        };
        say(
            foreign,
            "foreign-certificate",
            "of the certificates given were not issued by this authority, and are left out",
        );
        say(
            twice,
            "serial-twice",
            "of the certificates given have the serial of another one: only the one that lasts longest is on record",
        );
        say(
            unknown,
            "certificate-missing",
            "serials are on record without their certificate: they can be revoked and stay on the revocation list, and are listed as `unseen` until then",
        );
        Self {
            records: records.into_values().collect(),
            list: crl.and_then(|crl| number(&crl).map(|number| (number, crl))),
        }
    }
}

impl Past {
    /// What a certificate tells of itself.
    pub(crate) fn of(certificate: &Certificate) -> Self {
        let names = certificate.alt_names();
        let first = names.first().map(pki_core::AltName::bare);
        let validity = certificate.validity();
        Self {
            serial: certificate.serial(),
            kind: certificate.kind(),
            name: certificate.common_name().or(first).unwrap_or_default(),
            subject: certificate.ordered_subject(),
            not_before: validity.not_before,
            not_after: validity.not_after,
            certificate: Some(certificate.clone()),
            revoked: None,
        }
    }

    /// Of a serial alone. What it was for is not told anywhere.
    fn unknown(serial: &Serial, name: &str, subject: &str, not_after: Time, now: Time) -> Self {
        Self {
            serial: serial.clone(),
            kind: Kind::Client,
            name: name.to_owned(),
            subject: subject.to_owned(),
            not_before: now.min(not_after),
            not_after,
            certificate: None,
            revoked: None,
        }
    }

    /// SHA-256 of the key's SubjectPublicKeyInfo; that of nothing where the key is not known.
    pub(crate) fn public_key(&self) -> Fingerprint {
        match &self.certificate {
            Some(certificate) => certificate.public_key().fingerprint(),
            None => Fingerprint::of(b""),
        }
    }
}

/// The newest of the lists given, by number and then by time.
fn newest(wish: &Import<'_>, findings: &mut Vec<ImportFinding>) -> Option<Crl> {
    let own = |crl: &&Crl| {
        crl.issuer_der() == wish.certificate.subject_der()
            && crl.is_signed_by(&wish.certificate.public_key())
    };
    let newest = wish
        .crls
        .iter()
        .filter(own)
        .max_by_key(|crl| (crl.number(), crl.this_update()));
    if newest.is_none() && !wish.crls.is_empty() {
        let text = "none of the revocation lists given is this authority's";
        findings.push(ImportFinding::refusal("foreign-crl", text.to_owned()));
    }
    newest.cloned()
}

/// The number of a list, where it is one that can be counted on from.
fn number(crl: &Crl) -> Option<i64> {
    let number = crl.number()?;
    let value = number.as_bytes().iter().try_fold(0_i64, |value, byte| {
        value.checked_mul(256)?.checked_add(i64::from(*byte))
    });
    value.filter(|value| *value < i64::MAX / 2)
}

/// RFC 5280 4.1.2.2: at most 20 octets. A longer one cannot be named here.
pub(super) fn too_long(serial: &Serial) -> bool {
    serial.as_bytes().len() > 20
}

const REMOVE_FROM_CRL: u8 = 8;
