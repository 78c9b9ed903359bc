//! Requests that others make (OpenSSL, Java's keytool, cfssl, GnuTLS) are signed here, and the
//! certificate is what was promised: the requester's key, the names that were agreed to, and nothing
//! else of what was asked for. OpenSSL judges.

use e2e::Said;
use serde_json::Value;

use crate::desk::Desk;

/// The fingerprint of a request, by OpenSSL.
fn fingerprint(desk: &Desk, csr: &str) -> String {
    let script = format!("openssl req -in {csr} -outform DER | openssl sha256 -r");
    let said = desk.sh(&script).ok();
    said.stdout.split(' ').next().unwrap().to_owned()
}

/// Signs a request that is expected: what was signed, by the JSON.
fn sign(desk: &Desk, csr: &str, kind: &str) -> Value {
    let fingerprint = fingerprint(desk, csr);
    let document = desk.json(&[
        "sign",
        csr,
        "--kind",
        kind,
        "--expect-fingerprint",
        &fingerprint,
        "--passphrase-file",
        "pp",
    ]);
    document["signed"][0].clone()
}

/// What was asked for and not given, one a line.
fn not_given(signed: &Value) -> String {
    let list = signed["not_given"].as_array().unwrap();
    let words: Vec<_> = list.iter().map(|v| v.as_str().unwrap()).collect();
    words.join("\n")
}

/// The certificate carries the key of the request, holds for its purpose alone, and has the
/// extensions of the profile and no other.
fn judge(desk: &Desk, csr: &str, crt: &str, kind: &str) {
    let asked = desk.openssl(&["req", "-in", csr, "-noout", "-pubkey"]).ok();
    let given = desk
        .openssl(&["x509", "-in", crt, "-noout", "-pubkey"])
        .ok();
    assert_eq!(asked.stdout, given.stdout, "another key");
    verify(desk, crt, &format!("ssl{kind}")).ok();
    let other = if kind == "server" { "client" } else { "server" };
    verify(desk, crt, &format!("ssl{other}")).fails();
    let text = desk.openssl(&["x509", "-in", crt, "-noout", "-text"]).ok();
    let count = text.stdout.matches("X509v3").count();
    let san = usize::from(kind == "server");
    // Basic constraints, key usage, extended key usage, the two key identifiers, and the heading.
    assert_eq!(count, 6 + san, "{text}");
    for word in ["CA:FALSE", "Digital Signature\n"] {
        assert!(text.stdout.contains(word), "no {word}: {text}");
    }
    assert!(!text.stdout.contains("1.2.3.4"), "{text}");
}

fn verify(desk: &Desk, crt: &str, purpose: &str) -> Said {
    let words = ["verify", "-x509_strict", "-CAfile", "root.crt"];
    desk.openssl(&[&words[..], &["-purpose", purpose, crt]].concat())
}

/// The subject as OpenSSL prints it.
fn subject(desk: &Desk, crt: &str) -> String {
    let words = [
        "x509", "-in", crt, "-noout", "-subject", "-nameopt", "RFC2253",
    ];
    let said = desk.openssl(&words).ok();
    said.answer().trim_start_matches("subject=").to_owned()
}

fn names(desk: &Desk, crt: &str) -> Vec<String> {
    let names = desk.certificate(crt).alt_names();
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn of_openssl_with_every_kind_of_key() {
    let desk = Desk::with_authority();
    for key in [
        "EC -pkeyopt ec_paramgen_curve:P-256",
        "EC -pkeyopt ec_paramgen_curve:P-384",
        "RSA -pkeyopt rsa_keygen_bits:2048",
        "ED25519",
    ] {
        let script = format!(
            "rm -f slardiere.crt; openssl genpkey -algorithm {key} -out k.pem;
             openssl req -new -key k.pem -subj '/C=FR/O=Loxodata/CN=slardiere' -out slardiere.csr"
        );
        desk.sh(&script).ok();
        let signed = sign(&desk, "slardiere.csr", "client");
        assert_eq!(not_given(&signed), "", "{key}");
        assert_eq!(signed["name"], "slardiere");
        judge(&desk, "slardiere.csr", "slardiere.crt", "client");
        let subject = subject(&desk, "slardiere.crt");
        assert_eq!(subject, "CN=slardiere,O=Loxodata,C=FR");
    }
}

#[test]
fn of_openssl_with_all_that_can_be_asked_for() {
    let desk = Desk::with_authority();
    desk.write(
        "req.cnf",
        "[req]\nprompt = no\ndistinguished_name = dn\nattributes = attributes\nreq_extensions = ext\n\
         [dn]\nCN = tolva\n\
         [attributes]\nchallengePassword = secret word\nunstructuredName = odd\n\
         [ext]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = keyCertSign,cRLSign\n\
         extendedKeyUsage = serverAuth,codeSigning\n\
         subjectAltName = DNS:tolva,DNS:*.tolva.example.org,IP:10.0.0.1,email:dba@example.org\n\
         1.2.3.4 = critical,ASN1:NULL\ntlsfeature = status_request\nnsComment = hello\n",
    );
    desk.sh(
        "openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -config req.cnf -out tolva.csr",
    )
    .ok();
    let signed = sign(&desk, "tolva.csr", "server");
    let not_given = not_given(&signed);
    for extra in [
        "a challenge password",
        "the attribute 1.2.840.113549.1.9.2",
        "to be an authority",
        "the key usage keyCertSign, cRLSign",
        "the extended key usage codeSigning",
        "the name email:dba@example.org",
        "the extension 1.2.3.4",
        "the extension 1.3.6.1.5.5.7.1.24",
    ] {
        assert!(not_given.contains(extra), "{extra} in\n{not_given}");
    }
    assert!(!not_given.contains("secret word"), "{not_given}");
    judge(&desk, "tolva.csr", "tolva.crt", "server");
    assert_eq!(
        names(&desk, "tolva.crt"),
        ["dns:tolva", "dns:*.tolva.example.org", "ip:10.0.0.1"]
    );
}

#[test]
fn of_openssl_with_a_subject_that_cannot_be_given() {
    let desk = Desk::with_authority();
    for odd in [
        "/DC=org/DC=example/CN=slardiere",
        "/O=Loxodata/OU=a/OU=b/CN=slardiere",
        "/O=Loxodata/title=dba/CN=slardiere",
        "/O=Loxodata/CN=slardiere+OU=dba",
    ] {
        let script = format!(
            "rm -f slardiere.crt; openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -subj '{odd}' -multivalue-rdn -out slardiere.csr 2>&1"
        );
        desk.sh(&script).ok();
        let signed = sign(&desk, "slardiere.csr", "client");
        assert!(
            not_given(&signed).contains("of which the common name alone is taken"),
            "{odd}: {signed}"
        );
        judge(&desk, "slardiere.csr", "slardiere.crt", "client");
        assert_eq!(subject(&desk, "slardiere.crt"), "CN=slardiere", "{odd}");
    }
}

#[test]
fn of_keytool() {
    let desk = Desk::with_authority();
    let store = ["-storepass", "changeit", "-keystore", "store.p12"];
    let keytool = |words: &[&str]| desk.tool("keytool", &[words, &store[..]].concat()).ok();
    for (alias, algorithm, size) in [("ec", "EC", "256"), ("rsa", "RSA", "2048")] {
        // What keytool writes where nobody answers its questions.
        let name = format!("CN={alias}, OU=Unknown, O=Unknown, L=Unknown, ST=Unknown, C=Unknown");
        let make = ["-genkeypair", "-alias", alias, "-keyalg", algorithm];
        keytool(&[&make[..], &["-keysize", size, "-dname", &name]].concat());
        let csr = format!("{alias}.csr");
        let ask = ["-certreq", "-alias", alias, "-file", &csr];
        keytool(&[&ask[..], &["-ext", "SAN=dns:tolva,ip:10.0.0.1"]].concat());
        let signed = sign(&desk, &csr, "client");
        let crt = format!("{alias}.crt");
        assert!(not_given(&signed).contains("C=Unknown"), "{signed}");
        assert_eq!(subject(&desk, &crt), format!("CN={alias}"));
        assert_eq!(names(&desk, &crt), ["dns:tolva", "ip:10.0.0.1"]);
        verify(&desk, &crt, "sslclient").ok();
        // Java takes the answer to its own key, with the chain.
        let trust = ["-importcert", "-noprompt", "-file"];
        if alias == "ec" {
            keytool(&[&trust[..], &["root.crt", "-alias", "root"]].concat());
        }
        keytool(&[&trust[..], &[&crt, "-alias", alias]].concat());
        keytool(&["-list", "-v", "-alias", alias]).says("Certificate chain length: 2");
    }
}

#[test]
fn of_cfssl() {
    let desk = Desk::with_authority();
    for (algorithm, size) in [("ecdsa", 256), ("ecdsa", 384), ("rsa", 2048)] {
        desk.write(
            "csr.json",
            &format!(
                r#"{{"CN": "tolva", "hosts": ["tolva", "10.0.0.1", "dba@example.org"],
                    "key": {{"algo": "{algorithm}", "size": {size}}},
                    "names": [{{"C": "FR", "O": "Loxodata", "OU": "a"}}, {{"OU": "b"}}]}}"#
            ),
        );
        let cfssl = e2e::given::tool("cfssl");
        let cfssljson = e2e::given::tool("cfssljson");
        let (cfssl, cfssljson) = (cfssl.display(), cfssljson.display());
        let script = format!("rm -f tolva.crt; {cfssl} genkey csr.json | {cfssljson} -bare tolva");
        desk.sh(&script).ok();
        let signed = sign(&desk, "tolva.csr", "server");
        let not_given = not_given(&signed);
        assert!(not_given.contains("email:dba@example.org"), "{not_given}");
        assert!(not_given.contains("OU"), "{not_given}");
        judge(&desk, "tolva.csr", "tolva.crt", "server");
        assert_eq!(names(&desk, "tolva.crt"), ["dns:tolva", "ip:10.0.0.1"]);
        assert_eq!(subject(&desk, "tolva.crt"), "CN=tolva");
    }
}

#[test]
fn of_gnutls() {
    let desk = Desk::with_authority();
    desk.write(
        "template",
        "cn = \"tolva\"\norganization = \"Loxodata\"\ncountry = FR\ndns_name = \"tolva\"\n\
         ip_address = \"10.0.0.1\"\nchallenge_password = 123456\ntls_www_server\nsigning_key\nencryption_key\n",
    );
    let certtool = |words: &[&str]| desk.tool("certtool", words).ok();
    for key_type in ["ecdsa", "rsa", "ed25519"] {
        let make = ["--generate-privkey", "--key-type", key_type];
        certtool(&[&make[..], &["--outfile", "k.pem"]].concat());
        let ask = ["--generate-request", "--load-privkey", "k.pem"];
        let rest = ["--template", "template", "--outfile", "tolva.csr"];
        certtool(&[&ask[..], &rest].concat());
        let _ = std::fs::remove_file(desk.path("tolva.crt"));
        let signed = sign(&desk, "tolva.csr", "server");
        assert!(
            not_given(&signed).contains("a challenge password"),
            "{signed}"
        );
        judge(&desk, "tolva.csr", "tolva.crt", "server");
        assert_eq!(names(&desk, "tolva.crt"), ["dns:tolva", "ip:10.0.0.1"]);
        let same = "CN=tolva,O=Loxodata,C=FR";
        let mut subject: Vec<_> = subject(&desk, "tolva.crt")
            .split(',')
            .map(str::to_owned)
            .collect();
        subject.sort();
        let mut same: Vec<_> = same.split(',').collect();
        same.sort_unstable();
        assert_eq!(subject, same);
        // GnuTLS agrees.
        let check = ["--verify", "--load-ca-certificate", "root.crt"];
        certtool(&[&check[..], &["--infile", "tolva.crt"]].concat());
    }
}

#[test]
fn one_that_was_changed_on_its_way_is_refused() {
    let desk = Desk::with_authority();
    desk.sh("openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -subj /CN=slardiere -outform DER -out a.der")
        .ok();
    let mut der = std::fs::read(desk.path("a.der")).unwrap();
    let at = der.windows(9).position(|w| w == b"slardiere").unwrap();
    der[at..at + 9].copy_from_slice(b"superuser");
    std::fs::write(desk.path("a.der"), der).unwrap();
    desk.sh("openssl req -inform DER -in a.der -out a.csr").ok();
    desk.openssl(&["req", "-verify", "-noout", "-in", "a.csr"])
        .says("verify failure");
    let sign = ["sign", "a.csr", "--kind", "client", "--yes"];
    desk.pgcert(&[&sign[..], &["--passphrase-file", "pp"]].concat())
        .exits(1)
        .says("not signed with the key that it carries");
    let list = desk.json(&["list", "--kind", "client"]);
    assert_eq!(list["certificates"].as_array().unwrap().len(), 0);
}
