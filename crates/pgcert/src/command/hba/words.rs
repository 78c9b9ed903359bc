//! Rules in words, as they would be written; their fields for JSON, as the server's view shows them. In words never their
//! secrets.

use pg_config::hba::{Address, Database, Rule, RuleInFile, RuleOption, User};
use serde_json::{Value, json};

use crate::failure::escape_name;

/// Type, databases, roles, address (empty for `local`), and the method with its options, as they would be written.
pub(super) fn fields(rule: &Rule) -> [String; 5] {
    let databases: Vec<_> = rule.databases.iter().map(Database::written).collect();
    let users: Vec<_> = rule.users.iter().map(User::written).collect();
    let address = rule.address.as_ref().map(Address::written);
    let mut method = vec![rule.method.to_string()];
    let options = rule.options.iter();
    method.extend(options.map(|option| secret(option).unwrap_or_else(|| option.written())));
    [
        rule.kind.to_string(),
        databases.join(","),
        users.join(","),
        address.unwrap_or_default(),
        method.join(" "),
    ]
    .map(|field| escape_name(&field))
}

/// The rule in one line, as it would be written.
pub(super) fn line(rule: &Rule) -> String {
    let mut fields = fields(rule).to_vec();
    fields.retain(|field| !field.is_empty());
    fields.join(" ")
}

/// The option without its value, where that is a secret.
fn secret(option: &RuleOption) -> Option<String> {
    let name = option.name();
    SECRETS
        .contains(&name)
        .then(|| format!("{name}=(not shown)"))
}

/// Where it stands: `FILE:LINE`.
pub(super) fn place(at: &RuleInFile) -> String {
    format!("{}:{}", escape_name(&at.file), at.rule.line)
}

/// The rule and where it stands, as JSON.
pub(super) fn document(at: &RuleInFile) -> Value {
    json!({
        "file": &*at.file,
        "line": at.rule.line,
        "method": at.rule.method.as_str(),
        "text": line(&at.rule),
    })
}

/// What a word of the database field is.
pub(super) fn database_kind(word: &Database) -> &'static str {
    match word {
        Database::Name(_) => "name",
        Database::Regex(_) => "pattern",
        Database::File(_) => "file",
        Database::All
        | Database::SameUser
        | Database::SameRole
        | Database::SameGroup
        | Database::Replication => "keyword",
    }
}

/// What a word of the role field is.
pub(super) fn user_kind(word: &User) -> &'static str {
    match word {
        User::All => "keyword",
        User::Name(_) => "name",
        User::Group(_) => "group",
        User::Regex(_) => "pattern",
        User::File(_) => "file",
    }
}

/// What the address field is.
pub(super) fn address_kind(address: &Address) -> &'static str {
    match address {
        Address::All | Address::SameHost | Address::SameNet => "keyword",
        Address::Masked(_) => "network",
        Address::HostName(_) => "name",
    }
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
