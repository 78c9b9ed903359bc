//! Clusters found in made-up machines: folders as Debian lays them out, and a process table that is a folder too.

#![expect(
    clippy::disallowed_methods,
    reason = "the machine to look at has to be made"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use pg_config::Version;
use tempfile::TempDir;

use super::*;

/// A machine in a temporary folder.
struct Machine {
    root: TempDir,
    places: Places,
}

impl Machine {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        let at = |name: &str| root.path().join(name);
        let places = Places {
            etc: at("etc"),
            lib: at("lib"),
            proc: at("proc"),
        };
        fs::create_dir(&places.proc).unwrap();
        Self { root, places }
    }

    /// A data folder that no server runs on.
    fn data_dir(&self, name: &str, version: &str) -> PathBuf {
        let folder = self.root.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("PG_VERSION"), format!("{version}\n")).unwrap();
        folder
    }

    /// A configuration folder that names the data folder.
    fn debian(&self, version: &str, name: &str, data_dir: &Path) {
        let folder = self.places.etc.join(version).join(name);
        fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "data_directory = '{}'\t\t# use data in another directory\nport = 5432\n",
            data_dir.display()
        );
        fs::write(folder.join("postgresql.conf"), text).unwrap();
    }

    /// A process whose program lies in `programs`.
    fn process(&self, pid: u32, command: &str, cwd: &Path, programs: &Path) {
        let folder = self.places.proc.join(pid.to_string());
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("comm"), format!("{command}\n")).unwrap();
        symlink(cwd, folder.join("cwd")).unwrap();
        symlink(programs.join(command), folder.join("exe")).unwrap();
    }

    /// A server that runs on the data folder, with one child.
    fn running(&self, pid: u32, data_dir: &Path) -> PathBuf {
        let programs = self.root.path().join("native/bin");
        fs::create_dir_all(&programs).unwrap();
        fs::write(programs.join("postgres"), "").unwrap();
        self.pid_file(pid, data_dir);
        self.process(pid, "postgres", data_dir, &programs);
        self.process(pid + 1, "postgres", data_dir, &programs);
        programs
    }

    fn pid_file(&self, pid: u32, data_dir: &Path) {
        let text = format!(
            "{pid}\n{}\n1795558432\n5433\n/tmp\n*\n 1 2\nready   \n",
            data_dir.display()
        );
        fs::write(data_dir.join("postmaster.pid"), text).unwrap();
    }

    fn find(&self, selector: &Selector) -> Result<Cluster, FindError> {
        find_in(&self.places, selector)
    }
}

#[test]
fn the_only_cluster_is_found_in_debians_layout() {
    let machine = Machine::new();
    let data_dir = machine.data_dir("var/15/main", "15");
    machine.debian("15", "main", &data_dir);
    let programs = machine.places.lib.join("15/bin");
    fs::create_dir_all(&programs).unwrap();
    fs::write(programs.join("postgres"), "").unwrap();

    let found = machine.find(&Selector::Only).unwrap();
    assert_eq!(found.to_string(), "15/main");
    assert_eq!(found.version, Version::V15);
    assert_eq!(found.data_dir, data_dir);
    assert_eq!(
        found.config_file,
        Some(machine.places.etc.join("15/main/postgresql.conf"))
    );
    assert_eq!(found.bin_dir, Some(programs));
    assert_eq!(found.owner.uid, Account::current().unwrap().uid);
    assert!(found.debian);
    assert_eq!(found.postmaster, None);

    // By its folder, also through a link, it is the same cluster.
    let link = machine.root.path().join("link");
    symlink(&data_dir, &link).unwrap();
    assert_eq!(
        machine.find(&Selector::DataDir(link)).unwrap().to_string(),
        "15/main"
    );
}

#[test]
fn a_running_server_of_any_installation_is_found_once() {
    let machine = Machine::new();
    let data_dir = machine.data_dir("home/db", "18");
    fs::write(data_dir.join("postgresql.conf"), "").unwrap();
    let programs = machine.running(700, &data_dir);

    let found = machine.find(&Selector::Only).unwrap();
    assert_eq!(found.data_dir, data_dir);
    assert_eq!(found.name, None);
    assert_eq!(found.bin_dir, Some(programs));
    assert_eq!(found.config_file, Some(data_dir.join("postgresql.conf")));
    assert_eq!(found.postmaster.map(|p| (p.pid, p.port)), Some((700, 5433)));
    assert!(!found.debian);
}

#[test]
fn several_clusters_are_named() {
    let machine = Machine::new();
    machine.debian("13", "old", &machine.data_dir("var/13", "13"));
    let data_dir = machine.data_dir("var/15", "15");
    machine.debian("15", "main", &data_dir);
    machine.running(70, &data_dir);
    let other = machine.data_dir("srv/db", "16");
    machine.running(80, &other);

    let error = machine.find(&Selector::Only).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "there are several PostgreSQL clusters: 13/old, 15/main, {}",
            other.display()
        )
    );
    let named = Selector::Debian {
        version: Version::V15,
        name: "main".to_owned(),
    };
    assert_eq!(
        machine.find(&named).unwrap().postmaster.map(|p| p.pid),
        Some(70)
    );
    let wrong = Selector::Debian {
        version: Version::V15,
        name: "mian".to_owned(),
    };
    assert!(matches!(
        machine.find(&wrong),
        Err(FindError::Unknown { known, .. }) if known == ["13/old", "15/main"]
    ));
}

#[test]
fn a_pid_file_that_was_left_behind_is_no_server() {
    let machine = Machine::new();
    let data_dir = machine.data_dir("db", "15");
    machine.pid_file(900, &data_dir);
    let at = || {
        Cluster::within(&machine.places, &data_dir)
            .unwrap()
            .postmaster
    };
    assert_eq!(at(), None, "no such process");

    // The number is somebody else's by now, a server's even.
    let other = machine.data_dir("other", "15");
    machine.process(900, "postgres", &other, Path::new("/usr/bin"));
    assert_eq!(at(), None, "a process elsewhere");

    // A child that survived its postmaster keeps the folder, and is no server.
    machine.process(901, "postgres", &data_dir, Path::new("/usr/bin"));
    assert!(survey(&machine.places).clusters.is_empty());
    assert!(machine.find(&Selector::Only).is_err());
}

#[test]
fn what_is_no_data_folder_says_why() {
    let machine = Machine::new();
    let folder = machine.root.path().join("empty");
    fs::create_dir(&folder).unwrap();
    let reason = |path: PathBuf| match machine.find(&Selector::DataDir(path)) {
        Err(FindError::NotACluster { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(folder.clone()), NotACluster::NoVersionFile);
    assert_eq!(reason(folder.join("nothing")), NotACluster::Missing);
    fs::write(folder.join("file"), "").unwrap();
    assert_eq!(reason(folder.join("file")), NotACluster::NotAFolder);
    let old = machine.data_dir("old", "9.6");
    assert!(matches!(
        machine.find(&Selector::DataDir(old)),
        Err(FindError::UnknownVersion { version, .. }) if version == "9.6"
    ));
    assert!(matches!(
        machine.find(&Selector::Only),
        Err(FindError::None { .. })
    ));
}

#[test]
fn a_cluster_whose_data_is_gone_counts_as_one() {
    let machine = Machine::new();
    machine.debian("15", "main", &machine.data_dir("var/15", "15"));
    machine.debian("15", "gone", Path::new("/nowhere/at/all"));
    assert!(matches!(
        machine.find(&Selector::Only),
        Err(FindError::NotACluster { path, .. }) if path == Path::new("/nowhere/at/all")
    ));
    assert_eq!(survey(&machine.places).clusters.len(), 1);
}
