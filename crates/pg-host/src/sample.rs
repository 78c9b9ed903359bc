//! Certificates for tests, made when they run.

use std::sync::OnceLock;

use pki_core::{
    AltName, Certificate, KeyType, Kind, Leaf, PrivateKey, Serial, Subject, Time, Validity,
    issue_intermediate, issue_leaf, issue_root,
};

/// When the tests take place.
pub(crate) const NOW: i64 = 1_795_558_432;

/// An authority, an intermediate under it, and what they issued.
pub(crate) struct Pki {
    pub(crate) root: Certificate,
    pub(crate) intermediate: Certificate,
    pub(crate) client: Certificate,
    pub(crate) client_key: PrivateKey,
    pub(crate) under_intermediate: Certificate,
}

impl Pki {
    pub(crate) fn get() -> &'static Self {
        static PKI: OnceLock<Pki> = OnceLock::new();
        PKI.get_or_init(Self::make)
    }

    fn make() -> Self {
        let key = || PrivateKey::generate(KeyType::P256).unwrap();
        let named = |name: &str| Subject::empty().with_common_name(name);
        let validity = || Validity::new(Time::from_unix(NOW), 30, None).unwrap();
        let serial = || Serial::random().unwrap();
        let root_key = key();
        let root = issue_root(&root_key, &named("root"), serial(), validity()).unwrap();
        let middle_key = key();
        let middle_public = middle_key.public_key();
        let intermediate = issue_intermediate(
            &root,
            &root_key,
            &named("middle"),
            &middle_public,
            serial(),
            validity(),
        )
        .unwrap();
        let client_key = key();
        let client_public = client_key.public_key();
        let leaf = || Leaf {
            kind: Kind::Client,
            subject: named("alice"),
            alt_names: Vec::<AltName>::new(),
            public_key: &client_public,
            serial: serial(),
            validity: validity(),
        };
        Self {
            client: issue_leaf(&root, &root_key, &leaf()).unwrap(),
            under_intermediate: issue_leaf(&intermediate, &middle_key, &leaf()).unwrap(),
            root,
            intermediate,
            client_key,
        }
    }
}
