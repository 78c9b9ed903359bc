//! `pgcert list` and `pgcert show` as they are typed.

use authority::State;
use clap::Args;

use super::one_of;
use pki_core::{Kind, Serial};

/// `pgcert list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only certificates of this kind
    #[arg(long, value_name = "KIND", value_parser = one_of::<Kind>(Kind::ALL.map(Kind::name)))]
    pub(crate) kind: Option<Kind>,
    /// Only certificates of this server or role, by its exact name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Only certificates with which this role logs in
    #[arg(long, value_name = "NAME", conflicts_with_all = ["name", "kind"])]
    pub(crate) role: Option<String>,
    /// Only what is valid now and ends within this time, such as 30d or 12h
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub(crate) expiring: Option<i64>,
    /// Only certificates in this state; repeatable
    #[arg(long, value_name = "STATE", value_parser = one_of::<State>(State::ALL.map(State::as_str)))]
    // `--state` is the folder of the journal.
    pub(crate) in_state: Vec<State>,
    /// Only what is revoked
    #[arg(long, conflicts_with = "in_state")]
    pub(crate) revoked: bool,
    /// Print comma-separated values, with a line of headings
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

/// `pgcert show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The serial number in hexadecimal, as pgcert list shows it; colons are ignored
    pub(crate) serial: Serial,
    /// Print the certificate itself, with the authorities that follow it in its file
    #[arg(long, conflicts_with = "json")]
    pub(crate) pem: bool,
}

/// A length of time, in seconds: a number with `h`, `d` or `w` behind it; alone it means days.
fn span(text: &str) -> Result<i64, String> {
    let unit = |seconds| (&text[..text.len() - 1], seconds);
    let (number, seconds) = match text.as_bytes().last() {
        Some(b'h') => unit(3600),
        Some(b'd') => unit(86_400),
        Some(b'w') => unit(7 * 86_400),
        _ => (text, 86_400),
    };
    match number.parse::<u32>() {
        Ok(number @ 1..=1_000_000) if !number_is_signed(text) => Ok(i64::from(number) * seconds),
        _ => Err("a time such as 12h, 30d or 8w is needed".to_owned()),
    }
}

/// `u32` reads `+5`, and nobody means that.
fn number_is_signed(text: &str) -> bool {
    text.starts_with('+')
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn times() {
        assert_eq!(span("12h"), Ok(43_200));
        assert_eq!(span("30d"), span("30"));
        assert_eq!(span("2w"), span("14d"));
        for text in [
            "", "d", "0d", "-1d", "+1d", "1.5d", "1y", "9999999d", "1 d", "é",
        ] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
