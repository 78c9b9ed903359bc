//! An authority that is not pgcert's, with certificates that somebody made with openssl long ago.

use crate::Site;

/// An authority made with openssl on a site.
#[derive(Debug)]
pub struct Foreign<'a> {
    site: &'a Site,
    folder: String,
}

impl<'a> Foreign<'a> {
    /// A new authority with the common name `name`.
    ///
    /// # Panics
    /// When openssl fails.
    #[track_caller]
    pub fn new(site: &'a Site, name: &str) -> Self {
        let folder = format!("{}/{name}", site.scratch);
        let script = format!(
            "mkdir {folder}; cd {folder}; umask 077; \
             openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
             -subj '/CN={name}' -keyout ca.key -out ca.crt; chmod 755 .; chmod 644 ca.crt"
        );
        site.host.sh(&site.cluster.owner, &script).ok();
        Self { site, folder }
    }

    /// Its own certificate.
    pub fn root(&self) -> String {
        format!("{}/ca.crt", self.folder)
    }

    /// Issues a certificate for a server; key and certificate belong to the server's user.
    pub fn server(&self, name: &str) -> (String, String) {
        let extensions = format!("subjectAltName=DNS:{name}\\nextendedKeyUsage=serverAuth");
        self.issue(name, &extensions, &self.site.cluster.owner)
    }

    /// Issues a certificate for a client; key and certificate belong to the client's user.
    pub fn client(&self, name: &str) -> (String, String) {
        self.issue(name, "extendedKeyUsage=clientAuth", &self.site.client)
    }

    /// Puts a server certificate of this authority for `name` to work, as the server's administrator
    /// did: in a folder of its own; what the server trusts is in the data folder. Returns that file.
    ///
    /// # Panics
    /// When the server does not start with it.
    #[track_caller]
    pub fn serve(&self, name: &str) -> String {
        let (certificate, key) = self.server(name);
        let trusted = format!("{}/trusted.crt", self.site.cluster.data);
        let script = format!("cp {} {trusted}; chmod 640 {trusted}", self.root());
        self.site.host.sh(&self.site.cluster.owner, &script).ok();
        self.site.settings(&format!(
            "\nssl = on\nssl_cert_file = '{certificate}'\nssl_key_file = '{key}'\nssl_ca_file = '{trusted}'\n"
        ));
        self.site.restart();
        trusted
    }

    /// Conninfo of a client who holds a certificate of this authority.
    pub fn conninfo(&self, host: &str, role: &str) -> String {
        let (certificate, key) = self.client(role);
        format!(
            "host={host} hostaddr=127.0.0.1 port={} user={role} dbname=postgres sslmode=verify-full \
             sslcert={certificate} sslkey={key} sslrootcert={}",
            self.site.cluster.port,
            self.root()
        )
    }

    fn issue(&self, name: &str, extensions: &str, owner: &str) -> (String, String) {
        let (folder, root) = (&self.folder, self.site.host.root());
        let script = format!(
            "cd {folder}; umask 077; \
             openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN={name}' -keyout {name}.key -out {name}.csr; \
             printf '{extensions}\\n' > {name}.ext; \
             openssl x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 360 -extfile {name}.ext -out {name}.crt; \
             chmod 644 {name}.crt; chown {owner} {name}.crt {name}.key"
        );
        self.site.host.sh(&root, &script).ok();
        (
            format!("{folder}/{name}.crt"),
            format!("{folder}/{name}.key"),
        )
    }
}
