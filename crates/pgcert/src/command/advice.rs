//! What to do when a plan is refused or an apply fails: the libraries say what is, here is what
//! helps.

use authority::StoreFault;
use doctor::Finding;
use installer::{ApplyError, Failed, JournalError, NotPutBack, ProofError, Refusal, Unaccepted};
use pki_core::{CrlError, IssueError, KeyError, Problem, VerifyCode};

use crate::failure::{Code, Failure};
use crate::passphrase;

/// There is no plan.
pub(crate) fn refused(refusal: &Refusal) -> Failure {
    let failure = Failure::because("nothing was touched", refusal);
    match refusal {
        Refusal::Managed { signs } => signs.iter().fold(failure, |failure, sign| {
            let line = sign
                .line
                .map(|line| format!(", line {line} ({})", sign.text))
                .unwrap_or_default();
            failure.hint(format!(
                "{}{line}: give the settings and the rule to {} instead; --dry-run on a server of your own shows them",
                sign.path.display(),
                sign.manager
            ))
        }),
        Refusal::Broken { .. } => failure.hint("mend that first: the server would not load the file, with or without a new rule"),
        Refusal::NoRole { role } => failure.hint(format!("--create-role creates \"{role}\" with LOGIN and nothing else")),
        Refusal::Standby { .. } => failure.hint("create it on the primary, then run this again"),
        Refusal::NoLogin { role } => failure.hint(format!("ALTER ROLE \"{role}\" LOGIN lets it log in")),
        Refusal::NoDatabase { database } => failure.hint(format!("CREATE DATABASE \"{database}\" makes it; without --database the role may log in to all there are")),
        Refusal::NoConnect { role, database } => failure.hint(format!("GRANT CONNECT ON DATABASE \"{database}\" TO \"{role}\"")),
        Refusal::NoPlace { .. } => failure.hint("change or move those lines first; no new rule could both take effect and leave them their say"),
        Refusal::MapElsewhere { .. } => failure.hint("give those rules a map of their own first, or add the line to pg_ident.conf yourself"),
        Refusal::Unloaded { .. } => failure
            .hint("reload the server first (SELECT pg_reload_conf()), see that everybody still gets in, and run this again"),
        Refusal::NotOwnAddress { .. } => failure.hint("the server would not start again; --listen '*' listens on all of them"),
        Refusal::CommandLine { name } => failure.hint(format!("take {name} off the server's command line (postmaster.opts shows it)")),
        Refusal::NeedsRestart { .. } => failure.hint("--restart allows it"),
        Refusal::SystemBundle { .. } => {
            failure.hint("point ssl_ca_file to a file of this cluster alone; every authority in that bundle could let clients in")
        }
        Refusal::CrlInForce { .. } => failure
            .hint("pgcert ca crl makes a list of this authority, and --crl of pgcert install server brings it; a folder (ssl_crl_dir) has to be unset first"),
        Refusal::NoCrl { .. } => failure
            .hint("bring its list in the same file: pgcert ca crl --out FILE there adds it; a foreign authority's comes from its owner"),
        Refusal::OlderCrl { .. } => failure.hint("pgcert ca crl makes a new one"),
        Refusal::UselessCrl { .. } => failure.hint("pgcert ca crl makes a new one; pgcert inspect shows what is in a file"),
        Refusal::NobodyTrusted => failure.hint("pgcert install server with --key, --cert and --root sets that up, and takes --crl too"),
        Refusal::OtherAuthority { .. } => failure.hint("--authority DIR names its folder"),
        Refusal::ExposedAuthority { .. } => failure
            .hint("SQL superusers read files as that user: use a passphrase, or run as root")
            .hint("--authority DIR says that you mean it"),
        Refusal::Chain(error) => failure.hint(match error.code {
            VerifyCode::InvalidPurpose => "it was signed for the other side: pgcert sign --kind server|client decides",
            VerifyCode::CertHasExpired | VerifyCode::CertNotYetValid => "have it signed anew, and check this machine's clock",
            _ => "--root is the certificate of the authority that signed it: pgcert ca export prints it there",
        }),
        Refusal::NotIssued { source: IssueError::Refused { problems }, .. }
            if problems.iter().any(|problem| matches!(problem, Problem::NotForKind { .. })) =>
        {
            failure.hint("setup issues for both sides with one authority; where there are two, pgcert issue and install do it side by side")
        }
        Refusal::Mismatch { .. } => failure.hint("pgcert inspect shows what is in each of the files"),
        Refusal::EncryptedServerKey => failure.hint("openssl pkey -in KEY -out NEWKEY takes the passphrase off; or set ssl_passphrase_command first"),
        Refusal::ServiceTaken { .. } => failure.hint("--service NAME chooses another name"),
        Refusal::FileTaken { .. } => failure.hint("move it away: nothing that pgcert did not write is overwritten"),
        Refusal::NoHome { .. } => failure.hint("--client-home DIR names the folder that holds .postgresql"),
        _ => failure,
    }
}

/// A consequence that nobody agreed to.
pub(crate) fn unaccepted(unaccepted: &Unaccepted) -> Failure {
    let mut text =
        "nothing was touched: not everything that this changes for others is accepted".to_owned();
    for consequence in &unaccepted.consequences {
        text.push_str(&format!(
            "\n  {}: {}",
            consequence.consent, consequence.text
        ));
    }
    let names: std::collections::BTreeSet<_> = unaccepted
        .consequences
        .iter()
        .map(|c| c.consent.name())
        .collect();
    let names: Vec<_> = names.into_iter().collect();
    Failure::new(text).hint(format!("--accept {} accepts", names.join(",")))
}

/// An apply that failed.
pub(crate) fn failed(failed: &Failed) -> Failure {
    if !failed.left.is_empty() {
        return not_put_back(&format!("it failed: {}", failed.cause), &failed.left);
    }
    let what = "it failed, and everything is as it was";
    match &failed.cause {
        ApplyError::Authority(error) => authority_failed(what, error),
        ApplyError::File(error) | ApplyError::Journal(JournalError::File(error)) => {
            about_file(Failure::because(what, error), error)
        }
        ApplyError::Changed(_) => Failure::because(what, &failed.cause).hint(
            "somebody else is at work on it: run pgcert again, it plans with what is there then",
        ),
        ApplyError::Unloadable(_) => Failure::because(what, &failed.cause).hint(
            "mend that first: the server would not load its files, with or without the change",
        ),
        ApplyError::Proof(error) => {
            let failure = Failure::because(what, error.as_ref());
            let said = match error.as_ref() {
                ProofError::Login { failure, .. } => failure.to_string(),
                other => other.to_string(),
            };
            let explain = |failure, finding| explain(failure, finding, &said);
            error.findings().iter().fold(failure, explain)
        }
        cause => Failure::because(what, cause),
    }
}

/// An authority's error with what can be done about it.
pub(crate) fn authority_failed(what: impl std::fmt::Display, error: &authority::Error) -> Failure {
    let failure = Failure::because(what, error).code(Code::Failed);
    match error {
        authority::Error::Key {
            source: KeyError::Encrypted,
            ..
        } => failure.hint(passphrase::SOURCES),
        authority::Error::Key {
            source: KeyError::WrongPassphrase,
            ..
        } => failure.hint("only the first line counts, without its end; blanks count too"),
        authority::Error::Exposed { path, .. } => {
            failure.hint(format!("chmod go= {}", path.display()))
        }
        authority::Error::Expired { .. } => {
            failure.hint("pgcert ca init --authority DIR makes a new one")
        }
        authority::Error::Crl(CrlError::NotAllowed) => failure
            .hint("leave ssl_crl_file unset where this authority is trusted: without a list of it its clients are refused"),
        authority::Error::NotYetValid { .. } => failure.hint("look at this machine's clock"),
        authority::Error::File(error) => about_file(failure, error),
        authority::Error::Store {
            fault: StoreFault::Full,
            ..
        } => failure.hint("make room there, then run this again"),
        _ => failure,
    }
}

/// What can be done about a file that cannot be read.
pub(crate) fn about_reading(failure: Failure, error: &hostfile::Error) -> Failure {
    match error.io_kind() {
        Some(std::io::ErrorKind::PermissionDenied) => {
            failure.hint("run it as root, or as the user whose file that is: they may read it")
        }
        _ => about_file(failure, error),
    }
}

/// What can be done about a file that cannot be written or read.
pub(crate) fn about_file(failure: Failure, error: &hostfile::Error) -> Failure {
    use std::io::ErrorKind;
    match error {
        hostfile::Error::Locked { .. } => {
            failure.hint("another pgcert is at work here: wait for it to end")
        }
        hostfile::Error::Immutable { path, append_only } => failure.hint(format!(
            "chattr -{} {} takes that off, if you know who put it there",
            if *append_only { 'a' } else { 'i' },
            path.display()
        )),
        hostfile::Error::MountPoint { .. } => {
            failure.hint("change it where it is mounted from, or mount its folder instead")
        }
        hostfile::Error::HardLinks { path, .. } => failure.hint(format!(
            "the new file takes one name's place, and the old one would stay under the others: find DIR -xdev -samefile {} names them, \
             and where they are not needed cp and mv make it a file of its own",
            path.display()
        )),
        hostfile::Error::OthersFile { .. } => failure.hint(
            "it is written with the rights of the user whose folder that is: chown it to that user, group included, or move it away",
        ),
        hostfile::Error::UntrustedLink { .. } | hostfile::Error::LinkRefused { .. } => {
            failure.hint("it is not followed: put the file itself there")
        }
        _ => match error.io_kind() {
            Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                failure.hint("make room there, then run this again")
            }
            Some(ErrorKind::ReadOnlyFilesystem) => failure
                .hint("it is mounted read-only (a mounted secret or configuration is): change it where it comes from"),
            Some(ErrorKind::FileTooLarge) => {
                failure.hint("this process may not write files that large (ulimit -f)")
            }
            Some(ErrorKind::PermissionDenied) => {
                failure.hint("it is done with the rights of the user whose folder that is: that user must be allowed to write there")
            }
            _ => failure,
        },
    }
}

/// What a failed login means, as hints. What was `said` in the error itself is not said again.
fn explain(failure: Failure, finding: &Finding, said: &str) -> Failure {
    let evidence = finding.evidence.iter();
    let seen = evidence
        .filter(|seen| !seen.contains(said))
        .map(|seen| format!("seen: {seen}"));
    let cause = Some(finding.cause.clone()).filter(|cause| cause != said);
    let hints = cause.into_iter().chain(seen).chain(finding.fix.clone());
    hints.fold(failure, Failure::hint)
}

/// Something could not be put back: each of it is named, with its saved copy.
pub(crate) fn not_put_back(what: &str, left: &[NotPutBack]) -> Failure {
    let mut text = format!("{what}\nnot put back:");
    for left in left {
        text.push_str(&format!("\n  {}: {}", left.what, left.reason));
        if let Some(saved) = &left.saved {
            text.push_str(&format!(" (its former content is in {})", saved.display()));
        }
    }
    Failure::new(text).code(Code::NotPutBack).hint(
        "nothing else was touched; once that is mended, run pgcert again: it finishes what is left",
    )
}
