//! What was proven, in words and as JSON.

use installer::{Plan, Proof};
use pg_host::OwnTls;
use serde_json::json;

use crate::failure::escape;
use crate::output::{GOOD, WARN, styled};

/// The proof in words, and what to remember.
pub(crate) fn words(plan: &Plan, proof: &Proof) -> String {
    let mut text = String::new();
    let mut line = |mark: &str, what: &str| {
        text.push_str(&format!("{mark} {}\n", escape(what)));
    };
    let good = styled(GOOD, "proven:");
    if plan.is_empty() {
        line("nothing to do:", "everything is as it should be");
    }
    if let Some(served) = &proof.served {
        line(
            &good,
            &format!("the server serves the expected certificate (SHA-256 {served})"),
        );
    }
    if let Some(crl) = &proof.crl {
        let what = format!(
            "the server goes by the revocation lists in {}",
            crl.display()
        );
        line(&good, &what);
    }
    if let Some(login) = &proof.login {
        line(
            &good,
            &format!(
                "psql service={} logs in as role {} to database {}, verify-full",
                login.service, login.role, login.database
            ),
        );
        line("       ", &tls(&login.tls));
    }
    if let Some(words) = &proof.refused_without {
        line(
            &good,
            &format!("without the certificate it is refused over TLS: {words}"),
        );
    }
    if let Some(reason) = &proof.not_tried {
        line(&styled(WARN, "not tried:"), reason);
    }
    for left in &proof.leftovers {
        line(
            &styled(WARN, "left over:"),
            &format!("{}: {}", left.what, left.reason),
        );
    }
    if let Some(day) = plan.renewal {
        line(
            "renewal:",
            &format!(
                "the same command renews what runs out from {} on",
                day.date()
            ),
        );
    }
    for note in plan
        .notes
        .iter()
        .filter(|note| note.code == "authority-here")
    {
        line(&styled(WARN, "remember:"), &note.text);
    }
    text
}

/// A session's row of `pg_stat_ssl`.
pub(crate) fn tls(tls: &OwnTls) -> String {
    if !tls.tls {
        return "pg_stat_ssl: no TLS".to_owned();
    }
    format!(
        "pg_stat_ssl: {} {} client_dn={} client_serial={} issuer_dn={}",
        tls.version.as_deref().unwrap_or("-"),
        tls.cipher.as_deref().unwrap_or("-"),
        tls.client_dn.as_deref().unwrap_or("-"),
        tls.client_serial.as_deref().unwrap_or("-"),
        tls.issuer_dn.as_deref().unwrap_or("-")
    )
}

/// The proof as JSON.
pub(crate) fn document(proof: &Proof) -> serde_json::Value {
    json!({
        "served": proof.served.map(|f| f.to_string()),
        "crl": proof.crl.as_ref().map(|path| path.to_string_lossy()),
        "login": proof.login.as_ref().map(|login| json!({
            "service": login.service,
            "role": login.role,
            "database": login.database,
            "tls": {
                "version": login.tls.version, "cipher": login.tls.cipher, "client_dn": login.tls.client_dn,
                "client_serial": login.tls.client_serial, "issuer_dn": login.tls.issuer_dn,
            },
        })),
        "refused_without_certificate": proof.refused_without,
        "not_tried": proof.not_tried,
    })
}
