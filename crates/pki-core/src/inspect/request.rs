//! A certificate request in words.

use super::{Finding, key, wrapped};
use crate::{certificate::GeneralName, csr::SigningRequest, profile::Kind};

pub(super) fn title(request: &SigningRequest) -> String {
    let what = match request.kind() {
        Some(Kind::Server) => "Request for a server certificate",
        Some(Kind::Client) => "Request for a client certificate",
        _ => "Request for a certificate",
    };
    match &request.subject.common_name {
        Some(name) => format!("{what}: {}", name.escape_debug()),
        None => what.to_owned(),
    }
}

pub(super) fn facts(request: &SigningRequest) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("subject", request.subject.readable.clone()),
        (
            "names",
            wrapped(
                request
                    .extensions
                    .alt_names()
                    .iter()
                    .map(GeneralName::describe),
            ),
        ),
        ("key", request.public_key().describe()),
        (
            "signature",
            format!(
                "{}, proves that the requester has the key",
                request.algorithm.describe()
            ),
        ),
        (
            "public key",
            format!("sha256 {}", request.public_key().fingerprint()),
        ),
        ("fingerprint", format!("sha256 {}", request.fingerprint())),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

pub(super) fn findings(request: &SigningRequest) -> Vec<Finding> {
    let mut found = key::findings(&request.public_key());
    if request.subject.common_name.is_none() {
        found.push(Finding::note(
            "no-common-name",
            "it asks for no common name".to_owned(),
        ));
    }
    if request.kind() == Some(Kind::Server) && request.extensions.alt_names().is_empty() {
        found.push(Finding::note(
            "no-san",
            "it asks for no subject alternative name".to_owned(),
        ));
    }
    found.extend(
        request
            .extras(None)
            .into_iter()
            .map(|what| Finding::note("extra", format!("it also asks for {what}"))),
    );
    found
}
