//! Regular expressions: where our machine finds them, and what their first group takes, as PostgreSQL of every version
//! says of the same expressions and texts. Asked in a database like the postmaster, which has no encoding and no locale.
//!
//! `PGCERT_GENERATED` says how many expressions, `PGCERT_SEED` from which seed.

use e2e::Psql;
use e2e::generated::{Dice, regex};
use e2e::given;
use pg_config::Version;
use pg_config::ident::{Answer, Entry, Roles};
use pg_config::text::Span;

use crate::generated::number;
use crate::servers::Server;

/// How many expressions where nothing else is said.
const FEW: u64 = 500;

/// How many texts for each.
const TEXTS: usize = 6;

/// How many expressions are asked about at once.
const AT_ONCE: u64 = 100;

/// Says of an expression and a text: `e` where it is none, `n` where it is not found, and else `y` and what the first
/// group took, or `y-`.
const JUDGE: &str =
    "create or replace function judge(p text, t text) returns text language plpgsql as $$
begin
    if t !~ p then return 'n'; end if;
    return 'y' || coalesce(encode(convert_to((regexp_match(t, p))[1], 'SQL_ASCII'), 'hex'), '-');
exception when invalid_regular_expression then return 'e';
end $$";

/// What is asked about.
#[derive(Debug)]
struct Asked {
    pattern: String,
    text: String,
}

#[test]
fn expressions_are_found_where_the_servers_find_them() {
    let count = number("PGCERT_GENERATED").unwrap_or(FEW);
    let seed = number("PGCERT_SEED").unwrap_or(1);
    let (mut pairs, mut found, mut refused, mut open, mut groups) = (0, 0, 0, 0, 0);
    Server::each(|server| {
        let version = Version::new(server.cluster.version).unwrap();
        let mut psql = Psql::open(&server.host, &server.cluster);
        psql.ask(&format!("{JUDGE}; select 1"));
        let mut index = 0;
        while index < count {
            let mut asked = Vec::new();
            for index in index..count.min(index + AT_ONCE) {
                let mut dice = Dice::of_file(seed, index);
                let (pattern, sample) = regex::by_chance(&mut dice);
                for _ in 0..TEXTS {
                    let text = regex::text(&mut dice, &sample);
                    let pattern = pattern.clone();
                    asked.push(Asked { pattern, text });
                }
            }
            index += AT_ONCE;
            for (asked, said) in asked.iter().zip(judged(&mut psql, &asked)) {
                pairs += 1;
                let ours = is_found(asked, version);
                match said.strip_prefix('y') {
                    // Nothing that is made is left open: what we do not understand, we refuse.
                    None if said == "e" => {
                        assert_eq!(ours, None, "{asked:?} {version}: refused");
                        refused += 1;
                        continue;
                    }
                    None => assert!(ours != Some(true), "{asked:?} {version}: not found"),
                    Some(taken) => {
                        assert!(ours != Some(false), "{asked:?} {version}: found");
                        found += 1;
                        groups += u64::from(group_agrees(asked, version, taken));
                    }
                }
                open += u64::from(ours.is_none());
            }
        }
    });
    given::note(&format!(
        "regular expressions, {count} from seed {seed} for each version: {pairs} pairs with a text, {found} found, {refused} with an expression that is refused, {open} open; what {groups} first groups took, all as the servers say"
    ));
    assert!(found * 3 > pairs && refused * 5 < pairs && open == 0 && groups > 0);
}

fn judged(psql: &mut Psql, asked: &[Asked]) -> Vec<String> {
    let list = |part: fn(&Asked) -> &str| {
        let all: Vec<_> = asked.iter().map(|asked| literal(part(asked))).collect();
        all.join(",")
    };
    let patterns = list(|asked| &asked.pattern);
    let texts = list(|asked| &asked.text);
    let sql = format!(
        "select string_agg(judge(p, t), ',' order by n) from unnest(array[{patterns}], array[{texts}]) with ordinality as asked(p, t, n)"
    );
    let line = String::from_utf8(psql.ask(&sql)).unwrap();
    let said: Vec<String> = line.split(',').map(str::to_owned).collect();
    assert_eq!(said.len(), asked.len());
    said
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn line(asked: &Asked, role: &str) -> Entry {
    Entry {
        map: "m".to_owned(),
        system_user: format!("/{}", asked.pattern),
        role: role.to_owned(),
        role_quoted: true,
        line: 1,
        span: Span { start: 0, end: 0 },
    }
}

fn is_found(asked: &Asked, version: Version) -> Option<bool> {
    match line(asked, "r").roles_of(&asked.text, version) {
        Ok(_) => Some(true),
        Err(Answer::OtherName) => Some(false),
        Err(Answer::OpenName) => None,
        Err(other) => panic!("{other:?}"),
    }
}

/// Whether we are sure what the first group takes. Then the server has to say the same.
fn group_agrees(asked: &Asked, version: Version, taken: &str) -> bool {
    let ours = match line(asked, r"\1").roles_of(&asked.text, version) {
        Ok(Roles::One(group)) => {
            let hex: String = group.bytes().map(|byte| format!("{byte:02x}")).collect();
            hex
        }
        // Without groups the server shows the whole text.
        Err(Answer::Stops) if taken != "-" => return false,
        Err(Answer::Stops) => "-".to_owned(),
        Err(Answer::OpenRole | Answer::OtherRole) => return false,
        other => panic!("{asked:?}: {other:?}"),
    };
    assert_eq!(ours, taken, "{asked:?} {version}");
    true
}
