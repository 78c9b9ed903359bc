//! The table of doors: which crate may import what, and which of the doors to the outside (disk,
//! network, programs, environment, clocks, threads, terminal, database) it may use.
//!
//! This file is the one place where that is said. The crates' `clippy.toml` files are written from
//! it ([`super::walls`]), and their manifests ([`super::arrows`]) and sources ([`super::scan`]) are
//! checked against it. It only tells; it checks nothing itself.

use Door::{
    Clock, Database, Disk, Environment, Exit, Programs, Sockets, Stopwatch, Terminal, Threads,
};

/// A way out of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Door {
    /// Files and folders, reading too: `hostfile` is the only door.
    Disk,
    /// TCP, Unix sockets and name look-ups.
    Sockets,
    /// Running other programs.
    Programs,
    /// Ending this process, and its exit code.
    Exit,
    /// Environment variables, arguments, the current folder.
    Environment,
    /// The time of day; elsewhere it comes in as an argument.
    Clock,
    /// Time passing: deadlines and measurements.
    Stopwatch,
    /// Starting threads, and sleeping.
    Threads,
    /// Standard input, output and error.
    Terminal,
    /// The authority's store.
    Database,
}

/// What lies behind a door, as paths that name it.
pub(crate) struct Behind {
    /// The door.
    pub(crate) door: Door,
    /// Modules and types out of reach of the source scan, with all that is in them. The longest
    /// entry that matches a path decides, over all doors and [`VALUES`].
    pub(crate) paths: &'static [&'static str],
    /// Functions and methods out of reach of clippy, which knows the type behind a method call.
    pub(crate) methods: &'static [&'static str],
    /// Types out of reach of clippy.
    pub(crate) types: &'static [&'static str],
    /// What to do instead.
    pub(crate) instead: &'static str,
}

/// Every door and what lies behind it.
pub(crate) const DOORS: &[Behind] = &[
    Behind {
        door: Disk,
        paths: &[
            "std::fs",
            "std::os::unix::fs",
            "std::os::linux::fs",
            "std::path::Path::canonicalize",
            "std::path::Path::exists",
            "std::path::Path::is_dir",
            "std::path::Path::is_file",
            "std::path::Path::is_symlink",
            "std::path::Path::metadata",
            "std::path::Path::read_dir",
            "std::path::Path::read_link",
            "std::path::Path::symlink_metadata",
            "std::path::Path::try_exists",
            "rustix::fs",
            "rustix::mount",
            "rustix::shm",
            "nix",
            "libc",
            "tempfile",
        ],
        methods: &[
            "std::fs::canonicalize",
            "std::fs::copy",
            "std::fs::create_dir",
            "std::fs::create_dir_all",
            "std::fs::exists",
            "std::fs::hard_link",
            "std::fs::metadata",
            "std::fs::read",
            "std::fs::read_dir",
            "std::fs::read_link",
            "std::fs::read_to_string",
            "std::fs::remove_dir",
            "std::fs::remove_dir_all",
            "std::fs::remove_file",
            "std::fs::rename",
            "std::fs::set_permissions",
            "std::fs::soft_link",
            "std::fs::symlink_metadata",
            "std::fs::write",
            "std::fs::File::create",
            "std::fs::File::create_new",
            "std::fs::File::open",
            "std::fs::File::options",
            "std::fs::OpenOptions::new",
            "std::fs::DirBuilder::new",
            "std::os::unix::fs::chown",
            "std::os::unix::fs::chroot",
            "std::os::unix::fs::fchown",
            "std::os::unix::fs::lchown",
            "std::os::unix::fs::symlink",
            "std::path::Path::canonicalize",
            "std::path::Path::exists",
            "std::path::Path::is_dir",
            "std::path::Path::is_file",
            "std::path::Path::is_symlink",
            "std::path::Path::metadata",
            "std::path::Path::read_dir",
            "std::path::Path::read_link",
            "std::path::Path::symlink_metadata",
            "std::path::Path::try_exists",
        ],
        types: &["std::fs::File", "std::fs::OpenOptions"],
        instead: "only hostfile touches the disk",
    },
    Behind {
        door: Sockets,
        paths: &[
            "std::net",
            "std::os::unix::net",
            "std::os::linux::net",
            "rustix::net",
        ],
        methods: &["std::net::ToSocketAddrs::to_socket_addrs"],
        types: &[
            "std::net::TcpListener",
            "std::net::TcpStream",
            "std::net::UdpSocket",
            "std::os::unix::net::UnixDatagram",
            "std::os::unix::net::UnixListener",
            "std::os::unix::net::UnixStream",
        ],
        instead: "only pg-probe opens sockets",
    },
    Behind {
        door: Programs,
        paths: &[
            "std::process",
            "std::os::unix::process",
            "std::os::linux::process",
            "rustix::runtime",
        ],
        methods: &["std::process::Command::new"],
        types: &["std::process::Command"],
        instead: "only pg-host, installer and pgcert's passphrase command run programs",
    },
    Behind {
        door: Exit,
        paths: &[
            "std::process::ExitCode",
            "std::process::Termination",
            "std::process::abort",
            "std::process::exit",
        ],
        methods: &["std::process::abort", "std::process::exit"],
        types: &[],
        instead: "return an error; only pgcert ends the process",
    },
    Behind {
        door: Environment,
        paths: &["std::env", "rustix::param"],
        methods: &[
            "std::env::args",
            "std::env::args_os",
            "std::env::current_dir",
            "std::env::current_exe",
            "std::env::home_dir",
            "std::env::set_current_dir",
            "std::env::temp_dir",
            "std::env::var",
            "std::env::var_os",
            "std::env::vars",
            "std::env::vars_os",
        ],
        types: &[],
        instead: "the environment comes in as a value; only pgcert reads it",
    },
    Behind {
        door: Clock,
        paths: &[
            "std::time::SystemTime",
            "std::time::UNIX_EPOCH",
            "rustix::time",
            "time::OffsetDateTime::now_local",
            "time::OffsetDateTime::now_utc",
            "time::UtcDateTime::now",
            "x509_parser::prelude::ASN1Time::now",
            "x509_parser::prelude::Validity::is_valid",
            "x509_parser::time::ASN1Time::now",
            "x509_parser::certificate::Validity::is_valid",
        ],
        methods: &[
            "std::time::SystemTime::elapsed",
            "std::time::SystemTime::now",
            "time::OffsetDateTime::now_utc",
            "time::UtcDateTime::now",
            "x509_parser::certificate::Validity::is_valid",
            "x509_parser::time::ASN1Time::now",
        ],
        types: &[],
        instead: "time comes in as an argument; only pgcert looks at the clock",
    },
    Behind {
        door: Stopwatch,
        paths: &["std::time::Instant"],
        methods: &["std::time::Instant::elapsed", "std::time::Instant::now"],
        types: &[],
        instead: "only what waits for the outside measures time",
    },
    Behind {
        door: Threads,
        paths: &["std::thread", "rustix::thread"],
        methods: &[
            "std::thread::scope",
            "std::thread::sleep",
            "std::thread::spawn",
            "std::thread::Builder::new",
        ],
        types: &[],
        instead: "hostfile has the one thread that acts as another user, pg-probe those that wait",
    },
    Behind {
        door: Terminal,
        paths: &[
            "std::io::stderr",
            "std::io::stdin",
            "std::io::stdout",
            "rustix::stdio",
            "rustix::termios",
            "anstream",
            "rpassword",
        ],
        methods: &["std::io::stderr", "std::io::stdin", "std::io::stdout"],
        types: &[],
        instead: "only pgcert talks to people",
    },
    Behind {
        door: Database,
        paths: &["rusqlite"],
        methods: &[],
        types: &[],
        instead: "only authority has a database",
    },
];

/// Macros that no crate uses: a print to a closed pipe panics, `dbg!` is for the desk.
pub(crate) const PRINTING: &[&str] = &[
    "std::dbg",
    "std::eprint",
    "std::eprintln",
    "std::print",
    "std::println",
];

/// Values that live in a module of doors and open none.
pub(crate) const VALUES: &[&str] = &[
    "std::net::AddrParseError",
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::net::SocketAddr",
    "std::net::SocketAddrV4",
    "std::net::SocketAddrV6",
];

/// One crate: what it imports and which doors it may use.
pub(crate) struct House {
    /// The package's name.
    pub(crate) package: &'static str,
    /// Its folder under `crates/`.
    pub(crate) folder: &'static str,
    /// Our own crates that it imports, by folder: the arrows. Only to floors below its own.
    pub(crate) imports: &'static [&'static str],
    /// Packages from outside that it depends on, for building too.
    pub(crate) packages: &'static [&'static str],
    /// Doors that all of it may use.
    pub(crate) open: &'static [Door],
    /// Doors that one file may use, by its path in the crate.
    pub(crate) open_in: &'static [(Door, &'static str)],
    /// Whether the crate does without `std` outside its tests, so that it cannot name a disk.
    pub(crate) no_std: bool,
}

/// The nine crates, from the ground up.
pub(crate) const HOUSES: &[House] = &[
    House {
        package: "pki-core",
        folder: "pki-core",
        imports: &[],
        packages: &[
            "aes",
            "aws-lc-rs",
            "base64ct",
            "cbc",
            "des",
            "md-5",
            "p12-keystore",
            "pkcs12",
            "pkcs8",
            "rcgen",
            "sha1",
            "thiserror",
            "time",
            "x509-parser",
            "zeroize",
        ],
        open: &[],
        open_in: &[],
        no_std: false,
    },
    House {
        package: "pg-config",
        folder: "pg-config",
        imports: &[],
        packages: &["hashbrown", "memchr", "thiserror"],
        open: &[],
        open_in: &[],
        no_std: true,
    },
    House {
        package: "pgcert-hostfile",
        folder: "hostfile",
        imports: &[],
        packages: &["nix", "rustix", "sha2", "tempfile", "thiserror"],
        open: &[Disk, Stopwatch, Threads],
        open_in: &[],
        no_std: false,
    },
    House {
        package: "pg-probe",
        folder: "pg-probe",
        imports: &["pg-config", "pki-core"],
        packages: &[
            "aws-lc-rs",
            "bytes",
            "fallible-iterator",
            "postgres-protocol",
            "rustls",
            "thiserror",
        ],
        open: &[Sockets, Stopwatch, Threads],
        open_in: &[],
        no_std: false,
    },
    House {
        package: "pgcert-authority",
        folder: "authority",
        imports: &["hostfile", "pki-core"],
        packages: &["rusqlite", "thiserror"],
        open: &[Database],
        // Keys and signatures by the thousand, on all processors.
        open_in: &[(Threads, "src/issue/many.rs")],
        no_std: false,
    },
    House {
        package: "pgcert-host",
        folder: "pg-host",
        imports: &["hostfile", "pg-config", "pg-probe", "pki-core"],
        packages: &["thiserror"],
        open: &[Programs],
        open_in: &[],
        no_std: false,
    },
    House {
        package: "pgcert-doctor",
        folder: "doctor",
        imports: &["pg-config", "pg-host", "pg-probe", "pki-core"],
        packages: &["thiserror"],
        open: &[],
        open_in: &[],
        no_std: false,
    },
    House {
        package: "pgcert-installer",
        folder: "installer",
        imports: &[
            "authority",
            "doctor",
            "hostfile",
            "pg-config",
            "pg-host",
            "pg-probe",
            "pki-core",
        ],
        packages: &["serde", "serde_json", "thiserror"],
        // It waits for the server to have reloaded.
        open: &[Programs, Stopwatch, Threads],
        open_in: &[],
        no_std: false,
    },
    House {
        package: "pgcert",
        folder: "pgcert",
        imports: &[
            "authority",
            "doctor",
            "hostfile",
            "installer",
            "pg-config",
            "pg-host",
            "pg-probe",
            "pki-core",
        ],
        packages: &[
            "anstream",
            "anstyle",
            "clap",
            "clap_complete",
            "clap_mangen",
            "csv",
            "rpassword",
            "serde",
            "serde_json",
            "signal-hook",
            "similar",
            "thiserror",
        ],
        open: &[Clock, Environment, Exit, Stopwatch, Terminal],
        open_in: &[(Programs, "src/passphrase.rs")],
        no_std: false,
    },
];

/// Packages whose features are doors: package, folder of the crate, the features that it may ask
/// for. Where a crate has no line, none.
pub(crate) const FEATURES: &[(&str, &str, &[&str])] = &[
    (
        "rustix",
        "hostfile",
        &["std", "fs", "process", "rand", "system", "thread"],
    ),
    ("nix", "hostfile", &["user", "net"]),
];

/// The packages of the workspace that are no part of the house: tools and tests.
pub(crate) const OUTSIDE: &[&str] = &["xtask", "e2e"];

impl House {
    /// Whether the file `path` (relative to the crate) may use `door`.
    pub(crate) fn opens(&self, door: Door, path: &str) -> bool {
        self.open.contains(&door) || self.open_in.iter().any(|(d, p)| *d == door && *p == path)
    }
}
