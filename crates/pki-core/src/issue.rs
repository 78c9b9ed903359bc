//! Making certificates: the profile filled in, looked over, signed, and compared with the issuer afterwards. What is
//! kept of it, and that no serial is used twice, is the authority's business.

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};

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
    scope::Scope,
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

/// What goes into an authority's certificate. Everything else is decided by the profile of its kind.
#[derive(Clone, Debug)]
pub struct NewAuthority<'a> {
    /// The subject.
    pub subject: &'a Subject,
    /// Its public key; a root's is the signer's.
    pub public_key: &'a PublicKey,
    /// Unique under the issuer.
    pub serial: Serial,
    /// Not beyond the issuer's end.
    pub validity: Validity,
    /// What it may sign.
    pub scope: &'a Scope,
}

/// Makes an authority under another one, or a self-signed root.
///
/// # Errors
/// [`IssueError`].
pub fn issue_authority(
    issuer: Option<&Certificate>,
    signer: &dyn Signer,
    new: &NewAuthority<'_>,
) -> Result<Certificate, IssueError> {
    let order = Order {
        kind: if issuer.is_some() {
            Kind::Intermediate
        } else {
            Kind::Root
        },
        issuer,
        subject: new.subject,
        alt_names: &[],
        public_key: new.public_key,
        serial: new.serial.clone(),
        validity: new.validity,
        scope: new.scope,
    };
    order.issue(signer)
}

/// Makes a self-signed root that may sign everything.
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
    let new = NewAuthority {
        subject,
        public_key: &public_key,
        serial,
        validity,
        scope: &EVERYTHING,
    };
    issue_authority(None, signer, &new)
}

/// Makes an authority under another one that may sign everything.
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
    let new = NewAuthority {
        subject,
        public_key,
        serial,
        validity,
        scope: &EVERYTHING,
    };
    issue_authority(Some(issuer), signer, &new)
}

/// Makes a server or client certificate. For many of one issuer see [`Issuing`].
///
/// # Errors
/// [`IssueError`].
pub fn issue_leaf(
    issuer: &Certificate,
    signer: &dyn Signer,
    leaf: &Leaf<'_>,
) -> Result<Certificate, IssueError> {
    leaf.order(issuer)?.issue(signer)
}

/// Everything that speaks against a server or client certificate, looked at without the issuer's key: nothing is signed.
/// `path` is the issuer, then each one's issuer, as far as they are to be looked at.
///
/// # Errors
/// [`IssueError::Refused`], with all of it.
pub fn check_leaf(path: &[Certificate], leaf: &Leaf<'_>) -> Result<(), IssueError> {
    let Some((issuer, above)) = path.split_first() else {
        return Ok(());
    };
    let order = leaf.order(issuer)?;
    let mut problems = lint::problems(&order, &issuer.public_key());
    for authority in above {
        lint::beyond(&order, authority, &mut |problem| problems.push(problem));
    }
    refused(problems)
}

impl Leaf<'_> {
    fn order<'a>(&'a self, issuer: &'a Certificate) -> Result<Order<'a>, IssueError> {
        if !matches!(self.kind, Kind::Server | Kind::Client) {
            return Err(IssueError::Refused {
                problems: vec![Problem::NotALeaf { kind: self.kind }],
            });
        }
        Ok(Order {
            kind: self.kind,
            issuer: Some(issuer),
            subject: &self.subject,
            alt_names: &self.alt_names,
            public_key: self.public_key,
            serial: self.serial.clone(),
            validity: self.validity,
            scope: &EVERYTHING,
        })
    }
}

/// An authority at work: what has to be done once for all of its certificates is done. One for each thread.
///
/// That the signer has the issuer's key is seen from the first signature, which is verified. The others are not: that
/// costs three times the signature itself. All else about each certificate is looked over.
pub struct Issuing<'a> {
    certificate: &'a Certificate,
    issuer: Issuer<'a, Door<'a>>,
    tried: Cell<bool>,
}

impl<'a> Issuing<'a> {
    /// Gets ready.
    ///
    /// # Errors
    /// [`IssueError::Encoding`], if the library cannot read the issuer's certificate or use its key.
    pub fn new(certificate: &'a Certificate, signer: &'a dyn Signer) -> Result<Self, IssueError> {
        let door = Door::of(signer, signer.public_key()).map_err(|e| encoding(&e))?;
        let issuer =
            Issuer::from_ca_cert_der(&certificate.der().into(), door).map_err(|e| encoding(&e))?;
        Ok(Self {
            certificate,
            issuer,
            tried: Cell::new(false),
        })
    }

    /// Makes a server or client certificate.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn leaf(&self, leaf: &Leaf<'_>) -> Result<Certificate, IssueError> {
        let order = leaf.order(self.certificate)?;
        order.check(&self.issuer.key().public_key)?;
        let certificate = order.issue_by(&self.issuer)?;
        if self.tried.get() {
            return Ok(certificate);
        }
        let certificate = verified(certificate, &self.issuer.key().public_key)?;
        self.tried.set(true);
        Ok(certificate)
    }
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
    /// Of an authority.
    pub(crate) scope: &'a Scope,
}

impl Order<'_> {
    fn issue(&self, signer: &dyn Signer) -> Result<Certificate, IssueError> {
        let signing_key = signer.public_key();
        self.check(&signing_key)?;
        if let Some(issuer) = self.issuer {
            let certificate = self.issue_by(&Issuing::new(issuer, signer)?.issuer)?;
            return verified(certificate, &signing_key);
        }
        let door = Door::of(signer, signing_key).map_err(|e| encoding(&e))?;
        let params = self.params().map_err(|e| encoding(&e))?;
        let made = params.self_signed(&door);
        let certificate = self.looked_over(&made.map_err(|e| door.refused(&e))?)?;
        verified(certificate, &door.public_key)
    }

    /// The signature is not verified.
    fn issue_by(&self, issuer: &Issuer<'_, Door<'_>>) -> Result<Certificate, IssueError> {
        let door = issuer.key();
        let holder = rcgen::SubjectPublicKeyInfo::from_der(self.public_key.der())
            .map_err(|e| encoding(&e))?;
        let params = self.params().map_err(|e| encoding(&e))?;
        let made = params.signed_by(&holder, issuer);
        self.looked_over(&made.map_err(|e| door.refused(&e))?)
    }

    fn check(&self, signing_key: &PublicKey) -> Result<(), IssueError> {
        refused(lint::problems(self, signing_key))
    }

    /// What was made, as a value, if it is what it has to be.
    fn looked_over(&self, made: &rcgen::Certificate) -> Result<Certificate, IssueError> {
        let certificate = Certificate::from_der(made.der()).map_err(|e| IssueError::Encoding {
            reason: e.to_string(),
        })?;
        let issuer = self.issuer.unwrap_or(&certificate);
        if certificate.issuer_der() != issuer.subject_der() {
            return Err(IssueError::IssuerName);
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
        if profile.authority.is_some() {
            params.extended_key_usages = self.scope.extended();
            params.name_constraints = self.scope.constraints();
        }
        params.key_identifier_method = KeyIdMethod::PreSpecified(self.public_key.key_id());
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }
}

fn refused(problems: Vec<Problem>) -> Result<(), IssueError> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(IssueError::Refused { problems })
    }
}

/// No limits.
static EVERYTHING: Scope = Scope {
    only: None,
    dns: Vec::new(),
    networks: Vec::new(),
};

fn verified(certificate: Certificate, key: &PublicKey) -> Result<Certificate, IssueError> {
    if certificate.is_signed_by(key) {
        Ok(certificate)
    } else {
        Err(IssueError::Signature)
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
    public_key: PublicKey,
    algorithm: &'static rcgen::SignatureAlgorithm,
    /// What the signer said, which does not fit through the library's own error.
    pub(crate) refusal: RefCell<Option<SignError>>,
}

impl<'a> Door<'a> {
    pub(crate) fn of(signer: &'a dyn Signer, public_key: PublicKey) -> Result<Self, rcgen::Error> {
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

    fn refused(&self, error: &rcgen::Error) -> IssueError {
        self.refusal
            .take()
            .map_or_else(|| encoding(error), IssueError::Sign)
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
