//! A TCP or Unix-domain socket with one deadline over all that is read and written, instead of a timeout for each call. The only
//! place where sockets are opened.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// A moment on the monotonic clock by which something has to be done; `None` for no bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// So much from now; zero means no bound. (A bound beyond what the clock can count is none.)
    pub(crate) fn after(bound: Duration) -> Self {
        Self(if bound.is_zero() {
            None
        } else {
            Instant::now().checked_add(bound)
        })
    }

    /// What is left, never zero; `TimedOut` when nothing is.
    fn remaining(self) -> io::Result<Option<Duration>> {
        let Some(end) = self.0 else { return Ok(None) };
        match end.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// An open socket.
#[derive(Debug)]
pub(crate) struct Socket {
    kind: Kind,
    deadline: Deadline,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Connects over TCP.
    pub(crate) fn tcp(address: SocketAddr, deadline: Deadline) -> io::Result<Self> {
        let stream = match deadline.remaining()? {
            Some(left) => TcpStream::connect_timeout(&address, left)?,
            None => TcpStream::connect(address)?,
        };
        stream.set_nodelay(true)?;
        Ok(Self {
            kind: Kind::Tcp(stream),
            deadline,
        })
    }

    /// Connects to a Unix-domain socket; a path that begins with `@` names one in the abstract namespace, as in libpq.
    pub(crate) fn unix(path: &Path, deadline: Deadline) -> io::Result<Self> {
        Ok(Self {
            kind: Kind::Unix(connect_unix(path)?),
            deadline,
        })
    }

    /// Sets another deadline.
    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.deadline.remaining()?;
            let done = match &mut self.kind {
                Kind::Tcp(stream) => stream
                    .set_read_timeout(left)
                    .and_then(|()| stream.read(buffer)),
                Kind::Unix(stream) => stream
                    .set_read_timeout(left)
                    .and_then(|()| stream.read(buffer)),
            };
            match done {
                Err(error) if is_retry(&error) => {}
                other => return other,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let left = self.deadline.remaining()?;
            let done = match &mut self.kind {
                Kind::Tcp(stream) => stream
                    .set_write_timeout(left)
                    .and_then(|()| stream.write(bytes)),
                Kind::Unix(stream) => stream
                    .set_write_timeout(left)
                    .and_then(|()| stream.write(bytes)),
            };
            match done {
                Err(error) if is_retry(&error) => {}
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The addresses to try for a host, in the resolver's order.
pub(crate) fn look_up(host: &str, ip: Option<IpAddr>, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Some(ip) = ip {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    if found.is_empty() {
        Err(io::Error::other("no address"))
    } else {
        Ok(found)
    }
}

/// A signal came in between, or the socket's own timeout ended a little before the deadline: look at the deadline again.
fn is_retry(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

#[cfg(target_os = "linux")]
fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    match path.as_os_str().as_bytes().strip_prefix(b"@") {
        Some(name) => {
            UnixStream::connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)
        }
        None => UnixStream::connect(path),
    }
}

#[cfg(not(target_os = "linux"))]
fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(path)
}
