//! What libpq checks of the parameters that are about logging in and the protocol (`fe-connect.c`,
//! `pqConnectOptions2`): `require_auth`, the SCRAM keys and the range of protocols.

use alloc::vec::Vec;

use super::{ResolveError, Resolved};
use crate::Version;

impl Resolved {
    /// `require_auth` (16+): a list of methods, all of them or none with `!`, each once.
    pub(super) fn check_require_auth(&self) -> Result<(), ResolveError> {
        let Some(list) = self.get("require_auth").filter(|list| !list.is_empty()) else {
            return Ok(());
        };
        let methods: &[&str] = if self.version() < Version::V18 {
            &METHODS[..METHODS.len() - 1]
        } else {
            METHODS
        };
        let negated = list.starts_with('!');
        let mut seen = Vec::new();
        for part in list.split(',') {
            let method = part.strip_prefix('!');
            match (method, negated) {
                (Some(_), false) => {
                    return Err(ResolveError::NegativeMethod {
                        method: part.into(),
                    });
                }
                (None, true) => {
                    return Err(ResolveError::PositiveMethod {
                        method: part.into(),
                    });
                }
                _ => {}
            }
            let method = method.unwrap_or(part);
            if !methods.contains(&method) {
                return Err(ResolveError::InvalidValue {
                    keyword: "require_auth",
                    value: method.into(),
                });
            }
            if seen.contains(&method) {
                return Err(ResolveError::MethodTwice {
                    method: part.into(),
                });
            }
            seen.push(method);
        }
        Ok(())
    }

    /// `min_protocol_version` and `max_protocol_version` (18+). Where no greatest is given, the least is allowed.
    pub(super) fn check_protocol_versions(&self) -> Result<(), ResolveError> {
        let minor = |keyword: &'static str| match self.get(keyword) {
            None => Ok(None),
            Some("3.0") => Ok(Some(0)),
            Some("3.2" | "latest") => Ok(Some(2)),
            Some(value) => Err(ResolveError::InvalidValue {
                keyword,
                value: value.into(),
            }),
        };
        match (
            minor("min_protocol_version")?,
            minor("max_protocol_version")?,
        ) {
            (Some(min), Some(max)) if min > max => Err(ResolveError::ProtocolVersionRange),
            _ => Ok(()),
        }
    }

    /// `scram_client_key` and `scram_server_key` (18+).
    pub(super) fn check_scram_keys(&self) -> Result<(), ResolveError> {
        for (keyword, whose) in [
            ("scram_client_key", "client"),
            ("scram_server_key", "server"),
        ] {
            let Some(key) = self.get(keyword) else {
                continue;
            };
            match base64_length(key) {
                None => return Err(ResolveError::ScramKey { whose }),
                Some(SCRAM_KEY_LENGTH) => {}
                Some(length) => return Err(ResolveError::ScramKeyLength { whose, length }),
            }
        }
        Ok(())
    }
}

/// How many bytes base64 stands for; none where it is not base64 (`base64.c`, `pg_b64_decode`).
fn base64_length(text: &str) -> Option<usize> {
    let (mut length, mut place, mut of_last) = (0, 0, None);
    for byte in text.bytes() {
        match (byte, place) {
            (b'=', _) if of_last.is_some() => {}
            (b'=', 2) => of_last = Some(1),
            (b'=', 3) => of_last = Some(2),
            (b'+' | b'/', _) => {}
            _ if byte.is_ascii_alphanumeric() => {}
            _ => return None,
        }
        place += 1;
        if place == 4 {
            length += of_last.unwrap_or(3);
            place = 0;
        }
    }
    (place == 0).then_some(length)
}

/// The methods; the last came with 18.
const METHODS: &[&str] = &[
    "password",
    "md5",
    "gss",
    "sspi",
    "scram-sha-256",
    "none",
    "oauth",
];

/// `SCRAM_MAX_KEY_LEN`
const SCRAM_KEY_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::super::{Conninfo, Site};
    use super::*;
    use alloc::string::{String, ToString};

    fn checked(text: &str, version: Version) -> String {
        let site = Site {
            version,
            os_user: "me",
            socket_dir: "/run/pg",
        };
        let conninfo: Conninfo = text.parse().unwrap();
        let resolved = conninfo.resolve(&|_| None, None, &site).unwrap();
        resolved
            .check()
            .map_or_else(|error| error.to_string(), |()| "ok".into())
    }

    #[test]
    fn methods_are_asked_for_or_excluded_once() {
        let checked = |list: &str| checked(&alloc::format!("require_auth='{list}'"), Version::V17);
        for list in ["", "none", "md5,scram-sha-256", "!gss,!sspi,!none"] {
            assert_eq!(checked(list), "ok", "{list}");
        }
        for (list, error) in [
            ("oauth", "invalid require_auth value: \"oauth\""),
            ("!", "invalid require_auth value: \"\""),
            ("md5,", "invalid require_auth value: \"\""),
            (
                "md5,!gss",
                "negative require_auth method \"!gss\" cannot be mixed with non-negative methods",
            ),
            (
                "!md5,gss",
                "require_auth method \"gss\" cannot be mixed with negative methods",
            ),
            (
                "!none,!none",
                "require_auth method \"!none\" is specified more than once",
            ),
        ] {
            assert_eq!(checked(list), error, "{list}");
        }
    }

    #[test]
    fn what_came_with_18_is_checked() {
        let checked = |text: &str| checked(text, Version::V18);
        for text in [
            "require_auth=oauth",
            "min_protocol_version=3.2",
            "scram_client_key=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ] {
            assert_eq!(checked(text), "ok", "{text}");
        }
        assert_eq!(
            checked("scram_client_key=QUJD"),
            "invalid SCRAM client key length: 3"
        );
        for key in ["?", "'AA A='", "AAA", "A==="] {
            let text = alloc::format!("scram_server_key={key}");
            assert_eq!(checked(&text), "invalid SCRAM server key", "{key}");
        }
        assert_eq!(
            checked("min_protocol_version=3.1"),
            "invalid min_protocol_version value: \"3.1\""
        );
        assert_eq!(
            checked("min_protocol_version=latest max_protocol_version=3.0"),
            "\"min_protocol_version\" is greater than \"max_protocol_version\""
        );
    }
}
