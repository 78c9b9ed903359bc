//! From the startup message to the first ReadyForQuery: parameters, authentication, and what the server says of itself.

use std::collections::BTreeMap;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use pg_config::conninfo::ChannelBinding;
use pki_core::Certificate;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{self, ScramSha256};
use postgres_protocol::message::backend::{
    AUTHENTICATION_TAG, AuthenticationSaslBody, ERROR_RESPONSE_TAG, ErrorFields, Message,
};
use postgres_protocol::message::frontend;

use crate::binding::tls_server_end_point;
use crate::channel::{Broken, Channel};
use crate::report::AuthMethod;
use crate::{Failure, ServerError, Target};

/// Why the login ended.
pub(crate) enum Ended {
    /// The connection broke; what that means depends on where it happened.
    Broken(Broken),
    /// The server's error message. Before AuthenticationOk `prefer` and `allow` try again the other way.
    Refused(Box<ServerError>),
    /// Anything else.
    Failed(Failure),
}

impl From<Broken> for Ended {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// Sends the startup message and answers challenges until AuthenticationOk. `certificate`: the server's, where TLS is in use.
pub(crate) fn authenticate(
    channel: &mut Channel,
    target: &Target,
    certificate: Option<&Certificate>,
    method: &mut Option<AuthMethod>,
) -> Result<(), Ended> {
    send(channel, |buffer| {
        frontend::startup_message(startup_parameters(target), buffer)
    })?;
    let mut exchange: Option<Scram> = None;
    loop {
        // As libpq: nothing else may come here (fe-connect.c, CONNECTION_AWAITING_RESPONSE), whatever listens there may be no PostgreSQL.
        let tag = channel.peek()?;
        if tag != AUTHENTICATION_TAG && tag != ERROR_RESPONSE_TAG {
            let reason = format!(
                "expected authentication request from server, but received {:?}",
                char::from(tag)
            );
            return Err(Ended::Failed(Failure::Protocol { reason }));
        }
        match channel.receive(LONGEST_BEFORE_LOGIN)? {
            Message::ErrorResponse(body) => {
                return Err(Ended::Refused(Box::new(server_error(body.fields()))));
            }
            Message::AuthenticationOk => {
                let bound = exchange.as_ref().is_some_and(|exchange| exchange.bound);
                if exchange.is_some_and(|exchange| !exchange.finished) {
                    return Err(scram("server did not prove that it knows the password"));
                }
                if target.channel_binding == ChannelBinding::Require && !bound {
                    let reason = "server authenticated client without channel binding";
                    return Err(Ended::Failed(Failure::NoChannelBinding { reason }));
                }
                method.get_or_insert(AuthMethod::NoChallenge);
                return Ok(());
            }
            Message::AuthenticationCleartextPassword => {
                let password = challenged(target, method, AuthMethod::Cleartext)?;
                send(channel, |buffer| {
                    frontend::password_message(password, buffer)
                })?;
            }
            Message::AuthenticationMd5Password(body) => {
                let password = challenged(target, method, AuthMethod::Md5)?;
                let hash = md5_hash(target.user.as_bytes(), password, body.salt());
                send(channel, |buffer| {
                    frontend::password_message(hash.as_bytes(), buffer)
                })?;
            }
            Message::AuthenticationSasl(body) => {
                let started = Scram::start(&body, target, certificate, method)?;
                let mechanism = if started.bound {
                    sasl::SCRAM_SHA_256_PLUS
                } else {
                    sasl::SCRAM_SHA_256
                };
                send(channel, |buffer| {
                    frontend::sasl_initial_response(mechanism, started.client.message(), buffer)
                })?;
                exchange = Some(started);
            }
            Message::AuthenticationSaslContinue(body) => {
                let exchange = exchange.as_mut().ok_or_else(out_of_order)?;
                exchange
                    .client
                    .update(body.data())
                    .map_err(|error| scram(error.to_string()))?;
                send(channel, |buffer| {
                    frontend::sasl_response(exchange.client.message(), buffer)
                })?;
            }
            Message::AuthenticationSaslFinal(body) => {
                let exchange = exchange.as_mut().ok_or_else(out_of_order)?;
                exchange
                    .client
                    .finish(body.data())
                    .map_err(|error| scram(error.to_string()))?;
                exchange.finished = true;
            }
            Message::AuthenticationGss | Message::AuthenticationGssContinue(_) => {
                return Err(unsupported(method, "GSSAPI"));
            }
            Message::AuthenticationSspi => return Err(unsupported(method, "SSPI")),
            Message::AuthenticationKerberosV5 => return Err(unsupported(method, "Kerberos 5")),
            Message::AuthenticationScmCredential => {
                return Err(unsupported(method, "SCM credentials"));
            }
            _ => return Err(out_of_order()),
        }
    }
}

/// What the server says of itself before it is ready.
#[derive(Debug, Default)]
pub(crate) struct Greeting {
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) process_id: i32,
}

/// Waits for the first ReadyForQuery. Missing roles and databases are found out here, after authentication.
pub(crate) fn greet(channel: &mut Channel) -> Result<Greeting, Ended> {
    let mut greeting = Greeting::default();
    loop {
        match channel.receive(LONGEST_BEFORE_LOGIN)? {
            Message::ReadyForQuery(_) => return Ok(greeting),
            Message::BackendKeyData(body) => greeting.process_id = body.process_id(),
            Message::ParameterStatus(body) => {
                if let (Ok(name), Ok(value)) = (body.name(), body.value()) {
                    greeting
                        .parameters
                        .insert(name.to_owned(), value.to_owned());
                }
            }
            Message::NoticeResponse(_) => {}
            Message::ErrorResponse(body) => {
                return Err(Ended::Refused(Box::new(server_error(body.fields()))));
            }
            _ => return Err(out_of_order()),
        }
    }
}

/// The fields of an error message.
pub(crate) fn server_error(mut fields: ErrorFields<'_>) -> ServerError {
    let mut error = ServerError::default();
    let mut translated = String::new();
    while let Ok(Some(field)) = fields.next() {
        let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'S' => translated = value,
            b'V' => error.severity = value,
            b'C' => error.code = value,
            b'M' => error.message = value,
            b'D' => error.detail = Some(value),
            b'H' => error.hint = Some(value),
            b'W' => error.context = Some(value),
            b'R' => error.routine = Some(value),
            other => error.others.push((char::from(other), value)),
        }
    }
    if error.severity.is_empty() {
        error.severity = translated;
    }
    error
}

/// A SCRAM exchange.
struct Scram {
    client: ScramSha256,
    bound: bool,
    finished: bool,
}

impl Scram {
    /// Chooses the mechanism as libpq does (fe-auth.c, `pg_SASL_init`).
    fn start(
        body: &AuthenticationSaslBody,
        target: &Target,
        certificate: Option<&Certificate>,
        method: &mut Option<AuthMethod>,
    ) -> Result<Self, Ended> {
        let offered: Vec<&str> = body
            .mechanisms()
            .collect()
            .map_err(|error| protocol(error.to_string()))?;
        let plus = offered.contains(&sasl::SCRAM_SHA_256_PLUS);
        if plus && certificate.is_none() {
            return Err(protocol(
                "server offered SCRAM-SHA-256-PLUS authentication over a non-SSL connection"
                    .to_owned(),
            ));
        }
        let bound = plus && target.channel_binding != ChannelBinding::Disable;
        if !bound && !offered.contains(&sasl::SCRAM_SHA_256) {
            return Err(unsupported(method, &offered.join(", ")));
        }
        if !bound && target.channel_binding == ChannelBinding::Require {
            let reason =
                "server did not offer an authentication method that supports channel binding";
            return Err(Ended::Failed(Failure::NoChannelBinding { reason }));
        }
        let password = challenged(
            target,
            method,
            AuthMethod::Scram {
                channel_binding: bound,
            },
        )?;
        let binding = match certificate {
            Some(certificate) if bound => {
                let hash = tls_server_end_point(certificate.der())
                    .ok_or(Ended::Failed(Failure::ChannelBindingDigest))?;
                sasl::ChannelBinding::tls_server_end_point(hash)
            }
            // "y": could have, but was not offered; "n": cannot or must not (RFC 5802 section 6).
            Some(_) if target.channel_binding != ChannelBinding::Disable => {
                sasl::ChannelBinding::unrequested()
            }
            _ => sasl::ChannelBinding::unsupported(),
        };
        Ok(Self {
            client: ScramSha256::new(password, binding),
            bound,
            finished: false,
        })
    }
}

/// Notes what was demanded and gives the password for it.
fn challenged<'a>(
    target: &'a Target,
    noted: &mut Option<AuthMethod>,
    method: AuthMethod,
) -> Result<&'a [u8], Ended> {
    *noted = Some(method.clone());
    // libpq: check_expected_areq.
    if target.channel_binding == ChannelBinding::Require
        && !matches!(method, AuthMethod::Scram { .. })
    {
        let reason = "channel binding is not supported by server's authentication request";
        return Err(Ended::Failed(Failure::NoChannelBinding { reason }));
    }
    match &target.password {
        Some(password) if !password.as_bytes().is_empty() => Ok(password.as_bytes()),
        _ => Err(Ended::Failed(Failure::PasswordNeeded { method })),
    }
}

fn startup_parameters(target: &Target) -> impl Iterator<Item = (&str, &str)> {
    let settings = target.settings.iter();
    let settings = settings.map(|(name, value)| (name.as_str(), value.as_str()));
    let named = [
        ("user", target.user.as_str()),
        ("database", &target.database),
        ("replication", &target.replication),
        ("options", &target.options),
        ("application_name", &target.application_name),
        ("client_encoding", &target.client_encoding),
    ];
    let named = named.into_iter().filter(|(_, value)| !value.is_empty());
    // What is set for the session is sent even where it is empty (fe-protocol3.c, build_startup_packet).
    named.chain(settings)
}

fn send(
    channel: &mut Channel,
    message: impl FnOnce(&mut BytesMut) -> std::io::Result<()>,
) -> Result<(), Ended> {
    let mut buffer = BytesMut::new();
    // Only a NUL in a string can go wrong here.
    message(&mut buffer).map_err(|error| protocol(error.to_string()))?;
    Ok(channel.send(&buffer)?)
}

fn unsupported(noted: &mut Option<AuthMethod>, name: &str) -> Ended {
    let method = AuthMethod::Other(name.to_owned());
    *noted = Some(method.clone());
    Ended::Failed(Failure::UnsupportedAuthentication { method })
}

fn scram(reason: impl Into<String>) -> Ended {
    Ended::Failed(Failure::Scram {
        reason: reason.into(),
    })
}

fn out_of_order() -> Ended {
    protocol("a message out of order".to_owned())
}

fn protocol(reason: String) -> Ended {
    Ended::Failed(Failure::Protocol { reason })
}

/// What libpq takes at most from a server that has not authenticated anything yet (fe-connect.c, `MAX_ERRLEN`).
const LONGEST_BEFORE_LOGIN: usize = 30_000;
