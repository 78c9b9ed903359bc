//! What `pgcert setup` does to the machine, seen by the kernel: no file is changed that is not in
//! the plan, keys are born private, passphrases show nowhere.

use e2e::given::has_containers;
use e2e::trace::{Call, TRACING};
use e2e::{Said, Site, Trace};
use serde_json::Value;

const AUTHORITY_PASSPHRASE: &str = "correct horse battery";
const CLIENT_PASSPHRASE: &str = "staple of the client";

/// A machine where strace can look; root sets up for another user, or the server's own user does
/// all of it.
fn sites() -> [Site; 2] {
    let mut own = Site::in_container(TRACING);
    own.by_one_user();
    [Site::in_container(TRACING), own]
}

/// `pgcert setup` with both passphrases, one of them by a command.
fn words(site: &Site) -> Vec<String> {
    let authority = site.secret("authority", &format!("{AUTHORITY_PASSPHRASE}\n"));
    let client = site.secret("client", &format!("{CLIENT_PASSPHRASE}\n"));
    let text = format!(
        "pgcert setup --role slardiere --server-name tolva --json --client-passphrase-file {client}"
    );
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    words.extend(["--client-home".to_owned(), site.home.clone()]);
    words.extend([
        "--passphrase-command".to_owned(),
        format!("cat {authority}"),
    ]);
    words
}

fn traced(site: &Site, words: &[String], more: &[&str]) -> (Said, Trace) {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.extend(more);
    let home = match site.runner.as_str() {
        "root" => "/root",
        _ => site.home.as_str(),
    };
    Trace::of(&site.host, &site.runner, home, &words)
}

/// The paths that a plan names.
fn planned(said: &Said) -> Vec<String> {
    let plan: Value = serde_json::from_str(&said.stdout).unwrap();
    let steps = plan["steps"].as_array().unwrap().iter();
    let paths: Vec<String> = steps
        .filter_map(|s| s["path"].as_str().map(str::to_owned))
        .collect();
    assert!(paths.len() > 8, "{said}");
    paths
}

/// The folder of a path.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').unwrap().0
}

/// Whether the path is one of hostfile's names beside another one.
fn is_staged(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap();
    let name = name.strip_suffix(".new").unwrap_or(name);
    name.strip_prefix(".pgcert-")
        .is_some_and(|hex| hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[test]
fn no_path_is_changed_that_is_not_in_the_plan_the_journal_or_the_store() {
    if !has_containers("setup under strace") {
        return;
    }
    for site in sites() {
        site.sql("create role slardiere login");
        let words = words(&site);
        // A plan that is only shown changes nothing at all.
        let (said, trace) = traced(&site, &words, &["--dry-run"]);
        let planned = planned(&said.ok());
        assert_eq!(trace.changed_paths(), [""; 0]);

        let (said, trace) = traced(&site, &words, &["--yes"]);
        said.ok();
        let state = match site.runner.as_str() {
            "root" => "/var/lib/pgcert/state".to_owned(),
            _ => format!("{}/.local/state/pgcert", site.home),
        };
        let in_plan = |path: &str| {
            planned.iter().any(|p| p == path)
                || is_staged(path) && planned.iter().any(|p| folder(p) == folder(path))
        };
        let ours = |path: &str| {
            let own = [&state, &site.authority];
            // The two folders, what is in them, and what they are in where that was missing.
            own.iter()
                .any(|f| folder(path) == *f || f.starts_with(&format!("{path}/")) || path == *f)
        };
        let changed = trace.changed_paths();
        let odd: Vec<_> = changed.iter().filter(|p| !in_plan(p) && !ours(p)).collect();
        assert!(odd.is_empty(), "{odd:#?}");
        // The trace saw it: all that was planned was changed.
        let missed: Vec<_> = planned.iter().filter(|p| !changed.contains(p)).collect();
        assert!(missed.is_empty(), "{missed:?}\n{changed:#?}");

        // Once more: nothing but the lock and the store's own side files.
        let (said, trace) = traced(&site, &words, &["--yes"]);
        said.ok().says("\"changed\": false");
        let store = format!("{}/store.db", site.authority);
        let odd: Vec<_> = trace
            .changed_paths()
            .into_iter()
            .filter(|p| !p.starts_with(&store) && *p != format!("{state}/lock"))
            .collect();
        assert!(odd.is_empty(), "{odd:#?}");
    }
}

#[test]
fn keys_are_private_from_their_first_moment_and_passphrases_show_nowhere() {
    if !has_containers("setup under strace, its keys") {
        return;
    }
    for site in sites() {
        site.sql("create role slardiere login");
        let (said, trace) = traced(&site, &words(&site), &["--yes"]);
        said.ok();

        // Whatever a key is written to was made for it, for its owner alone, and stays so.
        let is_key =
            |c: &Call| c.name.contains("write") && c.arguments.contains("PRIVATE KEY-----");
        let keys: Vec<&Call> = trace.calls.iter().filter(|c| is_key(c)).collect();
        assert_eq!(keys.len(), 3, "{keys:#?}");
        for key in keys {
            let path = key.paths()[0].clone();
            assert!(is_staged(&path), "{path}");
            let opened: Vec<&Call> = trace
                .calls
                .iter()
                .filter(|c| {
                    c.name.starts_with("open") && c.changes() && c.paths() == [path.as_str()]
                })
                .collect();
            let [made] = opened.as_slice() else {
                panic!("{opened:#?}")
            };
            for part in ["O_CREAT", "O_EXCL"] {
                assert!(made.arguments.contains(part), "{made:?}");
            }
            assert!(made.arguments.ends_with("0600"), "{made:?}");
            for call in trace.calls.iter().filter(|c| c.name.contains("chmod")) {
                if call.paths().contains(&path) {
                    assert!(call.arguments.ends_with("0600"), "{call:?}");
                }
            }
            // It gets its name at once and whole.
            let renamed: Vec<_> = trace
                .calls
                .iter()
                .filter(|c| c.name.starts_with("rename") && c.paths()[0] == path)
                .collect();
            assert!(
                matches!(renamed.as_slice(), [c] if c.paths()[1].ends_with(".key")),
                "{renamed:#?}"
            );
        }
        // A key goes nowhere else, and no passphrase goes anywhere.
        for call in &trace.calls {
            let passphrase = [AUTHORITY_PASSPHRASE, CLIENT_PASSPHRASE]
                .iter()
                .any(|p| call.arguments.contains(p));
            if passphrase {
                let by_cat = call.name == "write" && call.arguments.contains("pipe:");
                assert!(call.name == "read" || by_cat, "{call:?}");
            }
        }
        let started: Vec<&Call> = trace.named("execve").collect();
        assert_eq!(started.len(), 3, "{started:#?}");
        assert!(started[0].arguments.contains("HOME="), "{started:#?}");

        // Nobody could look into the process by the time it had a secret.
        let private = trace
            .first(|c| c.name == "prctl" && c.arguments.contains("PR_SET_DUMPABLE"))
            .unwrap();
        assert!(trace.calls[private].arguments.contains("SUID_DUMP_DISABLE"));
        let secret = trace
            .first(|c| {
                let texts = [AUTHORITY_PASSPHRASE, CLIENT_PASSPHRASE, "PRIVATE KEY-----"];
                texts.iter().any(|t| c.arguments.contains(t))
            })
            .unwrap();
        assert!(private < secret);
        let opened = trace.first(|c| {
            c.name.starts_with("open") && c.paths().iter().any(|p| p.ends_with(".pass"))
        });
        assert!(private < opened.unwrap());
    }
}
