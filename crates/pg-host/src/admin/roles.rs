//! Roles and databases: what the catalogs say about them.

use pg_probe::literal;

use super::Admin;
use super::records::{AskError, each};

impl Admin {
    /// A role; `None` where there is none of this name.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn role(&mut self, name: &str) -> Result<Option<Role>, AskError> {
        // pg_authid is for superusers only: it holds the passwords, which are not asked for.
        let sql = format!(
            "SELECT rolname, rolcanlogin, rolsuper, rolreplication, rolbypassrls, rolpassword IS NOT NULL AS has_password \
             FROM pg_authid WHERE rolname = {}",
            literal(name)
        );
        let found = each(&mut self.session, &sql, |row| {
            Ok(Role {
                name: row.text("rolname")?,
                login: row.flag("rolcanlogin")?,
                superuser: row.flag("rolsuper")?,
                replication: row.flag("rolreplication")?,
                bypass_rls: row.flag("rolbypassrls")?,
                has_password: row.flag("has_password")?,
                member_of: Vec::new(),
            })
        })?;
        let Some(role) = found.into_iter().next() else {
            return Ok(None);
        };
        let member_of = self.member_of(name)?;
        Ok(Some(Role { member_of, ..role }))
    }

    /// The roles that a role is a direct or indirect member of, itself not among them, in order of their names: those that `+group` in
    /// `pg_hba.conf` counts. A superuser is in no group by being one, and INHERIT does not matter (`acl.c`, `is_member_of_role_nosuper`).
    ///
    /// # Errors
    /// [`AskError`].
    pub fn member_of(&mut self, role: &str) -> Result<Vec<String>, AskError> {
        let sql = format!(
            "WITH RECURSIVE above(id) AS ( \
                 SELECT m.roleid FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = {} \
                 UNION \
                 SELECT m.roleid FROM pg_auth_members m JOIN above a ON a.id = m.member) \
             SELECT r.rolname FROM above a JOIN pg_roles r ON r.oid = a.id ORDER BY r.rolname COLLATE \"C\"",
            literal(role)
        );
        each(&mut self.session, &sql, |row| row.text("rolname"))
    }

    /// A database; `None` where there is none of this name.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn database(&mut self, name: &str) -> Result<Option<Database>, AskError> {
        let all = self.select_databases(&format!("WHERE datname = {}", literal(name)))?;
        Ok(all.into_iter().next())
    }

    /// Every database, in order of their names.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn databases(&mut self) -> Result<Vec<Database>, AskError> {
        self.select_databases("ORDER BY datname COLLATE \"C\"")
    }

    /// Whether a role has the privilege CONNECT on a database. A role that does not exist yet has what everybody has; a database that does not
    /// exist gives `None`.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn can_connect(&mut self, role: &str, database: &str) -> Result<Option<bool>, AskError> {
        // `public` as a name means everybody here, and no role can be called so. Looked up by oid: a missing database is no error then.
        let sql = format!(
            "SELECT has_database_privilege(COALESCE((SELECT rolname FROM pg_roles WHERE rolname = {}), 'public'), d.oid, 'CONNECT') AS ok \
             FROM pg_database d WHERE d.datname = {}",
            literal(role),
            literal(database)
        );
        let found = each(&mut self.session, &sql, |row| row.flag("ok"))?;
        Ok(found.into_iter().next())
    }

    fn select_databases(&mut self, which: &str) -> Result<Vec<Database>, AskError> {
        let sql = format!("SELECT datname, datallowconn, datistemplate FROM pg_database {which}");
        each(&mut self.session, &sql, |row| {
            Ok(Database {
                name: row.text("datname")?,
                allows_connections: row.flag("datallowconn")?,
                is_template: row.flag("datistemplate")?,
            })
        })
    }
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Exactly as the catalog has it.
    pub name: String,
    /// LOGIN.
    pub login: bool,
    /// SUPERUSER.
    pub superuser: bool,
    /// REPLICATION.
    pub replication: bool,
    /// BYPASSRLS.
    pub bypass_rls: bool,
    /// Whether a password is stored.
    pub has_password: bool,
    /// See [`Admin::member_of`].
    pub member_of: Vec<String>,
}

impl Role {
    /// Whether the role can do more than its grants say: SUPERUSER, REPLICATION or BYPASSRLS.
    #[must_use]
    pub fn is_privileged(&self) -> bool {
        self.superuser || self.replication || self.bypass_rls
    }
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Exactly as the catalog has it.
    pub name: String,
    /// ALLOW_CONNECTIONS.
    pub allows_connections: bool,
    /// IS_TEMPLATE.
    pub is_template: bool,
}
