//! The programs and libraries that the oracle tests ask beside PostgreSQL: one table, and how each
//! gets onto a machine that lacks it. Debian's packages are installed by root, what comes from PyPI
//! and npm lies under `target/tools` in a fixed version. The tests are told all places in one
//! variable and look for nothing themselves.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::{command, machine, python};

/// The variable that names the places to the tests: `name=path:name=path`.
pub(crate) const VARIABLE: &str = "PGCERT_TOOLS";

/// A tool: the name by which tests ask for it, and where it comes from.
struct Tool {
    name: &'static str,
    from: Source,
}

enum Source {
    /// A program in `PATH`, in Debian's package.
    Program { package: &'static str },
    /// A file that is not in `PATH`, in Debian's package.
    File {
        path: &'static str,
        package: &'static str,
    },
    /// A package from PyPI, as pip takes it, with its extras; the place is the interpreter that can
    /// import it.
    Python {
        package: &'static str,
        version: &'static str,
    },
    /// A package from npm; the place is the folder for `NODE_PATH`.
    Node { version: &'static str },
}

const fn program(name: &'static str, package: &'static str) -> Tool {
    Tool {
        name,
        from: Source::Program { package },
    }
}

/// All of them.
const TOOLS: &[Tool] = &[
    // They run the others.
    program("python3", "python3-venv"),
    program("node", "nodejs"),
    program("npm", "npm"),
    // What reads certificates and keys.
    program("openssl", "openssl"),
    program("psql", "postgresql-client"),
    program("certtool", "gnutls-bin"),
    program("keytool", "default-jdk-headless"),
    program("java", "default-jdk-headless"),
    // `java FILE.java` needs the compiler, which a JRE does not have.
    program("javac", "default-jdk-headless"),
    Tool {
        name: "jdbc",
        from: Source::File {
            path: "/usr/share/java/postgresql.jar",
            package: "libpostgresql-jdbc-java",
        },
    },
    Tool {
        name: "pg",
        from: Source::Node { version: "8.23.1" },
    },
    Tool {
        name: "pkilint",
        from: Source::Python {
            package: "pkilint",
            version: "0.13.3",
        },
    },
    // What logs in with them.
    Tool {
        name: "psycopg",
        from: Source::Python {
            package: "psycopg[binary]",
            version: "3.3.9",
        },
    },
    Tool {
        name: "asyncpg",
        from: Source::Python {
            package: "asyncpg",
            version: "0.32.0",
        },
    },
    // What makes authorities.
    Tool {
        name: "easyrsa",
        from: Source::File {
            path: "/usr/share/easy-rsa/easyrsa",
            package: "easy-rsa",
        },
    },
    program("mkcert", "mkcert"),
    program("cfssl", "golang-cfssl"),
    program("cfssljson", "golang-cfssl"),
    // What sees what a program does.
    program("strace", "strace"),
];

impl Tool {
    /// Debian's package, and where what it holds would be.
    fn of_debian(&self) -> Option<(&'static str, Option<PathBuf>)> {
        match self.from {
            Source::Program { package } => Some((package, machine::find(self.name))),
            Source::File { path, package } => {
                let path = Path::new(path);
                Some((package, path.is_file().then(|| path.to_owned())))
            }
            Source::Python { .. } | Source::Node { .. } => None,
        }
    }

    /// The tool's place, fetched from its registry where it is missing there.
    fn place(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        match self.from {
            Source::Python { package, version } => {
                from_pypi(&folder.join(self.name), package, version)
            }
            Source::Node { version } => from_npm(folder, self.name, version),
            Source::Program { .. } | Source::File { .. } => {
                let (package, place) = self.of_debian().unwrap_or_default();
                place.with_context(|| {
                    format!("{} is missing (Debian's package {package})", self.name)
                })
            }
        }
    }
}

/// The tools that are here after all was tried, as the tests are given them.
pub(crate) struct Tools {
    /// What [`VARIABLE`] is set to.
    pub(crate) places: String,
    /// Why not all of them are here, with the command that helps.
    pub(crate) lacking: Option<anyhow::Error>,
}

/// Makes the tools ready: installs what is missing, and nothing else.
pub(crate) fn ready(root: &Path) -> Tools {
    let mut missing: Vec<&str> = TOOLS
        .iter()
        .filter_map(Tool::of_debian)
        .filter(|(_, place)| place.is_none())
        .map(|(package, _)| package)
        .collect();
    missing.sort_unstable();
    missing.dedup();
    // One command for all of them, whoever may run it.
    let mut lacking = match missing.as_slice() {
        [] => None,
        missing => machine::install(missing).err(),
    };
    let folder = crate::target(root).join("tools");
    let mut places = Vec::new();
    for tool in TOOLS {
        match tool.place(&folder) {
            Ok(place) => places.push(format!("{}={}", tool.name, place.display())),
            Err(error) => lacking = lacking.or(Some(error)),
        }
    }
    Tools {
        places: places.join(":"),
        lacking,
    }
}

/// The interpreter of the environment in `folder`, with `package` from PyPI in this version.
pub(crate) fn from_pypi(folder: &Path, package: &str, version: &str) -> anyhow::Result<PathBuf> {
    let name = package.split('[').next().unwrap_or_default();
    let check =
        format!("from importlib.metadata import version as v; assert v('{name}') == '{version}'");
    python::with_package(folder, &format!("{package}=={version}"), &["-c", &check])
}

fn from_npm(folder: &Path, name: &str, version: &str) -> anyhow::Result<PathBuf> {
    let place = folder.join(format!("{name}-{version}"));
    let modules = place.join("node_modules");
    if !modules.is_dir() {
        println!("fetching {name} {version} from npm");
        let part = folder.join(format!("{name}.part"));
        let _ = std::fs::remove_dir_all(&part);
        std::fs::create_dir_all(&part)?;
        let npm = [
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "install",
        ];
        command::output(
            Command::new("npm")
                .current_dir(&part)
                .args(npm)
                .arg("--prefix")
                .arg(&part)
                .arg(format!("{name}@{version}")),
        )?;
        std::fs::rename(&part, &place)?;
    }
    Ok(modules)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::TOOLS;

    #[test]
    fn a_name_names_one_tool_and_can_be_told_from_its_place() {
        let names: BTreeSet<&str> = TOOLS.iter().map(|t| t.name).collect();
        assert_eq!(names.len(), TOOLS.len());
        assert!(names.iter().all(|n| !n.contains([':', '='])));
    }
}
