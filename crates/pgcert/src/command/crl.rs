//! `pgcert ca crl`: a revocation list made, and written where it is wanted.

use std::path::Path;

use authority::{Authority, CrlOrder};
use hostfile::{Ground, Trust};
use pki_core::{Crl, Time};
use serde_json::json;

use crate::args::CaCrl;
use crate::command::{advice, issuer};
use crate::context::{Context, absolute};
use crate::failure::{Failure, escape_name, shown};
use crate::output::Output;

/// Runs `pgcert ca crl`. The file is read before a number is drawn: one that cannot be used stops it.
pub(crate) fn run(args: &CaCrl, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = issuer::open(context)?;
    let target = args.out.clone().map(absolute).transpose()?;
    let others = match &target {
        Some(path) => lists_in(path)?,
        None => Vec::new(),
    };
    let crl = issuer::unlock(&authority, &args.passphrase)?
        .crl(
            &CrlOrder {
                days: args.next_update,
                by: &context.account.name,
            },
            context.now,
        )
        .map_err(|error| advice::authority_failed("the revocation list cannot be made", &error))?;

    let kept: Vec<_> = others
        .into_iter()
        .filter(|other| !other.same_authority(&crl))
        .collect();
    if let Some(path) = &target {
        replace(path, kept.iter().chain([&crl]))?;
    }
    say(&crl, target.as_deref(), kept.len(), &authority, output);
    if output.json() {
        return output.print_json(json!({
            "changed": true,
            "crl": {
                "number": crl.number().map(|number| number.to_string()),
                "this_update": crl.this_update().rfc3339(),
                "next_update": crl.next_update().map(Time::rfc3339),
                "entries": crl.len(),
                "fingerprint": crl.fingerprint().to_string(),
                "file": target.as_ref().map(|path| path.to_string_lossy()),
                "crl": target.is_none().then(|| crl.to_pem()),
            },
        }));
    }
    match target {
        Some(_) => Ok(()),
        None => output.print(&crl.to_pem()),
    }
}

fn say(crl: &Crl, target: Option<&Path>, kept: usize, authority: &Authority, output: &mut Output) {
    let place = target.map_or_else(String::new, |path| format!(" in {}", shown(path)));
    let end = crl.next_update().map(|end| end.to_string());
    output.say(&format!(
        "revocation list {}{place}: {} revoked, counts until {}",
        crl.number().map(|n| n.to_string()).unwrap_or_default(),
        crl.len(),
        end.unwrap_or_default()
    ));
    if kept > 0 {
        output.say(&format!(
            "the file keeps {kept} list{} of other authorities",
            if kept == 1 { "" } else { "s" }
        ));
    }
    // PostgreSQL sets X509_V_FLAG_CRL_CHECK_ALL: every certificate above the leaf is looked up too.
    if authority.chain().is_empty() {
        return;
    }
    for above in authority.path().iter().skip(1) {
        output.say(&format!(
            "a server needs a list of \"{}\" in the same file: pgcert ca crl --out FILE there adds it",
            escape_name(&above.common_name().unwrap_or_else(|| above.subject()))
        ));
    }
}

/// Says so where the last list ends soon: a server that has it will refuse every client then. One that
/// ends with the authority is not spoken of, for there will be no later one.
pub(crate) fn warn(
    authority: &Authority,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let last = authority
        .last_crl()
        .map_err(|error| advice::authority_failed("the store cannot be read", &error))?;
    let Some(last) = last else {
        return Ok(());
    };
    let end = authority.certificate().validity().not_after;
    if !ends_soon(last.this_update, last.next_update, end, context.now) {
        return Ok(());
    }
    let ends = if last.next_update <= context.now {
        "ended"
    } else {
        "ends"
    };
    output.say(&format!(
        "revocation list {:02x} {ends} on {}: a server that has it refuses every client from then on; \
         pgcert ca crl makes the next one",
        last.number, last.next_update
    ));
    Ok(())
}

/// A month before its end, or a third of its life, whichever is later.
fn ends_soon(this_update: Time, next_update: Time, authority_ends: Time, now: Time) -> bool {
    let left = next_update.seconds_since(now);
    let lifetime = next_update.seconds_since(this_update);
    next_update < authority_ends && left < (lifetime / 3).min(MONTH)
}

/// In seconds.
const MONTH: i64 = 30 * 86_400;

/// The lists that are in the file already. What is there and holds anything else is not ours to replace.
fn lists_in(path: &Path) -> Result<Vec<Crl>, Failure> {
    let cannot = |error: &dyn std::error::Error| {
        Failure::because(format_args!("{} cannot be replaced", path.display()), error)
    };
    let Some(bytes) = hostfile::read_if_exists(path).map_err(|error| cannot(&error))? else {
        return Ok(Vec::new());
    };
    let lists = Crl::all_from_pem(&bytes).map_err(|error| cannot(&error))?;
    if lists.is_empty() && !bytes.trim_ascii().is_empty() {
        return Err(Failure::new(format!(
            "{} holds something else than revocation lists",
            path.display()
        ))
        .hint("--out names a file of its own"));
    }
    Ok(lists)
}

fn replace<'a>(path: &Path, lists: impl Iterator<Item = &'a Crl>) -> Result<(), Failure> {
    let ground = Ground {
        owner: None,
        mode: 0o644,
    };
    if let Some(folder) = path.parent() {
        hostfile::clear_abandoned(folder);
    }
    let written = hostfile::replace_with(path, &ground, Trust::Owner, |out| {
        let mut pieces = lists.flat_map(Crl::pem_pieces);
        pieces.try_for_each(|piece| out.write_all(piece.as_bytes()))
    });
    written.map_err(|error| {
        let failure =
            Failure::because(format_args!("{} cannot be written", path.display()), &error);
        if error.is_not_found() {
            failure.hint("make the folder first")
        } else {
            advice::about_file(failure, &error)
        }
    })
}

#[cfg(test)]
mod tests {
    use pki_core::Time;

    use super::ends_soon;

    #[test]
    fn a_list_is_spoken_of_before_it_ends_unless_the_authority_ends_with_it() {
        let made = Time::from_unix(1_795_558_432);
        let end = made.plus_days(3650);
        let soon =
            |lifetime, after| ends_soon(made, made.plus_days(lifetime), end, made.plus_days(after));
        assert!(!soon(30, 20) && soon(30, 21) && soon(30, 31));
        assert!(!soon(360, 330) && soon(360, 331));
        assert!(!soon(3650, 3649));
    }
}
