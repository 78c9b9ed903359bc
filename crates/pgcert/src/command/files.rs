//! Finding the file that a command is about: where it lies, whose rules apply, with whose rights it is read.

use std::path::{Path, PathBuf};

use hostfile::Account;
use installer::Way;
use pg_config::Version;
use pg_config::hba::Site;
use pg_config::resolve::{self, Assignment, Files, ReadError, Settings};
use pg_host::{Admin, AdminError, Cluster, HostFiles};

use super::{advice, server};
use crate::args::{self, ServerFile};
use crate::context::{Context, absolute};
use crate::failure::{Failure, shown};

/// A file of a server.
pub(crate) struct Found {
    /// As it is named; links in it are not resolved.
    pub(crate) path: String,
    /// The version whose rules apply.
    pub(crate) version: Version,
    /// Whether that is a guess: nobody said so, and neither does the file's place.
    pub(crate) version_is_guessed: bool,
    /// With whose rights it is read and written.
    pub(crate) rights: Account,
    /// The server's data folder, where a server was looked for.
    pub(crate) data_dir: Option<String>,
    /// The server, where one was looked for.
    cluster: Option<Cluster>,
    /// What the running server was started with.
    pub(crate) command_line: Vec<(String, String)>,
    /// What says where such a file lies, where one knows what it is.
    pub(crate) whereabouts: Option<String>,
}

impl Found {
    /// The file in which all settings begin.
    pub(crate) fn conf(options: &ServerFile, context: &Context) -> Result<Self, Failure> {
        if let Some(path) = &options.file {
            let found = Self::named(path, options.pg_version, context)?;
            return Ok(found.told_by("config_file"));
        }
        let cluster = cluster(options)?;
        let rights = owner(&cluster, context);
        let opts = on_disk(&rights, &cluster.data_dir.join("postmaster.opts"))?.unwrap_or_default();
        let command_line = if cluster.postmaster.is_some() {
            resolve::command_line(&opts)
        } else {
            Vec::new()
        };
        let given = command_line.iter().rfind(|(name, _)| name == "config_file");
        // Where nothing names it, it lies in the folder that the server was started with.
        let started_with = resolve::config_folder(&opts).filter(|_| cluster.postmaster.is_some());
        let path = match (given, &cluster.config_file, started_with) {
            (Some((_, path)), _, _) => cluster.data_dir.join(path),
            (None, Some(path), _) => path.clone(),
            (None, None, Some(folder)) => cluster.data_dir.join(folder).join("postgresql.conf"),
            (None, None, None) => cluster.data_dir.join("postgresql.conf"),
        };
        Ok(Self {
            path: text(&path)?,
            version: options.pg_version.unwrap_or(cluster.version),
            version_is_guessed: false,
            rights,
            data_dir: Some(text(&cluster.data_dir)?),
            command_line,
            whereabouts: None,
            cluster: Some(cluster),
        }
        .told_by("config_file"))
    }

    /// The file that a setting names, such as `hba_file`, and the settings where a server was looked for.
    pub(crate) fn by_setting(
        options: &ServerFile,
        setting: &str,
        usual: &str,
        context: &Context,
    ) -> Result<(Self, Option<Settings>), Failure> {
        let conf = Self::conf(options, context)?.told_by(setting);
        if options.file.is_some() {
            return Ok((conf, None));
        }
        let settings = conf.settings(&conf.files());
        let named = conf
            .on_command_line(setting)
            .or_else(|| settings.get(setting).and_then(Assignment::text))
            .map(str::to_owned);
        // A relative path counts from the folder that the server was started in: mostly its data folder.
        let folder = conf.data_dir.clone().unwrap_or_default();
        let path = match named {
            Some(named) => Path::new(&folder).join(named),
            None => Path::new(&conf.path).with_file_name(usual),
        };
        let found = Self {
            path: text(&path)?,
            ..conf
        };
        Ok((found, Some(settings)))
    }

    /// A file by its name.
    pub(crate) fn named(
        path: &Path,
        version: Option<Version>,
        context: &Context,
    ) -> Result<Self, Failure> {
        let rights = rights_on(path, context)?;
        let said = version.map_or_else(|| version_by_place(path), |version| Ok(Some(version)))?;
        Ok(Self {
            path: text(path)?,
            version: said.unwrap_or(NEWEST),
            version_is_guessed: said.is_none(),
            rights,
            data_dir: None,
            command_line: Vec::new(),
            whereabouts: None,
            cluster: None,
        })
    }

    /// The same, a file of a server that this setting names.
    fn told_by(self, setting: &str) -> Self {
        let whereabouts = Some(format!("SHOW {setting} says where a server has it"));
        Self {
            whereabouts,
            ..self
        }
    }

    /// The disk, with these rights.
    pub(crate) fn files(&self) -> Disk<'_> {
        Disk(&self.rights)
    }

    /// The bytes of the file; none where there is no such file.
    pub(crate) fn bytes(&self) -> Result<Option<Vec<u8>>, Failure> {
        on_disk(&self.rights, Path::new(&self.path))
    }

    /// The bytes of a file that has to be there.
    pub(crate) fn existing(&self) -> Result<Vec<u8>, Failure> {
        let missing = || {
            let path = shown(Path::new(&self.path));
            let failure = Failure::new(format!("{path} cannot be read: No such file or directory"));
            match &self.whereabouts {
                Some(whereabouts) => failure.hint(whereabouts),
                None => failure,
            }
        };
        self.bytes()?.ok_or_else(missing)
    }

    /// The settings in force, as these files have them.
    pub(crate) fn settings(&self, files: &dyn Files) -> Settings {
        Settings::read(files, &self.path, self.data_dir.as_deref(), self.version)
    }

    /// The server, where one was looked for and runs.
    pub(crate) fn server(&self) -> Option<&Cluster> {
        let cluster = self.cluster.as_ref();
        cluster.filter(|cluster| cluster.postmaster.is_some())
    }

    /// What the server runs with, where one runs and lets us in.
    pub(crate) fn running(&self, context: &Context) -> Option<pg_host::Settings> {
        self.admin(context)?.ok()?.settings().ok()
    }

    /// The networks that the rules are about, where a server of this machine was looked for.
    pub(crate) fn site(&self) -> Site {
        let here = self.cluster.as_ref().and_then(|_| pg_host::site().ok());
        here.unwrap_or_default()
    }

    /// A session that may ask the server everything; none where the file was named instead of a server.
    pub(crate) fn admin(&self, context: &Context) -> Option<Result<Admin, AdminError>> {
        let cluster = self.cluster.as_ref()?;
        Some(Way::Socket.connect(cluster, context.now))
    }

    /// The value on the server's command line, which files cannot override.
    pub(crate) fn on_command_line(&self, name: &str) -> Option<&str> {
        let mut given = self.command_line.iter().rev();
        let found = given.find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The disk, with somebody's rights: a link in a user's folder must not show what only root may read.
pub(crate) struct Disk<'a>(&'a Account);

impl Files for Disk<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        hostfile::acting_as(self.0, || HostFiles.read(path))
            .unwrap_or_else(|error| Err(ReadError::Failed(error.to_string())))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        hostfile::acting_as(self.0, || HostFiles.list(folder))
            .unwrap_or_else(|error| Err(ReadError::Failed(error.to_string())))
    }
}

fn cluster(options: &ServerFile) -> Result<Cluster, Failure> {
    server::find(&args::Server {
        cluster: options.cluster.clone(),
        data_dir: options.data_dir.clone(),
        admin: None,
    })
    .map_err(|failure| {
        if options.cluster.is_some() || options.data_dir.is_some() {
            failure
        } else {
            failure.hint("--file FILE names the file itself")
        }
    })
}

/// Root reads and writes a cluster's files as its owner; everybody else as who they are.
fn owner(cluster: &Cluster, context: &Context) -> Account {
    if context.account.uid == 0 {
        cluster.owner.clone()
    } else {
        context.account.clone()
    }
}

/// For root: the owner's of the file and its folder, where both have the same.
fn rights_on(path: &Path, context: &Context) -> Result<Account, Failure> {
    if context.account.uid != 0 {
        return Ok(context.account.clone());
    }
    let whole = absolute(path.to_owned())?;
    let look = |path: &Path| {
        let failed = |error: hostfile::Error| unreadable(path, &error);
        hostfile::metadata(path).map_err(failed)
    };
    let folder = match whole.parent() {
        Some(folder) => look(folder)?,
        None => None,
    };
    let file = look(&whole)?;
    let owner = match (&folder, &file) {
        (Some(folder), Some(file)) if folder.uid == file.uid => folder.uid,
        (Some(folder), None) => folder.uid,
        _ => return Ok(context.account.clone()),
    };
    Ok(Account::by_uid(owner).unwrap_or_else(|_| context.account.clone()))
}

/// The version that a file's place tells: Debian's folders, or `PG_VERSION` beside it.
fn version_by_place(path: &Path) -> Result<Option<Version>, Failure> {
    let whole = absolute(path.to_owned())?;
    let folder = whole.parent().unwrap_or(&whole);
    let beside = hostfile::read_if_exists(&folder.join("PG_VERSION"))
        .ok()
        .flatten();
    let beside = beside.and_then(|text| String::from_utf8_lossy(&text).trim().parse().ok());
    let debian = folder
        .strip_prefix("/etc/postgresql")
        .ok()
        .and_then(|rest| {
            let version = rest.components().next()?;
            version.as_os_str().to_str()?.parse().ok()
        });
    Ok(beside.or(debian))
}

/// The newest version that is out: whose rules apply where nothing says otherwise.
const NEWEST: Version = Version::V18;

fn on_disk(rights: &Account, path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    hostfile::acting_as(rights, || hostfile::read_if_exists(path))
        .and_then(|read| read)
        .map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &hostfile::Error) -> Failure {
    advice::about_reading(
        Failure::because(format_args!("{} cannot be read", shown(path)), error),
        error,
    )
}

/// The path as pg-config takes it.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let not_text = || Failure::usage(format!("the path {} is not UTF-8", shown(path)));
    path.to_str().map(str::to_owned).ok_or_else(not_text)
}

/// The file as a path for writing.
pub(crate) fn whole(path: &str) -> Result<PathBuf, Failure> {
    absolute(PathBuf::from(path))
}
