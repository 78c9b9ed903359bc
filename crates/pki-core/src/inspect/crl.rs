//! A revocation list in words.

use super::{Finding, certificate::until, hex, span};
use crate::{
    crl::{Crl, Revocation},
    time::Time,
};

pub(super) fn title(crl: &Crl) -> String {
    let issuer = &crl.parts().issuer;
    format!(
        "Revocation list: {}",
        issuer
            .common_name
            .as_deref()
            .unwrap_or(&issuer.readable)
            .escape_debug()
    )
}

pub(super) fn facts(crl: &Crl, now: Time) -> Vec<(&'static str, String)> {
    let mut revoked: Vec<String> = crl
        .revoked()
        .take(SHOWN)
        .map(|(serial, entry)| format!("{serial}  {}", entry_text(entry)))
        .collect();
    if crl.len() > SHOWN {
        revoked.push(format!("and {} more", crl.len() - SHOWN));
    }
    let mut facts = vec![
        ("issued by", crl.parts().issuer.readable.clone()),
        (
            "number",
            crl.number()
                .map(|number| number.to_string())
                .unwrap_or_default(),
        ),
        ("made", crl.this_update().to_string()),
        (
            "next update",
            crl.next_update()
                .map(|next| until(next, now))
                .unwrap_or_default(),
        ),
        ("signature", crl.parts().algorithm.describe()),
        (
            "issuer's id",
            crl.authority_key_id().map(hex).unwrap_or_default(),
        ),
        (
            "revoked",
            if revoked.is_empty() {
                "nothing".to_owned()
            } else {
                revoked.join("\n")
            },
        ),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

pub(super) fn findings(crl: &Crl, now: Time) -> Vec<Finding> {
    let mut found = Vec::new();
    match crl.next_update() {
        Some(next) if next <= now => {
            let ago = span(now.seconds_since(next));
            let text =
                format!("it expired {ago} ago: every certificate of its authority is refused");
            found.push(Finding::problem("expired", text));
        }
        None => found.push(Finding::note(
            "no-next-update",
            "it never expires".to_owned(),
        )),
        _ => {}
    }
    if crl.this_update() > now {
        found.push(Finding::problem(
            "not-yet-valid",
            "it is dated in the future".to_owned(),
        ));
    }
    if crl.authority_key_id().is_none() {
        let text =
            "no authority key identifier: two generations of its authority cannot be told apart";
        found.push(Finding::note("no-authority-key-id", text.to_owned()));
    }
    for oid in &crl.parts().extensions.unhandled_critical {
        let text = format!("OpenSSL does not know its critical extension {oid}");
        found.push(Finding::problem("unhandled-critical", text));
    }
    found
}

fn entry_text(entry: Revocation) -> String {
    // RFC 5280 5.3.1
    let reason = match entry.reason {
        None | Some(0) => "",
        Some(1) => ", key compromised",
        Some(2) => ", authority compromised",
        Some(3) => ", affiliation changed",
        Some(4) => ", superseded",
        Some(5) => ", no longer needed",
        Some(6) => ", on hold",
        Some(8) => ", taken off the list",
        Some(9) => ", privilege withdrawn",
        Some(_) => ", another reason",
    };
    format!("since {}{reason}", entry.since)
}

/// So many entries are shown: a list may have a million.
const SHOWN: usize = 100;
