//! PKCS#12 in words: what can be seen without the password, and with it everything that is in the file.

use super::{Finding, InspectError, Item};
use crate::{
    key::Form,
    pkcs12::{self, Contents, Outline, Pkcs12Error},
    secret::Secret,
};

/// A PKCS#12 file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pkcs12 {
    integrity: Option<String>,
    encryptions: Vec<String>,
    /// `None` if the password was not given.
    opened: Option<Opened>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Opened {
    aliases: Vec<String>,
    keys: usize,
    certificates: usize,
    others: usize,
    /// Whether there is a key without a certificate.
    has_lonely_key: bool,
}

/// The file, then what is in it. Without a password, the empty one is tried.
pub(super) fn items(der: &[u8], password: Option<&Secret>) -> Result<Vec<Item>, InspectError> {
    let unreadable = |e: Pkcs12Error| InspectError::Pkcs12 {
        reason: e.to_string(),
    };
    let outline = pkcs12::outline(der).map_err(unreadable)?;
    let empty = Secret::new(Vec::new());
    match pkcs12::open(der, password.unwrap_or(&empty)) {
        Ok(contents) => Ok(opened(outline, contents)),
        Err(Pkcs12Error::WrongPassword) if password.is_some() => Err(InspectError::WrongPassphrase),
        Err(Pkcs12Error::WrongPassword) => Ok(vec![Item::Pkcs12(Pkcs12 {
            integrity: outline.integrity,
            encryptions: outline.encryptions,
            opened: None,
        })]),
        Err(e) => Err(unreadable(e)),
    }
}

fn opened(outline: Outline, contents: Contents) -> Vec<Item> {
    let has_certificate = |key| {
        contents
            .certificates
            .iter()
            .any(|bag| bag.what.public_key() == key)
    };
    let summary = Opened {
        aliases: contents
            .keys
            .iter()
            .filter_map(|bag| bag.alias.clone())
            .collect(),
        keys: contents.keys.len(),
        certificates: contents.certificates.len(),
        others: contents.others,
        has_lonely_key: contents
            .keys
            .iter()
            .filter_map(|bag| bag.what.as_ref().ok())
            .any(|key| !has_certificate(key.public_key())),
    };
    let form = Form {
        format: "PKCS#8, in PKCS#12".to_owned(),
        encryption: None,
    };
    let keys = contents.keys.into_iter().map(|bag| match bag.what {
        Ok(key) => super::key::item(key, form.clone()),
        Err(e) => Item::Broken {
            label: "PRIVATE KEY".to_owned(),
            reason: e.to_string(),
        },
    });
    let whole = Item::Pkcs12(Pkcs12 {
        integrity: outline.integrity,
        encryptions: outline.encryptions,
        opened: Some(summary),
    });
    let certificates = contents
        .certificates
        .into_iter()
        .map(|bag| Item::Certificate(bag.what));
    std::iter::once(whole)
        .chain(keys)
        .chain(certificates)
        .collect()
}

impl Pkcs12 {
    /// Whether the password is needed to say more.
    pub(super) const fn is_closed(&self) -> bool {
        self.opened.is_none()
    }

    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        if let Some(opened) = &self.opened {
            let mut holds = vec![
                count(opened.keys, "key"),
                count(opened.certificates, "certificate"),
            ];
            if opened.others > 0 {
                holds.push(count(opened.others, "other secret"));
            }
            facts.push(("holds", holds.join(", ")));
            facts.push(("alias", opened.aliases.join("\n")));
        }
        facts.push(("integrity", self.integrity.clone().unwrap_or_default()));
        facts.push(("encryption", self.encryptions.join("\n")));
        facts.retain(|(_, value)| !value.is_empty());
        facts
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let Some(opened) = &self.opened else {
            let text = "the password is needed to say more".to_owned();
            return vec![Finding::note("encrypted", text)];
        };
        if opened.has_lonely_key {
            let text = "a key is in it without its certificate".to_owned();
            found.push(Finding::problem("key-mismatch", text));
        }
        if opened.keys > 0 && !opened.aliases.iter().any(|alias| alias == "user") {
            let text = "pgjdbc looks for a key with the alias user, and finds none".to_owned();
            found.push(Finding::note("alias", text));
        }
        found
    }
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
