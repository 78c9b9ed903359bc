//! Which file and section a service's name leads to (`fe-connect.c`, `parseServiceInfo`).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Document, Section};
use crate::resolve::{Files, ReadError};
use crate::{Diagnostic, Severity, Version};

/// Which service is wanted, and where libpq looks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The service's name.
    pub name: String,
    /// The file that the connection string or the environment names; none: the one in the home folder.
    pub file: Option<String>,
}

/// A section that was found, and in which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file's path.
    pub file: String,
    /// The section.
    pub section: Section,
}

/// Finds a service as libpq does: in the file that is wanted or `.pg_service.conf` in `home`, else in
/// `pg_service.conf` in `system_folder` (`PGSYSCONFDIR`, or where it was built to look).
///
/// # Errors
/// [`LookupError`], in libpq's words.
pub fn locate(
    wanted: &Wanted,
    home: Option<&str>,
    system_folder: &str,
    files: &dyn Files,
    version: Version,
) -> Result<Found, LookupError> {
    let own = match (&wanted.file, home) {
        (Some(file), _) => Some(file.clone()),
        (None, Some(home)) => Some(format!("{home}/.pg_service.conf")),
        (None, None) => None,
    };
    let system = format!("{system_folder}/pg_service.conf");
    let candidates = own
        .into_iter()
        .map(|file| (file, wanted.file.is_some()))
        .chain([(system, false)]);
    for (file, required) in candidates {
        let bytes = match files.read(&file) {
            Ok(bytes) => bytes,
            Err(ReadError::Missing) if !required => continue,
            // It can be opened, and has no lines.
            Err(ReadError::Folder) => Vec::new(),
            Err(_) => return Err(LookupError::FileNotFound { file }),
        };
        let document = Document::parse(bytes, version);
        if let Some(refused) = refused(&document, &wanted.name) {
            return Err(LookupError::Line {
                message: in_libpq_s_words(refused, &file),
                line: refused.line,
                file,
            });
        }
        if let Some(section) = document.section(&wanted.name) {
            return Ok(Found {
                file,
                section: section.clone(),
            });
        }
    }
    Err(LookupError::NotFound {
        name: wanted.name.clone(),
    })
}

/// Why a service was not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// A file that was named is not there, or one cannot be read.
    #[error("service file \"{file}\" not found")]
    FileNotFound {
        /// The file.
        file: String,
    },
    /// No file has a section of this name.
    #[error("definition of service \"{name}\" not found")]
    NotFound {
        /// The service.
        name: String,
    },
    /// A line that libpq refuses.
    #[error("{message}")]
    Line {
        /// In libpq's words, with file and line.
        message: String,
        /// The file.
        file: String,
        /// From 1.
        line: u32,
    },
}

/// The first line that stops libpq on its way through the section: it reads from the top of the file to the header
/// behind the section.
fn refused<'a>(document: &'a Document, name: &str) -> Option<&'a Diagnostic> {
    let section = document.section(name);
    let header = section.map_or(usize::MAX, |section| section.span.start);
    let next_header = next_header(document, header);
    document.diagnostics().iter().find(|diagnostic| {
        let at = diagnostic.span.start;
        diagnostic.severity == Severity::Error
            && at < next_header
            && (at > header || diagnostic.code == "service-line-too-long")
    })
}

/// Where the next header begins, even one that is no section: libpq stops there.
fn next_header(document: &Document, header: usize) -> usize {
    let sections = document.sections().iter().map(|section| section.span.start);
    let broken = document
        .diagnostics()
        .iter()
        .filter(|d| d.code == "service-header")
        .map(|d| d.span.start);
    sections
        .chain(broken)
        .filter(|&start| start > header)
        .min()
        .unwrap_or(usize::MAX)
}

fn in_libpq_s_words(refused: &Diagnostic, file: &str) -> String {
    match refused.code {
        "service-line-too-long" => format!("{} in service file \"{file}\"", refused.message),
        _ => format!(
            "{} in service file \"{file}\", line {}",
            refused.message, refused.line
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    fn find(
        name: &str,
        file: Option<&str>,
        files: &[(&str, &str)],
    ) -> Result<(String, String), String> {
        let files: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()))
            .collect();
        let wanted = Wanted {
            name: name.into(),
            file: file.map(String::from),
        };
        match locate(&wanted, Some("/home/u"), "/etc/pg", &files, Version::V15) {
            Ok(found) => Ok((
                found.file,
                found.section.get("host").unwrap_or_default().into(),
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    const HOME: &str = "/home/u/.pg_service.conf";
    const SYSTEM: &str = "/etc/pg/pg_service.conf";

    #[test]
    fn the_own_file_comes_before_the_system_s() {
        let files = [
            (HOME, "[a]\nhost=home\n"),
            (SYSTEM, "[a]\nhost=system\n[b]\nhost=b\n"),
            ("/f", "[b]\nhost=f\n"),
        ];
        assert_eq!(find("a", None, &files), Ok((HOME.into(), "home".into())));
        assert_eq!(find("b", None, &files), Ok((SYSTEM.into(), "b".into())));
        assert_eq!(find("b", Some("/f"), &files), Ok(("/f".into(), "f".into())));
        assert_eq!(
            find("a", Some("/f"), &files),
            Ok((SYSTEM.into(), "system".into()))
        );
        assert_eq!(
            find("c", None, &files),
            Err("definition of service \"c\" not found".into())
        );
    }

    #[test]
    fn only_a_file_that_was_named_has_to_be_there() {
        assert_eq!(
            find("a", None, &[]),
            Err("definition of service \"a\" not found".into())
        );
        let files = [(SYSTEM, "[a]\nhost=system\n")];
        assert_eq!(
            find("a", None, &files),
            Ok((SYSTEM.into(), "system".into()))
        );
        assert_eq!(
            find("a", Some("/f"), &files),
            Err("service file \"/f\" not found".into())
        );
    }

    #[test]
    fn only_lines_on_the_way_stop_the_reading() {
        let long = "x".repeat(1022);
        let text = format!(
            "junk\n[a]\nhost=a\n[b]\nport = 1\n[c]\nservice=a\n[d]\n#{long}\n[e]\nhost=e\n"
        );
        let files = [(HOME, text.as_str())];
        let refused = |name| find(name, None, &files).unwrap_err();
        assert_eq!(find("a", None, &files), Ok((HOME.into(), "a".into())));
        assert_eq!(
            refused("b"),
            format!("syntax error in service file \"{HOME}\", line 5")
        );
        assert_eq!(
            refused("c"),
            format!(
                "nested service specifications not supported in service file \"{HOME}\", line 7"
            )
        );
        for name in ["d", "e", "none"] {
            assert_eq!(
                refused(name),
                format!("line 9 too long in service file \"{HOME}\"")
            );
        }
    }
}
