//! Clusters as Debian's postgresql-common lays them out (`PgCommon.pm`): `/etc/postgresql/VERSION/NAME/postgresql.conf` names
//! the data folder, the programs are in `/usr/lib/postgresql/VERSION/bin`.

use std::fmt;
use std::path::{Path, PathBuf};

use pg_config::Version;
use pg_config::resolve::Settings;

use super::{Cluster, FindError, Places, unreadable};
use crate::files::HostFiles;

/// One configuration folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Folder {
    pub(super) version: Version,
    pub(super) name: String,
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.version, self.name)
    }
}

/// The configuration folders that hold a `postgresql.conf`, oldest version first.
pub(super) fn folders(places: &Places) -> (Vec<Folder>, Vec<FindError>) {
    let mut folders = Vec::new();
    let mut problems = Vec::new();
    // Names of versions that are not supported and other strays are passed over, as are folders that are not there.
    for version in Version::ALL {
        let above = places.etc.join(version.to_string());
        match hostfile::metadata(&above) {
            Ok(None) => continue,
            Ok(Some(_)) => {}
            Err(source) => {
                problems.push(unreadable(&above, source));
                continue;
            }
        }
        match hostfile::list(&above) {
            Ok(names) => folders.extend(
                names
                    .into_iter()
                    .filter_map(|name| name.into_string().ok())
                    .filter(|name| has_configuration(&above.join(name)))
                    .map(|name| Folder { version, name }),
            ),
            Err(source) => problems.push(unreadable(&above, source)),
        }
    }
    folders.sort();
    (folders, problems)
}

/// Every cluster of the layout.
pub(super) fn clusters(places: &Places) -> (Vec<Cluster>, Vec<FindError>) {
    let (folders, mut problems) = folders(places);
    let mut clusters = Vec::new();
    for folder in folders {
        match cluster(places, folder.version, &folder.name) {
            Ok(cluster) => clusters.push(cluster),
            Err(problem) => problems.push(problem),
        }
    }
    (clusters, problems)
}

/// One cluster of the layout.
pub(super) fn cluster(places: &Places, version: Version, name: &str) -> Result<Cluster, FindError> {
    let config_file = places
        .etc
        .join(version.to_string())
        .join(name)
        .join("postgresql.conf");
    let found = Cluster::within(places, &data_dir(&config_file, version)?)?;
    Ok(Cluster {
        name: Some(name.to_owned()),
        config_file: Some(config_file),
        debian: true,
        ..found
    })
}

/// The programs of a version, where they are installed.
pub(super) fn bin_dir(places: &Places, version: Version) -> Option<PathBuf> {
    let folder = places.lib.join(version.to_string()).join("bin");
    let installed = hostfile::metadata(&folder.join("postgres")).ok().flatten();
    installed.map(|_| folder)
}

fn has_configuration(folder: &Path) -> bool {
    matches!(
        hostfile::metadata(&folder.join("postgresql.conf")),
        Ok(Some(_))
    )
}

fn data_dir(config_file: &Path, version: Version) -> Result<PathBuf, FindError> {
    let none = || FindError::NoDataDirectory {
        config_file: config_file.to_owned(),
    };
    let path = config_file.to_str().ok_or_else(none)?;
    let settings = Settings::read(&HostFiles, path, None, version);
    let value = settings.get("data_directory").ok_or_else(none)?;
    let named = std::str::from_utf8(&value.value).map_err(|_| none())?;
    // Relative to nothing in particular: the server would take it from the folder it is started in.
    let data_dir = PathBuf::from(named);
    if data_dir.is_absolute() {
        Ok(data_dir)
    } else {
        Err(none())
    }
}
