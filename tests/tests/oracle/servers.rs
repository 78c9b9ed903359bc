//! One server of every version that the run was given, started for a test and stopped after it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use e2e::given::oracle_servers;
use e2e::{Cluster, Host, host};
use tempfile::TempDir;

/// The name of the validator. It is loaded by whoever logs in with a token, and by nobody else.
pub(crate) const VALIDATOR: &str = "none";

/// A running server.
pub(crate) struct Server {
    pub(crate) host: Host,
    pub(crate) cluster: Cluster,
    _folder: TempDir,
}

impl Server {
    /// Calls `judge` with a server of each version in turn.
    pub(crate) fn each(mut judge: impl FnMut(&Self)) {
        for (version, programs) in oracle_servers() {
            judge(&Self::start(version, &programs, free_port(), ""));
        }
    }

    /// The same on a machine without other servers, with more options on their command lines. Their port is one that no
    /// client's end of a connection has, be it a closed one that the kernel still knows: that would keep them from it.
    pub(crate) fn each_alone(options: &str, mut judge: impl FnMut(&Self)) {
        for (version, programs) in oracle_servers() {
            judge(&Self::start(version, &programs, 5432, options));
        }
    }

    /// One of the newest version.
    pub(crate) fn newest() -> Self {
        let newest = oracle_servers()
            .into_iter()
            .max_by_key(|(version, _)| *version);
        let (version, programs) = newest.unwrap();
        Self::start(version, &programs, free_port(), "")
    }

    fn start(version: u16, programs: &Path, port: u16, options: &str) -> Self {
        let host = Host::here();
        let owner = host::server_account();
        let folder = TempDir::with_prefix_in("pgcert-oracle-", ground()).unwrap();
        let path = folder.path().display().to_string();
        let script = "chown \"$1\" \"$2\"";
        host.run(&host.root(), &["sh", "-ec", script, "sh", &owner, &path])
            .ok();
        let cluster = Cluster::copied(&host, programs, version, &path, &owner, port);
        cluster.start_with(&host, options);
        Self {
            host,
            cluster,
            _folder: folder,
        }
    }

    /// Gives it what records of `pg_hba.conf` may ask for, so that what it says is about them: TLS with a certificate
    /// of its own, and from 18 on a validator of OAuth's tokens, [`VALIDATOR`].
    pub(crate) fn equip(&self) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let owner = format!("{}:", self.cluster.owner);
        for (name, text) in [
            ("server.crt", made.cert.pem()),
            ("server.key", made.signing_key.serialize_pem()),
        ] {
            let path = format!("{}/{name}", self.cluster.data);
            self.host.write(&path, &text, &owner, "600");
        }
        self.cluster.ask(&self.host, "alter system set ssl = on");
        if self.cluster.version >= 18 {
            let validators = format!("alter system set oauth_validator_libraries = '{VALIDATOR}'");
            self.cluster.ask(&self.host, &validators);
        }
        self.cluster.ctl(&self.host, "reload").ok();
        // Whoever connects from now on may still come before the reload.
        while self.cluster.ask(&self.host, "show ssl") != "on" {
            std::thread::yield_now();
        }
    }

    /// Replaces one of the cluster's files.
    pub(crate) fn write(&self, file: &str, bytes: &[u8]) {
        let path = format!("{}/{file}", self.cluster.data);
        let script = "mkdir -p \"$(dirname \"$1\")\"; cat > \"$1\"";
        self.host
            .run_with(
                &self.cluster.owner,
                &["sh", "-ec", script, "sh", &path],
                Some(bytes),
            )
            .ok();
    }

    /// Has clients shown this certificate, from the next reload on.
    pub(crate) fn show(&self, certificate: &str, key: &str) {
        self.write("server.crt", certificate.as_bytes());
        self.write("server.key", key.as_bytes());
        let key = format!("{}/server.key", self.cluster.data);
        let owner = &self.cluster.owner;
        self.host.run(owner, &["chmod", "0600", &key]).ok();
    }

    /// Goes over to TLS: shows this certificate, and lets those in who have one of an authority in
    /// `roots`, and nobody else.
    pub(crate) fn demand_certificates(&self, certificate: &str, key: &str, roots: &str) {
        self.show(certificate, key);
        self.write("root.crt", roots.as_bytes());
        self.write(
            "pg_hba.conf",
            b"local all all peer\nhostssl all all all cert\n",
        );
        for setting in ["ssl = on", "ssl_ca_file = 'root.crt'"] {
            let sql = format!("alter system set {setting}");
            self.cluster.ask(&self.host, &sql);
        }
        self.cluster.ctl(&self.host, "reload").ok();
        // Whoever connects from now on may still come before the reload.
        while self.cluster.ask(&self.host, "show ssl") != "on" {
            std::thread::yield_now();
        }
    }

    /// What to dial: this server under a name, which need not resolve, as a role with a certificate and
    /// its key.
    pub(crate) fn conninfo(
        &self,
        name: &str,
        root: &Path,
        role: &str,
        certificate: &Path,
        key: &Path,
    ) -> String {
        format!(
            "host={name} hostaddr=127.0.0.1 port={} user={role} dbname=postgres sslmode=verify-full sslrootcert={} sslcert={} sslkey={}",
            self.cluster.port,
            root.display(),
            certificate.display(),
            key.display(),
        )
    }

    /// Columns of a view as text, in the order of `by`. NULL is `None`; the elements of an array are
    /// joined by `,`.
    pub(crate) fn rows(&self, columns: &[&str], view: &str, by: &str) -> Vec<Vec<Option<String>>> {
        let columns = columns.join(", ");
        let sql = format!(
            "select coalesce(json_agg(json_build_array({columns}) order by {by}), '[]') from {view}"
        );
        let text = self.cluster.ask(&self.host, &sql);
        let rows: Vec<Vec<serde_json::Value>> = serde_json::from_str(&text).unwrap();
        let text = |value: serde_json::Value| match value {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Array(list) => Some(
                list.iter()
                    .map(|v| v.as_str().unwrap_or_default())
                    .collect::<Vec<_>>()
                    .join(","),
            ),
            other => Some(other.to_string()),
        };
        rows.into_iter()
            .map(|row| row.into_iter().map(text).collect())
            .collect()
    }
}

/// Where folders are made for a test. Not the system's place for such things: the path of a socket has to be short.
pub(crate) fn ground() -> PathBuf {
    std::env::var_os("PGCERT_ORACLE_FOLDER").map_or_else(|| "/tmp".into(), PathBuf::from)
}

/// A port of this machine that nobody listens at.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.cluster.ctl(&self.host, "stop");
    }
}
