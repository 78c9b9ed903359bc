//! The extensions that somebody in this crate asks for, and which others there are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use x509_parser::extensions::{self as x509, ParsedExtension, X509Extension};

use crate::{
    dn::Name,
    name::{AltName, DnsName},
    serial::Serial,
};

/// What a certificate's (or a request's, or a revocation list's) extensions say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions {
    /// Whether it is an authority, and pathLenConstraint.
    pub(crate) basic_constraints: Option<(bool, Option<u32>)>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) extended_key_usage: Option<Vec<ExtendedKeyUsage>>,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key_id: Option<AuthorityKeyId>,
    pub(crate) alt_names: Option<Vec<GeneralName>>,
    pub(crate) name_constraints: Option<NameConstraints>,
    pub(crate) crl_number: Option<Serial>,
    /// Netscape's old certificate type: client, server, authority.
    pub(crate) netscape_type: Option<(bool, bool, bool)>,
    /// Object identifiers of those that are none of the above.
    pub(crate) others: Vec<String>,
    /// Those of them that are critical and not known to OpenSSL (v3_purp.c `X509_supported_extension`).
    pub(crate) unhandled_critical: Vec<String>,
    /// Those that cannot be read, or stand twice.
    pub(crate) malformed: Vec<String>,
}

impl Extensions {
    pub(crate) fn of(list: &[X509Extension<'_>]) -> Self {
        let mut all = Self::default();
        for (i, extension) in list.iter().enumerate() {
            let oid = extension.oid.to_id_string();
            if list[..i].iter().any(|earlier| earlier.oid == extension.oid) {
                all.malformed.push(oid);
                continue;
            }
            match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(bc) => {
                    all.basic_constraints = Some((bc.ca, bc.path_len_constraint));
                }
                ParsedExtension::KeyUsage(usage) => all.key_usage = Some(KeyUsage(usage.flags)),
                ParsedExtension::ExtendedKeyUsage(usage) => {
                    all.extended_key_usage = Some(ExtendedKeyUsage::all(usage));
                }
                ParsedExtension::SubjectKeyIdentifier(id) => {
                    all.subject_key_id = Some(id.0.to_vec());
                }
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    all.authority_key_id = Some(AuthorityKeyId::of(id));
                }
                ParsedExtension::SubjectAlternativeName(names) => {
                    all.alt_names = Some(names.general_names.iter().map(GeneralName::of).collect());
                }
                ParsedExtension::NameConstraints(constraints) => {
                    all.name_constraints = Some(NameConstraints::of(constraints));
                }
                ParsedExtension::CRLNumber(number) => {
                    all.crl_number = Some(Serial::from_der_content(&number.to_bytes_be()));
                }
                ParsedExtension::NSCertType(t) => {
                    all.netscape_type = Some((t.ssl_client(), t.ssl_server(), t.ssl_ca()));
                }
                ParsedExtension::ParseError { .. } => all.malformed.push(oid),
                _ => {
                    if extension.critical && !HANDLED.contains(&oid.as_str()) {
                        all.unhandled_critical.push(oid.clone());
                    }
                    all.others.push(oid);
                }
            }
        }
        all
    }

    pub(crate) fn alt_names(&self) -> &[GeneralName] {
        self.alt_names.as_deref().unwrap_or_default()
    }

    /// Whether keyUsage, if present, has one of these bits (OpenSSL's `ku_reject`, turned round).
    pub(crate) fn allows(&self, bits: KeyUsage) -> bool {
        self.key_usage.is_none_or(|usage| usage.0 & bits.0 != 0)
    }
}

/// The bits of keyUsage (RFC 5280 4.2.1.3), bit 0 the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUsage(pub(crate) u16);

impl KeyUsage {
    pub(crate) const DIGITAL_SIGNATURE: Self = Self(1);
    pub(crate) const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    pub(crate) const KEY_AGREEMENT: Self = Self(1 << 4);
    pub(crate) const CERT_SIGN: Self = Self(1 << 5);
    pub(crate) const CRL_SIGN: Self = Self(1 << 6);

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// `digitalSignature, keyCertSign`
    pub(crate) fn describe(self) -> String {
        const NAMES: [&str; 9] = [
            "digitalSignature",
            "nonRepudiation",
            "keyEncipherment",
            "dataEncipherment",
            "keyAgreement",
            "keyCertSign",
            "cRLSign",
            "encipherOnly",
            "decipherOnly",
        ];
        let set = NAMES
            .into_iter()
            .enumerate()
            .filter(|(i, _)| self.0 >> i & 1 == 1);
        set.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
    }
}

/// One purpose of an extended key usage extension.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtendedKeyUsage {
    /// TLS server.
    ServerAuth,
    /// TLS client.
    ClientAuth,
    /// anyExtendedKeyUsage. OpenSSL does not take it for a TLS purpose.
    Any,
    /// Another one, by its usual name or else its object identifier.
    Other(String),
}

impl ExtendedKeyUsage {
    fn all(usage: &x509::ExtendedKeyUsage<'_>) -> Vec<Self> {
        let named = |set: bool, name: &str| set.then(|| Self::Other(name.to_owned()));
        [
            usage.server_auth.then_some(Self::ServerAuth),
            usage.client_auth.then_some(Self::ClientAuth),
            usage.any.then_some(Self::Any),
            named(usage.code_signing, "codeSigning"),
            named(usage.email_protection, "emailProtection"),
            named(usage.time_stamping, "timeStamping"),
            named(usage.ocsp_signing, "OCSPSigning"),
        ]
        .into_iter()
        .flatten()
        .chain(
            usage
                .other
                .iter()
                .map(|oid| Self::Other(oid.to_id_string())),
        )
        .collect()
    }
}

impl std::fmt::Display for ExtendedKeyUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ServerAuth => "serverAuth",
            Self::ClientAuth => "clientAuth",
            Self::Any => "anyExtendedKeyUsage",
            Self::Other(name) => name,
        })
    }
}

/// RFC 5280 4.2.1.1.
#[derive(Clone, Debug)]
pub(crate) struct AuthorityKeyId {
    pub(crate) key: Option<Vec<u8>>,
    /// The directory name under authorityCertIssuer.
    pub(crate) issuer: Option<Name>,
    pub(crate) serial: Option<Serial>,
}

impl AuthorityKeyId {
    fn of(id: &x509::AuthorityKeyIdentifier<'_>) -> Self {
        let issuer = id
            .authority_cert_issuer
            .iter()
            .flatten()
            .find_map(|name| match name {
                x509::GeneralName::DirectoryName(name) => Some(Name::of(name)),
                _ => None,
            });
        Self {
            key: id.key_identifier.as_ref().map(|key| key.0.to_vec()),
            issuer,
            serial: id.authority_cert_serial.map(Serial::from_der_content),
        }
    }
}

/// A name in a SAN, as it stands there.
#[derive(Clone, Debug)]
pub(crate) enum GeneralName {
    Dns(String),
    Ip(Vec<u8>),
    Email(String),
    Uri(String),
    Directory(Box<Name>),
    /// Another form, by the name that RFC 5280 4.2.1.6 gives it.
    Other(&'static str),
}

impl GeneralName {
    fn of(name: &x509::GeneralName<'_>) -> Self {
        match name {
            x509::GeneralName::DNSName(name) => Self::Dns((*name).to_owned()),
            x509::GeneralName::IPAddress(bytes) => Self::Ip(bytes.to_vec()),
            x509::GeneralName::RFC822Name(name) => Self::Email((*name).to_owned()),
            x509::GeneralName::URI(uri) => Self::Uri((*uri).to_owned()),
            x509::GeneralName::DirectoryName(name) => Self::Directory(Box::new(Name::of(name))),
            x509::GeneralName::OtherName(..) => Self::Other("otherName"),
            x509::GeneralName::X400Address(_) => Self::Other("x400Address"),
            x509::GeneralName::EDIPartyName(_) => Self::Other("ediPartyName"),
            x509::GeneralName::RegisteredID(_) => Self::Other("registeredID"),
            x509::GeneralName::Invalid(..) => Self::Other("malformed name"),
        }
    }

    /// For people: `dns:tolva`, `ip:::1`, `email:…`, with control characters escaped.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Dns(name) => format!("dns:{}", name.escape_debug()),
            Self::Ip(bytes) => match address(bytes) {
                Some(address) => format!("ip:{address}"),
                None => format!("ip: of {} bytes", bytes.len()),
            },
            Self::Email(name) => format!("email:{}", name.escape_debug()),
            Self::Uri(uri) => format!("uri:{}", uri.escape_debug()),
            Self::Directory(name) => format!("dn:{}", name.readable),
            Self::Other(form) => (*form).to_owned(),
        }
    }
}

/// The name as one that can be asked for; `None` for other forms, and for names that no client could match.
pub(crate) fn as_alt_name(name: &GeneralName) -> Option<AltName> {
    match name {
        GeneralName::Dns(name) => DnsName::parse(name).ok().map(AltName::Dns),
        GeneralName::Ip(bytes) => address(bytes).map(AltName::Ip),
        _ => None,
    }
}

/// RFC 5280 4.2.1.10.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameConstraints {
    pub(crate) permitted: Vec<Constraint>,
    pub(crate) excluded: Vec<Constraint>,
}

#[derive(Clone, Debug)]
pub(crate) enum Constraint {
    Dns(String),
    /// Address and mask, one after the other.
    Ip(Vec<u8>),
    Email(String),
    Uri(String),
    Directory(Box<Name>),
    Other,
}

impl NameConstraints {
    fn of(constraints: &x509::NameConstraints<'_>) -> Self {
        let list = |subtrees: &Option<Vec<x509::GeneralSubtree<'_>>>| {
            subtrees
                .iter()
                .flatten()
                .map(|subtree| Constraint::of(&subtree.base))
                .collect()
        };
        Self {
            permitted: list(&constraints.permitted_subtrees),
            excluded: list(&constraints.excluded_subtrees),
        }
    }
}

impl Constraint {
    fn of(base: &x509::GeneralName<'_>) -> Self {
        match GeneralName::of(base) {
            GeneralName::Dns(name) => Self::Dns(name),
            GeneralName::Ip(bytes) => Self::Ip(bytes),
            GeneralName::Email(name) => Self::Email(name),
            GeneralName::Uri(uri) => Self::Uri(uri),
            GeneralName::Directory(name) => Self::Directory(name),
            GeneralName::Other(_) => Self::Other,
        }
    }

    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Dns(name) => format!("dns:{}", name.escape_debug()),
            Self::Ip(bytes) => match bytes.split_at(bytes.len() / 2) {
                (network, mask) if network.len() == mask.len() && address(network).is_some() => {
                    let bits: u32 = mask.iter().map(|b| b.count_ones()).sum();
                    format!(
                        "ip:{}/{bits}",
                        address(network).map(|a| a.to_string()).unwrap_or_default()
                    )
                }
                _ => "ip: malformed".to_owned(),
            },
            Self::Email(name) => format!("email:{}", name.escape_debug()),
            Self::Uri(uri) => format!("uri:{}", uri.escape_debug()),
            Self::Directory(name) => format!("dn:{}", name.readable),
            Self::Other => "another form of name".to_owned(),
        }
    }
}

pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).into());
    }
    <[u8; 16]>::try_from(bytes)
        .ok()
        .map(|sixteen| Ipv6Addr::from(sixteen).into())
}

/// Known to OpenSSL without being looked at by name above: policies, distribution points, policy constraints and
/// mappings, inhibitAnyPolicy, address blocks and AS numbers, proxy information, OCSP no check.
const HANDLED: [&str; 11] = [
    "2.5.29.32",
    "2.5.29.31",
    "2.5.29.36",
    "2.5.29.33",
    "2.5.29.54",
    "2.5.29.28",
    "1.3.6.1.5.5.7.1.7",
    "1.3.6.1.5.5.7.1.8",
    "1.3.6.1.5.5.7.1.14",
    "1.3.6.1.5.5.7.48.1.5",
    "2.16.840.1.113730.1.1",
];
