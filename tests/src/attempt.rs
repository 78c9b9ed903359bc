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

/// What the engine has to allow where a test traces pgcert, which lets nobody but root look into it.
pub const MAY_TRACE: [&str; 2] = ["--cap-add", "SYS_PTRACE"];

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
        if !said("--role") {
            words.extend(["--role", "slardiere"]);
        }
        if !said("--client") && self.user == "root" {
            words.extend(["--client-user", "slardiere"]);
        }
        words.extend(more);
        words
    }

    /// `pgcert setup` for the role `slardiere`, or the one in `more`.
    pub fn setup(&self, more: &[&str]) -> Said {
        self.setup_under(&[], more)
    }

    /// The same, started by another command.
    pub fn setup_under(&self, starter: &[&str], more: &[&str]) -> Said {
        let mut words = starter.to_vec();
        words.push("pgcert");
        words.extend(self.words(more));
        self.site.host.run(self.user, &words)
    }

    /// The same under root's strace, which is told what to do.
    pub fn traced(&self, tracing: &[&str], more: &[&str]) -> Said {
        let mut words = vec!["strace", "-qq", "-f", "-o", "/dev/null"];
        words.extend(tracing);
        let (home, group) = (
            format!("HOME={}", self.home()),
            format!("--regid={}", self.user),
        );
        let user = format!("--reuid={}", self.user);
        words.extend(["setpriv", &user, &group, "--init-groups", "env", &home]);
        words.push("pgcert");
        words.extend(self.words(more));
        self.site.host.run("root", &words)
    }

    fn home(&self) -> &'static str {
        match self.user {
            "root" => "/root",
            _ => "/var/lib/postgresql",
        }
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
        self.taken_back_under(&[], more)
    }

    /// The same, started by another command.
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn taken_back_under(&self, starter: &[&str], more: &[&str]) -> Said {
        self.taken_back_unless_done(starter, more).exits(1)
    }

    /// The same, unless it is done after all.
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn taken_back_unless_done(&self, starter: &[&str], more: &[&str]) -> Said {
        let before = (self.everything(), self.in_force());
        let said = self.setup_under(starter, more);
        if said.code != 0 {
            let said = said.clone().exits(1);
            before.0.assert_put_back(&self.everything());
            assert_eq!(before.1, self.in_force(), "{said}");
            assert!(!self.has_journal(), "{said}");
        }
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

/// Puts the revocation list of an authority that nobody knows into a file of `owner`'s.
///
/// # Panics
/// When openssl fails.
#[track_caller]
pub fn foreign_crl(host: &Host, path: &str, owner: &str) {
    let script = "
        cd $(mktemp -d)
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=theirs \
            -days 30 -keyout key -out crt 2>/dev/null
        touch index
        echo 01 > number
        printf '%s\\n' '[ca]' default_ca=a '[a]' database=index crlnumber=number default_md=sha256 > cnf
        openssl ca -config cnf -gencrl -crldays 30 -keyfile key -cert crt -out \"$1\" 2>/dev/null
        chown \"$2\" \"$1\"";
    host.run("root", &["sh", "-ec", script, "sh", path, owner])
        .ok();
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

/// A filesystem of its own under a folder of a container, with what was in the folder: until it is
/// dropped.
#[derive(Debug)]
pub struct Mounted<'a> {
    host: &'a Host,
    folder: String,
}

impl<'a> Mounted<'a> {
    /// One of `kilobytes`, which is not much.
    ///
    /// # Panics
    /// When it cannot be mounted.
    #[track_caller]
    pub fn small(host: &'a Host, folder: &str, kilobytes: u32) -> Self {
        let script = "
            mkdir -p \"$1\"
            rm -rf /tmp/within
            cp -a \"$1\" /tmp/within
            mount -t tmpfs -o size=\"$2\"k none \"$1\"
            cp -a /tmp/within/. \"$1\"";
        let size = kilobytes.to_string();
        host.run("root", &["sh", "-ec", script, "sh", folder, &size])
            .ok();
        let folder = folder.to_owned();
        Self { host, folder }
    }

    /// The folder itself, read-only.
    ///
    /// # Panics
    /// When it cannot be mounted.
    #[track_caller]
    pub fn read_only(host: &'a Host, folder: &str) -> Self {
        let script = "mount --bind \"$1\" \"$1\"; mount -o remount,bind,ro \"$1\"";
        host.run("root", &["sh", "-ec", script, "sh", folder]).ok();
        let folder = folder.to_owned();
        Self { host, folder }
    }

    /// Leaves room for so many pages of 4096 bytes.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn leave(&self, pages: u32) {
        let script = "
            dd if=/dev/zero bs=4096 of=\"$1/filled\" 2>/dev/null || :
            truncate --size=-\"$2\" \"$1/filled\"";
        let bytes = (4096 * pages).to_string();
        self.host
            .run("root", &["sh", "-ec", script, "sh", &self.folder, &bytes])
            .ok();
    }

    /// Frees that room again.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn clear(&self) {
        let filled = format!("{}/filled", self.folder);
        self.host.run("root", &["rm", &filled]).ok();
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        self.host.run("root", &["umount", &self.folder]);
    }
}
