//! What comes after a rule has been found: how the role has to prove itself, which names get in as it, and what is demanded of
//! the client's certificate.

use pg_config::hba::{ClientCert, Connection, Method, Rule};
use pg_config::ident::Maps;
use serde_json::{Value, json};

use super::names::{Through, through};
use crate::failure::escape_name;

/// What comes next.
pub(super) struct Next<'a> {
    rule: &'a Rule,
    role: &'a str,
    /// The names that get in through the rule's map; none where it has no map, or the maps are not known.
    through: Option<Vec<Through<'a>>>,
    /// Whether the server takes the file with that map.
    is_loadable: bool,
}

impl<'a> Next<'a> {
    /// After this rule, for this connection.
    pub(super) fn after(
        rule: &'a Rule,
        connection: &'a Connection,
        maps: Option<&'a Maps>,
    ) -> Self {
        let member_of = connection.member_of.as_deref();
        let map = rule.map().zip(maps);
        Self {
            rule,
            role: &connection.role,
            through: map.map(|(map, maps)| through(maps, map, &connection.role, member_of)),
            is_loadable: map.is_none_or(|(_, maps)| maps.errors().is_empty()),
        }
    }

    /// Whether it goes through a map of a file that the server refuses.
    pub(super) fn is_refused(&self) -> bool {
        !self.is_loadable
    }

    /// In words, a step a line.
    pub(super) fn words(&self) -> Vec<String> {
        let mut lines = vec![asked(self.rule)];
        if let Some(name) = compared(self.rule) {
            self.names(name, &mut lines);
        }
        let name = if self.rule.compares_dn() { DN } else { CN };
        let role = escape_name(self.role);
        match (self.rule.method, self.rule.client_cert()) {
            (Method::Cert, _) | (_, ClientCert::Off) => {}
            (Method::Reject, _) => lines.push(
                "without a client certificate the refusal says that one is required".to_owned(),
            ),
            (_, ClientCert::Authority) => lines.push(format!(
                "and the client has to show a certificate {TRUSTED}, in any name"
            )),
            (_, ClientCert::Full) => lines.push(format!(
                "and the client has to show a certificate {TRUSTED} whose {name} is exactly {role}; no map counts for that"
            )),
        }
        lines
    }

    fn names(&self, name: &str, lines: &mut Vec<String>) {
        let role = escape_name(self.role);
        let Some(map) = self.rule.map() else {
            lines.push(format!("{name} has to be exactly {role}"));
            return;
        };
        let map = escape_name(map);
        match self.through.as_deref() {
            None => lines.push(format!(
                "{name} has to reach {role} through the map {map}, which is not known here: --ident-file FILE names its file"
            )),
            Some([]) => lines.push(format!(
                "{name} has to reach {role} through the map {map}, which has no line for that: nobody gets in"
            )),
            Some(through) => {
                let nobody = match through.iter().all(Through::stops) {
                    true => ", by which nobody gets in",
                    false => "",
                };
                lines.push(format!(
                    "{name} has to reach {role} through the map {map}{nobody}:"
                ));
                lines.extend(
                    through
                        .iter()
                        .map(|line| format!("  {}  {}", line.place(), line.who())),
                );
            }
        }
        if self.is_refused() {
            lines.push(REFUSED.to_owned());
        }
    }

    /// As JSON.
    pub(super) fn document(&self) -> Value {
        let through = self.through.as_ref();
        json!({
            "method": self.rule.method.as_str(),
            "clientcert": match self.rule.client_cert() {
                ClientCert::Off => None,
                ClientCert::Authority => Some("verify-ca"),
                ClientCert::Full => Some("verify-full"),
            },
            "clientname": (self.rule.client_cert() == ClientCert::Full)
                .then_some(if self.rule.compares_dn() { "DN" } else { "CN" }),
            "map": self.rule.map(),
            "map_loadable": through.map(|_| self.is_loadable),
            "names": through.map(|all| all.iter().map(Through::document).collect::<Vec<_>>()),
            "steps": self.words().iter().map(|line| line.trim_start()).collect::<Vec<_>>(),
        })
    }
}

/// What the method asks for.
fn asked(rule: &Rule) -> String {
    let method = rule.method;
    let what = match method {
        Method::Trust => "let in without being asked for anything".to_owned(),
        Method::Reject => "refused, whatever the client has".to_owned(),
        Method::ScramSha256 => {
            "asked for a password; one that is stored as an MD5 hash does not do".to_owned()
        }
        Method::Md5 => "asked for a password, by SCRAM where it is stored so".to_owned(),
        Method::Password => "asked for a password, which goes to the server as it is".to_owned(),
        Method::Gss => "asked for a Kerberos ticket".to_owned(),
        Method::Sspi => "asked to log in by Windows (SSPI)".to_owned(),
        Method::Ident => "the ident server of the client's machine is asked whose it is".to_owned(),
        Method::Peer => "the kernel is asked who is at the other end of the socket".to_owned(),
        Method::Ldap => "asked for a password, which an LDAP server judges".to_owned(),
        Method::Radius => "asked for a password, which a RADIUS server judges".to_owned(),
        Method::Cert => format!("the client has to show a certificate {TRUSTED}"),
        Method::Pam => "asked for what PAM wants".to_owned(),
        Method::Bsd => "asked for a password, which BSD authentication judges".to_owned(),
        Method::Oauth => "asked for an OAuth bearer token".to_owned(),
        other => format!("asked for what {other} wants"),
    };
    format!("{method}: {what}")
}

/// The name that is compared with the role, for methods that have one (`auth.c`, `check_usermap`).
fn compared(rule: &Rule) -> Option<&'static str> {
    match rule.method {
        Method::Cert if rule.compares_dn() => Some("its distinguished name"),
        Method::Cert => Some("its common name"),
        Method::Peer | Method::Ident => Some("that user's name"),
        Method::Gss | Method::Sspi if rule.option("include_realm") == Some("0") => {
            Some("the principal without its realm")
        }
        Method::Gss | Method::Sspi => Some("the principal with its realm"),
        Method::Oauth if rule.option("delegate_ident_mapping") == Some("1") => None,
        Method::Oauth => Some("the name that the validator finds in it"),
        _ => None,
    }
}

/// What a map comes to in a file that the server refuses (`PostmasterMain`, `load_ident`).
const REFUSED: &str = "but the server refuses the file with that map: on a reload it keeps the maps that it has, and after a start nobody gets in by any";
const TRUSTED: &str = "from an authority in ssl_ca_file";
const CN: &str = "common name";
const DN: &str = "distinguished name";
