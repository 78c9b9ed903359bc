//! Connections resolved against made-up home folders, as libpq 12 to 19 would.

#![expect(
    clippy::disallowed_methods,
    reason = "the home folder to look at has to be made"
)]

mod tls;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use hostfile::Metadata;
use pki_core::{KeyType, PrivateKey};
use tempfile::TempDir;

use super::*;
use crate::sample::{NOW, Pki};

/// A user with a home folder of his own.
struct User {
    folder: TempDir,
    account: Account,
    environment: Vec<(String, String)>,
    libpq: Libpq,
}

impl User {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let account = Account {
            home: folder.path().join("home"),
            ..Account::current().unwrap()
        };
        fs::create_dir_all(account.home.join(".postgresql")).unwrap();
        let libpq = Libpq {
            system_dir: folder.path().join("etc").to_str().unwrap().to_owned(),
            system_roots: folder.path().join("bundle.pem"),
            ..Libpq::default()
        };
        Self {
            folder,
            account,
            environment: Vec::new(),
            libpq,
        }
    }

    fn with(mut self, variable: &str, value: &str) -> Self {
        self.environment
            .push((variable.to_owned(), value.to_owned()));
        self
    }

    fn libpq(mut self, version: Version) -> Self {
        self.libpq.version = version;
        self
    }

    fn home(&self, name: &str) -> PathBuf {
        self.account.home.join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.home(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// The files with libpq's default names.
    fn with_default_files(self) -> Self {
        let pki = Pki::get();
        self.write(".postgresql/root.crt", pki.root.to_pem(), 0o644);
        self.write(".postgresql/postgresql.crt", pki.client.to_pem(), 0o644);
        self.write(
            ".postgresql/postgresql.key",
            pki.client_key.to_pkcs8_pem().as_bytes(),
            0o600,
        );
        self
    }

    fn resolve(&self, conninfo: &str) -> Result<ClientTarget, ClientError> {
        let environment = self.environment.iter().cloned().collect();
        resolve(
            &Conninfo::parse(conninfo).unwrap(),
            &environment,
            &self.account,
            &self.libpq,
            Time::from_unix(NOW),
        )
    }

    /// The message of a failure, with the temporary folder cut out.
    fn refusal(&self, conninfo: &str) -> String {
        let text = self.resolve(conninfo).unwrap_err().to_string();
        text.replace(self.folder.path().to_str().unwrap(), "")
    }

    fn notes(&self, conninfo: &str) -> Vec<String> {
        let notes = self.resolve(conninfo).unwrap().notes;
        let folder = self.folder.path().to_str().unwrap();
        notes
            .iter()
            .map(|note| note.to_string().replace(folder, ""))
            .collect()
    }
}

#[test]
fn without_anything_it_is_the_local_socket() {
    let user = User::new();
    let found = user.resolve("").unwrap();
    let socket = PathBuf::from("/var/run/postgresql/.s.PGSQL.5432");
    assert_eq!(found.target.address, Address::Unix { socket });
    assert_eq!(found.target.user, user.account.name);
    assert_eq!(found.target.database, user.account.name);
    assert_eq!(found.target.sslmode, SslMode::Prefer);
    assert_eq!(found.target.timeout, Duration::from_secs(10));
    // TLS is not for sockets: its files are not even looked for.
    assert_eq!(
        (found.files.roots, found.files.certificate, found.files.key),
        (None, None, None)
    );
}

#[test]
fn home_is_taken_from_the_environment_since_15() {
    let user = |version| {
        let user = User::new().libpq(version);
        let elsewhere = user.folder.path().join("elsewhere");
        let user = user.with("HOME", elsewhere.to_str().unwrap());
        user.resolve("host=db")
            .unwrap()
            .files
            .certificate
            .unwrap()
            .path
            .starts_with(elsewhere)
    };
    assert!(!user(Version::V14));
    assert!(user(Version::V15));
    let empty = User::new().with("HOME", "");
    let sought = empty.resolve("host=db").unwrap().files.certificate.unwrap();
    assert_eq!(sought.path, empty.home(".postgresql/postgresql.crt"));
}

#[test]
fn a_service_gives_what_is_not_given_otherwise() {
    let user = User::new().with("PGUSER", "env").with("PGAPPNAME", "app");
    let text = "[shop]\nhost=tolva\nuser=alice\ndbname=shop\nsslmode=verify-ca\nsslrootcert=ROOT\n";
    let root = user.write("r.crt", Pki::get().root.to_pem(), 0o644);
    user.write(
        ".pg_service.conf",
        text.replace("ROOT", root.to_str().unwrap()),
        0o644,
    );
    let found = user.resolve("service=shop dbname=other").unwrap();
    assert_eq!(
        (
            &*found.target.user,
            &*found.target.database,
            &*found.target.application_name
        ),
        ("alice", "other", "app")
    );
    assert_eq!(found.target.sslmode, SslMode::VerifyCa);
    assert_eq!(found.files.service, Some(user.home(".pg_service.conf")));

    insta::assert_snapshot!(user.refusal("service=shpo"), @r#"definition of service "shpo" not found"#);
    let user = user.with("PGSERVICEFILE", "/nowhere");
    insta::assert_snapshot!(user.refusal("service=shop"), @r#"service file "/nowhere" not found"#);
}

#[test]
fn the_systems_service_file_comes_second() {
    let user = User::new();
    fs::create_dir(&user.libpq.system_dir).unwrap();
    let system = Path::new(&user.libpq.system_dir).join("pg_service.conf");
    fs::write(&system, "[shop]\nhost=everybodys\n[other]\nhost=second\n").unwrap();
    user.write(".pg_service.conf", "[shop]\nhost=mine\n", 0o644);
    let host = |service: &str| match user
        .resolve(&format!("service={service}"))
        .unwrap()
        .target
        .address
    {
        Address::Tcp { host, .. } => host,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (host("shop"), host("other")),
        ("mine".to_owned(), "second".to_owned())
    );
}

#[test]
fn passwords_come_from_the_string_or_the_file() {
    let user = User::new();
    let password = |conninfo: &str| {
        let found = user.resolve(conninfo).unwrap();
        found
            .target
            .password
            .map(|p| String::from_utf8(p.as_bytes().to_vec()).unwrap())
    };
    assert_eq!(password("host=a user=alice"), None);
    user.write(
        ".pgpass",
        "localhost:*:*:alice:local\nb:5433:shop:alice:far\n10.0.0.1:*:*:*:numbers\n",
        0o600,
    );
    assert_eq!(password("user=alice"), Some("local".to_owned()));
    assert_eq!(
        password("host=/var/run/postgresql user=alice"),
        Some("local".to_owned())
    );
    assert_eq!(password("host=/tmp user=alice"), None);
    assert_eq!(
        password("host=b port=5433 dbname=shop user=alice"),
        Some("far".to_owned())
    );
    assert_eq!(
        password("hostaddr=10.0.0.1 user=bob"),
        Some("numbers".to_owned())
    );
    assert_eq!(
        password("host=b password=given user=alice"),
        Some("given".to_owned())
    );

    user.write(".pgpass", "*:*:*:*:open", 0o640);
    insta::assert_debug_snapshot!(user.notes("host=a"), @r#"
    [
        "WARNING: password file \"/home/.pgpass\" has group or world access; permissions should be u=rw (0600) or less",
    ]
    "#);
    assert_eq!(password("host=a user=alice"), None);
}

#[test]
fn each_host_is_a_target_of_its_own() {
    let found = User::new()
        .resolve("host=a,b,/tmp port=1,2,3 hostaddr=10.0.0.1,, user=alice")
        .unwrap();
    let tcp = |host: &str, ip: Option<&str>, port| Address::Tcp {
        host: host.to_owned(),
        ip: ip.map(|ip| ip.parse().unwrap()),
        port,
    };
    assert_eq!(found.target.address, tcp("a", Some("10.0.0.1"), 1));
    let others: Vec<Address> = found
        .others
        .into_iter()
        .map(|target| target.address)
        .collect();
    let socket = PathBuf::from("/tmp/.s.PGSQL.3");
    assert_eq!(others, [tcp("b", None, 2), Address::Unix { socket }]);
    insta::assert_snapshot!(User::new().refusal("hostaddr=10.0.0.256"), @r#"could not parse network address "10.0.0.256": Name or service not known"#);
}

#[test]
fn parameters_without_effect_here_are_said() {
    let user = User::new();
    let harmless = "host=db gssencmode=disable ssl_min_protocol_version=TLSv1.2 connect_timeout=5";
    assert_eq!(user.notes(harmless), Vec::<String>::new());
    assert_eq!(
        user.notes("host=db target_session_attrs=read-write sslsni=0"),
        [
            "parameter target_session_attrs is not taken into account",
            "parameter sslsni is not taken into account"
        ]
    );
}

#[test]
fn what_libpq_would_send_goes_with_the_login() {
    let found = User::new()
        .with("PGTZ", "Europe/Paris")
        .with("PGDATESTYLE", "Default")
        .with("PGGEQO", "")
        .with("PGCLIENTENCODING", "LATIN1")
        .with("PGAPPNAME", "")
        .resolve("host=a replication=database fallback_application_name=never")
        .unwrap();
    let target = found.target;
    let sent = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        target.settings,
        [sent("timezone", "Europe/Paris"), sent("geqo", "")]
    );
    assert_eq!(
        [
            &*target.client_encoding,
            &target.application_name,
            &target.replication
        ],
        ["LATIN1", "", "database"]
    );
    assert!(!target.is_physical_replication());
    let target = User::new()
        .resolve("host=a client_encoding=auto replication=tr")
        .unwrap()
        .target;
    assert_eq!(target.client_encoding, "UTF8");
    assert!(target.settings.is_empty() && target.is_physical_replication());
}

#[test]
fn an_empty_variable_is_a_value() {
    let refused = |variable, conninfo: &str| User::new().with(variable, "").refusal(conninfo);
    assert_eq!(
        refused("PGSSLMODE", "host=a"),
        "invalid sslmode value: \"\""
    );
    assert_eq!(
        refused("PGSERVICE", "host=a"),
        "definition of service \"\" not found"
    );
    assert_eq!(
        refused("PGSERVICEFILE", "service=a"),
        "service file \"\" not found"
    );
    let found = User::new()
        .with("HOME", "")
        .with("PGPORT", "")
        .resolve("host=a");
    assert!(matches!(
        found.unwrap().target.address,
        Address::Tcp { port: 5432, .. }
    ));
}

#[test]
fn a_timeout_of_one_second_is_two_before_17() {
    let timeout = |text: &str, version| timeout(text, version).ok().map(|t| t.as_secs());
    assert_eq!(timeout("1", Version::V16), Some(2));
    assert_eq!(timeout("1", Version::V17), Some(1));
    assert_eq!(timeout("0", Version::V15), Some(0));
    assert_eq!(timeout("-3", Version::V15), Some(0));
    assert_eq!(timeout("", Version::V15), None);
    assert_eq!(timeout("soon", Version::V15), None);
    insta::assert_snapshot!(User::new().refusal("host=db connect_timeout=soon"), @r#"invalid integer value "soon" for connection option "connect_timeout""#);
}

#[test]
fn secrets_of_the_environment_are_not_shown() {
    let environment: Environment = [("PGPASSWORD", "hush"), ("HOME", "/h")]
        .into_iter()
        .collect();
    assert_eq!(format!("{environment:?}"), r#"{"HOME", "PGPASSWORD"}"#);
}

#[test]
fn the_facts_of_a_user() {
    let user = User::new();
    let facts = |user: &User| client_facts(&user.account, None, Version::V12).unwrap();
    assert!(facts(&user).default_names_are_free());
    assert!(facts(&user).service_file.is_none());

    let user = user.with_default_files();
    user.write(".pg_service.conf", "[one]\nhost=a\n[two]\nhost=b\n", 0o600);
    let found = facts(&user);
    assert!(!found.default_names_are_free());
    assert_eq!(found.key.map(|key| key.mode), Some(0o600));
    assert_eq!(
        found.roots.map(|file| file.bytes),
        Some(Pki::get().root.to_pem().into_bytes())
    );
    let names: Vec<&str> = found
        .services
        .sections()
        .iter()
        .map(|section| &*section.name)
        .collect();
    assert_eq!(names, ["one", "two"]);

    // A home folder that is not the account's own.
    let other = client_facts(&user.account, Some(user.folder.path()), Version::V12).unwrap();
    assert!(other.default_names_are_free());
    assert_eq!(
        other.service_path(),
        user.folder.path().join(".pg_service.conf")
    );
}
