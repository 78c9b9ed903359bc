//! How what was exported is used: file names, and the connection string or the line of code that names them. HOST and
//! DATABASE are left to be filled in.

use std::path::{Path, PathBuf};

use super::driver::Choice;
use crate::args::{Driver, Format};

/// Where everything goes.
pub(super) struct Files {
    key: PathBuf,
    pub(super) certificate: Option<PathBuf>,
    pub(super) root: Option<PathBuf>,
    /// A Kubernetes secret instead of all others.
    pub(super) secret: Option<PathBuf>,
    pub(super) secret_name: String,
}

impl Files {
    pub(super) fn new(folder: &Path, stem: &str, choice: &Choice, has_root: bool) -> Self {
        let named = |extension: &str| folder.join(format!("{stem}{extension}"));
        let is_secret = choice.driver == Driver::Kubernetes;
        let key = match (choice.format, choice.driver) {
            (Format::Pem, _) => ".key",
            (Format::Der, _) => ".pk8",
            (Format::Pkcs12, Driver::Npgsql) => ".pfx",
            (Format::Pkcs12, _) => ".p12",
        };
        let has_certificate = !is_secret && choice.format != Format::Pkcs12;
        Self {
            key: named(key),
            certificate: has_certificate.then(|| named(".crt")),
            root: (has_root && !is_secret).then(|| folder.join("root.crt")),
            secret: is_secret.then(|| named("-secret.yaml")),
            secret_name: secret_name(stem),
        }
    }

    /// The file that holds the key, whatever it is.
    pub(super) fn key_file(&self) -> &Path {
        self.secret.as_deref().unwrap_or(&self.key)
    }

    /// Names and paths, as most drivers call them.
    fn named(&self, names: [&'static str; 3]) -> Vec<(&'static str, String)> {
        let [key, certificate, root] = names;
        let mut all = vec![(key, text(&self.key))];
        all.extend(
            self.certificate
                .iter()
                .map(|path| (certificate, text(path))),
        );
        all.extend(self.root.iter().map(|path| (root, text(path))));
        all
    }
}

/// The line, and a word about it.
pub(super) struct Used {
    pub(super) line: String,
    pub(super) how: String,
}

/// What to write into the program that connects.
pub(super) fn used(choice: &Choice, role: Option<&str>, files: &Files) -> Used {
    let role = role.unwrap_or("ROLE");
    let is_closed = choice.encrypted || choice.format == Format::Pkcs12;
    let mode = if files.root.is_some() {
        "verify-full"
    } else {
        "require"
    };
    let secret = |name: &'static str| is_closed.then(|| (name, "PASSPHRASE".to_owned()));
    let of_libpq = ["sslkey", "sslcert", "sslrootcert"];
    let (how, line) = match choice.driver {
        Driver::Libpq | Driver::Psycopg => {
            let mut pairs = vec![
                ("host", "HOST".to_owned()),
                ("dbname", "DATABASE".to_owned()),
                ("user", role.to_owned()),
                ("sslmode", mode.to_owned()),
            ];
            pairs.extend(files.named(of_libpq));
            pairs.extend(secret("sslpassword"));
            let line = joined(&pairs, " ", conninfo);
            match choice.driver {
                Driver::Libpq => ("as a connection string", line),
                _ => ("in Python", format!("psycopg.connect({})", quoted(&line))),
            }
        }
        Driver::Jdbc => {
            let mut pairs = vec![("user", role.to_owned()), ("sslmode", mode.to_owned())];
            pairs.extend(files.named(of_libpq));
            pairs.extend(secret("sslpassword"));
            let line = joined(&pairs, "&", percent);
            (
                "as the URL",
                format!("jdbc:postgresql://HOST/DATABASE?{line}"),
            )
        }
        Driver::Pgx => {
            let mut pairs = vec![("sslmode", mode.to_owned())];
            pairs.extend(files.named(of_libpq));
            let line = joined(&pairs, "&", percent);
            let role = percent(role);
            (
                "as the connection string",
                format!("postgres://{role}@HOST/DATABASE?{line}"),
            )
        }
        Driver::Npgsql => {
            let mode = if files.root.is_some() {
                "VerifyFull"
            } else {
                "Require"
            };
            let mut pairs = vec![
                ("Host", "HOST".to_owned()),
                ("Database", "DATABASE".to_owned()),
                ("Username", role.to_owned()),
                ("SSL Mode", mode.to_owned()),
            ];
            let names = match choice.format {
                Format::Pkcs12 => ["SSL Certificate", "", "Root Certificate"],
                _ => ["SSL Key", "SSL Certificate", "Root Certificate"],
            };
            pairs.extend(files.named(names));
            pairs.extend(secret("SSL Password"));
            ("as the connection string", joined(&pairs, ";", ado))
        }
        Driver::Node => {
            let names = match choice.format {
                Format::Pkcs12 => ["pfx", "", "ca"],
                _ => ["key", "cert", "ca"],
            };
            let mut options: Vec<String> = files
                .named(names)
                .iter()
                .map(|(name, path)| format!("{name}: fs.readFileSync({})", quoted(path)))
                .collect();
            options.extend(
                secret("passphrase").map(|(name, value)| format!("{name}: {}", quoted(&value))),
            );
            if files.root.is_none() {
                options.push("rejectUnauthorized: false".to_owned());
            }
            let line = format!(
                "new pg.Client({{ host: 'HOST', database: 'DATABASE', user: {}, ssl: {{ {} }} }})",
                quoted(role),
                options.join(", ")
            );
            ("in JavaScript, with pg and fs", line)
        }
        Driver::Rustls => {
            let certificate = files.certificate.as_deref().map(text).unwrap_or_default();
            let line = format!(
                ".with_client_auth_cert(CertificateDer::pem_file_iter({})?.collect::<Result<_, _>>()?, PrivateKeyDer::from_pem_file({})?)",
                quoted(&certificate),
                quoted(&text(&files.key))
            );
            (
                "in Rust, on rustls' ClientConfig::builder() after the roots, with rustls::pki_types::pem::PemObject",
                line,
            )
        }
        Driver::Kubernetes => (
            "as a volume, mounted with defaultMode: 0440 and an fsGroup, which libpq takes: the files are root's then",
            format!("kubectl apply -f {}", shell(&text(files.key_file()))),
        ),
    };
    let secret = if is_closed {
        ", with the passphrase where PASSPHRASE stands"
    } else {
        ""
    };
    Used {
        how: format!("use it {how}{secret}:"),
        line,
    }
}

fn joined(pairs: &[(&str, String)], between: &str, value: impl Fn(&str) -> String) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(k, v)| format!("{k}={}", value(v)))
        .collect();
    pairs.join(between)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A value of a libpq connection string (`conninfo_parse`).
fn conninfo(value: &str) -> String {
    if !value.is_empty() && !value.contains([' ', '\t', '\n', '\'', '\\']) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A value in a URL (RFC 3986 section 2.3); a path keeps its slashes.
fn percent(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte.into());
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A value of an ADO.NET connection string (`DbConnectionStringBuilder`).
fn ado(value: &str) -> String {
    let plain = !value.contains([';', '\'', '"', '=']) && value.trim() == value;
    if plain {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('"', "\"\""))
    }
}

/// A string literal, the same in Python, JavaScript and Rust but for odd control characters.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

fn shell(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

/// A DNS subdomain name (RFC 1123), as Kubernetes wants names.
fn secret_name(stem: &str) -> String {
    let name: String = stem
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(200)
        .collect();
    let name = name.trim_matches('-');
    format!(
        "{}-postgresql",
        if name.is_empty() { "client" } else { name }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_need_quotes() {
        let all = ["plain", "o'b;r", "a b", "c\\d", "é=\"", ""];
        insta::assert_snapshot!(
            all.map(|v| format!(
                "{v}|{}|{}|{}|{}|{}",
                conninfo(v),
                percent(v),
                ado(v),
                shell(v),
                secret_name(v)
            ))
            .join("\n")
        );
    }
}
