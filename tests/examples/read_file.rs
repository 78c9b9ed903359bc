//! Reads one of PostgreSQL's files and says how many rules or settings it found: what `pg-config` costs as a program.
//!
//! `read_file rules FILE` reads what the server makes of a `pg_hba.conf`, `document` the lossless document of it,
//! `settings` a `postgresql.conf`; `lines` only counts its newlines, which is the floor.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;

use pg_config::{Version, conf, hba};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let what = words.next().ok_or("what?")?;
    let file = words.next().ok_or("which file?")?;
    let bytes = std::fs::read(&file)?;
    let none = BTreeMap::new();
    let found = match &*what {
        "lines" => bytes.iter().filter(|&&byte| byte == b'\n').count(),
        "rules" => {
            let set = hba::RuleSet::of_bytes(&none, &file, &bytes, Version::V15);
            if !set.is_loadable() {
                return Err("the server would refuse the file".into());
            }
            set.rules.len()
        }
        "document" => hba::Document::parse(bytes, Version::V15).rules().count(),
        "settings" => conf::Document::parse(bytes).settings().count(),
        _ => return Err("rules, document, settings or lines".into()),
    };
    writeln!(std::io::stdout(), "{found}")?;
    Ok(())
}
