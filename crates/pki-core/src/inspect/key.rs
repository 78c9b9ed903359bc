//! Keys in words. Never a private key's own bytes.

use super::Finding;
use crate::key::{PrivateKey, PublicKey};

pub(super) fn facts(key: &PrivateKey, format: &str) -> Vec<(&'static str, String)> {
    let mut facts = public_facts(&key.public_key());
    facts.insert(1, ("format", format.to_owned()));
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

/// How the key lies in a PEM file, by the label of its block.
pub(super) fn format(label: &str) -> String {
    match label {
        "PRIVATE KEY" => "PKCS#8, PEM".to_owned(),
        "ENCRYPTED PRIVATE KEY" => "PKCS#8, PEM, encrypted".to_owned(),
        "EC PRIVATE KEY" => "SEC1, PEM".to_owned(),
        "RSA PRIVATE KEY" => "PKCS#1, PEM".to_owned(),
        other => format!("{}, PEM", other.escape_debug()),
    }
}
