//! Regular expressions by chance, with everything in them that PostgreSQL's own kind can say and a machine can decide, and
//! for each a text in which it is found, or nearly.

use super::Dice;

/// A pattern and a text in which it is found, unless a condition in it keeps it from that.
pub fn by_chance(dice: &mut Dice) -> (String, String) {
    let (pattern, text) = Maker { dice, depth: 0 }.branches();
    let (prefix, pattern) = match dice.below(40) {
        0 => ("***:", pattern),
        1 => ("***=", text.clone()),
        2 | 3 => ("(?i)", pattern),
        4 | 5 => ("(?n)", pattern),
        6 => ("(?p)", pattern),
        7 => ("(?w)", pattern),
        8 => ("(?in)", pattern),
        9 => ("(?x)", pattern),
        10 => ("(?e)", pattern),
        11 => ("(?b)", pattern),
        12 => ("(?iq)", text.clone()),
        _ => ("", pattern),
    };
    (format!("{prefix}{pattern}"), text)
}

/// A text that may have to do with a pattern's own.
pub fn text(dice: &mut Dice, sample: &str) -> String {
    let mut text: Vec<char> = sample.chars().collect();
    for _ in 0..dice.weighted(&[(3, 0), (3, 1), (2, 3)]) {
        let at = dice.below(text.len() + 1);
        let new = dice.one_of(CHARACTERS);
        match dice.below(3) {
            0 => text.insert(at, new),
            1 if at < text.len() => drop(text.remove(at)),
            2 if at < text.len() => text[at] = new,
            _ => text.push(new),
        }
    }
    if dice.once_in(5) {
        text.clear();
        text.extend((0..dice.below(6)).map(|_| dice.one_of(CHARACTERS)));
    }
    text.into_iter().take(25).collect()
}

/// What texts are made of.
const CHARACTERS: &[char] = &[
    'a', 'a', 'b', 'b', 'c', 'A', 'B', '0', '1', '_', '-', ' ', '\n', 'é', '.', '\t', '\u{80}',
    'À', 'ß', '\u{a0}', 'ÿ', '`',
];

struct Maker<'a> {
    dice: &'a mut Dice,
    depth: usize,
}

impl Maker<'_> {
    fn branches(&mut self) -> (String, String) {
        let count = self.dice.weighted(&[(8, 1), (3, 2), (1, 3)]);
        let all: Vec<_> = (0..count).map(|_| self.branch()).collect();
        let text = all[self.dice.below(count)].1.clone();
        let patterns: Vec<_> = all.into_iter().map(|(pattern, _)| pattern).collect();
        (patterns.join("|"), text)
    }

    fn branch(&mut self) -> (String, String) {
        let (mut pattern, mut text) = (String::new(), String::new());
        if self.dice.once_in(if self.depth == 0 { 2 } else { 9 }) {
            pattern += self.dice.one_of(&["^", "^", "^", r"\A"]);
        }
        for _ in 0..self
            .dice
            .weighted(&[(1, 0), (4, 1), (4, 2), (3, 3), (1, 5)])
        {
            if self.dice.once_in(9) {
                pattern += self.dice.one_of(LOOKS);
            }
            let (atom, sample) = self.atom();
            let (quantifier, times) = self.quantifier();
            pattern += &atom;
            pattern += &quantifier;
            text += &sample.repeat(times);
        }
        if self.dice.once_in(if self.depth == 0 { 2 } else { 9 }) {
            pattern += self.dice.one_of(&["$", "$", "$", r"\Z"]);
        }
        (pattern, text)
    }

    fn atom(&mut self) -> (String, String) {
        let with = |pattern: &str, text: &str| (pattern.to_owned(), text.to_owned());
        match self.dice.below(if self.depth < 3 { 20 } else { 16 }) {
            0..=6 => {
                let letter = self
                    .dice
                    .one_of(&["a", "b", "c", "A", "B", "0", "1", "_", "-", " ", "é"]);
                with(letter, letter)
            }
            7 | 8 => with(".", self.dice.one_of(&["a", "b", "\n", "-"])),
            9..=12 => self.list(),
            13 | 14 => {
                let (pattern, text) = self.dice.one_of(ESCAPES);
                with(pattern, text)
            }
            15 => {
                let (pattern, text) = self.dice.one_of(&[
                    ("[[.a.]]", "a"),
                    ("[[=b=]]", "b"),
                    ("[[.hyphen.]]", "-"),
                    ("{", "{"),
                    ("(?#note)a", "a"),
                    ("()", ""),
                ]);
                with(pattern, text)
            }
            _ => {
                self.depth += 1;
                let (inside, text) = self.branches();
                self.depth -= 1;
                let open = self.dice.weighted(&[(3, "("), (2, "(?:")]);
                (format!("{open}{inside})"), text)
            }
        }
    }

    /// A list in brackets.
    fn list(&mut self) -> (String, String) {
        let parts: Vec<_> = (0..self.dice.between(1, 3))
            .map(|_| self.dice.one_of(PARTS))
            .collect();
        let inside: String = parts.iter().map(|(pattern, _)| *pattern).collect();
        if self.dice.once_in(4) {
            let text = self.dice.one_of(&["a", "B", "1", "-", "\n"]);
            return (format!("[^{inside}]"), text.to_owned());
        }
        (format!("[{inside}]"), parts[0].1.to_owned())
    }

    fn quantifier(&mut self) -> (String, usize) {
        let (quantifier, times) = match self.dice.below(16) {
            0 | 1 => ("*".to_owned(), self.dice.below(3)),
            2 => ("+".to_owned(), self.dice.between(1, 2)),
            3 => ("?".to_owned(), self.dice.below(2)),
            4 | 5 => {
                let least = self.dice.below(4);
                let most = least + self.dice.below(3);
                match self.dice.below(3) {
                    0 => (format!("{{{least}}}"), least),
                    1 => (format!("{{{least},}}"), least),
                    _ => (
                        format!("{{{least},{most}}}"),
                        self.dice.between(least, most),
                    ),
                }
            }
            _ => return (String::new(), 1),
        };
        let lazy = if self.dice.once_in(5) { "?" } else { "" };
        (quantifier + lazy, times)
    }
}

/// Conditions.
const LOOKS: &[&str] = &[
    "^", "$", r"\A", r"\Z", r"\m", r"\M", r"\y", r"\Y", "[[:<:]]", "[[:>:]]", "(?:^|-)", "(?:$|b)",
];

/// Escapes, and what each takes.
const ESCAPES: &[(&str, &str)] = &[
    (r"\d", "1"),
    (r"\D", "a"),
    (r"\w", "b"),
    (r"\W", "-"),
    (r"\s", " "),
    (r"\S", "a"),
    (r"\x61", "a"),
    (r"\u0062", "b"),
    (r"\U00000041", "A"),
    (r"\u00e9", ""),
    (r"\u20ac", ""),
    (r"\xc3\xa9", "é"),
    (r"\060", "0"),
    (r"\n", "\n"),
    (r"\t", "\t"),
    (r"\.", "."),
    (r"\-", "-"),
    (r"\B", "\\"),
    (r"\e", "\u{1b}"),
    (r"\cA", "\u{1}"),
];

/// What may stand in brackets, and what it takes.
const PARTS: &[(&str, &str)] = &[
    ("a", "a"),
    ("b", "b"),
    ("A", "A"),
    ("_", "_"),
    (".", "."),
    ("a-c", "b"),
    ("A-C", "B"),
    ("0-9", "1"),
    ("Z-b", "a"),
    (r"\d", "1"),
    (r"\w", "b"),
    (r"\s", " "),
    (r"\W", "-"),
    (r"\n", "\n"),
    ("[:alpha:]", "a"),
    ("[:lower:]", "a"),
    ("[:upper:]", "A"),
    ("[:digit:]", "0"),
    ("[:space:]", " "),
    ("[:punct:]", "-"),
    ("[:word:]", "_"),
    ("[:xdigit:]", "b"),
    ("[:cntrl:]", "\n"),
    ("[:print:]", "a"),
    ("[:graph:]", "-"),
    ("[:ascii:]", "a"),
    ("[:alnum:]", "1"),
    ("[:blank:]", "\t"),
    (r"\x80-\x9f", ""),
    (r"\x20-\u0100", "a"),
    ("[.-.]", "-"),
    ("-z", "z"),
    ("-", "-"),
    ("[=a=]", "a"),
];
