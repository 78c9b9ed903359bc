//! Modes of what is written, whatever the umask: keys are nobody else's from the moment they exist,
//! certificates and requests are everybody's to read.

use crate::place::{Place, binary, said};

fn under(umask: &str) {
    let place = Place::new();
    let run = |line: &str| {
        let mut command = place.program("/bin/sh");
        command
            .args(["-c", &format!("umask {umask}; exec \"$0\" {line}")])
            .arg(binary());
        let said = said(command);
        assert_eq!(said.code, Some(0), "{line}: {said}");
    };
    run("ca init --no-passphrase");
    run("request server localhost");
    run("request client slardiere --key-passphrase-file pp");
    run("sign localhost.csr slardiere.csr --yes");
    place.write("root.crt", &place.must(&["ca", "export"]).out);
    run("request client plain");
    run("sign plain.csr --yes");
    run(
        "install client --key plain.key --cert plain.crt --root root.crt --host localhost --client-home home --no-proof --yes",
    );
    for (name, mode) in [
        ("authority", 0o700),
        ("authority/ca.key", 0o600),
        ("authority/ca.crt", 0o600),
        ("authority/store.db", 0o600),
        ("localhost.key", 0o600),
        ("localhost.csr", 0o644),
        ("localhost.crt", 0o644),
        ("slardiere.key", 0o600),
        ("slardiere.csr", 0o644),
        ("slardiere.crt", 0o644),
        ("home/.postgresql", 0o700),
        ("home/.postgresql/postgresql.key", 0o600),
        ("home/.postgresql/postgresql.crt", 0o644),
        ("home/.postgresql/root.crt", 0o644),
        ("home/.pg_service.conf", 0o600),
    ] {
        assert_eq!(place.mode(name), mode, "{name}: {:04o}", place.mode(name));
    }
}

#[test]
fn under_umask_000() {
    under("000");
}

#[test]
fn under_umask_077() {
    under("077");
}
