//! What rules depend on besides their text, as far as it can be found out here: the machine's networks, and whose member a
//! role is. Known where a server was looked for; asked from it where it runs and lets us in.

use std::collections::{BTreeMap, BTreeSet};

use pg_config::hba::Site;
use pg_host::{Admin, AdminError};

use super::files::Found;
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::Output;

/// The surroundings of a server's rules.
pub(crate) struct Surroundings {
    /// The networks.
    pub(crate) site: Site,
    admin: Option<Admin>,
    roles: BTreeMap<String, Known>,
    /// Roles that were said to be missing.
    said: BTreeSet<String>,
}

/// What the server says of a role.
#[derive(Clone)]
enum Known {
    /// The roles that it is a member of, directly or not.
    Member(Vec<String>),
    /// There is none of this name.
    Missing,
    /// It cannot be asked, or does not say.
    Unsaid,
}

impl Surroundings {
    /// Those of the server that was found. Says on standard error what cannot be asked.
    pub(crate) fn of(found: &Found, context: &Context, output: &mut Output) -> Self {
        let admin = match found.admin(context) {
            Some(Ok(session)) => Some(session),
            Some(Err(error)) => {
                output.note(&escape_name(&why_not(&error)));
                None
            }
            None => None,
        };
        Self {
            site: found.site(),
            admin,
            roles: BTreeMap::new(),
            said: BTreeSet::new(),
        }
    }

    /// The roles that this one is a member of, directly or not, as the server says; none where it cannot be asked, and for a
    /// role that there is no more: whose member it was is not known.
    pub(crate) fn known_member_of(
        &mut self,
        role: &str,
        output: &mut Output,
    ) -> Option<Vec<String>> {
        match self.role(role, output) {
            Known::Member(of) => Some(of),
            Known::Missing | Known::Unsaid => None,
        }
    }

    /// The same, but that a role that there is not yet is judged as one that is a member of nothing. The server itself takes no
    /// `+group` for such a role, not even its own name, and lets nobody in: [`missing`](Self::missing) says so.
    pub(crate) fn member_of(&mut self, role: &str, output: &mut Output) -> Option<Vec<String>> {
        match self.role(role, output) {
            Known::Member(of) => Some(of),
            Known::Missing => Some(Vec::new()),
            Known::Unsaid => None,
        }
    }

    /// Which of a role and the groups that it is said to be a member of the server does not have; none where it cannot be asked.
    /// Says on standard error, once for each, what follows.
    pub(crate) fn missing(
        &mut self,
        role: &str,
        groups: Option<&[String]>,
        output: &mut Output,
    ) -> Option<Vec<String>> {
        let given = groups.unwrap_or_default();
        let mut missing = Vec::new();
        for name in std::iter::once(role).chain(given.iter().map(String::as_str)) {
            match self.role(name, output) {
                Known::Member(_) => continue,
                Known::Unsaid => return None,
                Known::Missing => missing.push(name.to_owned()),
            }
            if !self.said.insert(name.to_owned()) {
                continue;
            }
            let (nobody, made) = match (name == role, groups) {
                (true, None) => ("gets in as it", " and is a member of nothing"),
                (true, Some(_)) => ("gets in as it", ""),
                (false, _) => ("is a member of it", ""),
            };
            let name = escape_name(name);
            output.note(&format!(
                "the server has no role \"{name}\", so that nobody {nobody}; the answer is for a role of this name that is made{made}"
            ));
        }
        Some(missing)
    }

    /// What the server says of a role; asked once.
    fn role(&mut self, role: &str, output: &mut Output) -> Known {
        if let Some(known) = self.roles.get(role) {
            return known.clone();
        }
        let Some(admin) = self.admin.as_mut() else {
            return Known::Unsaid;
        };
        let known = match admin.role(role) {
            Ok(Some(known)) => Known::Member(known.member_of),
            Ok(None) => Known::Missing,
            Err(error) => {
                let error = Failure::because("the server does not say whose member it is", &error);
                output.note(&escape_name(error.message()));
                Known::Unsaid
            }
        };
        self.roles.insert(role.to_owned(), known.clone());
        known
    }
}

fn why_not(error: &AdminError) -> String {
    let why = Failure::because("memberships are not known", error);
    match error {
        AdminError::Down { .. } => why.message().to_owned(),
        _ => format!("{} (root and the server's own user may ask)", why.message()),
    }
}
