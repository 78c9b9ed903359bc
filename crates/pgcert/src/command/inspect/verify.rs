//! `pgcert inspect --verify`: does what lies in a file chain to the trusted authorities, for its
//! purpose and name, as libpq and the server decide it? Showing what lies there is `inspect`'s.

use std::path::{Path, PathBuf};

use pki_core::{
    Certificate, Crl, HostRules, Item, Kind, ParseError, Purpose, Time, VerifyCode, VerifyError,
    verify_chain, verify_host,
};
use serde_json::json;

use crate::args::Verifying;
use crate::failure::{Failure, escape_name, shown};
use crate::output::{BAD, GOOD, styled};

/// What certificates are held against.
pub(super) struct Against<'a> {
    options: &'a Verifying,
    roots: Vec<Certificate>,
    intermediates: Vec<Certificate>,
    crls: Vec<Crl>,
    at: Time,
}

impl<'a> Against<'a> {
    /// Reads the trusted files. `None`: nothing is to be verified.
    pub(super) fn read(options: &'a Verifying, at: Time) -> Result<Option<Self>, Failure> {
        let (true, Some(root)) = (options.verify, &options.root) else {
            return Ok(None);
        };
        let roots = all(root, Certificate::all_from_pem)?;
        if roots.is_empty() {
            return Err(
                Failure::new(format!("no certificate is in {}", root.display())).hint(
                    "--root is the trusted file: root.crt of a client, ssl_ca_file of a server",
                ),
            );
        }
        let crls = options
            .crl
            .as_deref()
            .map(|path| all(path, Crl::all_from_pem))
            .transpose()?;
        if crls.as_ref().is_some_and(Vec::is_empty) {
            return Err(
                Failure::new("no revocation list is in the file of --crl").hint(
                    "PostgreSQL and libpq read PEM alone: openssl crl -inform DER makes PEM of it",
                ),
            );
        }
        let intermediates = options
            .intermediates
            .as_deref()
            .map(|path| all(path, Certificate::all_from_pem))
            .transpose()?;
        Ok(Some(Self {
            options,
            roots,
            intermediates: intermediates.unwrap_or_default(),
            crls: crls.unwrap_or_default(),
            at,
        }))
    }

    /// The verdict on a file: its first certificate, with the others as what its holder sends along.
    /// `None`: no certificate is in it.
    pub(super) fn judge(&self, path: &Path, items: &[Item]) -> Option<Verdict> {
        let mut certificates = items.iter().filter_map(|item| match item {
            Item::Certificate(certificate) => Some(certificate.clone()),
            _ => None,
        });
        let leaf = certificates.next()?;
        let mut sent: Vec<_> = certificates.collect();
        sent.extend(self.intermediates.iter().cloned());
        let purpose = self.options.purpose.unwrap_or(match leaf.kind() {
            Kind::Client => Purpose::Client,
            _ => Purpose::Server,
        });
        let chain = verify_chain(&leaf, &sent, &self.roots, &self.crls, purpose, self.at);
        let outcome = chain.map_err(Reason::Chain).and_then(|chain| {
            let named = self.options.name.as_deref();
            let fits = named.map_or(Ok(()), |name| named_so(&leaf, name, purpose));
            fits.map(|()| chain)
        });
        Some(Verdict {
            path: path.to_owned(),
            purpose,
            name: self.options.name.clone(),
            at: self.at,
            outcome,
        })
    }
}

/// What came out.
pub(super) struct Verdict {
    path: PathBuf,
    purpose: Purpose,
    name: Option<String>,
    at: Time,
    outcome: Result<Vec<Certificate>, Reason>,
}

/// Why it is refused.
enum Reason {
    /// The chain does not hold.
    Chain(VerifyError),
    /// It holds, for another name.
    Name(String),
}

impl Verdict {
    /// Whether it would be let in.
    pub(super) fn is_good(&self) -> bool {
        self.outcome.is_ok()
    }

    /// In words, with the chain or the reason.
    pub(super) fn in_words(&self) -> String {
        let whose = match self.purpose {
            Purpose::Server => "a server's",
            Purpose::Client => "a client's",
        };
        let name = self.name.as_ref();
        let name = name.map_or(String::new(), |n| format!(" for {}", escape_name(n)));
        let what = format!("{whose} certificate{name} at {}", self.at);
        match &self.outcome {
            Ok(chain) => {
                let head = format!("{}: good as {what}", shown(&self.path));
                let lines = chain.iter().enumerate().map(|(depth, certificate)| {
                    format!("\n  {depth}  {}", escape_name(&named(certificate)))
                });
                format!("{}{}\n", styled(GOOD, &head), lines.collect::<String>())
            }
            Err(reason) => {
                let head = format!("{}: refused as {what}", shown(&self.path));
                let (reason, help) = reason.in_words();
                format!("{}\n  {reason}\n  {help}\n", styled(BAD, &head))
            }
        }
    }

    /// The same for scripts.
    pub(super) fn document(&self) -> serde_json::Value {
        let (chain, error) = match &self.outcome {
            Ok(chain) => (chain.iter().map(named).collect(), None),
            Err(reason) => (Vec::new(), Some(reason)),
        };
        let chain_error = match error {
            Some(Reason::Chain(error)) => Some(error),
            _ => None,
        };
        json!({
            "file": self.path.to_string_lossy(),
            "ok": self.is_good(),
            "purpose": match self.purpose { Purpose::Server => "server", Purpose::Client => "client" },
            "name": self.name,
            "at": self.at.rfc3339(),
            "chain": chain,
            "reason": error.map(Reason::fact),
            "help": error.map(|reason| reason.in_words().1),
            "openssl_error": chain_error.map(|error| error.code.number()),
            "depth": chain_error.map(|error| error.depth),
        })
    }
}

impl Reason {
    fn fact(&self) -> String {
        match self {
            Self::Chain(error) => error.code.to_string(),
            Self::Name(text) => text.clone(),
        }
    }

    /// The reason and what it means.
    fn in_words(&self) -> (String, &'static str) {
        match self {
            Self::Chain(error) => (
                format!(
                    "{} (OpenSSL's error {}, at depth {}: {})",
                    error.code,
                    error.code.number(),
                    error.depth,
                    escape_name(&named(&error.certificate))
                ),
                meaning(error.code),
            ),
            Self::Name(text) => (
                escape_name(text),
                "the chain is good, and for somebody else",
            ),
        }
    }
}

/// What OpenSSL's words mean here.
fn meaning(code: VerifyCode) -> &'static str {
    match code {
        VerifyCode::UnableToGetIssuerCertLocally | VerifyCode::UnableToGetIssuerCert => {
            "whoever issued it is neither trusted (--root) nor sent along (the rest of the file, --intermediates)"
        }
        VerifyCode::SelfSignedCertInChain => {
            "the chain leads to an authority that is not among those of --root"
        }
        VerifyCode::DepthZeroSelfSignedCert => {
            "it is signed with its own key, and does not stand in --root itself"
        }
        VerifyCode::CertSignatureFailure => {
            "its issuer's name is there, and another key: an authority made anew under the same name, or a certificate that was changed"
        }
        VerifyCode::CertHasExpired | VerifyCode::CertNotYetValid => {
            "pgcert inspect shows from when until when it holds; look at the machine's clock too"
        }
        VerifyCode::InvalidPurpose => {
            "its key usage or extended key usage is for the other side: servers show serverAuth, clients clientAuth"
        }
        VerifyCode::InvalidCa | VerifyCode::KeyusageNoCertsign => {
            "it issued the one below it, and is not allowed to be an authority"
        }
        VerifyCode::PathLengthExceeded => "an authority above it allows no further authority here",
        VerifyCode::UnableToGetCrl => {
            "once a revocation list is set, every authority of the chain needs a current one"
        }
        VerifyCode::CrlHasExpired | VerifyCode::CrlNotYetValid => {
            "all certificates of an authority are refused while its list is not current"
        }
        VerifyCode::CrlSignatureFailure => "the list was not signed by that authority's key",
        VerifyCode::KeyusageNoCrlSign => {
            "the authority's key usage does not allow lists: with one set, all of its clients are refused"
        }
        VerifyCode::CertRevoked => "it is on its authority's revocation list",
        VerifyCode::EeKeyTooSmall | VerifyCode::CaKeyTooSmall | VerifyCode::CaMdTooWeak => {
            "OpenSSL's usual settings (security level 2) want 112 bits: RSA of 2048, SHA-256"
        }
        _ => "OpenSSL refuses it, and so do PostgreSQL and libpq",
    }
}

/// Whether the certificate is for this name: the host that a client dials, or the role.
fn named_so(leaf: &Certificate, name: &str, purpose: Purpose) -> Result<(), Reason> {
    match purpose {
        Purpose::Server => verify_host(leaf, name, HostRules::default())
            .map_err(|mismatch| Reason::Name(mismatch.to_string())),
        Purpose::Client => match leaf.common_name() {
            Some(role) if role == name => Ok(()),
            Some(role) => Err(Reason::Name(format!(
                "client certificate for \"{role}\" does not match role \"{name}\""
            ))),
            // What the server says (be-secure-openssl.c, auth.c).
            None => Err(Reason::Name(
                "client certificate contains no user name".to_owned(),
            )),
        },
    }
}

fn named(certificate: &Certificate) -> String {
    let subject = certificate.subject();
    if subject.is_empty() {
        let names = certificate.alt_names();
        names.first().map(ToString::to_string).unwrap_or_default()
    } else {
        subject
    }
}

/// All things of a kind in a file.
fn all<T>(
    path: &Path,
    parse: impl Fn(&[u8]) -> Result<Vec<T>, ParseError>,
) -> Result<Vec<T>, Failure> {
    let cannot = |error: &dyn std::error::Error| {
        Failure::because(format_args!("{} cannot be read", path.display()), error)
    };
    let bytes = hostfile::read_stream(path).map_err(|error| cannot(&error))?;
    parse(&bytes).map_err(|error| cannot(&error))
}
