//! `pg_hba.conf` by chance for the sake of what it means: every feature of the format, always well formed, each rule
//! made as a text and as the [`Rule`] that this text is meant to be. What the text means is decided here, by how it is
//! spelled for which version, and nowhere read back.

mod origins;
mod words;

pub use origins::{Addresses, Network};

use std::collections::BTreeMap;

use super::{Dice, Made};
use crate::first_match::{DatabaseWord, Kind, Pattern, RoleWord, Rule};

/// What the rules of a run may speak of.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary {
    /// Names of databases.
    pub databases: &'static [&'static str],
    /// Names of roles.
    pub roles: &'static [&'static str],
    /// Names behind a `+`.
    pub groups: &'static [&'static str],
    /// Regular expressions; before 16 they are names that begin with a `/`.
    pub patterns: &'static [Pattern],
    /// The same with the `/`, in the same order.
    pub pattern_names: &'static [&'static str],
    /// Host names and ends of them.
    pub hosts: &'static [&'static str],
    /// Addresses and masks.
    pub addresses: Addresses,
    /// Methods, as they are written.
    pub methods: &'static [&'static str],
    /// How often, of a hundred, an address field is one of `samehost` and `samenet`.
    pub own_addresses: usize,
}

/// A file of rules, and the files that it names.
#[derive(Debug, Clone, Default)]
pub struct Meant {
    /// What stands in it.
    pub items: Vec<Item>,
    /// Lists, and files that lie about and are not to be read.
    pub beside: BTreeMap<String, Vec<u8>>,
}

/// A record or a line.
#[derive(Debug, Clone)]
pub enum Item {
    /// A rule: all of its text but for the method, and what stands behind that.
    Rule {
        /// Up to the method.
        before: String,
        /// A comment, or nothing.
        behind: &'static str,
        /// What it says.
        rule: Rule,
    },
    /// An include record, and the files that it brings in, in the order in which they are read.
    Include(String, Vec<(String, Vec<Self>)>),
    /// A comment or an empty line.
    Silent(&'static str),
}

/// A rule and where it stands.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The file, by its path relative to the main file's folder; nothing for the main file.
    pub file: Option<String>,
    /// From 1.
    pub line: usize,
    /// The rule.
    pub rule: Rule,
}

impl Meant {
    /// A file for this version.
    pub fn by_chance(dice: &mut Dice, vocabulary: &Vocabulary, version: u16, rules: usize) -> Self {
        let mut writer = Writer {
            dice,
            vocabulary,
            version,
            made: 0,
            beside: BTreeMap::new(),
        };
        let items = writer.items(rules, "", 0);
        Self {
            items,
            beside: writer.beside,
        }
    }

    /// Another rule for the same readers, which names no file.
    pub fn one_more(dice: &mut Dice, vocabulary: &Vocabulary, version: u16) -> Item {
        let mut writer = Writer {
            dice,
            vocabulary,
            version,
            made: LISTS,
            beside: BTreeMap::new(),
        };
        writer.rule("")
    }

    /// The rules in the order in which they are tried.
    pub fn rules(&self) -> Vec<Placed> {
        self.written(None).1
    }

    /// The bytes of all the files, with this method in the place of every rule's own, where there is one.
    pub fn files(&self, method: Option<&str>) -> Made {
        self.written(method).0
    }

    fn written(&self, method: Option<&str>) -> (Made, Vec<Placed>) {
        let mut out = Output {
            method,
            named: self.beside.clone(),
            rules: Vec::new(),
        };
        let main = out.file(None, &self.items);
        (
            Made {
                main,
                named: out.named,
            },
            out.rules,
        )
    }
}

/// Files being put together.
struct Output<'a> {
    method: Option<&'a str>,
    named: BTreeMap<String, Vec<u8>>,
    rules: Vec<Placed>,
}

impl Output<'_> {
    fn file(&mut self, path: Option<&str>, items: &[Item]) -> Vec<u8> {
        let mut text = String::new();
        let mut line = 1;
        for item in items {
            let start = text.len();
            match item {
                Item::Rule {
                    before,
                    behind,
                    rule,
                } => {
                    self.rules.push(Placed {
                        file: path.map(str::to_owned),
                        line,
                        rule: rule.clone(),
                    });
                    text += before;
                    text += self.method.unwrap_or(rule.method);
                    text += behind;
                }
                Item::Include(record, files) => {
                    text += record;
                    for (path, items) in files {
                        let bytes = self.file(Some(path), items);
                        self.named.insert(path.clone(), bytes);
                    }
                }
                Item::Silent(words) => text += words,
            }
            text.push('\n');
            line += text[start..].matches('\n').count();
        }
        text.into_bytes()
    }
}

/// How many lists one file may name, and files.
const LISTS: usize = 12;

/// Names of a folder's files in the order in which they are read: by their bytes.
const IN_ORDER: [&str; 6] = [
    "10.conf", "9.conf", "A.conf", "a-b.conf", "a.conf", "a_b.conf",
];

/// What lies in the same folder and is not read.
const NOT_READ: [&str; 4] = [".x.conf", "a.conf~", "notes.txt", "deep/b.conf"];

/// A file in the making.
struct Writer<'a> {
    dice: &'a mut Dice,
    vocabulary: &'a Vocabulary,
    version: u16,
    /// How many files have been named so far.
    made: usize,
    beside: BTreeMap<String, Vec<u8>>,
}

impl Writer<'_> {
    /// What stands in a file in `folder`, which ends in `/` or is empty.
    fn items(&mut self, rules: usize, folder: &str, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        for _ in 0..rules {
            if self.dice.once_in(6) {
                let silent = [
                    "",
                    "# a comment",
                    "#",
                    "  \t",
                    "# host all all all trust",
                    ",",
                ];
                items.push(Item::Silent(self.dice.one_of(&silent)));
            }
            items.push(
                if self.version >= 16 && depth < 3 && self.made < LISTS && self.dice.once_in(7) {
                    self.include(folder, depth)
                } else {
                    self.rule(folder)
                },
            );
        }
        items
    }

    fn include(&mut self, folder: &str, depth: usize) -> Item {
        self.made += 1;
        let name = format!("rules{}", self.made);
        let (word, named, files) = match self.dice.below(4) {
            0 => ("include_if_exists", format!("none{}", self.made), vec![]),
            1 | 2 => {
                let word = self.dice.one_of(&["include", "include_if_exists"]);
                let path = format!("{folder}{name}/one");
                (word, format!("{name}/one"), vec![path])
            }
            _ => {
                for not_read in NOT_READ {
                    if self.dice.once_in(2) {
                        let path = format!("{folder}{name}/{not_read}");
                        self.beside
                            .insert(path, b"host all all all trust\n".to_vec());
                    }
                }
                let files: Vec<_> = IN_ORDER
                    .iter()
                    .filter(|_| self.dice.once_in(2))
                    .map(|file| format!("{folder}{name}/{file}"))
                    .collect();
                // An empty folder is fine, but there has to be one.
                self.beside
                    .insert(format!("{folder}{name}/readme"), Vec::new());
                ("include_dir", name.clone(), files)
            }
        };
        let inside = format!("{folder}{name}/");
        let files = files
            .into_iter()
            .map(|path| {
                let rules = self.dice.between(0, 3);
                (path, self.items(rules, &inside, depth + 1))
            })
            .collect();
        let named = words::name(self.dice, &named, false);
        let word = words::name(self.dice, word, false);
        let between = self.between();
        Item::Include(format!("{word}{between}{named}"), files)
    }

    fn rule(&mut self, folder: &str) -> Item {
        let (word, kind) = self.dice.weighted(&[
            (4, ("local", Kind::Local)),
            (9, ("host", Kind::Host)),
            (6, ("hostssl", Kind::HostSsl)),
            (4, ("hostnossl", Kind::HostNoSsl)),
            (1, ("hostgssenc", Kind::HostGssEnc)),
            (3, ("hostnogssenc", Kind::HostNoGssEnc)),
        ]);
        let mut databases = Vec::new();
        let database_field = self.field(folder, &mut databases, Self::database);
        let mut roles = Vec::new();
        let role_field = self.field(folder, &mut roles, Self::role);
        let mut fields = vec![
            words::name(self.dice, word, false),
            database_field,
            role_field,
        ];
        let mut origin = crate::first_match::Origin::Anywhere;
        if kind != Kind::Local {
            origin = origins::field(self.dice, self.vocabulary, &mut fields);
        }
        let mut before = String::new();
        for field in fields {
            before += &field;
            before += self.between();
        }
        Item::Rule {
            before,
            behind: self.dice.weighted(&[
                (20, ""),
                (1, " # why"),
                (1, "#why"),
                (1, "\t# \"quoted\", #"),
                (1, "  "),
                (1, "\r"),
            ]),
            rule: Rule {
                kind,
                databases,
                roles,
                origin,
                method: self.dice.one_of(self.vocabulary.methods),
            },
        }
    }

    /// What stands between two fields.
    fn between(&mut self) -> &'static str {
        match self.dice.below(if self.version >= 14 { 24 } else { 20 }) {
            0 | 1 => "\t",
            2 | 3 => "    ",
            4 => " \t ",
            20 => " \\\n  ",
            21 => "\\\n ",
            _ => " ",
        }
    }

    /// A list of words as one field, some of them perhaps in files.
    fn field<W>(
        &mut self,
        folder: &str,
        meant: &mut Vec<W>,
        word: fn(&mut Self, &mut Vec<W>) -> String,
    ) -> String {
        let mut field = String::new();
        for at in 0..self.dice.weighted(&[(12, 1), (4, 2), (2, 3), (1, 5)]) {
            if at > 0 {
                field += self
                    .dice
                    .weighted(&[(12, ","), (4, ", "), (1, ",,"), (1, ",\t ")]);
            }
            field += &if self.made < LISTS && self.dice.once_in(12) {
                self.list(folder, meant, word, 0)
            } else {
                word(self, meant)
            };
        }
        // Empty lists alone are no field at all.
        if meant.is_empty() {
            field.push(',');
            field += &word(self, meant);
        }
        field
    }

    /// Words in a file of their own: the word that names it.
    fn list<W>(
        &mut self,
        folder: &str,
        meant: &mut Vec<W>,
        word: fn(&mut Self, &mut Vec<W>) -> String,
        depth: usize,
    ) -> String {
        self.made += 1;
        let name = format!("{}{}", self.dice.one_of(&["list", "a list "]), self.made);
        let mut text = String::new();
        for _ in 0..self.dice.between(0, 4) {
            text += &if self.made < LISTS && depth < 2 && self.dice.once_in(8) {
                self.list(folder, meant, word, depth + 1)
            } else {
                word(self, meant)
            };
            text += self
                .dice
                .one_of(&["\n", "\n", ",", " ", " , ", " # said\n", "\n\n#,\n"]);
        }
        self.beside
            .insert(format!("{folder}{name}"), text.into_bytes());
        words::signed(self.dice, '@', &name)
    }

    fn database(&mut self, meant: &mut Vec<DatabaseWord>) -> String {
        let keywords = [
            ("all", DatabaseWord::All),
            ("sameuser", DatabaseWord::SameUser),
            ("samerole", DatabaseWord::SameRole),
            ("samegroup", DatabaseWord::SameRole),
            ("replication", DatabaseWord::Replication),
        ];
        match self.dice.below(20) {
            0..=10 => {
                let (word, means) = self.dice.weighted(&[
                    (5, keywords[0]),
                    (2, keywords[1]),
                    (2, keywords[2]),
                    (1, keywords[3]),
                    (2, keywords[4]),
                ]);
                meant.push(means);
                words::keyword(self.dice, word)
            }
            11 | 12 if !self.vocabulary.patterns.is_empty() => {
                let (text, pattern) = self.pattern();
                meant.push(match pattern {
                    Ok(pattern) => DatabaseWord::Pattern(pattern),
                    Err(name) => DatabaseWord::Name(name),
                });
                text
            }
            _ => {
                let name = self.nameable(self.vocabulary.databases);
                meant.push(DatabaseWord::Name(name));
                let special = keywords.iter().any(|(keyword, _)| *keyword == name);
                words::name(self.dice, name, special)
            }
        }
    }

    fn role(&mut self, meant: &mut Vec<RoleWord>) -> String {
        match self.dice.below(20) {
            0..=5 => {
                meant.push(RoleWord::All);
                words::keyword(self.dice, "all")
            }
            6..=10 if !self.vocabulary.groups.is_empty() => {
                let group = self.dice.one_of(self.vocabulary.groups);
                meant.push(RoleWord::Member(group));
                words::signed(self.dice, '+', group)
            }
            11 | 12 if !self.vocabulary.patterns.is_empty() => {
                let (text, pattern) = self.pattern();
                meant.push(match pattern {
                    Ok(pattern) => RoleWord::Pattern(pattern),
                    Err(name) => RoleWord::Name(name),
                });
                text
            }
            _ => {
                let name = self.nameable(self.vocabulary.roles);
                meant.push(RoleWord::Name(name));
                words::name(self.dice, name, name == "all" || name.starts_with('+'))
            }
        }
    }

    /// A pattern, or before 16 the name that is spelled like one.
    fn pattern(&mut self) -> (String, Result<Pattern, &'static str>) {
        let at = self.dice.below(self.vocabulary.patterns.len());
        let name = self.vocabulary.pattern_names[at];
        let text = words::name(self.dice, name, false);
        if self.version >= 16 {
            (text, Ok(self.vocabulary.patterns[at]))
        } else {
            (text, Err(name))
        }
    }

    /// A name that this version can be told: from 16 on none that begins with a `/`.
    fn nameable(&mut self, of: &'static [&'static str]) -> &'static str {
        loop {
            let name = self.dice.one_of(of);
            if self.version < 16 || !name.starts_with('/') {
                return name;
            }
        }
    }
}
