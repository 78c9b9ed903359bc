//! The places that a connection string names, in the order in which libpq tries them (`fe-connect.c`,
//! `pqConnectOptions2`). Nothing is looked up here.

use alloc::string::String;
use alloc::vec::Vec;

use super::{ResolveError, Resolved};
use crate::Version;

/// One place to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// A name, an address as text, or the folder of a Unix socket: what a certificate is checked against. None where
    /// only `hostaddr` is given.
    pub host: Option<String>,
    /// The address to connect to, where given apart from the name.
    pub hostaddr: Option<String>,
    /// 1 to 65535.
    pub port: u16,
    is_socket: bool,
}

impl Host {
    /// The folder of the Unix socket (or its abstract name, which begins with `@`), where this is one.
    pub fn socket_dir(&self) -> Option<&str> {
        self.host.as_deref().filter(|_| self.is_socket)
    }
}

impl Resolved {
    /// The hosts to try, in the order given: at least one, with the default socket folder where none is named.
    ///
    /// # Errors
    /// [`ResolveError`] where hosts, addresses and ports differ in number, or a port is none.
    pub fn hosts(&self) -> Result<Vec<Host>, ResolveError> {
        let Lists {
            names,
            addresses,
            ports,
            count,
        } = self.lists()?;
        let mut hosts = Vec::with_capacity(count);
        for i in 0..count {
            let address = addresses
                .get(i)
                .copied()
                .filter(|address| !address.is_empty());
            let mut name = names.get(i).copied().filter(|name| !name.is_empty());
            if name.is_none() && address.is_none() {
                name = Some(if self.socket_dir().is_empty() {
                    "localhost"
                } else {
                    self.socket_dir()
                });
            }
            let port = if ports.len() == 1 {
                ports.first()
            } else {
                ports.get(i)
            };
            hosts.push(Host {
                host: name.map(String::from),
                hostaddr: address.map(String::from),
                port: port_number(port.copied().unwrap_or_default())?,
                is_socket: address.is_none()
                    && name.is_some_and(|name| is_socket_path(name, self.version())),
            });
        }
        Ok(hosts)
    }

    /// That hosts, addresses and ports go together in number. libpq sees later whether a port is one: when it gets to
    /// its host.
    pub(super) fn check_host_counts(&self) -> Result<(), ResolveError> {
        self.lists().map(|_| ())
    }

    fn lists(&self) -> Result<Lists<'_>, ResolveError> {
        let list = |keyword| match self.get(keyword) {
            None | Some("") => Vec::new(),
            Some(text) => text.split(',').collect::<Vec<_>>(),
        };
        let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
        let count = if addresses.is_empty() {
            names.len().max(1)
        } else {
            addresses.len()
        };
        if !names.is_empty() && names.len() != count {
            return Err(ResolveError::HostCount {
                hosts: names.len(),
                addresses: count,
            });
        }
        if ports.len() > 1 && ports.len() != count {
            return Err(ResolveError::PortCount {
                ports: ports.len(),
                hosts: count,
            });
        }
        Ok(Lists {
            names,
            addresses,
            ports,
            count,
        })
    }
}

/// `host`, `hostaddr` and `port`, taken apart.
struct Lists<'a> {
    names: Vec<&'a str>,
    addresses: Vec<&'a str>,
    ports: Vec<&'a str>,
    /// How many hosts that makes.
    count: usize,
}

/// `is_unixsock_path`; abstract names with `@` came with 14.
fn is_socket_path(host: &str, version: Version) -> bool {
    host.starts_with('/') || (host.starts_with('@') && version >= Version::V14)
}

/// `pqParseIntParam` and the check of the range; an empty port is the default one.
fn port_number(port: &str) -> Result<u16, ResolveError> {
    let blanks: &[char] = &[' ', '\t', '\n', '\x0b', '\x0c', '\r'];
    if port.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    let number: i32 =
        port.trim_matches(blanks)
            .parse()
            .map_err(|_| ResolveError::InvalidInteger {
                keyword: "port",
                value: port.into(),
            })?;
    match u16::try_from(number) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(ResolveError::InvalidPort { port: port.into() }),
    }
}

/// `DEF_PGPORT`
const DEFAULT_PORT: u16 = 5432;

#[cfg(test)]
mod tests {
    use super::super::{Conninfo, Site};
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    const SITE: Site<'_> = Site {
        version: Version::V17,
        os_user: "me",
        socket_dir: "/run/pg",
    };

    fn hosts(text: &str, site: &Site<'_>) -> Result<Vec<Host>, ResolveError> {
        text.parse::<Conninfo>()
            .unwrap()
            .resolve(&|_| None, None, site)
            .unwrap()
            .hosts()
    }

    fn refused(text: &str) -> String {
        hosts(text, &SITE).unwrap_err().to_string()
    }

    #[test]
    fn lists_of_hosts_go_with_lists_of_ports() {
        let shown = |text: &str| -> Vec<String> {
            let part = |part: &Option<String>| part.clone().unwrap_or("-".into());
            let hosts = hosts(text, &SITE).unwrap();
            hosts
                .iter()
                .map(|h| format!("{}/{}/{}", part(&h.host), part(&h.hostaddr), h.port))
                .collect()
        };
        assert_eq!(shown("host=a,b port=1"), ["a/-/1", "b/-/1"]);
        assert_eq!(
            shown("host=a,,/s port=1,,3"),
            ["a/-/1", "/run/pg/-/5432", "/s/-/3"]
        );
        assert_eq!(
            shown("hostaddr=::1,10.0.0.1 host=a,"),
            ["a/::1/5432", "-/10.0.0.1/5432"]
        );
        assert_eq!(
            refused("host=a,b hostaddr=::1"),
            "could not match 2 host names to 1 hostaddr values"
        );
        assert_eq!(
            refused("host=a,b,c port=1,2"),
            "could not match 2 port numbers to 3 hosts"
        );
        assert_eq!(refused("port=0"), "invalid port number: \"0\"");
        assert_eq!(refused("port=65536"), "invalid port number: \"65536\"");
        assert_eq!(
            refused("port=x"),
            "invalid integer value \"x\" for connection option \"port\""
        );
    }

    #[test]
    fn abstract_sockets_came_with_14() {
        let is_socket = |version| {
            let hosts = hosts("host=@x", &Site { version, ..SITE }).unwrap();
            hosts[0].socket_dir().is_some()
        };
        assert!(is_socket(Version::V14));
        assert!(!is_socket(Version::V13));
    }
}
