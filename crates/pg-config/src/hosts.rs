//! `pg_hosts.conf`, new in PostgreSQL 19: which certificate the server shows to a client that asks for a host by name
//! (`ssl_sni`). Lines and tokens are those of `pg_hba.conf` ([`crate::tokens`]).
//!
//! ```
//! use std::collections::BTreeMap;
//! use pg_config::hosts::Hosts;
//!
//! let text = b"tolva.example.com tolva.crt tolva.key root.crt\n* server.crt server.key\n".to_vec();
//! let files = BTreeMap::from([("/d/pg_hosts.conf".to_string(), text)]);
//! let hosts = Hosts::read(&files, "/d/pg_hosts.conf")?;
//! let shown = |name| hosts.shown_to(name).map(|entry| entry.certificate.as_str());
//! assert_eq!(shown(Some("Tolva.example.com")), Some("tolva.crt"));
//! assert_eq!(shown(Some("other")), Some("server.crt"));
//! assert_eq!(shown(None), Some("server.crt"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::conf::boolean;
use crate::resolve::{FileError, Files, ReadError};
use crate::text::Span;
use crate::tokens::expand::stands_elsewhere;
use crate::tokens::{Line, Tokenizer};
use crate::{Diagnostic, InFile, Severity, Version, in_file};

/// The version whose tokens these files are made of.
const VERSION: Version = Version::V19;

/// One `pg_hosts.conf`, or a file that it includes: its bytes, and the entries that PostgreSQL reads in them
/// (`be-secure-common.c`, `parse_hosts_line`). What `@file` and include records bring in is not here but in [`Hosts`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    diagnostics: Vec<Diagnostic>,
}

impl Document {
    /// Reads a file.
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let (mut entries, mut diagnostics) = (Vec::new(), Vec::new());
        let mut taken = Taken::default();
        let mut lines = Tokenizer::new(&bytes, VERSION);
        while let Some(line) = lines.next_line() {
            let read = if line.error.is_none() && stands_elsewhere(line, VERSION) {
                let message = "what this line says stands in another file";
                Err((Severity::Note, "hosts-elsewhere", message.into()))
            } else {
                let refused = |message| (Severity::Error, "hosts-syntax", message);
                taken.entry(line).map_err(refused)
            };
            match read {
                Ok(entry) => entries.push(entry),
                Err((severity, code, message)) => diagnostics.push(Diagnostic {
                    code,
                    severity,
                    span: line.span,
                    line: line.number,
                    message,
                }),
            }
        }
        Self {
            bytes,
            entries,
            diagnostics,
        }
    }

    /// The bytes of the file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// The entries in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The lines that PostgreSQL refuses, and notes on those whose content stands in other files. One refused line is
    /// enough for the server not to start, or to keep the certificates that it has.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

/// Which files the server uses for some clients. Relative paths count from the data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// For whom.
    pub clients: Vec<Clients>,
    /// The certificate, and below it its chain. Bytes that are not UTF-8 are replaced, here and below.
    pub certificate: String,
    /// Its key.
    pub key: String,
    /// The authorities of clients. Without them no client of this entry can log in by certificate, whatever
    /// `ssl_ca_file` says.
    pub authorities: Option<String>,
    /// The command that prints the key's passphrase.
    pub passphrase_command: Option<String>,
    /// Whether that is also run when the server reads its files again.
    pub passphrase_command_reload: bool,
    /// From 1: the first physical line.
    pub line: u32,
    /// The whole record without its line end.
    pub span: Span,
}

/// Clients, by the host name that they ask for in the handshake (server name indication, RFC 6066 section 3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clients {
    /// Those that ask for this name. Case does not matter, and there are no wildcards.
    Asking(String),
    /// `/no_sni/`: those that ask for none, as libpq does where `host` is an address.
    NotAsking,
    /// `*`: all that no other entry is for.
    Others,
}

impl Entry {
    /// Reads a record. An error is in the server's words.
    fn of_line(line: &Line<'_>) -> Result<Self, &'static str> {
        if let Some(error) = line.error {
            return Err(error);
        }
        let mut fields = line.fields();
        let names = fields.next().ok_or("missing entry at end of line")?;
        let clients: Vec<Clients> = names
            .iter()
            .map(|name| Clients::written(&name.lossy()))
            .collect();
        let named = |clients: &Clients| matches!(clients, Clients::Asking(_));
        if clients.len() > 1 && !clients.iter().all(named) {
            return Err("default and non-SNI entries cannot be mixed with other entries");
        }
        let mut one = |many| match fields.next() {
            None => Ok(None),
            Some([token]) => Ok(Some(token.lossy().into_owned())),
            Some(_) => Err(many),
        };
        let missing = "missing entry at end of line";
        let certificate = one("multiple values specified for SSL certificate")?.ok_or(missing)?;
        let key = one("multiple values specified for SSL key")?.ok_or(missing)?;
        let authorities = one("multiple values specified for SSL CA")?;
        let passphrase_command = one("multiple values specified for SSL passphrase command")?;
        let reload = fields.next();
        if fields.next().is_some() {
            return Err("extra fields at end of line");
        }
        let passphrase_command_reload = match reload {
            None => Some(false),
            Some([token]) => boolean(&token.text),
            Some(_) => None,
        };
        Ok(Self {
            clients,
            certificate,
            key,
            authorities,
            passphrase_command,
            passphrase_command_reload: passphrase_command_reload
                .ok_or("incorrect syntax for boolean value SSL_passphrase_cmd_reload")?,
            line: line.number,
            span: line.span,
        })
    }
}

impl Clients {
    fn written(name: &str) -> Self {
        match name {
            "*" => Self::Others,
            "/no_sni/" => Self::NotAsking,
            name => Self::Asking(name.to_string()),
        }
    }
}

/// For whom there is an entry already.
#[derive(Default)]
struct Taken(BTreeSet<Clients>);

impl Taken {
    /// Reads a record. An error is what the server says, also against a further entry for somebody
    /// (`be-secure-openssl.c`, `be_tls_init`); its words about a second `/no_sni/` are not known.
    fn entry(&mut self, line: &Line<'_>) -> Result<Entry, String> {
        let entry = Entry::of_line(line)?;
        for clients in &entry.clients {
            let (one, message) = match clients {
                Clients::Asking(name) => (
                    Clients::Asking(name.to_ascii_lowercase()),
                    format!("multiple entries for host \"{name}\" specified"),
                ),
                Clients::NotAsking => (
                    Clients::NotAsking,
                    "multiple non-SNI hosts specified".into(),
                ),
                Clients::Others => (Clients::Others, "multiple default hosts specified".into()),
            };
            if !self.0.insert(one) {
                return Err(message);
            }
        }
        Ok(entry)
    }
}

/// The entries in force: those of `pg_hosts.conf` and of what it includes. Where there are any and `ssl_sni` is on,
/// they stand for `ssl_cert_file`, `ssl_key_file` and `ssl_ca_file`, for every client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    entries: Vec<InFile<Entry>>,
    errors: Vec<FileError>,
}

impl Hosts {
    /// Reads a file and what it includes.
    ///
    /// # Errors
    /// [`ReadError`] of the file itself, of which [`ReadError::Missing`] means the same to the server as an empty one;
    /// those of files that it names are among [`errors`](Self::errors).
    pub fn read(files: &dyn Files, path: &str) -> Result<Self, ReadError> {
        Ok(Self::of_bytes(files, path, &files.read(path)?))
    }

    /// Reads what the file at `path` would include if it held these bytes.
    pub fn of_bytes(files: &dyn Files, path: &str, bytes: &[u8]) -> Self {
        let mut taken = Taken::default();
        let read = |line: &Line<'_>| taken.entry(line);
        let (entries, errors) = in_file::entries(files, path, bytes, VERSION, read);
        Self { entries, errors }
    }

    /// The entries, in the order read.
    pub fn entries(&self) -> &[InFile<Entry>] {
        &self.entries
    }

    /// The lines that PostgreSQL refuses. It keeps the certificates that it has, and does not start without any.
    pub fn errors(&self) -> &[FileError] {
        &self.errors
    }

    /// The entry for a client that asks for this host name, or for none; none where the server breaks the handshake
    /// off.
    pub fn shown_to(&self, name: Option<&str>) -> Option<&Entry> {
        let asks = |clients: &Clients| match (clients, name) {
            (Clients::Asking(own), Some(name)) => own.eq_ignore_ascii_case(name),
            (Clients::NotAsking, None) => true,
            _ => false,
        };
        let others = |clients: &Clients| *clients == Clients::Others;
        self.entry_where(asks).or_else(|| self.entry_where(others))
    }

    fn entry_where(&self, clients: impl Fn(&Clients) -> bool) -> Option<&Entry> {
        let mut entries = self.entries.iter().map(|found| &found.entry);
        entries.find(|entry| entry.clients.iter().any(&clients))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::rendered;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    #[test]
    fn entries_and_refusals_are_read_as_the_server_reads_them() {
        let text = b"# HOSTNAME CERTIFICATE KEY\na,B a.crt a.key\n* s.crt s.key root.crt \"echo x\" yes\n/no_sni/ n.crt n.key \\\n root.crt\n\
            c c.crt\nd\nd,* d.crt d.key\ne e.crt,f.crt e.key\ne e.crt e.key,f.key\ne e.crt e.key r,s\ne e.crt e.key r c,d\n\
            e e.crt e.key r c maybe\ne e.crt e.key r c on,off\ne e.crt e.key r c on more\nA x.crt x.key\n* x.crt x.key\ng @list g.key\ninclude more\n";
        let document = Document::parse(text);
        let entries = document.entries().iter().map(|entry| {
            let Entry { clients, certificate, key, authorities, passphrase_command, passphrase_command_reload, .. } = entry;
            let told = format!("{clients:?} {certificate} {key} {authorities:?} {passphrase_command:?} {passphrase_command_reload}");
            (entry.line, told)
        });
        insta::assert_snapshot!(rendered(entries, document.diagnostics()), @r#"
        2 [Asking("a"), Asking("B")] a.crt a.key None None false
        3 [Others] s.crt s.key Some("root.crt") Some("echo x") true
        4 [NotAsking] n.crt n.key Some("root.crt") None false
        6 Error: missing entry at end of line
        7 Error: missing entry at end of line
        8 Error: default and non-SNI entries cannot be mixed with other entries
        9 Error: multiple values specified for SSL certificate
        10 Error: multiple values specified for SSL key
        11 Error: multiple values specified for SSL CA
        12 Error: multiple values specified for SSL passphrase command
        13 Error: incorrect syntax for boolean value SSL_passphrase_cmd_reload
        14 Error: incorrect syntax for boolean value SSL_passphrase_cmd_reload
        15 Error: extra fields at end of line
        16 Error: multiple entries for host "A" specified
        17 Error: multiple default hosts specified
        18 Note: what this line says stands in another file
        19 Note: what this line says stands in another file
        "#);
        assert_eq!(document.to_bytes(), text);
    }

    #[test]
    fn names_are_compared_without_case_and_without_wildcards() {
        let files: BTreeMap<String, Vec<u8>> = BTreeMap::from([
            (
                "/h".into(),
                b"include more\n*.example.com w.crt w.key\n".to_vec(),
            ),
            (
                "/more".into(),
                b"A,b ab.crt ab.key\n/no_sni/ n.crt n.key\n".to_vec(),
            ),
        ]);
        let hosts = Hosts::read(&files, "/h").unwrap();
        assert_eq!(hosts.errors(), []);
        let shown = |name| hosts.shown_to(name).map(|entry| &*entry.certificate);
        assert_eq!(shown(Some("a")), Some("ab.crt"));
        assert_eq!(shown(Some("B")), Some("ab.crt"));
        assert_eq!(shown(Some("x.example.com")), None);
        assert_eq!(shown(None), Some("n.crt"));
        assert_eq!(hosts.entries()[0].file, "/more");
    }

    #[test]
    fn who_has_no_entry_has_that_of_the_others() {
        let files: BTreeMap<String, Vec<u8>> = BTreeMap::from([(
            "/h".into(),
            b"a a.crt a.key\n* o.crt o.key\na b.crt b.key\n".to_vec(),
        )]);
        let hosts = Hosts::read(&files, "/h").unwrap();
        let shown = |name| hosts.shown_to(name).map(|entry| &*entry.certificate);
        assert_eq!(shown(Some("c")), Some("o.crt"));
        assert_eq!(shown(None), Some("o.crt"));
        let errors: Vec<_> = hosts.errors().iter().map(ToString::to_string).collect();
        assert_eq!(errors, ["/h:3: multiple entries for host \"a\" specified"]);
    }

    proptest! {
        #[test]
        fn every_byte_comes_back(bytes: Vec<u8>) {
            prop_assert_eq!(Document::parse(bytes.clone()).to_bytes(), bytes);
        }
    }
}
