//! Names that hide what they name: aliases, globs, macros, code that is not read.

use super::copy::caught;

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
