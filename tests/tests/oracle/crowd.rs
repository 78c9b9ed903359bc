//! One authority, used by sixty-four processes at once. SQLite, the file system and the processes are the
//! real ones; the audit is the judge of what came out.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use pki_core::Certificate;
use serde_json::Value;

use crate::made::Authority;

const PROCESSES: usize = 64;
const CERTIFICATES: usize = 1000;

#[test]
fn no_serial_twice_and_none_lost() {
    let authority = Authority::root("p256", &[]);
    let out = authority.path().with_file_name("out");
    std::fs::create_dir(&out).unwrap();
    let folder = out.display().to_string();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..PROCESSES {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= CERTIFICATES {
                        break;
                    }
                    let role = format!("role{n}");
                    authority
                        .pgcert(&["issue", "client", &role, "--out", &folder])
                        .ok();
                }
            });
        }
    });

    let serial = |n: usize| {
        let file = std::fs::read(out.join(format!("role{n}.crt"))).unwrap();
        let certificate = Certificate::from_pem(&file).unwrap();
        assert_eq!(certificate.common_name(), Some(format!("role{n}")));
        certificate.serial().to_string()
    };
    let handed_out: BTreeSet<String> = (0..CERTIFICATES).map(serial).collect();
    assert_eq!(handed_out.len(), CERTIFICATES);
    let listed: Value = serde_json::from_str(
        &authority
            .pgcert(&["list", "--kind", "client", "--json"])
            .ok()
            .stdout,
    )
    .unwrap();
    let on_record: BTreeSet<String> = listed["certificates"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["state"] == "issued")
        .map(|entry| entry["serial"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(on_record, handed_out);
    authority.pgcert(&["ca", "audit"]).ok();
}
