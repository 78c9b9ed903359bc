//! The service: a section of `~/.pg_service.conf` that names the server, the role and the files.

use std::path::Path;

use pg_config::service::Section;

use super::presenting::Presenting;
use super::{Paths, push};
use crate::facts::Client;
use crate::goal::{ClientGoal, Remote};
use crate::plan::{Before, Part, Plan};
use crate::refusal::Refusal;

/// The service's name, and its section where it is ours already.
pub(super) fn choose<'a>(
    wanted: &ClientGoal,
    remote: &Remote,
    presenting: &Presenting<'_>,
    client: &'a Client,
) -> Result<(String, Option<&'a Section>), Refusal> {
    let names = match &wanted.service {
        Some(name) => vec![name.clone()],
        None => vec![
            remote.host.clone(),
            format!("{}-{}", remote.host, presenting.role),
        ],
    };
    for name in &names {
        match client.host.services.section(name) {
            None => return Ok((name.clone(), None)),
            Some(section) if is_ours(section, remote, presenting, client) => {
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
fn is_ours(
    section: &Section,
    remote: &Remote,
    presenting: &Presenting<'_>,
    client: &Client,
) -> bool {
    // `system` and relative paths are somebody else's choice.
    let absolute = |key: &&str| {
        section
            .get(key)
            .is_some_and(|path| Path::new(path).is_absolute())
    };
    let says = |key: &str, value: &str| section.get(key) == Some(value);
    let names_ours = section
        .get("sslcert")
        .and_then(|path| client.certificates.get(Path::new(path)))
        .is_some_and(|chain| {
            chain
                .as_ref()
                .and_then(|chain| chain.first())
                .is_some_and(|leaf| presenting.is_ours(leaf))
        });
    names_ours
        && says("host", &remote.host)
        && says("port", &remote.port.to_string())
        && says("user", &presenting.role)
        && ["sslcert", "sslkey", "sslrootcert"].iter().all(absolute)
}

/// Adds what writes the section, unless it says all of that already.
pub(super) fn write(
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
