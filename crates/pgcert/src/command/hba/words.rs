//! Rules in words: their fields as they would be written, but for secrets.

use pg_config::hba::{Address, Located, Rule};
use serde_json::{Value, json};

use crate::failure::escape_name;

/// Type, databases, roles, address (empty for `local`), and the method with its options.
pub(super) fn fields(rule: &Rule) -> [String; 5] {
    let databases: Vec<_> = rule
        .databases
        .iter()
        .map(|d| escape_name(&d.text()))
        .collect();
    let users: Vec<_> = rule.users.iter().map(|u| escape_name(&u.text())).collect();
    let (address, netmask) = address(rule.address.as_ref());
    let address = match (address, netmask) {
        (Some(address), Some(netmask)) => with_mask(&address, &netmask),
        (address, _) => escape_name(&address.unwrap_or_default()),
    };
    let options = rule.options.iter().map(|option| {
        let (name, value) = (option.name(), option.value());
        let shown = if SECRETS.contains(&name) {
            "(not shown)"
        } else {
            value
        };
        format!(" {name}={}", escape_name(shown))
    });
    [
        rule.kind.to_string(),
        databases.join(","),
        users.join(","),
        address,
        format!("{}{}", rule.method, options.collect::<String>()),
    ]
}

/// The rule in one line.
pub(super) fn line(rule: &Rule) -> String {
    let fields = fields(rule);
    let said: Vec<_> = fields.iter().filter(|field| !field.is_empty()).collect();
    said.into_iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where it stands: `FILE:LINE`.
pub(super) fn place(at: &Located) -> String {
    format!("{}:{}", escape_name(&at.file), at.line)
}

/// The rule and where it stands, as JSON.
pub(super) fn document(at: &Located) -> Value {
    json!({
        "file": &*at.file,
        "line": at.line,
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
        Some(Address::Masked { address, mask }) => {
            (Some(address.to_string()), Some(mask.to_string()))
        }
        Some(Address::HostName(name)) => (Some(name.lossy().into_owned()), None),
    }
}

/// As a prefix where the mask is one.
fn with_mask(address: &str, mask: &str) -> String {
    let bits = match mask.parse() {
        Ok(std::net::IpAddr::V4(mask)) => Some(mask.to_bits())
            .filter(|m| m.leading_ones() == m.count_ones())
            .map(u32::count_ones),
        Ok(std::net::IpAddr::V6(mask)) => Some(mask.to_bits())
            .filter(|m| m.leading_ones() == m.count_ones())
            .map(u128::count_ones),
        Err(_) => None,
    };
    match bits {
        Some(bits) => format!("{address}/{bits}"),
        None => format!("{address} {mask}"),
    }
}

/// Options that hold what nobody shall read over somebody's shoulder.
const SECRETS: [&str; 2] = ["ldapbindpasswd", "radiussecrets"];
