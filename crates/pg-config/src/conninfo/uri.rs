//! Connection URIs, read and written (`fe-connect.c`, `conninfo_uri_parse_options`):
//! `postgresql://[user[:password]@][host][:port][,...][/dbname][?keyword=value&...]`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::keyword::ELIDED;
use super::{Conninfo, Keyword, ParseError};
use crate::Version;

/// What follows the scheme, where `text` is a URI.
pub(super) fn without_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("postgresql://")
        .or_else(|| text.strip_prefix("postgres://"))
}

/// Reads the `rest` of a `whole` URI.
pub(super) fn parse(
    conninfo: &mut Conninfo,
    whole: &str,
    rest: &str,
    version: Version,
) -> Result<(), ParseError> {
    let mut rest = rest;
    // The first `@` before any `/` ends the credentials; an `@` in a password has to be encoded.
    if let Some(at) = rest
        .find(['@', '/'])
        .filter(|&at| rest.as_bytes()[at] == b'@')
    {
        let (user, password) = rest[..at].split_once(':').unwrap_or((&rest[..at], ""));
        store(conninfo, "user", user, version)?;
        store(conninfo, "password", password, version)?;
        rest = &rest[at + 1..];
    }

    let (mut hosts, mut ports) = (String::new(), String::new());
    loop {
        let host;
        (host, rest) = match rest.strip_prefix('[') {
            Some(bracketed) => address(whole, bracketed)?,
            None => rest.split_at(rest.find([':', '/', '?', ',']).unwrap_or(rest.len())),
        };
        hosts.push_str(host);
        if let Some(port) = rest.strip_prefix(':') {
            let end = port.find(['/', '?', ',']).unwrap_or(port.len());
            ports.push_str(&port[..end]);
            rest = &port[end..];
        }
        let Some(next) = rest.strip_prefix(',') else {
            break;
        };
        rest = next;
        hosts.push(',');
        ports.push(',');
    }
    store(conninfo, "host", &hosts, version)?;
    store(conninfo, "port", &ports, version)?;

    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if let Some(database) = path.strip_prefix('/') {
        store(conninfo, "dbname", database, version)?;
    }
    parameters(conninfo, query, version)
}

/// Writes a URI that [`parse`] reads back as the same parameters.
pub(super) fn write(conninfo: &Conninfo) -> String {
    let mut uri = String::from("postgresql://");
    let given = |keyword| conninfo.get(keyword).filter(|value| !value.is_empty());
    let mut placed: Vec<&str> = Vec::new();
    let (user, password) = (given("user"), given("password"));
    if user.is_some() || password.is_some() {
        uri.push_str(&encoded(user.unwrap_or_default()));
        if let Some(password) = password {
            uri.push_str(&format!(":{}", encoded(password)));
        }
        uri.push('@');
        placed.extend(user.map(|_| "user"));
        placed.extend(password.map(|_| "password"));
    }
    let list = |keyword| -> Vec<&str> {
        given(keyword)
            .map(|list| list.split(',').collect())
            .unwrap_or_default()
    };
    let (hosts, ports) = (list("host"), list("port"));
    // Several hosts there have a port each, if only an empty one.
    if ports.len() == hosts.len().max(1) || hosts.len() < 2 && ports.is_empty() {
        for i in 0..hosts.len().max(1) {
            if i > 0 {
                uri.push(',');
            }
            if let Some(host) = hosts.get(i) {
                let address = host.contains(':')
                    && host
                        .bytes()
                        .all(|b| b.is_ascii_hexdigit() || b".:".contains(&b));
                uri.push_str(&if address {
                    format!("[{host}]")
                } else {
                    encoded(host)
                });
            }
            if let Some(port) = ports.get(i) {
                uri.push_str(&format!(":{}", encoded(port)));
            }
        }
        placed.extend(given("host").map(|_| "host"));
        placed.extend(given("port").map(|_| "port"));
    }
    if let Some(database) = given("dbname") {
        uri.push_str(&format!("/{}", encoded(database)));
        placed.push("dbname");
    }
    let others = conninfo
        .iter()
        .filter(|(keyword, _)| !placed.contains(&keyword.name));
    for (i, (keyword, value)) in others.enumerate() {
        uri.push(if i == 0 { '?' } else { '&' });
        uri.push_str(&format!("{}={}", keyword.name, encoded(value)));
    }
    uri
}

/// The address in brackets, and what follows them.
fn address<'a>(whole: &str, bracketed: &'a str) -> Result<(&'a str, &'a str), ParseError> {
    let (address, rest) = bracketed
        .split_once(']')
        .ok_or(ParseError::UnclosedBracket)?;
    if address.is_empty() {
        return Err(ParseError::EmptyAddress);
    }
    match rest.chars().next() {
        None | Some(':' | '/' | '?' | ',') => Ok((address, rest)),
        Some(character) => Err(ParseError::UnexpectedCharacter {
            character,
            position: whole.len() - rest.len() + 1,
        }),
    }
}

/// The query (`conninfo_uri_parse_params`). A trailing `&` ends it.
fn parameters(conninfo: &mut Conninfo, query: &str, version: Version) -> Result<(), ParseError> {
    for parameter in query.strip_suffix('&').unwrap_or(query).split('&') {
        if query.is_empty() {
            break;
        }
        let Some((keyword, value)) = parameter.split_once('=') else {
            return Err(ParseError::MissingSeparator {
                keyword: parameter.into(),
            });
        };
        if value.contains('=') {
            return Err(ParseError::ExtraSeparator {
                keyword: keyword.into(),
            });
        }
        let keyword = decoded(keyword, version, false)?;
        let secret = Keyword::named(&keyword).is_some_and(|known| known.secret);
        let value = decoded(value, version, secret)?;
        // As JDBC says it.
        let (keyword, value) = match (keyword.as_str(), value.as_str()) {
            ("ssl", "true") => ("sslmode", "require"),
            other => other,
        };
        conninfo
            .set_as(keyword, value, version)
            .map_err(|_| ParseError::UnknownParameter {
                keyword: keyword.into(),
            })?;
    }
    Ok(())
}

/// Takes a part of the URI, unless it is empty: then the default or the environment gives the value.
fn store(
    conninfo: &mut Conninfo,
    keyword: &str,
    part: &str,
    version: Version,
) -> Result<(), ParseError> {
    if part.is_empty() {
        return Ok(());
    }
    let value = decoded(part, version, keyword == "password")?;
    conninfo.set_as(keyword, &value, version)
}

/// `conninfo_uri_decode`; only spaces are blanks to it, and only from 18 on.
fn decoded(part: &str, version: Version, secret: bool) -> Result<String, ParseError> {
    let text = || {
        if secret {
            ELIDED.into()
        } else {
            String::from(part)
        }
    };
    let trimmed = if version >= Version::V18 {
        part.trim_matches(' ')
    } else {
        part
    };
    let mut value = Vec::with_capacity(trimmed.len());
    let mut bytes = trimmed.bytes();
    while let Some(byte) = bytes.next() {
        value.push(match byte {
            b'%' => {
                let (Some(high), Some(low)) = (hex_digit(bytes.next()), hex_digit(bytes.next()))
                else {
                    return Err(ParseError::BadPercent { text: text() });
                };
                let byte = high << 4 | low;
                if byte == 0 {
                    return Err(ParseError::Nul { text: text() });
                }
                byte
            }
            b' ' if version >= Version::V18 => return Err(ParseError::Blank { text: text() }),
            other => other,
        });
    }
    String::from_utf8(value).map_err(|_| ParseError::NotUtf8 { text: text() })
}

fn hex_digit(byte: Option<u8>) -> Option<u8> {
    u8::try_from(char::from(byte?).to_digit(16)?).ok()
}

/// All but RFC 3986's unreserved characters percent-encoded.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn read_as(text: &str, version: Version) -> String {
        match Conninfo::parse_as(text, version) {
            Ok(conninfo) => conninfo.to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn uris_are_read_as_libpq_does() {
        // Each of these was put to libpq 15 (`PQconninfoParse`).
        for (text, as_read) in [
            ("postgresql://", ""),
            ("postgres://h", "host=h"),
            (
                "postgresql://u:p@h:1/d?sslmode=require",
                "user=u password=p host=h port=1 dbname=d sslmode=require",
            ),
            ("postgresql://u%40x@h/", "user=u@x host=h"),
            ("postgresql://h/d@x", "host=h dbname=d@x"),
            ("postgresql://u@x@h/", "user=u host=x@h"),
            ("postgresql://:p@", "password=p"),
            (
                "postgresql://h1:1,h2,[::1]:3/d",
                "host=h1,h2,::1 port=1,,3 dbname=d",
            ),
            ("postgresql://[::1]", "host=::1"),
            ("postgresql:///d", "dbname=d"),
            ("postgresql:///?host=/tmp&port=1", "host=/tmp port=1"),
            (
                "postgresql://%2Ftmp/d?ssl=true",
                "host=/tmp dbname=d sslmode=require",
            ),
            ("postgresql://h?user=a&user=b&", "host=h user=b"),
            ("postgresql://h/a/b", "host=h dbname=a/b"),
            ("postgresql://h/d?user=", "host=h dbname=d user=''"),
            (
                "postgresql://h?x=1",
                "error: invalid URI query parameter: \"x\"",
            ),
            (
                "postgresql://h?ssl=1",
                "error: invalid URI query parameter: \"ssl\"",
            ),
            (
                "postgresql://h?user",
                "error: missing key/value separator \"=\" in URI query parameter: \"user\"",
            ),
            (
                "postgresql://h?&user=a",
                "error: missing key/value separator \"=\" in URI query parameter: \"\"",
            ),
            (
                "postgresql://h?user=a=b",
                "error: extra key/value separator \"=\" in URI query parameter: \"user\"",
            ),
            (
                "postgresql://h%4",
                "error: invalid percent-encoded token: \"h%4\"",
            ),
            (
                "postgresql://h%zz",
                "error: invalid percent-encoded token: \"h%zz\"",
            ),
            (
                "postgresql://h%00",
                "error: forbidden value %00 in percent-encoded value: \"h%00\"",
            ),
            (
                "postgresql://[]",
                "error: IPv6 host address may not be empty in URI",
            ),
            (
                "postgresql://[::1",
                "error: end of string reached when looking for matching \"]\" in IPv6 host address in URI",
            ),
            (
                "postgresql://[::1]z",
                "error: unexpected character \"z\" at position 19 in URI (expected \":\" or \"/\")",
            ),
        ] {
            assert_eq!(read_as(text, Version::V15), as_read, "{text}");
        }
    }

    #[test]
    fn blanks_belong_to_the_value_until_17() {
        assert_eq!(
            read_as("postgresql://h/ a b ", Version::V17),
            "host=h dbname=' a b '"
        );
        assert_eq!(
            read_as("postgresql:// h /d ", Version::V18),
            "host=h dbname=d"
        );
        assert_eq!(
            read_as("postgresql://h/a b", Version::V18),
            "error: unexpected spaces found in \"a b\", use percent-encoded spaces (%20) instead"
        );
    }

    #[test]
    fn uris_are_written_with_everything_in_its_place() {
        let uri = |pairs: &str| pairs.parse::<Conninfo>().unwrap().to_uri();
        assert_eq!(uri(""), "postgresql://");
        assert_eq!(
            uri("host=h1,::1 port=1,2 user=u@x password=p/w dbname=d sslmode=verify-full"),
            "postgresql://u%40x:p%2Fw@h1:1,[::1]:2/d?sslmode=verify-full"
        );
        assert_eq!(uri("host=a,b port=1"), "postgresql://?host=a%2Cb&port=1");
        assert_eq!(uri("host=a,b"), "postgresql://?host=a%2Cb");
        assert_eq!(uri("host=a,b port=,"), "postgresql://a:,b:");
        assert_eq!(uri("port=1"), "postgresql://:1");
        assert_eq!(uri("host=/tmp"), "postgresql://%2Ftmp");
        assert_eq!(uri("user='' dbname=''"), "postgresql://?user=&dbname=");
    }
}
