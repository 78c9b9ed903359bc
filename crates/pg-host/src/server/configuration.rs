//! The configuration files in force: where the server has them, what they hold, and what the server's own views say about them.

use std::path::{Path, PathBuf};

use pg_config::{hba, ident, resolve};

use super::FactsError;
use crate::admin::{Admin, FileSetting, HbaRow, IdentRow, Settings};
use crate::cluster::Cluster;
use crate::files::{File, HostFiles};

/// `postgresql.conf`, what it includes, and `postgresql.auto.conf`.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The file that `config_file` names.
    pub file: File,
    /// `postgresql.auto.conf` in the data folder, where there is one.
    pub auto: Option<File>,
    /// Every assignment in them now, loaded or not.
    pub assignments: resolve::Settings,
    /// What the server would complain about if it loaded them now.
    pub errors: Vec<FileSetting>,
}

impl Configuration {
    pub(super) fn read(
        cluster: &Cluster,
        admin: &mut Admin,
        settings: &Settings,
    ) -> Result<Self, FactsError> {
        let (data_dir, version) = (cluster.data_dir.clone(), cluster.version);
        let (file, (auto, assignments)) =
            in_force(cluster, settings, "config_file", move |file| {
                let auto = File::read(&data_dir.join("postgresql.auto.conf"));
                let assignments = resolve::Settings::read(
                    &HostFiles,
                    &file.path.to_string_lossy(),
                    Some(&data_dir.to_string_lossy()),
                    version,
                );
                (auto, assignments)
            })?;
        Ok(Self {
            file,
            auto: auto?,
            assignments,
            errors: admin.file_settings_errors()?,
        })
    }
}

/// `pg_hba.conf`.
#[derive(Debug, Clone)]
pub struct Hba {
    /// The file that `hba_file` names.
    pub file: File,
    /// Its rules and those of the files that it includes now, loaded or not.
    pub rules: hba::RuleSet,
    /// The same as the server reads them now, loaded or not.
    pub view: Vec<HbaRow>,
}

impl Hba {
    pub(super) fn read(
        cluster: &Cluster,
        admin: &mut Admin,
        settings: &Settings,
    ) -> Result<Self, FactsError> {
        let version = admin.version();
        let (file, rules) = in_force(cluster, settings, "hba_file", move |file| {
            hba::RuleSet::of_bytes(
                &HostFiles,
                &file.path.to_string_lossy(),
                &file.bytes,
                version,
            )
        })?;
        Ok(Self {
            file,
            rules,
            view: admin.hba_file_rules()?,
        })
    }

    /// The lines that the server refuses: it would not load the file.
    pub fn refused(&self) -> impl Iterator<Item = &HbaRow> {
        self.view.iter().filter(|row| row.is_refused())
    }
}

/// `pg_ident.conf`.
#[derive(Debug, Clone)]
pub struct Ident {
    /// Where `ident_file` says that it is.
    pub path: PathBuf,
    /// The file; `None` where it is missing (a server starts without).
    pub file: Option<File>,
    /// The file itself, for edits; empty where it is missing.
    pub document: ident::Document,
    /// Its lines and those of the files that it includes now, loaded or not.
    pub maps: ident::Maps,
    /// The lines as the server reads them now, loaded or not; `None` before 15, which does not show them.
    pub view: Option<Vec<IdentRow>>,
}

impl Ident {
    pub(super) fn read(
        cluster: &Cluster,
        admin: &mut Admin,
        settings: &Settings,
    ) -> Result<Self, FactsError> {
        let path = located(cluster, settings, "ident_file");
        let version = admin.version();
        let (file, maps) = cluster.as_owner(|| {
            File::read(&path).map(|file| {
                let bytes = file.as_ref().map_or(&[][..], |file| &file.bytes);
                let maps =
                    ident::Maps::of_bytes(&HostFiles, &path.to_string_lossy(), bytes, version);
                (file, maps)
            })
        })??;
        let bytes = file.as_ref().map_or(&[][..], |file| &file.bytes);
        Ok(Self {
            document: ident::Document::parse(bytes, version),
            // Where the file is missing the view fails as a whole.
            view: if file.is_some() {
                admin.ident_file_mappings()?
            } else {
                None
            },
            path,
            file,
            maps,
        })
    }
}

/// Reads the file that a setting names, and more beside it, with the owner's rights.
fn in_force<T: Send>(
    cluster: &Cluster,
    settings: &Settings,
    setting: &'static str,
    more: impl FnOnce(&File) -> T + Send,
) -> Result<(File, T), FactsError> {
    let path = located(cluster, settings, setting);
    let read = cluster.as_owner(|| {
        File::read(&path).map(|file| {
            file.map(|file| {
                let more = more(&file);
                (file, more)
            })
        })
    })??;
    read.ok_or_else(|| FactsError::Missing {
        setting,
        path: path.display().to_string(),
    })
}

/// The path that a setting names. The server shows these three absolute, unless it was started with a relative one, which it has taken from a
/// folder that cannot be known any more.
fn located(cluster: &Cluster, settings: &Settings, setting: &str) -> PathBuf {
    cluster.data_dir.join(Path::new(settings.value(setting)))
}
