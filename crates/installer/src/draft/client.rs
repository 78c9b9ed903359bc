//! The client's key, certificate and root file, and the service that names them. What somebody else
//! wrote there is never overwritten: other names are taken instead.

mod presenting;
mod service;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use pg_config::service::Section;

use self::presenting::{Presenting, presenting};
use super::authority::Issuer;
use super::certificate::Presented;
use super::reach::{Listening, covers};
use super::trust::Trusted;
use crate::facts::{Client, Facts};
use crate::goal::{ClientGoal, Goal, Identity, Login, Reach, Remote};
use crate::plan::{Before, MakeFolder, Part, Plan, Side, Step, Write};
use crate::refusal::Refusal;
use crate::stem::stem;

/// Adds what the client needs.
pub(super) fn draft(
    wanted: &ClientGoal,
    goal: &Goal,
    issuer: &Issuer,
    presented: Option<&Presented>,
    client: &Client,
    facts: &Facts,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    if client.host.home_metadata.is_none() {
        return Err(Refusal::NoHome {
            path: client.host.home.clone(),
        });
    }
    let (remote, reach) = match (&wanted.remote, presented) {
        (Some(remote), _) => (remote.clone(), Reach::Login),
        (None, presented) => local(presented, goal, client, facts),
    };
    let presenting = presenting(wanted, issuer, facts)?;
    let (service, section) = service::choose(wanted, &remote, &presenting, client)?;
    let paths = paths(&presenting, &service, section, client, facts)?;
    if client.host.folder.is_none()
        && [&paths.certificate, &paths.key, &paths.roots]
            .iter()
            .any(|path| path.starts_with(client.host.folder_path()))
    {
        plan.steps.push(Step::MakeFolder(MakeFolder {
            path: client.host.folder_path(),
            owner: client.host.account.clone(),
            mode: 0o700,
        }));
    }
    presenting.write(&paths, client, facts, plan);
    let trusted = match (&wanted.identity, presented) {
        (_, Some(presented)) => Trusted {
            parts: presented.roots.parts.clone(),
            known: presented.roots.known.clone(),
        },
        (Identity::Brought(material), None) => Trusted::brought(material),
        (Identity::Issued(_), None) => Trusted {
            parts: vec![Part::AuthorityCertificate],
            known: Vec::new(),
        },
    };
    write_roots(&paths.roots, &trusted, section.is_some(), client, plan)?;
    service::write(&service, wanted, &remote, &paths, client, plan)?;
    if wanted.prove {
        plan.expectation.login = Some(Login {
            role: wanted.role.to_string(),
            service,
            reach,
        });
    }
    Ok(())
}

/// How the client reaches the server of this machine, and how far that can be proven from here.
///
/// The name itself is used where it leads to the server by an address that the rule covers; where it
/// does not (Debian's own name is 127.0.1.1), an address that does is named beside it.
fn local(
    presented: Option<&Presented>,
    goal: &Goal,
    client: &Client,
    facts: &Facts,
) -> (Remote, Reach) {
    let host = presented
        .and_then(|p| p.names.first())
        .map(pki_core::AltName::bare)
        .unwrap_or_default();
    let Some(server) = facts.server.as_ref() else {
        return (
            Remote {
                host,
                hostaddr: None,
                port: 5432,
            },
            Reach::Login,
        );
    };
    let port = server
        .host
        .cluster
        .postmaster
        .as_ref()
        .map_or(5432, |postmaster| postmaster.port);
    let wanted = goal.server.as_ref();
    let listening = Listening::of(&server.host, wanted.and_then(|goal| goal.listen.as_deref()));
    let from = wanted
        .and_then(|goal| goal.access.as_ref())
        .map(|access| access.from.clone())
        .unwrap_or_default();
    let leads = |address: &IpAddr| listening.on(*address);
    let covered = |address: &IpAddr| covers(&from, *address);

    // libpq tries the addresses of a name in their order and stays with the first that answers.
    let first = client
        .addresses
        .iter()
        .find(|address| leads(address))
        .copied();
    let better = listening.addresses().find(covered);
    let (hostaddr, reach) = match (first, better) {
        (Some(address), _) if covered(&address) => (None, Reach::Login),
        (_, Some(address)) => (Some(address), Reach::Login),
        (Some(_), None) => (None, Reach::Handshake),
        (None, None) => match listening.addresses().next() {
            Some(address) => (Some(address), Reach::Handshake),
            None => (None, Reach::Nowhere),
        },
    };
    (
        Remote {
            host,
            hostaddr,
            port,
        },
        reach,
    )
}

/// The three files that the service names.
struct Paths {
    certificate: PathBuf,
    key: PathBuf,
    roots: PathBuf,
}

fn paths(
    presenting: &Presenting<'_>,
    service: &str,
    section: Option<&Section>,
    client: &Client,
    facts: &Facts,
) -> Result<Paths, Refusal> {
    if let Some(section) = section {
        let path = |key| PathBuf::from(section.get(key).unwrap_or_default());
        return Ok(Paths {
            certificate: path("sslcert"),
            key: path("sslkey"),
            roots: path("sslrootcert"),
        });
    }
    let folder = client.host.folder_path();
    let named = |certificate: &str, key: &str| (folder.join(certificate), folder.join(key));
    let usual = named("postgresql.crt", "postgresql.key");
    let own = named(
        &format!("{}.crt", stem(&presenting.role)),
        &format!("{}.key", stem(&presenting.role)),
    );
    let own_roots = folder.join(format!("{}-root.crt", stem(service)));
    // A certificate of this role that is there already serves for one more service.
    for (certificate, key) in [&usual, &own] {
        if presenting.serves(certificate, key, client, facts) {
            return Ok(Paths {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
                roots: own_roots,
            });
        }
    }
    if client.host.default_names_are_free() {
        return Ok(Paths {
            certificate: usual.0,
            key: usual.1,
            roots: folder.join("root.crt"),
        });
    }
    // A pair that no service of ours names may be anybody's, whoever issued its certificate.
    let taken = [&own.0, &own.1]
        .into_iter()
        .find(|path| client.certificates.contains_key(*path) || client.keys.contains_key(*path));
    if let Some(path) = taken {
        return Err(Refusal::FileTaken { path: path.clone() });
    }
    Ok(Paths {
        certificate: own.0,
        key: own.1,
        roots: own_roots,
    })
}

/// `ours`: a service of ours names the file.
fn write_roots(
    path: &Path,
    trusted: &Trusted,
    ours: bool,
    client: &Client,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let before = match client.certificates.get(path) {
        Some(Some(found)) if trusted.are_all_of(found) => return Ok(()),
        Some(_) if ours => Before::File,
        Some(_) => {
            return Err(Refusal::FileTaken {
                path: path.to_owned(),
            });
        }
        None => Before::Nothing,
    };
    if path == client.host.folder_path().join("root.crt") {
        plan.note(
            "default-root",
            format!(
                "{} counts for all connections of user {}: with it, sslmode=require verifies every server",
                path.display(),
                client.host.account.name
            ),
        );
    }
    push(
        plan,
        client,
        path,
        0o644,
        before,
        trusted.parts.clone(),
        "trusted authority of the server",
    );
    Ok(())
}

fn push(
    plan: &mut Plan,
    client: &Client,
    path: &Path,
    mode: u32,
    before: Before,
    content: Vec<Part>,
    what: &'static str,
) {
    plan.steps.push(Step::Write(Write {
        path: path.to_owned(),
        owner: client.host.account.clone(),
        mode,
        before,
        content,
        what,
        side: Side::Client,
        with_next: false,
    }));
}
