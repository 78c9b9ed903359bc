//! Other ways to have an authority than one for everything: below a root that is carried away, and two
//! side by side.

use e2e::Site;
use pki_core::Certificate;

const PASSPHRASE: &str = "authority secret";

/// The common names in a file of certificates, in their order.
fn names(site: &Site, file: &str) -> Vec<String> {
    let text = site.host.read(file).unwrap();
    let all = Certificate::all_from_pem(text.as_bytes()).unwrap();
    all.iter().filter_map(Certificate::common_name).collect()
}

#[test]
fn below_a_root_that_is_carried_away() {
    let site = Site::tolva();
    site.sql("create role slardiere login");
    let passphrase = site.secret("authority", PASSPHRASE);
    let root = format!("{}-root", site.authority);
    let init = ["ca", "init", "--intermediate", "--root-authority", &root];
    let passphrases = ["--root-passphrase-file", "--passphrase-file"].map(|o| [o, &passphrase]);
    let names_of = ["--root-name", "drawer", "--ca-name", "trustly"];
    let words = [&init[..], &passphrases.concat(), &names_of].concat();
    site.pgcert(&site.runner, &words).ok();
    site.host.run(&site.runner, &["rm", "-r", &root]).ok();

    site.setup_tolva(&[])
        .ok()
        .says("the server serves the expected certificate")
        .says("without the certificate it is refused over TLS");
    let (data, client) = (&site.cluster.data, format!("{}/.postgresql", site.home));
    for (file, expected) in [
        (format!("{data}/server.crt"), &["tolva", "trustly"][..]),
        (format!("{data}/root.crt"), &["drawer"]),
        (
            format!("{client}/postgresql.crt"),
            &["slardiere", "trustly"],
        ),
        (format!("{client}/root.crt"), &["drawer"]),
    ] {
        assert_eq!(names(&site, &file), expected, "{file}");
    }
    let said = site.login("service=tolva sslmode=verify-full").ok();
    assert!(said.answer().starts_with("slardiere|t|"), "{said}");
    site.setup_tolva(&[]).ok().says("nothing to do");
}

#[test]
fn one_for_servers_and_one_for_clients() {
    let site = Site::tolva();
    let folder = format!("{}/two", site.scratch);
    site.host.run(&site.runner, &["mkdir", &folder]).ok();
    let pgcert = |words: &str| {
        let words = words.replace("@", &folder);
        let words: Vec<&str> = words.split(' ').collect();
        site.pgcert(&site.runner, &words)
    };
    for kind in ["server", "client"] {
        pgcert(&format!(
            "ca init --for {kind} --no-passphrase --authority @/{kind}s"
        ))
        .ok();
        let exported = pgcert(&format!("ca export --authority @/{kind}s")).ok();
        let file = format!("{folder}/{kind}s.crt");
        site.host
            .write(&file, &exported.stdout, &site.runner, "644");
    }
    pgcert("issue server tolva --out @ --authority @/servers").ok();
    pgcert("issue client slardiere --out @ --authority @/clients").ok();
    pgcert("issue client other --out @ --authority @/servers")
        .exits(1)
        .says("may sign no client certificates");

    // Setup issues for both, and says so before it does anything.
    let before = site.everything();
    let named = format!("{folder}/clients");
    site.setup_tolva(&["--create-role", "--authority", &named])
        .exits(1)
        .says("nothing was touched")
        .says("may sign no server certificates");
    assert_eq!(site.everything(), before);

    let (data, home, port) = (&site.cluster.data, &site.home, site.cluster.port);
    pgcert(&format!(
        "install server --key @/tolva.key --cert @/tolva.crt --root @/clients.crt --data-dir {data} \
         --role slardiere --create-role --from samehost --yes"
    ))
    .ok()
    .says("the server serves the expected certificate");
    pgcert(&format!(
        "install client --key @/slardiere.key --cert @/slardiere.crt --root @/servers.crt \
         --client-home {home} --host tolva --hostaddr 127.0.0.1 --port {port} --service tolva --yes"
    ))
    .ok()
    .says("psql service=tolva logs in as role slardiere");
    let said = site.login("service=tolva sslmode=verify-full").ok();
    assert!(said.answer().starts_with("slardiere|t|"), "{said}");
    assert_eq!(
        site.host
            .read(&format!("{data}/root.crt"))
            .unwrap()
            .matches("BEGIN")
            .count(),
        1
    );
}
