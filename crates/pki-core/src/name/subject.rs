//! Subjects: the distinguished names that certificates are given.

use std::{fmt, str::FromStr};

use rcgen::{DistinguishedName, DnType, DnValue};

use super::NameError;
use crate::dn::{Name, readable};

/// A distinguished name to be put into a certificate: attributes in the order in which they are encoded, each at most
/// once.
///
/// Read from `C=FR,ST=BZH,L=Nantes,O=Loxodata` (escapes as in RFC 4514: `\,` `\+` `\=` `\\` `\20`) or
/// `/C=FR/ST=BZH/L=Nantes/O=Loxodata` (as `openssl -subj` takes it). In both the order written is the order encoded,
/// which is what administrators know from OpenSSL; RFC 4514 itself would turn the first form round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Subject(Vec<(Attribute, String)>);

impl Subject {
    /// A subject without attributes.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The same subject with this common name, at the end if it had none.
    ///
    /// A name of more than 64 characters cannot be a common name (`ub-common-name`, RFC 5280 appendix A.1), nor can an
    /// empty one: then the subject comes out without. For a server that does no harm, its SAN is what counts.
    #[must_use]
    pub fn with_common_name(&self, name: &str) -> Self {
        let fits = Attribute::CommonName.check(name).is_ok();
        let mut attributes = self.0.clone();
        match attributes
            .iter()
            .position(|(a, _)| *a == Attribute::CommonName)
        {
            Some(i) if fits => name.clone_into(&mut attributes[i].1),
            Some(i) => drop(attributes.remove(i)),
            None if fits => attributes.push((Attribute::CommonName, name.to_owned())),
            None => {}
        }
        Self(attributes)
    }

    /// The common name.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.0
            .iter()
            .find(|(a, _)| *a == Attribute::CommonName)
            .map(|(_, value)| value.as_str())
    }

    /// Whether it has no attribute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Types and values, in the order in which they are encoded.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(a, value)| (a.key(), value.as_str()))
    }

    /// As a certificate with this subject shows it, and OpenSSL under RFC 2253: last attribute first
    /// (`CN=slardiere,O=Loxodata,C=FR`), letters beyond ASCII kept.
    #[must_use]
    pub fn readable(&self) -> String {
        let attributes = self.0.iter().rev();
        let parts: Vec<_> = attributes
            .map(|(attribute, value)| readable(&attribute.dotted(), value))
            .collect();
        parts.join(",")
    }

    pub(crate) fn to_rcgen(&self) -> Result<DistinguishedName, rcgen::Error> {
        let mut name = DistinguishedName::new();
        for (attribute, value) in &self.0 {
            let value = match attribute.string() {
                StringType::Utf8 => DnValue::Utf8String(value.clone()),
                StringType::Printable => DnValue::PrintableString(value.as_str().try_into()?),
                StringType::Ia5 => DnValue::Ia5String(value.as_str().try_into()?),
            };
            name.push(DnType::from_oid(attribute.oid()), value);
        }
        Ok(name)
    }

    /// The subject that a name asks for: the same attributes in the same order. Of several common names the first is
    /// taken, which is the one that PostgreSQL reads.
    pub(crate) fn of(name: &Name) -> Result<Self, NameError> {
        let whole = |reason| NameError::Form {
            what: "subject",
            text: name.readable.clone(),
            reason,
        };
        let mut pairs = Vec::new();
        let mut common_name_seen = false;
        for rdn in &name.rdns {
            let [(oid, value)] = rdn.as_slice() else {
                return Err(whole(JOINED));
            };
            let attribute = Attribute::with_oid(oid)?;
            if attribute == Attribute::CommonName && std::mem::replace(&mut common_name_seen, true)
            {
                continue;
            }
            let value = value.clone().ok_or_else(|| whole("a value is no text"))?;
            pairs.push((attribute.key().to_owned(), value));
        }
        Self::from_pairs(pairs)
    }

    /// Of a name that cannot be taken as a whole the first common name alone, if it has one.
    pub(crate) fn common_name_of(name: &Name) -> Result<Self, NameError> {
        match (&name.common_name, name.common_names) {
            (Some(value), _) => Self::from_pairs(vec![("CN".to_owned(), value.clone())]),
            (None, 0) => Ok(Self::empty()),
            (None, _) => Err(NameError::Form {
                what: "subject",
                text: name.readable.clone(),
                reason: "its common name is no text",
            }),
        }
    }

    fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self, NameError> {
        let mut attributes = Vec::new();
        for (key, value) in pairs {
            let attribute = Attribute::named(key.trim())?;
            attribute.check(&value)?;
            if attributes.iter().any(|(a, _)| *a == attribute) {
                return Err(NameError::Repeated {
                    key: attribute.key(),
                });
            }
            attributes.push((attribute, value));
        }
        Ok(Self(attributes))
    }
}

/// In the form that is read back: `C=FR,ST=BZH`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (attribute, value)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{}={}", attribute.key(), escaped(value))?;
        }
        Ok(())
    }
}

impl FromStr for Subject {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (rest, separator) = match text.strip_prefix('/') {
            Some(rest) => (rest, '/'),
            None => (text, ','),
        };
        if rest.trim().is_empty() {
            return Ok(Self::empty());
        }
        let whole = |reason| NameError::Form {
            what: "subject",
            text: text.to_owned(),
            reason,
        };
        let mut pairs = Vec::new();
        for part in split_unescaped(rest, separator) {
            let Some((key, value)) = part.split_once('=') else {
                return Err(whole("an attribute without `=`"));
            };
            pairs.push((key.to_owned(), unescaped(value, separator).map_err(whole)?));
        }
        Self::from_pairs(pairs)
    }
}

/// The attribute types that a subject can have, with their short names (RFC 4514 section 3, OpenSSL's where it has
/// none), object identifiers, string types and upper bounds (RFC 5280 appendix A.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Attribute {
    Country,
    State,
    Locality,
    Street,
    Organization,
    OrganizationalUnit,
    CommonName,
    SerialNumber,
    DomainComponent,
    UserId,
    EmailAddress,
}

impl Attribute {
    const ALL: [Self; 11] = [
        Self::Country,
        Self::State,
        Self::Locality,
        Self::Street,
        Self::Organization,
        Self::OrganizationalUnit,
        Self::CommonName,
        Self::SerialNumber,
        Self::DomainComponent,
        Self::UserId,
        Self::EmailAddress,
    ];

    const fn row(self) -> (&'static str, &'static [u64], StringType, usize) {
        match self {
            Self::Country => ("C", &[2, 5, 4, 6], StringType::Printable, 2),
            Self::State => ("ST", &[2, 5, 4, 8], StringType::Utf8, 128),
            Self::Locality => ("L", &[2, 5, 4, 7], StringType::Utf8, 128),
            Self::Street => ("STREET", &[2, 5, 4, 9], StringType::Utf8, 128),
            Self::Organization => ("O", &[2, 5, 4, 10], StringType::Utf8, 64),
            Self::OrganizationalUnit => ("OU", &[2, 5, 4, 11], StringType::Utf8, 64),
            Self::CommonName => ("CN", &[2, 5, 4, 3], StringType::Utf8, 64),
            Self::SerialNumber => ("serialNumber", &[2, 5, 4, 5], StringType::Printable, 64),
            Self::DomainComponent => (
                "DC",
                &[0, 9, 2342, 19_200_300, 100, 1, 25],
                StringType::Ia5,
                63,
            ),
            Self::UserId => (
                "UID",
                &[0, 9, 2342, 19_200_300, 100, 1, 1],
                StringType::Utf8,
                256,
            ),
            Self::EmailAddress => (
                "emailAddress",
                &[1, 2, 840, 113_549, 1, 9, 1],
                StringType::Ia5,
                255,
            ),
        }
    }

    const fn key(self) -> &'static str {
        self.row().0
    }

    const fn oid(self) -> &'static [u64] {
        self.row().1
    }

    fn dotted(self) -> String {
        let numbers: Vec<_> = self.oid().iter().map(u64::to_string).collect();
        numbers.join(".")
    }

    const fn string(self) -> StringType {
        self.row().2
    }

    const fn max(self) -> usize {
        self.row().3
    }

    fn named(key: &str) -> Result<Self, NameError> {
        Self::ALL
            .into_iter()
            .find(|a| a.key().eq_ignore_ascii_case(key))
            .ok_or_else(|| NameError::UnknownAttribute {
                key: key.to_owned(),
                known: Self::ALL.map(Self::key).join(" "),
            })
    }

    fn with_oid(oid: &str) -> Result<Self, NameError> {
        Self::ALL
            .into_iter()
            .find(|a| a.dotted() == oid)
            .ok_or_else(|| NameError::UnknownAttribute {
                key: oid.to_owned(),
                known: Self::ALL.map(Self::key).join(" "),
            })
    }

    fn check(self, value: &str) -> Result<(), NameError> {
        let what = self.key();
        let text = || value.to_owned();
        if value.is_empty() {
            return Err(NameError::Empty { what });
        }
        let len = value.chars().count();
        if len > self.max() {
            return Err(NameError::TooLong {
                what,
                text: text(),
                len,
                max: self.max(),
                unit: "characters",
            });
        }
        if let Some(character) = value.chars().find(|c| !self.string().holds(*c)) {
            return Err(NameError::Character {
                what,
                text: text(),
                character,
            });
        }
        if self == Self::Country && !(len == 2 && value.bytes().all(|b| b.is_ascii_alphabetic())) {
            return Err(NameError::Form {
                what,
                text: text(),
                reason: "a country is two letters",
            });
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
enum StringType {
    Utf8,
    Printable,
    Ia5,
}

impl StringType {
    const fn holds(self, c: char) -> bool {
        match self {
            Self::Utf8 => c != '\0',
            // X.680 41.4
            Self::Printable => {
                c.is_ascii_alphanumeric()
                    || matches!(
                        c,
                        ' ' | '\'' | '(' | ')' | '+' | ',' | '-' | '.' | '/' | ':' | '=' | '?'
                    )
            }
            Self::Ia5 => c.is_ascii() && c != '\0',
        }
    }
}

/// Parts between separators that are not escaped.
fn split_unescaped(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        if !escaped && c == separator {
            parts.push(&text[start..i]);
            start = i + c.len_utf8();
        }
        escaped = !escaped && c == '\\';
    }
    parts.push(&text[start..]);
    parts
}

/// Takes the escapes out (RFC 4514 section 2.4) and white space around, unless escaped.
fn unescaped(value: &str, separator: char) -> Result<String, &'static str> {
    let mut bytes = Vec::new();
    let mut kept = 0; // up to here spaces were escaped, or something else followed them
    let mut rest = value.trim_start_matches(' ').chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                let Some(next) = rest.next() else {
                    return Err("it ends with `\\`");
                };
                match (
                    next.to_digit(16),
                    rest.clone().next().and_then(|c| c.to_digit(16)),
                ) {
                    (Some(high), Some(low)) => {
                        rest.next();
                        bytes.push(
                            u8::try_from(high * 16 + low)
                                .map_err(|_| "an escape of two hex digits")?,
                        );
                    }
                    _ => push(&mut bytes, next),
                }
                kept = bytes.len();
            }
            // A `+` would begin a second attribute of the same RDN, which no issuer name here has.
            '+' if separator == ',' => {
                return Err(JOINED);
            }
            ' ' => bytes.push(b' '),
            _ => {
                push(&mut bytes, c);
                kept = bytes.len();
            }
        }
    }
    bytes.truncate(kept);
    String::from_utf8(bytes).map_err(|_| "its escapes are not UTF-8")
}

const JOINED: &str = "`+` joins attributes, which is not supported; write `\\+`";

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn escaped(value: &str) -> String {
    let last = value.chars().count() - 1;
    let mut text = String::new();
    for (i, c) in value.chars().enumerate() {
        match c {
            ' ' if i == 0 || i == last => text.push_str("\\ "),
            '#' | '/' if i == 0 => text.extend(['\\', c]),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', c]),
            c if c.is_ascii_control() => text.push_str(&format!("\\{:02X}", u32::from(c))),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Subject;

    fn read(text: &str) -> Subject {
        text.parse().unwrap()
    }

    fn error(text: &str) -> String {
        text.parse::<Subject>().unwrap_err().to_string()
    }

    #[test]
    fn two_spellings_one_subject() {
        let subject = read("C=FR,ST=BZH,L=Nantes,O=Loxodata");
        assert_eq!(read("/C=FR/ST=BZH/L=Nantes/O=Loxodata"), subject);
        assert_eq!(read(" c=FR, st=BZH , L = Nantes,O=Loxodata "), subject);
        insta::assert_snapshot!(subject.with_common_name("trustly"), @"C=FR,ST=BZH,L=Nantes,O=Loxodata,CN=trustly");
        assert_eq!(read(""), Subject::empty());
        assert_eq!(read("/"), Subject::empty());
    }

    #[test]
    fn is_shown_as_a_certificate_with_it_is() {
        let subject = read(
            r"DC=org,C=FR,STREET=1\, rue,O= Acme\, Inc. \+ fils,emailAddress=a@b.org,CN=élodie",
        );
        let authority = crate::fixture::Authority::root("trustly");
        let leaf = crate::Leaf {
            kind: crate::Kind::Client,
            subject: subject.clone(),
            alt_names: Vec::new(),
            public_key: &crate::fixture::leaf_key().public_key(),
            serial: crate::fixture::serial(1),
            validity: crate::fixture::days(1),
        };
        let certificate = crate::issue_leaf(&authority.certificate, &authority.key, &leaf).unwrap();
        assert_eq!(subject.readable(), certificate.parts().subject.readable);
        insta::assert_snapshot!(subject.readable(), @r#"CN=élodie,emailAddress=a@b.org,O=Acme\, Inc. \+ fils,street=1\, rue,C=FR,DC=org"#);
    }

    #[test]
    fn escapes() {
        assert_eq!(
            read(r"O=Acme\, Inc.").attributes().next(),
            Some(("O", "Acme, Inc."))
        );
        assert_eq!(
            read(r"/O=a\/b, c+d").attributes().next(),
            Some(("O", "a/b, c+d"))
        );
        assert_eq!(
            read(r"O=caf\C3\A9\ ").attributes().next(),
            Some(("O", "café "))
        );
        assert_eq!(read(r"O=a=b").attributes().next(), Some(("O", "a=b")));
    }

    #[test]
    fn refusals() {
        let texts = [
            "C=FRA",
            "C=F1",
            "O",
            "O=",
            "X=y",
            "O=a,O=b",
            "DC=a,DC=b",
            r"O=a\",
            "O=a+OU=b",
            r"O=\FF",
            "DC=é",
            "serialNumber=a*b",
            &format!("CN={}", "x".repeat(65)),
            "O=a\0b",
        ];
        insta::assert_snapshot!(texts.map(error).join("\n"));
    }

    #[test]
    fn a_name_too_long_for_a_common_name_stays_out() {
        let subject = read("O=Loxodata,CN=old");
        assert_eq!(
            subject.with_common_name("new").to_string(),
            "O=Loxodata,CN=new"
        );
        assert_eq!(
            subject
                .with_common_name(&"x".repeat(64))
                .common_name()
                .unwrap()
                .len(),
            64
        );
        assert_eq!(
            subject.with_common_name(&"x".repeat(65)).to_string(),
            "O=Loxodata"
        );
        assert_eq!(
            Subject::empty().with_common_name(&"x".repeat(65)),
            Subject::empty()
        );
    }

    proptest! {
        #[test]
        fn reads_what_it_prints(o in "[^\0]{1,20}", cn in "[^\0]{1,20}") {
            let pairs = vec![("O".to_owned(), o), ("CN".to_owned(), cn)];
            let subject = Subject::from_pairs(pairs).unwrap();
            prop_assert_eq!(subject.to_string().parse::<Subject>().unwrap(), subject);
        }

        #[test]
        fn never_panics(text in ".{0,60}") {
            let _ = text.parse::<Subject>();
        }
    }
}
