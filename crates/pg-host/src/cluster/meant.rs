//! A connection string that names no server, said about one cluster.

use pg_config::conninfo::{Conninfo, ParseError};

use super::Cluster;
use crate::client::Environment;

impl Cluster {
    /// What an administrator's connection string means when it is said about this cluster: where neither it nor the environment names
    /// a host, address, port or service, it is this cluster's own socket and port, not libpq's default ones.
    ///
    /// # Errors
    /// None that a valid `conninfo` could cause.
    pub fn meant_by(
        &self,
        conninfo: &Conninfo,
        environment: &Environment,
    ) -> Result<Conninfo, ParseError> {
        let mut meant = conninfo.clone();
        let Some(postmaster) = &self.postmaster else {
            return Ok(meant);
        };
        let said = |keyword: &str, variable: &str| {
            let given = conninfo.get(keyword).or_else(|| environment.get(variable));
            given.is_some_and(|value| !value.is_empty())
        };
        if said("service", "PGSERVICE") || said("host", "PGHOST") || said("hostaddr", "PGHOSTADDR")
        {
            return Ok(meant);
        }
        if let Some(folder) = postmaster
            .socket_dir
            .as_ref()
            .and_then(|folder| folder.to_str())
        {
            meant.set("host", folder)?;
        }
        if !said("port", "PGPORT") {
            meant.set("port", &postmaster.port.to_string())?;
        }
        Ok(meant)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use hostfile::Account;
    use pg_config::Version;

    use super::*;
    use crate::cluster::Postmaster;

    fn meant(conninfo: &str, variable: Option<(&str, &str)>) -> String {
        let pid_file = b"7\n/d\n1\n5433\n/run/pg\n\n1 2\nready   \n";
        let cluster = Cluster {
            version: Version::V15,
            name: None,
            data_dir: PathBuf::from("/d"),
            config_file: None,
            owner: Account::current().unwrap(),
            postmaster: Postmaster::parse(pid_file, Path::new("/d")),
            bin_dir: None,
            debian: false,
        };
        let environment: Environment = variable.into_iter().collect();
        let conninfo = Conninfo::parse(conninfo).unwrap();
        cluster
            .meant_by(&conninfo, &environment)
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_string_without_a_server_means_the_clusters_own() {
        assert_eq!(meant("user=boss", None), "user=boss host=/run/pg port=5433");
        assert_eq!(
            meant("user=boss port=6000", None),
            "user=boss port=6000 host=/run/pg"
        );
    }

    #[test]
    fn a_string_or_an_environment_that_names_one_means_that() {
        assert_eq!(meant("host=db user=boss", None), "host=db user=boss");
        assert_eq!(meant("service=shop", None), "service=shop");
        assert_eq!(meant("user=boss", Some(("PGHOST", "/tmp"))), "user=boss");
        assert_eq!(meant("user=boss", Some(("PGSERVICE", "shop"))), "user=boss");
    }
}
