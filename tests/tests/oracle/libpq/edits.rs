//! Generated service files, edited: libpq resolves exactly what was meant, and no other line has changed by a byte.

use std::collections::BTreeMap;

use e2e::generated::{Dice, conninfo, service};
use pg_config::Version;
use pg_config::service::Document;

use super::asked::{Answer, Libpq};
use super::ground::{Case, Ground};
use super::{FEW, each, number};

/// What is done to a service.
#[derive(Debug)]
enum Edit {
    Set(Vec<(&'static str, String)>),
    Unset(&'static str),
    Remove,
}

#[test]
fn an_edit_means_what_it_says_and_nothing_else() {
    let count = number("PGCERT_GENERATED").unwrap_or(FEW);
    let seed = number("PGCERT_SEED").unwrap_or(1);
    each(|libpq| {
        let mut ground = Ground::new();
        let mut done = 0;
        for index in 0..count {
            let dice = &mut Dice::of_file(seed, index);
            let before = service::file(dice);
            let name = dice.one_of(service::NAMES);
            let edit = edit(dice);
            let shown = format!(
                "file {index} of seed {seed}, libpq {}: {edit:?} of {name:?} in {:.400}",
                libpq.version,
                before.escape_ascii().to_string()
            );
            let version = Version::new(libpq.version).unwrap();
            let Some(after) = applied(&edit, name, &before, version) else {
                continue;
            };
            done += 1;
            let kept = untouched(&before, name, &edit);
            let mut there = untouched(&after, name, &edit);
            // The last line may have had no end, and have got one.
            if let (Some(was), Some(is)) = (kept.last(), there.last_mut()) {
                let added = is.strip_prefix(was.as_str());
                if added.is_some_and(|end| ["\\n", "\\r\\n"].contains(&end)) {
                    is.clone_from(was);
                }
            }
            assert_eq!(there, kept, "{shown}");
            let was = asked(&mut ground, libpq, name, Some(before));
            let is = asked(&mut ground, libpq, name, Some(after));
            let none = asked(&mut ground, libpq, name, None);
            assert_eq!(is, meant(&edit, was, &is, &none, name), "{shown}");
        }
        assert!(done > count / 2, "most of them can be done");
        println!("libpq {}: {done} edits, from seed {seed}", libpq.version);
    });
}

/// Only of keywords that take any value, so that what is wrong with another does not hide them.
const KEYWORDS: &[&str] = &[
    "application_name",
    "sslcert",
    "sslkey",
    "options",
    "connect_timeout",
];

fn edit(dice: &mut Dice) -> Edit {
    match dice.below(6) {
        0 => Edit::Remove,
        1 => Edit::Unset(dice.one_of(KEYWORDS)),
        _ => {
            let mut parameters = BTreeMap::new();
            for _ in 0..dice.between(1, 3) {
                let keyword = dice.one_of(KEYWORDS);
                let value = conninfo::value(dice, keyword);
                parameters.insert(keyword, value.to_owned());
            }
            Edit::Set(parameters.into_iter().collect())
        }
    }
}

/// The file after it; none where the library refuses it.
fn applied(edit: &Edit, name: &str, before: &[u8], version: Version) -> Option<Vec<u8>> {
    let mut document = Document::parse(before, version);
    match edit {
        Edit::Set(parameters) => {
            let parameters: Vec<_> = parameters.iter().map(|(k, v)| (*k, v.as_str())).collect();
            document.set_section(name, &parameters).ok()?;
        }
        Edit::Unset(key) => drop(document.remove_parameter(name, key)),
        Edit::Remove => drop(document.remove_section(name)),
    }
    Some(document.to_bytes())
}

fn asked(ground: &mut Ground, libpq: &mut Libpq, name: &str, file: Option<Vec<u8>>) -> Answer {
    let mut case = Case::of(
        file.as_ref()
            .map_or(String::new(), |_| format!("service='{name}'")),
    );
    case.in_folder("PGSERVICEFILE", "own.conf");
    if let Some(file) = file {
        case.files.insert("own.conf".to_owned(), file);
    }
    ground.asked(&case, libpq)
}

/// What libpq has to say afterwards, given what it said before and what it says without any service.
fn meant(edit: &Edit, was: Answer, is: &Answer, none: &Answer, name: &str) -> Answer {
    let not_found = Answer::refused(&format!("definition of service \"{name}\" not found"));
    let too_long = |answer: &Answer| {
        let error = answer.error.as_deref().unwrap_or_default();
        error.starts_with("line ")
    };
    let mut meant = match edit {
        // A line that is too long stops it on its way through the file, which has become the whole of it.
        Edit::Remove if too_long(is) => return is.clone(),
        Edit::Remove => return not_found,
        Edit::Set(_) if was == not_found => none.clone(),
        // The line that is refused may have moved.
        _ if was.error.is_some() && numberless(&was) == numberless(is) => return is.clone(),
        _ => was,
    };
    if meant.error.is_some() {
        return meant;
    }
    let mut put = |key: &str, value: Option<&String>| {
        match value {
            Some(value) => meant.options.insert(key.to_owned(), value.clone()),
            None => meant.options.remove(key),
        };
    };
    match edit {
        Edit::Set(parameters) => {
            for (key, value) in parameters {
                put(key, Some(value));
            }
        }
        Edit::Unset(key) => put(key, none.options.get(*key)),
        Edit::Remove => {}
    }
    meant
}

/// What is refused, wherever it stands.
fn numberless(answer: &Answer) -> Option<String> {
    let error = answer.error.as_ref()?;
    let words = error.split(' ').filter(|word| word.parse::<u32>().is_err());
    Some(words.collect::<Vec<_>>().join(" "))
}

/// The lines that the edit is not about, found without the library: all that do not begin with the keys in a section of
/// that name, or are not in it at all.
fn untouched(file: &[u8], name: &str, edit: &Edit) -> Vec<String> {
    let header = format!("[{name}]");
    let (mut inside, mut kept) = (false, Vec::new());
    for line in file.split_inclusive(|&b| b == b'\n') {
        // isspace(3) of C's locale.
        let blanks = line.iter().take_while(|b| b" \t\n\x0b\x0c\r".contains(b));
        let text = &line[blanks.count()..];
        if text.starts_with(b"[") {
            inside = text.starts_with(header.as_bytes());
        }
        let about = |key: &str| text.starts_with(format!("{key}=").as_bytes());
        let named = inside
            && match edit {
                Edit::Set(parameters) => {
                    text.starts_with(b"[") || parameters.iter().any(|(key, _)| about(key))
                }
                Edit::Unset(key) => about(key),
                Edit::Remove => true,
            };
        // Comments behind a section that goes stay, then in the one before it. A new section has a blank line before it.
        let loose = text.is_empty() || matches!(edit, Edit::Remove) && text.starts_with(b"#");
        if !named && !loose {
            kept.push(line.escape_ascii().to_string());
        }
    }
    kept
}
