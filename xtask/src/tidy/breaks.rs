//! Each wall broken on purpose, in a copy of the workspace: tidy has to see it, and has to find
//! nothing new in a copy that nobody broke.

use std::fs;
use std::path::{Path, PathBuf};

use super::doors::HOUSES;
use super::{Offence, arrows, check, scan};

/// A copy of the workspace's manifests and sources, or of one crate's.
struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    fn make() -> Self {
        Self::of(&["Cargo.toml", "Cargo.lock", "crates", "xtask", "tests"])
    }

    fn of(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            copy(&crate::root().join(name), &folder.path().join(name));
        }
        Self { folder }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("crates").join(file)
    }

    /// All that tidy finds.
    fn offences(&self) -> Vec<Offence> {
        check(self.folder.path()).unwrap()
    }

    fn new_since(&self, before: &[Offence]) -> String {
        new_in(&self.offences(), before)
    }

    /// What the scan finds in the sources of one crate.
    fn scanned(&self, folder: &str) -> Vec<Offence> {
        let house = HOUSES.iter().find(|h| h.folder == folder).unwrap();
        let mut offences = Vec::new();
        scan::check_house(self.folder.path(), house, &mut offences).unwrap();
        offences
    }

    /// What is found in the manifests.
    fn manifests(&self) -> Vec<Offence> {
        let mut offences = Vec::new();
        arrows::check(self.folder.path(), &mut offences).unwrap();
        offences
    }

    /// Appends `code` to a file and answers what the scan finds now and did not find before.
    fn with_appended(&self, file: &str, code: &str) -> String {
        let (folder, _) = file.split_once('/').unwrap();
        let before = self.scanned(folder);
        let path = self.path(file);
        let mut text = fs::read_to_string(&path).unwrap_or_else(|_| "//! New.\n".to_owned());
        text.push_str(code);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        new_in(&self.scanned(folder), &before)
    }

    /// The same for a line put under `[dependencies]`.
    fn with_dependency(&self, folder: &str, line: &str) -> String {
        let before = self.manifests();
        let path = self.path(folder).join("Cargo.toml");
        let text = fs::read_to_string(&path).unwrap();
        let under = format!("[dependencies]\n{line}\n");
        fs::write(&path, text.replacen("[dependencies]\n", &under, 1)).unwrap();
        new_in(&self.manifests(), &before)
    }
}

fn new_in(offences: &[Offence], before: &[Offence]) -> String {
    let new = offences.iter().filter(|o| !before.contains(o));
    new.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            if name != "target" {
                copy(&from.join(&name), &to.join(&name));
            }
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// Appends `code` to a file of a fresh copy; the offences have to contain `expected`.
#[track_caller]
fn caught(file: &str, code: &str, expected: &str) {
    let (folder, _) = file.split_once('/').unwrap();
    let found = Copy::of(&[&format!("crates/{folder}")]).with_appended(file, code);
    assert!(
        found.contains(expected),
        "wanted: {expected}\nfound: {found}"
    );
}

#[track_caller]
fn free(file: &str, code: &str) {
    let (folder, _) = file.split_once('/').unwrap();
    let found = Copy::of(&[&format!("crates/{folder}")]).with_appended(file, code);
    assert_eq!(found, "", "should have been free");
}

#[track_caller]
fn dependency_caught(folder: &str, line: &str, expected: &str) {
    let found = Copy::make().with_dependency(folder, line);
    assert!(
        found.contains(expected),
        "wanted: {expected}\nfound: {found}"
    );
}

#[test]
fn the_untouched_copy_passes() {
    let offences: Vec<String> = Copy::make()
        .offences()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(offences, Vec::<String>::new());
}

// Imports against the arrows.

#[test]
fn an_import_upwards() {
    dependency_caught(
        "pki-core",
        "installer.workspace = true",
        "pki-core must not import installer",
    );
}

#[test]
fn an_import_on_the_same_floor() {
    dependency_caught(
        "authority",
        "pg-host.workspace = true",
        "authority must not import pg-host",
    );
}

#[test]
fn an_import_of_hostfile_where_there_is_no_disk() {
    dependency_caught(
        "pg-probe",
        "hostfile.workspace = true",
        "pg-probe must not import hostfile",
    );
}

#[test]
fn an_import_upwards_for_tests() {
    let copy = Copy::make();
    let before = copy.offences();
    let manifest = copy.path("pki-core/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        text.replace(
            "[dev-dependencies]\n",
            "[dev-dependencies]\nhostfile.workspace = true\n",
        ),
    )
    .unwrap();
    assert!(
        copy.new_since(&before)
            .contains("pki-core must not import hostfile")
    );
}

// Dependencies from outside.

#[test]
fn rusqlite_outside_authority() {
    dependency_caught(
        "pg-host",
        "rusqlite.workspace = true",
        "pg-host must not depend on rusqlite",
    );
    caught(
        "pg-host/src/lib.rs",
        "fn f(_: rusqlite::Connection) {}\n",
        "rusqlite::Connection (Database)",
    );
}

#[test]
fn tempfile_outside_hostfile() {
    dependency_caught(
        "authority",
        "tempfile.workspace = true",
        "authority must not depend on tempfile",
    );
    caught(
        "authority/src/lib.rs",
        "fn f() { let _ = tempfile::tempdir(); }\n",
        "tempfile::tempdir (Disk)",
    );
}

#[test]
fn rustix_outside_hostfile() {
    let with_fs = "rustix = { workspace = true, features = [\"fs\"] }";
    dependency_caught("installer", with_fs, "installer must not depend on rustix");
    caught(
        "installer/src/lib.rs",
        "use rustix::fs::renameat;\n",
        "rustix::fs::renameat (Disk)",
    );
}

#[test]
fn a_feature_too_many() {
    let copy = Copy::make();
    let before = copy.offences();
    let manifest = copy.path("hostfile/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"fs\"", "\"fs\", \"net\"")).unwrap();
    assert!(
        copy.new_since(&before)
            .contains("hostfile must not use the feature net of rustix")
    );
}

#[test]
fn a_renamed_package() {
    let renamed = "tf = { package = \"tempfile\", version = \"3\" }";
    dependency_caught(
        "authority",
        renamed,
        "authority must not depend on tempfile",
    );
    let renamed = "crypt = { package = \"rcgen\", version = \"0.14\" }";
    dependency_caught("pki-core", renamed, "rcgen is renamed to crypt");
}

#[test]
fn a_build_script() {
    let copy = Copy::make();
    let before = copy.offences();
    fs::write(copy.path("doctor/build.rs"), "//! No.\nfn main() {}\n").unwrap();
    assert!(
        copy.new_since(&before)
            .contains("a build script can do anything")
    );
}

// The disk.

#[test]
fn a_disk_function_by_its_full_path() {
    caught(
        "pki-core/src/lib.rs",
        "fn f() { let _ = std::fs::write(\"a\", \"b\"); }\n",
        "std::fs::write (Disk)",
    );
    caught(
        "pg-host/src/lib.rs",
        "fn f() { let _ = ::std::fs::copy(\"a\", \"b\"); }\n",
        "std::fs::copy (Disk)",
    );
}

#[test]
fn a_disk_function_through_its_module() {
    let code =
        |call: &str| format!("use std::fs;\nfn f(p: fs::Permissions) {{ let _ = fs::{call}; }}\n");
    caught(
        "installer/src/lib.rs",
        &code("rename(\"a\", \"b\")"),
        "std::fs::rename (Disk)",
    );
    caught(
        "installer/src/lib.rs",
        &code("remove_file(\"a\")"),
        "std::fs::remove_file (Disk)",
    );
    caught(
        "installer/src/lib.rs",
        &code("set_permissions(\"a\", p)"),
        "std::fs::set_permissions (Disk)",
    );
}

#[test]
fn a_disk_type() {
    let code = "use std::fs::OpenOptions;\nfn f() { let _ = OpenOptions::new().write(true).open(\"a\"); }\n";
    caught(
        "authority/src/lib.rs",
        code,
        "std::fs::OpenOptions::new (Disk)",
    );
    caught(
        "doctor/src/lib.rs",
        "struct S { file: std::fs::File }\n",
        "std::fs::File (Disk)",
    );
}

#[test]
fn disk_functions_of_unix() {
    let file = "installer/src/lib.rs";
    caught(
        file,
        "fn f() { let _ = std::os::unix::fs::symlink(\"a\", \"b\"); }\n",
        "std::os::unix::fs::symlink (Disk)",
    );
    caught(
        file,
        "use std::os::unix::fs::chown;\n",
        "std::os::unix::fs::chown (Disk)",
    );
    caught(
        file,
        "use std::os::unix::fs::OpenOptionsExt as _;\n",
        "std::os::unix::fs::OpenOptionsExt (Disk)",
    );
}

#[test]
fn a_disk_method_named_by_its_type() {
    let code = "use std::path::Path;\nfn f(p: &Path) -> bool { Path::exists(p) }\n";
    caught("pg-host/src/lib.rs", code, "std::path::Path::exists (Disk)");
}

// Names that hide what they name.

#[test]
fn an_aliased_module() {
    let code = "use std::fs as ground;\nfn f() { let _ = ground::write(\"a\", \"b\"); }\n";
    caught("pki-core/src/lib.rs", code, "std::fs::write (Disk)");
}

#[test]
fn an_aliased_function() {
    let code = "use std::fs::write as put;\nfn f() { let _ = put(\"a\", \"b\"); }\n";
    caught("pki-core/src/lib.rs", code, "std::fs::write (Disk)");
}

#[test]
fn an_aliased_crate() {
    let code = "use std as s;\nfn f() { let _ = s::fs::write(\"a\", \"b\"); }\n";
    caught("pki-core/src/lib.rs", code, "std::fs::write (Disk)");
    caught(
        "pki-core/src/lib.rs",
        "extern crate std as s;\n",
        "std as a whole",
    );
}

#[test]
fn an_alias_from_another_module() {
    let code = "mod a { pub(crate) mod b { pub(crate) use std as s; } }\n\
                mod c { use super::a::*; fn f() { let _ = b::s::fs::write(\"a\", \"b\"); } }\n";
    caught("pki-core/src/lib.rs", code, "std::fs::write (Disk)");
    let code = "use std::io;\nmod c { fn f() { let _ = super::io::stdout(); } }\n";
    caught("pki-core/src/lib.rs", code, "std::io::stdout (Terminal)");
}

#[test]
fn an_aliased_type() {
    let code = "type T = std::time::SystemTime;\nfn f() { let _ = T::now(); }\n";
    caught(
        "pki-core/src/lib.rs",
        code,
        "std::time::SystemTime::now (Clock)",
    );
    let code = "fn f() { let _ = <std::time::SystemTime>::now(); }\n";
    caught(
        "pki-core/src/lib.rs",
        code,
        "std::time::SystemTime::now (Clock)",
    );
}

#[test]
fn a_glob() {
    caught("pki-core/src/lib.rs", "use std::*;\n", "std as a whole");
    caught("pki-core/src/lib.rs", "use std::fs::*;\n", "std::fs (Disk)");
    caught(
        "doctor/src/lib.rs",
        "use std::time::*;\n",
        "std::time as a whole",
    );
}

#[test]
fn a_group() {
    let code = "use std::{io::{self, Write as _}, fs::{File, self}};\n";
    caught("doctor/src/lib.rs", code, "std::fs (Disk)");
}

#[test]
fn inside_a_macro() {
    let code = "fn f() -> Vec<std::io::Result<()>> { vec![std::fs::write(\"a\", \"b\")] }\n";
    caught("pki-core/src/lib.rs", code, "std::fs::write (Disk)");
    let code = "macro_rules! put { ($a:expr) => {{ use std::{fs as g}; g::write($a, \"\") }} }\n";
    caught("pki-core/src/lib.rs", code, "std::fs (Disk)");
    caught(
        "pki-core/src/lib.rs",
        "macro_rules! put { () => { use std as s; } }\n",
        "std as a whole",
    );
}

#[test]
fn in_a_function_body() {
    let code = "fn f() { use std::fs::write; let _ = write(\"a\", \"b\"); }\n";
    caught("pki-core/src/lib.rs", code, "std::fs::write (Disk)");
}

#[test]
fn code_that_is_hidden() {
    caught(
        "pki-core/src/lib.rs",
        "include!(\"other.txt\");\n",
        "`include!`",
    );
    caught("pki-core/src/unheard_of.rs", "", "belongs to no module");
}

#[test]
fn a_door_handed_on() {
    caught(
        "hostfile/src/lib.rs",
        "pub use std::fs::write;\n",
        "a door is not handed on",
    );
    caught(
        "hostfile/src/lib.rs",
        "pub mod ground { pub use std::fs; }\n",
        "a door is not handed on",
    );
}

// The other doors.

#[test]
fn a_program() {
    let code = "fn f() { let _ = std::process::Command::new(\"true\").status(); }\n";
    for file in ["pki-core", "hostfile", "pg-probe", "authority", "doctor"] {
        caught(
            &format!("{file}/src/lib.rs"),
            code,
            "std::process::Command::new (Programs)",
        );
    }
    caught(
        "pgcert/src/main.rs",
        code,
        "std::process::Command::new (Programs)",
    );
    free("pg-host/src/lib.rs", code);
    free("installer/src/lib.rs", code);
}

#[test]
fn the_passphrase_command_alone_in_pgcert() {
    let copy = Copy::make();
    let main = copy.path("pgcert/src/main.rs");
    let text = fs::read_to_string(&main).unwrap();
    if !text.contains("mod passphrase;") {
        fs::write(&main, format!("{text}\nmod passphrase;\n")).unwrap();
        fs::write(copy.path("pgcert/src/passphrase.rs"), "//! New.\n").unwrap();
    }
    let code = "fn f() { let _ = std::process::Command::new(\"true\").status(); }\n";
    assert_eq!(copy.with_appended("pgcert/src/passphrase.rs", code), "");
}

#[test]
fn a_socket() {
    let code = "fn f() { let _ = std::net::TcpStream::connect(\"localhost:1\"); }\n";
    caught(
        "pg-host/src/lib.rs",
        code,
        "std::net::TcpStream::connect (Sockets)",
    );
    free("pg-probe/src/lib.rs", code);
    let code = "use std::os::unix::net::UnixStream;\n";
    caught(
        "pg-host/src/lib.rs",
        code,
        "std::os::unix::net::UnixStream (Sockets)",
    );
    free(
        "pg-host/src/lib.rs",
        "mod m { use std::net::{IpAddr, Ipv4Addr}; fn f(_: IpAddr, _: Ipv4Addr) {} }\n",
    );
}

#[test]
fn the_environment() {
    let code = "fn f() { let _ = std::env::var(\"PGHOST\"); }\n";
    caught("pg-host/src/lib.rs", code, "std::env::var (Environment)");
    free("pgcert/src/main.rs", code);
}

#[test]
fn a_clock() {
    let code = "use std::time;\nfn f() { let _ = time::Instant::now(); }\n";
    caught(
        "authority/src/lib.rs",
        code,
        "std::time::Instant::now (Stopwatch)",
    );
    caught(
        "pki-core/src/lib.rs",
        "fn f() { let _ = ::time::OffsetDateTime::now_utc(); }\n",
        "now_utc (Clock)",
    );
}

#[test]
fn a_thread() {
    let code = "fn f() { std::thread::sleep(std::time::Duration::from_secs(1)); }\n";
    caught("doctor/src/lib.rs", code, "std::thread::sleep (Threads)");
    free("installer/src/lib.rs", code);
}

#[test]
fn printing() {
    caught(
        "doctor/src/lib.rs",
        "fn f() { println!(\"x\"); }\n",
        "std::println!",
    );
    caught(
        "pgcert/src/main.rs",
        "fn f() { std::eprintln!(\"x\"); }\n",
        "std::eprintln!",
    );
    caught(
        "pgcert/src/main.rs",
        "use std::println as say;\n",
        "under another name",
    );
    caught(
        "pki-core/src/lib.rs",
        "fn f() { let _ = [{ dbg!(1) }]; vec![dbg!(2)]; }\n",
        "std::dbg!",
    );
}

#[test]
fn std_in_pg_config() {
    caught(
        "pg-config/src/lib.rs",
        "extern crate std;\n",
        "std as a whole",
    );
}

// Tests may do what they like.

#[test]
fn code_for_tests_is_free() {
    let code = "#[cfg(test)]\nmod more { use std::fs; #[test] fn t() { fs::write(\"a\", \"b\").unwrap(); println!(); } }\n\
                #[cfg(all(test, unix))] fn g() { let _ = std::env::args(); }\n";
    free("pki-core/src/lib.rs", code);
    caught(
        "pki-core/src/lib.rs",
        "#[cfg(any(test, unix))] fn g() { let _ = std::env::args(); }\n",
        "(Environment)",
    );
    caught(
        "pki-core/src/lib.rs",
        "#[cfg(not(test))] fn g() { let _ = std::env::args(); }\n",
        "(Environment)",
    );
}

// Files.

#[test]
fn a_file_without_a_head() {
    let copy = Copy::make();
    let before = copy.offences();
    let main = copy.path("pki-core/src/lib.rs");
    let text = fs::read_to_string(&main).unwrap();
    fs::write(&main, format!("\n{text}")).unwrap();
    assert!(
        copy.new_since(&before)
            .contains("does not begin with `//!`")
    );
}

#[test]
fn an_edited_clippy_file() {
    let copy = Copy::make();
    let before = copy.offences();
    let file = copy.path("doctor/clippy.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("std::env::var\"", "std::env::vax\"")).unwrap();
    assert!(
        copy.new_since(&before)
            .contains("differs from the table of doors")
    );
}
