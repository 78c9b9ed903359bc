//! A client's key, certificate and chain, in the forms that drivers take. Which driver takes which, and where the files
//! go, is decided elsewhere.

#[cfg(test)]
mod tests;

use crate::{
    certificate::Certificate,
    key::PrivateKey,
    pkcs12::{self, Pkcs12Error},
    secret::Secret,
};

/// A key with the certificate that belongs to it, and the issuing certificates between that and the root.
#[derive(Clone, Debug)]
pub struct Bundle {
    key: PrivateKey,
    /// The leaf first, each one followed by its issuer; without the root, which the other side has.
    chain: Vec<Certificate>,
}

impl Bundle {
    /// Puts together what belongs together: finds the certificate of `key` among `certificates`, in whatever order they
    /// are, and what leads up from it. What does not belong to it is left out, and so is a root.
    ///
    /// # Errors
    /// [`ExportError::NoCertificate`], [`ExportError::KeyMismatch`].
    pub fn new(key: PrivateKey, certificates: &[Certificate]) -> Result<Self, ExportError> {
        let public = key.public_key();
        let first = certificates.first().ok_or(ExportError::NoCertificate)?;
        let leaf = certificates
            .iter()
            .find(|certificate| certificate.public_key() == public)
            .ok_or_else(|| ExportError::KeyMismatch {
                subject: first.subject(),
            })?;
        let mut chain = vec![leaf.clone()];
        while let Some(above) = chain.last().and_then(|below| {
            certificates.iter().find(|candidate| {
                below.is_issued_by(candidate)
                    && !candidate.is_self_issued()
                    && !chain.contains(candidate)
            })
        }) {
            chain.push(above.clone());
        }
        Ok(Self { key, chain })
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The certificates, the leaf first.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The certificate of the key.
    #[must_use]
    pub fn leaf(&self) -> &Certificate {
        &self.chain[0]
    }

    /// The certificates in PEM, the leaf first: what a driver takes as its certificate file.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.leaf().to_pem_with(&self.chain[1..])
    }

    /// Key and chain as PKCS#12: AES-256-CBC, PBKDF2-HMAC-SHA256 and HMAC-SHA256, 200 000 rounds each. pgjdbc looks for
    /// the alias `user`.
    ///
    /// # Errors
    /// [`Pkcs12Error::Password`] where it is empty or not printable ASCII.
    pub fn to_pkcs12(&self, alias: &str, password: &Secret) -> Result<Secret, Pkcs12Error> {
        pkcs12::seal(alias, &self.key, &self.chain, password)
    }

    /// A Kubernetes Secret of the type `kubernetes.io/tls` as YAML: `tls.key` in the clear, `tls.crt` with the chain,
    /// and `ca.crt` with the roots where there are any. `name` has to be a DNS subdomain name (RFC 1123).
    #[must_use]
    pub fn to_kubernetes_secret(&self, name: &str, roots: &[Certificate]) -> Secret {
        let roots: String = roots.iter().map(Certificate::to_pem).collect();
        let chain = self.chain_pem();
        let key = self.key.to_pkcs8_pem();
        let head = format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: kubernetes.io/tls\nstringData:\n"
        );
        let entries: [(&str, &[u8]); 3] = [
            ("tls.crt", chain.as_bytes()),
            ("tls.key", key.as_bytes()),
            ("ca.crt", roots.as_bytes()),
        ];
        // Room for all of it, so that no copy of the key is left behind where it grew.
        let room = 2 * (head.len() + chain.len() + key.as_bytes().len() + roots.len());
        let mut yaml = Vec::with_capacity(room);
        yaml.extend_from_slice(head.as_bytes());
        for (name, pem) in entries.into_iter().filter(|(_, pem)| !pem.is_empty()) {
            yaml.extend_from_slice(format!("  {name}: |\n").as_bytes());
            for line in pem.split_inclusive(|byte| *byte == b'\n') {
                yaml.extend_from_slice(b"    ");
                yaml.extend_from_slice(line);
            }
        }
        Secret::new(yaml)
    }
}

/// Why nothing can be exported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is no certificate.
    #[error("there is no certificate")]
    NoCertificate,
    /// No certificate is for the key.
    #[error("the key does not belong to the certificate of {subject}")]
    KeyMismatch {
        /// The first certificate's subject.
        subject: String,
    },
}
