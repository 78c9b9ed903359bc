//! The client's key, certificate and root file, and the service that names them. What somebody else
//! wrote there is never overwritten: other names are taken instead.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use pg_config::service::Section;
use pki_core::{Certificate, Kind, Purpose};

use super::authority::Issuer;
use super::certificate::{Presented, has_life_left, vet_brought};
use super::reach::{Listening, covers};
use super::trust::{Trusted, pem};
use crate::facts::{Client, Facts};
use crate::goal::{ClientGoal, Goal, Identity, Login, Material, Reach, Remote, Wish};
use crate::plan::{Before, Issue, MakeFolder, Part, Plan, Side, Step, Write};
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
    let identity = identity(wanted, issuer, facts)?;
    let (service, section) = service(wanted, &remote, &identity, client)?;
    let paths = paths(&identity, &service, section, client, facts)?;
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
    identity.write(&paths, client, facts, plan);
    let trusted = match (&wanted.identity, presented) {
        (_, Some(presented)) => Trusted {
            parts: presented.roots.parts.clone(),
            known: presented.roots.known.clone(),
        },
        (Identity::Brought(material), None) => Trusted::these(&material.roots),
        (Identity::Issued(_), None) => Trusted {
            parts: vec![Part::AuthorityCertificate],
            known: Vec::new(),
        },
    };
    write_roots(&paths.roots, &trusted, client, plan)?;
    write_service(&service, wanted, &remote, &paths, client, plan)?;
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
        (None, None) => (listening.addresses().next(), Reach::Handshake),
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

/// What the client will present.
struct Presenting<'a> {
    role: String,
    /// The certificate's common name.
    name: String,
    source: Source<'a>,
}

enum Source<'a> {
    Issued(&'a Wish, &'a Issuer),
    Brought(&'a Material, &'a Certificate),
}

fn identity<'a>(
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
    fn is_ours(&self, certificate: &Certificate) -> bool {
        let same_source = match self.source {
            Source::Issued(_, issuer) => issuer.issued(certificate),
            Source::Brought(_, leaf) => certificate.issuer_der() == leaf.issuer_der(),
        };
        same_source && certificate.common_name().as_deref() == Some(&self.name)
    }

    /// Whether a certificate and key that are there can go on being used.
    fn serves(&self, certificate: &Path, key: &Path, client: &Client, facts: &Facts) -> bool {
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
            Source::Issued(..) => self.is_ours(leaf) && has_life_left(leaf, facts.now),
            Source::Brought(_, brought) => leaf == brought,
        };
        fits && wanted
    }

    fn write(&self, paths: &Paths, client: &Client, facts: &Facts, plan: &mut Plan) {
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
        let before_key = if client.keys.contains_key(&paths.key) {
            Before::File
        } else {
            Before::Nothing
        };
        push(
            plan,
            client,
            &paths.key,
            0o600,
            before_key,
            key,
            "client key",
        );
        let before = before(client, &paths.certificate);
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

/// The three files that the service names.
struct Paths {
    certificate: PathBuf,
    key: PathBuf,
    roots: PathBuf,
}

/// The service's name, and its section where it is ours already.
fn service<'a>(
    wanted: &ClientGoal,
    remote: &Remote,
    identity: &Presenting<'_>,
    client: &'a Client,
) -> Result<(String, Option<&'a Section>), Refusal> {
    let names = match &wanted.service {
        Some(name) => vec![name.clone()],
        None => vec![
            remote.host.clone(),
            format!("{}-{}", remote.host, identity.role),
        ],
    };
    for name in &names {
        match client.host.services.section(name) {
            None => return Ok((name.clone(), None)),
            Some(section) if is_ours(section, remote, identity, client) => {
                return Ok((name.clone(), Some(section)));
            }
            Some(_) => {}
        }
    }
    Err(Refusal::ServiceTaken {
        service: names.last().cloned().unwrap_or_default(),
        path: client.host.service_path(),
    })
}

/// A section is ours when it is for this role on this server and names a certificate of ours.
fn is_ours(section: &Section, remote: &Remote, identity: &Presenting<'_>, client: &Client) -> bool {
    let says = |key: &str, value: &str| section.get(key) == Some(value);
    let names_ours = section
        .get("sslcert")
        .and_then(|path| client.certificates.get(Path::new(path)))
        .is_some_and(|chain| {
            chain
                .as_ref()
                .and_then(|chain| chain.first())
                .is_some_and(|leaf| identity.is_ours(leaf))
        });
    names_ours
        && says("host", &remote.host)
        && says("port", &remote.port.to_string())
        && says("user", &identity.role)
        && section.get("sslkey").is_some()
        && section.get("sslrootcert").is_some()
}

fn paths(
    identity: &Presenting<'_>,
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
        &format!("{}.crt", stem(&identity.role)),
        &format!("{}.key", stem(&identity.role)),
    );
    let own_roots = folder.join(format!("{}-root.crt", stem(service)));
    // A certificate of this role that is there already serves for one more service.
    for (certificate, key) in [&usual, &own] {
        if identity.serves(certificate, key, client, facts) {
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
    // The pair is ours to write where nothing is there, or a certificate that we put there.
    let ours = match client.certificates.get(&own.0) {
        Some(chain) => chain
            .as_ref()
            .and_then(|chain| chain.first())
            .is_some_and(|leaf| identity.is_ours(leaf)),
        None => !client.keys.contains_key(&own.1),
    };
    if !ours {
        return Err(Refusal::FileTaken {
            path: if client.certificates.contains_key(&own.0) {
                own.0
            } else {
                own.1
            },
        });
    }
    Ok(Paths {
        certificate: own.0,
        key: own.1,
        roots: own_roots,
    })
}

fn write_roots(
    path: &Path,
    trusted: &Trusted,
    client: &Client,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    match client.certificates.get(path) {
        Some(Some(found)) if trusted.are_all_of(found) => return Ok(()),
        Some(_) => {
            return Err(Refusal::FileTaken {
                path: path.to_owned(),
            });
        }
        None => {}
    }
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
        Before::Nothing,
        trusted.parts.clone(),
        "trusted authority of the server",
    );
    Ok(())
}

fn write_service(
    service: &str,
    wanted: &ClientGoal,
    remote: &Remote,
    paths: &Paths,
    client: &Client,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| Refusal::BadService {
                reason: format!("the path {} is not UTF-8", path.display()),
            })
    };
    let (certificate, key, roots) = (
        text(&paths.certificate)?,
        text(&paths.key)?,
        text(&paths.roots)?,
    );
    let (port, hostaddr) = (
        remote.port.to_string(),
        remote.hostaddr.map(|address| address.to_string()),
    );
    let mut parameters = vec![("host", remote.host.as_str())];
    parameters.extend(hostaddr.as_deref().map(|address| ("hostaddr", address)));
    parameters.extend([
        ("port", port.as_str()),
        ("user", wanted.role.as_str()),
        ("dbname", wanted.database.as_str()),
        ("sslmode", "verify-full"),
        ("sslcert", certificate.as_str()),
        ("sslkey", key.as_str()),
        ("sslrootcert", roots.as_str()),
    ]);
    let mut document = client.host.services.clone();
    let change = document
        .set_section(service, &parameters)
        .map_err(|error| Refusal::BadService {
            reason: error.to_string(),
        })?;
    if !change.is_empty() {
        let before = client
            .host
            .service_file
            .as_ref()
            .map_or(Before::Nothing, |file| Before::Bytes(file.bytes.clone()));
        push(
            plan,
            client,
            &client.host.service_path(),
            0o600,
            before,
            vec![Part::Bytes(document.to_bytes())],
            "service",
        );
    }
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
    }));
}

fn before(client: &Client, certificate: &Path) -> Before {
    match client.certificates.get(certificate) {
        Some(_) => Before::File,
        None => Before::Nothing,
    }
}
