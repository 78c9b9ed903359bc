//! Asks of a `pg_hba.conf` what its rules mean, so many times: what that costs once the file has been read.
//!
//! `rules_mean reach FILE TIMES` asks which rules can never match, `explain` which rule decides a connection that only
//! the last one matches, `lint` all that there is to say about the file, `add` where a rule for a role has to stand and whose logins it changes: the new file is written
//! in memory, read again and compared with the old one.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;

use pg_config::Version;
use pg_config::hba::{
    Connection, Databases, Decision, HostName, Reach, RuleSet, Site, Transport, Wanted, changes,
    decide, place, reach,
};
use pg_config::lint;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, file, times] = &words[..] else {
        return Err("rules_mean reach|lint|explain|add FILE TIMES".into());
    };
    let files = BTreeMap::from([(file.clone(), std::fs::read(file)?)]);
    let set = RuleSet::read(&files, file, Version::V16)?;
    let site = Site::default();
    let mut found = 0;
    for _ in 0..times.parse::<u32>()? {
        found = match &**what {
            "reach" => never(&set, &site),
            "lint" => lint::hba(&files, &set, None).len() + lint::rules(&files, &set, &site).len(),
            "explain" => decided(&set, &site).ok_or("no rule decides it")?,
            "add" => added(&files, &set, &site)?,
            _ => return Err("reach, lint, explain or add".into()),
        };
    }
    writeln!(std::io::stdout(), "{found}")?;
    Ok(())
}

/// How many rules can never match.
fn never(set: &RuleSet, site: &Site) -> usize {
    let found = reach(set, site);
    let never = |found: &&Reach| matches!(found, Reach::Never { .. });
    found.iter().filter(never).count()
}

/// The rule that decides a stranger's connection.
fn decided(set: &RuleSet, site: &Site) -> Option<usize> {
    let connection = Connection {
        transport: Transport::Tls,
        database: "stranger".into(),
        role: "stranger".into(),
        member_of: Some(Vec::new()),
        address: Some([203, 0, 113, 1].into()),
        host_name: HostName::Unverified,
        physical_replication: false,
    };
    match decide(set, &connection, site) {
        Decision::Rule(rule) => Some(rule),
        _ => None,
    }
}

/// How many changes a rule for `role_7` brings.
fn added(
    files: &BTreeMap<String, Vec<u8>>,
    set: &RuleSet,
    site: &Site,
) -> Result<usize, Box<dyn Error>> {
    let wanted = Wanted {
        role: "role_7".into(),
        member_of: None,
        databases: Databases::Named(vec!["app_7".into()]),
        from: vec!["10.0.0.0/8".parse()?],
        map: None,
    };
    let insertions = place(set, &wanted, site)?.insertions;
    let written = set.written(files, &insertions)?;
    let new = written.get(&*set.file).ok_or("nothing was written")?;
    let after = RuleSet::of_document(files, &set.file, new);
    Ok(changes(set, &after, site).len())
}
