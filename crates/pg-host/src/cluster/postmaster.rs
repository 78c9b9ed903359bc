//! `postmaster.pid`: what a running server writes about itself into its data folder.
//!
//! Only the text is read here; whether the process is still there is asked in [`super::process`].

use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// A server as its `postmaster.pid` describes it (`miscadmin.h`, `LOCK_FILE_LINE_*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postmaster {
    /// The process.
    pub pid: u32,
    /// TCP and socket port.
    pub port: u16,
    /// The folder of the first Unix socket, absolute; `None` where the server has no such socket.
    pub socket_dir: Option<PathBuf>,
    /// The first address the server listens on, as it is spelled there (`*`, `localhost`, `10.0.0.1`);
    /// `None` where it listens on none.
    pub listen: Option<String>,
    /// When the process began, in seconds since the Unix epoch.
    pub started: i64,
    /// `starting`, `stopping`, `ready` or `standby`.
    pub status: String,
}

impl Postmaster {
    /// Reads the eight lines of a `postmaster.pid` that lies in `data_dir`.
    ///
    /// `None` where the file is incomplete (a server that has just begun) or belongs to a backend without a
    /// postmaster (`postgres --single` writes its process id negated).
    #[must_use]
    pub fn parse(bytes: &[u8], data_dir: &Path) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.split('\n').map(str::trim_end);
        let pid = lines.next()?.trim().parse::<u32>().ok()?;
        let _data_dir = lines.next()?;
        let started = lines.next()?.trim().parse().ok()?;
        let port = lines.next()?.trim().parse().ok()?;
        let socket_dir = lines.next()?;
        let listen = lines.next()?;
        let _shared_memory = lines.next();
        let status = lines.next().unwrap_or_default();
        Some(Self {
            pid,
            port,
            // The server has changed to its data folder before it opens a relative path; `@` names an abstract socket.
            socket_dir: match socket_dir {
                "" => None,
                abstract_socket if abstract_socket.starts_with('@') => {
                    Some(PathBuf::from(abstract_socket))
                }
                path => Some(data_dir.join(path)),
            },
            listen: (!listen.is_empty()).then(|| listen.to_owned()),
            started,
            status: status.to_owned(),
        })
    }

    /// The path of the Unix socket (`UNIXSOCK_PATH` in `pqcomm.h`).
    #[must_use]
    pub fn socket(&self) -> Option<PathBuf> {
        let folder = self.socket_dir.as_ref()?;
        Some(folder.join(format!(".s.PGSQL.{}", self.port)))
    }

    /// Whether the server says that it takes connections (a standby that serves reads says so too).
    #[must_use]
    pub fn takes_connections(&self) -> bool {
        matches!(self.status.as_str(), "ready" | "standby")
    }

    /// The address in `listen` where it is one address rather than a name or `*`.
    #[must_use]
    pub fn listen_address(&self) -> Option<IpAddr> {
        self.listen.as_ref()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &[u8] = b"4242\n/var/lib/postgresql/15/main\n1795558432\n5432\n/var/run/postgresql\nlocalhost\n  1234567    131072\nready   \n";

    #[test]
    fn a_running_server_is_read() {
        let read = Postmaster::parse(DEBIAN, Path::new("/var/lib/postgresql/15/main")).unwrap();
        assert_eq!(
            read,
            Postmaster {
                pid: 4242,
                port: 5432,
                socket_dir: Some(PathBuf::from("/var/run/postgresql")),
                listen: Some("localhost".to_owned()),
                started: 1_795_558_432,
                status: "ready".to_owned(),
            }
        );
        assert!(read.takes_connections());
        assert_eq!(
            read.socket().unwrap(),
            Path::new("/var/run/postgresql/.s.PGSQL.5432")
        );
    }

    #[test]
    fn a_server_without_socket_or_tcp_has_neither() {
        let read =
            Postmaster::parse(b"7\n/d\n1\n5433\n\n\n1 2\nstarting\n", Path::new("/d")).unwrap();
        assert_eq!(
            (read.socket_dir.clone(), read.listen.clone(), read.socket()),
            (None, None, None)
        );
        assert!(!read.takes_connections());
    }

    #[test]
    fn a_relative_socket_folder_lies_in_the_data_folder() {
        let read = Postmaster::parse(
            b"7\n/d\n1\n5433\nsockets\n127.0.0.1\n1 2\nready   \n",
            Path::new("/d"),
        )
        .unwrap();
        assert_eq!(
            read.socket().unwrap(),
            Path::new("/d/sockets/.s.PGSQL.5433")
        );
        assert_eq!(read.listen_address(), Some(IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn a_single_user_backend_and_a_half_written_file_are_no_postmaster() {
        assert_eq!(
            Postmaster::parse(b"-4242\n/d\n1\n5432\n\n\n", Path::new("/d")),
            None
        );
        assert_eq!(Postmaster::parse(b"4242\n/d\n", Path::new("/d")), None);
        assert_eq!(Postmaster::parse(b"", Path::new("/d")), None);
        assert_eq!(Postmaster::parse(b"\xff\xfe", Path::new("/d")), None);
    }
}
