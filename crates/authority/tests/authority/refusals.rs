//! What is refused, with which error, and the words of it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use authority::{Authority, Error, Init, StoreFault, init};
use pki_core::{KeyError, KeyType, PrivateKey, Subject};

use crate::{Place, now, passphrase, wish};

#[test]
fn no_authority_is_no_error() {
    let place = Place::new();
    assert!(Authority::open(&place.dir).unwrap().is_none());
    assert!(
        Authority::open(&place.dir.join("deeper/still"))
            .unwrap()
            .is_none()
    );
    fs::create_dir(&place.dir).unwrap();
    chmod(&place.dir, 0o700);
    assert!(Authority::open(&place.dir).unwrap().is_none());
}

#[test]
fn passphrases() {
    let place = Place::new();
    let (subject, secret) = (Subject::empty(), passphrase("correct horse"));
    let authority = init(
        &place.dir,
        &Init {
            passphrase: Some(&secret),
            ..wish(&subject)
        },
        now(),
    )
    .unwrap();
    let error = authority.unlock(None).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Key {
                source: KeyError::Encrypted,
                ..
            }
        ),
        "{error}"
    );
    let error = authority
        .unlock(Some(&passphrase("battery staple")))
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Key {
                source: KeyError::WrongPassphrase,
                ..
            }
        ),
        "{error}"
    );
    insta::assert_snapshot!(words(&error, &place), @"DIR/ca.key: wrong passphrase");
}

#[test]
fn a_key_that_is_missing_malformed_or_another_ones() {
    let place = Place::new();
    let authority = place.found();
    let key = place.file("ca.key");
    let other = PrivateKey::generate(KeyType::P256).unwrap();
    fs::write(&key, other.to_pkcs8_pem().as_bytes()).unwrap();
    let error = authority.unlock(None).unwrap_err();
    assert!(matches!(error, Error::KeyMismatch { .. }), "{error}");
    insta::assert_snapshot!(words(&error, &place), @"the key in DIR/ca.key does not belong to the authority's certificate");

    fs::write(&key, "no key").unwrap();
    let error = authority.unlock(None).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Key {
                source: KeyError::NoKey,
                ..
            }
        ),
        "{error}"
    );

    fs::remove_file(&key).unwrap();
    let error = authority.unlock(None).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    insta::assert_snapshot!(words(&error, &place), @"DIR/ca.key is missing");
}

#[test]
fn what_others_can_read() {
    let place = Place::new();
    let authority = place.found();
    chmod(&place.file("ca.key"), 0o640);
    let error = authority.unlock(None).unwrap_err();
    insta::assert_snapshot!(words(&error, &place), @"DIR/ca.key has mode 0640: accounts other than its owner have access");
    assert!(matches!(
        authority.key_is_encrypted(),
        Err(Error::Exposed { .. })
    ));

    chmod(&place.dir, 0o755);
    let error = Authority::open(&place.dir).unwrap_err();
    insta::assert_snapshot!(words(&error, &place), @"DIR has mode 0755: accounts other than its owner have access");
}

#[test]
fn links_and_folders_in_place_of_files() {
    let place = Place::new();
    let authority = place.found();
    for name in ["ca.key", "ca.crt", "store.db"] {
        let (file, aside) = (place.file(name), place.file("aside"));
        fs::rename(&file, &aside).unwrap();
        symlink(&aside, &file).unwrap();
        let refused = match name {
            "ca.key" => authority.unlock(None).map(|_| ()).unwrap_err(),
            _ => Authority::open(&place.dir).map(|_| ()).unwrap_err(),
        };
        assert!(
            matches!(refused, Error::WrongKind { .. }),
            "{name}: {refused}"
        );
        fs::rename(&aside, &file).unwrap();
    }
    fs::write(place.file("plain"), "").unwrap();
    let error = Authority::open(&place.file("plain")).unwrap_err();
    insta::assert_snapshot!(words(&error, &place), @"DIR/plain is not a folder");
}

#[test]
fn parts_that_do_not_belong_together() {
    let (one, other) = (Place::new(), Place::new());
    drop((one.found(), other.found()));
    fs::copy(other.file("ca.crt"), one.file("ca.crt")).unwrap();
    let error = Authority::open(&one.dir).unwrap_err();
    assert!(matches!(error, Error::ForeignStore { .. }), "{error}");

    fs::write(one.file("ca.crt"), "no certificate").unwrap();
    let error = Authority::open(&one.dir).unwrap_err();
    assert!(matches!(error, Error::BadCertificate { .. }), "{error}");

    let unlocked = other.open();
    let unlocked = unlocked.unlock(None).unwrap();
    let leaf = crate::issue(&unlocked, pki_core::Kind::Client, "slardiere").unwrap();
    fs::write(one.file("ca.crt"), leaf.to_pem()).unwrap();
    let error = Authority::open(&one.dir).unwrap_err();
    insta::assert_snapshot!(words(&error, &one), @"the certificate in DIR/ca.crt is not an authority's");
}

#[test]
fn stores_that_are_none() {
    let place = Place::new();
    drop(place.found());
    let store = place.file("store.db");

    let newer = rusqlite::Connection::open(&store).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let error = Authority::open(&place.dir).unwrap_err();
    insta::assert_snapshot!(words(&error, &place), @"DIR/store.db has format 99, this release knows 2");

    let fault = |bytes: &[u8]| {
        fs::write(&store, bytes).unwrap();
        match Authority::open(&place.dir).unwrap_err() {
            Error::Store { fault, .. } => fault,
            error => panic!("{error}"),
        }
    };
    assert_eq!(fault(b""), StoreFault::Damaged);
    assert_eq!(
        fault(&b"This is a text and not a database. ".repeat(100)),
        StoreFault::Damaged
    );

    fs::remove_file(&store).unwrap();
    let foreign = rusqlite::Connection::open(&store).unwrap();
    foreign
        .execute_batch("CREATE TABLE bookmarks (url TEXT)")
        .unwrap();
    drop(foreign);
    let error = Authority::open(&place.dir).unwrap_err();
    insta::assert_snapshot!(words(&error, &place), @"DIR/store.db: the file is a database of another program");

    fs::remove_file(&store).unwrap();
    let error = Authority::open(&place.dir).unwrap_err();
    insta::assert_snapshot!(words(&error, &place), @"DIR/store.db is missing");
}

fn words(error: &Error, place: &Place) -> String {
    let dir = fs::canonicalize(&place.dir).unwrap();
    error.to_string().replace(&dir.display().to_string(), "DIR")
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
