//! What rules depend on besides their text, as far as it can be found out here: the machine's networks, and whose member a
//! role is. Known where a server was looked for; asked from it where it runs and lets us in.

use std::collections::BTreeMap;

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
    groups: BTreeMap<String, Option<Vec<String>>>,
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
            groups: BTreeMap::new(),
        }
    }

    /// As [`member_of`](Self::member_of), without a word about roles that there are no more: whose member they were is not known.
    pub(crate) fn known_member_of(&mut self, role: &str) -> Option<Vec<String>> {
        if let Some(known) = self.groups.get(role) {
            return known.clone();
        }
        let known = self.admin.as_mut()?.role(role).ok().flatten();
        let known = known.map(|known| known.member_of);
        self.groups.insert(role.to_owned(), known.clone());
        known
    }

    /// The roles that this one is a member of, directly or not, as the server says; none where it cannot be asked. A role that
    /// there is not yet is judged as one that is a member of nothing, and that is said: the server itself takes no `+group` for
    /// such a role, not even its own name, and lets nobody in.
    pub(crate) fn member_of(&mut self, role: &str, output: &mut Output) -> Option<Vec<String>> {
        if let Some(known) = self.groups.get(role) {
            return known.clone();
        }
        let admin = self.admin.as_mut()?;
        let known = match admin.role(role) {
            Ok(Some(known)) => Some(known.member_of),
            Ok(None) => {
                let name = escape_name(role);
                output.note(&format!(
                    "the server has no role \"{name}\", so that nobody gets in as it; the answer is for a role of this name that is made and is a member of nothing"
                ));
                Some(Vec::new())
            }
            Err(error) => {
                let error = Failure::because("the server does not say whose member it is", &error);
                output.note(&escape_name(error.message()));
                None
            }
        };
        self.groups.insert(role.to_owned(), known.clone());
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
