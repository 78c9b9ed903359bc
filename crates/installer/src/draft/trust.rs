//! Who is trusted: `ssl_ca_file`, to which the authority of the clients is added beside those that
//! it holds, and the roots that clients need to verify the server.

use std::path::{Path, PathBuf};

use pki_core::{Certificate, Crl, Purpose, Time, verify_chain};

use super::authority::Issuer;
use super::crl;
use crate::facts::{Facts, Server};
use crate::goal::{Identity, Material, ServerGoal};
use crate::mark::marked;
use crate::plan::{Before, Part, Plan, Side, Step, Write};
use crate::refusal::Refusal;

/// Authorities to be trusted, as they are written and as far as they are there already.
pub(super) struct Trusted {
    /// What a file that names them holds.
    pub(super) parts: Vec<Part>,
    /// Their certificates; empty for an authority that is still to be made.
    pub(super) known: Vec<Certificate>,
}

impl Trusted {
    /// The authority of this plan.
    pub(super) fn authority(issuer: &Issuer) -> Self {
        Trusted {
            parts: vec![Part::AuthorityCertificate],
            known: issuer.anchor().into_iter().cloned().collect(),
        }
    }

    /// These.
    pub(super) fn these(roots: &[Certificate]) -> Self {
        Trusted {
            parts: pem(roots),
            known: roots.to_vec(),
        }
    }

    /// What was brought to be trusted.
    pub(super) fn brought(material: &Material) -> Self {
        let marked = |root: &Certificate| Part::Bytes(marked(root).into_bytes());
        let parts = match material.roots_are_marked {
            true => material.roots.iter().map(marked).collect(),
            false => pem(&material.roots),
        };
        Trusted {
            parts,
            known: material.roots.clone(),
        }
    }

    /// Whether a file trusts these, and perhaps others.
    fn are_among(&self, file: &[Certificate]) -> bool {
        !self.known.is_empty() && self.known.iter().all(|root| file.contains(root))
    }

    /// Whether a file trusts exactly these, and nobody else.
    pub(super) fn are_all_of(&self, file: &[Certificate]) -> bool {
        self.are_among(file) && file.iter().all(|root| self.known.contains(root))
    }
}

/// `ssl_ca_file` as it will be.
pub(super) struct Authorities {
    /// The file.
    pub(super) path: PathBuf,
    /// The subjects of authorities in it beside that of the clients.
    pub(super) others: Vec<String>,
    /// All that it will hold; without one that is still to be made.
    pub(super) all: Vec<Certificate>,
}

/// Makes sure that `ssl_ca_file` holds the authority of the clients, beside those that it holds.
pub(super) fn draft(
    wanted: &ServerGoal,
    crls: &[Crl],
    issuer: &Issuer,
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) -> Result<Authorities, Refusal> {
    let (clients, chain) = match &wanted.identity {
        Identity::Issued(_) => (Trusted::authority(issuer), issuer.chain()),
        Identity::Brought(material) => (Trusted::brought(material), material.chain.as_slice()),
    };
    if crls.is_empty() {
        let added = crl::looked_up(&clients.known, chain);
        crl::vet_added(&added, server, facts.now)?;
    }
    let Some(file) = &server.host.tls.authorities else {
        plan.note(
            "client-certificates-checked",
            "ssl_ca_file was empty: from now on the server asks clients for a certificate, and one that happens to send a certificate of \
             another authority is refused, whatever its rule asks for",
        );
        let path = free_path(server)?;
        write(&path, Before::Nothing, clients.parts, server, facts, plan);
        return Ok(Authorities {
            path,
            others: Vec::new(),
            all: clients.known,
        });
    };
    if let Some(problem) = &file.problem {
        let (path, reason) = (file.path.clone(), problem.to_string());
        return Err(Refusal::BadFile { path, reason });
    }
    let authorities = Authorities {
        path: file.path.clone(),
        others: others(&file.certificates, &clients.known),
        all: union(&file.certificates, &clients.known),
    };
    if clients.are_among(&file.certificates) {
        return Ok(authorities);
    }
    if file.is_system_bundle() {
        return Err(Refusal::SystemBundle {
            path: authorities.path,
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
    let content = [vec![Part::Bytes(start)], clients.parts].concat();
    write(
        &file.path,
        Before::Bytes(before),
        content,
        server,
        facts,
        plan,
    );
    Ok(authorities)
}

/// `root.crt` in the data folder, or a name of ours where that is taken.
fn free_path(server: &Server) -> Result<PathBuf, Refusal> {
    let folder = &server.host.cluster.data_dir;
    let usual = folder.join("root.crt");
    let own = folder.join("pgcert-root.crt");
    let free = [&usual, &own]
        .into_iter()
        .find(|path| !server.taken.contains(path))
        .cloned();
    free.ok_or(Refusal::FileTaken { path: own })
}

fn write(
    path: &Path,
    before: Before,
    content: Vec<Part>,
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) {
    plan.steps.push(Step::Write(Write {
        owner: server.writer(path, &facts.account),
        path: path.to_owned(),
        mode: 0o644,
        before,
        content,
        what: "trusted authorities",
        side: Side::Server,
        with_next: false,
    }));
}

fn union(file: &[Certificate], known: &[Certificate]) -> Vec<Certificate> {
    let added = known.iter().filter(|root| !file.contains(root));
    file.iter().chain(added).cloned().collect()
}

fn others(certificates: &[Certificate], known: &[Certificate]) -> Vec<String> {
    certificates
        .iter()
        .filter(|c| c.is_authority() && !known.contains(c))
        .map(Certificate::subject)
        .collect()
}

/// The self-signed certificate that a chain ends in, found among what the server sends and trusts.
pub(super) fn root_of(
    certificate: &Certificate,
    server: &Server,
    now: Time,
) -> Option<Certificate> {
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

/// The certificates as the parts of a file.
pub(super) fn pem(certificates: &[Certificate]) -> Vec<Part> {
    certificates
        .iter()
        .map(|certificate| Part::Bytes(certificate.to_pem().into_bytes()))
        .collect()
}
