//! Rules in words: as they would be written, or their fields as the server's view shows them; never their secrets.

use pg_config::hba::{Address, Database, Located, Rule, RuleOption, User};
use serde_json::{Value, json};

use crate::failure::escape_name;

/// Type, databases, roles, address (empty for `local`), and the method with its options, without quotes as the server's view
/// shows them.
pub(super) fn fields(rule: &Rule) -> [String; 5] {
    let databases: Vec<_> = rule
        .databases
        .iter()
        .map(|d| escape_name(&d.text()))
        .collect();
    let users: Vec<_> = rule.users.iter().map(|u| escape_name(&u.text())).collect();
    let address = match &rule.address {
        Some(Address::HostName(name)) => escape_name(&name.lossy()),
        address => address.as_ref().map(Address::written).unwrap_or_default(),
    };
    let options = rule.options.iter().map(|option| {
        let text = match secret(option) {
            Some(hidden) => hidden,
            None => format!("{}={}", option.name(), option.value()),
        };
        format!(" {}", escape_name(&text))
    });
    [
        rule.kind.to_string(),
        databases.join(","),
        users.join(","),
        address,
        format!("{}{}", rule.method, options.collect::<String>()),
    ]
}

/// The rule in one line, as it would be written.
pub(super) fn line(rule: &Rule) -> String {
    let databases: Vec<_> = rule.databases.iter().map(Database::written).collect();
    let users: Vec<_> = rule.users.iter().map(User::written).collect();
    let mut fields = vec![rule.kind.to_string(), databases.join(","), users.join(",")];
    fields.extend(rule.address.as_ref().map(Address::written));
    fields.push(rule.method.to_string());
    let options = rule.options.iter();
    fields.extend(options.map(|option| secret(option).unwrap_or_else(|| option.written())));
    escape_name(&fields.join(" "))
}

/// The option without its value, where that is a secret.
fn secret(option: &RuleOption) -> Option<String> {
    let name = option.name();
    SECRETS
        .contains(&name)
        .then(|| format!("{name}=(not shown)"))
}

/// Where it stands: `FILE:LINE`.
pub(super) fn place(at: &Located) -> String {
    format!("{}:{}", escape_name(&at.file), at.rule.line)
}

/// The rule and where it stands, as JSON.
pub(super) fn document(at: &Located) -> Value {
    json!({
        "file": &*at.file,
        "line": at.rule.line,
        "method": at.rule.method.as_str(),
        "text": line(&at.rule),
    })
}

/// Address and mask as `pg_hba_file_rules` shows them.
pub(super) fn address(address: Option<&Address>) -> (Option<String>, Option<String>) {
    match address {
        None => (None, None),
        Some(Address::All) => (Some("all".to_owned()), None),
        Some(Address::SameHost) => (Some("samehost".to_owned()), None),
        Some(Address::SameNet) => (Some("samenet".to_owned()), None),
        Some(Address::Masked(masked)) => (
            Some(masked.address().to_string()),
            Some(masked.mask().to_string()),
        ),
        Some(Address::HostName(name)) => (Some(name.lossy().into_owned()), None),
    }
}

/// Options that hold what nobody shall read over somebody's shoulder.
const SECRETS: [&str; 2] = ["ldapbindpasswd", "radiussecrets"];
