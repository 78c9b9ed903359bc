//! `log_line_prefix`: which part of it tells the session of a line.

/// How the session is found in what stands before a message.
pub(super) struct Prefix(Option<Vec<Piece>>);

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Literal(char),
    /// `%p`, `%c`: the session.
    Session,
    /// `%m`, `%t`, `%s`: day, time, zone.
    Time,
    /// Anything else, up to the next literal.
    Other,
}

impl Prefix {
    /// As the setting has it (`elog.c`, `log_line_prefix`); with none, the session is looked for where it mostly is.
    pub(super) fn new(setting: Option<&str>) -> Self {
        Self(setting.map(pieces))
    }

    /// Whether the prefix of a line may be this text, from its first letter to its last; none where the setting is not known. Names
    /// in it may be anything: whoever connects chooses them.
    pub(super) fn is(&self, text: &str) -> Option<bool> {
        let pieces = self.0.as_ref()?;
        // Up to where the pieces so far may reach.
        let mut ends = vec![0];
        for piece in pieces {
            let reached = |&end: &usize| piece.ends(&text[end..]).map(move |length| end + length);
            ends = match (piece, ends.first()) {
                (Piece::Other, Some(&first)) => {
                    let rest = text[first..].char_indices().map(|(at, _)| first + at);
                    rest.chain([text.len()]).collect()
                }
                _ => ends.iter().filter_map(reached).collect(),
            };
        }
        Some(ends.contains(&text.len()))
    }

    /// The session of a line that begins so: the process's id, or what `%c` gives.
    pub(super) fn session<'l>(&self, line: &'l str) -> Option<&'l str> {
        let by_setting = self.0.as_ref().and_then(|pieces| follow(pieces, line));
        by_setting.or_else(|| usual(line))
    }
}

fn pieces(setting: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut chars = setting.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            pieces.push(Piece::Literal(c));
            continue;
        }
        let mut escape = chars.next();
        // The width that a value is padded to.
        while escape.is_some_and(|c| c == '-' || c.is_ascii_digit()) {
            escape = chars.next();
        }
        match escape {
            Some('p' | 'c') => pieces.push(Piece::Session),
            Some('m' | 't' | 's') => pieces.push(Piece::Time),
            Some('%') => pieces.push(Piece::Literal('%')),
            // It marks a place and prints nothing.
            Some('q') | None => {}
            Some(_) => pieces.push(Piece::Other),
        }
    }
    pieces
}

impl Piece {
    /// How much of the beginning of a text it takes; none where the text does not begin with it, and for [`Piece::Other`].
    fn ends(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(c) => text.starts_with(*c).then(|| c.len_utf8()),
            Self::Session => {
                // It may be padded.
                let session = text.trim_start_matches(' ');
                let length = session_length(session);
                (length > 0).then_some(text.len() - session.len() + length)
            }
            Self::Time => {
                let mut rest = text;
                for _ in 0..2 {
                    rest = rest.split_once(' ')?.1;
                }
                let zone = |c: char| c.is_ascii_alphanumeric() || "+-_/".contains(c);
                Some(text.len() - rest.trim_start_matches(zone).len())
            }
            Self::Other => None,
        }
    }
}

fn follow<'l>(pieces: &[Piece], line: &'l str) -> Option<&'l str> {
    let mut rest = line;
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Session => {
                let rest = rest.trim_start_matches(' ');
                let length = session_length(rest);
                return (length > 0).then(|| &rest[..length]);
            }
            Piece::Literal(_) | Piece::Time => rest = &rest[piece.ends(rest)?..],
            Piece::Other => {
                let Some(Piece::Literal(next)) = pieces.get(at + 1) else {
                    return None;
                };
                rest = &rest[rest.find(*next)?..];
            }
        }
    }
    None
}

/// How long the process's id or the session's is with which a text begins.
fn session_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_hexdigit() && c != '.')
        .unwrap_or(text.len())
}

/// A number in brackets, as the default has it, else a session id such as `6b077abb.39a`.
fn usual(line: &str) -> Option<&str> {
    let bracketed = line.match_indices('[').find_map(|(at, _)| {
        let inside = &line[at + 1..];
        let inside = &inside[..inside.find(']')?];
        let number = !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_digit());
        number.then_some(inside)
    });
    let hexadecimal = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    bracketed.or_else(|| {
        let mut words = line.split(|c: char| !c.is_ascii_hexdigit() && c != '.');
        words.find(|word| {
            word.split_once('.').is_some_and(|(begun, process)| {
                begun.len() == 8 && hexadecimal(begun) && hexadecimal(process)
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_by_the_setting() {
        for (setting, line, session) in [
            ("%m [%p] ", "2026-11-26 00:18:03.084 UTC [924] ", "924"),
            (
                "%t:%r:%u@%d:[%p]: ",
                "2026-11-26 00:18:03 CEST:10.0.0.1(5):a@b:[924]: ",
                "924",
            ),
            ("%u %d %p ", "bob app 17 ", "17"),
            ("%c %q%u ", "6b077abb.39a bob ", "6b077abb.39a"),
            ("%-10u|%5p|", "bob       |   17|", "17"),
            ("pg%%%n:%p:", "pg%1795562349.084:17:", "17"),
            ("%s %p", "2026-11-26 00:18:03 Europe/Paris 17", "17"),
        ] {
            assert_eq!(
                Prefix::new(Some(setting)).session(line),
                Some(session),
                "{setting}"
            );
        }
        assert_eq!(Prefix::new(Some("%u ")).session("bob "), None);
        assert_eq!(Prefix::new(Some("%u%d%p ")).session("bobapp17 "), None);
    }

    #[test]
    fn a_text_is_a_prefix_or_not() {
        let setting = Prefix::new(Some("%m [%p] %q%u@%d "));
        for (text, is) in [
            ("2026-11-26 00:18:03.084 UTC [924] kim@app ", true),
            ("2026-11-26 00:18:03.084 UTC [924] x LOG:  y=z@app ", true),
            ("2026-11-26 00:18:03.084 UTC [924] kim@app", false),
            ("2026-11-26 00:18:03.084 UTC [924] ", false),
            ("2026-11-26 00:18:03.084 [924] kim@app ", false),
            (
                "2026-11-26 00:18:03.084 UTC [924] kim@app STATEMENT:  '",
                false,
            ),
        ] {
            assert_eq!(setting.is(text), Some(is), "{text}");
        }
        assert_eq!(
            Prefix::new(Some("%-10u|%5p|")).is("bob       |   17|"),
            Some(true)
        );
        assert_eq!(Prefix::new(Some("%u%d%p ")).is("böb 17 "), Some(true));
        assert_eq!(Prefix::new(Some("")).is(""), Some(true));
        assert_eq!(Prefix::new(Some("")).is("x"), Some(false));
        assert_eq!(Prefix::new(None).is("x"), None);
    }

    #[test]
    fn without_it_the_usual_places_are_looked_at() {
        let none = Prefix::new(None);
        assert_eq!(
            none.session("2026-11-26 00:18:03 UTC [924] kim@app "),
            Some("924")
        );
        assert_eq!(none.session("kim[local] [924]: "), Some("924"));
        assert_eq!(none.session("6b077abb.39a kim "), Some("6b077abb.39a"));
        assert_eq!(none.session("2026-11-26 00:18:03 UTC kim "), None);
        // Of another setting than was said.
        assert_eq!(Prefix::new(Some("%p:")).session("x [924] "), Some("924"));
    }
}
