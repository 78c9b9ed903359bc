//! The usual ground of a test: one machine with a running server and somebody who wants to log in.

use std::net::TcpListener;

use tempfile::TempDir;

use crate::given::{Server, given};
use crate::{Cluster, Host, Network, Said, host};

/// One machine with a server on it.
#[derive(Debug)]
pub struct Site {
    /// The machine. Declared first: it goes before its network.
    pub host: Host,
    /// The server on it, running.
    pub cluster: Cluster,
    /// The account whose client is set up.
    pub client: String,
    /// That account's home.
    pub home: String,
    /// The account that runs pgcert: root, or the server's own.
    pub runner: String,
    /// Where that account's authority goes unless another folder is named; not there yet.
    pub authority: String,
    /// A folder for what a test needs beside all this. The server's user may write there.
    pub scratch: String,
    folder: Option<TempDir>,
    network: Option<Network>,
}

impl Site {
    /// A machine called `tolva` with a server that runs as its packages leave it, and the account
    /// `slardiere` (on one's own machine: the account that runs the server).
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn tolva() -> Self {
        match &given().server {
            Server::Container { .. } => Self::in_container(&[]),
            Server::Local { .. } => Self::on_this_machine(),
        }
    }

    /// The same where one user does everything: the server's own runs pgcert and is the client. On
    /// one's own machine it is always so.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn of_one_user() -> Self {
        let mut site = Self::tolva();
        if site.host.is_container() {
            site.by_one_user();
        }
        site
    }

    /// From now on the server's own user of this container runs pgcert and is the client.
    pub fn by_one_user(&mut self) {
        "postgres".clone_into(&mut self.client);
        "postgres".clone_into(&mut self.runner);
        "/var/lib/postgresql".clone_into(&mut self.home);
        self.authority = format!("{}/.local/share/pgcert/authority", self.home);
    }

    /// The same in a container, with more options for the engine.
    ///
    /// # Panics
    /// Where there are no containers.
    pub fn in_container(options: &[&str]) -> Self {
        let network = Network::new();
        let host = Host::container("tolva", Some(&network), options);
        let script = "useradd --create-home --shell /bin/bash slardiere; chown postgres /srv";
        host.sh("root", script).ok();
        let cluster = Cluster::debian(&host);
        cluster.start(&host);
        Self {
            host,
            cluster,
            client: "slardiere".to_owned(),
            home: "/home/slardiere".to_owned(),
            runner: "root".to_owned(),
            authority: "/var/lib/pgcert/authority".to_owned(),
            scratch: "/srv".to_owned(),
            folder: None,
            network: Some(network),
        }
    }

    fn on_this_machine() -> Self {
        let host = Host::here();
        let owner = host::server_account();
        let folder = TempDir::with_prefix_in("pgcert-e2e-", "/tmp").expect("a folder under /tmp");
        let path = folder.path().display().to_string();
        let script = "mkdir \"$2/home\"; chown -R \"$1\" \"$2\"; chmod 755 \"$2\"";
        host.run(&host.root(), &["sh", "-ec", script, "sh", &owner, &path])
            .ok();
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("a port").port();
        drop(listener);
        let cluster = Cluster::local(&host, &path, &owner, port);
        cluster.start(&host);
        Self {
            host,
            cluster,
            client: owner.clone(),
            home: format!("{path}/home"),
            runner: owner,
            authority: format!("{path}/home/.local/share/pgcert/authority"),
            scratch: path,
            folder: Some(folder),
            network: None,
        }
    }

    /// The network that the machine is in, if it is a container.
    pub fn network(&self) -> Option<&Network> {
        self.network.as_ref()
    }

    /// Runs the binary under test as `user`.
    pub fn pgcert(&self, user: &str, words: &[&str]) -> Said {
        if self.host.is_container() {
            return self.host.pgcert(user, words);
        }
        // The folders that are taken by default are the test's, not those of whoever runs it.
        let binary = given().pgcert.display().to_string();
        let home = format!("HOME={}", self.home);
        let mut command = vec!["env", "--unset=XDG_DATA_HOME", "--unset=XDG_STATE_HOME"];
        command.extend([home.as_str(), &binary]);
        self.host.run(user, &[&command, words].concat())
    }

    /// The major version of the client's psql, which on one's own machine need not be the server's.
    ///
    /// # Panics
    /// When it does not say.
    #[track_caller]
    pub fn psql_version(&self) -> u16 {
        let said = self.host.run(&self.client, &["psql", "--version"]).ok();
        let number = said.answer().rsplit("PostgreSQL) ").next();
        let major = number.and_then(|n| n.split(|c: char| !c.is_ascii_digit()).next());
        let major = major.and_then(|m| m.parse().ok());
        major.expect("psql (PostgreSQL) VERSION")
    }

    /// Runs `psql` as the client with a conninfo and one statement; rows without headings.
    pub fn psql(&self, conninfo: &str, sql: &str) -> Said {
        let home = format!("HOME={}", self.home);
        let services = format!("PGSERVICEFILE={}/.pg_service.conf", self.home);
        self.host.run(
            &self.client,
            &[
                "env", &home, &services, "psql", "-XAtq", "-d", conninfo, "-c", sql,
            ],
        )
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if self.folder.is_some() {
            let _ = self.cluster.ctl(&self.host, "stop");
        }
    }
}
