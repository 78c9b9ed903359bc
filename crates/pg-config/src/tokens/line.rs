//! What a line of `pg_hba.conf` or `pg_ident.conf` is made of: tokens, in fields.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::text::Span;

/// One token: what stands between blanks and commas, its quotes removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    /// The bytes that PostgreSQL compares.
    pub text: Cow<'a, [u8]>,
    /// A quote came before the first character: no keyword, no `+group`, no `@file`.
    pub quoted: bool,
    /// Where it stands, quotes included.
    pub span: Span,
    /// No comma follows.
    pub(super) ends_field: bool,
}

impl Token<'_> {
    /// Whether it is this keyword (`hba.c`, `token_is_keyword`).
    pub fn is_keyword(&self, word: &str) -> bool {
        !self.quoted && *self.text == *word.as_bytes()
    }

    /// The file that this token stands for, if it is an `@file`.
    pub fn file(&self) -> Option<&[u8]> {
        match self.text.split_first() {
            Some((b'@', name)) if !self.quoted && !name.is_empty() => Some(name),
            _ => None,
        }
    }

    /// The text for messages; what is not UTF-8 is replaced.
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// The same token with bytes of its own.
    pub fn into_owned(self) -> Token<'static> {
        Token {
            text: Cow::Owned(self.text.into_owned()),
            ..self
        }
    }
}

/// A record: a logical line that holds at least one token, or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1: the first physical line, which is the one that PostgreSQL names.
    pub number: u32,
    /// From the first byte of the first physical line to the end of the last one, without its line end.
    pub span: Span,
    /// Why PostgreSQL does not read the line at all, in its words.
    pub error: Option<&'static str>,
    names_files: bool,
    tokens: Vec<Token<'a>>,
}

impl<'a> Line<'a> {
    /// A line without tokens.
    pub(crate) const fn empty(number: u32, span: Span) -> Self {
        Self {
            number,
            span,
            error: None,
            names_files: false,
            tokens: Vec::new(),
        }
    }

    /// The fields: each a list of at least one token.
    pub fn fields(&self) -> Fields<'_, 'a> {
        Fields(&self.tokens)
    }

    /// The field at this place, from 0.
    pub fn field(&self, index: usize) -> Option<&[Token<'a>]> {
        self.fields().nth(index)
    }

    /// Its fields, if it has two: include records have.
    pub(crate) fn pair(&self) -> Option<(&[Token<'a>], &[Token<'a>])> {
        let mut fields = self.fields();
        let pair = (fields.next()?, fields.next()?);
        fields.next().is_none().then_some(pair)
    }

    /// All tokens, whatever their field.
    pub fn tokens(&self) -> &[Token<'a>] {
        &self.tokens
    }

    /// Whether any token is an `@file`.
    pub(crate) const fn names_files(&self) -> bool {
        self.names_files
    }

    /// Adds a field, unless it has no token (`next_field_expand` returns NIL).
    pub(crate) fn push_field(&mut self, tokens: impl IntoIterator<Item = Token<'a>>) {
        for token in tokens {
            self.push(Token {
                ends_field: false,
                ..token
            });
        }
        self.end_field();
    }

    /// Adds a token.
    pub(super) fn push(&mut self, token: Token<'a>) {
        self.names_files |= token.file().is_some();
        self.tokens.push(token);
    }

    /// Takes all tokens out, to be used for another line.
    pub(super) fn clear(&mut self) {
        self.tokens.clear();
        self.names_files = false;
    }

    /// What comes next belongs to another field.
    pub(super) fn end_field(&mut self) {
        if let Some(last) = self.tokens.last_mut() {
            last.ends_field = true;
        }
    }
}

/// The fields of a line that are still to come.
#[derive(Debug, Clone)]
pub struct Fields<'l, 'a>(&'l [Token<'a>]);

impl<'l, 'a> Fields<'l, 'a> {
    /// Their tokens, whatever their field.
    pub const fn tokens(&self) -> &'l [Token<'a>] {
        self.0
    }
}

impl<'l, 'a> Iterator for Fields<'l, 'a> {
    type Item = &'l [Token<'a>];

    fn next(&mut self) -> Option<Self::Item> {
        let last = self.0.iter().position(|token| token.ends_field)?;
        let (field, behind) = self.0.split_at(last + 1);
        self.0 = behind;
        Some(field)
    }
}
