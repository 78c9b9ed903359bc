//! A PEM block in words, as a diff shows it: sixty lines of base64 tell nobody what is trusted.

use pki_core::{Certificate, Crl, Item};

/// What the blocks hold, a line each; nothing where one of them cannot be read. Of a private key only
/// that it is one.
pub(crate) fn words(blocks: &[u8]) -> Option<Vec<String>> {
    let items = pki_core::inspect(blocks, None).unwrap_or_default();
    let mut lines = Vec::new();
    for item in &items {
        lines.push(item.title());
        match item {
            Item::Certificate(certificate) => lines.extend(of_certificate(certificate)),
            Item::Crl(crl) => lines.extend(of_crl(crl)),
            Item::Key { key, .. } => {
                let public = key.public_key();
                lines.push(format!("  public key SHA-256 {}", public.fingerprint()));
            }
            Item::EncryptedKey { .. } | Item::Request(_) | Item::PublicKey(_) => {}
            _ => return secret(blocks),
        }
    }
    if items.is_empty() {
        return secret(blocks);
    }
    Some(lines)
}

/// A private key is not shown, however broken.
fn secret(block: &[u8]) -> Option<Vec<String>> {
    let label = block.split(|b| *b == b'\n').next()?;
    let label = String::from_utf8_lossy(label);
    let is_key = label.contains("PRIVATE KEY");
    is_key.then(|| vec!["Private key that cannot be read".to_owned()])
}

fn of_certificate(certificate: &Certificate) -> Vec<String> {
    let names = certificate.alt_names();
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let validity = certificate.validity();
    let mut lines = vec![format!("  subject {}", certificate.subject())];
    if !names.is_empty() {
        lines.push(format!("  names {}", names.join(" ")));
    }
    if !certificate.is_self_issued() {
        lines.push(format!("  issued by {}", certificate.issuer()));
    }
    lines.push(format!(
        "  valid from {} until {}",
        validity.not_before.date(),
        validity.not_after.date()
    ));
    lines.push(format!("  SHA-256 {}", certificate.fingerprint()));
    lines
}

fn of_crl(crl: &Crl) -> Vec<String> {
    let next = crl
        .next_update()
        .map(|day| format!(", next {}", day.date()));
    vec![format!(
        "  of {}{}, {} revoked",
        crl.this_update().date(),
        next.unwrap_or_default(),
        crl.revoked().count()
    )]
}
