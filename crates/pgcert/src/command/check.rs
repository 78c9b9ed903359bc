//! `pgcert check`: connects as libpq would, says what happened and why.

use doctor::{Finding, Observation, Severity, diagnose, diagnose_client};
use hostfile::Account;
use pg_config::conninfo::{Conninfo, Source};
use pg_host::client::{self, ClientError, ClientTarget, Environment, Libpq};
use pg_probe::{Attempt, Stage, Target};
use serde_json::json;

use super::server::environment;
use crate::args::Check;
use crate::context::Context;
use crate::failure::{Code, Failure, escape};
use crate::output::{BAD, GOOD, Output, styled};
use crate::render;

/// Runs `pgcert check`.
pub(crate) fn run(args: &Check, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let conninfo: Conninfo = args
        .conninfo
        .as_deref()
        .unwrap_or_default()
        .parse()
        .map_err(|error| {
            Failure::because("that is no connection string", &error)
                .code(Code::Usage)
                .hint("as in 'service=tolva', 'host=tolva user=slardiere' or postgresql://slardiere@tolva/sales")
        })?;
    let (account, environment) = match &args.client_user {
        Some(name) => {
            let account = Account::by_name(name)
                .map_err(|error| Failure::because("the client's user is not known", &error))?;
            let home = account.home.to_string_lossy().into_owned();
            (
                account,
                [("HOME", home)].into_iter().collect::<Environment>(),
            )
        }
        None => (context.account.clone(), environment(context)),
    };
    let found = client::resolve(
        &conninfo,
        &environment,
        &account,
        &Libpq::default(),
        context.now,
    );
    let found = match found {
        Ok(found) => found,
        Err(error) => return unresolved(&error, output),
    };
    if output.verbose() {
        output.say(&parameters(&found));
    }
    let hosts = || std::iter::once(&found.target).chain(&found.others);
    let tried = hostfile::acting_as(&account, || pg_probe::connect_any(hosts()))
        .map_err(|error| Failure::because("the user's rights cannot be taken on", &error))?;
    report(&found, tried, output)
}

/// What the connection is made of, and where each part comes from.
fn parameters(found: &ClientTarget) -> String {
    let lines = found.resolved.values().iter().map(|value| {
        let text = if value.keyword.secret {
            "(not shown)"
        } else {
            &value.text
        };
        let source = match &value.source {
            Source::Explicit => "given".to_owned(),
            Source::Service { file, line } => format!("{file}:{line}"),
            Source::Environment(name) => (*name).to_owned(),
            Source::Default => "default".to_owned(),
        };
        escape(&format!("  {} = {text}  ({source})", value.keyword.name))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// libpq would not even open a socket.
fn unresolved(error: &ClientError, output: &mut Output) -> Result<(), Failure> {
    let findings = [diagnose_client(error)];
    if output.json() {
        output.print_json(document(false, &[], &findings, None))?;
    } else {
        output.print(&words(&findings))?;
    }
    Err(does_not_work())
}

fn does_not_work() -> Failure {
    Failure::new("the connection does not work").code(Code::Problems)
}

fn report(
    found: &ClientTarget,
    tried: Vec<(&Target, Attempt)>,
    output: &mut Output,
) -> Result<(), Failure> {
    let left = found.others.len() + 1 - tried.len();
    let last = tried.len() - 1;
    let mut stages = Vec::new();
    let mut findings = Vec::new();
    let mut passed_over = Vec::new();
    let mut seen = None;
    for (i, (target, attempt)) in tried.into_iter().enumerate() {
        let Attempt { report, outcome } = attempt;
        let notes = if i == last { &found.notes[..] } else { &[] };
        let failure = outcome.as_ref().err();
        let mut of_host = diagnose(&Observation::new(target, &report, failure).with_notes(notes));
        if i < last {
            passed_over.append(&mut of_host);
        } else {
            if failure.is_some() && left > 0 {
                let first = of_host.first_mut();
                first
                    .into_iter()
                    .for_each(|first| first.evidence.push(final_here(left)));
            }
            findings.append(&mut of_host);
        }
        stages.extend(report.stages);
        if let Ok(mut session) = outcome {
            let tls = pg_host::own_tls(&mut session).ok();
            seen = tls.map(|tls| render::proof::tls(&tls));
            // The hosts before it keep nobody out.
            for finding in &mut passed_over {
                finding.severity = finding.severity.min(Severity::Warning);
                finding.evidence.push("the next host was tried".to_owned());
            }
        }
    }
    let ok = seen.is_some()
        || !findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
    // What failed comes in the order in which it did; beside what works it is of less interest.
    if ok {
        findings.append(&mut passed_over);
    } else {
        findings.splice(0..0, passed_over);
    }
    if output.json() {
        output.print_json(document(ok, &stages, &findings, seen.as_deref()))?;
    } else {
        let mut text = String::new();
        for stage in &stages {
            let mark = if stage.ok {
                styled(GOOD, "ok    ")
            } else {
                styled(BAD, "failed")
            };
            text.push_str(&format!(
                "{mark}  {:<14} {:>6.1} ms  {}\n",
                stage.step.to_string(),
                stage.elapsed.as_secs_f64() * 1000.0,
                escape(&stage.detail)
            ));
        }
        if let Some(seen) = &seen {
            text.push_str(&format!("{}\n", escape(seen)));
        }
        text.push_str(&words(&findings));
        output.print(&text)?;
    }
    if ok { Ok(()) } else { Err(does_not_work()) }
}

/// libpq goes on to another host only where one cannot be reached, or not now.
fn final_here(left: usize) -> String {
    let hosts = if left == 1 { "host is" } else { "hosts are" };
    format!(
        "{left} more {hosts} not tried: libpq goes on only where a host cannot be reached, or starts or recovers"
    )
}

fn words(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(|finding| format!("{}\n", escape(&finding.to_string())))
        .collect()
}

fn document(
    ok: bool,
    stages: &[Stage],
    findings: &[Finding],
    seen: Option<&str>,
) -> serde_json::Value {
    let first = findings.first();
    let stages: Vec<_> = stages
        .iter()
        .map(|s| json!({ "name": s.step.to_string(), "ok": s.ok, "ms": s.elapsed.as_secs_f64() * 1000.0, "detail": s.detail }))
        .collect();
    json!({
        "ok": ok,
        "cause": first.map(|f| f.code),
        "message": first.map(|f| f.cause.clone()),
        "evidence": first.map(|f| f.evidence.clone()).unwrap_or_default(),
        "fix": first.and_then(|f| f.fix.clone()),
        "stages": stages,
        "session": seen,
        "findings": findings.iter().map(|f| json!({
            "code": f.code, "severity": f.severity.to_string(), "message": f.cause, "help": f.fix, "evidence": f.evidence,
        })).collect::<Vec<_>>(),
    })
}
