//! Logins out of a log's messages (`auth.c`, `postinit.c`, `backend_startup.c`): who came how and from where, what became of it,
//! and which rule the server says has decided.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use pg_config::hba::Transport;

use super::log::{Entry, Text};

/// A login that was let in or refused. What the log does not tell is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Login {
    pub(super) role: Option<String>,
    pub(super) database: Option<String>,
    pub(super) physical_replication: bool,
    /// Whether it is not told what kind of replication it was.
    pub(super) replication_unclear: bool,
    pub(super) local: bool,
    pub(super) address: Option<IpAddr>,
    pub(super) transport: Option<Transport>,
    pub(super) named: Option<Named>,
    pub(super) outcome: Outcome,
}

/// The rule that the server names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    /// None in the failures of 12 to 15: the file that `hba_file` names.
    pub(super) file: Option<String>,
    pub(super) line: u32,
    pub(super) says: Says,
}

/// What is told about a named rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    /// Its text.
    Text(String),
    /// Its method.
    Method(String),
}

/// What became of a login.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Let in.
    #[default]
    In,
    /// Refused by a rule, because it was not proven.
    Refused,
    /// Refused by a `reject` rule.
    Rejected,
    /// Refused by a rule that demands a certificate, because none was shown.
    NoCertificate,
    /// No rule matched.
    NoRule,
}

/// Logins and how often each was seen.
#[derive(Default)]
pub(super) struct Sessions {
    open: HashMap<String, Open>,
    pub(super) logins: BTreeMap<Login, u64>,
    /// Logins of lines that do not tell their session: of them nothing can be said.
    pub(super) of_nobody: u64,
    /// Logins of lines that can be read in two ways.
    pub(super) unclear: u64,
    /// Logins of sessions of which the log does not have the beginning.
    pub(super) begun_before: u64,
    /// Whether sessions announce themselves.
    announced: bool,
}

/// A session whose login is not over.
#[derive(Default)]
struct Open {
    login: Login,
    /// Whether a refusal was said, whose detail may follow.
    refused: bool,
    /// Whether it was a rule that refused: its detail names which, unless `log_error_verbosity` is `terse`.
    unproven: bool,
}

impl Sessions {
    /// Takes the next message.
    pub(super) fn take(&mut self, entry: &Entry<'_>) {
        if entry.session.is_empty() && !matches!(entry.text, Text::Detail(_)) {
            self.close("");
            if let Text::Log(text) = entry.text {
                return self.alone(text, entry);
            }
        }
        match entry.text {
            Text::Log(text) => self.log(text, entry),
            Text::Fatal(text) => self.fatal(text, entry),
            Text::Detail(text) => self.detail(text, entry),
            Text::Unclear(text, sessions) => self.unclear(text, sessions),
        }
    }

    /// The end of the log: what is still open is over.
    pub(super) fn finish(&mut self) {
        let open: Vec<String> = self.open.keys().cloned().collect();
        for session in open {
            self.close(&session);
        }
    }

    fn log(&mut self, text: &str, entry: &Entry<'_>) {
        if let Some(rest) = text.strip_prefix("connection received: host=") {
            // The process's number may have been another one's.
            self.close(entry.session);
            self.announced = true;
            let host = rest.rsplit_once(" port=").map_or(rest, |(host, _)| host);
            let open = self.open(entry);
            open.login.local = host == LOCAL;
            open.login.address = host.parse().ok();
        } else if self.announced && is_of_login(text) && !self.open.contains_key(entry.session) {
            // Of a session that came before the log, or is logged in: applications can say the same (RAISE LOG).
            self.begun_before += u64::from(text.contains(AUTHORIZED));
        } else if let Some(rest) = text.strip_prefix(AUTHENTICATED) {
            if let Some((named, role)) = authenticated(rest) {
                let open = self.open(entry);
                open.login.named = Some(named);
                if open.login.role.is_none() {
                    open.login.role = role;
                }
            }
        } else if let Some(rest) = text.strip_prefix("connection authorized: user=") {
            self.authorized(rest, false, entry);
        } else if let Some(rest) = text.strip_prefix("replication connection authorized: user=") {
            self.authorized(rest, true, entry);
        }
    }

    /// A message of nobody knows which session: only what it says by itself counts.
    fn alone(&mut self, text: &str, entry: &Entry<'_>) {
        if text.starts_with(AUTHENTICATED) {
            self.log(text, entry);
            self.close("");
        } else if text.contains(AUTHORIZED) {
            self.of_nobody += 1;
        }
    }

    /// A message of one of these sessions, or none at all. Where it tells the end of a login, that is over for each of them: what looks
    /// like it later is an application's.
    fn unclear(&mut self, text: &str, sessions: &[&str]) {
        if !is_of_login(text) {
            return;
        }
        let named = |session: &&str| {
            let open = self.open.get(*session);
            open.is_some_and(|open| open.login.named.is_some())
        };
        self.unclear += u64::from(!sessions.iter().any(named));
        if !text.starts_with(AUTHENTICATED) {
            sessions.iter().for_each(|session| self.close(session));
        }
    }

    /// How many logins are not counted because of how their lines are, or where the log begins.
    pub(super) fn uncounted(&self) -> u64 {
        self.of_nobody + self.unclear + self.begun_before
    }

    fn authorized(&mut self, rest: &str, replication: bool, entry: &Entry<'_>) {
        let open = self.open(entry);
        let (who, transport) = encrypted(rest);
        let who = who.split(" application_name=").next().unwrap_or_default();
        let (user, database) = match who.split_once(" database=") {
            Some((user, database)) => (user, Some(database)),
            None => (who, None),
        };
        let login = &mut open.login;
        // What the format says stands by itself, and cannot be mistaken.
        login.role = Some(entry.about.user.unwrap_or(user).to_owned());
        if !replication {
            login.database = entry.about.database.or(database).map(str::to_owned);
        }
        // With a user and no database it can only be a physical one.
        login.physical_replication = replication && entry.about.user.is_some();
        login.physical_replication &= entry.about.database.is_none();
        login.replication_unclear = replication && entry.about.user.is_none();
        login.transport = Some(transport);
        login.outcome = Outcome::In;
        self.close(entry.session);
    }

    fn fatal(&mut self, text: &str, entry: &Entry<'_>) {
        let refusal = Refusal::of(text);
        let asked_certificate = text == "connection requires a valid client certificate";
        let open = self.open(entry);
        let login = &mut open.login;
        match refusal {
            Some(refusal) => {
                login.outcome = refusal.outcome;
                login.role = Some(refusal.user.to_owned());
                let database = refusal.database.or(entry.about.database);
                login.database = database.map(str::to_owned);
                // 12 and 13 say the same of logical ones; what the format says tells them apart.
                let told = !refusal.logical_too || entry.about.user.is_some();
                login.replication_unclear = refusal.replication && !told;
                login.physical_replication = refusal.replication && told && database.is_none();
                login.local |= refusal.host == LOCAL;
                login.address = login.address.or_else(|| refusal.host.parse().ok());
                login.transport = Some(refusal.transport);
                login.named = None;
                self.close(entry.session);
            }
            None => {
                // Which rule it was comes with the detail; only TLS has certificates.
                open.refused = true;
                open.unproven = text.contains("authentication failed for user ");
                login.outcome = Outcome::Refused;
                if let Some((_, user)) = text.rsplit_once(" for user \"") {
                    login.role = Some(user.trim_end_matches('"').to_owned());
                }
                if asked_certificate {
                    login.transport = Some(Transport::Tls);
                    login.outcome = Outcome::NoCertificate;
                    login.named = None;
                    self.close(entry.session);
                }
            }
        }
    }

    fn detail(&mut self, text: &str, entry: &Entry<'_>) {
        let refused = self
            .open
            .get(entry.session)
            .is_some_and(|open| open.refused);
        let Some(named) = matched(text).filter(|_| refused) else {
            return;
        };
        self.open(entry).login.named = Some(named);
        self.close(entry.session);
    }

    fn open(&mut self, entry: &Entry<'_>) -> &mut Open {
        let open = self.open.entry(entry.session.to_owned()).or_default();
        let (login, about) = (&mut open.login, &entry.about);
        let known = |text: Option<&str>| text.map(str::to_owned);
        login.role = known(about.user).or(login.role.take());
        login.database = known(about.database).or(login.database.take());
        if let Some(host) = about.host {
            login.local = host == LOCAL;
            login.address = host.parse().ok().or(login.address);
        }
        open
    }

    /// Counts the session's login, if there was one.
    fn close(&mut self, session: &str) {
        let Some(open) = self.open.remove(session) else {
            return;
        };
        let mut login = open.login;
        // A failure after the login, or one that has nothing to do with rules.
        if login.named.is_none() && login.outcome == Outcome::In && login.transport.is_none()
            || open.refused && !open.unproven && login.named.is_none() && login.transport.is_none()
        {
            return;
        }
        // Of which it is said that it is in clear.
        if login.local {
            login.transport = Some(Transport::Local);
        }
        *self.logins.entry(login).or_default() += 1;
    }
}

/// Whether a message is one of those by which a login is told.
fn is_of_login(text: &str) -> bool {
    let begins = [
        AUTHENTICATED,
        AUTHORIZED,
        "replication connection authorized: user=",
    ];
    begins.iter().any(|begin| text.starts_with(begin)) || Refusal::of(text).is_some()
}

/// `identity="..." method=M (FILE:LINE)`; `user="..."` for trust (17 and later), which is the role.
fn authenticated(rest: &str) -> Option<(Named, Option<String>)> {
    let (before, place) = rest.strip_suffix(')')?.rsplit_once(" (")?;
    let (who, method) = before.rsplit_once(" method=")?;
    let (file, line) = place.rsplit_once(':')?;
    let named = Named {
        file: Some(file.to_owned()),
        line: line.parse().ok()?,
        says: Says::Method(method.to_owned()),
    };
    let role = who
        .strip_prefix("user=\"")
        .and_then(|who| who.strip_suffix('"'));
    Some((named, role.map(str::to_owned)))
}

/// `Connection matched pg_hba.conf line N: "..."` (12 to 15), `Connection matched file "F" line N: "..."` (16 and later).
fn matched(detail: &str) -> Option<Named> {
    let at = detail.rfind("Connection matched ")?;
    let rest = &detail[at + "Connection matched ".len()..];
    let (file, rest) = match rest.strip_prefix("file \"") {
        Some(rest) => {
            let (file, rest) = rest.split_once("\" line ")?;
            (Some(file.to_owned()), rest)
        }
        None => (None, rest.strip_prefix("pg_hba.conf line ")?),
    };
    let (line, text) = rest.split_once(": \"")?;
    Some(Named {
        file,
        line: line.parse().ok()?,
        says: Says::Text(text.strip_suffix('"')?.to_owned()),
    })
}

/// What stands before the words about encryption, and how the connection came.
fn encrypted(text: &str) -> (&str, Transport) {
    if let Some(at) = text.rfind(" GSS (authenticated=") {
        let encrypted = text[at..].contains("encrypted=yes");
        return match encrypted {
            true => (&text[..at], Transport::Gss),
            false => encrypted_by_tls(&text[..at]),
        };
    }
    encrypted_by_tls(text)
}

fn encrypted_by_tls(text: &str) -> (&str, Transport) {
    match text.rfind(" SSL enabled (") {
        Some(at) => (&text[..at], Transport::Tls),
        None => (text, Transport::Plain),
    }
}

/// A refusal that says who was refused, and names no rule.
struct Refusal<'a> {
    outcome: Outcome,
    host: &'a str,
    user: &'a str,
    database: Option<&'a str>,
    transport: Transport,
    replication: bool,
    /// Whether the server says of logical replication too that it is one (12 and 13).
    logical_too: bool,
}

impl<'a> Refusal<'a> {
    /// `no pg_hba.conf entry for host "H", user "U", database "D", no encryption`; `pg_hba.conf rejects connection for host ...`; the
    /// same for `replication connection`, without a database.
    fn of(text: &'a str) -> Option<Self> {
        let (outcome, rest) = match text.strip_prefix("no pg_hba.conf entry for ") {
            Some(rest) => (Outcome::NoRule, rest),
            None => (
                Outcome::Rejected,
                text.strip_prefix("pg_hba.conf rejects ")?,
            ),
        };
        let replication = rest.starts_with("replication connection ");
        let (_, rest) = rest.split_once("host \"")?;
        let (host, rest) = rest.split_once("\", user \"")?;
        // 12 and 13 say nothing about encryption where they were built without TLS.
        let (rest, encryption) = match rest.rsplit_once("\", ") {
            Some((rest, words)) if ENCRYPTION.contains(&words) => (rest, Some(words)),
            _ => (rest.strip_suffix('"')?, None),
        };
        let (user, database) = match rest.rsplit_once("\", database \"") {
            Some((user, database)) => (user, Some(database)),
            None => (rest, None),
        };
        Some(Self {
            outcome,
            host,
            user,
            database,
            transport: match encryption {
                Some("SSL on" | "SSL encryption") => Transport::Tls,
                Some("GSS encryption") => Transport::Gss,
                _ => Transport::Plain,
            },
            replication,
            logical_too: matches!(encryption, None | Some("SSL on" | "SSL off")),
        })
    }
}

/// What a refusal says about encryption: 12 and 13, 14 and later.
const ENCRYPTION: [&str; 5] = [
    "SSL on",
    "SSL off",
    "SSL encryption",
    "GSS encryption",
    "no encryption",
];

/// With what a login is told that was proven.
const AUTHENTICATED: &str = "connection authenticated: ";

/// With what a login is told that was let in.
const AUTHORIZED: &str = "connection authorized: user=";

/// The host of a connection over the Unix socket.
const LOCAL: &str = "[local]";
