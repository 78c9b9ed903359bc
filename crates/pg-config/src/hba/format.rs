//! The rules of a document in columns, each saying what it said before. Comments, blank lines, continued lines and what
//! PostgreSQL refuses stay as they are.

use alloc::vec::Vec;

use super::columns::{comment, spelled};
use super::{ConnType, Document, Record};
use crate::text::{self, Change, Edit, Span, column};
use crate::tokens::Tokenizer;

impl Document {
    /// Puts the rules in columns: those of `pg_hba.conf.sample`, wider where a field needs it. A comment behind a rule
    /// stays behind it. Formatting again changes nothing, and no rule means anything else afterwards.
    pub fn format(&mut self) -> Change {
        let rows: Vec<Row> = text::lines(self.as_bytes())
            .filter_map(|line| self.row(line))
            .collect();
        let mut widths = SAMPLE;
        for row in &rows {
            for (width, field) in widths.iter_mut().zip(&row.fields) {
                let needed = column(0, field) + 1;
                // One long list shall not push the whole file to the right.
                if needed <= WIDEST {
                    *width = needed.max(*width);
                }
            }
        }
        let edits = rows
            .iter()
            .map(|row| Edit {
                span: row.span,
                bytes: row.written(&widths),
            })
            .filter(|edit| edit.span.of(self.as_bytes()) != edit.bytes)
            .filter(|edit| self.keeps_its_meaning(edit))
            .collect();
        let change = Change { edits };
        let after = Self::parse(change.apply(self.as_bytes()), self.version());
        let pairs = || self.records().iter().zip(after.records());
        let same = self.records().len() == after.records().len()
            && pairs().all(|(before, after)| before.says_the_same(after));
        if !same || change.is_empty() {
            return Change::none();
        }
        *self = after;
        change
    }

    /// A line that can be laid out: a rule that is all of one line, or the header of the columns.
    fn row(&self, line: text::Line) -> Option<Row> {
        let whole = line.content.of(self.as_bytes());
        let end = whole
            .iter()
            .rposition(|&b| b != b'\r')
            .map_or(0, |at| at + 1);
        let content = &whole[..end];
        let span = Span::new(line.content.start, line.content.start + end);
        if content.contains(&0) {
            return None;
        }
        if content.starts_with(b"#") {
            let words: Vec<&[u8]> = content[1..]
                .split(u8::is_ascii_whitespace)
                .filter(|word| !word.is_empty())
                .collect();
            return (words == HEADER).then(|| Row::header(span));
        }
        let record = self
            .records()
            .binary_search_by_key(&line.number, Record::line)
            .ok()?;
        let record = &self.records()[record];
        let Record::Rule(rule) = record else {
            return None;
        };
        if record.span() != span {
            return None;
        }
        let mut reader = Tokenizer::new(content, self.version());
        let read = reader.next_line()?;
        let comment = Some(comment(read, content)).filter(|comment| !comment.is_empty());
        let comment = comment.map(<[u8]>::to_vec);
        Some(Row::rule(rule.kind, spelled(read, content), comment, span))
    }

    /// Whether a line says by itself what it said before.
    fn keeps_its_meaning(&self, edit: &Edit) -> bool {
        let before = Self::parse(edit.span.of(self.as_bytes()), self.version());
        let after = Self::parse(edit.bytes.as_slice(), self.version());
        match (before.records(), after.records()) {
            ([before], [after]) => before.says_the_same(after),
            ([], []) => true,
            _ => false,
        }
    }
}

/// A line to be laid out.
struct Row {
    span: Span,
    /// Type, databases, roles, address, and all the rest.
    fields: Vec<Vec<u8>>,
    comment: Option<Vec<u8>>,
}

impl Row {
    fn header(span: Span) -> Self {
        let fields = ["# TYPE", "DATABASE", "USER", "ADDRESS", "METHOD"];
        Self {
            span,
            fields: fields
                .iter()
                .map(|field| field.as_bytes().to_vec())
                .collect(),
            comment: None,
        }
    }

    fn rule(
        kind: ConnType,
        mut fields: Vec<Vec<u8>>,
        comment: Option<Vec<u8>>,
        span: Span,
    ) -> Self {
        if kind == ConnType::Local && fields.len() > 3 {
            fields.insert(3, Vec::new());
        }
        // A mask of its own stands behind its address, and the method in its column.
        let masked = kind != ConnType::Local && is_mask(&fields);
        if masked {
            let mask = fields.remove(4);
            fields[3].push(b' ');
            fields[3].extend(mask);
        }
        if fields.len() > 5 {
            let rest = fields.split_off(4).join(&b' ');
            fields.push(rest);
        }
        Self {
            span,
            fields,
            comment,
        }
    }

    fn written(&self, widths: &[usize; 4]) -> Vec<u8> {
        let mut line = Vec::new();
        let mut start = 0;
        for (i, field) in self.fields.iter().enumerate() {
            if i > 0 {
                start += widths[i - 1];
                if !line.is_empty() && !line.ends_with(b" ") && !field.is_empty() {
                    line.push(b' ');
                }
                while column(0, &line) < start && !field.is_empty() {
                    line.push(b' ');
                }
            }
            line.extend_from_slice(field);
        }
        if let Some(comment) = &self.comment {
            line.extend_from_slice(b"  ");
            line.extend_from_slice(comment);
        }
        line
    }
}

/// Whether the address of a rule (its fourth field) is followed by a mask: PostgreSQL asks for one where the address is
/// a number without a `/`.
fn is_mask(fields: &[Vec<u8>]) -> bool {
    fields.len() > 5 && !fields[3].contains(&b'/') && super::address::numeric(&fields[3]).is_some()
}

/// How wide the first four columns of `pg_hba.conf.sample` are.
const SAMPLE: [usize; 4] = [8, 16, 16, 24];

/// A field that is wider stands out of its column.
const WIDEST: usize = 48;

const HEADER: [&[u8]; 5] = [b"TYPE", b"DATABASE", b"USER", b"ADDRESS", b"METHOD"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use alloc::string::String;
    use proptest::prelude::*;

    fn formatted(text: &str) -> String {
        let mut document = Document::parse(text.as_bytes(), Version::V16);
        document.format();
        String::from_utf8(document.to_bytes()).unwrap()
    }

    #[test]
    fn columns_are_those_of_the_sample_or_wider() {
        insta::assert_snapshot!(formatted("# TYPE DATABASE USER ADDRESS METHOD\n\n# why\nlocal all all peer\nhost\tall, b  all 127.0.0.1/32\ttrust#c\n  hostssl \"a b\" +g 10.0.0.0 255.0.0.0 cert map=m clientname=DN\ninclude x\nhostnogssenc all all samenet md5\n"), @r#"
        # TYPE       DATABASE        USER            ADDRESS                 METHOD

        # why
        local        all             all                                     peer
        host         all,b           all             127.0.0.1/32            trust  #c
        hostssl      "a b"           +g              10.0.0.0 255.0.0.0      cert map=m clientname=DN
        include x
        hostnogssenc all             all             samenet                 md5
        "#);
        // Nothing is in line with a list as long as this.
        let long = "x,".repeat(30);
        assert_eq!(
            formatted(&alloc::format!("local {long}x all peer\n")),
            alloc::format!("local   {long}x all                                     peer\n")
                .replace("all                                     peer", "all peer")
        );
    }

    #[test]
    fn the_sample_is_in_columns_already() {
        let sample = "# TYPE  DATABASE        USER            ADDRESS                 METHOD\n\n\
                      # \"local\" is for Unix domain socket connections only\n\
                      local   all             all                                     trust\n\
                      # IPv4 local connections:\n\
                      host    all             all             127.0.0.1/32            trust\n\
                      local   replication     all                                     trust\n\
                      host    replication     all             ::1/128                 trust\n";
        assert_eq!(formatted(sample), sample);
    }

    #[test]
    fn what_is_no_rule_of_one_line_stays() {
        let text = "local all \\\n all  peer\nnonsense  here\n# a  comment\r\n\tlocal  @f  all  peer  \r\n";
        let expected = "local all \\\n all  peer\nnonsense  here\n# a  comment\r\nlocal   @f              all                                     peer\r\n";
        assert_eq!(formatted(text), expected);
    }

    proptest! {
        #[test]
        fn no_rule_means_anything_else_and_once_is_enough(
            text in "((local|hostssl|host|x)([ \t]|, ?|\")(all|\"a b\"|@f|/r)[ \t,]{1,3}(a|\\+g|\"\")[ \t]{1,2}(10.0.0.1/8|10.0.0.1 255.0.0.0|all|)[ \t]+(trust|md5|cert)( map=x)?[ \t,\"]{0,2}(#[^\n]{0,3})?\\\\?\r?\n?){0,5}",
            version in proptest::sample::select(&Version::ALL[..]),
        ) {
            let before = Document::parse(text.as_bytes(), version);
            let mut document = before.clone();
            let change = document.format();
            prop_assert_eq!(document.to_bytes(), change.apply(text.as_bytes()));
            prop_assert_eq!(before.records().len(), document.records().len());
            for (a, b) in before.records().iter().zip(document.records()) {
                prop_assert!(a.says_the_same(b), "{a:?} {b:?}");
                prop_assert_eq!(a.line(), b.line());
            }
            prop_assert!(document.format().is_empty(), "{:?}", String::from_utf8_lossy(document.as_bytes()));
        }
    }
}
