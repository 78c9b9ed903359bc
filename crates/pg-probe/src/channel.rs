//! The byte stream to the server, in clear or through TLS, and the protocol's messages on it.

use std::io::{self, Read, Write};

use bytes::BytesMut;
use postgres_protocol::message::backend::{Header, Message};
use rustls::ClientConnection;

use crate::socket::{Deadline, Socket};

/// A stream of messages to and from the server.
#[derive(Debug)]
pub(crate) struct Channel {
    stream: Stream,
    received: BytesMut,
}

/// What the bytes run through.
#[derive(Debug)]
pub(crate) enum Stream {
    /// In clear.
    Plain(Socket),
    /// Through TLS.
    Tls(Box<TlsStream>),
}

/// Why nothing more can be read or written.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The socket failed; `TimedOut` when the deadline passed.
    Io(io::Error),
    /// TLS failed.
    Tls(rustls::Error),
    /// The server closed the connection.
    Closed,
    /// The server sent what the protocol does not allow.
    Protocol(String),
}

impl Channel {
    /// Begins to exchange messages.
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            received: BytesMut::new(),
        }
    }

    /// Sends bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        match &mut self.stream {
            Stream::Plain(socket) => match socket.write_all(bytes) {
                Ok(()) => Ok(()),
                // What the server said before it closed (an error message) may still be waiting to be read.
                Err(error) if is_closed(&error) => Ok(()),
                Err(error) => Err(Broken::Io(error)),
            },
            Stream::Tls(tls) => tls.send(bytes),
        }
    }

    /// The next message; one longer than `limit` bytes is an error.
    pub(crate) fn receive(&mut self, limit: usize) -> Result<Message, Broken> {
        loop {
            let header = self.header()?;
            if usize::try_from(header.len()).is_ok_and(|length| length > limit) {
                let tag = char::from(header.tag());
                return Err(Broken::Protocol(format!(
                    "message {tag:?} of {} bytes",
                    header.len()
                )));
            }
            match Message::parse(&mut self.received) {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => self.fill()?,
                Err(error) => return Err(Broken::Protocol(error.to_string())),
            }
        }
    }

    /// The kind of the next message, once its header is there.
    pub(crate) fn peek(&mut self) -> Result<u8, Broken> {
        Ok(self.header()?.tag())
    }

    fn header(&mut self) -> Result<Header, Broken> {
        loop {
            match Header::parse(&self.received) {
                Ok(Some(header)) => return Ok(header),
                Ok(None) => self.fill()?,
                Err(error) => return Err(Broken::Protocol(error.to_string())),
            }
        }
    }

    /// Sets the deadline for what comes.
    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        match &mut self.stream {
            Stream::Plain(socket) => socket.set_deadline(deadline),
            Stream::Tls(tls) => tls.socket.set_deadline(deadline),
        }
    }

    /// Says goodbye on the TLS level, where there is one. Best effort.
    pub(crate) fn close(&mut self) {
        if let Stream::Tls(tls) = &mut self.stream {
            tls.connection.send_close_notify();
            while tls.connection.wants_write() && tls.connection.write_tls(&mut tls.socket).is_ok()
            {
            }
        }
    }

    fn fill(&mut self) -> Result<(), Broken> {
        let mut chunk = [0; 8192];
        let read = match &mut self.stream {
            Stream::Plain(socket) => match socket.read(&mut chunk) {
                Ok(read) => read,
                Err(error) if is_closed(&error) => 0,
                Err(error) => return Err(Broken::Io(error)),
            },
            Stream::Tls(tls) => tls.receive(&mut chunk)?,
        };
        if read == 0 {
            return Err(Broken::Closed);
        }
        self.received.extend_from_slice(&chunk[..read]);
        Ok(())
    }
}

/// A TLS session on a socket.
#[derive(Debug)]
pub(crate) struct TlsStream {
    /// The session.
    pub(crate) connection: ClientConnection,
    socket: Socket,
}

impl TlsStream {
    /// A session that has not begun.
    pub(crate) fn new(connection: ClientConnection, socket: Socket) -> Self {
        Self { connection, socket }
    }

    /// Shakes hands. A TLS 1.3 server judges the client's certificate only afterwards: its alert comes with the first read.
    pub(crate) fn shake_hands(&mut self) -> Result<(), Broken> {
        while self.connection.is_handshaking() {
            self.flush()?;
            if self.connection.is_handshaking() && self.pull()? == 0 {
                return Err(Broken::Closed);
            }
        }
        self.flush()
    }

    fn send(&mut self, mut bytes: &[u8]) -> Result<(), Broken> {
        while !bytes.is_empty() {
            let taken = self.connection.writer().write(bytes).map_err(Broken::Io)?;
            bytes = &bytes[taken..];
            match self.flush() {
                // As in clear: what the server said before it closed may be there to be read.
                Err(Broken::Closed) => return Ok(()),
                other => other?,
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Broken> {
        loop {
            match self.connection.reader().read(buffer) {
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Closed without close_notify. The protocol's own messages say whether something is missing.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) => return Err(Broken::Io(error)),
            }
            self.flush()?;
            if self.pull()? == 0 {
                return Ok(0);
            }
        }
    }

    /// Writes what waits to be written. Where the server has closed already, what it said before is looked for first: an alert
    /// explains, a broken pipe does not.
    fn flush(&mut self) -> Result<(), Broken> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut self.socket) {
                Ok(_) => {}
                Err(error) if is_closed(&error) => {
                    while self.pull()? > 0 {}
                    return Err(Broken::Closed);
                }
                Err(error) => return Err(Broken::Io(error)),
            }
        }
        Ok(())
    }

    /// Reads once from the socket and digests it; 0 at the end.
    fn pull(&mut self) -> Result<usize, Broken> {
        let read = match self.connection.read_tls(&mut self.socket) {
            Ok(read) => read,
            Err(error) if is_closed(&error) => 0,
            Err(error) => return Err(Broken::Io(error)),
        };
        if let Err(error) = self.connection.process_new_packets() {
            // The alert that tells the server why.
            while self.connection.wants_write()
                && self.connection.write_tls(&mut self.socket).is_ok()
            {}
            return Err(Broken::Tls(error));
        }
        Ok(read)
    }
}

/// Whether an error says that the other side has closed.
pub(crate) fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}
