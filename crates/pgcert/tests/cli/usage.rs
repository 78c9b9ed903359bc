//! Command lines that make no sense: exit code 2, nothing on standard output, and the option that
//! is wrong or missing is named.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::help::tree;
use crate::place::Place;

/// Command lines, and what the error has to name.
const WRONG: &[(&str, &str)] = &[
    ("", "Usage:"),
    ("nonsense", "nonsense"),
    ("--nonsense", "--nonsense"),
    ("list --color sometimes", "--color"),
    ("list --quiet --verbose", "--verbose"),
    ("list --authority", "--authority"),
    ("setup --yes", "--role"),
    ("setup --nonsense", "--nonsense"),
    ("setup --role", "--role"),
    ("setup --role x --from nonsense", "--from"),
    ("setup --role x --from 10.0.0.0/33", "--from"),
    ("setup --role x --accept nonsense", "--accept"),
    ("setup --role x --listen *", "--restart"),
    (
        "setup --role x --cluster 15/main --data-dir /d",
        "--data-dir",
    ),
    ("setup --role x --san http://x/", "--san"),
    ("setup --role x --server-name -", "--server-name"),
    ("setup --role x --days 0", "--days"),
    ("setup --role x --key-type rsa1024", "--key-type"),
    ("setup --role x --subject nonsense", "--subject"),
    (
        "setup --role x --passphrase-file f --no-passphrase",
        "--no-passphrase",
    ),
    (
        "setup --role x --client-home home --cluster nonsense",
        "--cluster",
    ),
    (
        "setup --role x --client-home home --cluster 15/",
        "--cluster",
    ),
    (
        "setup --role x --client-home home --cluster 9/main",
        "--cluster",
    ),
    ("ca", "Usage:"),
    ("ca nonsense", "nonsense"),
    ("ca init --nonsense", "--nonsense"),
    ("ca init", "--passphrase-file"),
    ("ca init --days 0", "--days"),
    ("ca init --days 36501", "--days"),
    ("ca init --days many", "--days"),
    ("ca init --key-type p521", "--key-type"),
    ("ca init --key-type ed25519", "--force"),
    ("ca init --subject C=FR,C=DE", "--subject"),
    (
        "ca init --passphrase-file a --passphrase-fd 3",
        "--passphrase-fd",
    ),
    ("ca init --passphrase-fd x", "--passphrase-fd"),
    ("ca init --passphrase secret", "--passphrase"),
    ("ca import", "--cert"),
    ("ca import --cert a --key b --index", "--index"),
    (
        "ca import --cert a --key b --passphrase-file c --no-passphrase",
        "--no-passphrase",
    ),
    ("ca show --nonsense", "--nonsense"),
    ("ca export --nonsense", "--nonsense"),
    ("conf", "Usage:"),
    ("conf set", "<NAME=VALUE>"),
    ("conf set port", "<NAME=VALUE>"),
    ("conf unset", "<NAME>"),
    ("conf diff a", "<NEW>"),
    ("conf get --file a --data-dir b", "--data-dir"),
    ("conf get --file a --pg-version 11", "--pg-version"),
    ("conf lint --file a --format xml", "--format"),
    ("conf lint --file a --format sarif --json", "--json"),
    ("hba", "Usage:"),
    ("hba diff", "OLD"),
    ("hba diff a", "NEW"),
    ("hba diff a b --pg-version 9", "--pg-version"),
    ("hba simulate", "--log"),
    (
        "hba simulate --log f --log-line-prefix",
        "--log-line-prefix",
    ),
    ("hba explain", "--user"),
    ("hba explain --user a", "--from"),
    ("hba explain --user a --from host", "--from"),
    ("hba explain --user a --local --from ::1", "--local"),
    ("hba explain --user a --local --gss", "--gss"),
    ("hba explain --user a --from ::1 --tls --no-tls", "--no-tls"),
    (
        "hba explain --user a --local --connections f",
        "--connections",
    ),
    ("ident explain --name a --member-of b", "--role"),
    ("hba add", "<RULE>"),
    ("hba add x --before 1 --first", "--first"),
    ("hba remove", "<RULE|--line <LINE>>"),
    ("hba remove x --line 1", "--line"),
    ("hba move x --first", "<LINE>"),
    ("hba lint --file a --format xml", "--format"),
    ("ident", "Usage:"),
    ("ident add m a", "<ROLE>"),
    ("ident remove", "<MAP>"),
    ("ident remove m a", "<ROLE>"),
    ("ident remove m a b --line 1", "--line"),
    ("service", "Usage:"),
    ("service get", "<SERVICE>"),
    ("service set a", "<KEY=VALUE>"),
    ("service set a host", "<KEY=VALUE>"),
    ("conf get --nonsense", "--nonsense"),
    ("hba list --nonsense", "--nonsense"),
    ("hba format --nonsense", "--nonsense"),
    ("ident list --nonsense", "--nonsense"),
    ("ident lint --format xml", "--format"),
    ("service list --nonsense", "--nonsense"),
    ("service remove", "<SERVICE>"),
    ("service lint --format xml", "--format"),
    ("issue", "--batch"),
    ("issue --resume", "--batch"),
    ("issue server", "<NAME>"),
    ("issue server a..b", "<NAME>"),
    ("issue client", "<ROLE>"),
    ("issue client x --san y", "--san"),
    ("issue client x --days 0", "--days"),
    ("ca crl --next-update 0", "--next-update"),
    ("ca audit --expect-head abc", "--expect-head"),
    ("request", "Usage:"),
    ("request server", "<NAME>"),
    ("request server under_score..x", "<NAME>"),
    ("request server tolva --san ip:300.1.1.1", "--san"),
    ("request server tolva --key-type dsa", "--key-type"),
    ("request intermediate", "<NAME>"),
    ("ca init --intermediate", "--root-authority"),
    ("ca init --permit-ip 10.0.0.1/8", "--permit-ip"),
    ("ca init --for nobody", "--for"),
    ("request client", "<ROLE>"),
    (
        "request client 0123456789012345678901234567890123456789012345678901234567890123",
        "<ROLE>",
    ),
    ("request client x --subject =", "--subject"),
    ("sign", "<CSR>"),
    ("sign x.csr --kind root", "--kind"),
    ("sign x.csr --days -1", "-1"),
    ("sign x.csr --no-passphrase", "--no-passphrase"),
    ("install", "Usage:"),
    ("install server", "--key"),
    ("install server --key a --cert b", "--root"),
    ("install server --crl a --cert b", "--key"),
    (
        "install server --key a --cert b --root c --database d",
        "--role",
    ),
    (
        "install server --key a --cert b --root c --create-role",
        "--role",
    ),
    ("install client --key a --cert b --root c", "--host"),
    (
        "install client --key a --cert b --root c --host d --port 0",
        "--port",
    ),
    (
        "install client --key a --cert b --root c --host d --hostaddr e",
        "--hostaddr",
    ),
    ("export", "--for <DRIVER>"),
    ("export --for nonsense", "--for"),
    ("export --for pgx --format nonsense", "--format"),
    ("export --for pgx --key a", "--cert"),
    ("check --nonsense", "--nonsense"),
    ("check nonsense", "nonsense"),
    ("check nonsense=1", "nonsense"),
    ("check host=a host=b c", "c"),
    ("inspect", "<FILE>"),
    ("list --kind nonsense", "--kind"),
    ("list --expiring 1y", "--expiring"),
    ("list --in-state lost", "--in-state"),
    ("list --json --csv", "--csv"),
    ("revoke", "<SERIAL|NAME>"),
    ("revoke x --reason lost", "--reason"),
    ("show", "<SERIAL>"),
    ("show nonsense", "<SERIAL>"),
    ("completions", "<SHELL>"),
    ("completions csh", "<SHELL>"),
    ("man --nonsense", "--nonsense"),
];

#[test]
fn what_is_wrong_is_named() {
    let place = Place::new();
    let mut transcript = String::new();
    for (line, named) in WRONG {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let said = place.run(&arguments);
        assert_eq!(said.code, Some(2), "{line}: {said}");
        assert_eq!(said.out, "", "{line}");
        assert!(said.err.contains(named), "{line}: {said}");
        // Whole help texts have their own snapshot.
        if said.err.starts_with("error:") {
            let _ = writeln!(transcript, "$ pgcert {line}\n{}", said.err);
        }
    }
    insta::assert_snapshot!(transcript);
    assert_eq!(
        place.everything("authority"),
        [],
        "a wrong command line must not begin anything"
    );
}

#[test]
fn no_command_is_left_out() {
    let tried: BTreeSet<&str> = WRONG
        .iter()
        .map(|(line, _)| line.split(" -").next().unwrap_or_default())
        .flat_map(|line| {
            line.match_indices(' ')
                .map(|(at, _)| &line[..at])
                .chain([line])
        })
        .collect();
    for (command, _) in tree(&Place::new()) {
        let command = command.join(" ");
        assert!(tried.contains(command.as_str()), "{command}");
    }
}

#[test]
fn a_passphrase_is_never_taken_from_the_environment() {
    let place = Place::new();
    let mut command = place.pgcert(&["ca", "init"]);
    command
        .env("PGCERT_PASSPHRASE", "x")
        .env("PGCERT_PASSPHRASE_FILE", place.path("pp"));
    assert_eq!(crate::place::said(command).code, Some(2));
}
