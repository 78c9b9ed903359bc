//! `pgcert ca import`: an authority that another program made goes on here.

use std::path::Path;

use authority::{Authority, Examined, Import, ImportFinding, IndexLine, read_index};
use pki_core::{Certificate, Crl, PrivateKey, Secret};
use serde_json::json;

use super::{advice, issuer};
use crate::args::{CaImport, Issued};
use crate::context::Context;
use crate::failure::{Failure, escape_name, shown};
use crate::output::{Output, WARN, styled};
use crate::{passphrase, prompt};

/// Runs `pgcert ca import`.
pub(crate) fn run(args: &CaImport, context: &Context, output: &mut Output) -> Result<(), Failure> {
    // Asked before the passphrases: nobody should type them in vain.
    if Authority::open(&context.authority).is_ok_and(|found| found.is_some()) {
        return Err(Failure::new(format!(
            "{} already holds an authority",
            context.authority.display()
        ))
        .hint("pgcert ca show tells what it is; --authority DIR names another folder"));
    }
    let (certificate, above) = certificates(args)?;
    let issued = certificates_of(&args.issued)?;
    let index = index(&args.issued)?;
    let crls = match &args.issued.crl {
        Some(path) => parsed(path, Crl::all_from_pem)?,
        None => Vec::new(),
    };
    let (key, passphrase) = key(args, output)?;
    let examined = Examined::new(
        Import {
            certificate: &certificate,
            above: &above,
            key: &key,
            passphrase: passphrase.as_ref(),
            issued: &issued,
            index: &index,
            crls: &crls,
            force: args.force,
            owner: None,
            by: &context.account.name,
        },
        context.now,
    )
    .map_err(|error| advice::authority_failed("the authority cannot be tried", &error))?;
    for finding in examined.findings().iter().filter(|f| !f.refuses) {
        let word = styled(WARN, "warning:");
        output.say(&format!(
            "{word} {} [{}]",
            escape_name(&finding.text),
            finding.code
        ));
    }
    let (serials, revoked) = examined.serials();
    let findings: Vec<_> = examined.findings().iter().map(document).collect();
    let report = |changed: bool, authority: serde_json::Value| {
        json!({
            "changed": changed, "authority": authority,
            "serials": serials, "revoked": revoked, "findings": findings,
        })
    };
    if !examined.is_fit() {
        let failure = refused(&certificate, examined.findings());
        if output.json() {
            output.print_json(report(false, serde_json::Value::Null))?;
        }
        return Err(failure);
    }
    let counted = format!("{serials} serials on record, {revoked} of them revoked");
    if args.dry_run {
        output.say(&format!(
            "{} can be taken over into {}: {counted}",
            escape_name(&certificate.subject()),
            shown(&context.authority)
        ));
        if output.json() {
            output.print_json(report(false, serde_json::Value::Null))?;
        }
        return Ok(());
    }
    let authority = examined
        .into_folder(&context.authority)
        .map_err(|error| advice::authority_failed("the authority cannot be taken over", &error))?;
    output.say(&format!(
        "{} taken over into {}: {counted}",
        escape_name(&certificate.subject()),
        shown(authority.folder())
    ));
    if passphrase.is_none() {
        output.say("its key is not encrypted: whoever can read ca.key can issue certificates");
    }
    output.say(&format!(
        "{} is still there, and with it certificates can be issued that are not on record here: take it away once all works",
        shown(&args.key)
    ));
    if output.json() {
        output.print_json(report(true, issuer::describe(&authority)))?;
    }
    Ok(())
}

/// The authority's certificate, and those above it in their order.
fn certificates(args: &CaImport) -> Result<(Certificate, Vec<Certificate>), Failure> {
    let mut given = parsed(&args.cert, Certificate::all_from_pem)?.into_iter();
    let Some(certificate) = given.next() else {
        return Err(
            Failure::new(format!("no certificate is in {}", args.cert.display()))
                .hint("openssl x509 -inform DER -in FILE makes PEM of DER"),
        );
    };
    let mut pool: Vec<_> = given.collect();
    if let Some(path) = &args.chain {
        pool.extend(parsed(path, Certificate::all_from_pem)?);
    }
    let mut above: Vec<Certificate> = Vec::new();
    while let Some(below) =
        Some(above.last().unwrap_or(&certificate)).filter(|c| !c.is_self_issued())
    {
        let Some(at) = pool.iter().position(|c| below.is_issued_by(c)) else {
            break;
        };
        above.push(pool.swap_remove(at));
    }
    Ok((certificate, above))
}

/// The key, and the passphrase under which it is kept from now on.
fn key(args: &CaImport, output: &mut Output) -> Result<(PrivateKey, Option<Secret>), Failure> {
    let path = args.key.display();
    let bytes = Secret::new(read(&args.key)?);
    let given = passphrase::given(&args.passphrase.from)?;
    let encrypted = PrivateKey::is_encrypted(bytes.as_bytes());
    let old = match (&args.key_passphrase_file, &given) {
        _ if !encrypted => None,
        (Some(file), _) => Some(passphrase::from_file(file)?),
        (None, Some(given)) => Some(given.clone()),
        (None, None) if prompt::somebody_there() => Some(passphrase::ask(&format!(
            "Passphrase of {}: ",
            shown(&args.key)
        ))?),
        (None, None) => {
            return Err(Failure::usage(format!("the key in {path} is encrypted"))
                .hint("--key-passphrase-file FILE has its passphrase in the first line"));
        }
    };
    let key = PrivateKey::from_file(bytes.as_bytes(), old.as_ref()).map_err(|error| {
        Failure::because(format_args!("the key in {path} cannot be used"), &error)
    })?;
    let new = match (given, old) {
        _ if args.passphrase.no_passphrase => None,
        (Some(new), _) => Some(new),
        (None, Some(old)) => {
            output.say("the key keeps its passphrase");
            Some(old)
        }
        (None, None) if args.dry_run => None,
        (None, None) => passphrase::of_new_authority(&args.passphrase)?,
    };
    Ok((key, new))
}

/// The certificates that are named, or lie where openssl and easy-rsa keep them beside the index.
fn certificates_of(issued: &Issued) -> Result<Vec<Certificate>, Failure> {
    let mut found = Vec::new();
    for path in &issued.certs {
        if is_folder(path)? {
            found.extend(in_folder(path)?);
        } else {
            found.extend(parsed(path, Certificate::all_from_pem)?);
        }
    }
    if let (Some(index), true) = (&issued.index, issued.certs.is_empty()) {
        let beside = index.parent().unwrap_or(Path::new(""));
        for folder in BESIDE_AN_INDEX {
            let folder = beside.join(folder);
            if is_folder(&folder)? {
                found.extend(in_folder(&folder)?);
            }
        }
    }
    Ok(found)
}

/// The certificates in the files of a folder. What is none is passed over.
fn in_folder(folder: &Path) -> Result<Vec<Certificate>, Failure> {
    let mut names = hostfile::list(folder).map_err(|error| cannot_read(folder, &error))?;
    names.sort();
    let mut found = Vec::new();
    for name in names {
        let path = folder.join(name);
        let is_certificate = path.extension().is_some_and(|e| {
            ["pem", "crt", "cer", "cert"]
                .iter()
                .any(|c| e.eq_ignore_ascii_case(c))
        });
        if is_certificate && !is_folder(&path)? {
            found.extend(Certificate::all_from_pem(&read(&path)?).unwrap_or_default());
        }
    }
    Ok(found)
}

fn index(issued: &Issued) -> Result<Vec<IndexLine>, Failure> {
    let Some(path) = &issued.index else {
        return Ok(Vec::new());
    };
    read_index(&read(path)?)
        .map_err(|error| Failure::because(format_args!("{} is no index", path.display()), &error))
}

fn is_folder(path: &Path) -> Result<bool, Failure> {
    let metadata = hostfile::metadata(path).map_err(|error| cannot_read(path, &error))?;
    Ok(metadata.is_some_and(|m| m.kind == hostfile::FileKind::Folder))
}

/// Everything of a kind in a file.
fn parsed<T, E>(path: &Path, parse: impl Fn(&[u8]) -> Result<Vec<T>, E>) -> Result<Vec<T>, Failure>
where
    E: std::error::Error,
{
    parse(&read(path)?).map_err(|error| cannot_read(path, &error))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    hostfile::read_stream(path).map_err(|error| cannot_read(path, &error))
}

fn cannot_read(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::because(format_args!("{} cannot be read", path.display()), error)
}

/// Why it is not taken over, with what can be done about each reason.
fn refused(certificate: &Certificate, findings: &[ImportFinding]) -> Failure {
    let mut text = format!("{} is not taken over", escape_name(&certificate.subject()));
    let refusals: Vec<_> = findings.iter().filter(|f| f.refuses).collect();
    for finding in &refusals {
        text.push_str(&format!(
            "\n  {}: {}",
            finding.code,
            escape_name(&finding.text)
        ));
    }
    let mut hints: Vec<&str> = refusals
        .iter()
        .map(|finding| advice(finding.code))
        .collect();
    hints.dedup();
    hints.into_iter().fold(Failure::new(text), Failure::hint)
}

fn advice(code: &str) -> &'static str {
    match code {
        "key-mismatch" => "pgcert inspect with both files shows which key the certificate has",
        "not-an-authority" => {
            "--cert is the authority's own certificate, and none that it issued; openssl req -x509 makes authorities with CA:TRUE"
        }
        "chain-gap" => "--chain FILE has the certificates above it, up to the root",
        "no-channel-binding" => "--force takes it over where nobody logs in by password",
        "foreign-crl" => "leave --crl away, or name the list that this authority signed",
        _ => {
            "pgcert ca init makes a new one; while root.crt holds both, the old certificates go on until they end"
        }
    }
}

fn document(finding: &ImportFinding) -> serde_json::Value {
    let severity = if finding.refuses { "error" } else { "warning" };
    json!({ "code": finding.code, "severity": severity, "message": finding.text })
}

/// Where easy-rsa and the examples of openssl ca put what they issued and revoked.
const BESIDE_AN_INDEX: [&str; 5] = [
    "certs_by_serial",
    "issued",
    "revoked/certs_by_serial",
    "newcerts",
    "certs",
];
