//! Whatever lies in a file, told in words: certificates, requests, keys, revocation lists. Whether they fit together,
//! or a server, is asked elsewhere.

mod certificate;
mod crl;
mod key;
mod pkcs12;
mod request;
#[cfg(test)]
mod tests;
mod together;

pub use self::together::inspect_together;

pub use self::pkcs12::Pkcs12;
use crate::{
    certificate::{self as cert, Certificate},
    crl::{self as list, Crl},
    csr::{self, SigningRequest},
    key::{Form, KeyError, PrivateKey, PublicKey, is_key_label},
    pem,
    secret::Secret,
    time::Time,
};

/// One thing found in a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// A certificate.
    Certificate(Certificate),
    /// A certificate request.
    Request(Box<SigningRequest>),
    /// A private key that could be read.
    Key {
        /// The key.
        key: PrivateKey,
        /// How it lies in the file: `PKCS#8, PEM`, `SEC1, DER`, ….
        format: String,
        /// Its encryption there: `PBES2: PBKDF2-HMAC-SHA-256, 600000 rounds, AES-256-CBC`, ….
        encryption: Option<String>,
    },
    /// A private key under a passphrase that was not given.
    EncryptedKey {
        /// Like that of [`Item::Key`].
        format: String,
        /// Like that of [`Item::Key`]; empty if it is not told.
        encryption: String,
    },
    /// A PKCS#12 file; what is in it follows, where the passphrase opens it.
    Pkcs12(Pkcs12),
    /// A public key alone.
    PublicKey(PublicKey),
    /// A revocation list.
    Crl(Crl),
    /// A PEM block of another kind.
    Other {
        /// Its label.
        label: String,
    },
    /// A PEM block that does not hold what its label says.
    Broken {
        /// Its label.
        label: String,
        /// What is wrong.
        reason: String,
    },
}

/// Everything in a file, PEM or DER, in order.
///
/// The passphrase opens every encrypted key and PKCS#12 file; without one they come out as [`Item::EncryptedKey`] and as
/// an [`Item::Pkcs12`] alone: [`Item::is_closed`].
///
/// # Errors
/// [`InspectError`].
pub fn inspect(bytes: &[u8], passphrase: Option<&Secret>) -> Result<Vec<Item>, InspectError> {
    if !pem::is_pem(bytes) {
        if is_pkcs12(bytes) {
            return pkcs12::items(bytes, passphrase);
        }
        return from_der(bytes, passphrase).map(|item| vec![item]);
    }
    let mut items = Vec::new();
    for block in pem::blocks(bytes) {
        match block {
            // What `openssl ecparam -genkey` writes in front of a key says nothing that the key does not.
            Ok(block) if block.label == "EC PARAMETERS" => {}
            Ok(block) => items.push(from_block(&block, passphrase)?),
            Err(b) => items.push(Item::Broken {
                label: b.label,
                reason: b.reason.to_owned(),
            }),
        }
    }
    Ok(items)
}

impl Item {
    /// What it is, in one word: `certificate`, `request`, `key`, `encrypted-key`, `pkcs12`, `public-key`, `crl`,
    /// `other`, `broken`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "certificate",
            Self::Request(_) => "request",
            Self::Key { .. } => "key",
            Self::EncryptedKey { .. } => "encrypted-key",
            Self::Pkcs12(_) => "pkcs12",
            Self::PublicKey(_) => "public-key",
            Self::Crl(_) => "crl",
            Self::Other { .. } => "other",
            Self::Broken { .. } => "broken",
        }
    }

    /// Whether a passphrase is needed to say more.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        match self {
            Self::EncryptedKey { .. } => true,
            Self::Pkcs12(file) => file.is_closed(),
            _ => false,
        }
    }

    /// What it is, in a few words: `Server certificate: tolva`.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Certificate(certificate) => certificate::title(certificate),
            Self::Request(request) => request::title(request),
            Self::Key { .. } => "Private key".to_owned(),
            Self::EncryptedKey { .. } => "Private key, encrypted".to_owned(),
            Self::Pkcs12(file) if file.is_closed() => "PKCS#12 file, encrypted".to_owned(),
            Self::Pkcs12(_) => "PKCS#12 file".to_owned(),
            Self::PublicKey(_) => "Public key".to_owned(),
            Self::Crl(crl) => crl::title(crl),
            Self::Other { label } => format!("PEM block: {}", label.escape_debug()),
            Self::Broken { label, .. } => format!("PEM block: {}, broken", label.escape_debug()),
        }
    }

    /// What there is to say about it, label and value, in order: what [`Item::describe`] aligns. A value may have
    /// several lines.
    #[must_use]
    pub fn facts(&self, now: Time) -> Vec<(&'static str, String)> {
        match self {
            Self::Certificate(certificate) => certificate::facts(certificate, now),
            Self::Request(request) => request::facts(request),
            Self::Key {
                key,
                format,
                encryption,
            } => key::facts(key, format, encryption.as_deref()),
            Self::EncryptedKey { format, encryption } => key::closed_facts(format, encryption),
            Self::Pkcs12(file) => file.facts(),
            Self::PublicKey(key) => key::public_facts(key),
            Self::Crl(crl) => crl::facts(crl, now),
            Self::Other { .. } | Self::Broken { .. } => Vec::new(),
        }
    }

    /// What is wrong with it, or worth knowing; problems first.
    #[must_use]
    pub fn findings(&self, now: Time) -> Vec<Finding> {
        let mut findings = match self {
            Self::Certificate(certificate) => certificate::findings(certificate, now),
            Self::Request(request) => request::findings(request),
            Self::Key { key, .. } => key::findings(&key.public_key()),
            Self::Pkcs12(file) => file.findings(),
            Self::PublicKey(key) => key::findings(key),
            Self::Crl(crl) => crl::findings(crl, now),
            Self::EncryptedKey { .. } => {
                vec![Finding::note(
                    "encrypted",
                    "the passphrase is needed to say more".to_owned(),
                )]
            }
            Self::Other { .. } => vec![Finding::note(
                "unknown",
                "not of a kind that is known here".to_owned(),
            )],
            Self::Broken { reason, .. } => vec![Finding::problem("broken", reason.clone())],
        };
        findings.sort_by_key(|finding| !finding.is_problem);
        findings
    }

    /// All of it in words, several lines, each ended.
    #[must_use]
    pub fn describe(&self, now: Time) -> String {
        let facts = self.facts(now);
        let width = facts
            .iter()
            .map(|(label, _)| label.len())
            .max()
            .unwrap_or_default();
        let mut text = self.title() + "\n";
        for (label, value) in facts {
            for (i, line) in value.lines().enumerate() {
                let label = if i == 0 { label } else { "" };
                text.push_str(&format!("  {label:width$}  {line}\n"));
            }
        }
        for finding in self.findings(now) {
            let word = if finding.is_problem {
                "problem"
            } else {
                "note"
            };
            text.push_str(&format!("  {word}: {}\n", finding.text));
        }
        text
    }
}

/// Something worth knowing about a thing in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// A stable name: `expired`, `no-san`, ….
    pub code: &'static str,
    /// Whether somebody will refuse it; else it is good to know.
    pub is_problem: bool,
    /// In words.
    pub text: String,
}

impl Finding {
    fn problem(code: &'static str, text: String) -> Self {
        Self {
            code,
            is_problem: true,
            text,
        }
    }

    fn note(code: &'static str, text: String) -> Self {
        Self {
            code,
            is_problem: false,
            text,
        }
    }
}

/// A file of which nothing can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// Nothing is in it.
    #[error("the file is empty")]
    Empty,
    /// Neither PEM nor a DER that is known here.
    #[error("neither a certificate, a request, a key nor a revocation list")]
    Unknown,
    /// PKCS#12 that cannot be read: BER that is no DER, an encryption that is not known here.
    #[error("a PKCS#12 file that cannot be read: {reason}")]
    Pkcs12 {
        /// What is wrong.
        reason: String,
    },
    /// The passphrase that was given does not open a key or a PKCS#12 file.
    #[error("wrong passphrase")]
    WrongPassphrase,
}

fn from_block(block: &pem::Block, passphrase: Option<&Secret>) -> Result<Item, InspectError> {
    let der = block.contents.as_bytes();
    let label = block.label.as_str();
    let broken = |reason: String| Item::Broken {
        label: label.to_owned(),
        reason,
    };
    Ok(if cert::is_label(label) {
        Certificate::from_der(der).map_or_else(|e| broken(e.to_string()), Item::Certificate)
    } else if csr::is_label(label) {
        SigningRequest::from_der(der).map_or_else(
            |e| broken(e.to_string()),
            |request| Item::Request(Box::new(request)),
        )
    } else if label == list::LABEL {
        Crl::from_der(der).map_or_else(|e| broken(e.to_string()), Item::Crl)
    } else if label == "PUBLIC KEY" {
        PublicKey::from_der(der).map_or_else(|e| broken(e.to_string()), Item::PublicKey)
    } else if is_key_label(label) {
        match PrivateKey::from_block(block, passphrase) {
            Ok(key) => key::item(key, Form::of_block(block)),
            Err(KeyError::Encrypted) => key::closed_item(Form::of_block(block)),
            Err(KeyError::WrongPassphrase) => return Err(InspectError::WrongPassphrase),
            Err(e) => broken(e.to_string()),
        }
    } else {
        Item::Other {
            label: label.to_owned(),
        }
    })
}

fn from_der(der: &[u8], passphrase: Option<&Secret>) -> Result<Item, InspectError> {
    if der.trim_ascii().is_empty() {
        return Err(InspectError::Empty);
    }
    if let Ok(certificate) = Certificate::from_der(der) {
        return Ok(Item::Certificate(certificate));
    }
    if let Ok(request) = SigningRequest::from_der(der) {
        return Ok(Item::Request(Box::new(request)));
    }
    if let Ok(crl) = Crl::from_der(der) {
        return Ok(Item::Crl(crl));
    }
    match PrivateKey::from_der(der, passphrase) {
        Ok(key) => return Ok(key::item(key, Form::of_der(der))),
        Err(KeyError::Encrypted) => return Ok(key::closed_item(Form::of_der(der))),
        Err(KeyError::WrongPassphrase) => return Err(InspectError::WrongPassphrase),
        Err(_) => {}
    }
    if let Ok(key) = PublicKey::from_der(der) {
        return Ok(Item::PublicKey(key));
    }
    Err(InspectError::Unknown)
}

/// PFX ::= SEQUENCE { version INTEGER (3), … } (RFC 7292 section 4).
pub(crate) fn is_pkcs12(der: &[u8]) -> bool {
    let ([0x30, 0x80, content @ ..]
    | [0x30, 0x82, _, _, content @ ..]
    | [0x30, 0x83, _, _, _, content @ ..]) = der
    else {
        return false;
    };
    content.starts_with(&[2, 1, 3, 0x30])
}

/// A length of time as people say it: `359 days`, `1 day`, `5 hours`, `12 minutes`, `40 seconds`.
fn span(seconds: i64) -> String {
    let (n, unit) = match seconds.unsigned_abs() {
        s @ 0..60 => (s, "second"),
        s @ 60..3600 => (s / 60, "minute"),
        s @ 3600..86_400 => (s / 3600, "hour"),
        s => (s / 86_400, "day"),
    };
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

/// A list in lines of some 80 characters.
fn wrapped(words: impl IntoIterator<Item = String>) -> String {
    const ROOM: usize = 76;
    let mut text = String::new();
    let mut line = 0;
    for word in words {
        if !text.is_empty() {
            let fits = line + word.chars().count() + 2 <= ROOM;
            text.push_str(if fits { ", " } else { ",\n" });
            line = if fits { line + 2 } else { 0 };
        }
        line += word.chars().count();
        text.push_str(&word);
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
