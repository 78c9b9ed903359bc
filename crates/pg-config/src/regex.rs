//! PostgreSQL's regular expressions (`REG_ADVANCED`, no locale, bytes), as far as they are regular: what the engine says
//! against one ([`syntax`]), where one is found, and what its first group takes.
//!
//! A pattern is read once, into steps ([`code`]), which are taken for a text by [`machine`] and [`capture`], and for all
//! texts by [`union`]. Back references and lookarounds are left open, and what would be larger than ten thousand steps.
//!
//! Why the machine is our own: what is asked for most, the sets of patterns that a name can meet, is a walk over steps
//! that no crate offers, and PostgreSQL's syntax no crate reads. What is left is this.

mod bytes;
mod capture;
mod code;
mod machine;
pub(crate) mod syntax;
pub(crate) mod union;

use alloc::vec::Vec;

use crate::Version;
use code::Step;

/// A pattern that is understood, for more than one text.
#[derive(Debug)]
pub(crate) struct Pattern(Vec<Step>);

impl Pattern {
    /// None where it is not understood, or not a pattern of this version.
    pub(crate) fn parse(pattern: &[u8], version: Version) -> Option<Self> {
        syntax::read(pattern, version).ok()?.steps.map(Self)
    }

    /// Whether it is found in the text.
    pub(crate) fn is_match(&self, text: &[u8]) -> bool {
        machine::is_found(&self.0, text)
    }
}

/// Whether the pattern is found in the text; none where that is not understood. For patterns that stand for names, which
/// there are from 16 on.
pub(crate) fn is_match(pattern: &[u8], text: &[u8]) -> Option<bool> {
    Some(Pattern::parse(pattern, Version::V16)?.is_match(text))
}

/// What the pattern's first group takes of the text; none where that is not sure.
pub(crate) fn capture<'t>(pattern: &[u8], text: &'t [u8], version: Version) -> Option<Capture<'t>> {
    let Pattern(code) = Pattern::parse(pattern, version)?;
    if !machine::is_found(&code, text) {
        return Some(Capture::NoMatch);
    }
    let mut ways = capture::taken(&code, text)?.into_iter();
    match (ways.next()?, ways.next()) {
        (Some(group), None) => Some(Capture::Group(group)),
        (None, None) => Some(Capture::NoGroup),
        _ => None,
    }
}

/// Whether a pattern that the engine takes has no group that could take anything.
pub(crate) fn has_no_group(pattern: &[u8], version: Version) -> bool {
    syntax::read(pattern, version).is_ok_and(|read| read.groups == 0)
}

/// What a pattern's first group takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capture<'t> {
    /// The pattern is not found.
    NoMatch,
    /// It is found, and has no group, or one that takes no part.
    NoGroup,
    /// This.
    Group(&'t [u8]),
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn patterns_are_found_where_postgresql_finds_them() {
        for (pattern, text, found) in [
            ("", "anything", true),
            ("^app$", "app", true),
            ("^app$", "apps", false),
            ("app", "my_app_2", true),
            ("^app", "my_app", false),
            (r"^a\.b$", "axb", false),
            ("^db[^0-9]*$", "db1", false),
            ("^a$|^b$", "ab", false),
            ("^$", "x", false),
            ("aab", "aaab", true),
            ("a|", "b", true),
            ("^(a|b)+$", "abba", true),
            ("^(a|b)+$", "", false),
            ("^(?:ab){2,3}$", "abab", true),
            ("^(?:ab){2,3}$", "abababab", false),
            ("^a{0}b$", "b", true),
            ("^a{2,}$", "a", false),
            ("^a{0,2}$", "aaa", false),
            (r"^\d+\w\s$", "12_ ", true),
            (r"^[\D]$", "1", false),
            ("(?i)^[a-c]Z$", "Bz", true),
            ("[[:alpha:]]", "1", false),
            ("^[^[:cntrl:]]+$", "é", true),
            ("^[^[:cntrl:]]+$", "À", false),
            (r"\mb", "a b", true),
            (r"\yb\Y.", "bb", true),
            ("[[:<:]]b[[:>:]]", "ab", false),
            ("a^b", "a^b", false),
            ("(?n)a$.", "a\nb", false),
            ("(?n)^b$", "a\nb\nc", true),
            ("(?w)a$.^b", "a\nb", true),
            (r"(?n)\Ab", "a\nb", false),
            ("***=a.", "a.", true),
            ("***=a.", "ab", false),
            ("(?x) a # b", "a", true),
            (r"^\u00e9$", "é", false),
            (r"^\xc3\251$", "é", true),
            (".{2}", "é", true),
            ("^.$", "é", false),
        ] {
            assert_eq!(
                is_match(pattern.as_bytes(), text.as_bytes()),
                Some(found),
                "{pattern} {text}"
            );
        }
        for pattern in [r"(a)\1", "(?=a)", "(?<!a)b", "(?:.{255}){255}"] {
            assert_eq!(is_match(pattern.as_bytes(), b"a"), None, "{pattern}");
        }
    }

    #[test]
    fn complements_stopped_at_newlines_before_14() {
        let found =
            |pattern: &[u8], version| Pattern::parse(pattern, version).map(|p| p.is_match(b"\n"));
        assert_eq!(found(br"(?n)\D", Version::V13), Some(false));
        assert_eq!(found(br"(?n)\D", Version::V14), Some(true));
        assert_eq!(found(br"\D", Version::V13), Some(true));
        assert_eq!(found(b"(?p)[^a]", Version::V14), Some(false));
    }

    #[test]
    fn the_end_of_a_shorthand_began_a_range_before_14() {
        let found = |text: &[u8]| {
            Pattern::parse(br"^[\w-b]$", Version::V13).map(|pattern| pattern.is_match(text))
        };
        assert_eq!(found(b"`"), Some(true));
        assert_eq!(found(b"z"), Some(true));
        assert_eq!(found(b"-"), Some(false));
    }

    #[test]
    fn the_first_group_is_followed() {
        let taken = |group: &'static str| Some(Capture::Group(group.as_bytes()));
        for (pattern, text, expected) in [
            (r"^(.*)@example\.com$", "bob@example.com", taken("bob")),
            (r"^(.*)@example\.com$", "@example.com", taken("")),
            (
                r"^(.*)@example\.com$",
                "bob@example.org",
                Some(Capture::NoMatch),
            ),
            (r"(.*)@example\.com$", "bob@example.com", taken("bob")),
            (r"^([^@]*)@", "a@b@c", taken("a")),
            ("^CN=([^,]+),", "CN=bob,O=x", taken("bob")),
            ("^(.*)@", "a@b@c", None),
            ("^(a|bc)$", "bc", taken("bc")),
            ("(x)", "axbx", taken("x")),
            ("^x()$", "x", taken("")),
            (r"^\((.)\)$", "(y)", taken("y")),
            (r"^(\w+)@(\w+)$", "a@b", taken("a")),
            ("^(?:x(.))+$", "xaxb", taken("b")),
            ("^(?:x(.)|y)+$", "xay", Some(Capture::NoGroup)),
            ("^(?:x(.)|y)+$", "yxa", taken("a")),
            ("^(a){0}", "a", Some(Capture::NoGroup)),
            ("^(a)?b", "b", Some(Capture::NoGroup)),
            ("^((a)b)$", "ab", taken("ab")),
            ("^(é)$", "é", taken("é")),
            ("^bob$", "bob", Some(Capture::NoGroup)),
            ("^bob$", "tom", Some(Capture::NoMatch)),
            (r"^(.)\1$", "aa", None),
        ] {
            assert_eq!(
                capture(pattern.as_bytes(), text.as_bytes(), Version::V18),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn nested_bounds_end() {
        let deep = "(?:".repeat(300) + "a" + &"){2}".repeat(300);
        assert_eq!(is_match(deep.as_bytes(), b"a"), None);
        let stars = "(?:".repeat(3000) + "a" + &")*".repeat(3000);
        assert_eq!(is_match(stars.as_bytes(), b"b"), Some(true));
        for quantifier in ["*", "?", "+", "{0,2}"] {
            let ends = format!("){quantifier}").repeat(100_000);
            let many = format!("{}a{ends}", "(?:".repeat(100_000));
            assert_eq!(is_match(many.as_bytes(), b"a"), None, "{quantifier}");
        }
    }
}
