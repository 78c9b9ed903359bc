//! Who agrees to the names in requests: the command line beforehand (`--yes`, `--expect-*`), or
//! somebody at the terminal. What is signed then is `sign`'s.

use pki_core::Kind;

use super::Order;
use crate::args::Sign;
use crate::failure::Failure;
use crate::output::Output;
use crate::prompt;

/// Every request has to be one that was expected, where anything was; and somebody has to agree.
///
/// A fingerprint that was expected is an agreement: it stands for key and names to the last bit. A
/// role is none: it says whose certificate it shall be, and not whose key that is.
pub(super) fn agree(asked: &[Order], args: &Sign, output: &mut Output) -> Result<(), Failure> {
    for order in asked {
        expected(order, args)?;
    }
    let agreed = args.yes || !args.expect_fingerprint.is_empty();
    for order in asked {
        let words = order.in_words();
        if agreed {
            output.say(&words);
        } else {
            output.insist(&words);
        }
    }
    if agreed {
        return Ok(());
    }
    if !prompt::somebody_there() {
        return Err(
            Failure::usage("nobody is there to agree to the names in the requests")
                .hint("--expect-fingerprint with what pgcert request printed agrees to exactly that request; --yes agrees to all of them")
                .hint("pgcert inspect shows a request without signing it"),
        );
    }
    if prompt::agree("Sign with these names?")? {
        Ok(())
    } else {
        Err(Failure::new("nothing was signed"))
    }
}

/// Refuses a request that is none of those that the command line names.
fn expected(order: &Order, args: &Sign) -> Result<(), Failure> {
    let path = order.path.display();
    let roles = &args.expect_role;
    if !roles.is_empty() {
        if order.kind != Kind::Client {
            return Err(Failure::new(format!(
                "{path} asks for a {} certificate for \"{}\", and a role's was expected",
                order.kind, order.name
            ))
            .hint(NOTHING));
        }
        if !roles.iter().any(|role| role.as_str() == order.name) {
            let names: Vec<_> = roles.iter().map(|r| format!("\"{r}\"")).collect();
            return Err(Failure::new(format!(
                "{path} is for the role \"{}\", and {} was expected",
                order.name,
                names.join(" or ")
            ))
            .hint("role names count to the letter, capitals too; nothing was signed"));
        }
    }
    let fingerprint = order.request.fingerprint();
    if !args.expect_fingerprint.is_empty() && !args.expect_fingerprint.contains(&fingerprint) {
        return Err(Failure::new(format!(
            "{path} is not the request that was expected: its fingerprint is {fingerprint}"
        ))
        .hint("compare it with what pgcert request printed where the key was made; nothing was signed"));
    }
    Ok(())
}

const NOTHING: &str = "nothing was signed; pgcert inspect shows what is in a request";
