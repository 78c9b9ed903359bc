//! What the kernel says about this machine and this process: name, network interfaces, core dumps.

use std::net::IpAddr;

use nix::sys::socket::SockaddrStorage;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};

use crate::Error;

/// The machine's own name, as uname(2) has it: not necessarily a full DNS name.
pub fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// An address of one of this machine's network interfaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The interface's name, such as `eth0`.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
    /// Its netmask, where it has one.
    pub netmask: Option<IpAddr>,
}

/// The IPv4 and IPv6 addresses of this machine's interfaces, those that are down too, as getifaddrs(3) lists them: what `samehost` and `samenet` in
/// pg_hba.conf stand for (PostgreSQL's `pg_foreach_ifaddr`).
///
/// # Errors
/// [`Error::Io`] where the kernel refuses.
pub fn interfaces() -> Result<Vec<Interface>, Error> {
    let all = nix::ifaddrs::getifaddrs()
        .map_err(|errno| Error::io("list", "network interfaces".as_ref(), errno))?;
    Ok(all
        .filter_map(|entry| {
            Some(Interface {
                address: ip(entry.address.as_ref()?)?,
                netmask: entry.netmask.as_ref().and_then(ip),
                name: entry.interface_name,
            })
        })
        .collect())
}

/// Forbids core dumps of this process, and tracing by its own user: keys and passphrases pass through its memory.
///
/// # Errors
/// [`Error::Io`] where the kernel refuses.
pub fn forbid_core_dumps() -> Result<(), Error> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|errno| Error::io("forbid core dumps of", "this process".as_ref(), errno))
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|a| IpAddr::V4(a.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::V6(a.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_described_as_the_kernel_does() {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        assert_eq!(host_name(), name.trim_end());
        let loopback = interfaces().unwrap().into_iter().find(|i| i.name == "lo");
        let Some(loopback) = loopback else {
            println!("skipped: no interface is called lo here");
            return;
        };
        assert_eq!(loopback.address.to_string(), "127.0.0.1");
        assert_eq!(loopback.netmask.unwrap().to_string(), "255.0.0.0");
    }

    #[test]
    fn core_dumps_are_forbidden() {
        forbid_core_dumps().unwrap();
        let now = rustix::process::dumpable_behavior().unwrap();
        assert_eq!(now, DumpableBehavior::NotDumpable);
    }
}
