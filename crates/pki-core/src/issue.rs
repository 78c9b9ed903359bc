//! Making certificates: the profile filled in, looked over, signed, and compared with the issuer afterwards. What is
//! kept of it, and that no serial is used twice, is the authority's business.

#[cfg(test)]
mod tests;

use std::cell::RefCell;

use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyIdMethod, PublicKeyData, SanType,
    SigningKey,
};

use crate::{
    certificate::Certificate,
    key::{Family, PublicKey},
    lint::{self, Problem},
    name::{AltName, Subject},
    profile::Kind,
    serial::Serial,
    signer::{SignError, Signer},
    validity::Validity,
};

/// What goes into a server or client certificate. Everything else is decided by the profile of its kind.
#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    /// [`Kind::Server`] or [`Kind::Client`].
    pub kind: Kind,
    /// The subject, the common name included.
    pub subject: Subject,
    /// The names that a client may dial; at least one for a server. One given twice is written once.
    pub alt_names: Vec<AltName>,
    /// The holder's public key.
    pub public_key: &'a PublicKey,
    /// Unique under the issuer.
    pub serial: Serial,
    /// Not beyond the issuer's end.
    pub validity: Validity,
}

/// Makes a self-signed root.
///
/// # Errors
/// [`IssueError`].
pub fn issue_root(
    signer: &dyn Signer,
    subject: &Subject,
    serial: Serial,
    validity: Validity,
) -> Result<Certificate, IssueError> {
    let public_key = signer.public_key();
    let order = Order {
        kind: Kind::Root,
        issuer: None,
        subject,
        alt_names: &[],
        public_key: &public_key,
        serial,
        validity,
    };
    order.issue(signer)
}

/// Makes an authority under another one.
///
/// # Errors
/// [`IssueError`].
pub fn issue_intermediate(
    issuer: &Certificate,
    signer: &dyn Signer,
    subject: &Subject,
    public_key: &PublicKey,
    serial: Serial,
    validity: Validity,
) -> Result<Certificate, IssueError> {
    let kind = Kind::Intermediate;
    Order {
        kind,
        issuer: Some(issuer),
        subject,
        alt_names: &[],
        public_key,
        serial,
        validity,
    }
    .issue(signer)
}

/// Makes a server or client certificate.
///
/// # Errors
/// [`IssueError`].
pub fn issue_leaf(
    issuer: &Certificate,
    signer: &dyn Signer,
    leaf: &Leaf<'_>,
) -> Result<Certificate, IssueError> {
    if !matches!(leaf.kind, Kind::Server | Kind::Client) {
        return Err(IssueError::Refused {
            problems: vec![Problem::NotALeaf { kind: leaf.kind }],
        });
    }
    let order = Order {
        kind: leaf.kind,
        issuer: Some(issuer),
        subject: &leaf.subject,
        alt_names: &leaf.alt_names,
        public_key: leaf.public_key,
        serial: leaf.serial.clone(),
        validity: leaf.validity,
    };
    order.issue(signer)
}

/// Why no certificate was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// What was asked for would be refused somewhere. Nothing was signed.
    #[error("not signed: {}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused {
        /// All of it, not only the first.
        problems: Vec<Problem>,
    },
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The issuer's name came out in other bytes than the authority carries (an attribute given twice is lost): such a
    /// certificate does not chain, and is not handed out.
    #[error("the issuer's name cannot be written as the authority carries it")]
    IssuerName,
    /// The signature does not verify with the issuer's key. The certificate is not handed out.
    #[error("the signature does not verify")]
    Signature,
    /// The library refused.
    #[error("the certificate cannot be encoded: {reason}")]
    Encoding {
        /// Its words.
        reason: String,
    },
}

/// A certificate of any kind, before it is made.
pub(crate) struct Order<'a> {
    pub(crate) kind: Kind,
    /// `None`: itself.
    pub(crate) issuer: Option<&'a Certificate>,
    pub(crate) subject: &'a Subject,
    pub(crate) alt_names: &'a [AltName],
    pub(crate) public_key: &'a PublicKey,
    pub(crate) serial: Serial,
    pub(crate) validity: Validity,
}

impl Order<'_> {
    fn issue(&self, signer: &dyn Signer) -> Result<Certificate, IssueError> {
        let signing_key = signer.public_key();
        let problems = lint::problems(self, &signing_key);
        if !problems.is_empty() {
            return Err(IssueError::Refused { problems });
        }
        let door = Door::of(signer, &signing_key).map_err(|e| encoding(&e))?;
        let holder = rcgen::SubjectPublicKeyInfo::from_der(self.public_key.der())
            .map_err(|e| encoding(&e))?;
        let params = self.params().map_err(|e| encoding(&e))?;
        let made = match self.issuer {
            None => params.self_signed(&door),
            Some(issuer) => Issuer::from_ca_cert_der(&issuer.der().into(), &door)
                .and_then(|issuer| params.signed_by(&holder, &issuer)),
        };
        let made = made.map_err(|e| {
            door.refusal
                .take()
                .map_or_else(|| encoding(&e), IssueError::Sign)
        })?;
        let certificate = Certificate::from_der(made.der()).map_err(|e| IssueError::Encoding {
            reason: e.to_string(),
        })?;
        if certificate.issuer_der()
            != self
                .issuer
                .map_or(certificate.subject_der(), Certificate::subject_der)
        {
            return Err(IssueError::IssuerName);
        }
        if !certificate.is_signed_by(&signing_key) {
            return Err(IssueError::Signature);
        }
        Ok(certificate)
    }

    fn params(&self) -> Result<CertificateParams, rcgen::Error> {
        let profile = self.kind.profile();
        let mut params = CertificateParams::default();
        params.not_before = self.validity.not_before.calendar();
        params.not_after = self.validity.not_after.calendar();
        params.serial_number = Some(self.serial.as_bytes().to_vec().into());
        params.distinguished_name = self.subject.to_rcgen()?;
        params.subject_alt_names = alt_names(self.alt_names)?;
        // With `NoCa` the library would leave out the subject key identifier too.
        params.is_ca = profile.authority.map_or(IsCa::ExplicitNoCa, |n| {
            IsCa::Ca(BasicConstraints::Constrained(n))
        });
        params.key_usages = profile.key_usages.to_vec();
        params.extended_key_usages = profile.extended.to_vec();
        params.key_identifier_method = KeyIdMethod::PreSpecified(self.public_key.key_id());
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }
}

/// Names in the library's form, each once.
pub(crate) fn alt_names(names: &[AltName]) -> Result<Vec<SanType>, rcgen::Error> {
    let mut all: Vec<SanType> = Vec::new();
    for name in names {
        let name = match name {
            AltName::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
            AltName::Ip(address) => SanType::IpAddress(*address),
        };
        if !all.contains(&name) {
            all.push(name);
        }
    }
    Ok(all)
}

/// A [`Signer`] as the library wants to have it.
pub(crate) struct Door<'a> {
    signer: &'a dyn Signer,
    public_key: &'a PublicKey,
    algorithm: &'static rcgen::SignatureAlgorithm,
    /// What the signer said, which does not fit through the library's own error.
    pub(crate) refusal: RefCell<Option<SignError>>,
}

impl<'a> Door<'a> {
    pub(crate) fn of(
        signer: &'a dyn Signer,
        public_key: &'a PublicKey,
    ) -> Result<Self, rcgen::Error> {
        let algorithm = match public_key.family() {
            Family::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Family::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Family::P521 => &rcgen::PKCS_ECDSA_P521_SHA512,
            Family::Rsa { .. } => &rcgen::PKCS_RSA_SHA256,
            Family::Ed25519 => &rcgen::PKCS_ED25519,
            Family::Other { .. } => return Err(rcgen::Error::UnsupportedSignatureAlgorithm),
        };
        Ok(Self {
            signer,
            public_key,
            algorithm,
            refusal: RefCell::new(None),
        })
    }
}

impl SigningKey for Door<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.signer.sign(message).map_err(|refusal| {
            self.refusal.replace(Some(refusal));
            rcgen::Error::RemoteKeyError
        })
    }
}

impl PublicKeyData for Door<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.public_key.bits()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm
    }
}

fn encoding(e: &rcgen::Error) -> IssueError {
    IssueError::Encoding {
        reason: e.to_string(),
    }
}
