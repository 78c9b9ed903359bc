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
    /// As the setting has it (`elog.c`, `log_line_prefix`); none where it is not known.
    pub(super) fn new(setting: Option<&str>) -> Self {
        Self(setting.map(pieces))
    }

    /// Whether the setting is known.
    pub(super) fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// All that the beginning of a line may be by the setting; none where that is not known. Names in it may be anything: whoever
    /// connects chooses them.
    pub(super) fn readings<'l>(&self, line: &'l str) -> Option<Readings<'l>> {
        let pieces = self.0.as_ref()?;
        let mut readings = Readings {
            ends: vec![(0, 0)],
            sessions: vec![Vec::new()],
        };
        for piece in pieces {
            readings.go_on(piece, up_to(line, LONGEST));
        }
        Some(readings)
    }

    /// The session of a line that does not begin by the setting: where it mostly stands.
    pub(super) fn usual(line: &str) -> Option<&str> {
        usual(up_to(line, LONGEST))
    }
}

/// Where prefixes may end, and which sessions they name then.
pub(super) struct Readings<'l> {
    /// Ends, in their order, each with what may have been the session: an index into `sessions`.
    ends: Vec<(usize, usize)>,
    sessions: Vec<Vec<&'l str>>,
}

impl<'l> Readings<'l> {
    /// The sessions that a prefix may name which ends here, the process's id or what `%c` gives; none where no prefix does.
    pub(super) fn ending_at(&self, end: usize) -> Option<&[&'l str]> {
        let at = self.ends.binary_search_by_key(&end, |(end, _)| *end).ok()?;
        Some(&self.sessions[self.ends[at].1])
    }

    fn go_on(&mut self, piece: &Piece, line: &'l str) {
        let before = std::mem::take(&mut self.ends);
        if let Piece::Other = piece {
            let Some(&(first, mut named)) = before.first() else {
                return;
            };
            let mut before = before.into_iter().peekable();
            let places = line[first..].char_indices().map(|(at, _)| first + at);
            for place in places.chain([line.len()]) {
                while let Some((_, other)) = before.next_if(|(end, _)| *end <= place) {
                    named = self.either(named, other);
                }
                self.ends.push((place, named));
            }
            return;
        }
        // What is further on in the line ends further on, or at the same place.
        for (start, named) in before {
            let rest = &line[start..];
            let Some(length) = piece.ends(rest) else {
                continue;
            };
            let session = *piece == Piece::Session && self.sessions[named].is_empty();
            let named = if session {
                self.sessions
                    .push(vec![rest[..length].trim_start_matches(' ')]);
                self.sessions.len() - 1
            } else {
                named
            };
            let end = start + length;
            match self.ends.pop() {
                Some((last, other)) if last == end => {
                    let either = self.either(other, named);
                    self.ends.push((end, either));
                }
                last => self.ends.extend(last.into_iter().chain([(end, named)])),
            }
        }
    }

    /// The sessions of both.
    fn either(&mut self, one: usize, other: usize) -> usize {
        let new = |session: &&&str| !self.sessions[one].contains(session);
        let room = SESSIONS.saturating_sub(self.sessions[one].len());
        let new: Vec<_> = self.sessions[other]
            .iter()
            .filter(new)
            .take(room)
            .copied()
            .collect();
        if one == other || new.is_empty() {
            return one;
        }
        let either = [self.sessions[one].as_slice(), &new].concat();
        self.sessions.push(either);
        self.sessions.len() - 1
    }
}

/// The beginning of a text, in whole letters.
fn up_to(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// How long a prefix is at most: names have 63 bytes, those of hosts 1024.
const LONGEST: usize = 4096;

/// How many sessions are kept that a line may be of: two are enough to tell nothing.
const SESSIONS: usize = 16;

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

    fn sessions<'l>(setting: &str, line: &'l str) -> Option<Vec<&'l str>> {
        let readings = Prefix::new(Some(setting)).readings(line)?;
        readings.ending_at(line.len()).map(<[_]>::to_vec)
    }

    fn is(setting: &str, text: &str) -> bool {
        sessions(setting, text).is_some()
    }

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
            assert_eq!(sessions(setting, line), Some(vec![session]), "{setting}");
        }
        assert_eq!(sessions("%u ", "bob "), Some(Vec::new()));
        assert_eq!(sessions("%p:", "x [924] "), None);
    }

    #[test]
    fn all_sessions_that_it_may_be_are_found() {
        assert_eq!(sessions("%u [%p] ", "a [7] x [924] "), Some(vec!["924"]));
        assert_eq!(
            sessions("%u [%p] %a ", "a [7] x [924] y "),
            Some(vec!["7", "924"])
        );
        assert_eq!(sessions("%u%d%p ", "bobapp17 "), Some(vec!["17", "7"]));
        assert_eq!(sessions("%u [%p] ", &"[924] ".repeat(9)), Some(vec!["924"]));
    }

    #[test]
    fn a_text_is_a_prefix_or_not() {
        let setting = "%m [%p] %q%u@%d ";
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
            assert_eq!(self::is(setting, text), is, "{text}");
        }
        assert!(is("%-10u|%5p|", "bob       |   17|"));
        assert!(is("%u%d%p ", "böb 17 "));
        assert!(is("", ""));
        assert!(!is("", "x"));
        assert!(Prefix::new(None).readings("x").is_none());
    }

    #[test]
    fn without_it_the_usual_places_are_looked_at() {
        assert_eq!(
            Prefix::usual("2026-11-26 00:18:03 UTC [924] kim@app "),
            Some("924")
        );
        assert_eq!(Prefix::usual("kim[local] [924]: "), Some("924"));
        assert_eq!(Prefix::usual("6b077abb.39a kim "), Some("6b077abb.39a"));
        assert_eq!(Prefix::usual("2026-11-26 00:18:03 UTC kim "), None);
    }
}
