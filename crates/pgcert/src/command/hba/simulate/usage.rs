//! Which rules the logins of a log went by: as the server says, else as the rules decide. What the file no longer says is kept
//! apart, and so is what cannot be told.

use std::collections::BTreeMap;
use std::path::Path;

use pg_config::hba::{
    ClientCert, Connection, Database, Decision, Document, HostName, Match, Method, RuleInFile,
    RuleSet, Site, decide, matches,
};
use pg_config::resolve::Files;

use super::sessions::{Login, Named, Outcome, Says};
/// How often the rules were used.
pub(super) struct Usage<'a> {
    set: &'a RuleSet,
    texts: Vec<String>,
    pub(super) rules: Vec<Used>,
    /// Refused because no rule matched.
    pub(super) no_rule: BTreeMap<String, u64>,
    /// Named by the server, and not there any more: the rule as the log has it.
    pub(super) gone: BTreeMap<Named, u64>,
    /// Decided by one of several rules, or perhaps by none.
    pub(super) open: BTreeMap<Vec<usize>, u64>,
    /// Decided otherwise than the rules say now.
    pub(super) otherwise: u64,
    /// Of which the log tells too little to say anything.
    pub(super) untold: u64,
}

/// How often a rule was used.
#[derive(Default, Clone)]
pub(super) struct Used {
    pub(super) logins: u64,
    pub(super) refusals: u64,
    /// How many of both the log does not name the rule for.
    pub(super) worked_out: u64,
    /// Whether something cannot be told from it: it may have been used.
    pub(super) perhaps: bool,
    pub(super) by: BTreeMap<String, u64>,
}

impl<'a> Usage<'a> {
    /// Nothing used yet.
    pub(super) fn new(set: &'a RuleSet, files: &dyn Files) -> Self {
        Self {
            set,
            texts: texts(set, files),
            rules: vec![Used::default(); set.rules.len()],
            no_rule: BTreeMap::new(),
            gone: BTreeMap::new(),
            open: BTreeMap::new(),
            otherwise: 0,
            untold: 0,
        }
    }

    /// Counts a login that was seen so often.
    pub(super) fn count(
        &mut self,
        login: &Login,
        site: &Site,
        member_of: Option<Vec<String>>,
        times: u64,
    ) {
        let connection = connection(login, member_of);
        if let Some(named) = &login.named {
            match self.find(named, connection.as_ref(), site) {
                Some(rule) => self.used(rule, login, false, times),
                None => *self.gone.entry(named.clone()).or_default() += times,
            }
            return;
        }
        let Some(connection) = connection else {
            self.untold += times;
            if login.replication_unclear {
                self.replication(login, site);
            }
            return;
        };
        let (rules, none) = match decide(self.set, &connection, site) {
            Decision::Rule(rule) => (vec![rule], false),
            Decision::NoRule => (Vec::new(), true),
            Decision::May { rules, none } => (rules, none),
        };
        if login.outcome == Outcome::NoRule {
            if none {
                let who = connection.to_string();
                *self.no_rule.entry(who).or_default() += times;
            } else {
                self.otherwise += times;
            }
            return;
        }
        let could = |rule: &usize| {
            let rule = &self.set.rules[*rule].rule;
            match login.outcome {
                Outcome::Rejected => rule.method == Method::Reject,
                Outcome::NoCertificate => rule.client_cert() != ClientCert::Off,
                _ => rule.method != Method::Reject,
            }
        };
        let rules: Vec<_> = rules.into_iter().filter(could).collect();
        match rules[..] {
            [] => self.otherwise += times,
            [rule] => self.used(rule, login, true, times),
            _ => {
                for rule in &rules {
                    self.rules[*rule].perhaps = true;
                }
                *self.open.entry(rules).or_default() += times;
            }
        }
    }

    /// Rules that replication may have gone by, of which it is not told whether it was a physical one, or to which database.
    fn replication(&mut self, login: &Login, site: &Site) {
        for (at, used) in self.set.rules.iter().zip(&mut self.rules) {
            let rejects = at.rule.method == Method::Reject;
            let other = match login.outcome {
                Outcome::NoRule => true,
                Outcome::Rejected => !rejects,
                _ => rejects,
            };
            if other {
                continue;
            }
            for database in &at.rule.databases {
                let login = Login {
                    replication_unclear: false,
                    physical_replication: *database == Database::Replication,
                    database: Some(database.text().into_owned()),
                    ..login.clone()
                };
                let may = connection(&login, None)
                    .is_some_and(|it| !matches!(matches(&at.rule, &it, site), Match::No(_)));
                used.perhaps |= may;
            }
        }
    }

    fn used(&mut self, rule: usize, login: &Login, worked_out: bool, times: u64) {
        let used = &mut self.rules[rule];
        match login.outcome {
            Outcome::In => used.logins += times,
            _ => used.refusals += times,
        }
        if worked_out {
            used.worked_out += times;
        }
        let role = login.role.clone().unwrap_or_else(|| "?".to_owned());
        *used.by.entry(role).or_default() += times;
    }

    /// The rule that is named, where the file still says so.
    fn find(&self, named: &Named, connection: Option<&Connection>, site: &Site) -> Option<usize> {
        let in_file = |at: &RuleInFile| match &named.file {
            None => at.file == self.set.file,
            Some(file) => *at.file == **file || self.is_copy(&at.file, file),
        };
        let mut rules = self.set.rules.iter().enumerate();
        let (index, at) = rules.find(|(_, at)| at.rule.line == named.line && in_file(at))?;
        let said = match &named.says {
            Says::Text(text) => self.texts[index] == *text,
            Says::Method(method) => at.rule.method.as_str() == method,
        };
        let fits = connection
            .is_none_or(|connection| !matches!(matches(&at.rule, connection, site), Match::No(_)));
        (said && fits).then_some(index)
    }

    /// Whether a file that was read stands for the one that the server names: another place, the same or the usual name, and no
    /// file that was read lies in that place itself.
    fn is_copy(&self, read: &str, named: &str) -> bool {
        let name = |path| Path::new(path).file_name();
        let usual = *read == *self.set.file && name(named) == name("pg_hba.conf");
        let elsewhere = self.set.rules.iter().all(|at| *at.file != *named);
        elsewhere && (usual || name(read) == name(named))
    }

    /// The rules with what was counted.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'a RuleInFile, &Used)> {
        self.set.rules.iter().zip(&self.rules)
    }
}

/// The connection that a login was; none where too little is told.
pub(super) fn connection(login: &Login, member_of: Option<Vec<String>>) -> Option<Connection> {
    let transport = login.transport?;
    if login.replication_unclear {
        return None;
    }
    let database = match login.physical_replication {
        true => String::new(),
        false => login.database.clone()?,
    };
    Some(Connection {
        transport,
        database,
        role: login.role.clone()?,
        member_of,
        address: login.address,
        host_name: HostName::Unknown,
        physical_replication: login.physical_replication,
    })
}

/// Each rule as the server quotes it: its record in one line, continued lines joined.
fn texts(set: &RuleSet, files: &dyn Files) -> Vec<String> {
    let mut read: BTreeMap<&str, Option<Document>> = BTreeMap::new();
    let text = |at: &'_ RuleInFile, document: &Document| {
        let record = document.records().get(at.record)?;
        let text = String::from_utf8_lossy(record.span().of(document.as_bytes())).into_owned();
        Some(text.replace("\\\r\n", "").replace("\\\n", ""))
    };
    set.rules
        .iter()
        .map(|at| {
            let document = read.entry(&at.file).or_insert_with(|| {
                let bytes = files.read(&at.file).ok()?;
                Some(Document::parse(bytes, set.version))
            });
            document
                .as_ref()
                .and_then(|document| text(at, document))
                .unwrap_or_default()
        })
        .collect()
}
