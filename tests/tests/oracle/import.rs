//! Authorities that other programs made go on here: what they issued is still let in, what is issued
//! here is let in beside it, by a server that trusts the old root, and what cannot work is said before
//! anything is written. OpenSSL, easy-rsa, mkcert and cfssl are the real ones; the roots of step and
//! cockroach are rebuilt with OpenSSL after their sources, since Debian does not have them.

use e2e::Said;
use e2e::given::tool;
use serde_json::Value;

use crate::desk::Desk;
use crate::servers::Server;

const PP: [&str; 2] = ["--passphrase-file", "pp"];

/// Takes an authority over, and returns what was said in JSON.
fn import(desk: &Desk, words: &[&str]) -> Value {
    let document = desk.json(&[&["ca", "import"], words, &PP[..], &["--quiet"]].concat());
    assert_eq!(document["changed"], true, "{document:#}");
    document
}

/// The codes of what was found.
fn codes(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| f["code"].as_str().unwrap())
        .collect()
}

/// It is refused for that reason, and nothing is there afterwards.
fn refused(desk: &Desk, words: &[&str], code: &str) {
    let said = desk.pgcert(&[&["ca", "import"], words, &PP[..], &["--json"]].concat());
    let document: Value =
        serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}\n{said}"));
    let findings = document["findings"].as_array().unwrap().iter();
    let refusals: Vec<_> = findings
        .filter(|f| f["severity"] == "error")
        .map(|f| f["code"].as_str().unwrap())
        .collect();
    assert_eq!(refusals, [code], "{document:#}");
    said.exits(1);
    assert!(!desk.path("authority").exists());
}

/// State of each certificate on record, by name.
fn states(desk: &Desk) -> Vec<String> {
    let list = desk.json(&["list"]);
    let mut states: Vec<_> = list["certificates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            format!(
                "{} {}",
                c["name"].as_str().unwrap(),
                c["state"].as_str().unwrap()
            )
        })
        .collect();
    states.sort();
    states
}

/// A server of the newest version, whose own certificate is issued by the authority that was taken
/// over, and which trusts `root` alone.
struct Trusting<'a> {
    desk: &'a Desk,
    server: &'a Server,
    root: &'a str,
}

impl<'a> Trusting<'a> {
    fn set_up(desk: &'a Desk, server: &'a Server, root: &'a str) -> Self {
        let issue = ["issue", "server", "localhost", "--san", "ip:127.0.0.1"];
        desk.pgcert(&[&issue[..], &PP].concat()).ok();
        let read = |file| desk.read(file);
        server.demand_certificates(&read("localhost.crt"), &read("localhost.key"), &read(root));
        Self { desk, server, root }
    }

    /// Logs in as a role with a certificate, whose key lies beside it.
    fn login(&self, role: &str, crt: &str, key: &str) -> Said {
        let sql = format!(
            "do $$ begin if not exists (select from pg_roles where rolname = '{role}') then create role \"{role}\" login; end if; end $$"
        );
        self.server.cluster.ask(&self.server.host, &sql);
        let path = |name: &str| self.desk.path(name);
        let (root, crt, key) = (path(self.root), path(crt), path(key));
        self.desk.sh(&format!("chmod 0600 {}", key.display())).ok();
        let conninfo = self.server.conninfo("localhost", &root, role, &crt, &key);
        self.desk
            .tool("psql", &["-XAtqc", "select current_user", &conninfo])
    }

    /// Issues a client certificate here, which gets in.
    fn lets_in_what_is_issued_here(&self) {
        let issue = ["issue", "client", "slardiere"];
        self.desk.pgcert(&[&issue[..], &PP].concat()).ok();
        let said = self
            .login("slardiere", "slardiere.crt", "slardiere.key")
            .ok();
        assert_eq!(said.answer(), "slardiere");
        // And a request that comes from elsewhere.
        self.desk
            .sh("openssl req -new -newkey rsa:2048 -nodes -keyout asked.key -subj /CN=asked -out asked.csr 2>&1")
            .ok();
        let sign = ["sign", "asked.csr", "--kind", "client", "--yes"];
        self.desk.pgcert(&[&sign[..], &PP].concat()).ok();
        self.login("asked", "asked.crt", "asked.key").ok();
        let words = [
            "verify",
            "-CAfile",
            self.root,
            "-purpose",
            "sslclient",
            "-untrusted",
        ];
        self.desk
            .openssl(&[&words[..], &["asked.crt", "asked.crt"]].concat())
            .ok();
        self.desk.pgcert(&["ca", "audit"]).ok();
    }

    /// Publishes a revocation list of the authority that was taken over.
    fn publish(&self) -> String {
        let said = self.desk.pgcert(&[&["ca", "crl"], &PP[..]].concat()).ok();
        self.desk.write("root.crl", &said.stdout);
        self.server.write("root.crl", said.stdout.as_bytes());
        let (server, sql) = (self.server, "alter system set ssl_crl_file = 'root.crl'");
        server.cluster.ask(&server.host, sql);
        server.cluster.ctl(&server.host, "restart").ok();
        said.stdout
    }
}

#[test]
fn of_openssl_by_hand() {
    let desk = Desk::new();
    // The key as older OpenSSL wrote it, under the old encryption of PEM.
    desk.sh("openssl genrsa -traditional -aes128 -passout file:pp -out old.key 2048 2>&1
        openssl req -x509 -key old.key -passin file:pp -days 3650 -subj '/C=FR/O=Loxodata/CN=Old CA' -out old.crt
        openssl req -new -newkey rsa:2048 -nodes -keyout alice.key -subj /CN=alice -out alice.csr 2>&1
        openssl x509 -req -in alice.csr -CA old.crt -CAkey old.key -passin file:pp -CAcreateserial -days 365 -out alice.crt 2>&1")
        .ok();
    let words = [
        "--cert",
        "old.crt",
        "--key",
        "old.key",
        "--certs",
        "alice.crt",
    ];
    let document = import(&desk, &words);
    assert_eq!(
        (&document["serials"], &document["revoked"]),
        (&1.into(), &0.into())
    );
    assert!(
        desk.read("authority/ca.key")
            .contains("BEGIN ENCRYPTED PRIVATE KEY")
    );
    assert_eq!(states(&desk), ["Old CA issued", "alice issued"]);
    let server = &Server::newest();
    let trusting = Trusting::set_up(&desk, server, "old.crt");
    trusting.login("alice", "alice.crt", "alice.key").ok();
    trusting.lets_in_what_is_issued_here();
    // Revoked here, a certificate that was made there is refused there.
    trusting.publish();
    trusting.login("alice", "alice.crt", "alice.key").ok();
    desk.pgcert(&["revoke", "alice", "--yes"]).ok();
    trusting.publish();
    trusting.login("alice", "alice.crt", "alice.key").fails();
    trusting
        .login("slardiere", "slardiere.crt", "slardiere.key")
        .ok();
}

#[test]
fn of_easy_rsa() {
    let desk = Desk::new();
    let easyrsa = tool("easyrsa");
    let easyrsa = easyrsa.display();
    desk.sh(&format!(
        "export EASYRSA_BATCH=1 EASYRSA_PKI=pki
         {easyrsa} init-pki; EASYRSA_REQ_CN='Easy-RSA CA' {easyrsa} build-ca nopass
         {easyrsa} build-client-full alice nopass; {easyrsa} build-client-full bob nopass
         {easyrsa} build-client-full carol nopass; {easyrsa} build-server-full tolva nopass
         {easyrsa} revoke bob keyCompromise; {easyrsa} gen-crl
         cp pki/issued/alice.crt pki/issued/carol.crt pki/private/alice.key pki/private/carol.key .
         cp pki/revoked/certs_by_serial/*.crt bob.crt; cp pki/revoked/private_by_serial/*.key bob.key || cp pki/private/bob.key ."
    ))
    .ok();
    let words = ["--cert", "pki/ca.crt", "--key", "pki/private/ca.key"];
    let more = ["--index", "pki/index.txt", "--crl", "pki/crl.pem"];
    let document = import(&desk, &[&words[..], &more].concat());
    assert_eq!(codes(&document), [""; 0], "{document:#}");
    assert_eq!(
        (&document["serials"], &document["revoked"]),
        (&4.into(), &1.into())
    );
    let wanted = [
        "Easy-RSA CA issued",
        "alice issued",
        "bob revoked",
        "carol issued",
        "tolva issued",
    ];
    assert_eq!(states(&desk), wanted);
    desk.sh("cp pki/ca.crt root.crt").ok();
    let server = &Server::newest();
    let trusting = Trusting::set_up(&desk, server, "root.crt");
    trusting.lets_in_what_is_issued_here();
    desk.pgcert(&["revoke", "carol", "--yes"]).ok();
    let list = trusting.publish();
    desk.write("list.crl", &list);
    let text = desk
        .openssl(&["crl", "-in", "list.crl", "-noout", "-text"])
        .ok();
    // Bob's serial with the reason that easy-rsa was given, and carol's.
    assert_eq!(text.stdout.matches("Serial Number:").count(), 2, "{text}");
    assert!(text.stdout.contains("Key Compromise"), "{text}");
    trusting.login("alice", "alice.crt", "alice.key").ok();
    trusting.login("bob", "bob.crt", "bob.key").fails();
    trusting.login("carol", "carol.crt", "carol.key").fails();
}

#[test]
fn of_mkcert_without_revocation_lists() {
    let desk = Desk::new();
    let mkcert = tool("mkcert");
    desk.sh(&format!(
        "mkdir root; CAROOT=$PWD/root {} tolva 2>&1",
        mkcert.display()
    ))
    .ok();
    let words = ["--cert", "root/rootCA.pem", "--key", "root/rootCA-key.pem"];
    let document = import(&desk, &[&words[..], &["--certs", "tolva.pem"]].concat());
    assert!(codes(&document).contains(&"no-crl-sign"), "{document:#}");
    assert!(states(&desk).contains(&"tolva issued".to_owned()));
    desk.pgcert(&[&["ca", "crl"], &PP[..]].concat())
        .exits(1)
        .says("revocation lists");
    let server = &Server::newest();
    Trusting::set_up(&desk, server, "root/rootCA.pem").lets_in_what_is_issued_here();
}

#[test]
fn of_cfssl_and_its_intermediate() {
    let desk = Desk::new();
    let (cfssl, cfssljson) = (tool("cfssl"), tool("cfssljson"));
    let (cfssl, cfssljson) = (cfssl.display(), cfssljson.display());
    desk.write("root.json", r#"{"CN": "cfssl root", "key": {"algo": "ecdsa", "size": 256}, "names": [{"C": "FR", "O": "Loxodata"}]}"#);
    desk.write("middle.json", r#"{"CN": "cfssl middle", "key": {"algo": "ecdsa", "size": 256}, "names": [{"O": "Loxodata"}]}"#);
    desk.write(
        "alice.json",
        r#"{"CN": "alice", "key": {"algo": "rsa", "size": 2048}}"#,
    );
    desk.write("config.json", r#"{"signing": {"profiles": {
        "middle": {"usages": ["cert sign", "crl sign"], "expiry": "43800h", "ca_constraint": {"is_ca": true, "max_path_len": 0, "max_path_len_zero": true}},
        "client": {"usages": ["signing", "client auth"], "expiry": "8760h"}}}}"#);
    desk.sh(&format!(
        "{cfssl} gencert -initca root.json | {cfssljson} -bare root
         {cfssl} gencert -ca root.pem -ca-key root-key.pem -config config.json -profile middle middle.json | {cfssljson} -bare middle
         {cfssl} gencert -ca middle.pem -ca-key middle-key.pem -config config.json -profile client alice.json | {cfssljson} -bare alice
         cat alice.pem middle.pem > alice.crt"
    ))
    .ok();
    let words = ["--cert", "middle.pem", "--key", "middle-key.pem"];
    refused(&desk, &words, "chain-gap");
    let document = import(
        &desk,
        &[&words[..], &["--chain", "root.pem", "--certs", "alice.pem"]].concat(),
    );
    assert_eq!(codes(&document), [""; 0], "{document:#}");
    let server = &Server::newest();
    let trusting = Trusting::set_up(&desk, server, "root.pem");
    trusting.login("alice", "alice.crt", "alice-key.pem").ok();
    trusting.lets_in_what_is_issued_here();
    // The root too, into another folder.
    let root = [
        "ca",
        "import",
        "--cert",
        "root.pem",
        "--key",
        "root-key.pem",
    ];
    let there = ["--authority", "root-authority", "--certs", "middle.pem"];
    desk.pgcert(&[&root[..], &there, &PP].concat()).ok();
    let list = desk.pgcert(&["list", "--authority", "root-authority"]).ok();
    assert!(list.stdout.contains("intermediate"), "{list}");
}

/// After certificates/profile and authority/provision of step: a root with room for one level, an
/// intermediate with none.
#[test]
fn of_step_rebuilt() {
    let desk = Desk::new();
    desk.sh("openssl ecparam -name prime256v1 -genkey -noout -out root.key
        openssl ecparam -name prime256v1 -genkey -noout -out middle.key
        openssl req -x509 -new -key root.key -days 3650 -subj '/O=Loxodata/CN=Loxodata Root CA' -out root.crt \\
            -addext basicConstraints=critical,CA:TRUE,pathlen:1 -addext keyUsage=critical,keyCertSign,cRLSign
        openssl req -new -key middle.key -subj '/O=Loxodata/CN=Loxodata Intermediate CA' -out middle.csr
        printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' > ext
        openssl x509 -req -in middle.csr -CA root.crt -CAkey root.key -CAcreateserial -days 3000 -extfile ext -out middle.crt 2>&1
        openssl pkcs8 -topk8 -v2 aes-256-cbc -in middle.key -passout file:pp -out middle.enc")
        .ok();
    let words = [
        "--cert",
        "middle.crt",
        "--key",
        "middle.enc",
        "--chain",
        "root.crt",
    ];
    let document = import(&desk, &words);
    assert_eq!(codes(&document), [""; 0], "{document:#}");
    let server = &Server::newest();
    Trusting::set_up(&desk, server, "root.crt").lets_in_what_is_issued_here();
}

/// After pkg/security/x509.go of cockroach: no cRLSign, and usages that an authority has no use for.
#[test]
fn of_cockroach_rebuilt() {
    let desk = Desk::new();
    desk.sh("openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -days 3660 -subj '/O=Cockroach/CN=Cockroach CA' -out ca.crt \\
            -addext basicConstraints=critical,CA:TRUE,pathlen:1 \\
            -addext keyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment,keyCertSign 2>&1")
        .ok();
    let document = import(&desk, &["--cert", "ca.crt", "--key", "ca.key"]);
    assert_eq!(codes(&document), ["no-crl-sign"]);
    let server = &Server::newest();
    Trusting::set_up(&desk, server, "ca.crt").lets_in_what_is_issued_here();
}

#[test]
fn what_would_not_work_is_refused() {
    let desk = Desk::new();
    desk.sh("make() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -days 3650 -out $1.crt -subj \"$2\" -multivalue-rdn $3 $4 $5 $6 $7 $8 2>&1; }
        ku='-addext keyUsage=critical,keyCertSign,cRLSign'
        make good '/CN=good' $ku
        make units '/O=Loxodata/OU=a/OU=b/CN=units' $ku
        make domains '/DC=org/DC=example/CN=domains' $ku
        make joined '/O=Loxodata/CN=joined+OU=dba' $ku
        make nosign '/CN=nosign' -addext keyUsage=critical,digitalSignature
        make clients '/CN=clients' $ku -addext extendedKeyUsage=clientAuth
        make code '/CN=code' $ku -addext extendedKeyUsage=codeSigning
        make old '/CN=old' $ku -sha1
        make odd '/CN=odd' $ku -addext 1.2.3.4=critical,ASN1:NULL
        openssl req -x509 -newkey rsa:1024 -nodes -keyout weak.key -days 3650 -subj /CN=weak -out weak.crt $ku 2>&1
        openssl req -x509 -newkey ed25519 -nodes -keyout ed.key -days 3650 -subj /CN=ed -out ed.crt $ku 2>&1
        openssl req -new -newkey rsa:2048 -nodes -keyout one.key -subj /CN=one -out one.csr 2>&1
        openssl x509 -req -in one.csr -signkey one.key -days 3650 -out one.crt 2>&1
        openssl req -new -newkey rsa:2048 -nodes -keyout leaf.key -subj /CN=leaf -out leaf.csr 2>&1
        openssl x509 -req -in leaf.csr -CA good.crt -CAkey good.key -CAcreateserial -days 30 -out leaf.crt 2>&1")
        .ok();
    for (name, code) in [
        ("units", "issuer-name"),
        ("domains", "issuer-name"),
        ("joined", "issue"),
        ("nosign", "no-cert-sign"),
        ("odd", "unhandled-critical"),
        ("ed", "no-channel-binding"),
        // X.509 version 1, as `openssl x509 -signkey` makes them.
        ("one", "not-an-authority"),
        ("leaf", "not-an-authority"),
    ] {
        let (crt, key) = (format!("{name}.crt"), format!("{name}.key"));
        refused(&desk, &["--cert", &crt, "--key", &key], code);
    }
    refused(
        &desk,
        &["--cert", "good.crt", "--key", "units.key"],
        "key-mismatch",
    );
    let weak = ["ca", "import", "--cert", "weak.crt", "--key", "weak.key"];
    desk.pgcert(&[&weak[..], &PP].concat())
        .exits(1)
        .says("fewer than 2048 bits");
    for (name, code) in [("clients", "no-servers"), ("old", "old-signature")] {
        let (crt, key) = (format!("{name}.crt"), format!("{name}.key"));
        let try_it = ["ca", "import", "--dry-run", "--cert", &crt, "--key", &key];
        let document = desk.json(&[&try_it[..], &PP].concat());
        assert!(codes(&document).contains(&code), "{document:#}");
        assert_eq!(document["changed"], false);
    }
    let code = ["ca", "import", "--cert", "code.crt", "--key", "code.key"];
    desk.pgcert(&[&code[..], &PP].concat())
        .exits(1)
        .says("refused by who is shown them");
    let forced = ["--cert", "ed.crt", "--key", "ed.key", "--force"];
    assert!(codes(&import(&desk, &forced)).contains(&"no-channel-binding"));
}
