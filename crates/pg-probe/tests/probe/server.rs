//! A server that plays a script: one closure for each connection, in order.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use pg_probe::{Address, Target};
use pki_core::Time;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What happens on one connection.
pub(crate) type Script = Box<dyn FnOnce(Peer) + Send>;

/// The server.
pub(crate) struct Server {
    port: u16,
    thread: JoinHandle<()>,
}

impl Server {
    /// Listens on a free port of the loopback interface.
    pub(crate) fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            for script in scripts {
                let (stream, _) = listener.accept().unwrap();
                stream
                    .set_read_timeout(Some(Duration::from_secs(20)))
                    .unwrap();
                script(Peer::Plain(stream));
            }
        });
        Self { port, thread }
    }

    /// One connection only.
    pub(crate) fn once(script: impl FnOnce(Peer) + Send + 'static) -> Self {
        Self::start(vec![Box::new(script)])
    }

    /// Where it listens, under a name that is not looked up.
    pub(crate) fn address(&self) -> Address {
        Address::Tcp {
            host: "db.example".to_owned(),
            ip: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: self.port,
        }
    }

    /// A target with libpq's defaults.
    pub(crate) fn target(&self) -> Target {
        let mut target = Target::new(self.address(), "slardiere", "postgres", now());
        target.timeout = Duration::from_secs(20);
        target
    }

    /// Waits for the end of the script; fails if an assertion in it failed.
    pub(crate) fn finish(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// 2026-11-24.
pub(crate) fn now() -> Time {
    Time::from_unix(1_795_000_000)
}

/// The client, seen from the server.
pub(crate) enum Peer {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Peer {
    /// Reads SSLRequest and answers.
    pub(crate) fn answer_tls_request(mut self, answer: &[u8]) -> Self {
        assert_eq!(self.startup(), 80_877_103_u32.to_be_bytes());
        self.send(answer);
        self
    }

    /// Starts TLS. The handshake itself happens with the first read or write, so that the script sees its failure there.
    pub(crate) fn start_tls(self, config: Arc<ServerConfig>) -> Self {
        let Self::Plain(stream) = self else {
            panic!("TLS within TLS")
        };
        Self::Tls(Box::new(StreamOwned::new(
            ServerConnection::new(config).unwrap(),
            stream,
        )))
    }

    /// The body of a message without a kind: SSLRequest, or the startup message.
    pub(crate) fn startup(&mut self) -> Vec<u8> {
        self.body().unwrap()
    }

    /// Reads the startup message and returns its parameters as `name=value` lines.
    pub(crate) fn parameters(&mut self) -> String {
        let body = self.startup();
        assert_eq!(&body[..4], &196_608_u32.to_be_bytes());
        let words: Vec<_> = body[4..]
            .split(|byte| *byte == 0)
            .map(String::from_utf8_lossy)
            .collect();
        let pairs = words.chunks_exact(2).take_while(|pair| !pair[0].is_empty());
        pairs
            .map(|pair| format!("{}={}", pair[0], pair[1]))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The next message: its kind and body.
    pub(crate) fn message(&mut self) -> (char, Vec<u8>) {
        let mut kind = [0];
        self.read_exact(&mut kind).unwrap();
        (char::from(kind[0]), self.body().unwrap())
    }

    /// Everything until the client is gone: empty if it sent nothing more.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.read_to_end(&mut rest);
        rest
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.write_all(bytes).unwrap();
        self.flush().unwrap();
    }

    /// Sends a message.
    pub(crate) fn reply(&mut self, kind: char, body: &[u8]) {
        self.send(&message(kind, body));
    }

    /// AuthenticationOk, a few facts, ReadyForQuery.
    pub(crate) fn welcome(&mut self) {
        self.reply('R', &[0, 0, 0, 0]);
        self.reply('S', b"server_version\x0015.18\0");
        self.reply('K', &[0, 0, 0, 77, 1, 2, 3, 4]);
        self.reply('Z', b"I");
    }

    /// An error message that ends the connection.
    pub(crate) fn fatal(&mut self, code: &str, text: &str) {
        self.reply('E', &error_body("FATAL", code, text));
    }

    fn body(&mut self) -> std::io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.read_exact(&mut length)?;
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        self.read_exact(&mut body)?;
        Ok(body)
    }
}

impl Read for Peer {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// A message as bytes.
pub(crate) fn message(kind: char, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind as u8][..], &length.to_be_bytes(), body].concat()
}

/// The body of an error message.
pub(crate) fn error_body(severity: &str, code: &str, text: &str) -> Vec<u8> {
    format!("S{severity}\0V{severity}\0C{code}\0M{text}\0RClientAuthentication\0\0").into_bytes()
}
