//! Revocation lists, from what the authority keeps to the PEM file.

use std::fmt::Write as _;

use super::measure::cost;
use super::rivals::OPENSSL_AUTHORITY;
use super::table::Table;
use super::{Bench, python};

pub(super) fn run(bench: &Bench) -> anyhow::Result<()> {
    for entries in [100_000, 1_000_000] {
        let mut table = Table::new(&format!("A revocation list with {entries} entries"));
        let place = bench.place(&format!("crl-{entries}"))?;
        std::fs::write(place.folder.join("index.txt"), index(entries))?;
        std::fs::write(place.folder.join("openssl.cnf"), OPENSSL)?;
        place.prepare(OPENSSL_AUTHORITY)?;
        place.prepare("echo 01 > crlnumber")?;
        std::fs::write(place.folder.join("crl.py"), python::CRL)?;
        let script = format!(
            "exec {} crl.py {entries}",
            python::ready(&bench.root)?.display()
        );
        let by_python = cost(&place.shell(&script, 0))?;
        // What Python's list says is revoked comes into the store with it.
        place.prepare(
            "$PGCERT ca import --authority ca --cert ca.crt --key ca.key --crl python.pem \
             --no-passphrase",
        )?;
        for (name, prefix) in [
            ("pgcert ca crl", ""),
            ("pgcert ca crl, one core", "taskset -c 0 "),
        ] {
            let script =
                format!("rm -f crl.pem; exec {prefix}$PGCERT ca crl --authority ca --out crl.pem");
            table.row(name, 1, cost(&place.shell(&script, 0))?);
        }
        place.prepare(&format!(
            "test $(openssl crl -in crl.pem -noout -text | grep -c 'Serial Number') = {entries}"
        ))?;
        let openssl = "exec openssl ca -config openssl.cnf -gencrl -out openssl.pem";
        table.row("openssl ca -gencrl", 1, cost(&place.shell(openssl, 0))?);

        let serials: String = (1..=entries).map(|n| format!("{}\n", decimal(n))).collect();
        std::fs::write(place.folder.join("serials"), serials)?;
        let cfssl = "exec cfssl gencrl serials ca.crt ca.key";
        crate::machine::need("cfssl", &["golang-cfssl"])?;
        table.row("cfssl gencrl", 1, cost(&place.shell(cfssl, 0))?);

        table.row("Python cryptography", 1, by_python);
        table.print();
    }
    Ok(())
}

/// `index.txt` of an authority that has revoked all that it issued.
fn index(entries: usize) -> String {
    let mut text = String::new();
    for n in 1..=entries {
        let _ = writeln!(
            text,
            "R\t460101000000Z\t260101000000Z\t{:032X}\tunknown\t/CN=role{n}",
            number(n)
        );
    }
    text
}

/// Serial numbers of the size that pgcert draws, all different.
fn number(n: usize) -> u128 {
    (0x4000_u128 << 112) | n as u128
}

fn decimal(n: usize) -> String {
    number(n).to_string()
}

const OPENSSL: &str = "
[ca]
default_ca = here
[here]
database = index.txt
crlnumber = crlnumber
certificate = ca.crt
private_key = ca.key
default_md = sha256
default_crl_days = 30
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
";
