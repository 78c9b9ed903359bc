//! How a private key lies in a file: its structure, PEM or DER, its encryption. What can be told without a passphrase.

use pkcs8::PrivateKeyInfoRef;

use super::{ENCRYPTED, encrypted::Encrypted, traditional};
use crate::pem;

/// Structure and encryption of a key in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// `PKCS#8, PEM`, `SEC1, DER`, ….
    pub(crate) format: String,
    /// `PBES2: PBKDF2-HMAC-SHA-256, 600000 rounds, AES-256-CBC`, ….
    pub(crate) encryption: Option<String>,
}

impl Form {
    /// Of a PEM block that has a key's label.
    pub(crate) fn of_block(block: &pem::Block) -> Self {
        let structure = match block.label.as_str() {
            "PRIVATE KEY" | ENCRYPTED => "PKCS#8".to_owned(),
            "EC PRIVATE KEY" => "SEC1".to_owned(),
            "RSA PRIVATE KEY" => "PKCS#1".to_owned(),
            other => other.escape_debug().to_string(),
        };
        let encryption = match &block.dek_info {
            Some(dek_info) if block.encrypted => Some(format!(
                "OpenSSL's old one: {}, one round of MD5",
                traditional::cipher(dek_info).escape_debug()
            )),
            _ => Encrypted::read(block.contents.as_bytes()).map(|e| e.describe()),
        };
        Self {
            format: format!("{structure}, PEM"),
            encryption,
        }
    }

    /// Of the DER of a key.
    pub(crate) fn of_der(der: &[u8]) -> Self {
        let encryption = Encrypted::read(der).map(|e| e.describe());
        let structure = if encryption.is_some() || PrivateKeyInfoRef::try_from(der).is_ok() {
            "PKCS#8"
        } else if super::read::sec1_curve(der).is_some() {
            "SEC1"
        } else {
            "PKCS#1"
        };
        Self {
            format: format!("{structure}, DER"),
            encryption,
        }
    }
}
