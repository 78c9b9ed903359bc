//! Whether an authority that another program made can be taken over: what `inspect` finds in its
//! certificate, what speaks against the parts together, and what comes of issuing with it. All of it
//! in memory.

use pki_core::{
    Certificate, IssueError, Item, Kind, Leaf, PrivateKey, Problem, Purpose, Serial, Subject, Time,
    Validity, VerifyCode, check_path, inspect, issue_leaf, verify_chain,
};

use super::Import;
use super::history::too_long;
use crate::Error;

/// Something to know about an authority before it is taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportFinding {
    /// A stable name: `key-mismatch`, `no-crl-sign`, ….
    pub code: &'static str,
    /// Whether it cannot be taken over because of it; else something will not work.
    pub refuses: bool,
    /// In words: what will not work and why.
    pub text: String,
}

impl ImportFinding {
    pub(super) fn refusal(code: &'static str, text: String) -> Self {
        Self {
            code,
            refuses: true,
            text,
        }
    }

    pub(super) fn warning(code: &'static str, text: String) -> Self {
        Self {
            code,
            refuses: false,
            text,
        }
    }
}

/// Looks at everything.
pub(super) fn examine(wish: &Import<'_>, now: Time) -> Result<Vec<ImportFinding>, Error> {
    let certificate = wish.certificate;
    let mut found = Vec::new();
    if wish.key.public_key() != certificate.public_key() {
        let text = "the key is not the one in the certificate";
        found.push(ImportFinding::refusal("key-mismatch", text.to_owned()));
    }
    if !certificate.is_authority() {
        let text = "the certificate is no authority's: it has no basic constraints that say so (CA:TRUE), and who is shown a chain through it refuses it";
        found.push(ImportFinding::refusal("not-an-authority", text.to_owned()));
        return Ok(found);
    }
    if too_long(&certificate.serial()) {
        let text = "its serial number has more than 20 octets";
        found.push(ImportFinding::refusal("serial", text.to_owned()));
    }
    found.extend(of_itself(certificate, wish, now));
    if let Err(broken) = check_path(&wish.path()) {
        found.push(ImportFinding::refusal(
            "chain-gap",
            format!("{broken}: the chain has to lead up to the root"),
        ));
    }
    if !found.iter().any(|finding| finding.refuses) {
        let mut made = Vec::new();
        for kind in [Kind::Server, Kind::Client] {
            if let Some(finding) = probe(wish, kind, now)? {
                made.push(finding);
            }
        }
        // One that can certify neither is of no use here. That the names of the trial are outside of its
        // constraints says nothing of those that are inside.
        let all = made.iter().filter(|f| f.code != CONSTRAINED).count() == 2;
        for mut finding in made {
            finding.refuses |= all;
            if !found.iter().any(|f| f.text == finding.text) {
                found.push(finding);
            }
        }
    }
    Ok(found)
}

/// What `inspect` says about its certificate, weighed.
fn of_itself(certificate: &Certificate, wish: &Import<'_>, now: Time) -> Vec<ImportFinding> {
    let items = inspect(certificate.der(), None).unwrap_or_default();
    let all = items.iter().flat_map(|item: &Item| item.findings(now));
    let mut found: Vec<_> = all
        .map(|finding| {
            let refuses = match finding.code {
                "no-channel-binding" => !wish.force,
                // Without it there is no revocation list; all else works.
                "no-crl-sign" => false,
                _ => finding.is_problem,
            };
            ImportFinding {
                code: finding.code,
                refuses,
                text: finding.text,
            }
        })
        .collect();
    if certificate.is_self_signed() && certificate.has_weak_signature() {
        let text = "it is signed with an old digest (MD5 or SHA-1): OpenSSL does not look at the signature of a root, others may";
        found.push(ImportFinding::warning("old-signature", text.to_owned()));
    }
    if certificate.path_length() == Some(0) && certificate.is_self_issued() {
        let text = "its path length is 0: no intermediate authority can be made under it";
        found.push(ImportFinding::warning("path-length", text.to_owned()));
    }
    found
}

/// Issues a certificate that nobody gets, and looks whether it would be accepted. What comes of it is
/// the judge of names that cannot be written again as they are (an attribute given twice is lost), of
/// strengths, path lengths, extended key usages and name constraints above it.
fn probe(wish: &Import<'_>, kind: Kind, now: Time) -> Result<Option<ImportFinding>, Error> {
    let holder = PrivateKey::generate(pki_core::KeyType::P256)
        .map_err(Error::MakeKey)?
        .public_key();
    let alt_names = match kind {
        Kind::Server => PROBE.parse().ok().into_iter().collect(),
        _ => Vec::new(),
    };
    let leaf = Leaf {
        kind,
        subject: Subject::empty().with_common_name(match kind {
            // A role's name with a dot in it would be taken for a host's by name constraints.
            Kind::Client => "pgcert probe",
            _ => PROBE,
        }),
        alt_names,
        public_key: &holder,
        serial: Serial::random()?,
        validity: Validity::new(now, 1, Some(wish.certificate.validity().not_after))?,
    };
    let made = match issue_leaf(wish.certificate, wish.key, &leaf) {
        Ok(made) => made,
        Err(IssueError::IssuerName) => {
            let text = format!(
                "its name, {}, cannot be written into what it issues as it stands in its own certificate (an attribute given twice, such as two OU or DC, would be lost): nothing that it issues here would lead to it",
                wish.certificate.subject()
            );
            return Ok(Some(ImportFinding::refusal("issuer-name", text)));
        }
        Err(IssueError::Refused { problems }) => {
            return Ok(problems.first().map(|problem| of_problem(problem, kind)));
        }
        Err(error) => {
            let text = format!(
                "nothing can be issued in its name, {}: {error} (attributes joined by + are not supported)",
                wish.certificate.subject()
            );
            return Ok(Some(ImportFinding::refusal("issue", text)));
        }
    };
    let path = wish.path();
    let Some((root, between)) = path.split_last() else {
        return Ok(None);
    };
    let purpose = match kind {
        Kind::Server => Purpose::Server,
        _ => Purpose::Client,
    };
    let root = std::slice::from_ref(root);
    let Err(error) = verify_chain(&made, between, root, &[], purpose, now) else {
        return Ok(None);
    };
    let what = if error.depth == 0 {
        "what it issues".to_owned()
    } else {
        error.certificate.subject()
    };
    Ok(Some(match error.code {
        VerifyCode::PermittedViolation | VerifyCode::ExcludedViolation => constrained(kind),
        VerifyCode::InvalidPurpose => unfit_for(kind, &format!("{} ({what})", error.code)),
        code => ImportFinding::refusal(
            "chain",
            format!("what it issues is refused by who is shown it: {code} ({what})"),
        ),
    }))
}

fn constrained(kind: Kind) -> ImportFinding {
    ImportFinding::warning(
        CONSTRAINED,
        format!(
            "name constraints limit the names of what it issues: a {kind} certificate outside of them is refused"
        ),
    )
}

fn unfit_for(kind: Kind, why: &str) -> ImportFinding {
    ImportFinding::warning(
        if kind == Kind::Server {
            "no-servers"
        } else {
            "no-clients"
        },
        format!("its {kind} certificates are refused by who is shown them: {why}"),
    )
}

fn of_problem(problem: &Problem, kind: Kind) -> ImportFinding {
    let code = match problem {
        Problem::OutsideNames { .. } => return constrained(kind),
        Problem::NotForKind { authority, .. } => {
            let why = format!("{} ({authority})", VerifyCode::InvalidPurpose);
            return unfit_for(kind, &why);
        }
        Problem::WeakKey { .. } => "weak-key",
        Problem::UnsupportedKey { .. } => "unsupported-key",
        Problem::IssuerCannotSign => "no-cert-sign",
        Problem::KeyOfAnother => "key-mismatch",
        _ => "issue",
    };
    ImportFinding::refusal(code, problem.to_string())
}

const CONSTRAINED: &str = "name-constraints";

/// A name that is nobody's (RFC 6761 section 6.4).
const PROBE: &str = "pgcert-probe.invalid";
