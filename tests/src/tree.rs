//! What a set of folders holds: kind, inode, owner, mode, times and a digest of each file, to be
//! compared with what it holds later.

use std::collections::BTreeMap;

use crate::Host;

/// What folders held at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    kind: String,
    inode: String,
    owner: String,
    mode: String,
    modified: String,
    changed: String,
    link: String,
    digest: String,
}

impl Tree {
    /// Paths that are there.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// How a later state differs: a line for each path with what is different about it, `new`,
    /// `gone`, or any of `kind inode owner mode mtime ctime link bytes`.
    pub fn differences(&self, later: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (path, old) in &self.entries {
            match later.entries.get(path) {
                None => lines.push(format!("{path}: gone")),
                Some(new) if new != old => lines.push(format!("{path}: {}", old.compare(new))),
                Some(_) => {}
            }
        }
        lines.extend(
            later
                .entries
                .keys()
                .filter(|p| !self.entries.contains_key(*p))
                .map(|p| format!("{p}: new")),
        );
        lines.sort();
        lines
    }

    /// The paths that differ in a later state, those under any of `but` left out.
    pub fn changed_paths(&self, later: &Self, but: &[&str]) -> Vec<String> {
        let lines = self.differences(later);
        let paths = lines
            .iter()
            .filter_map(|l| l.rsplit_once(": ").map(|(path, _)| path.to_owned()));
        paths
            .filter(|p| !but.iter().any(|b| p.starts_with(b)))
            .collect()
    }

    /// Whether a path is a folder.
    pub fn is_folder(&self, path: &str) -> bool {
        self.entries
            .get(path)
            .is_some_and(|entry| entry.kind == "d")
    }

    /// Asserts that nothing at all is different later.
    ///
    /// # Panics
    /// When something is.
    #[track_caller]
    pub fn assert_same(&self, later: &Self) {
        let differences = self.differences(later);
        assert!(
            differences.is_empty(),
            "changed:\n{}",
            differences.join("\n")
        );
    }

    /// As [`differences`](Self::differences), but for times: what was staged beside a file and taken
    /// away again shows in its folder's, and that a file was swapped and swapped back in its ctime.
    pub fn put_back_but_for(&self, later: &Self) -> Vec<String> {
        let timeless = |tree: &Self| {
            let mut tree = tree.clone();
            for entry in tree.entries.values_mut() {
                entry.changed.clear();
                if entry.kind == "d" {
                    entry.modified.clear();
                }
            }
            tree
        };
        timeless(self).differences(&timeless(later))
    }

    /// Asserts that every file is there later, the same one and with the same bytes, and no other.
    ///
    /// # Panics
    /// When something is different.
    #[track_caller]
    pub fn assert_put_back(&self, later: &Self) {
        let differences = self.put_back_but_for(later);
        assert!(
            differences.is_empty(),
            "not put back:\n{}",
            differences.join("\n")
        );
    }

    /// Owner (`user:group` by number) and mode (octal) of a path.
    ///
    /// # Panics
    /// When it is not there.
    #[track_caller]
    pub fn owner_and_mode(&self, path: &str) -> (&str, &str) {
        let Some(entry) = self.entries.get(path) else {
            panic!("{path} is not there")
        };
        (&entry.owner, &entry.mode)
    }
}

impl Entry {
    fn compare(&self, new: &Self) -> String {
        let fields = [
            ("kind", &self.kind, &new.kind),
            ("inode", &self.inode, &new.inode),
            ("owner", &self.owner, &new.owner),
            ("mode", &self.mode, &new.mode),
            ("mtime", &self.modified, &new.modified),
            ("ctime", &self.changed, &new.changed),
            ("link", &self.link, &new.link),
            ("bytes", &self.digest, &new.digest),
        ];
        fields
            .iter()
            .filter(|(_, old, new)| old != new)
            .map(|(name, _, _)| *name)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Takes the state of `roots` on `host`: see [`Host::tree`].
pub(crate) fn take(host: &Host, roots: &[&str]) -> Tree {
    let mut words = vec!["sh", "-ec", TAKE, "sh"];
    words.extend(roots);
    let said = host.run(&host.root(), &words).ok();
    let (attributes, digests) = said.stdout.split_once("\0\0").unwrap_or((&said.stdout, ""));
    let mut entries = BTreeMap::new();
    for record in attributes.split('\0').filter(|r| !r.is_empty()) {
        let fields: Vec<&str> = record.splitn(8, '\t').collect();
        let [kind, inode, owner, mode, modified, changed, link, path] = fields.as_slice() else {
            panic!("find said: {record}");
        };
        let entry = Entry {
            kind: (*kind).to_owned(),
            inode: (*inode).to_owned(),
            owner: (*owner).to_owned(),
            mode: (*mode).to_owned(),
            modified: (*modified).to_owned(),
            changed: (*changed).to_owned(),
            link: (*link).to_owned(),
            digest: String::new(),
        };
        entries.insert((*path).to_owned(), entry);
    }
    for record in digests.split('\0').filter(|r| !r.is_empty()) {
        let Some((digest, path)) = record.split_once("  ") else {
            panic!("sha256sum said: {record}")
        };
        if let Some(entry) = entries.get_mut(path) {
            digest.clone_into(&mut entry.digest);
        }
    }
    Tree { entries }
}

/// Prints the attributes of everything, two NUL, and the digests of the files. One command for all
/// of the roots: starting one in a container takes longer than what it does.
const TAKE: &str = r#"
    walk() {
        root=$1
        folder=${root%/}
        shift
        if ! test -e "$folder"; then
            :
        elif [ "$root" = "$folder" ]; then
            find "$folder" "$@"
        else
            # The folder itself, and the files and links directly in it.
            find "$folder" -maxdepth 1 \( -path "$folder" -o -type f -o -type l \) "$@"
        fi
    }
    for root; do walk "$root" -printf '%y\t%i\t%U:%G\t%m\t%T@\t%C@\t%l\t%p\0'; done
    printf '\0'
    for root; do walk "$root" -type f -exec sha256sum -z {} +; done
"#;
