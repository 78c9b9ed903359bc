//! Clusters: finding them, and what the disk and the process table say about one. The running server itself is asked
//! in [`admin`](crate::admin).

mod debian;
mod meant;
mod place;
mod postmaster;
mod process;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use hostfile::{Account, FileKind, Metadata};
use pg_config::Version;

pub(crate) use place::Places;
pub use postmaster::Postmaster;

/// A PostgreSQL cluster on this machine: a data folder and what belongs to it.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// From `PG_VERSION` in the data folder.
    pub version: Version,
    /// The name under which Debian's tools know it (`main` of `15/main`).
    pub name: Option<String>,
    /// The data folder, absolute.
    pub data_dir: PathBuf,
    /// `postgresql.conf`, where it lies in one of the usual places. A running server may have been given another: the setting
    /// `config_file` has the last word.
    pub config_file: Option<PathBuf>,
    /// Who owns the data folder. The server runs as this user: it refuses a data folder of anybody else.
    pub owner: Account,
    /// The server that runs on it now.
    pub postmaster: Option<Postmaster>,
    /// The folder of `postgres` and `pg_ctl`.
    pub bin_dir: Option<PathBuf>,
    /// Whether Debian's tools manage it.
    pub debian: bool,
}

impl Cluster {
    /// What is in a data folder now.
    ///
    /// # Errors
    /// [`FindError::NotACluster`], [`FindError::UnknownVersion`], [`FindError::Unreadable`].
    pub fn at(data_dir: &Path) -> Result<Self, FindError> {
        Self::within(&Places::default(), data_dir)
    }

    /// The same cluster as it is now: whether it runs is asked again.
    ///
    /// # Errors
    /// Those of [`Cluster::at`].
    pub fn refreshed(&self) -> Result<Self, FindError> {
        let now = Self::at(&self.data_dir)?;
        Ok(Self {
            name: self.name.clone(),
            config_file: self.config_file.clone().or(now.config_file),
            debian: self.debian,
            ..now
        })
    }

    /// Runs `work` with the rights of the cluster's owner on files and sockets: what the owner put into the data folder may be a
    /// link to what only root may read.
    ///
    /// Where this process is neither root nor the owner, it runs with the rights that it has.
    ///
    /// # Errors
    /// Where the rights cannot be changed.
    pub fn as_owner<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, hostfile::Error> {
        as_owner(&self.owner, work)
    }

    fn within(places: &Places, data_dir: &Path) -> Result<Self, FindError> {
        let not_a_cluster = |reason| FindError::NotACluster {
            path: data_dir.to_owned(),
            reason,
        };
        let folder = metadata(data_dir)?.ok_or_else(|| not_a_cluster(NotACluster::Missing))?;
        if folder.kind != FileKind::Folder {
            return Err(not_a_cluster(NotACluster::NotAFolder));
        }
        let owner = Account::by_uid(folder.uid).map_err(|_| FindError::NoAccount {
            path: data_dir.to_owned(),
            uid: folder.uid,
        })?;
        let (version, pid_file, own_config) = as_owner(&owner, || {
            (
                hostfile::read_if_exists(&data_dir.join("PG_VERSION")),
                hostfile::read_if_exists(&data_dir.join("postmaster.pid")),
                hostfile::metadata(&data_dir.join("postgresql.conf")),
            )
        })
        .map_err(|source| unreadable(data_dir, source))?;

        let version = version
            .map_err(|source| unreadable(data_dir, source))?
            .ok_or_else(|| not_a_cluster(NotACluster::NoVersionFile))?;
        let version = String::from_utf8_lossy(&version).trim().to_owned();
        let version = Version::from_str(&version).map_err(|_| FindError::UnknownVersion {
            path: data_dir.to_owned(),
            version,
        })?;
        let postmaster = pid_file
            .ok()
            .flatten()
            .and_then(|text| Postmaster::parse(&text, data_dir))
            .filter(|postmaster| process::serves(places, postmaster.pid, &folder));
        let bin_dir = postmaster
            .as_ref()
            .and_then(|postmaster| process::program_folder(places, postmaster.pid))
            .or_else(|| debian::bin_dir(places, version));
        Ok(Self {
            version,
            name: None,
            data_dir: data_dir.to_owned(),
            config_file: own_config
                .ok()
                .flatten()
                .map(|_| data_dir.join("postgresql.conf")),
            owner,
            postmaster,
            bin_dir,
            debian: false,
        })
    }
}

impl fmt::Display for Cluster {
    /// As Debian's tools call it, else by its data folder.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}/{name}", self.version),
            None => self.data_dir.display().fmt(f),
        }
    }
}

/// Which cluster is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// By Debian's name for it.
    Debian {
        /// The major version.
        version: Version,
        /// The name, such as `main`.
        name: String,
    },
    /// By its data folder, absolute.
    DataDir(PathBuf),
    /// The only one there is.
    Only,
}

/// The clusters of this machine, and those that could not be looked into.
#[derive(Debug, Default)]
pub struct Survey {
    /// Debian's in order of version and name, then other running ones in order of their data folders.
    pub clusters: Vec<Cluster>,
    /// Why the others are not among them.
    pub problems: Vec<FindError>,
}

/// Every cluster that Debian's tools know, and every running server whose process can be seen.
#[must_use]
pub fn clusters() -> Survey {
    survey(&Places::default())
}

/// The one cluster that is meant.
///
/// # Errors
/// [`FindError`]. With [`Selector::Only`] a cluster that could not be looked into counts as one.
pub fn find(selector: &Selector) -> Result<Cluster, FindError> {
    find_in(&Places::default(), selector)
}

/// Why there is no cluster to work with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// There is none on this machine that can be seen.
    #[error("no PostgreSQL cluster was found: none under {}, and no running server", .debian.display())]
    None {
        /// The folder of Debian's clusters.
        debian: PathBuf,
    },
    /// There is more than one.
    #[error("there are several PostgreSQL clusters: {}", titles(.0))]
    Many(Vec<Cluster>),
    /// Debian's tools know no cluster of this name.
    #[error("there is no cluster {version}/{name}")]
    Unknown {
        /// The version asked for.
        version: Version,
        /// The name asked for.
        name: String,
        /// Those that there are, as `15/main`.
        known: Vec<String>,
    },
    /// A folder is no data folder.
    #[error("{} is not a PostgreSQL data folder: {reason}", .path.display())]
    NotACluster {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        reason: NotACluster,
    },
    /// A version that this program has no rules for.
    #[error("{} is of PostgreSQL {version}, which is not supported (12 to 19 are)", .path.display())]
    UnknownVersion {
        /// The data folder.
        path: PathBuf,
        /// What its `PG_VERSION` says.
        version: String,
    },
    /// A configuration that names no data folder.
    #[error("{} sets no data_directory", .config_file.display())]
    NoDataDirectory {
        /// The configuration file.
        config_file: PathBuf,
    },
    /// The data folder belongs to a user id without an account.
    #[error("{} belongs to user id {uid}, which has no account", .path.display())]
    NoAccount {
        /// The data folder.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// Something could not be read.
    #[error("could not look into {}: {source}", .path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: hostfile::Error,
    },
}

/// What a folder lacks to be a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotACluster {
    /// There is nothing of that name.
    Missing,
    /// It is no folder.
    NotAFolder,
    /// There is no `PG_VERSION` in it.
    NoVersionFile,
}

impl fmt::Display for NotACluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "it does not exist",
            Self::NotAFolder => "it is not a folder",
            Self::NoVersionFile => "it has no PG_VERSION",
        })
    }
}

fn find_in(places: &Places, selector: &Selector) -> Result<Cluster, FindError> {
    match selector {
        Selector::Debian { version, name } => {
            let (folders, _) = debian::folders(places);
            if folders
                .iter()
                .any(|f| f.version == *version && f.name == *name)
            {
                return debian::cluster(places, *version, name);
            }
            Err(FindError::Unknown {
                version: *version,
                name: name.clone(),
                known: folders.iter().map(ToString::to_string).collect(),
            })
        }
        Selector::DataDir(path) => {
            let found = Cluster::within(places, path)?;
            // Given by its folder, a Debian cluster is one all the same: its configuration lies elsewhere.
            let known = debian::clusters(places).0;
            Ok(known
                .into_iter()
                .find(|c| same_folder(&c.data_dir, path))
                .unwrap_or(found))
        }
        Selector::Only => {
            let mut survey = survey(places);
            match (survey.clusters.len(), survey.problems.len()) {
                (1, 0) => Ok(survey.clusters.remove(0)),
                (0, 0) => Err(FindError::None {
                    debian: places.etc.clone(),
                }),
                (_, 0) | (2.., _) => Err(FindError::Many(survey.clusters)),
                _ => Err(survey.problems.remove(0)),
            }
        }
    }
}

fn survey(places: &Places) -> Survey {
    let (mut clusters, mut problems) = debian::clusters(places);
    for data_dir in process::data_dirs(places) {
        if clusters
            .iter()
            .any(|known| same_folder(&known.data_dir, &data_dir))
        {
            continue;
        }
        match Cluster::within(places, &data_dir) {
            Ok(cluster) => clusters.push(cluster),
            Err(problem) => problems.push(problem),
        }
    }
    Survey { clusters, problems }
}

fn as_owner<T: Send>(
    owner: &Account,
    work: impl FnOnce() -> T + Send,
) -> Result<T, hostfile::Error> {
    let may_change = Account::current().is_ok_and(|me| me.uid == 0 || me.uid == owner.uid);
    if may_change {
        hostfile::acting_as(owner, work)
    } else {
        Ok(work())
    }
}

/// Whether two paths lead to the same folder.
pub(crate) fn same_folder(one: &Path, other: &Path) -> bool {
    match (hostfile::metadata(one), hostfile::metadata(other)) {
        (Ok(Some(one)), Ok(Some(other))) => same_file(&one, &other),
        _ => one == other,
    }
}

fn same_file(one: &Metadata, other: &Metadata) -> bool {
    (one.dev, one.ino) == (other.dev, other.ino)
}

fn metadata(path: &Path) -> Result<Option<Metadata>, FindError> {
    hostfile::metadata(path).map_err(|source| unreadable(path, source))
}

fn unreadable(path: &Path, source: hostfile::Error) -> FindError {
    FindError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

fn titles(clusters: &[Cluster]) -> String {
    let titles: Vec<String> = clusters.iter().map(ToString::to_string).collect();
    titles.join(", ")
}

#[cfg(test)]
mod tests;
