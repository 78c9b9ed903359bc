//! Setup that has nothing to do, or only shows what it would do, touches nothing; one that has
//! something to do changes what its plan said and nothing else.

use std::collections::BTreeMap;

use e2e::{Site, Tree};

/// The differences, without what SQLite does by merely looking: its two files come and go, and take
/// the times of their folder along.
fn differences(site: &Site, before: &Tree, after: &Tree) -> Vec<String> {
    let store = format!("{}/store.db-", site.authority);
    let folder = format!("{}: mtime ctime", site.authority);
    let mut lines = before.differences(after);
    lines.retain(|l| !l.starts_with(&store) && *l != folder);
    lines
}

fn serials(site: &Site) -> Vec<String> {
    let listed = site.pgcert(&site.runner, &["list", "--json"]).ok().stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let certificates = listed["certificates"].as_array().unwrap();
    certificates
        .iter()
        .map(|c| c["serial"].to_string())
        .collect()
}

#[test]
fn again_changes_nothing_and_says_so() {
    for site in [Site::tolva(), Site::of_one_user()] {
        site.setup_tolva(&["--create-role"]).ok();
        let issued = serials(&site);
        let before = site.everything();
        let loaded = site.sql("select pg_conf_load_time()");
        site.setup_tolva(&[]).ok().says("nothing to do");
        let json = site.setup_tolva(&["--json"]).ok().stdout;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["changed"], false, "{json}");
        assert_eq!(json["steps"].as_array().unwrap().len(), 0, "{json}");
        let changed = differences(&site, &before, &site.everything());
        let lock = "/pgcert/state/lock";
        let changed: Vec<_> = changed.iter().filter(|l| !l.contains(lock)).collect();
        assert!(changed.is_empty(), "{changed:#?}");
        assert_eq!(site.sql("select pg_conf_load_time()"), loaded, "reloaded");
        assert_eq!(serials(&site), issued);
    }
}

#[test]
fn a_dry_run_changes_nothing_and_takes_no_serial() {
    for site in [Site::tolva(), Site::of_one_user()] {
        // Where there is nothing yet.
        let before = site.everything();
        site.setup_tolva(&["--create-role", "--dry-run"])
            .ok()
            .says("+hostssl")
            .says("+[tolva]");
        before.assert_same(&site.everything());
        assert_eq!(
            site.sql("select count(*) from pg_roles where rolname = 'slardiere'"),
            "0"
        );
        // Where there is an authority, and more to do.
        site.setup_tolva(&["--create-role"]).ok();
        let issued = serials(&site);
        let before = site.everything();
        site.setup("other", &["--create-role", "--dry-run"])
            .ok()
            .says("CN=other")
            .says("create role \"other\"");
        let changed = differences(&site, &before, &site.everything());
        assert!(changed.is_empty(), "{changed:#?}");
        assert_eq!(serials(&site), issued);
    }
}

#[test]
fn another_role_is_added_and_the_rest_is_reused() {
    for site in [Site::tolva(), Site::of_one_user()] {
        site.setup_tolva(&["--create-role"]).ok();
        let issued = serials(&site);
        let before = site.everything();
        site.setup("other", &["--create-role", "--yes"])
            .ok()
            .says_not("make an authority")
            .says_not("server certificate");
        let changed = differences(&site, &before, &site.everything());
        let (conf, home) = (&site.cluster.configuration, &site.home);
        for new in ["other.crt", "other.key", "tolva-other-root.crt"] {
            let line = format!("{home}/.postgresql/{new}: new");
            assert!(changed.contains(&line), "{changed:#?}");
        }
        let of = |path: String| changed.iter().find(|l| l.starts_with(&path));
        assert!(
            of(format!("{conf}/pg_hba.conf: ")).is_some(),
            "{changed:#?}"
        );
        for kept in ["server.key", "server.crt", "root.crt", "postgresql.conf"] {
            for folder in [conf, &site.cluster.data] {
                assert_eq!(of(format!("{folder}/{kept}: ")), None);
            }
        }
        for kept in ["postgresql.crt", "postgresql.key", "root.crt"] {
            assert_eq!(of(format!("{home}/.postgresql/{kept}: ")), None);
        }
        let added: Vec<_> = serials(&site)
            .into_iter()
            .filter(|s| !issued.contains(s))
            .collect();
        assert_eq!(added.len(), 1, "one certificate for the new role");
        site.login("service=tolva").ok().says("slardiere|t|");
        site.login("service=tolva-other").ok().says("other|t|");
        // And again for the first.
        site.setup_tolva(&[]).ok().says("nothing to do");
    }
}

#[test]
fn what_changes_is_what_the_plan_says() {
    for site in [Site::tolva(), Site::of_one_user()] {
        let service = format!("{}/.pg_service.conf", site.home);
        let theirs = "# mine\r\n[old]\nhost=old.example\n\n[last]\nport=1";
        site.host
            .write(&service, theirs, &format!("{}:", site.client), "640");
        site.append(
            "pg_hba.conf",
            "# no newline\nhost all all 192.168.0.0/16 scram-sha-256",
        );
        let plan = site
            .setup_tolva(&["--create-role", "--dry-run", "--json"])
            .ok()
            .stdout;
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        let steps = plan["steps"].as_array().unwrap();
        let planned: Vec<&str> = steps.iter().filter_map(|s| s["path"].as_str()).collect();
        let diffs: BTreeMap<&str, &str> = steps
            .iter()
            .filter_map(|s| Some((s["path"].as_str()?, s["diff"].as_str()?)))
            .collect();
        for file in ["postgresql.conf", "pg_hba.conf"] {
            let path = format!("{}/{file}", site.cluster.configuration);
            assert!(diffs.contains_key(path.as_str()), "{path}: {plan}");
        }
        let before = site.everything();
        let texts: BTreeMap<&str, String> = diffs
            .keys()
            .map(|path| (*path, site.host.read(path).unwrap_or_default()))
            .collect();

        let done = site.setup_tolva(&["--create-role", "--json"]).ok().stdout;
        let done: serde_json::Value = serde_json::from_str(&done).unwrap();
        assert_eq!(done["changed"], true);
        let after = site.everything();
        // Byte for byte what the diff makes of it; owner and mode as they were.
        for (path, diff) in &diffs {
            let now = site.host.read(path).unwrap();
            assert_eq!(now, patched(&texts[path], diff), "{path}");
            if before.paths().any(|p| p == *path) {
                assert_eq!(before.owner_and_mode(path), after.owner_and_mode(path));
            }
        }
        // Nothing but what the plan names, and the folders that this is in.
        for line in differences(&site, &before, &after) {
            let (path, what) = line.rsplit_once(": ").unwrap();
            let state = ["/state", "/var/lib/pgcert"];
            let is_planned = planned.contains(&path)
                || path.starts_with(&site.authority)
                || path.contains("/.local")
                || state.iter().any(|s| path.contains(s));
            let is_folder = what == "mtime ctime" && planned.iter().any(|p| p.starts_with(path));
            assert!(is_planned || is_folder, "not in the plan: {line}");
        }
    }
}

/// A text after a unified diff, as the plan prints it.
fn patched(before: &str, diff: &str) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let (mut out, mut at, mut marked) = (String::new(), 0, false);
    for line in diff.lines().skip(2) {
        if let Some(hunk) = line.strip_prefix("@@ -") {
            let (start, rest) = hunk.split_once(',').unwrap();
            let start: usize = start.parse().unwrap();
            let length = rest.split(' ').next().unwrap();
            let start = if length == "0" { start } else { start - 1 };
            out.extend(old[at..start].iter().copied());
            at = start;
            continue;
        }
        if line.starts_with('\\') {
            if marked {
                out.pop();
            }
            continue;
        }
        let text = line[1..].replace("\\r", "\r");
        let text = text.replace("\\t", "\t");
        marked = false;
        match &line[..1] {
            "-" => {
                assert_eq!(old[at].trim_end_matches('\n'), text, "{diff}");
                at += 1;
            }
            " " => {
                assert_eq!(old[at].trim_end_matches('\n'), text, "{diff}");
                out.push_str(old[at]);
                at += 1;
            }
            sign => {
                assert_eq!(sign, "+", "{diff}");
                out.push_str(&text);
                out.push('\n');
                marked = true;
            }
        }
    }
    out.extend(old[at..].iter().copied());
    out
}
