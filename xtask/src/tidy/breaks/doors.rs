//! Doors that are closed to a crate: the disk, programs, sockets, the environment, the clock, the terminal.

use std::fs;

use super::copy::{Copy, caught, free};

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
