//! Making the authority, keys and certificates. Keys exist in memory only until their files are
//! written.

use std::collections::BTreeMap;
use std::path::Path;

use authority::{Authority, Init, IssueOrder};
use pki_core::{Certificate, Kind, PrivateKey, Secret};

use super::Run;
use super::rollback::Undo;
use crate::failure::ApplyError;
use crate::journal::Entry;
use crate::mark::marked;
use crate::plan::{InitAuthority, Issue, Part};

/// What this apply has issued so far.
#[derive(Default)]
pub(super) struct Issued {
    /// Open until the run is over: on a disk that is full meanwhile it could not be opened again to
    /// take back what was issued.
    authority: Option<Authority>,
    pairs: BTreeMap<Kind, (Secret, Certificate)>,
}

impl Issued {
    /// The server's certificate, if one was issued.
    pub(super) fn server(&self) -> Option<&Certificate> {
        self.pairs
            .get(&Kind::Server)
            .map(|(_, certificate)| certificate)
    }

    /// The authority in a folder, opened when it is first needed.
    fn authority(&mut self, dir: &Path) -> Result<&Authority, ApplyError> {
        let authority = match self.authority.take() {
            Some(open) => open,
            None => Authority::open(dir)?.ok_or(ApplyError::Missing("an authority"))?,
        };
        Ok(self.authority.insert(authority))
    }
}

impl Run<'_, '_> {
    pub(super) fn init_authority(&mut self, init: &InitAuthority) -> Result<(), ApplyError> {
        self.make_folders_above(&init.dir)?;
        let (_, passphrase) = self
            .workshop
            .authority
            .as_ref()
            .ok_or(ApplyError::Missing("an authority"))?;
        let wish = Init {
            name: init.subject.common_name().unwrap_or_default(),
            subject: &init.subject,
            days: init.days,
            key_type: init.key_type,
            scope: &pki_core::Scope::default(),
            passphrase: passphrase.as_ref().filter(|_| init.encrypted),
            owner: None,
            by: &self.workshop.account.name,
        };
        self.journal.add(&Entry::Authority {
            path: init.dir.clone(),
        })?;
        let made = authority::init(&init.dir, &wish, self.workshop.now)?;
        self.undo.push(Undo::Authority(made.folder().to_owned()));
        self.issued.authority = Some(made);
        Ok(())
    }

    pub(super) fn issue(&mut self, issue: &Issue) -> Result<(), ApplyError> {
        let (dir, passphrase) = self
            .workshop
            .authority
            .as_ref()
            .ok_or(ApplyError::Missing("an authority"))?;
        let authority = self.issued.authority(dir)?;
        let unlocked = authority.unlock(passphrase.as_ref())?;
        let key = PrivateKey::generate(issue.key_type)?;
        let fingerprint = key.public_key().fingerprint();
        self.journal.add(&Entry::Issue {
            authority: dir.clone(),
            key: fingerprint.to_string(),
        })?;
        self.undo.push(Undo::Issue {
            authority: dir.clone(),
            key: fingerprint,
        });
        let certificate = unlocked.issue(
            &IssueOrder {
                kind: issue.kind,
                name: &issue.name,
                subject: &issue.subject,
                alt_names: &issue.alt_names,
                days: issue.days,
                public_key: &key.public_key(),
                by: &self.workshop.account.name,
                request: None,
            },
            self.workshop.now,
        )?;
        let pem = match &issue.key_passphrase {
            Some(passphrase) => key.to_encrypted_pem(passphrase)?,
            None => key.to_pkcs8_pem(),
        };
        self.issued.pairs.insert(issue.kind, (pem, certificate));
        Ok(())
    }

    /// The bytes of a file, put together from what the plan says and what was issued.
    pub(super) fn content(&mut self, parts: &[Part]) -> Result<Secret, ApplyError> {
        let mut bytes = Vec::new();
        for part in parts {
            match part {
                Part::Bytes(part) => bytes.extend_from_slice(part),
                Part::Secret(secret) => bytes.extend_from_slice(secret.as_bytes()),
                Part::Key(kind) => bytes.extend_from_slice(self.pair(*kind)?.0.as_bytes()),
                Part::Certificate(kind) => {
                    let chain = self.authority()?.chain().to_vec();
                    let (_, certificate) = self.pair(*kind)?;
                    bytes.extend_from_slice(certificate.to_pem_with(&chain).as_bytes());
                }
                Part::AuthorityCertificate => {
                    bytes.extend_from_slice(marked(self.authority()?.anchor()).as_bytes());
                }
            }
        }
        Ok(Secret::new(bytes))
    }

    fn pair(&self, kind: Kind) -> Result<&(Secret, Certificate), ApplyError> {
        self.issued
            .pairs
            .get(&kind)
            .ok_or(ApplyError::Missing("a certificate"))
    }

    fn authority(&mut self) -> Result<&Authority, ApplyError> {
        let (dir, _) = self
            .workshop
            .authority
            .as_ref()
            .ok_or(ApplyError::Missing("an authority"))?;
        self.issued.authority(dir)
    }
}
