//! What is worth saying about `pg_hba.conf`, line by line. What the rules say about each other is in `reach`.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::Finding;
use super::lines::{self, BYTE_ORDER_MARK, Codes};
use super::report::Report;
use crate::conf::boolean;
use crate::hba::grammar::Reader;
use crate::hba::{
    Address, ClientCert, ConnType, Database, Method, Record, Rule, RuleSet, User, prefix_length,
};
use crate::resolve::{Files, Settings};
use crate::tokens::{Line, Token, Tokenizer};
use crate::{Diagnostic, Version};

/// Everything about the files that `set` was read from. With the server's `settings` it is also known whether TLS and
/// certificates can work at all.
pub fn hba(files: &dyn Files, set: &RuleSet, settings: Option<&Settings>) -> Vec<Finding> {
    let version = set.version;
    let mut paths: Vec<&str> = alloc::vec![&*set.file];
    let others = set.rules.iter().map(|at| &*at.file);
    for path in others.chain(set.errors.iter().map(|error| &*error.file)) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let mut findings = Vec::new();
    for path in paths {
        let bytes = files.read(path).unwrap_or_default();
        let mut report = Report::new(path, &bytes);
        lines::bytes(&CODES, version, &mut report);
        let refused = each_line(&bytes, set.version, settings, &mut report);
        // The mark has become a part of the first line, and is what is wrong with it.
        let marked = bytes.starts_with(BYTE_ORDER_MARK);
        for diagnostic in refused.iter().filter(|d| !marked || d.line > 1) {
            report.diagnostic(diagnostic, diagnostic.code);
        }
        let said: BTreeSet<u32> = refused.iter().map(|d| d.line).collect();
        for error in set.errors.iter().filter(|error| *error.file == *path) {
            if error.line == 0 {
                report.whole("hba-empty", error.message.as_str());
            } else if !said.contains(&error.line) {
                report.in_line("hba-include", error.line, error.message.as_str());
                // The line alone is not refused: it lacks a field that is a list, and one without words is none.
                if error.message.starts_with("end-of-line") {
                    report.advice(Some("an @file without a word in it leaves its field out: write a name into it, or take the line out"));
                }
            }
        }
        findings.extend(report.finish());
    }
    findings
}

/// What is worth saying about each line of one file, and which of them are refused.
fn each_line(
    bytes: &[u8],
    version: Version,
    settings: Option<&Settings>,
    report: &mut Report<'_>,
) -> Vec<Diagnostic> {
    let mut refused = Vec::new();
    let mut lines = Tokenizer::new(bytes, version);
    let mut reader = Reader::new(version);
    while let Some(line) = lines.next_line() {
        lines::commas(&CODES, line, report);
        if let Record::Rule(rule) = reader.read(line, &mut refused) {
            let mut look = Look {
                rule: &rule,
                line,
                version,
                report,
            };
            look.names();
            look.address();
            look.method();
            look.options();
            if let Some(settings) = settings {
                look.server(settings);
            }
        }
    }
    refused
}

/// One rule and the tokens that it was read from.
struct Look<'a, 'r, 'b> {
    rule: &'a Rule,
    line: &'a Line<'a>,
    version: Version,
    report: &'r mut Report<'b>,
}

impl Look<'_, '_, '_> {
    /// Databases and roles that are probably not what they look like.
    fn names(&mut self) {
        let (rule, line) = (self.rule, self.line);
        let tokens = |field| line.field(field).unwrap_or_default();
        for (token, database) in tokens(1).iter().zip(&*rule.databases) {
            match database {
                Database::Name(name) => self.name(token, name, &DATABASE_WORDS),
                Database::Regex(pattern) => self.regex(token, pattern),
                _ => {}
            }
        }
        for (token, user) in tokens(2).iter().zip(&*rule.users) {
            match user {
                User::Name(name) => self.name(token, name, &["all"]),
                User::Regex(pattern) => self.regex(token, pattern),
                _ => {}
            }
        }
    }

    fn name(&mut self, token: &Token<'_>, name: &[u8], keywords: &[&str]) {
        let shown = || String::from_utf8_lossy(name);
        let keyword = keywords
            .iter()
            .find(|word| name.eq_ignore_ascii_case(word.as_bytes()));
        if let Some(keyword) = keyword {
            let shown = shown();
            if token.quoted && name == keyword.as_bytes() {
                let message =
                    format!("\"{shown}\" in quotes is a name and not the keyword {keyword}");
                self.report
                    .at("hba-quoted-keyword", token.span.start, message);
            } else {
                let message = format!("{shown} is a name; the keyword is {keyword}");
                self.report
                    .at("hba-keyword-case", token.span.start, message);
            }
        }
        if name.starts_with(b"/") && self.version < Version::V16 {
            let message = format!(
                "\"{}\" is a name here, and a regular expression from PostgreSQL 16 on",
                shown()
            );
            self.report.at("hba-slash-name", token.span.start, message);
        }
    }

    fn regex(&mut self, token: &Token<'_>, pattern: &[u8]) {
        if !is_anchored(pattern) {
            let pattern = String::from_utf8_lossy(pattern);
            let message = format!("/{pattern} matches every name in which that is found");
            self.report
                .at("hba-unanchored-regex", token.span.start, message);
        }
    }

    fn address(&mut self) {
        let Some(token) = self
            .line
            .field(3)
            .and_then(<[_]>::first)
            .filter(|_| self.rule.address.is_some())
        else {
            return;
        };
        let at = token.span.start;
        let text = token.lossy();
        match &self.rule.address {
            Some(Address::HostName(name)) => {
                if let Some(why) = odd_host_name(name, token.quoted) {
                    self.report.at(
                        "hba-odd-host-name",
                        at,
                        format!("\"{text}\" is taken for a host name: {why}"),
                    );
                }
            }
            Some(Address::Masked(masked)) => {
                let (address, mask) = (masked.address(), masked.mask());
                let host = text.split('/').next().unwrap_or_default();
                if mask.is_unspecified() && !address.is_unspecified() {
                    let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
                    let message = format!("{host} with a mask of zeros is every {family} address");
                    self.report.at("hba-zero-mask", at, message);
                } else if address.is_ipv4() && host.split('.').count() < 4 {
                    self.report.at(
                        "hba-short-address",
                        at,
                        format!("{host} is the address {address}"),
                    );
                } else if outside(address, mask) {
                    let message =
                        format!("{address} has bits outside of its mask, which do not count");
                    self.report.at("hba-host-bits", at, message);
                }
                if prefix_length(mask).is_none() {
                    self.report
                        .at("hba-mask-holes", at, format!("the mask {mask} has holes"));
                }
                if matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some()) {
                    let message = format!(
                        "{address} is an IPv4 address in an IPv6 rule, which matches nobody"
                    );
                    self.report.at("hba-mapped-address", at, message);
                }
            }
            _ => {}
        }
    }

    fn method(&mut self) {
        let Rule { kind, method, .. } = *self.rule;
        let index = self.line.fields().position(
            |field| matches!(field, [token] if *token.text == *method.as_str().as_bytes()),
        );
        let token = index
            .and_then(|index| self.line.field(index))
            .and_then(<[_]>::first);
        let at = token.map_or(self.line.span.start, |token| token.span.start);
        let in_clear = matches!(
            kind,
            ConnType::Host | ConnType::HostNoSsl | ConnType::HostNoGssEnc
        );
        let far = !self.rule.address.as_ref().is_none_or(is_this_machine);
        if kind != ConnType::Local
            && far
            && method == Method::Trust
            && self.rule.client_cert() == ClientCert::Off
        {
            self.report.at(
                "hba-trust",
                at,
                "whoever reaches the server from there is let in as whoever they say",
            );
        }
        if in_clear
            && far
            && matches!(
                method,
                Method::Password | Method::Ldap | Method::Radius | Method::Pam
            )
        {
            let message =
                format!("{method} sends the password itself, and {kind} lets it travel in clear");
            self.report.at("hba-password-in-clear", at, message);
        }
        if method == Method::Md5 && self.version >= Version::V18 {
            self.report.at(
                "hba-md5",
                at,
                "MD5 passwords are deprecated since PostgreSQL 18",
            );
        }
        if method == Method::Radius && self.version == Version::V18 {
            self.report.at(
                "hba-radius",
                at,
                "PostgreSQL 19 does not know radius any more",
            );
        }
        if kind == ConnType::Local && method == Method::Peer && token.is_none() {
            self.report
                .at("hba-ident-on-local", at, "ident on a local rule means peer");
        }
    }

    fn options(&mut self) {
        for (i, option) in self.rule.options.iter().enumerate() {
            let (name, value) = (option.name(), option.value());
            let line = self.line;
            let at = || {
                let spelled = format!("{name}={value}");
                let mut tokens = line.tokens().iter().rev();
                let token = tokens.find(|token| token.lossy() == spelled);
                token.map_or(line.span.start, |token| token.span.start)
            };
            if self.rule.options[i + 1..]
                .iter()
                .any(|later| later.name() == name)
            {
                self.report.at(
                    "hba-duplicate-option",
                    at(),
                    format!("{name} is given again, and the last one counts"),
                );
            }
            let legacy = ["0", "1", "no-verify"].contains(&value);
            if name == "clientcert" && legacy && self.version < Version::V14 {
                let message = format!("clientcert={value} is refused from PostgreSQL 14 on");
                self.report.at("hba-legacy-clientcert", at(), message);
            }
            if BOOLEANS.contains(&name) && value != "1" && boolean(value.as_bytes()) == Some(true) {
                let message = format!("{name}={value} is off: only 1 turns it on");
                self.report.at("hba-boolean-option", at(), message);
            }
        }
    }

    /// What the server's settings leave without effect.
    fn server(&mut self, settings: &Settings) {
        let value = |name: &str| settings.get(name).map(|found| found.value.as_slice());
        let at = self.line.span.start;
        let kind = self.rule.kind;
        if kind == ConnType::HostSsl && value("ssl").and_then(boolean) != Some(true) {
            self.report.at(
                "hba-ssl-off",
                at,
                "ssl is off: a hostssl rule matches nobody",
            );
        } else if self.rule.client_cert() != ClientCert::Off
            && value("ssl_ca_file").is_none_or(<[u8]>::is_empty)
        {
            self.report.at(
                "hba-no-authority",
                at,
                "certificates are asked for, and ssl_ca_file names no authority to check them by",
            );
        }
    }
}

/// Whether a pattern can only match a whole name.
pub(super) fn is_anchored(pattern: &[u8]) -> bool {
    let begins = pattern.starts_with(b"^") || pattern.starts_with(b"\\A");
    let ends = (pattern.ends_with(b"$") && !pattern.ends_with(b"\\$")) || pattern.ends_with(b"\\Z");
    begins && ends
}

/// Why a host name is probably none.
fn odd_host_name(name: &[u8], quoted: bool) -> Option<&'static str> {
    let keyword = [&b"all"[..], b"samehost", b"samenet"];
    let odd = |byte: &u8| {
        !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') || *byte >= 0x80)
    };
    if name.is_empty() {
        Some("it is empty")
    } else if keyword.contains(&name) && quoted {
        Some("in quotes it is not the keyword")
    } else if keyword.iter().any(|word| name.eq_ignore_ascii_case(word)) {
        Some("the keyword is in small letters")
    } else if name.contains(&b'*') {
        Some("there are no wildcards; a name that begins with a dot stands for all that end so")
    } else if name.iter().all(|b| b.is_ascii_digit() || *b == b'.') || name.contains(&b':') {
        Some("it is no address")
    } else if name.iter().any(odd) {
        Some("no host has such a name")
    } else {
        None
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn outside(address: IpAddr, mask: IpAddr) -> bool {
    bits(address) & !bits(mask) != 0
}

fn is_this_machine(address: &Address) -> bool {
    match address {
        Address::SameHost => true,
        Address::Masked(masked) => match masked.address() {
            IpAddr::V4(address) => address.is_loopback() && bits(masked.mask()).leading_ones() >= 8,
            IpAddr::V6(address) => {
                address.is_loopback() && bits(masked.mask()).leading_ones() == 128
            }
        },
        Address::HostName(name) => ***name == *b"localhost",
        _ => false,
    }
}

const DATABASE_WORDS: [&str; 5] = ["all", "sameuser", "samerole", "samegroup", "replication"];

/// Options of which anything but `1` is off (`parse_hba_auth_opt`).
const BOOLEANS: [&str; 6] = [
    "ldaptls",
    "include_realm",
    "compat_realm",
    "upn_username",
    "pam_use_hostname",
    "delegate_ident_mapping",
];

const CODES: Codes = Codes {
    byte_order_mark: "hba-byte-order-mark",
    nul: "hba-nul",
    carriage_return: "hba-carriage-return",
    comment_goes_on: "hba-comment-goes-on",
    open_quote: "hba-open-quote",
    comma: "hba-comma",
};

#[cfg(test)]
mod tests;
