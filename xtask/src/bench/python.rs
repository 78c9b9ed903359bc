//! The same work with Python's `cryptography`, which is what a script of one's own would use.

use std::path::{Path, PathBuf};

use crate::tools;

/// The interpreter that has the package.
pub(super) fn ready(root: &Path) -> anyhow::Result<PathBuf> {
    let folder = crate::target(root).join("tools/cryptography");
    tools::from_pypi(&folder, "cryptography", VERSION)
}

const VERSION: &str = "46.0.3";

/// Makes an authority and `argv[1]` client certificates in the folder `$OUT`.
pub(super) const ISSUE: &str = r#"
import datetime, os, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

out = os.environ["OUT"]
os.makedirs(out, exist_ok=True)
now = datetime.datetime.now(datetime.timezone.utc)
name = lambda cn: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])
ca = ec.generate_private_key(ec.SECP256R1())
for n in range(int(sys.argv[1])):
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name(f"role{n}")).issuer_name(name("bench")).public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=360))
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(usage, True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key()), False)
        .sign(ca, hashes.SHA256())
    )
    with open(os.open(f"{out}/{n}.key", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
    with open(f"{out}/{n}.crt", "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
"#;

/// Makes `python.pem`, a list of `argv[1]` entries, for the authority in `ca.crt` and `ca.key`.
pub(super) const CRL: &str = r#"
import datetime, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

now = datetime.datetime.now(datetime.timezone.utc)
with open("ca.key", "rb") as file:
    key = serialization.load_pem_private_key(file.read(), None)
with open("ca.crt", "rb") as file:
    ca = x509.load_pem_x509_certificate(file.read())
aki = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
crl = (
    x509.CertificateRevocationListBuilder()
    .issuer_name(ca.subject).last_update(now).next_update(now + datetime.timedelta(days=30))
    .add_extension(x509.CRLNumber(1), False).add_extension(aki, False)
)
# add_revoked_certificate copies the list each time: nobody would get to a million with it.
crl._revoked_certificates = [
    x509.RevokedCertificateBuilder().serial_number((0x4000 << 112) | n).revocation_date(now).build()
    for n in range(1, int(sys.argv[1]) + 1)
]
with open("python.pem", "wb") as file:
    file.write(crl.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
"#;
