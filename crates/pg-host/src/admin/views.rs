//! The server's views of its settings and its access rules: `pg_settings`, `pg_file_settings`, `pg_hba_file_rules`,
//! `pg_ident_file_mappings`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pg_config::Version;

use super::Admin;
use super::records::{AskError, Record, each, one};

impl Admin {
    /// Every setting as it is in force in a new session of this role (`pg_settings`).
    ///
    /// # Errors
    /// [`AskError`].
    pub fn settings(&mut self) -> Result<Settings, AskError> {
        let sql = "SELECT name, setting, unit, context, source, sourcefile, sourceline, pending_restart FROM pg_settings";
        let all = each(&mut self.session, sql, |row| {
            Ok(Setting {
                name: row.text("name")?,
                value: row.optional("setting").unwrap_or_default(),
                unit: row.optional("unit"),
                context: row.text("context")?,
                source: row.text("source")?,
                file: row.optional("sourcefile").map(PathBuf::from),
                line: row.optional_number("sourceline")?,
                pending_restart: row.flag("pending_restart")?,
            })
        })?;
        Ok(Settings(
            all.into_iter().map(|s| (s.name.clone(), s)).collect(),
        ))
    }

    /// What the configuration files say now, in force or not (`pg_file_settings`): the server reads them again for this.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn file_settings(&mut self) -> Result<Vec<FileSetting>, AskError> {
        let sql = "SELECT sourcefile, sourceline, name, setting, applied, error FROM pg_file_settings ORDER BY seqno";
        each(&mut self.session, sql, |row| {
            Ok(FileSetting {
                file: row.optional("sourcefile").map(PathBuf::from),
                line: row.optional_number("sourceline")?,
                name: row.optional("name"),
                value: row.optional("setting"),
                applied: row.flag("applied")?,
                error: row.optional("error"),
            })
        })
    }

    /// Those of [`Admin::file_settings`] that the server refuses. The view complains about a setting that waits for a restart as well
    /// (`ProcessConfigFileInternal`: "setting could not be applied"); such a one keeps nothing else from being loaded and is left out.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn file_settings_errors(&mut self) -> Result<Vec<FileSetting>, AskError> {
        let sql = "SELECT name FROM pg_settings WHERE context = 'postmaster'";
        let at_start = each(&mut self.session, sql, |row| row.text("name"))?;
        let waits = |row: &FileSetting| {
            let name = row.name.as_deref().unwrap_or_default();
            let known = at_start
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name));
            known || row.is_removal()
        };
        let mut refused = self.file_settings()?;
        refused.retain(|row| row.error.is_some() && !waits(row));
        Ok(refused)
    }

    /// The rules as `pg_hba.conf` says them now, loaded or not (`pg_hba_file_rules`): the server reads the file again for this.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn hba_file_rules(&mut self) -> Result<Vec<HbaRow>, AskError> {
        let included = self.version >= Version::V16;
        let sql = if included {
            "SELECT rule_number, file_name, line_number, type, database, user_name, address, netmask, auth_method, options, error \
             FROM pg_hba_file_rules"
        } else {
            "SELECT NULL AS rule_number, NULL AS file_name, line_number, type, database, user_name, address, netmask, \
             auth_method, options, error FROM pg_hba_file_rules"
        };
        each(&mut self.session, sql, hba_row)
    }

    /// The user name maps as `pg_ident.conf` says them now, loaded or not (`pg_ident_file_mappings`); `None` before 15, which has no such
    /// view.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ident_file_mappings(&mut self) -> Result<Option<Vec<IdentRow>>, AskError> {
        let sql = match self.version {
            version if version < Version::V15 => return Ok(None),
            Version::V15 => {
                "SELECT NULL AS map_number, NULL AS file_name, line_number, map_name, sys_name, pg_username, error \
                 FROM pg_ident_file_mappings"
            }
            _ => {
                "SELECT map_number, file_name, line_number, map_name, sys_name, pg_username, error FROM pg_ident_file_mappings"
            }
        };
        each(&mut self.session, sql, |row| {
            Ok(IdentRow {
                number: row.optional_number("map_number")?,
                file: row.optional("file_name").map(PathBuf::from),
                line: row.optional_number("line_number")?,
                map: row.optional("map_name"),
                system_user: row.optional("sys_name"),
                role: row.optional("pg_username"),
                error: row.optional("error"),
            })
        })
        .map(Some)
    }

    /// When this session's process last read the configuration files (`pg_conf_load_time`), in microseconds since the Unix epoch. A
    /// change shows that a reload has arrived, not that it succeeded: the server tells its processes after it has read the settings and before it reads
    /// `pg_hba.conf`, `pg_ident.conf` and the files of TLS (`postmaster.c`, `process_pm_reload_request`).
    ///
    /// # Errors
    /// [`AskError`].
    pub fn conf_load_time(&mut self) -> Result<i64, AskError> {
        self.microseconds("pg_conf_load_time()")
    }

    /// When the server was started (`pg_postmaster_start_time`), in microseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn started(&mut self) -> Result<i64, AskError> {
        self.microseconds("pg_postmaster_start_time()")
    }

    fn microseconds(&mut self, expression: &str) -> Result<i64, AskError> {
        let sql = format!("SELECT round(extract(epoch FROM {expression}) * 1000000)::bigint AS at");
        one(&mut self.session, &sql)?.number("at")
    }
}

/// Settings by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, Setting>);

impl Settings {
    /// A setting; `None` where this version or this role knows none of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.0.get(name)
    }

    /// A setting's value, empty where there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.get(name).map_or("", |setting| setting.value.as_str())
    }

    /// Whether a setting is `on`.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.value(name) == "on"
    }

    /// All of them, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.values()
    }
}

impl FromIterator<Setting> for Settings {
    fn from_iter<I: IntoIterator<Item = Setting>>(settings: I) -> Self {
        Self(settings.into_iter().map(|s| (s.name.clone(), s)).collect())
    }
}

/// One row of `pg_settings`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setting {
    /// In lower case mostly (`DateStyle` is not).
    pub name: String,
    /// In the unit given.
    pub value: String,
    /// Such as `8kB`, `ms`; `None` for what has none.
    pub unit: Option<String>,
    /// What it takes to change it: `internal`, `postmaster`, `sighup`, `superuser`, `user` and so on.
    pub context: String,
    /// Where it comes from: `default`, `configuration file`, `command line`, `override` and so on.
    pub source: String,
    /// The file that it stands in, where it comes from one.
    pub file: Option<PathBuf>,
    /// The line in that file, from 1.
    pub line: Option<u32>,
    /// Whether the file says something else that needs a restart.
    pub pending_restart: bool,
}

/// One row of `pg_file_settings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSetting {
    /// The file.
    pub file: Option<PathBuf>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The setting, where the line names one.
    pub name: Option<String>,
    /// Its value.
    pub value: Option<String>,
    /// Whether it could be applied.
    pub applied: bool,
    /// What is wrong, in the server's words.
    pub error: Option<String>,
}

impl FileSetting {
    /// Whether a reload would apply nothing at all because of it. A value that is refused, or that needs a restart, is passed over
    /// by itself (`guc.c`, `ProcessConfigFileInternal`).
    #[must_use]
    pub fn stops_a_reload(&self) -> bool {
        let passed_over = self.error.as_deref() == Some(NOT_APPLIED) || self.is_removal();
        self.error.is_some() && !passed_over
    }

    /// Whether it stands for a setting that the files have no longer and that keeps its value until a restart. Nothing else has neither
    /// a name nor a place.
    #[must_use]
    pub fn is_removal(&self) -> bool {
        let nowhere = self.file.is_none() && self.name.is_none();
        nowhere
            && self
                .error
                .as_deref()
                .is_some_and(|error| error.ends_with(NEEDS_RESTART))
    }

    /// Where and why the server refuses it, in its words.
    #[must_use]
    pub fn refusal(&self) -> String {
        let mut words = String::new();
        if let Some(file) = &self.file {
            words.push_str(&file.display().to_string());
            if let Some(line) = self.line {
                words.push_str(&format!(":{line}"));
            }
            words.push_str(": ");
        }
        if let Some(name) = &self.name {
            words.push_str(&format!("{name}: "));
        }
        words.push_str(self.error.as_deref().unwrap_or("refused"));
        words
    }
}

/// One row of `pg_hba_file_rules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HbaRow {
    /// From 1 in order of trial; 16 and newer, and not for lines with an error.
    pub number: Option<u32>,
    /// The file that the line stands in; 16 and newer.
    pub file: Option<PathBuf>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// `local`, `host`, `hostssl`, ...
    pub kind: Option<String>,
    /// As listed in the file; keywords are not told from names.
    pub databases: Vec<String>,
    /// As listed in the file; keywords are not told from names.
    pub users: Vec<String>,
    /// The address as the server prints it, a host name, or `all`, `samehost`, `samenet`.
    pub address: Option<String>,
    /// The netmask that goes with an address.
    pub netmask: Option<String>,
    /// The method.
    pub method: Option<String>,
    /// The options as `name=value`; `clientname` is never among them.
    pub options: Vec<String>,
    /// What the server says about the line.
    pub error: Option<String>,
}

impl HbaRow {
    /// Whether the server refuses the line, and with it the whole file.
    ///
    /// A bad value of `clientcert` or `clientname` leaves every column NULL, `error` too; a `hostssl` line while TLS is off is kept, and `error`
    /// says that it cannot match. So it is the type that tells (`hba.c`, `fill_hba_line`).
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.kind.is_none()
    }

    /// Where and why the server refuses the line, in its words where it has any.
    #[must_use]
    pub fn refusal(&self) -> String {
        let line = self.line.map(|line| format!("line {line}: "));
        let reason = self
            .error
            .as_deref()
            .unwrap_or("the value of an option is invalid");
        format!("{}{reason}", line.unwrap_or_default())
    }
}

/// One row of `pg_ident_file_mappings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentRow {
    /// From 1 in order of trial; 16 and newer, and not for lines with an error.
    pub number: Option<u32>,
    /// The file that the line stands in; 16 and newer.
    pub file: Option<PathBuf>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The map.
    pub map: Option<String>,
    /// The system user, or a pattern.
    pub system_user: Option<String>,
    /// The role.
    pub role: Option<String>,
    /// What is wrong, in the server's words.
    pub error: Option<String>,
}

impl IdentRow {
    /// Whether the server refuses the line, and with it the whole file.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.map.is_none()
    }
}

fn hba_row(row: &Record<'_>) -> Result<HbaRow, AskError> {
    Ok(HbaRow {
        number: row.optional_number("rule_number")?,
        file: row.optional("file_name").map(PathBuf::from),
        line: row.optional_number("line_number")?,
        kind: row.optional("type"),
        databases: row.texts("database")?,
        users: row.texts("user_name")?,
        address: row.optional("address"),
        netmask: row.optional("netmask"),
        method: row.optional("auth_method"),
        options: row.texts("options")?,
        error: row.optional("error"),
    })
}

/// The server never translates these, whatever `lc_messages` says.
const NOT_APPLIED: &str = "setting could not be applied";
const NEEDS_RESTART: &str = "cannot be changed without restarting the server";
