//! What the tests are played on: a target, a report, certificates made when the test runs.

use doctor::{Observation, diagnose};
use pg_probe::{Address, Credentials, Failure, Report, Target, TlsFacts};
use pki_core::{
    AltName, Certificate, KeyType, Kind, Leaf, PrivateKey, Serial, Subject, Time, Validity,
    issue_leaf, issue_root,
};

/// 2026-11-18 11:06:40 UTC.
pub(crate) fn now() -> Time {
    Time::from_unix(1_795_000_000)
}

/// verify-full to tolva as slardiere.
pub(crate) fn target() -> Target {
    let address = Address::Tcp {
        host: "tolva".to_owned(),
        ip: None,
        port: 5432,
    };
    let mut target = Target::new(address, "slardiere", "postgres", now());
    target.sslmode = pg_config::conninfo::SslMode::VerifyFull;
    target
}

/// A TLS session in which the server asked for a client certificate.
pub(crate) fn tls(sent: bool) -> TlsFacts {
    TlsFacts {
        version: Some("TLSv1.3"),
        cipher: Some("TLS_AES_256_GCM_SHA384".to_owned()),
        client_certificate_requested: true,
        client_certificate_sent: sent,
        ..TlsFacts::default()
    }
}

/// A report of a try that came as far as TLS.
pub(crate) fn report(tls: Option<TlsFacts>) -> Report {
    Report {
        tls,
        ..Report::default()
    }
}

/// All findings, as people read them.
pub(crate) fn shown(target: &Target, report: &Report, failure: Option<&Failure>) -> String {
    let findings = diagnose(&Observation::new(target, report, failure));
    findings
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// An authority.
pub(crate) struct Authority {
    pub(crate) certificate: Certificate,
    key: PrivateKey,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let validity = Validity::new(now(), 3650, None).unwrap();
        let subject = Subject::empty().with_common_name(name);
        let certificate = issue_root(&key, &subject, Serial::random().unwrap(), validity).unwrap();
        Self { certificate, key }
    }

    /// A certificate of 360 days, made so many days ago.
    pub(crate) fn leaf(&self, kind: Kind, name: &str, days_ago: i64) -> Credentials {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let alt_names = match kind {
            Kind::Server => vec![format!("dns:{name}").parse::<AltName>().unwrap()],
            _ => Vec::new(),
        };
        let leaf = Leaf {
            kind,
            subject: Subject::empty().with_common_name(name),
            alt_names,
            public_key: &key.public_key(),
            serial: Serial::random().unwrap(),
            validity: Validity::new(now().plus_days(-days_ago), 360, None).unwrap(),
        };
        Credentials {
            chain: vec![issue_leaf(&self.certificate, &self.key, &leaf).unwrap()],
            key,
        }
    }
}
