//! `pgcert setup` on a site, what a server serves before it, and what it must leave alone.

use crate::{Said, Site, Tree};

/// What `psql` asks the server about its own session.
pub const SESSION: &str =
    "select current_user, ssl, version, client_dn from pg_stat_ssl where pid = pg_backend_pid()";

/// The passphrase of the authority's key.
const PASSPHRASE: &str = "authority secret";

impl Site {
    /// `pgcert setup` for a role, by the account that runs pgcert, for the client's home, with the
    /// passphrase of the authority. What more is wanted (`--yes`) is in `more`.
    pub fn setup(&self, role: &str, more: &[&str]) -> Said {
        let passphrase = self.secret("authority", PASSPHRASE);
        let words = [
            "setup",
            "--role",
            role,
            "--data-dir",
            &self.cluster.data,
            "--client-home",
            &self.home,
            "--passphrase-file",
            &passphrase,
        ];
        self.pgcert(&self.runner, &[&words[..], more].concat())
    }

    /// The same for role `slardiere` and server name `tolva`, agreed to.
    pub fn setup_tolva(&self, more: &[&str]) -> Said {
        self.setup(
            "slardiere",
            &[&["--server-name", "tolva", "--yes"], more].concat(),
        )
    }

    /// A file with a passphrase, readable by the account that runs pgcert alone.
    pub fn secret(&self, name: &str, passphrase: &str) -> String {
        let path = format!("{}/{name}.pass", self.scratch);
        self.host.write(&path, passphrase, &self.runner, "400");
        path
    }

    /// Everything that pgcert could change: the configuration, the homes, the authorities, the files
    /// of the data folder. A server's own files below its data folder change all the time.
    pub fn everything(&self) -> Tree {
        let data = format!("{}/", self.cluster.data);
        if self.host.is_container() {
            self.host.tree(&[
                "/etc",
                "/home",
                "/root",
                "/var/lib/pgcert",
                "/var/lib/postgresql/",
                "/var/lib/postgresql/.local",
                "/var/lib/postgresql/.postgresql",
                &data,
            ])
        } else {
            self.host.tree(&[&self.home, &data])
        }
    }

    /// Adds lines to `postgresql.conf`.
    pub fn settings(&self, lines: &str) {
        self.append("postgresql.conf", lines);
    }

    /// Adds lines to a configuration file.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn append(&self, file: &str, lines: &str) {
        let script = format!("cat >> {}/{file}", self.cluster.configuration);
        let words = ["sh", "-ec", script.as_str()];
        self.host
            .run_with(&self.cluster.owner, &words, Some(lines.as_bytes()))
            .ok();
        self.reload();
    }

    /// Lets the server read its files, and waits for it: setup leaves alone what somebody has edited
    /// and not loaded. A server that is down, or that refuses them, is not waited for long.
    #[track_caller]
    pub fn reload(&self) {
        let loaded = || {
            let question = "select pg_conf_load_time()";
            let socket = self.cluster.socket.as_str();
            let port = self.cluster.port.to_string();
            let words = [
                "psql", "-XAt", "-h", socket, "-p", &port, "-U", "postgres", "-d", "postgres",
                "-c", question,
            ];
            self.host.run(&self.cluster.owner, &words).stdout
        };
        let before = loaded();
        self.cluster.ctl(&self.host, "reload");
        for _ in 0..20 {
            if loaded() != before {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Puts the rule where it counts, as somebody who minds the order of the lines would.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn rule_first(&self, rule: &str) {
        let script = format!(
            "sed -i '1i {rule}' {}/pg_hba.conf",
            self.cluster.configuration
        );
        self.host.sh(&self.cluster.owner, &script).ok();
        self.reload();
    }

    /// A configuration file's text.
    ///
    /// # Panics
    /// When there is none.
    pub fn configuration(&self, file: &str) -> String {
        let path = format!("{}/{file}", self.cluster.configuration);
        self.host.read(&path).expect("the file is there")
    }

    /// Restarts the server, so that what was written counts.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub fn restart(&self) {
        let said = self.cluster.ctl(&self.host, "restart");
        assert!(
            said.code == 0,
            "{said}\n--- log\n{}",
            self.cluster.log(&self.host)
        );
    }

    /// `create role` and more statements.
    ///
    /// # Panics
    /// When the server refuses.
    #[track_caller]
    pub fn sql(&self, statement: &str) -> String {
        self.cluster.ask(&self.host, statement)
    }

    /// Logs in with real `psql` as the client's user, and says who one is and what the server sees
    /// of the connection.
    pub fn login(&self, conninfo: &str) -> Said {
        self.psql(conninfo, SESSION)
    }

    /// The numbers `user:group` of an account.
    ///
    /// # Panics
    /// When there is no such account.
    #[track_caller]
    pub fn numbers(&self, user: &str) -> String {
        let script = format!("echo $(id -u {user}):$(id -g {user})");
        self.host.sh(&self.runner, &script).ok().answer().to_owned()
    }
}
