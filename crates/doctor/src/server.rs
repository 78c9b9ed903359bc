//! What the server's side adds where it is known: which rule decides the connection, and files that the server would not load. The
//! rules are those on disk now; what the server has loaded may be older.

use std::net::IpAddr;

use pg_config::hba::{Connection, Decision, HostName, RuleSet, Site, Transport, decide};
use pg_host::{FileSetting, HbaRow, ServerFacts, TlsFiles};
use pg_probe::{Address, Failure};

use crate::Finding;
use crate::scene::Scene;

/// What is taken from the facts about a server.
#[derive(Debug, Clone)]
pub(crate) struct View<'a> {
    rules: &'a RuleSet,
    hba: &'a [HbaRow],
    settings: &'a [FileSetting],
    tls: &'a TlsFiles,
    site: &'a Site,
    /// The groups of the role asked about; `None` where they are not known.
    member_of: Option<&'a [String]>,
}

impl<'a> View<'a> {
    /// The view for a login of this role.
    pub(crate) fn of(facts: &'a ServerFacts, role: &str) -> Self {
        let known = facts.role.as_ref().filter(|known| known.name == role);
        Self {
            rules: &facts.hba.rules,
            hba: &facts.hba.view,
            settings: &facts.configuration.errors,
            tls: &facts.tls,
            site: &facts.site,
            member_of: known.map(|known| known.member_of.as_slice()),
        }
    }

    /// Which rule decides the try, where it came so far that one did.
    pub(crate) fn decided(&self, scene: &Scene<'_>, failure: &Failure) -> Option<String> {
        let address = match failure {
            Failure::Server(error) if error.code.starts_with("28") => {
                client_address(&error.message)
            }
            Failure::PasswordNeeded { .. } | Failure::UnsupportedAuthentication { .. } => None,
            _ => return None,
        };
        let target = scene.target;
        let (transport, own) = match &target.address {
            Address::Unix { .. } => (Transport::Local, None),
            Address::Tcp { ip, .. } if scene.tls.is_some() => (Transport::Tls, *ip),
            Address::Tcp { ip, .. } => (Transport::Plain, *ip),
        };
        let connection = Connection {
            transport,
            database: target.database.clone(),
            role: target.user.clone(),
            member_of: self.member_of.map(<[String]>::to_vec),
            // Over the loopback interface the client's address is the server's.
            address: address.or(own.filter(IpAddr::is_loopback)),
            host_name: HostName::Unknown,
            physical_replication: target.is_physical_replication(),
        };
        let named = |index: &usize| {
            let found = self.rules.rules.get(*index)?;
            let rule = &found.rule;
            Some(format!(
                "{}:{} ({} … {})",
                found.file, found.rule.line, rule.kind, rule.method
            ))
        };
        Some(match decide(self.rules, &connection, self.site) {
            Decision::Rule(index) => format!("decided by {}", named(&index)?),
            Decision::NoRule => format!("no rule in {} matches", self.rules.file),
            Decision::May { rules, none } => {
                let mut all: Vec<String> = rules.iter().filter_map(named).collect();
                if none {
                    all.push("no rule at all".to_owned());
                }
                format!("decided by one of: {}", all.join(", "))
            }
        })
    }

    /// Files that the server would not load as they are now. It goes on with what it loaded before, so what one reads is not what counts.
    pub(crate) fn not_loadable(&self) -> Vec<Finding> {
        let refused = self.hba.iter().filter(|row| row.is_refused());
        let lines: Vec<String> = refused
            .map(|row| {
                let file = row.file.as_ref().map_or_else(
                    || self.rules.file.to_string(),
                    |file| file.display().to_string(),
                );
                let error = row
                    .error
                    .as_deref()
                    .unwrap_or("refused without a word: a wrong value of clientcert or clientname");
                at(&file, row.line, error)
            })
            .collect();
        let mut findings = Vec::new();
        if !lines.is_empty() {
            findings.push(
                Finding::warning("hba-not-loadable", "the rules on disk have an error: the server keeps the ones that it loaded before, all of them")
                    .all_seen(lines)
                    .fix("correct the lines and reload"),
            );
        }
        if !self.settings.is_empty() {
            let stops = self.settings.iter().any(FileSetting::stops_a_reload);
            let cause = if stops {
                "the configuration on disk has an error: a reload changes no setting at all"
            } else {
                "some settings on disk are not in force: their values are refused, or need a restart"
            };
            let lines = self.settings.iter().map(|setting| {
                let file = setting
                    .file
                    .as_ref()
                    .map_or_else(String::new, |file| file.display().to_string());
                let error = setting.error.as_deref().unwrap_or("not applied");
                let name = setting.name.as_deref().unwrap_or_default();
                at(&file, setting.line, format!("{name} {error}").trim_start())
            });
            findings.push(
                Finding::warning("configuration-not-loadable", cause)
                    .all_seen(lines)
                    .fix("correct the lines and reload, or restart"),
            );
        }
        let problems = tls_problems(self.tls);
        if !problems.is_empty() {
            findings.push(
                Finding::warning("tls-not-loadable", "the server cannot load its TLS files: a reload leaves TLS as it was, a restart fails")
                    .all_seen(problems)
                    .fix("correct the files and reload; then compare what is served"),
            );
        }
        findings
    }
}

fn tls_problems(tls: &TlsFiles) -> Vec<String> {
    if !tls.on {
        return Vec::new();
    }
    let mut problems = Vec::new();
    let authorities = tls.authorities.as_ref();
    for (setting, file) in [
        ("ssl_cert_file", Some(&tls.certificate)),
        ("ssl_ca_file", authorities),
    ] {
        if let Some(file) = file
            && let Some(problem) = &file.problem
        {
            problems.push(format!("{setting} {}: {problem}", file.path.display()));
        }
    }
    if let Some(refusal) = &tls.key.refusal {
        problems.push(format!(
            "ssl_key_file {}: {refusal}",
            tls.key.path.display()
        ));
    }
    if tls.key_fits() == Some(false) {
        problems.push(format!(
            "ssl_key_file {} is not the key of the first certificate in {}",
            tls.key.path.display(),
            tls.certificate.path.display()
        ));
    }
    if let Some(crl) = &tls.crl
        && let Some(problem) = &crl.problem
    {
        problems.push(format!("ssl_crl_file {}: {problem}", crl.path.display()));
    }
    problems
}

/// The client's address as the server saw it, from its message (`… for host "192.168.1.5", user …`).
fn client_address(message: &str) -> Option<IpAddr> {
    let (_, rest) = message.split_once("host \"")?;
    let (address, _) = rest.split_once('"')?;
    address.parse().ok()
}

fn at(file: &str, line: Option<u32>, text: &str) -> String {
    match line {
        Some(line) => format!("{file}:{line}: {text}"),
        None => format!("{file}: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use pg_config::Version;
    use pg_host::{CertificateFile, FileProblem, KeyFile, KeyRefusal, Place};
    use pg_probe::{AuthMethod, Report, ServerError, Target, TlsFacts};
    use pki_core::Time;

    use super::*;

    const HBA: &str = "local all all peer\nhostssl all slardiere 127.0.0.1/32 scram-sha-256\nhostssl all slardiere 192.168.1.0/24 cert\n";

    fn rules() -> RuleSet {
        let nothing: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        RuleSet::of_bytes(
            &nothing,
            "/d/pg_hba.conf",
            HBA.as_bytes(),
            Version::new(15).unwrap(),
        )
    }

    fn tls() -> TlsFiles {
        let file = |name: &str, problem| CertificateFile {
            path: PathBuf::from(name),
            file: None,
            certificates: Vec::new(),
            problem,
            place: Place::Own,
        };
        TlsFiles {
            on: true,
            certificate: file("/d/server.crt", None),
            key: KeyFile {
                path: PathBuf::from("/d/server.key"),
                metadata: None,
                public_key: None,
                encrypted: false,
                refusal: Some(KeyRefusal::TooOpen {
                    mode: 0o644,
                    most: 0o600,
                }),
            },
            authorities: Some(file("/d/root.crt", Some(FileProblem::Missing))),
            crl: None,
            crl_dir: None,
        }
    }

    fn target(ip: &str) -> Target {
        let address = Address::Tcp {
            host: "tolva".to_owned(),
            ip: Some(ip.parse().unwrap()),
            port: 5432,
        };
        Target::new(address, "slardiere", "postgres", Time::from_unix(0))
    }

    fn decided(target: &Target, failure: &Failure) -> Option<String> {
        let (rules, tls, site) = (rules(), tls(), Site::default());
        let view = View {
            rules: &rules,
            hba: &[],
            settings: &[],
            tls: &tls,
            site: &site,
            member_of: None,
        };
        let (report, facts) = (Report::default(), TlsFacts::default());
        view.decided(
            &Scene {
                target,
                report: &report,
                tls: Some(&facts),
                after_tls: false,
            },
            failure,
        )
    }

    #[test]
    fn names_the_rule_that_decides() {
        let wanted = Failure::PasswordNeeded {
            method: AuthMethod::Scram {
                channel_binding: true,
            },
        };
        insta::assert_snapshot!(decided(&target("127.0.0.1"), &wanted).unwrap(), @"decided by /d/pg_hba.conf:2 (hostssl … scram-sha-256)");
        insta::assert_snapshot!(decided(&target("192.168.1.9"), &wanted).unwrap(), @"decided by one of: /d/pg_hba.conf:2 (hostssl … scram-sha-256), /d/pg_hba.conf:3 (hostssl … cert), no rule at all");
    }

    /// The server says from where it saw the client come; that counts.
    #[test]
    fn takes_the_clients_address_from_the_message() {
        let refused = |host: &str| {
            Failure::Server(Box::new(ServerError {
                code: "28000".to_owned(),
                message: format!(
                    "no pg_hba.conf entry for host \"{host}\", user \"slardiere\", database \"postgres\", SSL encryption"
                ),
                ..ServerError::default()
            }))
        };
        insta::assert_snapshot!(decided(&target("192.168.1.9"), &refused("10.0.0.7")).unwrap(), @"no rule in /d/pg_hba.conf matches");
        insta::assert_snapshot!(decided(&target("192.168.1.9"), &refused("192.168.1.5")).unwrap(), @"decided by /d/pg_hba.conf:3 (hostssl … cert)");
    }

    #[test]
    fn no_rule_decides_what_never_came_so_far() {
        assert_eq!(decided(&target("127.0.0.1"), &Failure::NoTls), None);
        let full = ServerError {
            code: "53300".to_owned(),
            ..ServerError::default()
        };
        assert_eq!(
            decided(&target("127.0.0.1"), &Failure::Server(Box::new(full))),
            None
        );
    }

    #[test]
    fn tells_what_the_server_would_not_load() {
        let row = |line, error: Option<&str>| HbaRow {
            number: None,
            file: None,
            line: Some(line),
            kind: None,
            databases: Vec::new(),
            users: Vec::new(),
            address: None,
            netmask: None,
            method: None,
            options: Vec::new(),
            error: error.map(str::to_owned),
        };
        let hba = [
            row(3, Some("invalid connection type \"hostsl\"")),
            row(7, None),
        ];
        let setting = |error: &str| FileSetting {
            file: Some(PathBuf::from("/d/postgresql.conf")),
            line: Some(12),
            name: Some("shared_buffers".to_owned()),
            value: None,
            applied: false,
            error: Some(error.to_owned()),
        };
        let (rules, tls, site) = (rules(), tls(), Site::default());
        let shown = |error: &str| {
            let settings = [setting(error)];
            let view = View {
                rules: &rules,
                hba: &hba,
                settings: &settings,
                tls: &tls,
                site: &site,
                member_of: None,
            };
            let findings = view.not_loadable();
            findings.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        insta::assert_snapshot!(shown("syntax error").join("\n\n"), @r#"
        warning[hba-not-loadable]: the rules on disk have an error: the server keeps the ones that it loaded before, all of them
          seen: /d/pg_hba.conf:3: invalid connection type "hostsl"
          seen: /d/pg_hba.conf:7: refused without a word: a wrong value of clientcert or clientname
          fix: correct the lines and reload

        warning[configuration-not-loadable]: the configuration on disk has an error: a reload changes no setting at all
          seen: /d/postgresql.conf:12: shared_buffers syntax error
          fix: correct the lines and reload, or restart

        warning[tls-not-loadable]: the server cannot load its TLS files: a reload leaves TLS as it was, a restart fails
          seen: ssl_ca_file /d/root.crt: it does not exist
          seen: ssl_key_file /d/server.key: it has group or world access: mode 0644, at most 0600 is allowed
          fix: correct the files and reload; then compare what is served
        "#);
        insta::assert_snapshot!(shown("setting could not be applied")[1], @r"
        warning[configuration-not-loadable]: some settings on disk are not in force: their values are refused, or need a restart
          seen: /d/postgresql.conf:12: shared_buffers setting could not be applied
          fix: correct the lines and reload, or restart
        ");
    }

    #[test]
    fn tls_files_do_not_matter_where_tls_is_off() {
        assert_eq!(
            tls_problems(&TlsFiles { on: false, ..tls() }),
            Vec::<String>::new()
        );
    }
}
