//! A certificate as a value: its bytes, and what they say. Whether it is any good is asked in `verify` and `inspect`.

mod extension;

use std::{fmt, sync::Arc};

use x509_parser::{certificate::X509Certificate, prelude::FromDer};

pub use self::extension::ExtendedKeyUsage;
pub(crate) use self::extension::{
    Constraint, Extensions, GeneralName, KeyUsage, NameConstraints, address, as_alt_name,
};
use crate::{
    dn::Name,
    fingerprint::Fingerprint,
    key::PublicKey,
    name::{AltName, Subject},
    pem,
    profile::Kind,
    serial::Serial,
    signature::Algorithm,
    time::Time,
    validity::Validity,
};

/// An X.509 certificate (RFC 5280). Equal if the bytes are. Cheap to clone.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

/// What has been read out of it.
pub(crate) struct Parts {
    der: Vec<u8>,
    /// What is signed.
    pub(crate) tbs: Vec<u8>,
    /// What is signed names the same algorithm as what signs it (RFC 5280 4.1.1.2).
    algorithms_agree: bool,
    pub(crate) algorithm: Algorithm,
    signature: Vec<u8>,
    /// 1 to 3, as people count.
    pub(crate) version: u32,
    serial: Serial,
    pub(crate) issuer: Name,
    pub(crate) subject: Name,
    validity: Validity,
    public_key: PublicKey,
    pub(crate) extensions: Extensions,
}

impl Certificate {
    /// Reads one certificate in DER.
    ///
    /// # Errors
    /// [`ParseError`] if the bytes are no certificate, or something follows it.
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        let malformed = |reason: String| ParseError::Malformed { what: WHAT, reason };
        let (rest, x509) = X509Certificate::from_der(der).map_err(|e| malformed(e.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} bytes follow it", rest.len())));
        }
        let tbs = &x509.tbs_certificate;
        let time = |t: x509_parser::time::ASN1Time| Time::from_unix(t.timestamp());
        Ok(Self(Arc::new(Parts {
            der: der.to_vec(),
            tbs: tbs.as_ref().to_vec(),
            algorithms_agree: tbs.signature == x509.signature_algorithm,
            algorithm: Algorithm::of(&x509.signature_algorithm),
            signature: x509.signature_value.data.to_vec(),
            version: tbs.version.0.saturating_add(1),
            serial: Serial::from_der_content(tbs.raw_serial()),
            issuer: Name::of(&tbs.issuer),
            subject: Name::of(&tbs.subject),
            validity: Validity::of(time(tbs.validity.not_before), time(tbs.validity.not_after)),
            public_key: PublicKey::from_der(tbs.subject_pki.raw)
                .map_err(|e| malformed(e.to_string()))?,
            extensions: Extensions::of(tbs.extensions()),
        })))
    }

    /// The first certificate in a PEM file.
    ///
    /// # Errors
    /// [`ParseError::Nothing`] if there is none.
    pub fn from_pem(file: &[u8]) -> Result<Self, ParseError> {
        Self::from_blocks(file)
            .next()
            .unwrap_or(Err(ParseError::Nothing { what: WHAT }))
    }

    /// All certificates in a PEM file, in order. Other PEM blocks and text between them are passed over.
    ///
    /// # Errors
    /// If one of the certificates, or any block, cannot be read. No certificate at all is no error.
    pub fn all_from_pem(file: &[u8]) -> Result<Vec<Self>, ParseError> {
        Self::from_blocks(file).collect()
    }

    /// The bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// PEM, lines of 64, `\n`.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, self.der()).to_string()
    }

    /// PEM with the authorities between it and its root after it, in their order: what a server or client certificate's
    /// file holds. With none it is [`to_pem`](Self::to_pem).
    #[must_use]
    pub fn to_pem_with(&self, chain: &[Self]) -> String {
        let mut file = self.to_pem();
        file.extend(chain.iter().map(Self::to_pem));
        file
    }

    /// The subject as OpenSSL writes it under RFC 2253, which is what PostgreSQL compares under `clientname=DN`:
    /// `CN=alice,OU=Eng,O=Acme`, letters beyond ASCII as `\C3\A9`.
    #[must_use]
    pub fn subject(&self) -> String {
        self.0.subject.rfc2253.clone()
    }

    /// The issuer, like [`Certificate::subject`].
    #[must_use]
    pub fn issuer(&self) -> String {
        self.0.issuer.rfc2253.clone()
    }

    /// The subject in the order in which it is encoded, as [`Subject`](crate::Subject)s are written:
    /// `C=FR,O=Loxodata,CN=tolva`. One that cannot be such a subject comes as [`Certificate::subject`] has it.
    #[must_use]
    pub fn ordered_subject(&self) -> String {
        Subject::of(&self.0.subject).map_or_else(|_| self.subject(), |subject| subject.to_string())
    }

    /// The subject's DER.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.0.subject.der
    }

    /// The issuer's DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.0.issuer.der
    }

    /// The first CN of the subject, which is the one that PostgreSQL and libpq take (`X509_NAME_get_text_by_NID`).
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        self.0.subject.common_name.clone()
    }

    /// The DNS names and addresses of the SAN, in order. Other forms, and names that no client could match, are left
    /// out.
    #[must_use]
    pub fn alt_names(&self) -> Vec<AltName> {
        self.0
            .extensions
            .alt_names()
            .iter()
            .filter_map(as_alt_name)
            .collect()
    }

    /// The serial number.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.0.serial.clone()
    }

    /// From when until when it holds.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.0.validity
    }

    /// The holder's public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.0.public_key.clone()
    }

    /// Whether basicConstraints says that it is an authority.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.0
            .extensions
            .basic_constraints
            .is_some_and(|(ca, _)| ca)
    }

    /// Whether it is signed with its own key: the names agree and the signature verifies.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued() && self.is_signed_by(&self.0.public_key)
    }

    /// Whether subject and issuer are one name, whoever signed it.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.0.subject.same(&self.0.issuer)
    }

    /// Whether its signature was made with this key.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.0.algorithms_agree
            && self
                .0
                .algorithm
                .verifies(key, &self.0.tbs, &self.0.signature)
    }

    /// Whether this authority has issued it: its name is the issuer's, byte for byte, and its key made the signature.
    #[must_use]
    pub fn is_issued_by(&self, authority: &Self) -> bool {
        self.issuer_der() == authority.subject_der() && self.is_signed_by(&authority.0.public_key)
    }

    /// Whether the digest under its signature is weaker than OpenSSL's security level 2 allows (112 bits): MD5, SHA-1.
    #[must_use]
    pub fn has_weak_signature(&self) -> bool {
        self.0.algorithm.security_bits() < 112
    }

    /// What it is, as far as it can be told: an authority from basicConstraints (a root if self-issued); a client if
    /// the extended key usage allows clientAuth and not serverAuth, else a server.
    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.is_authority() {
            return if self.is_self_issued() {
                Kind::Root
            } else {
                Kind::Intermediate
            };
        }
        match self.extended_key_usage() {
            Some(usages)
                if usages.contains(&ExtendedKeyUsage::ClientAuth)
                    && !usages.contains(&ExtendedKeyUsage::ServerAuth) =>
            {
                Kind::Client
            }
            _ => Kind::Server,
        }
    }

    /// What the extended key usage allows; `None` if the certificate has none, which allows everything.
    #[must_use]
    pub fn extended_key_usage(&self) -> Option<Vec<ExtendedKeyUsage>> {
        self.0.extensions.extended_key_usage.clone()
    }

    /// Whether it may sign certificates: an authority, and keyUsage, if present, has keyCertSign.
    #[must_use]
    pub fn can_sign_certificates(&self) -> bool {
        self.is_authority() && self.0.extensions.allows(KeyUsage::CERT_SIGN)
    }

    /// Whether it may sign revocation lists: keyUsage, if present, has cRLSign. An authority without it locks all of
    /// its clients out once a list is asked for.
    #[must_use]
    pub fn can_sign_crls(&self) -> bool {
        self.0.extensions.allows(KeyUsage::CRL_SIGN)
    }

    /// How many authorities may stand between this one and a leaf; `None` is no limit.
    #[must_use]
    pub fn path_length(&self) -> Option<u32> {
        self.0
            .extensions
            .basic_constraints
            .and_then(|(_, length)| length)
    }

    /// The subject key identifier.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_id.as_deref()
    }

    /// The authority key identifier (its keyIdentifier).
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.0
            .extensions
            .authority_key_id
            .as_ref()
            .and_then(|id| id.key.as_deref())
    }

    /// SHA-256 of the DER.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.der())
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    fn from_blocks(file: &[u8]) -> impl Iterator<Item = Result<Self, ParseError>> + '_ {
        pem::read_each(file, WHAT, is_label, Self::from_der)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Certificate({} {}, by {})",
            self.0.serial, self.0.subject.readable, self.0.issuer.readable
        )
    }
}

/// Bytes that are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is nothing of the kind in the file.
    #[error("no {what} found")]
    Nothing {
        /// What was looked for: `certificate`, `certificate request`, `revocation list`.
        what: &'static str,
    },
    /// There is one, and it cannot be read.
    #[error("not a {what}: {reason}")]
    Malformed {
        /// What was looked for.
        what: &'static str,
        /// Where it went wrong.
        reason: String,
    },
}

pub(crate) fn is_label(label: &str) -> bool {
    matches!(label, LABEL | "X509 CERTIFICATE")
}

const WHAT: &str = "certificate";
const LABEL: &str = "CERTIFICATE";

#[cfg(test)]
mod tests {
    use super::{Certificate, ParseError};
    use crate::fixture::{Authority, names};

    #[test]
    fn files_with_several() {
        let root = Authority::root("trustly");
        let leaf = root.server("tolva", &["tolva"]);
        let file = [
            b"# caf\xe9\n",
            leaf.to_pem().as_bytes(),
            b"-----BEGIN X509 CRL-----\nAQID\n-----END X509 CRL-----\n",
            root.certificate.to_pem().replace('\n', "\r\n").as_bytes(),
        ]
        .concat();
        assert_eq!(
            Certificate::all_from_pem(&file),
            Ok(vec![leaf.clone(), root.certificate])
        );
        assert_eq!(Certificate::from_pem(&file), Ok(leaf.clone()));
        assert_eq!(Certificate::all_from_pem(b"nothing"), Ok(vec![]));
        assert_eq!(
            Certificate::from_pem(b""),
            Err(ParseError::Nothing {
                what: "certificate"
            })
        );
        // One that is broken makes the file useless, as it does for OpenSSL.
        let cut = &file[..file.len() - 30];
        insta::assert_snapshot!(Certificate::all_from_pem(cut).unwrap_err(), @"not a certificate: CERTIFICATE: it does not end");
        insta::assert_snapshot!(Certificate::from_der(&[leaf.der(), &[0]].concat()).unwrap_err(), @"not a certificate: 1 bytes follow it");
    }

    #[test]
    fn names_that_no_client_could_match_are_left_out() {
        let odd = Authority::root("trustly").odd("x", |p| {
            p.subject_alt_names = vec![
                rcgen::SanType::DnsName("a b".try_into().unwrap()),
                rcgen::SanType::Rfc822Name("x@example.org".try_into().unwrap()),
                rcgen::SanType::DnsName("*.example.org".try_into().unwrap()),
                rcgen::SanType::IpAddress("::1".parse().unwrap()),
            ];
        });
        assert_eq!(odd.alt_names(), names(&["*.example.org", "::1"]));
    }

    #[test]
    fn debug_is_short() {
        let root = Authority::root("trustly");
        insta::assert_snapshot!(format!("{:?}", root.client("slardiere")), @"Certificate(3000 CN=slardiere, by CN=trustly,O=Loxodata)");
    }
}
