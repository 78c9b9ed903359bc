//! Making an authority: what is there afterwards, and what becomes of interrupted runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use authority::{Authority, Error, Filter, Init, State, init};
use pki_core::{Certificate, Kind, PrivateKey, Subject};

use crate::{Place, now, passphrase, unguarded, wish};

#[test]
fn an_authority_is_three_private_files() {
    let place = Place::new();
    let subject: Subject = "C=FR,O=Loxodata".parse().unwrap();
    let authority = init(&place.dir, &wish(&subject), now()).unwrap();

    assert_eq!(
        authority.certificate().subject(),
        "CN=trustly,O=Loxodata,C=FR"
    );
    assert!(authority.certificate().is_authority());
    assert_eq!(
        authority.certificate().validity().not_after,
        now().plus_days(3650)
    );
    drop(authority);
    assert_eq!(names(&place.dir), ["ca.crt", "ca.key", "store.db"]);
    assert_eq!(mode(&place.dir), 0o700);
    for name in ["ca.crt", "ca.key", "store.db"] {
        assert_eq!(mode(&place.file(name)), 0o600, "{name}");
    }
}

#[test]
fn its_own_certificate_is_the_first_in_the_store() {
    let place = Place::new();
    let authority = place.found();
    let entries = authority.list(&Filter::default()).unwrap();
    let [root] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert_eq!(
        (root.kind, root.name.as_str(), root.state),
        (Kind::Root, "trustly", State::Issued)
    );
    assert_eq!(root.requested_by, "root");
    assert_eq!(
        root.fingerprint,
        Some(authority.certificate().fingerprint())
    );
    assert_eq!(
        authority.issued(&root.serial).unwrap().as_ref(),
        Some(authority.certificate())
    );
}

#[test]
fn missing_parents_are_made() {
    let place = Place::new();
    let deep = place.dir.join("a/b");
    init(&deep, &wish(&Subject::empty()), now()).unwrap();
    assert_eq!(mode(&deep), 0o700);
    assert_eq!(mode(deep.parent().unwrap()), 0o755);
}

#[test]
fn the_key_is_encrypted_with_the_passphrase() {
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
    assert!(authority.key_is_encrypted().unwrap());
    assert!(PrivateKey::is_encrypted(
        &fs::read(place.file("ca.key")).unwrap()
    ));
    authority.unlock(Some(&secret)).unwrap();
}

#[test]
fn a_second_one_is_refused_and_nothing_is_touched() {
    let place = Place::new();
    let first = place.found().certificate().clone();
    let error = init(&place.dir, &wish(&Subject::empty()), now()).unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "{error}");
    assert_eq!(place.open().certificate(), &first);
}

#[test]
fn a_key_that_is_already_there_is_never_overwritten() {
    let place = Place::new();
    fs::create_dir(&place.dir).unwrap();
    fs::set_permissions(&place.dir, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(place.file("ca.key"), "precious").unwrap();
    let error = init(&place.dir, &wish(&Subject::empty()), now()).unwrap_err();
    assert!(
        matches!(&error, Error::Occupied { path } if path.ends_with("ca.key")),
        "{error}"
    );
    assert_eq!(
        fs::read_to_string(place.file("ca.key")).unwrap(),
        "precious"
    );
    assert_eq!(names(&place.dir), ["ca.key"]);
}

#[test]
fn after_an_error_nothing_is_left_of_it() {
    let place = Place::new();
    let subject = Subject::empty();
    // An authority without a name is refused when it is to be signed: store and key are there by then.
    let nameless = Init {
        name: "",
        ..wish(&subject)
    };
    let error = init(&place.dir.join("inner"), &nameless, now()).unwrap_err();
    assert!(matches!(error, Error::Issue(_)), "{error}");
    assert!(!place.dir.exists());
}

#[test]
fn a_run_that_was_killed_before_the_certificate_leaves_no_authority_and_the_next_one_succeeds() {
    let place = Place::new();
    // All that the run does before its last file, then the end: the store has only the intent.
    place.found();
    interrupt_before_certificate(&place);
    assert!(Authority::open(&place.dir).unwrap().is_none());

    let authority = place.found();
    authority.unlock(None).unwrap();
    let states: Vec<State> = authority
        .list(&Filter::default())
        .unwrap()
        .iter()
        .map(|entry| entry.state)
        .collect();
    assert_eq!(states, [State::Intended, State::Issued]);
}

#[test]
fn a_run_that_was_killed_after_the_certificate_is_completed_by_opening() {
    let place = Place::new();
    let certificate = place.found().certificate().clone();
    let text = fs::read(place.file("ca.crt")).unwrap();
    interrupt_before_certificate(&place);
    fs::write(place.file("ca.crt"), text).unwrap();

    let authority = place.open();
    let entry = authority.entry(&certificate.serial()).unwrap().unwrap();
    assert_eq!(
        (entry.state, entry.fingerprint),
        (State::Issued, Some(certificate.fingerprint()))
    );
}

#[test]
fn a_lost_certificate_is_not_taken_for_an_interrupted_run() {
    let place = Place::new();
    place.found();
    let key = fs::read(place.file("ca.key")).unwrap();
    fs::remove_file(place.file("ca.crt")).unwrap();
    let error = init(&place.dir, &wish(&Subject::empty()), now()).unwrap_err();
    assert!(
        matches!(&error, Error::Missing { path } if path.ends_with("ca.crt")),
        "{error}"
    );
    assert_eq!(fs::read(place.file("ca.key")).unwrap(), key);
}

#[test]
fn a_folder_that_others_can_read_is_refused() {
    let place = Place::new();
    fs::create_dir(&place.dir).unwrap();
    fs::set_permissions(&place.dir, fs::Permissions::from_mode(0o750)).unwrap();
    let error = init(&place.dir, &wish(&Subject::empty()), now()).unwrap_err();
    assert!(
        matches!(error, Error::Exposed { mode: 0o750, .. }),
        "{error}"
    );
    assert!(names(&place.dir).is_empty());
}

#[test]
fn the_certificate_file_is_plain_pem() {
    let place = Place::new();
    let authority = place.found();
    let pem = fs::read(place.file("ca.crt")).unwrap();
    assert!(pem.starts_with(b"-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(
        &Certificate::from_pem(&pem).unwrap(),
        authority.certificate()
    );
}

/// Puts a finished authority back to what a run leaves that is killed between its key and its
/// certificate.
fn interrupt_before_certificate(place: &Place) {
    fs::remove_file(place.file("ca.crt")).unwrap();
    let store = rusqlite::Connection::open(place.file("store.db")).unwrap();
    unguarded(
        &store,
        "UPDATE certificate SET state = 'intended', der = NULL, fingerprint = NULL, issued_at = NULL;
         DELETE FROM log WHERE event = 'issued';",
    );
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
