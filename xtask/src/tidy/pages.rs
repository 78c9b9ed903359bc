//! What the pages name: sources that are there, links that lead somewhere.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Offence, all_sources, files, read};

/// Looks through every page of the project.
pub(crate) fn check(root: &Path, offences: &mut Vec<Offence>) -> anyhow::Result<()> {
    let sources = all_sources(root)?;
    for page in pages(root)? {
        for (number, line) in (1..).zip(read(&page)?.lines()) {
            let named = code_spans(line).filter(|span| is_source(span));
            for name in named.filter(|name| !sources.iter().any(|source| source.ends_with(name))) {
                let what = format!("names `{name}`, and there is no such source");
                offences.push(Offence::of_line(root, &page, number, &what));
            }
            for link in links(line) {
                if !leads_somewhere(&page, link)? {
                    let what = format!("links to `{link}`, and there is no such page or heading");
                    offences.push(Offence::of_line(root, &page, number, &what));
                }
            }
        }
    }
    Ok(())
}

/// Every page that people read.
fn pages(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut pages = files(&root.join("docs"), "md")?;
    pages.extend(files(&root.join("crates"), "md")?);
    pages.extend(["README.md", "CHANGELOG.md"].map(|page| root.join(page)));
    Ok(pages)
}

/// What stands between single backquotes.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether that is a name of a source, and not a program's text.
fn is_source(span: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    span.ends_with(".rs") && span.chars().all(plain)
}

/// Where the line's links lead, within the project.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let behind = line.split("](").skip(1);
    let target = behind.filter_map(|rest| rest.split_once(')').map(|(link, _)| link));
    target.filter(|link| !link.contains("://"))
}

/// Whether there is a page, and the heading on it that the link asks for.
fn leads_somewhere(page: &Path, link: &str) -> anyhow::Result<bool> {
    let (file, heading) = match link.split_once('#') {
        Some((file, heading)) => (file, Some(heading)),
        None => (link, None),
    };
    let target = match file {
        "" => page.to_owned(),
        file => page.parent().context("a page lies in a folder")?.join(file),
    };
    let Some(heading) = heading else {
        return Ok(target.exists());
    };
    if !target.is_file() {
        return Ok(false);
    }
    let text = read(&target)?;
    Ok(headings(&text).any(|line| anchor(line) == heading))
}

/// The lines that are headings: what stands in a fence is a program's text.
fn headings(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        fenced ^= line.trim_start().starts_with("```");
        !fenced && line.starts_with('#')
    })
}

/// The anchor that a renderer makes of a heading: its letters, digits and dashes, small; spaces are dashes.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim();
    let kept = text.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}
