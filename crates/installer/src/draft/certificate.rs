//! The server's certificate and key, and the file of authorities that it trusts: what stays, what
//! is written, and where.

use std::path::{Path, PathBuf};

use pki_core::{AltName, Certificate, DnsName, Kind, Purpose, Time, verify_chain};

use super::authority::Issuer;
use crate::facts::{Facts, Server};
use crate::goal::{Identity, Material, ServerGoal, Wish};
use crate::plan::{Before, Consent, Issue, Part, Plan, Side, Step, Write};
use crate::refusal::Refusal;

/// What the server will present and trust.
pub(super) struct Presented {
    /// The names in its certificate; the first is the one that clients use.
    pub(super) names: Vec<AltName>,
    /// `ssl_cert_file`.
    pub(super) certificate: PathBuf,
    /// `ssl_key_file`.
    pub(super) key: PathBuf,
    /// `ssl_ca_file`.
    pub(super) authorities: PathBuf,
    /// What clients have to trust to verify it.
    pub(super) roots: Trusted,
    /// Whether the files that the settings name now stay the ones in use.
    pub(super) kept: bool,
    /// The subjects of other authorities that the server trusts.
    pub(super) others: Vec<String>,
}

/// Authorities to be trusted, as they are written and as far as they are there already.
pub(super) struct Trusted {
    /// What a file that names them holds.
    pub(super) parts: Vec<Part>,
    /// Their certificates; empty for an authority that is still to be made.
    pub(super) known: Vec<Certificate>,
}

impl Trusted {
    /// The authority of this plan.
    fn authority(issuer: &Issuer) -> Self {
        Trusted {
            parts: vec![Part::AuthorityCertificate],
            known: issuer.certificate().into_iter().cloned().collect(),
        }
    }

    /// These.
    pub(super) fn these(roots: &[Certificate]) -> Self {
        Trusted {
            parts: pem(roots),
            known: roots.to_vec(),
        }
    }

    /// Whether a file trusts exactly these, and nobody else.
    pub(super) fn are_all_of(&self, file: &[Certificate]) -> bool {
        !self.known.is_empty()
            && self.known.iter().all(|root| file.contains(root))
            && file.iter().all(|root| self.known.contains(root))
    }
}

/// Decides about the server's certificate, its key and `ssl_ca_file`.
pub(super) fn draft(
    wanted: &ServerGoal,
    issuer: &Issuer,
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) -> Result<Presented, Refusal> {
    let (mut presented, clients) = match &wanted.identity {
        Identity::Issued(wish) => (
            issued(wanted, wish, issuer, server, facts, plan)?,
            Trusted::authority(issuer),
        ),
        Identity::Brought(material) => (
            brought(wanted, material, server, facts, plan)?,
            Trusted::these(&material.roots),
        ),
    };
    trust(&clients, &mut presented, server, facts, plan)?;
    Ok(presented)
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
        Some(certificate) if wanted.names.is_empty() && !wanted.may_replace => {
            certificate_names(certificate)
        }
        _ if wanted.names.is_empty() => default_names(&server.host.host_name),
        _ => wanted.names.clone(),
    };
    if let Some(certificate) = current {
        let names_fit = names.iter().all(|name| covers(certificate, name));
        if ours && names_fit && has_life_left(certificate, facts.now) {
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
                    if names_fit { String::new() } else { format!(" since it does not name {}", list(&names)) }
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
        own_paths(server)
    } else {
        free_paths(server)
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
        authorities: PathBuf::new(),
        roots: Trusted::authority(issuer),
        kept: false,
        others: Vec::new(),
    })
}

fn brought(
    wanted: &ServerGoal,
    material: &Material,
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) -> Result<Presented, Refusal> {
    let Material { key, chain, roots } = material;
    let leaf = vet_brought("server certificate", material, Purpose::Server, facts.now)?;
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
    if current == Some(leaf) {
        return Ok(keep(server, names, Trusted::these(roots)));
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
        own_paths(server)
    } else {
        free_paths(server)
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
        authorities: PathBuf::new(),
        roots: Trusted::these(roots),
        kept: false,
        others: Vec::new(),
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
    verify_chain(leaf, rest, &material.roots, &[], purpose, now).map_err(Refusal::Chain)?;
    Ok(leaf)
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
        authorities: PathBuf::new(),
        roots,
        kept: true,
        others: Vec::new(),
    }
}

fn own_paths(server: &Server) -> (PathBuf, PathBuf) {
    (
        server.host.tls.certificate.path.clone(),
        server.host.tls.key.path.clone(),
    )
}

/// `server.crt` and `server.key` in the data folder, or names that are free where those are not.
fn free_paths(server: &Server) -> (PathBuf, PathBuf) {
    let folder = &server.host.cluster.data_dir;
    let pair = |stem: &str| {
        (
            folder.join(format!("{stem}.crt")),
            folder.join(format!("{stem}.key")),
        )
    };
    let usual = pair("server");
    if server.taken.contains(&usual.0) || server.taken.contains(&usual.1) {
        pair("pgcert-server")
    } else {
        usual
    }
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
    let taken = |path: &Path| {
        server.taken.iter().any(|taken| taken == path)
            || path == current.key.path && current.key.metadata.is_some()
    };
    let owner = server.writer(key, &facts.account);
    // The key comes first: a certificate whose key is missing would stop a server that starts in between.
    plan.steps.push(Step::Write(Write {
        path: key.to_owned(),
        owner: owner.clone(),
        mode: 0o600,
        before: if taken(key) {
            Before::File
        } else {
            Before::Nothing
        },
        content: key_content,
        what: "server key",
        side: Side::Server,
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
    }));
}

/// Makes sure that `ssl_ca_file` holds the authority of the clients, beside those that it holds.
fn trust(
    clients: &Trusted,
    presented: &mut Presented,
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let tls = &server.host.tls;
    vet_crls(clients, server)?;
    let (path, before, content) = match &tls.authorities {
        None => {
            let folder = &server.host.cluster.data_dir;
            let usual = folder.join("root.crt");
            let path = if server.taken.contains(&usual) {
                folder.join("pgcert-root.crt")
            } else {
                usual
            };
            plan.note(
                "client-certificates-checked",
                "ssl_ca_file was empty: from now on the server asks clients for a certificate, and one that happens to send a certificate of \
                 another authority is refused, whatever its rule asks for",
            );
            (path, Before::Nothing, clients.parts.clone())
        }
        Some(file) => {
            if let Some(problem) = &file.problem {
                return Err(Refusal::BadFile {
                    path: file.path.clone(),
                    reason: problem.to_string(),
                });
            }
            presented.others = others(&file.certificates, &clients.known);
            presented.authorities.clone_from(&file.path);
            if !clients.known.is_empty()
                && clients
                    .known
                    .iter()
                    .all(|root| file.certificates.contains(root))
            {
                return Ok(());
            }
            if file.is_system_bundle() {
                return Err(Refusal::SystemBundle {
                    path: file.path.clone(),
                });
            }
            let before = file
                .file
                .as_ref()
                .map(|file| file.bytes.clone())
                .unwrap_or_default();
            let mut start = before.clone();
            if !start.is_empty() && !start.ends_with(b"\n") {
                start.push(b'\n');
            }
            let mut content = vec![Part::Bytes(start)];
            content.extend(clients.parts.iter().cloned());
            (file.path.clone(), Before::Bytes(before), content)
        }
    };
    presented.authorities.clone_from(&path);
    plan.steps.push(Step::Write(Write {
        owner: server.writer(&path, &facts.account),
        path,
        mode: 0o644,
        before,
        content,
        what: "trusted authorities",
        side: Side::Server,
    }));
    Ok(())
}

/// Where CRLs are in force, an authority without one has all of its clients refused.
fn vet_crls(clients: &Trusted, server: &Server) -> Result<(), Refusal> {
    let tls = &server.host.tls;
    if let Some(file) = &tls.crl {
        let covered = !clients.known.is_empty()
            && clients.known.iter().all(|root| {
                file.crls
                    .iter()
                    .any(|crl| crl.issuer_der() == root.subject_der())
            });
        if !covered {
            return Err(Refusal::CrlInForce {
                path: file.path.clone(),
            });
        }
    }
    match &tls.crl_dir {
        // OpenSSL looks into the folder by itself, by a hash of the name: what is in it is not known here.
        Some(path) => Err(Refusal::CrlInForce { path: path.clone() }),
        None => Ok(()),
    }
}

fn others(certificates: &[Certificate], known: &[Certificate]) -> Vec<String> {
    certificates
        .iter()
        .filter(|c| c.is_authority() && !known.contains(c))
        .map(Certificate::subject)
        .collect()
}

/// The self-signed certificate that a chain ends in, found among what the server sends and trusts.
fn root_of(certificate: &Certificate, server: &Server, now: Time) -> Option<Certificate> {
    let tls = &server.host.tls;
    let mut known = tls.certificate.certificates.clone();
    known.extend(
        tls.authorities
            .iter()
            .flat_map(|file| file.certificates.iter().cloned()),
    );
    let roots: Vec<_> = known
        .iter()
        .filter(|c| c.is_self_signed())
        .cloned()
        .collect();
    verify_chain(certificate, &known, &roots, &[], Purpose::Server, now)
        .ok()?
        .pop()
}

/// Whether a third of its life is left: from then on it is renewed.
pub(super) fn has_life_left(certificate: &Certificate, now: Time) -> bool {
    let validity = certificate.validity();
    let whole = validity.not_after.seconds_since(validity.not_before);
    validity.holds(now) && validity.not_after.seconds_since(now) * 3 > whole
}

/// Whether clients of every version find the name in the certificate.
fn covers(certificate: &Certificate, name: &AltName) -> bool {
    pki_core::verify_host(certificate, &name.bare(), pki_core::HostRules::Libpq15).is_ok()
}

/// The names that a certificate is for; its common name where it has no others.
fn certificate_names(certificate: &Certificate) -> Vec<AltName> {
    let names = certificate.alt_names();
    if !names.is_empty() {
        return names;
    }
    certificate
        .common_name()
        .and_then(|name| name.parse().ok())
        .into_iter()
        .collect()
}

/// The machine's own name, and those under which it knows itself.
fn default_names(host_name: &str) -> Vec<AltName> {
    let own = DnsName::parse(host_name).ok().map(AltName::from);
    let local = ["localhost", "127.0.0.1", "::1"]
        .iter()
        .filter_map(|name| name.parse().ok());
    union(own.into_iter().collect(), local.collect())
}

fn union(mut names: Vec<AltName>, more: Vec<AltName>) -> Vec<AltName> {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn list(names: &[AltName]) -> String {
    names
        .iter()
        .map(AltName::bare)
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn pem(certificates: &[Certificate]) -> Vec<Part> {
    certificates
        .iter()
        .map(|certificate| Part::Bytes(certificate.to_pem().into_bytes()))
        .collect()
}
