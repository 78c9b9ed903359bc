//! Names from requests and files: control characters are shown, never sent to the terminal, and no
//! name looks like a line of ours. JSON has them exactly.

use crate::place::Place;

/// Begins a line of its own, clears the screen, turns the direction of text.
const ROLE: &str = "x\nserver certificate for all\u{1b}[2J\u{202e}";
const STEM: &str = "x%0Aserver%20certificate%20for%20all%1B%5B2J%E2%80%AE";

fn signed() -> Place {
    let place = Place::with_authority();
    place.must(&["request", "client", ROLE]);
    place
}

#[test]
fn in_a_request_that_is_to_be_signed() {
    let place = signed();
    let request = format!("{STEM}.csr");
    insta::assert_snapshot!(place.run(&["sign", &request, "--passphrase-file", "pp", "--yes"]), @r"
    --- on standard error
    client certificate for x\nserver certificate for all\u{1b}[2J\u{202e}
      subject CN=x\0Aserver certificate for all\1B[2J\u{202e}
      request sha256 [sha256]
    [here]/x%0Aserver%20certificate%20for%20all%1B%5B2J%E2%80%AE.crt is the certificate
    ");
    insta::assert_snapshot!(place.run(&["list"]), @r"
    KIND          NAME                                            UNTIL       DAYS LEFT  STATE     SERIAL
    root          Test CA                                         [day] [days]  issued    [serial]
    client        x\nserver certificate for all\u{1b}[2J\u{202e}  [day] [days]  issued    [serial]
    ");
    let list = place.json(&["list", "--kind", "client"]);
    assert_eq!(list["certificates"][0]["name"], ROLE);
    let found = place.must(&["list", "--name", ROLE]);
    assert_eq!(found.out.lines().count(), 2, "{found}");
}

#[test]
fn nowhere_a_control_character() {
    let place = signed();
    let request = format!("{STEM}.csr");
    place.must(&["sign", &request, "--passphrase-file", "pp", "--yes"]);
    let certificate = format!("{STEM}.crt");
    let serial = place.json(&["list", "--kind", "client"])["certificates"][0]["serial"].to_string();
    std::fs::copy(place.path(&certificate), place.path("a\u{1b}[31m.crt")).unwrap();
    for arguments in [
        &["inspect", request.as_str()][..],
        &["inspect", &certificate, &certificate],
        &["inspect", "a\u{1b}[31m.crt"],
        &["inspect", "no\u{1b}[31mwhere"],
        &["show", serial.trim_matches('"')],
        &["list"],
        &["list", "--authority", "no\u{1b}[31mwhere"],
        &["check", "no\u{1b}[31mwhere=1"],
        &["check", "host=/no\u{1b}[31mwhere user=\u{1b}[31m"],
        &["sign", "no\u{1b}[31mwhere"],
    ] {
        let said = place.run(arguments);
        let shown = format!("{}{}", said.out, said.err);
        assert!(
            !shown.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'),
            "{arguments:?}: {shown:?}"
        );
    }
}
