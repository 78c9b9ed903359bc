//! A machine with as many addresses as one likes: a namespace of the kernel in which every address is our own, and in
//! which the names of hosts come from a file of ours. A test goes into it by running itself once more inside.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use e2e::given;
use tempfile::TempDir;

use super::world::{INTERFACES, NAMES};

/// Set inside.
const INSIDE: &str = "PGCERT_WIRE_INSIDE";

/// Whether this process is inside.
pub(super) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs a test inside, and fails if it does. Where there can be no namespace, says why the test was not run; in CI that
/// is a failure.
pub(super) fn run(test: &str) {
    if let Err(why) = can_be_had() {
        assert!(!given::in_ci(), "{test} cannot be run: {why}");
        return given::note(&format!("not run: {test}: {why}"));
    }
    let folder = TempDir::with_prefix("pgcert-wire-").unwrap();
    let names: String = NAMES
        .iter()
        .map(|(address, name, _)| format!("{address} {name}\n"))
        .collect();
    for (file, text) in [
        ("hosts", names.as_str()),
        (
            "nsswitch.conf",
            "passwd: files\ngroup: files\nhosts: files\n",
        ),
        // A name has the first of its addresses alone.
        ("host.conf", "multi off\n"),
    ] {
        fs::write(folder.path().join(file), text).unwrap();
    }
    let own: String = INTERFACES
        .iter()
        .filter(|(address, _)| !address.ends_with(".1/8") && !address.starts_with("::1"))
        .map(|(address, _)| {
            let nodad = if address.contains(':') { "nodad" } else { "" };
            format!("ip address add {address} dev lo {nodad}\n")
        })
        .collect();
    let script = format!("{BEFORE}{own}{AFTER}");
    let status = Command::new("unshare")
        .args(["--net", "--mount", "--propagation", "private", "sh", "-ec"])
        .args([&script, "sh"])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed inside");
}

fn can_be_had() -> Result<(), String> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return Err("only root can have a network of its own".to_owned());
    }
    let tried = Command::new("unshare")
        .args(["--net", "--mount", "true"])
        .output();
    match tried {
        Ok(tried) if tried.status.success() => Ok(()),
        Ok(tried) => Err(String::from_utf8_lossy(&tried.stderr).trim().to_owned()),
        Err(error) => Err(format!("unshare: {error}")),
    }
}

const BEFORE: &str = r#"
PATH=$PATH:/usr/sbin:/sbin
folder=$1; shift
for file in hosts nsswitch.conf host.conf; do mount --bind "$folder/$file" "/etc/$file"; done
ip link set lo up
"#;

/// Every address that no interface has is ours as well, so that clients can come from it.
const AFTER: &str = r#"
ip route add local default dev lo
ip -6 route add local default dev lo
echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind
exec "$@"
"#;
