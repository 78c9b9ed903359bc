//! TLS alerts by their names (RFC 8446 section 6, RFC 5246 section 7.2), the evidence of what one side held against the other.

use std::fmt;

/// A TLS alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Alert(pub u8);

impl Alert {
    /// The peer's chain ends at no authority that the sender trusts; PostgreSQL sends it also for a missing CRL.
    pub const UNKNOWN_CA: Self = Self(48);
    /// The certificate is of no use for some other reason.
    pub const BAD_CERTIFICATE: Self = Self(42);
    /// The certificate's purpose (extended key usage) does not allow this.
    pub const UNSUPPORTED_CERTIFICATE: Self = Self(43);
    /// The certificate is on a CRL.
    pub const CERTIFICATE_REVOKED: Self = Self(44);
    /// The certificate, or a CRL, is out of date.
    pub const CERTIFICATE_EXPIRED: Self = Self(45);
    /// Nothing in common to talk in (ciphers, groups, signatures; PostgreSQL 19: no host entry for a client without SNI).
    pub const HANDSHAKE_FAILURE: Self = Self(40);
    /// A signature does not fit its key.
    pub const DECRYPT_ERROR: Self = Self(51);
    /// No TLS version in common.
    pub const PROTOCOL_VERSION: Self = Self(70);
    /// The server has no entry for the name that was asked for (PostgreSQL 19, `ssl_sni`).
    pub const UNRECOGNIZED_NAME: Self = Self(112);
    /// A client certificate is required (PostgreSQL itself reports that later, as an error message).
    pub const CERTIFICATE_REQUIRED: Self = Self(116);
    /// The protocol offered by ALPN is not spoken here.
    pub const NO_APPLICATION_PROTOCOL: Self = Self(120);

    /// The name as the RFCs spell it, `unknown_ca`; `None` for a number without one.
    pub fn name(self) -> Option<&'static str> {
        NAMES
            .iter()
            .find(|(number, _)| *number == self.0)
            .map(|(_, name)| *name)
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "number {}", self.0),
        }
    }
}

const NAMES: &[(u8, &str)] = &[
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (40, "handshake_failure"),
    (41, "no_certificate"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (111, "certificate_unobtainable"),
    (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"),
    (114, "bad_certificate_hash_value"),
    (115, "unknown_psk_identity"),
    (116, "certificate_required"),
    (120, "no_application_protocol"),
    (121, "encrypted_client_hello_required"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_have_the_names_of_the_rfc() {
        let named = [
            Alert::HANDSHAKE_FAILURE,
            Alert::BAD_CERTIFICATE,
            Alert::UNSUPPORTED_CERTIFICATE,
            Alert::CERTIFICATE_REVOKED,
            Alert::CERTIFICATE_EXPIRED,
            Alert::UNKNOWN_CA,
            Alert::DECRYPT_ERROR,
            Alert::PROTOCOL_VERSION,
            Alert::UNRECOGNIZED_NAME,
            Alert::CERTIFICATE_REQUIRED,
            Alert::NO_APPLICATION_PROTOCOL,
        ];
        insta::assert_snapshot!(named.map(|alert| alert.to_string()).join(" "), @"handshake_failure bad_certificate unsupported_certificate certificate_revoked certificate_expired unknown_ca decrypt_error protocol_version unrecognized_name certificate_required no_application_protocol");
        insta::assert_snapshot!(Alert(200), @"number 200");
    }

    /// rustls numbers them too; the two tables must agree.
    #[test]
    fn names_agree_with_rustls() {
        for (number, name) in NAMES {
            let theirs = format!("{:?}", rustls::AlertDescription::from(*number)).to_lowercase();
            assert_eq!(
                theirs,
                name.replace('_', "").replace("recognized", "recognised"),
                "{number}"
            );
        }
    }
}
