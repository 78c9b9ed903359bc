//! A cluster on a host: Debian's in a container, one of our own where the programs are local.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use crate::given::{Server, given};
use crate::{Host, Said};

/// A cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// PostgreSQL's major version.
    pub version: u16,
    /// The account that it belongs to.
    pub owner: String,
    /// Its data folder.
    pub data: String,
    /// The folder with `postgresql.conf` and `pg_hba.conf`.
    pub configuration: String,
    /// Where its socket lies.
    pub socket: String,
    /// Its port.
    pub port: u16,
    /// The folder with `pg_ctl`.
    programs: String,
    /// The file that it writes its log to.
    log: String,
    /// What its command line has beside the data folder.
    options: String,
}

impl Cluster {
    /// The cluster `main` of a container, stopped; made where the image comes without.
    pub fn debian(host: &Host) -> Self {
        let version = given().version;
        let data = format!("/var/lib/postgresql/{version}/main");
        let configuration = format!("/etc/postgresql/{version}/main");
        // A file of the image is copied into the container when it is first written to, which shows
        // as a change of its folder: so let all that lies at the top be copied now.
        let script = format!(
            "test -e {configuration}/postgresql.conf || pg_createcluster {version} main; chmod u+r {data}/*"
        );
        host.sh("root", &script).ok();
        Self {
            version,
            owner: "postgres".to_owned(),
            data,
            socket: "/var/run/postgresql".to_owned(),
            port: 5432,
            programs: format!("/usr/lib/postgresql/{version}/bin"),
            log: format!("/var/log/postgresql/postgresql-{version}-main.log"),
            options: format!("-c config_file={configuration}/postgresql.conf"),
            configuration,
        }
    }

    /// A cluster in `folder` on this machine, of the programs that were given, stopped.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn local(host: &Host, folder: &str, owner: &str, port: u16) -> Self {
        let Server::Local { programs } = &given().server else {
            panic!("the programs are in containers")
        };
        Self::with_programs(host, programs, given().version, folder, owner, port)
    }

    /// The same with any programs.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn with_programs(
        host: &Host,
        programs: &Path,
        version: u16,
        folder: &str,
        owner: &str,
        port: u16,
    ) -> Self {
        let data = format!("{folder}/data");
        initdb(host, programs, owner, &data);
        Self::of_data(host, programs, version, folder, owner, port)
    }

    /// The same with programs in a folder of ours: what `initdb` makes lies beside them from the first time on, and is
    /// copied.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn copied(
        host: &Host,
        programs: &Path,
        version: u16,
        folder: &str,
        owner: &str,
        port: u16,
    ) -> Self {
        let beside = programs.parent().expect("a folder that holds bin");
        let made_by = format!("{INITDB:?} {owner}");
        let mut hasher = DefaultHasher::new();
        made_by.hash(&mut hasher);
        let template = beside.join(format!("made-{:x}", hasher.finish()));
        if !template.exists() {
            // Another test may be about the same: the first to be ready wins.
            let script = "made=$(mktemp -d \"$1.XXXX\"); chown \"$2\" \"$made\"; echo \"$made\"";
            let template = template.display().to_string();
            let words = ["sh", "-ec", script, "sh", &template, owner];
            let making = host.run(&host.root(), &words).ok().answer().to_owned();
            initdb(host, programs, owner, &making);
            if std::fs::rename(&making, &template).is_err() {
                std::fs::remove_dir_all(&making).expect("what was made can be removed");
            }
        }
        let (template, data) = (template.display().to_string(), format!("{folder}/data"));
        // A server takes no data folder that others may look into, whatever has become of the template's mode.
        let script = "cp --archive \"$1\" \"$2\"; chmod 0700 \"$2\"";
        host.run(&host.root(), &["sh", "-ec", script, "sh", &template, &data])
            .ok();
        Self::of_data(host, programs, version, folder, owner, port)
    }

    /// A cluster whose data folder is there.
    fn of_data(
        host: &Host,
        programs: &Path,
        version: u16,
        folder: &str,
        owner: &str,
        port: u16,
    ) -> Self {
        let data = format!("{folder}/data");
        let settings = format!(
            "port = {port}\nlisten_addresses = 'localhost'\nunix_socket_directories = '{folder}'\nshared_buffers = 16MB\nfsync = off\n"
        );
        let script = "cat >> \"$1/postgresql.conf\"";
        host.run_with(
            owner,
            &["sh", "-ec", script, "sh", &data],
            Some(settings.as_bytes()),
        )
        .ok();
        Self {
            version,
            owner: owner.to_owned(),
            configuration: data.clone(),
            data,
            socket: folder.to_owned(),
            port,
            programs: programs.display().to_string(),
            log: format!("{folder}/server.log"),
            options: String::new(),
        }
    }

    /// Starts, stops, restarts or reloads it (`verb`), and waits.
    ///
    /// It is started as Debian's `pg_ctlcluster` starts it, which calls `pg_ctl` too, and then looks
    /// for two seconds and a half whether the server stays up.
    pub fn ctl(&self, host: &Host, verb: &str) -> Said {
        self.ctl_with(host, verb, &self.options)
    }

    fn ctl_with(&self, host: &Host, verb: &str, options: &str) -> Said {
        let pg_ctl = format!("{}/pg_ctl", self.programs);
        let clean = ["env", "--ignore-environment", "LANG=C.UTF-8"];
        let to = ["-D", &self.data, "-l", &self.log, "-o", options];
        let words = [&clean[..], &[&pg_ctl, "-w", "-m", "fast"], &to, &[verb]];
        host.run(&self.owner, &words.concat())
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub fn start(&self, host: &Host) {
        self.start_with(host, "");
    }

    /// Starts it with more options on its command line.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub fn start_with(&self, host: &Host, options: &str) {
        let options = format!("{} {options}", self.options);
        let said = self.ctl_with(host, "start", options.trim());
        assert!(said.code == 0, "{said}\n--- log\n{}", self.log(host));
    }

    /// Restarts it with more options on its command line.
    pub fn restart_with(&self, host: &Host, options: &str) -> Said {
        self.ctl_with(host, "restart", &format!("{} {options}", self.options))
    }

    /// What it wrote to its log.
    pub fn log(&self, host: &Host) -> String {
        host.read(&self.log).unwrap_or_default()
    }

    /// The file of its log.
    pub fn log_file(&self) -> &str {
        &self.log
    }

    /// Asks it as its owner over its own socket: rows as `psql -At` prints them.
    ///
    /// # Panics
    /// When the server refuses.
    #[track_caller]
    pub fn ask(&self, host: &Host, sql: &str) -> String {
        let port = self.port.to_string();
        let words = [
            "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            &self.socket,
            "-p",
            &port,
            "-d",
            "postgres",
            "-c",
            sql,
        ];
        host.run(&self.owner, &words).ok().answer().to_owned()
    }
}

/// What a cluster is made with: Debian's own choice of methods, and as little as can be to write. The bootstrap
/// superuser is called as the account is.
const INITDB: [&str; 6] = [
    "--auth-local=peer",
    "--auth-host=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
    "--wal-segsize=1",
];

fn initdb(host: &Host, programs: &Path, owner: &str, data: &str) {
    let initdb = programs.join("initdb").display().to_string();
    let words = [&[initdb.as_str(), "--pgdata", data], &INITDB[..]];
    host.run(owner, &words.concat()).ok();
}
