//! The programs that issue client certificates today, each as its documentation has people use it.
//!
//! `one` makes the key and certificate number `$N`, for the role `role$N`.

use std::path::Path;

use crate::machine;

/// A program that issues certificates.
pub(super) struct Rival {
    pub(super) name: &'static str,
    /// A program of it, and the Debian packages that bring it.
    needs: (&'static str, &'static [&'static str]),
    /// Makes an authority with a P-256 key that is not encrypted.
    pub(super) prepare: &'static str,
    pub(super) one: &'static str,
    /// How many to measure, one at a time. The slow ones are few.
    pub(super) runs: usize,
}

impl Rival {
    /// Installs it where it is missing.
    pub(super) fn ready(&self) -> anyhow::Result<()> {
        let (program, packages) = self.needs;
        if !Path::new(program).exists() {
            machine::need(program, packages)?;
        }
        Ok(())
    }
}

pub(super) const PGCERT: Rival = Rival {
    name: "pgcert issue",
    needs: ("sh", &[]),
    prepare: "$PGCERT ca init --authority ca --ca-name bench --no-passphrase",
    one: "exec $PGCERT issue client role$N --authority ca --out .",
    runs: 50,
};

pub(super) const RIVALS: &[Rival] = &[
    Rival {
        name: "openssl, three processes (genpkey, req, x509)",
        needs: ("openssl", &["openssl"]),
        prepare: OPENSSL_AUTHORITY,
        one: "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $N.key
              openssl req -new -key $N.key -subj /CN=role$N -out $N.csr
              openssl x509 -req -in $N.csr -CA ca.crt -CAkey ca.key -days 360 -out $N.crt",
        runs: 30,
    },
    Rival {
        name: "openssl, one process (req -x509 -CA)",
        needs: ("openssl", &["openssl"]),
        prepare: OPENSSL_AUTHORITY,
        one: "exec openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 360 \
              -CA ca.crt -CAkey ca.key -subj /CN=role$N -keyout $N.key -out $N.crt",
        runs: 30,
    },
    Rival {
        name: "easy-rsa",
        needs: ("/usr/share/easy-rsa/easyrsa", &["easy-rsa"]),
        prepare: "export EASYRSA_ALGO=ec EASYRSA_CURVE=prime256v1
                  /usr/share/easy-rsa/easyrsa --batch init-pki
                  /usr/share/easy-rsa/easyrsa --batch build-ca nopass",
        one: "export EASYRSA_ALGO=ec EASYRSA_CURVE=prime256v1
              exec /usr/share/easy-rsa/easyrsa --batch build-client-full role$N nopass",
        runs: 10,
    },
    Rival {
        name: "cfssl",
        needs: ("cfssl", &["golang-cfssl"]),
        prepare: r#"echo '{"CN":"bench","key":{"algo":"ecdsa","size":256}}' > ca.json
                    cfssl gencert -initca ca.json | cfssljson -bare ca"#,
        one: r#"echo '{"CN":"role'$N'","hosts":[],"key":{"algo":"ecdsa","size":256}}' > $N.json
                cfssl gencert -ca ca.pem -ca-key ca-key.pem $N.json | cfssljson -bare $N"#,
        runs: 30,
    },
    Rival {
        name: "mkcert",
        needs: ("mkcert", &["mkcert"]),
        prepare: "CAROOT=$PWD mkcert -ecdsa -client role0",
        one: "CAROOT=$PWD exec mkcert -ecdsa -client -key-file $N.key -cert-file $N.crt role$N",
        runs: 30,
    },
];

pub(super) const OPENSSL_AUTHORITY: &str =
    "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key
     openssl req -x509 -new -key ca.key -subj /CN=bench -days 3650 -out ca.crt \
       -addext keyUsage=critical,keyCertSign,cRLSign";
