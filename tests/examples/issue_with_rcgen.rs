//! The floor under `pgcert issue --batch`: the same client certificates made by rcgen in memory, and
//! plain file writes, on one thread. No store, no sync, no check of what came out.
//!
//! `issue_with_rcgen N` writes `1.key` and `1.crt` to `N.key` and `N.crt` into the current folder.

use std::error::Error;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};

fn main() -> Result<(), Box<dyn Error>> {
    let many: u64 = std::env::args().nth(1).ok_or("how many?")?.parse()?;
    let mut authority = named("bench");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::new(authority, KeyPair::generate()?);
    for n in 1..=many {
        let mut params = named(&format!("role{n}"));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options
            .open(format!("{n}.key"))?
            .write_all(key.serialize_pem().as_bytes())?;
        std::fs::write(format!("{n}.crt"), certificate.pem())?;
    }
    Ok(())
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
