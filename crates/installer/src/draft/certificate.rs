//! The server's certificate and key: whether those in use stay, and what is written where.

use std::path::{Path, PathBuf};

use pg_host::Place;
use pki_core::{AltName, Certificate, ExtendedKeyUsage, Kind, Purpose, Time, verify_chain};

use super::authority::Issuer;
use super::names::{certificate_names, covers, default_names, list, union};
use super::trust::{Trusted, pem, root_of};
use crate::facts::{Facts, Server};
use crate::goal::{Identity, Material, ServerGoal, Wish};
use crate::plan::{Before, Consent, Issue, Part, Plan, Side, Step, Write};
use crate::refusal::Refusal;

/// What the server will present.
pub(super) struct Presented {
    /// The names in its certificate; the first is the one that clients use.
    pub(super) names: Vec<AltName>,
    /// `ssl_cert_file`.
    pub(super) certificate: PathBuf,
    /// `ssl_key_file`.
    pub(super) key: PathBuf,
    /// What clients have to trust to verify it.
    pub(super) roots: Trusted,
    /// Whether the files that the settings name now stay the ones in use.
    pub(super) kept: bool,
}

/// Decides about the server's certificate and its key.
pub(super) fn draft(
    wanted: &ServerGoal,
    issuer: &Issuer,
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) -> Result<Presented, Refusal> {
    match &wanted.identity {
        Identity::Issued(wish) => issued(wanted, wish, issuer, server, facts, plan),
        Identity::Brought(material) => brought(wanted, material, server, facts, plan),
    }
}

/// The name that clients use for a server: the first that was said, else the first that its
/// certificate or its machine has.
#[must_use]
pub fn server_name(said: &[AltName], server: &Server) -> String {
    let names = match (said, in_use(server)) {
        ([], Some(certificate)) => certificate_names(certificate),
        ([], None) => default_names(&server.host.host_name),
        (said, _) => said.to_vec(),
    };
    names.first().map(AltName::bare).unwrap_or_default()
}

/// Why a certificate that was issued elsewhere cannot stay.
fn why_replaced(names_fit: bool, wanted: &ServerGoal, names: &[AltName]) -> String {
    match (names_fit, wanted.may_replace) {
        (false, _) => format!(" since it does not name {}", list(names)),
        (true, true) => String::new(),
        (true, false) => {
            " since its authority's certificate was not found (in ssl_ca_file it would be)"
                .to_owned()
        }
    }
}

fn issued(
    wanted: &ServerGoal,
    wish: &Wish,
    issuer: &Issuer,
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) -> Result<Presented, Refusal> {
    let current = in_use(server);
    let ours = current.is_some_and(|certificate| issuer.issued(certificate));
    let names = match current {
        Some(certificate) if wanted.names.is_empty() => certificate_names(certificate),
        _ if wanted.names.is_empty() => default_names(&server.host.host_name),
        _ => wanted.names.clone(),
    };
    if let Some(certificate) = current {
        let names_fit = names.iter().all(|name| covers(certificate, name));
        let whole = issuer.wrote(&server.host.tls.certificate.certificates);
        if whole && names_fit && has_life_left(certificate, facts.now) {
            plan.renewed(
                certificate.validity().not_before,
                certificate.validity().not_after,
            );
            plan.expectation.served = Some(certificate.fingerprint());
            return Ok(keep(server, names, Trusted::authority(issuer)));
        }
        if !ours
            && names_fit
            && !wanted.may_replace
            && let Some(root) = root_of(certificate, server, facts.now)
        {
            plan.expectation.served = Some(certificate.fingerprint());
            plan.note(
                "server-certificate-kept",
                format!("the server keeps its certificate, issued by {}: clients verify it against that authority", certificate.issuer()),
            );
            return Ok(keep(server, names, Trusted::these(&[root])));
        }
        if !ours {
            plan.consequence(
                Consent::ReplaceServerCertificate,
                format!(
                    "the server's certificate, issued by {}, is replaced{}: clients that verify it today will refuse the new one",
                    certificate.issuer(),
                    why_replaced(names_fit, wanted, &names)
                ),
            );
        }
    }
    let names = match current {
        Some(certificate) if ours => union(names, certificate.alt_names()),
        _ => names,
    };
    plan.expectation.serves_issued = true;
    plan.renewed(facts.now, facts.now.plus_days(wish.days.into()));
    let first = names.first().map(AltName::bare).unwrap_or_default();
    plan.steps.push(Step::Issue(Issue {
        kind: Kind::Server,
        subject: wish.subject.with_common_name(&first),
        name: first,
        alt_names: names.clone(),
        days: wish.days,
        key_type: wish.key_type,
        key_passphrase: wish.key_passphrase.clone(),
    }));
    let (certificate, key) = if ours {
        renewed_paths(server)?
    } else {
        free_paths(server)?
    };
    write_pair(
        &certificate,
        &key,
        vec![Part::Certificate(Kind::Server)],
        vec![Part::Key(Kind::Server)],
        server,
        facts,
        plan,
    );
    Ok(Presented {
        names,
        certificate,
        key,
        roots: Trusted::authority(issuer),
        kept: false,
    })
}

fn brought(
    wanted: &ServerGoal,
    material: &Material,
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) -> Result<Presented, Refusal> {
    let Material { key, chain, .. } = material;
    let leaf = vet_brought("server certificate", material, Purpose::Server, facts.now)?;
    if pki_core::PrivateKey::is_encrypted(key.as_bytes())
        && server
            .host
            .settings
            .value("ssl_passphrase_command")
            .is_empty()
    {
        return Err(Refusal::EncryptedServerKey);
    }
    let names = if wanted.names.is_empty() {
        certificate_names(leaf)
    } else {
        wanted.names.clone()
    };
    if let Some(name) = names.iter().find(|name| !covers(leaf, name)) {
        return Err(Refusal::Mismatch {
            what: "server certificate",
            reason: format!("it does not name {}", name.bare()),
        });
    }
    plan.expectation.served = Some(leaf.fingerprint());
    let current = in_use(server);
    if current == Some(leaf) && server.host.tls.certificate.certificates.starts_with(chain) {
        return Ok(keep(server, names, Trusted::brought(material)));
    }
    // The same authority's next certificate is a renewal; any other one surprises somebody.
    let same_issuer =
        current.is_some_and(|certificate| certificate.issuer_der() == leaf.issuer_der());
    if let Some(certificate) = current
        && !same_issuer
    {
        plan.consequence(
            Consent::ReplaceServerCertificate,
            format!("the server's certificate, issued by {}, is replaced: clients that verify it today will refuse the new one", certificate.issuer()),
        );
    }
    let (certificate, key_path) = if same_issuer {
        renewed_paths(server)?
    } else {
        free_paths(server)?
    };
    write_pair(
        &certificate,
        &key_path,
        pem(chain),
        vec![Part::Secret(key.clone())],
        server,
        facts,
        plan,
    );
    Ok(Presented {
        names,
        certificate,
        key: key_path,
        roots: Trusted::brought(material),
        kept: false,
    })
}

/// Whether key, certificate, chain and root that were brought go together. Returns the leaf.
pub(super) fn vet_brought<'a>(
    what: &'static str,
    material: &'a Material,
    purpose: Purpose,
    now: Time,
) -> Result<&'a Certificate, Refusal> {
    let mismatch = |reason: String| Refusal::Mismatch { what, reason };
    let (leaf, rest) = material
        .chain
        .split_first()
        .ok_or_else(|| mismatch("the file holds no certificate".to_owned()))?;
    match pki_core::PrivateKey::from_pem(material.key.as_bytes(), None) {
        Ok(key) if key.public_key() != leaf.public_key() => {
            return Err(mismatch("the key is not the certificate's".to_owned()));
        }
        // An encrypted key can be compared by nobody but its owner.
        Ok(_) | Err(pki_core::KeyError::Encrypted) => {}
        Err(error) => return Err(mismatch(error.to_string())),
    }
    if is_of_the_other_side(material, purpose) {
        return fits_alone(leaf, purpose, now)
            .map(|()| leaf)
            .map_err(mismatch);
    }
    verify_chain(leaf, rest, &material.roots, &[], purpose, now).map_err(Refusal::Chain)?;
    Ok(leaf)
}

/// Two authorities side by side: each side is given the root of the other one, which may sign nothing
/// for it. Then there is nothing to verify its own certificate under; the login will show.
fn is_of_the_other_side(material: &Material, purpose: Purpose) -> bool {
    let signs_no = |root: &Certificate| {
        root.extended_key_usage()
            .is_some_and(|usages| !usages.contains(&usage(purpose)))
    };
    !material.roots.is_empty() && material.roots.iter().all(signs_no)
}

/// What can be said of a certificate without its root.
fn fits_alone(leaf: &Certificate, purpose: Purpose, now: Time) -> Result<(), String> {
    let usages = leaf.extended_key_usage();
    if leaf.is_authority() || usages.is_some_and(|usages| !usages.contains(&usage(purpose))) {
        return Err("it was signed for the other side".to_owned());
    }
    let validity = leaf.validity();
    match validity.holds(now) {
        true => Ok(()),
        false => Err(format!(
            "it holds from {} to {}",
            validity.not_before, validity.not_after
        )),
    }
}

fn usage(purpose: Purpose) -> ExtendedKeyUsage {
    match purpose {
        Purpose::Server => ExtendedKeyUsage::ServerAuth,
        Purpose::Client => ExtendedKeyUsage::ClientAuth,
    }
}

/// The certificate that clients are shown today; none where TLS is off, does not work, or shows
/// Debian's snakeoil, which nobody verifies.
fn in_use(server: &Server) -> Option<&Certificate> {
    let tls = &server.host.tls;
    let usable =
        tls.key_fits() == Some(true) && tls.key.refusal.is_none() && !tls.certificate.is_snakeoil();
    tls.certificate
        .certificates
        .first()
        .filter(|_| tls.on && usable)
}

fn keep(server: &Server, names: Vec<AltName>, roots: Trusted) -> Presented {
    let (certificate, key) = own_paths(server);
    Presented {
        names,
        certificate,
        key,
        roots,
        kept: true,
    }
}

fn own_paths(server: &Server) -> (PathBuf, PathBuf) {
    let tls = &server.host.tls;
    (tls.certificate.path.clone(), tls.key.path.clone())
}

/// Where a new pair of the same authority goes: in the place of the old one, unless others may use
/// those files too, or both are one.
fn renewed_paths(server: &Server) -> Result<(PathBuf, PathBuf), Refusal> {
    let (certificate, key) = own_paths(server);
    let own =
        server.host.tls.certificate.place == Place::Own && key.parent() == certificate.parent();
    if own && certificate != key {
        Ok((certificate, key))
    } else {
        free_paths(server)
    }
}

/// `server.crt` and `server.key` in the data folder, or names of ours where one of those is taken.
fn free_paths(server: &Server) -> Result<(PathBuf, PathBuf), Refusal> {
    let folder = &server.host.cluster.data_dir;
    let mut taken = folder.clone();
    for stem in ["server", "pgcert-server"] {
        let pair = [
            folder.join(format!("{stem}.crt")),
            folder.join(format!("{stem}.key")),
        ];
        match pair.iter().find(|path| server.taken.contains(path)) {
            Some(path) => taken.clone_from(path),
            None => {
                let [certificate, key] = pair;
                return Ok((certificate, key));
            }
        }
    }
    Err(Refusal::FileTaken { path: taken })
}

fn write_pair(
    certificate: &Path,
    key: &Path,
    certificate_content: Vec<Part>,
    key_content: Vec<Part>,
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) {
    let current = &server.host.tls;
    let owner = server.writer(key, &facts.account);
    // The key comes first: a certificate whose key is missing would stop a server that starts in between.
    plan.steps.push(Step::Write(Write {
        path: key.to_owned(),
        owner: owner.clone(),
        mode: 0o600,
        before: if key == current.key.path && current.key.metadata.is_some() {
            Before::File
        } else {
            Before::Nothing
        },
        content: key_content,
        what: "server key",
        side: Side::Server,
        // Nor does one start whose key is not its certificate's.
        with_next: key == current.key.path && certificate == current.certificate.path,
    }));
    let before = current
        .certificate
        .file
        .as_ref()
        .filter(|file| file.path == certificate);
    plan.steps.push(Step::Write(Write {
        path: certificate.to_owned(),
        owner,
        mode: 0o644,
        before: before.map_or(Before::Nothing, |file| Before::Bytes(file.bytes.clone())),
        content: certificate_content,
        what: "server certificate",
        side: Side::Server,
        with_next: false,
    }));
}

/// Whether a third of its life is left: from then on it is renewed.
pub(super) fn has_life_left(certificate: &Certificate, now: Time) -> bool {
    let validity = certificate.validity();
    let whole = validity.not_after.seconds_since(validity.not_before);
    validity.holds(now) && validity.not_after.seconds_since(now) * 3 > whole
}
