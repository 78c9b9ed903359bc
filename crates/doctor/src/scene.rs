//! What one try of a connection was made with and what was seen of it, with the sentences about them that several findings share.

use pg_probe::{Address, Report, Target, TlsFacts};
use pki_core::Certificate;

/// One try.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) target: &'a Target,
    pub(crate) report: &'a Report,
    /// The TLS session of this try, as far as it came.
    pub(crate) tls: Option<&'a TlsFacts>,
    /// Whether it was made in plain text because one with TLS had failed.
    pub(crate) after_tls: bool,
}

impl<'a> Scene<'a> {
    /// The client's certificate, whether or not it was sent.
    pub(crate) fn client_certificate(&self) -> Option<&'a Certificate> {
        self.target.credentials.as_ref()?.chain.first()
    }

    /// Whether a client certificate was sent.
    pub(crate) fn sent(&self) -> bool {
        self.tls.is_some_and(|tls| tls.client_certificate_sent)
    }

    /// The server's name or address as people know it.
    pub(crate) fn host(&self) -> String {
        match &self.target.address {
            Address::Tcp {
                host, ip: Some(ip), ..
            } if host.is_empty() => ip.to_string(),
            Address::Tcp { host, .. } => host.clone(),
            Address::Unix { socket } => socket.display().to_string(),
        }
    }

    /// What was served, one line each.
    pub(crate) fn served(&self) -> Vec<String> {
        match self.report.server_certificate.as_slice() {
            [] => Vec::new(),
            [leaf, rest @ ..] => {
                let mut lines = vec![describe("server certificate", leaf)];
                lines.extend(
                    rest.iter()
                        .map(|certificate| describe("sent with it", certificate)),
                );
                lines
            }
        }
    }

    /// The client's certificate and whether it was asked for and sent, one line each.
    pub(crate) fn presented(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .client_certificate()
            .map(|certificate| describe("client certificate", certificate))
            .into_iter()
            .collect();
        if let Some(tls) = self.tls {
            lines.push(
                match (
                    tls.client_certificate_requested,
                    tls.client_certificate_sent,
                ) {
                    (true, true) => "the server asked for a client certificate and one was sent",
                    (true, false) => "the server asked for a client certificate and none was sent",
                    (false, _) => "the server did not ask for a client certificate",
                }
                .to_owned(),
            );
        }
        lines
    }
}

/// A certificate in one line.
pub(crate) fn describe(what: &str, certificate: &Certificate) -> String {
    let validity = certificate.validity();
    format!(
        "{what}: {}, issued by {}, valid from {} to {}",
        or_empty(&certificate.subject()),
        or_empty(&certificate.issuer()),
        validity.not_before,
        validity.not_after
    )
}

fn or_empty(name: &str) -> &str {
    if name.is_empty() {
        "(empty subject)"
    } else {
        name
    }
}
