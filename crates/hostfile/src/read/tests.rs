//! What is read, what is refused, and that nothing waits for ever.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::*;
use crate::ground::folder;

#[test]
fn files_and_links_to_them_are_read() {
    let ground = folder();
    let at = |name: &str| ground.path().join(name);
    fs::write(at("file"), b"\xff\0bytes").unwrap();
    symlink("file", at("link")).unwrap();
    symlink("none", at("dangling")).unwrap();
    assert_eq!(read(&at("link")).unwrap(), b"\xff\0bytes");
    assert_eq!(read(Path::new("/dev/null")).unwrap(), b"");
    assert!(!read(Path::new("/proc/self/status")).unwrap().is_empty());
    for missing in ["dangling", "none", "file/none", "none/none"] {
        assert_eq!(read_if_exists(&at(missing)).unwrap(), None, "{missing}");
        assert_eq!(metadata(&at(missing)).unwrap(), None, "{missing}");
    }
    assert!(read(&at("none")).unwrap_err().is_not_found());
    let link = link_metadata(&at("link")).unwrap().unwrap();
    assert_eq!(link.kind, FileKind::Link);
    let file = metadata(&at("link")).unwrap().unwrap();
    assert_eq!((file.kind, file.len, file.links), (FileKind::File, 7, 1));
    assert_eq!(read_link(&at("dangling")).unwrap(), Path::new("none"));
    let no_link = read_link(&at("file")).unwrap_err();
    assert_eq!(no_link.io_kind(), Some(io::ErrorKind::InvalidInput));
    assert_eq!(list(ground.path()).unwrap(), ["dangling", "file", "link"]);
    assert!(list(&at("none")).unwrap_err().is_not_found());
}

#[test]
fn nothing_waits_for_a_pipe_unless_asked_to() {
    let ground = folder();
    let pipe = ground.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for (path, kind) in [
        (pipe.as_path(), FileKind::Pipe),
        (ground.path(), FileKind::Folder),
    ] {
        match read(path) {
            Err(Error::NotAFile { kind: found, .. }) => assert_eq!(found, kind),
            other => panic!("{other:?}"),
        }
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = OpenOptions::new().write(true).open(&pipe).unwrap();
            writer.write_all(b"passphrase\n").unwrap();
        });
        assert_eq!(read_stream(&pipe).unwrap(), b"passphrase\n");
    });
}

#[test]
fn endless_files_are_refused() {
    let ground = folder();
    let path = ground.path().join("sparse");
    let file = fs::File::create(&path).unwrap();
    file.set_len(READ_LIMIT).unwrap();
    assert_eq!(read(&path).unwrap().len() as u64, READ_LIMIT);
    file.set_len(READ_LIMIT + 1).unwrap();
    for path in [path.as_path(), Path::new("/dev/zero")] {
        assert!(matches!(read(path), Err(Error::TooLarge { .. })));
    }
}
