//! Distinguished names as they stand in certificates, put into text and compared as OpenSSL does both. Names to be put
//! into certificates are [`Subject`](crate::Subject)s.

use std::fmt::Write as _;

use x509_parser::{
    asn1_rs::{Any, Tag, ToDer},
    x509::{AttributeTypeAndValue, X509Name},
};

/// Everything that is asked of a name later, taken from the parsed form at once.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) der: Vec<u8>,
    /// As OpenSSL writes it with `XN_FLAG_RFC2253`, which PostgreSQL compares under `clientname=DN` and logs.
    pub(crate) rfc2253: String,
    /// The same for people: letters beyond ASCII stay letters.
    pub(crate) readable: String,
    /// The first CN (`X509_NAME_get_text_by_NID`).
    pub(crate) common_name: Option<String>,
    /// How many CNs there are.
    pub(crate) common_names: usize,
    /// Object identifier and text of each attribute, one list an RDN, in the order encoded.
    pub(crate) rdns: Vec<Vec<(String, Option<String>)>>,
    canonical: Vec<Vec<(String, Vec<u8>)>>,
}

impl Name {
    pub(crate) fn of(name: &X509Name<'_>) -> Self {
        let common_names: Vec<_> = name.iter_common_name().collect();
        let canonical = name
            .iter_rdn()
            .map(|rdn| {
                let mut set: Vec<_> = rdn
                    .iter()
                    .map(|a| (a.attr_type().to_id_string(), canonical(a)))
                    .collect();
                set.sort();
                set
            })
            .collect();
        let rdns = name
            .iter_rdn()
            .map(|rdn| {
                rdn.iter()
                    .map(|a| (a.attr_type().to_id_string(), decoded(a.attr_value())))
                    .collect()
            })
            .collect();
        Self {
            der: name.as_raw().to_vec(),
            rdns,
            rfc2253: text(name, Letters::Escaped),
            readable: text(name, Letters::Kept),
            common_name: common_names.first().and_then(|a| decoded(a.attr_value())),
            common_names: common_names.len(),
            canonical,
        }
    }

    /// Whether OpenSSL takes the two for one name (`X509_NAME_cmp`): ASCII case and the amount of white space do not
    /// count, nor does the string type.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }

    /// Whether this name begins with all of the other one (name constraints, v3_ncons.c `nc_dn`).
    pub(crate) fn lies_under(&self, base: &Self) -> bool {
        self.canonical.starts_with(&base.canonical)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.canonical.is_empty()
    }
}

/// One attribute as [`Name::readable`] has it.
pub(crate) fn readable(oid: &str, value: &str) -> String {
    let key = short_name(oid).unwrap_or(oid);
    format!("{key}={}", escaped(value, Letters::Kept))
}

#[derive(Clone, Copy)]
enum Letters {
    Escaped,
    Kept,
}

fn text(name: &X509Name<'_>, letters: Letters) -> String {
    let mut rdns: Vec<String> = name
        .iter_rdn()
        .map(|rdn| {
            rdn.iter()
                .map(|a| attribute(a, letters))
                .collect::<Vec<_>>()
                .join("+")
        })
        .collect();
    rdns.reverse();
    rdns.join(",")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>, letters: Letters) -> String {
    let oid = attribute.attr_type().to_id_string();
    match (short_name(&oid), decoded(attribute.attr_value())) {
        (Some(key), Some(value)) => format!("{key}={}", escaped(&value, letters)),
        // XN_FLAG_DUMP_UNKNOWN_FIELDS, ASN1_STRFLGS_DUMP_DER
        (key, _) => {
            let mut out = format!("{}=#", key.unwrap_or(&oid));
            for byte in attribute.attr_value().to_der_vec().unwrap_or_default() {
                let _ = write!(out, "{byte:02X}");
            }
            out
        }
    }
}

/// RFC 2253 section 2.4 with OpenSSL's `ASN1_STRFLGS_ESC_CTRL` and, if asked for, `ASN1_STRFLGS_ESC_MSB`.
fn escaped(value: &str, letters: Letters) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::new();
    for (i, c) in value.chars().enumerate() {
        let hex = match letters {
            Letters::Escaped => c.is_ascii_control() || !c.is_ascii(),
            Letters::Kept => c.is_control() || is_invisible(c),
        };
        match c {
            _ if hex => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(out, "\\{byte:02X}");
                }
            }
            ' ' if i == 0 || i == last => out.push_str("\\ "),
            '#' if i == 0 => out.push_str("\\#"),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Characters that change how the text around them looks: a terminal must not be fooled by a name.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The text of a string type; `None` for other types and broken encodings.
fn decoded(value: &Any<'_>) -> Option<String> {
    let data = value.data;
    match value.tag() {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::NumericString
        | Tag::VisibleString => std::str::from_utf8(data).ok().map(str::to_owned),
        // OpenSSL takes T.61 for Latin-1.
        Tag::T61String => Some(data.iter().map(|b| char::from(*b)).collect()),
        Tag::BmpString if data.len().is_multiple_of(2) => {
            let units: Vec<u16> = data
                .chunks_exact(2)
                .map(|p| u16::from_be_bytes([p[0], p[1]]))
                .collect();
            String::from_utf16(&units).ok()
        }
        Tag::UniversalString if data.len().is_multiple_of(4) => data
            .chunks_exact(4)
            .map(|p| char::from_u32(u32::from_be_bytes([p[0], p[1], p[2], p[3]])))
            .collect(),
        _ => None,
    }
}

/// OpenSSL's x_name.c `asn1_string_canon`.
fn canonical(attribute: &AttributeTypeAndValue<'_>) -> Vec<u8> {
    let value = attribute.attr_value();
    let Some(text) = decoded(value).filter(|_| value.tag() != Tag::NumericString) else {
        return value.to_der_vec().unwrap_or_default();
    };
    let mut out = String::new();
    for word in text
        .split([' ', '\t', '\n', '\x0b', '\x0c', '\r'])
        .filter(|word| !word.is_empty())
    {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().map(|c| c.to_ascii_lowercase()));
    }
    out.into_bytes()
}

/// OpenSSL's short names (objects.txt).
fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.13" => "description",
        "2.5.4.15" => "businessCategory",
        "2.5.4.17" => "postalCode",
        "2.5.4.41" => "name",
        "2.5.4.42" => "GN",
        "2.5.4.43" => "initials",
        "2.5.4.44" => "generationQualifier",
        "2.5.4.46" => "dnQualifier",
        "2.5.4.65" => "pseudonym",
        "2.5.4.97" => "organizationIdentifier",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        "1.2.840.113549.1.9.1" => "emailAddress",
        "1.2.840.113549.1.9.2" => "unstructuredName",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use x509_parser::{prelude::FromDer, x509::X509Name};

    use super::Name;

    /// One attribute a set: type, tag, bytes.
    fn name(attributes: &[(&[u8], u8, &[u8])]) -> Name {
        let tlv = |tag: u8, content: &[u8]| {
            [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
        };
        let sets: Vec<u8> = attributes
            .iter()
            .flat_map(|(oid, tag, value)| {
                tlv(0x31, &tlv(0x30, &[tlv(6, oid), tlv(*tag, value)].concat()))
            })
            .collect();
        let der = tlv(0x30, &sets);
        Name::of(&X509Name::from_der(&der).unwrap().1)
    }

    const CN: &[u8] = &[0x55, 4, 3];
    const O: &[u8] = &[0x55, 4, 10];
    const UTF8: u8 = 12;
    const PRINTABLE: u8 = 19;
    const T61: u8 = 20;
    const BMP: u8 = 30;

    #[test]
    fn written_as_openssl_writes_it() {
        // Compared with `openssl x509 -noout -subject -nameopt RFC2253`.
        let n = name(&[
            (O, PRINTABLE, b"Acme"),
            (CN, UTF8, " a,b=\"café\"\n#".as_bytes()),
        ]);
        insta::assert_snapshot!(n.rfc2253, @r#"CN=\ a\,b=\"caf\C3\A9\"\0A#,O=Acme"#);
        insta::assert_snapshot!(n.readable, @r#"CN=\ a\,b=\"café\"\0A#,O=Acme"#);
        let n = name(&[
            (&[0x2a, 3, 4], UTF8, b"x"),
            (CN, 2, &[7]),
            (CN, UTF8, b"second"),
        ]);
        insta::assert_snapshot!(n.rfc2253, @"CN=second,CN=#020107,1.2.3.4=#0C0178");
        assert_eq!((n.common_name, n.common_names), (None, 2));
        insta::assert_snapshot!(name(&[(CN, UTF8, "a\u{202e}b".as_bytes())]).readable, @r"CN=a\E2\80\AEb");
    }

    #[test]
    fn compared_as_openssl_compares() {
        let n = name(&[(O, PRINTABLE, b"Acme  Inc")]);
        assert!(n.same(&name(&[(O, UTF8, b" ACME inc ")])));
        assert!(n.same(&name(&[(O, T61, b"acme inc")])));
        assert!(n.same(&name(&[(O, BMP, b"\0a\0c\0m\0e\0 \0i\0n\0c")])));
        assert!(!n.same(&name(&[(O, PRINTABLE, b"AcmeInc")])));
        assert!(!n.same(&name(&[(CN, PRINTABLE, b"Acme Inc")])));
        assert!(name(&[(O, UTF8, b"acme inc"), (CN, UTF8, b"x")]).lies_under(&n));
        assert!(!n.lies_under(&name(&[(O, UTF8, b"acme inc"), (CN, UTF8, b"x")])));
    }
}
