//! Three machines on one network: the authority's, the server's, a client's. What goes from one to
//! another goes by courier, and the courier carries no keys.

use crate::{Host, Said, Site};

/// Three machines.
#[derive(Debug)]
pub struct Hosts {
    /// The machine that signs, called `trustly`; `alma` keeps the authority there.
    pub authority: Host,
    /// The machine from which `slardiere` logs in, called `laptop`.
    pub laptop: Host,
    /// The machine with the server, called `tolva`. Declared last: the others go before its network.
    pub site: Site,
}

impl Hosts {
    /// Three containers; the server runs as its packages leave it.
    ///
    /// # Panics
    /// Where there are no containers.
    pub fn new() -> Self {
        let site = Site::in_container(&[]);
        let authority = Host::container("trustly", site.network(), &[]);
        let laptop = Host::container("laptop", site.network(), &[]);
        add_user(&authority, "alma");
        add_user(&laptop, "slardiere");
        Self {
            authority,
            laptop,
            site,
        }
    }

    /// All three.
    pub fn all(&self) -> [&Host; 3] {
        [&self.authority, &self.site.host, &self.laptop]
    }

    /// Runs `psql` on the laptop as `slardiere`; rows without headings.
    pub fn psql(&self, conninfo: &str, sql: &str) -> Said {
        self.laptop
            .run("slardiere", &["psql", "-XAtq", "-d", conninfo, "-c", sql])
    }
}

impl Default for Hosts {
    fn default() -> Self {
        Self::new()
    }
}

/// Carries a file to another machine, where it belongs to `owner` and everybody may read it.
///
/// # Panics
/// When there is a private key in it.
#[track_caller]
pub fn carry(from: (&Host, &str), to: (&Host, &str), owner: &str) {
    let text = from
        .0
        .read(from.1)
        .unwrap_or_else(|| panic!("{} is not there", from.1));
    assert!(!text.contains("PRIVATE KEY"), "{} holds a key", from.1);
    to.0.write(to.1, &text, &format!("{owner}:{owner}"), "644");
}

fn add_user(host: &Host, name: &str) {
    host.run(
        "root",
        &["useradd", "--create-home", "--shell", "/bin/bash", name],
    )
    .ok();
}
