//! Packages of Python, each in an environment of its own under `target/tools`: nothing is installed
//! into the system.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::{command, machine};

/// The interpreter of the environment in `folder`, with `package` (as pip takes it: `name` or
/// `name==version`) in it. Where `check`, given to the interpreter, succeeds, it is there already.
pub(crate) fn with_package(
    folder: &Path,
    package: &str,
    check: &[&str],
) -> anyhow::Result<PathBuf> {
    let python = folder.join("bin/python3");
    if command::succeeds(Command::new(&python).args(check)) {
        return Ok(python);
    }
    println!("fetching {package} from PyPI");
    let make = || command::output(Command::new("python3").args(["-m", "venv"]).arg(folder));
    if machine::find("python3").is_none() || make().is_err() {
        machine::install(&["python3-venv"])
            .with_context(|| format!("{package} is a package of Python"))?;
        make()?;
    }
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        package,
    ];
    command::output(Command::new(&python).args(pip))?;
    Ok(python)
}
