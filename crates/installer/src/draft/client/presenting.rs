//! The client's certificate: whether one that is there serves, and what is written where not.

use std::path::Path;

use pki_core::{Certificate, Kind, Purpose};

use super::{Paths, push};
use crate::draft::authority::Issuer;
use crate::draft::certificate::{has_life_left, vet_brought};
use crate::draft::trust::pem;
use crate::facts::{Client, Facts};
use crate::goal::{ClientGoal, Identity, Material, Wish};
use crate::plan::{Before, Issue, Part, Plan, Step};
use crate::refusal::Refusal;

/// What the client will present.
pub(super) struct Presenting<'a> {
    /// The role that it logs in as.
    pub(super) role: String,
    /// The certificate's common name.
    name: String,
    source: Source<'a>,
}

enum Source<'a> {
    Issued(&'a Wish, &'a Issuer),
    Brought(&'a Material, &'a Certificate),
}

/// Finds it out; what was brought has to go together.
pub(super) fn presenting<'a>(
    wanted: &'a ClientGoal,
    issuer: &'a Issuer,
    facts: &Facts,
) -> Result<Presenting<'a>, Refusal> {
    let name = wanted
        .cert_name
        .clone()
        .unwrap_or_else(|| wanted.role.to_string());
    let source = match &wanted.identity {
        Identity::Issued(wish) => Source::Issued(wish, issuer),
        Identity::Brought(material) => {
            let leaf = vet_brought("client certificate", material, Purpose::Client, facts.now)?;
            if leaf.common_name().as_deref() != Some(&name) {
                let found = leaf.common_name().unwrap_or_default();
                return Err(Refusal::Mismatch {
                    what: "client certificate",
                    reason: format!("its common name is \"{found}\", not \"{name}\""),
                });
            }
            Source::Brought(material, leaf)
        }
    };
    Ok(Presenting {
        role: wanted.role.to_string(),
        name,
        source,
    })
}

impl Presenting<'_> {
    /// Whether a certificate that is there comes from where ours comes from, so that pgcert may
    /// have put it there.
    pub(super) fn is_ours(&self, certificate: &Certificate) -> bool {
        let same_source = match self.source {
            Source::Issued(_, issuer) => issuer.issued(certificate),
            Source::Brought(_, leaf) => certificate.issuer_der() == leaf.issuer_der(),
        };
        same_source && certificate.common_name().as_deref() == Some(&self.name)
    }

    /// Whether a certificate and key that are there can go on being used.
    pub(super) fn serves(
        &self,
        certificate: &Path,
        key: &Path,
        client: &Client,
        facts: &Facts,
    ) -> bool {
        let Some(Some(chain)) = client.certificates.get(certificate) else {
            return false;
        };
        let Some(leaf) = chain.first() else {
            return false;
        };
        let fits = match client.keys.get(key) {
            Some(Some(key)) => *key == leaf.public_key(),
            // A key under a passphrase can be compared by its owner only; the login will show.
            Some(None) => true,
            None => false,
        };
        let wanted = match self.source {
            Source::Issued(_, issuer) => {
                self.is_ours(leaf) && issuer.wrote(chain) && has_life_left(leaf, facts.now)
            }
            Source::Brought(material, _) => chain.starts_with(&material.chain),
        };
        fits && wanted
    }

    /// Adds what writes key and certificate, unless those that are there serve.
    pub(super) fn write(&self, paths: &Paths, client: &Client, facts: &Facts, plan: &mut Plan) {
        if self.serves(&paths.certificate, &paths.key, client, facts) {
            let kept = client.certificates.get(&paths.certificate);
            if let (Source::Issued(..), Some(Some([kept, ..]))) =
                (&self.source, kept.map(Option::as_deref))
            {
                plan.renewed(kept.validity().not_before, kept.validity().not_after);
            }
            return;
        }
        let (key, certificate) = match self.source {
            Source::Issued(wish, _) => {
                plan.steps.push(Step::Issue(Issue {
                    kind: Kind::Client,
                    name: self.name.clone(),
                    subject: wish.subject.with_common_name(&self.name),
                    alt_names: Vec::new(),
                    days: wish.days,
                    key_type: wish.key_type,
                    key_passphrase: wish.key_passphrase.clone(),
                }));
                plan.renewed(facts.now, facts.now.plus_days(wish.days.into()));
                if wish.key_passphrase.is_some() {
                    plan.note(
                        "client-passphrase",
                        "psql asks for the key's passphrase; other clients take it as sslpassword",
                    );
                }
                (
                    vec![Part::Key(Kind::Client)],
                    vec![Part::Certificate(Kind::Client)],
                )
            }
            Source::Brought(material, _) => (
                vec![Part::Secret(material.key.clone())],
                pem(&material.chain),
            ),
        };
        let before = |there: bool| if there { Before::File } else { Before::Nothing };
        let before_key = before(client.keys.contains_key(&paths.key));
        push(
            plan,
            client,
            &paths.key,
            0o600,
            before_key,
            key,
            "client key",
        );
        let both = client.certificates.contains_key(&paths.certificate)
            && client.keys.contains_key(&paths.key);
        if let (true, Some(Step::Write(key))) = (both, plan.steps.last_mut()) {
            key.with_next = true;
        }
        let before = before(client.certificates.contains_key(&paths.certificate));
        push(
            plan,
            client,
            &paths.certificate,
            0o644,
            before,
            certificate,
            "client certificate",
        );
    }
}
