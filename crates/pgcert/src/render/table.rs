//! Rows of text in columns, under a heading.

use crate::output::{HEAD, styled};

/// Each row in a line, the first as the heading. Columns are as wide as their widest cell, two blanks apart; the first `right` of them
/// are flush right.
pub(crate) fn table<const N: usize>(rows: &[[String; N]], right: usize) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    });
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        let line = line(row, &widths, right);
        text.push_str(&if i == 0 { styled(HEAD, &line) } else { line });
        text.push('\n');
    }
    text
}

/// One row, in columns of these widths.
pub(crate) fn line<const N: usize>(row: &[String; N], widths: &[usize; N], right: usize) -> String {
    let cells = row.iter().zip(widths).enumerate();
    let cells = cells.map(|(column, (cell, width))| match column < right {
        true => format!("{cell:>width$}"),
        false => format!("{cell:<width$}"),
    });
    let line = cells.collect::<Vec<_>>().join("  ");
    line.trim_end().to_owned()
}
