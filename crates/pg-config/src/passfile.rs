//! `.pgpass`: which password libpq takes for a connection. Whether the file's mode allows it to be used is for whoever
//! reads it.

use alloc::vec::Vec;

use crate::Version;

/// The password that libpq of this version takes for a connection: the first line that matches (`fe-connect.c`,
/// `passwordFromFile`). `host` is `localhost` for the default socket folder; `database` is `replication` for physical
/// replication.
pub fn lookup(
    passfile: &[u8],
    host: &str,
    port: &str,
    database: &str,
    user: &str,
    version: Version,
) -> Option<Vec<u8>> {
    let _ = (passfile, host, port, database, user, version);
    todo!()
}
