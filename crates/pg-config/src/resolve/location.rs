//! Where a file lies that another one names: paths as text, put together and tidied up as each version does it. No link
//! is looked at here.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Files, ReadError};
use crate::Version;

/// Where a file lies that is named in the file `containing`: absolute as it is, else beside it (`conffiles.c`,
/// `AbsoluteConfigLocation`). What does not go into the server's buffer is cut off; what is not UTF-8 is replaced.
pub fn location(named: &[u8], containing: &str, version: Version) -> String {
    if named.starts_with(b"/") {
        return String::from_utf8_lossy(named).into_owned();
    }
    let folder = match containing.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => "",
    };
    joined(folder, named, version)
}

/// The files that `include_dir` reads, in its order: names that end in `.conf`, are longer than that and do not begin
/// with a dot, sorted by their bytes (`conffiles.c`, `GetConfFilesInDir`). Whole paths are returned.
///
/// # Errors
/// Those of [`Files::list`].
pub fn conf_files_in(
    files: &dyn Files,
    folder: &str,
    version: Version,
) -> Result<Vec<String>, ReadError> {
    let mut names = files.list(folder)?;
    names.retain(|name| {
        name.len() > ".conf".len() && !name.starts_with('.') && name.ends_with(".conf")
    });
    names.sort_unstable();
    Ok(names
        .iter()
        .map(|name| joined(folder, name.as_bytes(), version))
        .collect())
}

/// A folder and a path in it as one path (`path.c`, `join_path_components` and `canonicalize_path`).
fn joined(folder: &str, mut tail: &[u8], version: Version) -> String {
    if version < Version::V15 {
        while let Some(rest) = tail.strip_prefix(b"./") {
            tail = rest;
        }
    }
    let between: &[u8] = match folder.is_empty() || tail.is_empty() {
        true => b"",
        false => b"/",
    };
    let mut path = [folder.as_bytes(), between, tail].concat();
    path.truncate(MAX_PATH);
    let path = match String::from_utf8_lossy(&path) {
        Cow::Borrowed(path) => without_double_slashes(path),
        Cow::Owned(path) => without_double_slashes(&path),
    };
    if version < Version::V15 {
        without_dots_at_the_end(path)
    } else {
        without_dots(&path)
    }
}

/// `MAXPGPATH` without the NUL that ends a string.
const MAX_PATH: usize = 1023;

fn without_double_slashes(path: &str) -> String {
    let mut single = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !single.ends_with('/') {
            single.push(c);
        }
    }
    if single.len() > 1 && single.ends_with('/') {
        single.pop();
    }
    single
}

/// The path without `.` and what `..` takes back.
fn without_dots(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => {
                parts.pop();
            }
            ("..", None) if absolute => {}
            _ => parts.push(part),
        }
    }
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".into(),
        (false, false) => parts.join("/"),
    }
}

/// The same for dots at the end of the path alone: 12 to 14 leave all others to the system.
fn without_dots_at_the_end(mut path: String) -> String {
    let mut taken_back = 0_usize;
    loop {
        if path == "." {
            if taken_back > 0 {
                path.clear();
            }
            break;
        }
        if path.ends_with("/.") {
            trim_last(&mut path);
        } else if path == ".." || path.ends_with("/..") {
            trim_last(&mut path);
            taken_back += 1;
        } else if taken_back > 0 && !path.is_empty() {
            if path == "/" {
                // There is nothing above it; it is trimmed in vain, once for each.
                return path;
            }
            trim_last(&mut path);
            taken_back -= 1;
            if path.is_empty() {
                path.push('.');
            }
        } else {
            break;
        }
    }
    if taken_back > 0 {
        path.push_str(&"../".repeat(taken_back - 1));
        path.push_str("..");
    }
    path
}

/// Takes the last part away, but not the root (`trim_directory`).
fn trim_last(path: &mut String) {
    let kept = path.rfind('/').map_or(0, |at| at.max(1));
    path.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    use alloc::collections::BTreeMap;

    fn tree(paths: &[&str]) -> BTreeMap<String, Vec<u8>> {
        paths
            .iter()
            .map(|&path| (path.into(), Vec::new()))
            .collect()
    }

    #[test]
    fn a_file_lies_beside_the_one_that_names_it() {
        for (named, containing, path) in [
            ("b.conf", "/etc/pg/a.conf", "/etc/pg/b.conf"),
            ("/b.conf", "/etc/pg/a.conf", "/b.conf"),
            ("./x/../b.conf", "/etc/pg/a.conf", "/etc/pg/b.conf"),
            ("../b.conf", "/etc/pg/a.conf", "/etc/b.conf"),
            ("../../../b.conf", "/etc/pg/a.conf", "/b.conf"),
            ("d//b.conf/", "/a.conf", "/d/b.conf"),
            ("b.conf", "a.conf", "b.conf"),
            ("../b.conf", "x/a.conf", "b.conf"),
            (".", "a.conf", "."),
        ] {
            let found = location(named.as_bytes(), containing, Version::V15);
            assert_eq!(found, path, "{named} in {containing}");
        }
    }

    #[test]
    fn before_15_only_dots_at_the_ends_of_a_name_are_taken_out() {
        for (named, containing, path) in [
            ("./b.conf", "/etc/pg/a.conf", "/etc/pg/b.conf"),
            ("././/b.conf", "/etc/pg/a.conf", "/etc/pg/b.conf"),
            ("x/./b.conf", "/etc/pg/a.conf", "/etc/pg/x/./b.conf"),
            ("./x/../b.conf", "/etc/pg/a.conf", "/etc/pg/x/../b.conf"),
            ("../b.conf", "/etc/pg/a.conf", "/etc/pg/../b.conf"),
            ("..", "/etc/pg/a.conf", "/etc"),
            ("x/../.././", "/etc/pg/a.conf", "/etc"),
            ("../../..", "/etc/pg/a.conf", "/"),
            (".", "/etc/pg/a.conf", "/etc/pg"),
            ("x/..", "a.conf", "."),
            ("../..", "x/a.conf", ".."),
            ("../..", "a.conf", "../.."),
            ("./..", "a.conf", ".."),
        ] {
            let found = location(named.as_bytes(), containing, Version::V14);
            assert_eq!(found, path, "{named} in {containing}");
        }
    }

    #[test]
    fn long_paths_are_cut_off_where_they_are_put_together() {
        let name = "x".repeat(2_000);
        let found = location(name.as_bytes(), "/d/a", Version::V18);
        assert_eq!(found, format!("/d/{}", "x".repeat(1_020)));
        let absolute = format!("/{name}");
        assert_eq!(
            location(absolute.as_bytes(), "/d/a", Version::V18),
            absolute
        );
        // In the middle of a character, too.
        let name = "\u{e9}".repeat(600);
        let found = location(name.as_bytes(), "/d/a", Version::V12);
        assert_eq!(found, format!("/d/{}", "\u{e9}".repeat(510)));
        let found = location(name.as_bytes(), "/d/ab/a", Version::V12);
        assert_eq!(found, format!("/d/ab/{}\u{fffd}", "\u{e9}".repeat(508)));
    }

    #[test]
    fn a_folder_gives_its_conf_files_in_byte_order() {
        let files = tree(&[
            "/d/a.conf",
            "/d/A.conf",
            "/d/9.conf",
            "/d/10.conf",
            "/d/.hidden.conf",
            "/d/.conf",
            "/d/a.conf.bak",
            "/d/a.CONF",
            "/d/sub/b.conf",
            "/dd/c.conf",
        ]);
        let found = conf_files_in(&files, "/d", Version::V15).unwrap();
        assert_eq!(found, ["/d/10.conf", "/d/9.conf", "/d/A.conf", "/d/a.conf"]);
        struct Backwards(BTreeMap<String, Vec<u8>>);
        impl Files for Backwards {
            fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
                self.0.read(path)
            }
            fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
                Ok(self.0.list(folder)?.into_iter().rev().collect())
            }
        }
        assert_eq!(
            conf_files_in(&Backwards(files.clone()), "/d", Version::V15).unwrap(),
            found
        );
        assert_eq!(
            conf_files_in(&files, "/none", Version::V15),
            Err(ReadError::Missing)
        );
    }
}
