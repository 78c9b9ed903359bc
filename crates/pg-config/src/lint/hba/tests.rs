//! Each lint once, and files that have none.

use super::*;
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use proptest::prelude::*;

fn tree(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    files
        .iter()
        .map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()))
        .collect()
}

fn found(text: &str, version: Version) -> String {
    let files = tree(&[("/h", text)]);
    let set = RuleSet::read(&files, "/h", version).unwrap();
    let lines = hba(&files, &set, None)
        .into_iter()
        .map(|f| format!("{f} [{}]", f.lint.code));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_the_server_refuses_is_found() {
    insta::assert_snapshot!(found("\u{feff}local all all peer\nhost all all 10.0.0.1 md5\nlocal all all\nhost all all x trus\n", Version::V15), @r#"
    /h:1:1: the file begins with a byte order mark [hba-byte-order-mark]
    /h:2:23: invalid IP mask "md5": Name or service not known [hba-netmask]
    /h:3:14: end-of-line before authentication method [hba-missing-field]
    /h:4:16: invalid authentication method "trus" [hba-method]
    "#);
    insta::assert_snapshot!(found("local all all radius\nhost all all all md5 clientcert=1\nlocal /( all peer\nlocal all,b all,b peer,x\n", Version::V19), @r#"
    /h:1:15: invalid authentication method "radius" [hba-method]
    /h:2:22: clientcert can only be configured for "hostssl" rows [hba-option]
    /h:3:7: invalid regular expression "(": parentheses () not balanced [hba-regex]
    /h:4:19: multiple values specified for authentication type [hba-multiple-values]
    "#);
    insta::assert_snapshot!(found("# nothing\n", Version::V15), @r#"/h: configuration file "/h" contains no entries [hba-empty]"#);
    insta::assert_snapshot!(found("local @none all peer\n", Version::V15), @r#"/h:1:1: could not open secondary authentication file "@none" as "/none": No such file or directory [hba-include]"#);
    insta::assert_snapshot!(found("include none\ninclude_dir gone\n", Version::V16), @r#"
    /h:1:1: could not open file "/none": No such file or directory [hba-include]
    /h:2:1: could not open directory "/gone" [hba-include]
    "#);
}

#[test]
fn lines_that_are_not_what_they_look_like_are_found() {
    let text = "# about bob \\\nlocal all bob peer\nlocal all a , b peer\nlocal all \"bob peer\nlocal all\rbob peer\nlocal all b\0 peer\n\nlocal all \"a b\" peer # \"\n";
    insta::assert_snapshot!(found(text, Version::V15), @r#"
    /h:1:13: the comment goes on: line 2 is not read [hba-comment-goes-on]
    /h:3:13: "b" begins a field of its own: a list has no blank before its commas [hba-comma]
    /h:3:15: invalid authentication method "b" [hba-method]
    /h:4:11: the quote is not closed: the rest of the line is one word [hba-open-quote]
    /h:4:20: end-of-line before authentication method [hba-missing-field]
    /h:5:10: a carriage return within the line, which counts as a blank [hba-carriage-return]
    /h:6:1: end-of-line before authentication method [hba-missing-field]
    /h:6:12: a NUL byte: the rest of the line and its end are lost [hba-nul]
    "#);
    insta::assert_snapshot!(found(text, Version::V13), @r#"
    /h:3:13: "b" begins a field of its own: a list has no blank before its commas [hba-comma]
    /h:3:15: invalid authentication method "b" [hba-method]
    /h:4:11: the quote is not closed: the rest of the line is one word [hba-open-quote]
    /h:4:20: end-of-line before authentication method [hba-missing-field]
    /h:5:10: a carriage return within the line, which counts as a blank [hba-carriage-return]
    /h:6:12: a NUL byte: the rest of the line is lost [hba-nul]
    /h:6:18: end-of-line before authentication method [hba-missing-field]
    "#);
}

#[test]
fn words_that_mean_something_else_are_found() {
    let text = "local ALL \"all\" peer\nlocal Replication /^bob peer\nhost all /^bob$ 10/8 scram-sha-256\nlocal \"replication\" All peer\n";
    insta::assert_snapshot!(found(text, Version::V15), @r#"
    /h:1:7: ALL is a name; the keyword is all [hba-keyword-case]
    /h:1:11: "all" in quotes is a name and not the keyword all [hba-quoted-keyword]
    /h:2:7: Replication is a name; the keyword is replication [hba-keyword-case]
    /h:2:19: "/^bob" is a name here, and a regular expression from PostgreSQL 16 on [hba-slash-name]
    /h:3:10: "/^bob$" is a name here, and a regular expression from PostgreSQL 16 on [hba-slash-name]
    /h:3:17: 10 is the address 0.0.0.10 [hba-short-address]
    /h:4:7: "replication" in quotes is a name and not the keyword replication [hba-quoted-keyword]
    /h:4:21: All is a name; the keyword is all [hba-keyword-case]
    "#);
    insta::assert_snapshot!(found(text, Version::V16), @r#"
    /h:1:7: ALL is a name; the keyword is all [hba-keyword-case]
    /h:1:11: "all" in quotes is a name and not the keyword all [hba-quoted-keyword]
    /h:2:7: Replication is a name; the keyword is replication [hba-keyword-case]
    /h:2:19: /^bob matches every name in which that is found [hba-unanchored-regex]
    /h:3:17: 10 is the address 0.0.0.10 [hba-short-address]
    /h:4:7: "replication" in quotes is a name and not the keyword replication [hba-quoted-keyword]
    /h:4:21: All is a name; the keyword is all [hba-keyword-case]
    "#);
}

#[test]
fn addresses_that_are_something_else_are_found() {
    let addresses = [
        "ALL",
        "\"all\"",
        "*.example.org",
        "10.0.0.256",
        "\"\"",
        "a:b",
        "h(x)",
        "127.1/8",
        "10.0.0.1/8",
        "10.0.0.0 255.0.255.0",
        "::ffff:10.0.0.1/128",
        "db.example.org",
        ".example.org",
        "10.0.0.0/8",
        "fe80::1/128",
        "10.0.0.1/0",
        "10.1/0",
        "::1 ::",
        "0.0.0.0/0",
    ];
    let text: String = addresses
        .iter()
        .map(|a| format!("host all all {a} scram-sha-256\n"))
        .collect();
    insta::assert_snapshot!(found(&text, Version::V15), @r#"
    /h:1:14: "ALL" is taken for a host name: the keyword is in small letters [hba-odd-host-name]
    /h:2:14: "all" is taken for a host name: in quotes it is not the keyword [hba-odd-host-name]
    /h:3:14: "*.example.org" is taken for a host name: there are no wildcards; a name that begins with a dot stands for all that end so [hba-odd-host-name]
    /h:4:14: "10.0.0.256" is taken for a host name: it is no address [hba-odd-host-name]
    /h:5:14: "" is taken for a host name: it is empty [hba-odd-host-name]
    /h:6:14: "a:b" is taken for a host name: it is no address [hba-odd-host-name]
    /h:7:14: "h(x)" is taken for a host name: no host has such a name [hba-odd-host-name]
    /h:8:14: 127.1 is the address 127.0.0.1 [hba-short-address]
    /h:9:14: 10.0.0.1 has bits outside of its mask, which do not count [hba-host-bits]
    /h:10:14: the mask 255.0.255.0 has holes [hba-mask-holes]
    /h:11:14: ::ffff:10.0.0.1 is an IPv4 address in an IPv6 rule, which matches nobody [hba-mapped-address]
    /h:16:14: 10.0.0.1 with a mask of zeros is every IPv4 address [hba-zero-mask]
    /h:17:14: 10.1 with a mask of zeros is every IPv4 address [hba-zero-mask]
    /h:18:14: ::1 with a mask of zeros is every IPv6 address [hba-zero-mask]
    "#);
}

#[test]
fn methods_that_let_too_much_through_are_found() {
    let text = "host all all 0.0.0.0/0 trust\nhost all all 127.0.0.1/32 trust\nhostssl all all all trust clientcert=verify-full\n\
                hostssl all all all trust\nhost all all all password\nhostssl all all all password\nhost all all all md5\n\
                host all all all radius radiusservers=a radiussecrets=b\nlocal all all ident\nlocal all all trust\n\
                hostssl all all all gss map=a map=b include_realm=true krb_realm=x\n";
    insta::assert_snapshot!(found(text, Version::V18), @"
    /h:1:24: whoever reaches the server from there is let in as whoever they say [hba-trust]
    /h:4:21: whoever reaches the server from there is let in as whoever they say [hba-trust]
    /h:5:18: password sends the password itself, and host lets it travel in clear [hba-password-in-clear]
    /h:7:18: MD5 passwords are deprecated since PostgreSQL 18 [hba-md5]
    /h:8:18: radius sends the password itself, and host lets it travel in clear [hba-password-in-clear]
    /h:8:18: PostgreSQL 19 does not know radius any more [hba-radius]
    /h:9:1: ident on a local rule means peer [hba-ident-on-local]
    /h:11:25: map is given again, and the last one counts [hba-duplicate-option]
    /h:11:37: include_realm=true is off: only 1 turns it on [hba-boolean-option]
    ");
    insta::assert_snapshot!(found("hostssl all all all md5 clientcert=1\n", Version::V13), @"/h:1:25: clientcert=1 is refused from PostgreSQL 14 on [hba-legacy-clientcert]");
}

#[test]
fn the_server_s_settings_count_where_they_are_known() {
    let files = tree(&[
        (
            "/h",
            "hostssl all all all cert\nhost all all samehost scram-sha-256\n",
        ),
        ("/off", ""),
        ("/on", "ssl = on\n"),
        ("/good", "ssl = on\nssl_ca_file = 'root.crt'\n"),
    ]);
    let set = RuleSet::read(&files, "/h", Version::V15).unwrap();
    let codes = |conf: &str| {
        let settings = Settings::read(&files, conf, None, set.version);
        let found = hba(&files, &set, Some(&settings));
        found.iter().map(|f| f.lint.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("/off"), ["hba-ssl-off"]);
    assert_eq!(codes("/on"), ["hba-no-authority"]);
    assert_eq!(codes("/good"), [""; 0]);
}

#[test]
fn the_sample_has_no_findings() {
    let text = "# TYPE  DATABASE        USER            ADDRESS                 METHOD\n\
                local   all             all                                     peer\n\
                host    all             all             127.0.0.1/32            scram-sha-256\n\
                host    all             all             ::1/128                 scram-sha-256\n\
                local   replication     all                                     peer\n\
                host    replication     all             127.0.0.1/32            scram-sha-256\n";
    for version in Version::ALL {
        assert_eq!(found(text, version), "");
    }
    // A rule that goes on in the next line is no comment.
    assert_eq!(
        found("local all \\\n all peer # \\\n# x\n", Version::V15),
        ""
    );
}

proptest! {
    #[test]
    fn what_the_server_refuses_never_goes_without_a_finding(
        bytes: Vec<u8>,
        text in "((local|hostssl|host|include|#)[ \t,\r]{1,2}(all|\"a|@f|/r)[ \t,]{1,2}(a|\\+g)[ \t]{1,2}(10.0.0.1/8|10/8|ALL|)[ \t]+(trust|md5|cert)( map=x)?(#[^\n]{0,3})?\\\\?\r?\n?){0,5}",
        version in proptest::sample::select(&Version::ALL[..]),
    ) {
        for bytes in [bytes, text.into_bytes()] {
            let files = BTreeMap::from([("/h".to_string(), bytes)]);
            let set = RuleSet::read(&files, "/h", version).unwrap();
            let found = hba(&files, &set, None);
            let errors = found.iter().filter(|f| f.lint.severity == crate::Severity::Error).count();
            prop_assert!(errors >= set.errors.len(), "{:?} {:?}", set.errors, found);
        }
    }
}

#[test]
fn a_list_without_words_is_told_from_one_that_is_not_there() {
    let files = BTreeMap::from([
        (
            "/h".to_string(),
            b"host all @none all md5\nhost all @gone all md5\n".to_vec(),
        ),
        ("/none".to_string(), b"# nobody yet\n".to_vec()),
    ]);
    let set = RuleSet::read(&files, "/h", Version::V16).unwrap();
    let told: Vec<_> = hba(&files, &set, None)
        .iter()
        .map(|found| alloc::format!("{found}; {}", found.help()))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    /h:1:1: end-of-line before authentication method; an @file without a word in it leaves its field out: write a name into it, or take the line out
    /h:2:1: could not open file "/gone": No such file or directory; correct the name; it counts from the folder of the file that it stands in
    "#);
}
