//! Which authority issues, and whether the server's configuration is ours to change at all.

use std::path::PathBuf;

use pg_host::{FileSetting, HbaRow, ServerFacts};
use pki_core::{Certificate, Leaf, Time, Validity, check_leaf};

use crate::facts::{Facts, Server};
use crate::goal::{AuthorityGoal, Goal};
use crate::mark::marks;
use crate::plan::{InitAuthority, Plan, Step};
use crate::refusal::Refusal;

/// Who issues what has to be issued.
pub(super) enum Issuer {
    /// The authority that is here: its certificate, then each one's issuer, the root last.
    Here(Vec<Certificate>),
    /// The authority that this plan makes.
    ToBeMade,
    /// Nobody: everything is brought.
    Nobody,
}

impl Issuer {
    /// The root that is trusted, where there is one already.
    pub(super) fn anchor(&self) -> Option<&Certificate> {
        self.path().last()
    }

    /// What follows a certificate of this authority in its file: all authorities but the root.
    pub(super) fn chain(&self) -> &[Certificate] {
        self.path().split_last().map_or(&[], |(_, chain)| chain)
    }

    fn path(&self) -> &[Certificate] {
        match self {
            Issuer::Here(path) => path,
            Issuer::ToBeMade | Issuer::Nobody => &[],
        }
    }

    /// Whether a file holds a certificate of this authority and the rest of its chain, so that who
    /// knows the root alone can verify it.
    pub(super) fn wrote(&self, file: &[Certificate]) -> bool {
        file.split_first()
            .is_some_and(|(leaf, rest)| self.issued(leaf) && rest.starts_with(self.chain()))
    }

    /// Whether everything that a plan wants to be issued would be.
    pub(super) fn vet(&self, plan: &Plan, now: Time) -> Result<(), Refusal> {
        let Some(own) = self.path().first() else {
            return Ok(());
        };
        for step in &plan.steps {
            let Step::Issue(issue) = step else { continue };
            // Where no time is left is said once it is issued.
            let end = Some(own.validity().not_after);
            let Ok(validity) = Validity::new(now, issue.days, end) else {
                continue;
            };
            let leaf = Leaf {
                kind: issue.kind,
                subject: issue.subject.clone(),
                alt_names: issue.alt_names.clone(),
                // Key and serial are made later, and are as good.
                public_key: &own.public_key(),
                serial: own.serial(),
                validity,
            };
            check_leaf(self.path(), &leaf).map_err(|source| Refusal::NotIssued {
                name: issue.name.clone(),
                source,
            })?;
        }
        Ok(())
    }

    /// Whether a certificate says that this authority issued it. Its signature is not looked at:
    /// the question is whether we may replace it, not whether to trust it.
    pub(super) fn issued(&self, certificate: &Certificate) -> bool {
        self.path().first().is_some_and(|own| {
            certificate.issuer_der() == own.subject_der()
                && certificate.authority_key_id() == own.subject_key_id()
        })
    }
}

/// Finds the issuer; where the goal wants one and there is none, the first step makes it.
pub(super) fn draft(goal: &Goal, facts: &Facts, plan: &mut Plan) -> Result<Issuer, Refusal> {
    let (Some(wanted), Some(found)) = (&goal.authority, &facts.authority) else {
        return Ok(Issuer::Nobody);
    };
    if let Some(server) = &facts.server {
        not_another(wanted, found.path.last(), server)?;
        plan.note(
            "authority-here",
            format!(
                "the authority is on the database server, in {}: whoever takes over this machine can issue certificates. To move it off, \
                 copy the folder to another machine, delete it here, and use pgcert request, sign and install from then on",
                wanted.dir.display()
            ),
        );
    }
    if found.path.is_empty() {
        not_exposed(wanted, wanted.encrypted, facts)?;
        make(wanted, plan);
        return Ok(Issuer::ToBeMade);
    }
    not_exposed(wanted, found.key_is_encrypted, facts)?;
    Ok(Issuer::Here(found.path.clone()))
}

/// Whether the configuration is somebody else's, or broken before we come.
pub(super) fn vet_server(server: &Server) -> Result<(), Refusal> {
    let host = &server.host;
    if !host.signs.is_empty() {
        return Err(Refusal::Managed {
            signs: host.signs.clone(),
        });
    }
    let broken = |what, errors: Vec<String>| match errors.is_empty() {
        true => Ok(()),
        false => Err(Refusal::Broken { what, errors }),
    };
    broken(
        "postgresql.conf",
        host.configuration
            .assignments
            .errors()
            .iter()
            .map(ToString::to_string)
            .collect(),
    )?;
    broken(
        "postgresql.conf",
        host.configuration
            .errors
            .iter()
            .filter(|row| !waits_for_restart(row, host))
            .map(FileSetting::refusal)
            .collect(),
    )?;
    broken(
        "pg_hba.conf",
        host.hba
            .rules
            .errors
            .iter()
            .map(ToString::to_string)
            .collect(),
    )?;
    broken(
        "pg_hba.conf",
        host.hba.refused().map(HbaRow::refusal).collect(),
    )
}

/// A setting whose new value only a restart brings into force "could not be applied" either, and is
/// nothing to mend; nor is one that was taken out.
fn waits_for_restart(row: &FileSetting, host: &ServerFacts) -> bool {
    let setting = row.name.as_deref().and_then(|name| host.settings.get(name));
    let at_start = setting.is_some_and(|setting| setting.context == "postmaster");
    row.is_removal() || !row.stops_a_reload() && at_start
}

/// SQL superusers read files as the server's user: a key that this user can read is not to be left
/// in plain, unless somebody says so.
fn not_exposed(wanted: &AuthorityGoal, encrypted: bool, facts: &Facts) -> Result<(), Refusal> {
    let server = facts
        .server
        .as_ref()
        .map(|server| &server.host.cluster.owner);
    let exposed = server.is_some_and(|owner| owner.uid == facts.account.uid);
    if exposed && !encrypted && !wanted.dir_was_named {
        return Err(Refusal::ExposedAuthority {
            dir: wanted.dir.clone(),
        });
    }
    Ok(())
}

fn make(wanted: &AuthorityGoal, plan: &mut Plan) {
    plan.steps.push(Step::InitAuthority(InitAuthority {
        dir: wanted.dir.clone(),
        subject: wanted.subject.with_common_name(&wanted.name),
        days: wanted.days,
        key_type: wanted.key_type,
        encrypted: wanted.encrypted,
    }));
    if !wanted.encrypted {
        plan.note("unencrypted-authority", "the authority's key will not be encrypted: whoever can read the file can issue certificates");
    }
}

/// A second authority by accident would lock the first one's roles out one day.
fn not_another(
    wanted: &AuthorityGoal,
    own: Option<&Certificate>,
    server: &Server,
) -> Result<(), Refusal> {
    if wanted.dir_was_named {
        return Ok(());
    }
    let own = own.map(Certificate::fingerprint);
    let Some(file) = server
        .host
        .tls
        .authorities
        .as_ref()
        .and_then(|authorities| authorities.file.as_ref())
    else {
        return Ok(());
    };
    match marks(&file.bytes)
        .into_iter()
        .find(|(fingerprint, _)| Some(*fingerprint) != own)
    {
        Some((_, authority)) => Err(Refusal::OtherAuthority {
            authority,
            path: PathBuf::from(&file.path),
        }),
        None => Ok(()),
    }
}
