//! The database of `openssl ca`, which easy-rsa keeps too: `index.txt`, one line a certificate
//! (apps/lib/apps.c, `DB_type`). Only read here.

use pki_core::{RevocationReason, Serial, Time};

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexLine {
    /// The certificate's serial.
    pub serial: Serial,
    /// The end of its validity.
    pub not_after: Time,
    /// Since when it is revoked, and why. A hold counts as revoked, since it is not taken off here.
    pub revoked: Option<(Time, RevocationReason)>,
    /// Its subject, `/C=FR/O=Loxodata/CN=slardiere`.
    pub subject: String,
}

impl IndexLine {
    /// The last common name of the subject. Empty: it has none.
    #[must_use]
    pub fn common_name(&self) -> &str {
        let value = self.subject.rsplit_once("/CN=").map_or("", |(_, v)| v);
        // What follows it is another attribute; a `/` within the name is not.
        let next = value.match_indices('/').find(|(at, _)| {
            let key = value[at + 1..].split('=').next().unwrap_or_default();
            value[at + 1..].contains('=') && key.chars().all(|c| c.is_ascii_alphanumeric())
        });
        next.map_or(value, |(at, _)| &value[..at])
    }
}

/// Reads all lines: six columns with tabs between them, `V`, `R` or `E` first.
///
/// # Errors
/// [`BadIndex`], the first line that is none.
pub fn read_index(bytes: &[u8]) -> Result<Vec<IndexLine>, BadIndex> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            read(line).map_err(|reason| BadIndex {
                line: number + 1,
                reason,
            })
        })
        .collect()
}

fn read(line: &str) -> Result<IndexLine, &'static str> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [state, end, revocation, serial, _file, subject] = columns.as_slice() else {
        return Err("six columns with tabs between them are needed");
    };
    let revoked = match *state {
        "V" | "E" => None,
        "R" => {
            let mut parts = revocation.split(',');
            let at = time(parts.next().unwrap_or_default()).ok_or("no time of revocation")?;
            // `certificateHold`, `holdInstruction` and the like are no reasons that can be given here.
            let reason = parts.next().and_then(|word| word.parse().ok());
            Some((at, reason.unwrap_or_default()))
        }
        _ => return Err("the first column is V, R or E"),
    };
    Ok(IndexLine {
        serial: serial.parse().map_err(|_| "no serial")?,
        not_after: time(end).ok_or("no end of validity")?,
        revoked,
        subject: (*subject).to_owned(),
    })
}

/// UTCTime `YYMMDDHHMMSSZ` or GeneralizedTime `YYYYMMDDHHMMSSZ` (RFC 5280 4.1.2.5).
fn time(text: &str) -> Option<Time> {
    let digits = text.strip_suffix('Z')?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (century, rest) = match digits.len() {
        12 if digits >= "50" => ("19", digits),
        12 => ("20", digits),
        14 => ("", digits),
        _ => return None,
    };
    let all = format!("{century}{rest}");
    let part = |from: usize, to: usize| all.get(from..to).unwrap_or_default();
    let day = format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8));
    let clock = format!("{}:{}:{}", part(8, 10), part(10, 12), part(12, 14));
    format!("{day}T{clock}Z").parse().ok()
}

/// A file that is no such database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadIndex {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_line() {
        let text = "V\t280227160503Z\t\t1A2B\tunknown\t/C=FR/CN=tolva\n\
                    R\t280227160503Z\t261125161001Z,keyCompromise\t03\tunknown\t/CN=alice/emailAddress=a@b.c\n\
                    R\t20760101000000Z\t261125161001Z,holdInstruction,1.2.3\t04\tunknown\t/CN=bob/x\n\
                    E\t991231235959Z\t\t05\told.pem\t/O=nobody\n";
        let lines = read_index(text.as_bytes()).unwrap();
        let words: Vec<_> = lines
            .iter()
            .map(|l| {
                format!(
                    "{} {} {:?} {}",
                    l.serial,
                    l.not_after,
                    l.revoked.map(|(t, r)| format!("{t} {r}")),
                    l.common_name()
                )
            })
            .collect();
        insta::assert_snapshot!(words.join("\n"), @r#"
        1a2b 2028-02-27 16:05:03 UTC None tolva
        03 2028-02-27 16:05:03 UTC Some("2026-11-25 16:10:01 UTC key-compromise") alice
        04 2076-01-01 00:00:00 UTC Some("2026-11-25 16:10:01 UTC unspecified") bob/x
        05 1999-12-31 23:59:59 UTC None
        "#);
    }

    #[test]
    fn what_is_no_index() {
        for (text, line) in [
            ("V\t280227160503Z\t\t1A2B\t/CN=tolva", 1),
            ("\nX\ta\tb\tc\td\te", 2),
            ("R\t280227160503Z\t\t03\tx\t/CN=a", 1),
            ("V\t2802271605Z\t\t03\tx\t/CN=a", 1),
            ("V\t280227160503Z\t\t\tx\t/CN=a", 1),
        ] {
            assert_eq!(
                read_index(text.as_bytes()).unwrap_err().line,
                line,
                "{text}"
            );
        }
        assert_eq!(read_index(b""), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn never_panics(text in "([VRE]\t[0-9Z]{0,15}\t[0-9Z,a-z]{0,15}\t[0-9A-F]{0,4}\tx\t(/[A-Z]{1,2}=[a-zé/=]{0,8}){0,3}\n){0,3}") {
            if let Ok(lines) = read_index(text.as_bytes()) {
                prop_assert!(lines.iter().all(|line| line.subject.contains(line.common_name())));
            }
        }
    }
}
