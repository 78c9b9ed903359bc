//! Certificate requests (PKCS#10, RFC 2986): made where the key is, read where it is signed. Only key and names are
//! taken from one; the profile of the kind decides the rest.

use std::fmt;

use rcgen::CertificateParams;
use x509_parser::{
    certification_request::X509CertificationRequest, cri_attributes::ParsedCriAttribute,
    prelude::FromDer,
};

use crate::{
    certificate::{ExtendedKeyUsage, Extensions, KeyUsage, ParseError, as_alt_name},
    dn::Name,
    fingerprint::Fingerprint,
    issue::{Door, alt_names},
    key::{PrivateKey, PublicKey},
    name::{AltName, NameError, Subject},
    pem,
    profile::Kind,
    signature::Algorithm,
    signer::SignError,
};

/// A certificate request whose holder has proven to have the key. Equal if the bytes are.
#[derive(Clone)]
pub struct SigningRequest {
    der: Vec<u8>,
    pub(crate) subject: Name,
    public_key: PublicKey,
    pub(crate) algorithm: Algorithm,
    pub(crate) extensions: Extensions,
    /// Attributes other than the extension request, in words.
    attributes: Vec<String>,
}

impl SigningRequest {
    /// Makes one. It asks for the usages that a certificate of this kind is given.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn create(
        kind: Kind,
        key: &PrivateKey,
        subject: &Subject,
        names: &[AltName],
    ) -> Result<Self, RequestError> {
        let encoding = |e: rcgen::Error| RequestError::Encoding {
            reason: e.to_string(),
        };
        let profile = kind.profile();
        let mut params = CertificateParams::default();
        params.distinguished_name = subject.to_rcgen().map_err(encoding)?;
        params.subject_alt_names = alt_names(names).map_err(encoding)?;
        params.key_usages = profile.key_usages.to_vec();
        params.extended_key_usages = profile.extended.to_vec();
        let door = Door::of(key, key.public_key()).map_err(encoding)?;
        let made = params.serialize_request(&door).map_err(|e| {
            door.refusal
                .take()
                .map_or_else(|| encoding(e), RequestError::Sign)
        })?;
        Self::from_der(made.der())
    }

    /// Reads one in DER and checks its signature, which proves possession of the key.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        let malformed = |reason: String| ParseError::Malformed { what: WHAT, reason };
        let (rest, request) =
            X509CertificationRequest::from_der(der).map_err(|e| malformed(e.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} bytes follow it", rest.len())).into());
        }
        let info = &request.certification_request_info;
        let public_key =
            PublicKey::from_der(info.subject_pki.raw).map_err(|e| malformed(e.to_string()))?;
        let algorithm = Algorithm::of(&request.signature_algorithm);
        if !algorithm.verifies(&public_key, info.raw, &request.signature_value.data) {
            return Err(RequestError::NoProofOfPossession);
        }
        let mut extensions = Extensions::default();
        let mut attributes = Vec::new();
        for attribute in info.iter_attributes() {
            match attribute.parsed_attribute() {
                ParsedCriAttribute::ExtensionRequest(asked) => {
                    extensions = Extensions::of(&asked.extensions);
                }
                ParsedCriAttribute::ChallengePassword(_) => {
                    attributes.push("a challenge password".to_owned());
                }
                ParsedCriAttribute::UnsupportedAttribute => {
                    attributes.push(format!("the attribute {}", attribute.oid.to_id_string()));
                }
            }
        }
        Ok(Self {
            der: der.to_vec(),
            subject: Name::of(&info.subject),
            public_key,
            algorithm,
            extensions,
            attributes,
        })
    }

    /// The first one in a PEM file (`CERTIFICATE REQUEST` or `NEW CERTIFICATE REQUEST`).
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn from_pem(file: &[u8]) -> Result<Self, RequestError> {
        pem::read_each(file, WHAT, is_label, Self::from_der)
            .next()
            .unwrap_or_else(|| Err(ParseError::Nothing { what: WHAT }.into()))
    }

    /// The bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// PEM.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.der).to_string()
    }

    /// The requester's public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.public_key.clone()
    }

    /// The first CN that it asks for.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        self.subject.common_name.clone()
    }

    /// The subject that it asks for, as OpenSSL writes it under RFC 2253.
    #[must_use]
    pub fn subject(&self) -> String {
        self.subject.rfc2253.clone()
    }

    /// The subject that a certificate for it can be given: the attributes that it asks for, in their order. Where one of
    /// them cannot be (it is given twice, joined by `+`, not known here, malformed), the common name alone: half of a
    /// name would be one that nobody asked for. [`SigningRequest::extras`] names the rest.
    ///
    /// # Errors
    /// [`NameError`] where the common name itself cannot be: too long, empty, or no text.
    pub fn wanted_subject(&self) -> Result<Subject, NameError> {
        Subject::of(&self.subject).or_else(|_| Subject::common_name_of(&self.subject))
    }

    /// The host names and addresses that it asks for.
    #[must_use]
    pub fn alt_names(&self) -> Vec<AltName> {
        self.extensions
            .alt_names()
            .iter()
            .filter_map(as_alt_name)
            .collect()
    }

    /// The kind that its extended key usage asks for; `None` if it asks for neither, or for both.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        let usages = self
            .extensions
            .extended_key_usage
            .as_deref()
            .unwrap_or_default();
        match (
            usages.contains(&ExtendedKeyUsage::ServerAuth),
            usages.contains(&ExtendedKeyUsage::ClientAuth),
        ) {
            (true, false) => Some(Kind::Server),
            (false, true) => Some(Kind::Client),
            _ => None,
        }
    }

    /// What else it asks for and does not get, in words: a request gives key and names, the profile decides the rest.
    /// `kind` is what it is taken for, where that is decided.
    #[must_use]
    pub fn extras(&self, kind: Option<Kind>) -> Vec<String> {
        let asked = &self.extensions;
        let mut extras = self.attributes.clone();
        if self.subject.common_names > 1 {
            extras.push(format!(
                "{} common names, of which the first is taken",
                self.subject.common_names
            ));
        }
        if let Err(why) = Subject::of(&self.subject) {
            extras.push(format!(
                "the subject {}, of which the common name alone is taken: {why}",
                self.subject.readable
            ));
        }
        let authority = matches!(kind, Some(Kind::Root | Kind::Intermediate));
        if !authority && asked.basic_constraints.is_some_and(|(ca, _)| ca) {
            extras.push("to be an authority".to_owned());
        }
        if let Some(KeyUsage(bits)) = asked.key_usage {
            let given = if authority {
                KeyUsage::CERT_SIGN.or(KeyUsage::CRL_SIGN)
            } else {
                KeyUsage::DIGITAL_SIGNATURE
            };
            let more = KeyUsage(bits & !given.0);
            if more.0 != 0 {
                extras.push(format!("the key usage {}", more.describe()));
            }
        }
        for usage in asked.extended_key_usage.iter().flatten() {
            let given = match usage {
                ExtendedKeyUsage::ServerAuth => kind.is_none_or(|k| k == Kind::Server),
                ExtendedKeyUsage::ClientAuth => kind.is_none_or(|k| k == Kind::Client),
                _ => false,
            };
            if !given {
                extras.push(format!("the extended key usage {usage}"));
            }
        }
        for name in asked.alt_names() {
            if as_alt_name(name).is_none() {
                extras.push(format!("the name {}", name.describe()));
            }
        }
        extras.extend(
            asked
                .name_constraints
                .iter()
                .map(|_| "name constraints".to_owned()),
        );
        extras.extend(
            asked
                .others
                .iter()
                .map(|oid| format!("the extension {oid}")),
        );
        extras.extend(
            asked
                .malformed
                .iter()
                .map(|oid| format!("the extension {oid}, which cannot be read")),
        );
        extras
    }

    /// SHA-256 of the DER.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }
}

impl PartialEq for SigningRequest {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for SigningRequest {}

impl fmt::Debug for SigningRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningRequest({})", self.subject.readable)
    }
}

/// Why there is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The bytes are no request.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The signature does not verify: whoever made it does not have the key. Also where the algorithm is not known.
    #[error("the request is not signed with the key that it carries")]
    NoProofOfPossession,
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The library refused.
    #[error("the request cannot be encoded: {reason}")]
    Encoding {
        /// Its words.
        reason: String,
    },
}

pub(crate) fn is_label(label: &str) -> bool {
    matches!(label, LABEL | "NEW CERTIFICATE REQUEST")
}

const WHAT: &str = "certificate request";
const LABEL: &str = "CERTIFICATE REQUEST";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};

    use super::{RequestError, SigningRequest};
    use crate::{
        algorithm::KeyType,
        certificate::ParseError,
        fixture::{leaf_key, names},
        key::PrivateKey,
        name::Subject,
        profile::Kind,
    };

    #[test]
    fn asks_for_what_the_kind_is_given() {
        for (kind, alt_names) in [
            (Kind::Server, names(&["tolva", "::1"])),
            (Kind::Client, vec![]),
        ] {
            let subject: Subject = "O=Loxodata,CN=tolva".parse().unwrap();
            let made = SigningRequest::create(kind, leaf_key(), &subject, &alt_names).unwrap();
            let read = SigningRequest::from_pem(made.to_pem().as_bytes()).unwrap();
            assert_eq!(read, made);
            assert_eq!((read.kind(), read.alt_names()), (Some(kind), alt_names));
            assert_eq!(
                (read.subject(), read.common_name().as_deref()),
                ("CN=tolva,O=Loxodata".to_owned(), Some("tolva"))
            );
            assert_eq!(read.public_key(), leaf_key().public_key());
            assert_eq!(read.extras(Some(kind)), [""; 0]);
        }
    }

    #[test]
    fn every_key_type_proves_possession() {
        let made = KeyType::ALL.map(|t| PrivateKey::generate(t).unwrap());
        let p521 =
            PrivateKey::from_pem(include_bytes!("key/testdata/pkcs8-p521.pem"), None).unwrap();
        for key in made.iter().chain([&p521]) {
            let request =
                SigningRequest::create(Kind::Client, key, &Subject::empty(), &[]).unwrap();
            assert_eq!(request.public_key(), key.public_key());
        }
    }

    #[test]
    fn somebody_elses_key_is_refused() {
        let subject = Subject::empty().with_common_name("slardiere");
        let request = SigningRequest::create(Kind::Client, leaf_key(), &subject, &[]).unwrap();
        let mut der = request.der().to_vec();
        let at = der.windows(9).position(|w| w == b"slardiere").unwrap();
        der[at] ^= 1;
        assert_eq!(
            SigningRequest::from_der(&der).unwrap_err(),
            RequestError::NoProofOfPossession
        );
        let other = PrivateKey::generate(KeyType::P256).unwrap().public_key();
        let mut der = request.der().to_vec();
        let ours = leaf_key().public_key();
        let at = der
            .windows(ours.der().len())
            .position(|w| w == ours.der())
            .unwrap();
        der[at..at + other.der().len()].copy_from_slice(other.der());
        assert_eq!(
            SigningRequest::from_der(&der).unwrap_err(),
            RequestError::NoProofOfPossession
        );
    }

    #[test]
    fn what_it_asks_for_beyond_key_and_names() {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyCertSign,
        ];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::CodeSigning,
        ];
        params.subject_alt_names = vec![
            SanType::DnsName("tolva".try_into().unwrap()),
            SanType::Rfc822Name("x@example.org".try_into().unwrap()),
        ];
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0])];
        let request = params
            .serialize_request(&KeyPair::generate().unwrap())
            .unwrap();
        let request = SigningRequest::from_der(request.der()).unwrap();
        assert_eq!(
            (request.kind(), request.alt_names()),
            (None, names(&["tolva"]))
        );
        insta::assert_snapshot!(request.extras(None).join("\n"), @r"
        to be an authority
        the key usage keyCertSign
        the extended key usage codeSigning
        the name email:x@example.org
        the extension 1.2.3
        ");
    }

    #[test]
    fn no_request() {
        let nothing = RequestError::Parse(ParseError::Nothing {
            what: "certificate request",
        });
        assert_eq!(SigningRequest::from_pem(b"").unwrap_err(), nothing);
        insta::assert_snapshot!(nothing, @"no certificate request found");
    }

    proptest! {
        #[test]
        fn a_changed_byte_changes_nothing_or_is_refused(at in any::<prop::sample::Index>(), to in any::<u8>()) {
            static REQUEST: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
            let request = REQUEST.get_or_init(|| {
                let subject = Subject::empty().with_common_name("x");
                let names = names(&["tolva", "10.0.0.1"]);
                SigningRequest::create(Kind::Server, leaf_key(), &subject, &names).unwrap().der().to_vec()
            });
            let mut der = request.clone();
            let at = at.index(der.len());
            prop_assume!(der[at] != to);
            der[at] = to;
            // The algorithm identifier beside the signature is not signed itself.
            if let Ok(changed) = SigningRequest::from_der(&der) {
                let request = SigningRequest::from_der(request).unwrap();
                prop_assert_eq!(changed.public_key(), request.public_key());
                prop_assert_eq!((changed.subject(), changed.alt_names()), (request.subject(), request.alt_names()));
                prop_assert_eq!((changed.kind(), changed.extras(None)), (request.kind(), request.extras(None)));
            }
        }
    }

    #[test]
    fn the_subject_comes_back_in_its_order() {
        for text in [
            "C=FR,ST=BZH,L=Nantes,O=Loxodata,CN=tolva",
            r"CN=tolva,O=Loxo\, data\+,L=Saint-Herblain é,emailAddress=dba@example.org",
            "CN=tolva",
        ] {
            let subject = text.parse().unwrap();
            let request = SigningRequest::create(Kind::Client, leaf_key(), &subject, &[]).unwrap();
            assert_eq!(request.wanted_subject().unwrap().to_string(), text);
        }
    }

    #[test]
    fn of_a_subject_that_cannot_be_given_the_common_name_is_taken() {
        use rcgen::{DistinguishedName, DnType, DnValue};
        let asks = |change: &dyn Fn(&mut DistinguishedName)| {
            let mut params = rcgen::CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            change(&mut params.distinguished_name);
            let key = KeyPair::generate().unwrap();
            SigningRequest::from_der(params.serialize_request(&key).unwrap().der()).unwrap()
        };
        // What keytool makes of questions that nobody answered, and an attribute that is not known here.
        for oid in [&[2, 5, 4, 6][..], &[2, 5, 4, 12]] {
            let odd = asks(&|name| {
                name.push(DnType::CommonName, "tolva");
                name.push(
                    DnType::from_oid(oid),
                    DnValue::Utf8String("Unknown".to_owned()),
                );
            });
            assert_eq!(odd.wanted_subject().unwrap().to_string(), "CN=tolva");
            assert_eq!(odd.extras(None).len(), 1);
        }
        let long = asks(&|name| name.push(DnType::CommonName, "x".repeat(65)));
        assert!(long.wanted_subject().is_err());
        let none = asks(&|name| name.push(DnType::CountryName, "Unknown"));
        assert_eq!(none.wanted_subject().unwrap(), Subject::empty());
    }

    #[test]
    fn what_it_is_taken_for_decides_what_is_too_much() {
        let subject = Subject::empty().with_common_name("slardiere");
        let request = SigningRequest::create(Kind::Client, leaf_key(), &subject, &[]).unwrap();
        assert!(request.extras(None).is_empty());
        assert!(request.extras(Some(Kind::Client)).is_empty());
        assert_eq!(
            request.extras(Some(Kind::Server)),
            ["the extended key usage clientAuth"]
        );
    }
}
