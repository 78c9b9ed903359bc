//! A setup that is to fail: by whom, and all that it must leave as it was.

use crate::given::given;
use crate::{Host, Said, Site, Tree};

/// Who sets a server up: root, and the server's own user.
pub const ADMINISTRATORS: [&str; 2] = ["root", "postgres"];

/// The passphrase of the authority's key.
pub const PASSPHRASE: &str = "/tmp/passphrase";

/// What the engine has to allow where a test mounts something.
pub const MAY_MOUNT: [&str; 4] = [
    "--cap-add",
    "SYS_ADMIN",
    "--security-opt",
    "apparmor=unconfined",
];

/// What the engine has to allow where a test sets the immutable attribute.
pub const MAY_FREEZE: [&str; 2] = ["--cap-add", "LINUX_IMMUTABLE"];

/// Somebody who runs `pgcert setup` in a container.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Where.
    pub site: &'a Site,
    /// Who.
    pub user: &'a str,
}

impl<'a> Attempt<'a> {
    /// By `user`.
    pub fn by(site: &'a Site, user: &'a str) -> Self {
        site.host.write(PASSPHRASE, "secret\n", "root:root", "644");
        Self { site, user }
    }

    /// By each of those who may.
    pub fn by_each(site: &'a Site) -> [Self; 2] {
        ADMINISTRATORS.map(|user| Self::by(site, user))
    }

    /// The words of `pgcert setup` that agree to the steps. Root sets `slardiere` up; the server's
    /// user itself.
    pub fn words<'w>(&self, more: &[&'w str]) -> Vec<&'w str> {
        let mut words = vec!["setup", "--yes"];
        let said = |name: &str| more.iter().any(|word| word.starts_with(name));
        if !said("--server-name") {
            words.extend(["--server-name", "tolva"]);
        }
        if !said("--passphrase") {
            words.extend(["--passphrase-file", PASSPHRASE]);
        }
        if !said("--client") && self.user == "root" {
            words.extend(["--client-user", "slardiere"]);
        }
        words.extend(more);
        words
    }

    /// `pgcert setup` for the role `slardiere`, or the one in `more`.
    pub fn setup(&self, more: &[&str]) -> Said {
        let role = ["--role", "slardiere"];
        let mut all = Vec::new();
        if !more.contains(&"--role") {
            all.extend(role);
        }
        all.extend(more);
        self.site.pgcert(self.user, &self.words(&all))
    }

    /// The same, ending with `code` and without a trace.
    ///
    /// # Panics
    /// When it ends otherwise, or anything is different afterwards.
    #[track_caller]
    pub fn refused(&self, code: i32, more: &[&str]) -> Said {
        let before = self.site.everything();
        let said = self.setup(more).exits(code);
        before.assert_same(&self.site.everything());
        said
    }

    /// The same, having begun and having taken all of it back: every file is the one that it was,
    /// there is none more, and the server's roles and what it has in force are those of before.
    ///
    /// # Panics
    /// When it ends otherwise, or anything is different afterwards.
    #[track_caller]
    pub fn taken_back(&self, more: &[&str]) -> Said {
        let before = (self.everything(), self.in_force());
        let said = self.setup(more).exits(1);
        before.0.assert_put_back(&self.everything());
        assert_eq!(before.1, self.in_force(), "{said}");
        said
    }

    /// All that a setup may change, but for the folders of journal and lock: the configuration, the
    /// files of the data folder, the homes and the authorities.
    pub fn everything(&self) -> Tree {
        let data = format!("{}/", self.site.cluster.data);
        self.site.host.tree(&[
            "/etc",
            "/home",
            &data,
            "/var/lib/pgcert/authority",
            "/var/lib/postgresql/",
            "/var/lib/postgresql/.postgresql",
            "/var/lib/postgresql/.local/share",
        ])
    }

    /// The server's roles, the settings of its files and its rules, as it has loaded them.
    pub fn in_force(&self) -> String {
        let sql = "select string_agg(rolname, ' ' order by rolname) from pg_roles; \
                   select name, setting from pg_settings where name ~ '^(ssl|listen)' order by name";
        self.site.cluster.ask(&self.site.host, sql)
    }

    /// The folder that tells of a run that is under way.
    pub fn state(&self) -> &'static str {
        match self.user {
            "root" => "/var/lib/pgcert/state",
            _ => "/var/lib/postgresql/.local/state/pgcert",
        }
    }

    /// Whether a run is under way, or was cut short.
    pub fn has_journal(&self) -> bool {
        let journal = format!("{}/journal", self.state());
        self.site.host.read(&journal).is_some()
    }
}

impl Site {
    /// A machine `tolva` whose role `slardiere` may log in. `options` go to the engine.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn with_role(options: &[&str]) -> Self {
        let site = Self::in_container(options);
        site.sql("create role slardiere login");
        site
    }
}

/// One more cluster of the container, running.
///
/// # Panics
/// When it does not start.
#[track_caller]
pub fn another_cluster(host: &Host, name: &str, port: u16) {
    let version = given().version;
    let script = format!(
        "pg_createcluster --port {port} {version} {name}
         pg_ctlcluster --skip-systemctl-redirect {version} {name} start"
    );
    host.sh("root", &script).ok();
}
