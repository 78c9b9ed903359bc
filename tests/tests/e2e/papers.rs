//! Requests, certificates and keys that openssl made, signed and shown by pgcert; and what openssl
//! thinks of those that pgcert made.

use e2e::{Said, Site};
use serde_json::Value;

/// An authority called `trustly`, of the account that runs pgcert, and a folder to work in.
struct Office {
    site: Site,
    passphrase: String,
}

impl Office {
    fn new() -> Self {
        let site = Site::of_one_user();
        let passphrase = site.secret("authority", "authority secret\n");
        let office = Self { site, passphrase };
        let subject = "C=FR,ST=BZH,L=Nantes,O=Loxodata";
        let passphrase = ["--passphrase-file", &office.passphrase];
        let init = ["ca", "init", "--ca-name", "trustly", "--subject", subject];
        office.pgcert(&[&init[..], &passphrase].concat()).ok();
        office.sh(&format!("cp {}/ca.crt ca.crt", office.site.authority));
        office
    }

    fn pgcert(&self, words: &[&str]) -> Said {
        self.site.pgcert(&self.site.runner, words)
    }

    /// The path of a file in the folder.
    fn path(&self, file: &str) -> String {
        format!("{}/{file}", self.site.scratch)
    }

    /// A script in the folder.
    #[track_caller]
    fn sh(&self, script: &str) -> String {
        let script = format!("cd {}; umask 077; {script}", self.site.scratch);
        self.site.host.sh(&self.site.runner, &script).ok().stdout
    }

    /// A request of openssl's for a new key: `options` are those of `openssl req`.
    #[track_caller]
    fn request(&self, name: &str, subject: &str, options: &str) -> String {
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        let file = format!("-keyout {name}.key -out {name}.csr");
        self.sh(&format!(
            "openssl req {key} {file} -utf8 -subj '{subject}' {options}"
        ));
        self.path(&format!("{name}.csr"))
    }

    fn sign(&self, words: &[&str]) -> Said {
        let passphrase = ["--yes", "--passphrase-file", &self.passphrase];
        self.pgcert(&[&["sign"], words, &passphrase].concat())
    }

    /// How many certificates the authority has issued or meant to issue.
    fn issued(&self) -> usize {
        self.listed(&[]).len()
    }

    fn listed(&self, more: &[&str]) -> Vec<Value> {
        let said = self.pgcert(&[&["list", "--json"], more].concat()).ok();
        let list: Value = serde_json::from_str(&said.stdout).unwrap();
        list["certificates"].as_array().unwrap().clone()
    }

    /// Whether openssl takes the certificate for this purpose, strictly.
    fn fit_for(&self, purpose: &str, file: &str) -> bool {
        let words = [
            "openssl",
            "verify",
            "-x509_strict",
            "-purpose",
            purpose,
            "-CAfile",
        ];
        let (root, file) = (self.path("ca.crt"), self.path(file));
        let said = self
            .site
            .host
            .run(&self.site.runner, &[&words[..], &[&root, &file]].concat());
        said.code == 0
    }
}

#[test]
fn a_request_that_does_not_say_what_it_is_for_needs_a_kind() {
    let office = Office::new();
    let request = office.request("tolva", "/CN=tolva", "");
    office
        .sign(&[&request])
        .exits(2)
        .says("does not say what it is for")
        .says("--kind server or --kind client");
    assert_eq!(office.issued(), 1);
    office.sign(&[&request, "--kind", "root"]).exits(2);
    office
        .sign(&[&request, "--kind", "server"])
        .ok()
        .says("server certificate for tolva, names dns:tolva");
    // The common name is among the names that verify-full compares.
    let text = office.sh("openssl x509 -in tolva.crt -noout -text");
    assert!(text.contains("DNS:tolva"), "{text}");
    assert!(office.fit_for("sslserver", "tolva.crt"));
    assert!(!office.fit_for("sslclient", "tolva.crt"));

    // Both usages: nothing is decided either. What is not given is named.
    let both = "-addext extendedKeyUsage=serverAuth,clientAuth";
    let request = office.request("slardiere", "/CN=slardiere", both);
    office.sign(&[&request]).exits(2);
    office
        .sign(&[&request, "--kind", "client"])
        .ok()
        .says("asked for, but not given: the extended key usage serverAuth");
    assert!(office.fit_for("sslclient", "slardiere.crt"));
    assert!(!office.fit_for("sslserver", "slardiere.crt"));

    // One of them is enough to know.
    let one = "-addext extendedKeyUsage=clientAuth";
    let request = office.request("alice", "/CN=alice", one);
    office
        .sign(&[&request])
        .ok()
        .says("client certificate for alice");
}

#[test]
fn what_a_request_asks_for_beside_key_and_names_is_named_and_not_given() {
    let office = Office::new();
    let asked = "-addext subjectAltName=DNS:tolva,IP:10.0.0.1,DNS:tolva.example,email:x@example.org \
        -addext extendedKeyUsage=serverAuth,codeSigning -addext basicConstraints=CA:TRUE,pathlen:3 \
        -addext keyUsage=keyCertSign,digitalSignature -addext tlsfeature=status_request";
    let request = office.request("tolva", "/CN=tolva", asked);
    let said = office.sign(&[&request]).ok();
    let given = office.sh("openssl x509 -in tolva.crt -noout -text");
    for (extra, words) in [
        ("to be an authority", "CA:TRUE"),
        ("the key usage keyCertSign", "Certificate Sign"),
        ("the extended key usage codeSigning", "Code Signing"),
        ("the name email:x@example.org", "email:"),
        ("the extension 1.3.6.1.5.5.7.1.24", "status_request"),
    ] {
        let said = said.clone();
        said.says(&format!("asked for, but not given: {extra}"));
        assert!(!given.contains(words), "{given}");
    }
    for name in ["DNS:tolva,", "DNS:tolva.example", "IP Address:10.0.0.1"] {
        assert!(given.contains(name), "{given}");
    }
    // The same before signing, for whoever looks first, and for scripts.
    office
        .pgcert(&["inspect", &request])
        .ok()
        .says("it also asks for to be an authority");
    office.sh("mkdir again");
    let again = office.path("again");
    let said = office.sign(&[&request, "--json", "--out", &again]).ok();
    let signed: Value = serde_json::from_str(&said.stdout).unwrap();
    let extras = signed["signed"][0]["not_given"].as_array().unwrap();
    assert_eq!(extras.len(), 5, "{signed:#}");
}

#[test]
fn the_subject_keeps_its_order_through_request_and_signature() {
    let office = Office::new();
    let as_read = |kind: &str, file: &str| {
        office.sh(&format!(
            "openssl {kind} -in {file} -noout -subject -nameopt RFC2253"
        ))
    };
    // Of pgcert's own making.
    let request = [
        "request",
        "server",
        "tolva",
        "--subject",
        "C=FR,ST=BZH,L=Nantes,O=Loxodata",
        "--out",
        &office.site.scratch,
    ];
    office.pgcert(&request).ok();
    office.sign(&[&office.path("tolva.csr")]).ok();
    let subject = "subject=CN=tolva,O=Loxodata,L=Nantes,ST=BZH,C=FR\n";
    assert_eq!(as_read("req", "tolva.csr"), subject);
    assert_eq!(as_read("x509", "tolva.crt"), subject);

    // Of openssl's, with whatever an administrator may have typed.
    for (name, subject) in [
        ("a", "/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=tolva"),
        ("b", "/CN=tolva/O=Loxodata/C=FR"),
        (
            "c",
            "/O=Loxo, data + co/OU=Équipe \"bases\"/emailAddress=dba@example.org/CN=tolva",
        ),
        (
            "d",
            "/DC=org/UID=17/serialNumber=A-1/street=1 quai/CN=tolva",
        ),
        ("e", "/CN=tolva"),
    ] {
        let request = office.request(name, subject, "");
        office.sign(&[&request, "--kind", "server"]).ok();
        let asked = as_read("req", &format!("{name}.csr"));
        assert_eq!(as_read("x509", &format!("{name}.crt")), asked);
    }
    // Of a subject that cannot be written again the common name is given, and the rest is named.
    for (name, subject, options, reason) in [
        (
            "twice",
            "/DC=org/DC=example/CN=tolva",
            "",
            "DC is given twice",
        ),
        ("unknown", "/title=Dr/CN=tolva", "", "2.5.4.12"),
        (
            "joined",
            "/O=x+OU=y/CN=tolva",
            "-multivalue-rdn",
            "joins attributes",
        ),
    ] {
        let request = office.request(name, subject, options);
        office
            .sign(&[&request, "--kind", "server"])
            .ok()
            .says("asked for, but not given: the subject")
            .says(reason);
        assert_eq!(
            as_read("x509", &format!("{name}.crt")),
            "subject=CN=tolva\n"
        );
    }
}

#[test]
fn a_request_that_cannot_be_signed_leaves_no_certificate_and_no_file() {
    let office = Office::new();
    let good = office.request("good", "/CN=tolva", "-addext extendedKeyUsage=serverAuth");
    let nameless = office.request("nameless", "/O=x", "-addext extendedKeyUsage=clientAuth");
    let no_host = office.request(
        "nohost",
        "/CN=no host",
        "-addext extendedKeyUsage=serverAuth",
    );
    office.sh("openssl req -newkey rsa:1024 -nodes -keyout weak.key -out weak.csr -subj /CN=tolva -addext extendedKeyUsage=serverAuth");
    // One letter of its name is another one, so that the signature is not for it.
    office.sh("openssl req -in good.csr -outform DER | sed 's/tolva/tolwa/' | openssl base64 > body; \
        (echo -----BEGIN CERTIFICATE REQUEST-----; cat body; echo -----END CERTIFICATE REQUEST-----) > forged.csr");
    for (file, message) in [
        (
            office.path("forged.csr"),
            "not signed with the key that it carries",
        ),
        (nameless, "has no common name"),
        (no_host, "is no host name"),
        (office.path("weak.csr"), "RSA 1024 is too weak a key"),
        (office.path("good.key"), "no certificate request"),
        (office.path("nothing.csr"), "cannot be read"),
    ] {
        office.sign(&[&file]).exits(1).says(message);
    }
    // Wrong passphrase, nobody to agree, one of two that is no good: none is signed.
    office.sh("echo wrong > wrong");
    let wrong = office.path("wrong");
    office
        .pgcert(&["sign", &good, "--yes", "--passphrase-file", &wrong])
        .exits(1)
        .says("passphrase");
    office
        .pgcert(&["sign", &good, "--passphrase-file", &office.passphrase])
        .exits(2)
        .says("--yes");
    office.sign(&[&good, &office.path("forged.csr")]).exits(1);
    let issued: Vec<Value> = office
        .listed(&[])
        .into_iter()
        .filter(|c| c["kind"] != "root" && c["state"] != "intended")
        .collect();
    assert!(issued.is_empty(), "{issued:#?}");
    assert_eq!(office.sh("ls *.crt"), "ca.crt\n");
    office.sign(&[&good]).ok();
    // What is there is not overwritten.
    office.sign(&[&good]).exits(1).says("exists already");
}

#[test]
fn every_key_that_openssl_makes_is_certified_for_one_purpose_alone() {
    let office = Office::new();
    let keys = [
        ("rsa2048", "-newkey rsa:2048"),
        ("rsa4096", "-newkey rsa:4096"),
        ("p256", "-newkey ec -pkeyopt ec_paramgen_curve:P-256"),
        ("p384", "-newkey ec -pkeyopt ec_paramgen_curve:P-384"),
        ("p521", "-newkey ec -pkeyopt ec_paramgen_curve:P-521"),
        ("ed25519", "-newkey ed25519"),
    ];
    let mut requests = Vec::new();
    for (name, key) in keys {
        office.sh(&format!(
            "openssl req {key} -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
        ));
        requests.push(office.path(&format!("{name}.csr")));
    }
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    for (kind, right, wrong) in [
        ("server", "sslserver", "sslclient"),
        ("client", "sslclient", "sslserver"),
    ] {
        office.sh(&format!("mkdir {kind}"));
        let folder = office.path(kind);
        let words = ["--kind", kind, "--out", &folder];
        office.sign(&[&requests[..], &words].concat()).ok();
        for (name, _) in keys {
            let file = format!("{kind}/{name}.crt");
            assert!(office.fit_for(right, &file), "{file}");
            for purpose in [wrong, "smimesign", "crlsign", "timestampsign"] {
                assert!(!office.fit_for(purpose, &file), "{file} {purpose}");
            }
            // The key is the one that was asked for.
            office.sh(&format!(
                "openssl x509 -in {file} -noout -pubkey > given; openssl pkey -in {name}.key -pubout > own; cmp given own"
            ));
        }
    }
}

#[test]
fn the_same_of_pgcerts_own_keys() {
    let office = Office::new();
    for (role, kind, right, wrong) in [
        ("tolva", "server", "sslserver", "sslclient"),
        ("slardiere", "client", "sslclient", "sslserver"),
    ] {
        for key in ["p256", "p384", "rsa2048", "rsa3072", "ed25519"] {
            office.sh(&format!("mkdir {kind}-{key}"));
            let folder = office.path(&format!("{kind}-{key}"));
            office
                .pgcert(&["request", kind, role, "--key-type", key, "--out", &folder])
                .ok();
            office.sign(&[&format!("{folder}/{role}.csr")]).ok();
            let file = format!("{kind}-{key}/{role}.crt");
            assert!(office.fit_for(right, &file), "{file}");
            assert!(!office.fit_for(wrong, &file), "{file}");
            office.sh(&format!(
                "openssl x509 -in {file} -noout -pubkey > given; openssl pkey -in {kind}-{key}/{role}.key -pubout > own; cmp given own"
            ));
        }
    }
}

#[test]
fn what_openssl_made_is_shown_in_words_and_no_key_is_shown() {
    let office = Office::new();
    office.sh(
        "openssl genrsa -traditional -out rsa.key 2048 || openssl genrsa -out rsa.key 2048; \
         openssl ecparam -genkey -name secp384r1 -noout -out sec1.key; \
         openssl genpkey -algorithm ed25519 -out ed.key; \
         openssl pkcs8 -topk8 -in sec1.key -passout pass:private -v2 aes-256-cbc -out locked.key; \
         openssl pkey -in rsa.key -outform DER -out rsa.der; \
         openssl req -x509 -key rsa.key -days 30 -subj '/O=Loxodata/CN=self' -addext subjectAltName=DNS:self,IP:10.1.2.3 -out self.crt; \
         openssl x509 -in self.crt -outform DER -out self.der; \
         openssl req -new -key sec1.key -subj /CN=asked -out asked.csr; \
         openssl req -in asked.csr -outform DER -out asked.der; \
         cat self.crt ca.crt > two.crt; echo private > private; echo nothing > nothing",
    );
    for (file, words) in [
        ("rsa.key", &["RSA 2048"][..]),
        ("rsa.der", &["RSA 2048"]),
        ("sec1.key", &["EC P-384"]),
        ("ed.key", &["Ed25519"]),
        (
            "self.crt",
            &["CN=self,O=Loxodata", "dns:self, ip:10.1.2.3", "itself"],
        ),
        ("self.der", &["CN=self,O=Loxodata"]),
        (
            "asked.csr",
            &["CN=asked", "proves that the requester has the key"],
        ),
        ("asked.der", &["CN=asked"]),
        (
            "two.crt",
            &[
                "CN=self,O=Loxodata",
                "CN=trustly,O=Loxodata,L=Nantes,ST=BZH,C=FR",
            ],
        ),
    ] {
        let said = office.pgcert(&["inspect", &office.path(file)]).ok();
        for words in words {
            let said = said.clone();
            said.says(words);
        }
    }
    // Under a passphrase only that it is one; with it, which.
    let locked = office.path("locked.key");
    let said = office.pgcert(&["inspect", &locked]).ok().says_not("P-384");
    assert!(said.stdout.contains("ncrypted"), "{said}");
    let with = ["--passphrase-file", &office.path("private")];
    office
        .pgcert(&[&["inspect", locked.as_str()], &with[..]].concat())
        .ok()
        .says("EC P-384");
    let wrong = ["--passphrase-file", &office.path("nothing")];
    office
        .pgcert(&[&["inspect", locked.as_str()], &wrong[..]].concat())
        .exits(1)
        .says("passphrase");
    // The dates and digests are those that openssl reads.
    let said = office
        .pgcert(&["inspect", "--json", &office.path("self.crt")])
        .ok();
    let facts: Value = serde_json::from_str(&said.stdout).unwrap();
    let facts = &facts["items"][0]["facts"];
    let digest = office.sh("openssl x509 -in self.crt -noout -fingerprint -sha256");
    let digest = digest
        .trim()
        .rsplit('=')
        .next()
        .unwrap()
        .replace(':', "")
        .to_lowercase();
    assert_eq!(facts["fingerprint"], format!("sha256 {digest}"));
    let serial = office.sh("openssl x509 -in self.crt -noout -serial");
    let serial = serial.trim().rsplit('=').next().unwrap().to_lowercase();
    assert_eq!(facts["serial"], serial);

    // No line of any key is ever printed.
    for file in ["rsa.key", "sec1.key", "ed.key", "locked.key"] {
        let text = office.sh(&format!("cat {file}"));
        for more in [&["--json"][..], &["-v"]] {
            let said = office
                .pgcert(&[&["inspect", &office.path(file)], more].concat())
                .ok();
            for line in text.lines().filter(|l| !l.starts_with("---")) {
                assert!(!said.stdout.contains(line), "{said}");
            }
        }
    }

    // One that cannot be understood does not hide the others.
    office
        .pgcert(&["inspect", &office.path("nothing"), &office.path("self.crt")])
        .exits(1)
        .says("CN=self")
        .says("nothing");
    office
        .pgcert(&["inspect", &office.path("missing")])
        .exits(1);
}

#[test]
fn a_name_cannot_move_the_cursor() {
    let office = Office::new();
    // As a foreign authority might have signed it.
    office.sh(
        "name=$(printf 'a\\033[2Jb\\rc'); \
         openssl req -x509 -newkey rsa:2048 -nodes -keyout x.key -days 30 -subj \"/CN=$name\" -out odd.crt; \
         openssl req -new -key x.key -subj \"/CN=$name\" -out odd.csr",
    );
    office.sh("mkdir out");
    let out = office.path("out");
    let said = [
        office.pgcert(&["inspect", &office.path("odd.crt")]).ok(),
        office.pgcert(&["inspect", &office.path("odd.csr")]).ok(),
        office.sign(&[&office.path("odd.csr"), "--kind", "client", "--out", &out]),
        office.pgcert(&["list"]).ok(),
    ];
    for said in said {
        let text = format!("{}{}", said.stdout, said.stderr);
        assert!(!text.contains(['\u{1b}', '\r']), "{text:?}");
        assert!(text.contains("[2Jb"), "{text:?}");
    }
}

#[test]
fn what_was_issued_is_listed_shown_and_given_out() {
    let office = Office::new();
    for (kind, name) in [
        ("server", "tolva"),
        ("client", "slardiere"),
        ("client", "alice"),
    ] {
        office
            .pgcert(&["request", kind, name, "--out", &office.site.scratch])
            .ok();
        office.sign(&[&office.path(&format!("{name}.csr"))]).ok();
    }
    let names = |more: &[&str]| {
        let listed = office.listed(more);
        let names = listed
            .iter()
            .map(|c| c["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&[]), ["trustly", "tolva", "slardiere", "alice"]);
    assert_eq!(names(&["--kind", "client"]), ["slardiere", "alice"]);
    assert_eq!(names(&["--name", "tolva"]), ["tolva"]);
    assert_eq!(names(&["--name", "nobody"]), [""; 0]);
    office
        .pgcert(&["list"])
        .ok()
        .says("slardiere")
        .says("issued");

    // One of them by its serial, as openssl writes it.
    let serial = office.sh("openssl x509 -in alice.crt -noout -serial");
    let serial = serial.trim().rsplit('=').next().unwrap().to_owned();
    let shown = office.pgcert(&["show", &serial]).ok();
    shown.says("CN=alice").says("good for     client");
    let shown = office.pgcert(&["show", &serial, "--json"]).ok();
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(
        shown["certificate"].as_str().unwrap(),
        office.sh("cat alice.crt")
    );
    office.pgcert(&["show", "1234"]).exits(1).says("1234");
    office.pgcert(&["show", "no serial"]).exits(2);

    // The authority, in words and as the file that goes into root.crt.
    office
        .pgcert(&["ca", "show"])
        .ok()
        .says("CN=trustly,O=Loxodata,L=Nantes,ST=BZH,C=FR")
        .says("key encrypted");
    let exported = office.pgcert(&["ca", "export"]).ok().stdout;
    let root = office.path("root.crt");
    office
        .site
        .host
        .write(&root, &exported, &office.site.runner, "644");
    office.sh("openssl verify -x509_strict -purpose sslclient -CAfile root.crt alice.crt");
    let digest = "openssl x509 -noout -fingerprint -sha256 -in";
    assert_eq!(
        office.sh(&format!("{digest} root.crt")),
        office.sh(&format!("{digest} ca.crt"))
    );
    assert_eq!(exported.matches("BEGIN CERTIFICATE").count(), 1);
    assert!(!exported.contains("PRIVATE KEY"));

    // There is one authority in a folder, and none where none was made.
    let before = office.site.host.tree(&[&office.site.authority]);
    office
        .pgcert(&["ca", "init", "--no-passphrase"])
        .exits(1)
        .says("already holds an authority");
    // SQLite's own side files come and go in the folder.
    let after = office.site.host.tree(&[&office.site.authority]);
    let changed = before.changed_paths(&after, &[]);
    assert!(
        changed.iter().all(|p| *p == office.site.authority),
        "{changed:?}"
    );
    let none = office.path("none");
    for words in [
        &["list"][..],
        &["ca", "show"],
        &["ca", "export"],
        &["show", "12"],
    ] {
        office
            .pgcert(&[words, &["--authority", &none]].concat())
            .exits(1)
            .says("there is no authority in")
            .says("pgcert ca init");
    }
}
