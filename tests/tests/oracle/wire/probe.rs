//! A client that knows as much of the protocol as it takes to be refused: it says who it is, answers the demand for a
//! password with a wrong one, and hears why not.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use e2e::first_match::{Client, Way};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

/// Where a server is called, and how.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) port: u16,
    pub(super) socket: PathBuf,
    pub(super) tls: Arc<ClientConfig>,
}

/// What a client was told, and by which name the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) key: String,
    pub(super) code: String,
    pub(super) message: String,
}

impl Line {
    pub(super) fn new(port: u16, folder: &str) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody))
            .with_no_client_auth();
        Self {
            port,
            socket: PathBuf::from(format!("{folder}/.s.PGSQL.{port}")),
            tls: Arc::new(config),
        }
    }

    /// Calls the server as this client, and hears how it is refused.
    pub(super) fn probe(&self, client: &Client<'_>) -> io::Result<Told> {
        if client.way == Way::Socket {
            let stream = UnixStream::connect(&self.socket)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            return talk(stream, client, "[local]".to_owned());
        }
        let mut stream = self.dial(client.address.unwrap())?;
        let own = stream.local_addr()?;
        let key = format!("{}({})", own.ip(), own.port());
        if client.way == Way::Plain {
            return talk(stream, client, key);
        }
        stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])?;
        let mut answer = [0];
        stream.read_exact(&mut answer)?;
        if answer != *b"S" {
            return Err(io::Error::other("no TLS"));
        }
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let session = ClientConnection::new(self.tls.clone(), name).map_err(io::Error::other)?;
        talk(StreamOwned::new(session, stream), client, key)
    }

    /// A connection from this address.
    fn dial(&self, from: IpAddr) -> io::Result<TcpStream> {
        let (family, to): (_, IpAddr) = match from {
            IpAddr::V4(_) => (AddressFamily::INET, Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(_) => (AddressFamily::INET6, Ipv6Addr::LOCALHOST.into()),
        };
        let socket = socket(family, SocketType::STREAM, None)?;
        bind(&socket, &SocketAddr::new(from, 0))?;
        connect(&socket, &SocketAddr::new(to, self.port))?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }
}

/// How long a server may think.
const PATIENCE: Duration = Duration::from_secs(20);

fn talk(mut stream: impl Read + Write, client: &Client<'_>, key: String) -> io::Result<Told> {
    let mut words = vec![("user", client.role)];
    words.push(
        client
            .database
            .map_or(("replication", "true"), |name| ("database", name)),
    );
    let mut startup = 196_608_u32.to_be_bytes().to_vec();
    for (name, value) in words {
        for word in [name, value] {
            startup.extend_from_slice(word.as_bytes());
            startup.push(0);
        }
    }
    startup.push(0);
    stream.write_all(&framed(&[], &startup))?;
    stream.flush()?;
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; usize::try_from(length).unwrap_or(4).saturating_sub(4)];
        stream.read_exact(&mut body)?;
        match (head[0], &body[..]) {
            (b'R', [0, 0, 0, 3]) => {
                stream.write_all(&framed(b"p", b"wrong\0"))?;
                stream.flush()?;
            }
            (b'E', fields) => {
                let field = |wanted: u8| {
                    fields
                        .split(|byte| *byte == 0)
                        .find_map(|field| field.strip_prefix(&[wanted]))
                        .map(|text| String::from_utf8_lossy(text).into_owned())
                        .unwrap_or_default()
                };
                return Ok(Told {
                    key,
                    code: field(b'C'),
                    message: field(b'M'),
                });
            }
            (kind, _) => {
                let kind = char::from(kind);
                return Err(io::Error::other(format!(
                    "message {kind} of {length} bytes"
                )));
            }
        }
    }
}

fn framed(kind: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(0).to_be_bytes();
    [kind, &length, body].concat()
}

/// Takes any server for the one that was meant.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ED25519,
            SignatureScheme::RSA_PSS_SHA256,
        ]
    }
}
