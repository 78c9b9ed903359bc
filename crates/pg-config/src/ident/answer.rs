//! What a map line makes of a system user and a role (`hba.c`, `check_ident_usermap`): as far as a file can tell. Whose
//! members a group has, and a few regular expressions, only the server knows.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use super::{Entry, Maps};
use crate::hba::connection::cut;
use crate::regex::{self, Capture, Pattern};
use crate::{InFile, Version};

/// A system user (a certificate's name) who wants to be a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The system user.
    pub system_user: &'a str,
    /// The role.
    pub role: &'a str,
    /// The roles that this role is a member of, directly or not; none where that is not known.
    pub member_of: Option<&'a [String]>,
}

/// What a map line says to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The system user may be the role.
    Allows,
    /// It is about another system user.
    OtherName,
    /// It is about another role.
    OtherRole,
    /// The server gives up here and refuses: the role has `\1`, and the regular expression, which matches, no group, or
    /// one that takes no part.
    Stops,
    /// That cannot be told from here, because of the system user's regular expression.
    OpenName,
    /// That cannot be told from here, because of the role's regular expression or group, or of what `\1` stands for.
    OpenRole,
}

/// The system users that a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names<'a> {
    /// This one.
    One(&'a str),
    /// Those in which this regular expression is found.
    Matching(&'a str),
}

/// The roles that a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roles<'a> {
    /// This one.
    One(Cow<'a, str>),
    /// The one whose name is what the regular expression's first group takes, between these.
    Captured {
        /// What stands before `\1`.
        before: &'a str,
        /// What stands behind it.
        behind: &'a str,
    },
    /// `all`: every role (16 and later).
    All,
    /// `+group`: the group and its members (16 and later).
    Members(&'a str),
    /// Those in whose names this regular expression is found (16 and later).
    Matching(&'a str),
}

impl Entry {
    /// Which system users it is about.
    pub fn names(&self) -> Names<'_> {
        match self.system_user.strip_prefix('/') {
            Some(pattern) => Names::Matching(pattern),
            None => Names::One(&self.system_user),
        }
    }

    /// Which roles it is about, as this version reads it.
    pub fn roles(&self, version: Version) -> Roles<'_> {
        if version >= Version::V16 {
            if let Some(pattern) = self.role.strip_prefix('/') {
                return Roles::Matching(pattern);
            }
            if !self.role_quoted && self.role == "all" {
                return Roles::All;
            }
            let group = self.role.strip_prefix('+').filter(|_| !self.role_quoted);
            if let Some(group) = group {
                return Roles::Members(group);
            }
        }
        match self.role.split_once("\\1") {
            Some((before, behind)) if matches!(self.names(), Names::Matching(_)) => {
                Roles::Captured { before, behind }
            }
            _ => Roles::One(Cow::Borrowed(&self.role)),
        }
    }

    /// Whether the server gives up at this line for every system user that it is about, whatever the role: the role has
    /// `\1`, and the regular expression is known to have no group (`check_ident_usermap`).
    pub fn stops(&self, version: Version) -> bool {
        match (self.roles(version), self.names()) {
            (Roles::Captured { .. }, Names::Matching(pattern)) => {
                regex::has_no_group(pattern.as_bytes(), version)
            }
            _ => false,
        }
    }

    /// Which roles it gives this system user; `Err` has the answer where it is not [`Answer::Allows`].
    ///
    /// # Errors
    /// [`Answer::OtherName`], [`Answer::Stops`], [`Answer::OpenName`]; [`Answer::OpenRole`] where it is not sure what `\1`
    /// stands for, and [`Answer::OtherRole`] where that is no text.
    pub fn roles_of(&self, system_user: &str, version: Version) -> Result<Roles<'_>, Answer> {
        let roles = self.roles(version);
        let pattern = match self.names() {
            Names::One(name) if name == system_user => return Ok(roles),
            Names::One(_) => return Err(Answer::OtherName),
            Names::Matching(pattern) => pattern.as_bytes(),
        };
        let Roles::Captured { before, behind } = roles else {
            return match found(pattern, system_user, version) {
                Some(true) => Ok(roles),
                Some(false) => Err(Answer::OtherName),
                None => Err(Answer::OpenName),
            };
        };
        match regex::capture(pattern, system_user.as_bytes(), version) {
            Some(Capture::Group(group)) => match core::str::from_utf8(group) {
                Ok(group) => Ok(Roles::One(format!("{before}{group}{behind}").into())),
                Err(_) => Err(Answer::OtherRole),
            },
            Some(Capture::NoMatch) => Err(Answer::OtherName),
            Some(Capture::NoGroup) => Err(Answer::Stops),
            None => match found(pattern, system_user, version) {
                Some(true) => Err(Answer::OpenRole),
                _ => Err(Answer::OpenName),
            },
        }
    }

    /// What it says to a claim.
    pub fn answer(&self, claim: &Claim<'_>, version: Version) -> Answer {
        let roles = match self.roles_of(claim.system_user, version) {
            Ok(roles) => roles,
            // Whatever the group takes, the rest of the name has to be there.
            Err(Answer::OpenName | Answer::OpenRole) if self.excludes(claim.role, version) => {
                return Answer::OtherRole;
            }
            Err(answer) => return answer,
        };
        match roles.include(claim.role, claim.member_of) {
            Some(true) => Answer::Allows,
            Some(false) => Answer::OtherRole,
            None => Answer::OpenRole,
        }
    }

    /// Whether it surely is not about this role, whoever comes.
    fn excludes(&self, role: &str, version: Version) -> bool {
        match self.roles(version) {
            // The expression may have no group, and the server give up here.
            Roles::Captured { .. } => false,
            roles => roles.include(role, None) == Some(false),
        }
    }
}

fn found(pattern: &[u8], text: &str, version: Version) -> Option<bool> {
    let pattern = Pattern::parse(pattern, version)?;
    Some(pattern.is_match(text.as_bytes()))
}

impl Roles<'_> {
    /// Whether this role is among them, given the roles that it is a member of; none where that is not sure. Of a name that is
    /// longer than names can be only the beginning counts, as in a startup packet.
    pub fn include(&self, role: &str, member_of: Option<&[String]>) -> Option<bool> {
        let role = cut(role);
        match self {
            Self::One(name) => Some(name.as_bytes() == role),
            Self::Captured { before, behind } => {
                let fits = role.len() >= before.len() + behind.len()
                    && role.starts_with(before.as_bytes())
                    && role.ends_with(behind.as_bytes());
                if fits { None } else { Some(false) }
            }
            Self::All => Some(true),
            Self::Members(group) if group.as_bytes() == role => Some(true),
            Self::Members(group) => member_of.map(|groups| groups.iter().any(|g| g == group)),
            Self::Matching(pattern) => regex::is_match(pattern.as_bytes(), role),
        }
    }
}

impl Maps {
    /// The lines of a map as the server tries them for a claim, each with its answer, up to the first that surely ends
    /// the search ([`Answer::Allows`], [`Answer::Stops`]), which is the last item.
    pub fn tried<'a>(
        &'a self,
        map: &'a str,
        claim: Claim<'a>,
    ) -> impl Iterator<Item = (&'a InFile<Entry>, Answer)> + use<'a> {
        let mut over = false;
        self.find(map).map_while(move |line| {
            let answer = (!over).then(|| line.entry.answer(&claim, self.version()))?;
            over = matches!(answer, Answer::Allows | Answer::Stops);
            Some((line, answer))
        })
    }

    /// Whether the map lets a system user be a role; none where only the server can tell.
    pub fn allows(&self, map: &str, claim: Claim<'_>) -> Option<bool> {
        let mut sure = true;
        for (line, answer) in self.tried(map, claim) {
            match answer {
                // An open line before it may be one at which the server gives up.
                Answer::Allows => return Some(true),
                Answer::Stops => return sure.then_some(false),
                Answer::OtherName | Answer::OtherRole => {}
                Answer::OpenName | Answer::OpenRole => {
                    if let Roles::Captured { .. } = line.entry.roles(self.version()) {
                        return None;
                    }
                    sure = false;
                }
            }
        }
        sure.then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::string::ToString;
    use alloc::vec;
    use alloc::vec::Vec;

    fn maps(text: &str, version: Version) -> Maps {
        Maps::of_bytes(&BTreeMap::new(), "ident", text.as_bytes(), version)
    }

    fn answer(line: &str, system_user: &str, role: &str, version: Version) -> Answer {
        let groups = vec!["staff".to_string()];
        let claim = Claim {
            system_user,
            role,
            member_of: Some(&groups),
        };
        maps(line, version).lines()[0].entry.answer(&claim, version)
    }

    #[test]
    fn words_and_patterns_count_from_16_on() {
        use Answer::{Allows, OtherName, OtherRole};
        let (old, new) = (Version::V15, Version::V16);
        // As long as a name can be.
        let name = "n".repeat(63);
        for (line, system_user, role, before, since) in [
            ("m a r", "a", "r", Allows, Allows),
            ("m a r", "A", "r", OtherName, OtherName),
            ("m a r", "a", "R", OtherRole, OtherRole),
            ("m a all", "a", "r", OtherRole, Allows),
            ("m a all", "a", "all", Allows, Allows),
            ("m a \"all\"", "a", "r", OtherRole, OtherRole),
            ("m a +staff", "a", "r", OtherRole, Allows),
            ("m a +boss", "a", "r", OtherRole, OtherRole),
            ("m a +r", "a", "r", OtherRole, Allows),
            ("m a \"+staff\"", "a", "r", OtherRole, OtherRole),
            ("m a /^r", "b", "r", OtherName, OtherName),
            ("m a \"/^r\"", "a", "r1", OtherRole, Allows),
            ("m a /^r", "a", "s", OtherRole, OtherRole),
            ("m a \\1", "a", "a", OtherRole, OtherRole),
            (
                &alloc::format!("m a {name}"),
                "a",
                &alloc::format!("{name}x"),
                Allows,
                Allows,
            ),
            (
                &alloc::format!("m a +{name}"),
                "a",
                &alloc::format!("{name}x"),
                OtherRole,
                Allows,
            ),
            (
                &alloc::format!("m a {name}x"),
                "a",
                &alloc::format!("{name}x"),
                OtherRole,
                OtherRole,
            ),
        ] {
            assert_eq!(answer(line, system_user, role, old), before, "{line}");
            assert_eq!(answer(line, system_user, role, new), since, "{line}");
        }
    }

    #[test]
    fn groups_of_patterns_name_roles() {
        use Answer::{Allows, OpenName, OpenRole, OtherName, OtherRole, Stops};
        let mail = r"m /^(.*)@example\.com$ \1";
        for (line, system_user, role, expected) in [
            (mail, "bob@example.com", "bob", Allows),
            (mail, "bob@example.com", "tom", OtherRole),
            (mail, "bob@example.org", "bob", OtherName),
            (r"m /^(.*)@ x\1y", "bob@", "xboby", Allows),
            (r"m /^(.*)@ \1\1", "bob@", r"bob\1", Allows),
            (r"m /^bob \1", "bob", "bob", Stops),
            (r"m /^bob \1", "tom", "bob", OtherName),
            (r"m /^(.*)@ \1", "a@b@", "a", OpenRole),
            (r"m /^(\w+)@ \1", "a@b@", "a", Allows),
            (r"m /^(\w)?@ \1", "@", "", Stops),
            (r"m /^(.)\1@ \1", "aa@", "a", OpenName),
            (r"m /^(.)\1@ r", "aa@", "s", OtherRole),
            (r"m /^(.)\1@ r", "aa@", "r", OpenName),
            (r"m a +\1", "a", "a", OtherRole),
        ] {
            assert_eq!(
                answer(line, system_user, role, Version::V16),
                expected,
                "{line} {system_user} {role}"
            );
        }
        // In 16 the value of a group or a regular expression is left as it is; before, it is a name with `\1` in it.
        assert_eq!(answer(r"m /(.) +\1", "a", "a", Version::V16), OtherRole);
        assert_eq!(answer(r"m /^(.)$ +\1", "a", "+a", Version::V15), Allows);
    }

    #[test]
    fn a_line_without_the_group_that_it_needs_stops_all_it_is_about() {
        for (line, expected) in [
            (r"m /^b \1", true),
            (r"m /^\w+$ x\1", true),
            (r"m /^\(b \1", true),
            (r"m /^(b) \1", false),
            (r"m /^(\w+)$ \1", false),
            (r"m /^b r", false),
            (r"m b \1", false),
        ] {
            let maps = maps(line, Version::V15);
            assert_eq!(
                maps.lines()[0].entry.stops(Version::V15),
                expected,
                "{line}"
            );
        }
        let role_of_its_own = maps(r"m /^b /(.)\1", Version::V16);
        assert!(!role_of_its_own.lines()[0].entry.stops(Version::V16));
    }

    #[test]
    fn the_first_line_that_allows_or_stops_ends_it() {
        let text = "m a r\nm b r\nm b r\nn /x r\nn b r\ns /^b \\1\ns b r\no /(?=.) r\no b s\no b r\np /(?=.) \\1\np b r\n";
        let maps = maps(text, Version::V15);
        let claim = |system_user, role| Claim {
            system_user,
            role,
            member_of: None,
        };
        let tried = |map, system_user| -> Vec<String> {
            let steps = maps.tried(map, claim(system_user, "r"));
            steps
                .map(|(line, answer)| format!("{} {answer:?}", line.entry.line))
                .collect()
        };
        assert_eq!(tried("m", "b"), ["1 OtherName", "2 Allows"]);
        assert_eq!(tried("s", "b"), ["6 Stops"]);
        assert_eq!(tried("none", "b"), [""; 0]);
        let allows = |map, system_user| maps.allows(map, claim(system_user, "r"));
        assert_eq!(allows("m", "b"), Some(true));
        assert_eq!(allows("m", "c"), Some(false));
        assert_eq!(allows("n", "b"), Some(true));
        assert_eq!(allows("n", "c"), Some(false));
        assert_eq!(allows("s", "b"), Some(false));
        assert_eq!(allows("s", "c"), Some(false));
        assert_eq!(allows("o", "b"), Some(true), "whatever the first one says");
        assert_eq!(allows("o", "c"), None);
        assert_eq!(allows("p", "b"), None, "the first one may be the end");
        assert_eq!(allows("none", "a"), Some(false));
    }
}
