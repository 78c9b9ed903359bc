//! Keys in words. Never a private key's own bytes.

use super::{Finding, Item};
use crate::key::{Form, PrivateKey, PublicKey};

pub(super) fn item(key: PrivateKey, form: Form) -> Item {
    Item::Key {
        key,
        format: form.format,
        encryption: form.encryption,
    }
}

pub(super) fn closed_item(form: Form) -> Item {
    Item::EncryptedKey {
        format: form.format,
        encryption: form.encryption.unwrap_or_default(),
    }
}

pub(super) fn facts(
    key: &PrivateKey,
    format: &str,
    encryption: Option<&str>,
) -> Vec<(&'static str, String)> {
    let mut facts = public_facts(&key.public_key());
    facts.insert(1, ("format", format.to_owned()));
    if let Some(encryption) = encryption {
        facts.insert(2, ("encryption", encryption.to_owned()));
    }
    facts
}

pub(super) fn closed_facts(format: &str, encryption: &str) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("format", format.to_owned()),
        ("encryption", encryption.to_owned()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

pub(super) fn public_facts(key: &PublicKey) -> Vec<(&'static str, String)> {
    vec![
        ("key", key.describe()),
        ("public key", format!("sha256 {}", key.fingerprint())),
    ]
}

pub(super) fn findings(key: &PublicKey) -> Vec<Finding> {
    if key.family().security_bits() < 112 {
        let text = format!(
            "its key is too weak for OpenSSL's usual settings: {}",
            key.describe()
        );
        return vec![Finding::problem("weak-key", text)];
    }
    Vec::new()
}
