//! `pgcert hba explain`: what decides, in words and as JSON.

mod connections;

use std::fmt::Write as _;

use crate::place::{Place, Said};

const RULES: &str = "local   all  all  peer map=os\n\
                     host app bob 10.0.0.0/8 md5\n\
                     host app tom 10.0.0.0/8 md5\n\
                     host app kim 10.0.0.0/8 md5\n\
                     include more.conf\n\
                     hostssl all +staff 192.168.0.0/16 scram-sha-256 clientcert=verify-full clientname=DN\n\
                     hostssl all all .example.org cert map=staff\n\
                     host replication all samenet trust\n\
                     hostssl all all 192.168.0.0/16 cert map=staff\n";
const MORE: &str =
    "host all all 172.16.0.0/12 ldap ldapserver=x ldapbasedn=\"dc=a\" ldapbindpasswd=secret\n";
pub(crate) const MAPS: &str = "staff \"Zoë Martin\" zoe\n\
                    staff /^(.*)@example\\.com$ \\1\n\
                    staff boss +admins\n\
                    staff ops all\n\
                    other /^x \\1\n\
                    other x y\n";

fn place() -> Place {
    let place = Place::new();
    place.write("pg_hba.conf", RULES);
    place.write("more.conf", MORE);
    place.write("pg_ident.conf", MAPS);
    place
}

fn hba(place: &Place, asked: &[&str]) -> Said {
    let file = ["--file", "pg_hba.conf", "--pg-version", "16"];
    place.run(&[&["hba", "explain"], asked, &file].concat())
}

#[test]
fn the_rule_the_others_and_what_comes_next_are_said() {
    let place = place();
    let zoe = [
        "--user",
        "zoe",
        "--database",
        "app",
        "--from",
        "192.168.1.2",
    ];
    let known = ["--no-groups", "--host-name", "pc.example.com"];
    let said = hba(&place, &[&zoe[..], &known].concat());
    assert!(!said.out.contains("secret"));
    insta::assert_snapshot!(said, @r#"
    zoe to database app from 192.168.1.2 with TLS
    decided by pg_hba.conf:9: hostssl all all 192.168.0.0/16 cert map=staff
    passed over
      pg_hba.conf:1: local all all peer map=os: not for connections with TLS
      pg_hba.conf:2 to 4: 3 rules, other addresses
      more.conf:1: host all all 172.16.0.0/12 ldap ldapserver=x ldapbasedn=dc=a ldapbindpasswd=(not shown): another address
      pg_hba.conf:6: hostssl all +staff 192.168.0.0/16 scram-sha-256 clientcert=verify-full clientname=DN: another role
      pg_hba.conf:7: hostssl all all .example.org cert map=staff: another address
      pg_hba.conf:8: host replication all samenet trust: another database
    then
      cert: the client has to show a certificate from an authority in ssl_ca_file
      its common name has to reach zoe through the map staff:
        pg_ident.conf:1  Zoë Martin
        pg_ident.conf:2  the names that match /^(.*)@example\.com$ with "zoe" as its first group
        pg_ident.conf:4  ops
    "#);
    let staff = hba(&place, &[&zoe[..], &["--member-of", "staff"]].concat());
    insta::assert_snapshot!(staff, @r#"
    zoe to database app from 192.168.1.2 with TLS
    decided by pg_hba.conf:6: hostssl all +staff 192.168.0.0/16 scram-sha-256 clientcert=verify-full clientname=DN
    passed over
      pg_hba.conf:1: local all all peer map=os: not for connections with TLS
      pg_hba.conf:2 to 4: 3 rules, other addresses
      more.conf:1: host all all 172.16.0.0/12 ldap ldapserver=x ldapbasedn=dc=a ldapbindpasswd=(not shown): another address
    then
      scram-sha-256: asked for a password; one that is stored as an MD5 hash does not do
      and the client has to show a certificate from an authority in ssl_ca_file whose distinguished name is exactly zoe; no map counts for that
    "#);
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let place = place();
    let zoe = [
        "--user",
        "zoe",
        "--database",
        "app",
        "--from",
        "192.168.1.2",
    ];
    insta::assert_snapshot!(hba(&place, &zoe), @r#"
    zoe to database app from 192.168.1.2 with TLS
    not sure: what decides it depends on what is not known here
      pg_hba.conf:6: hostssl all +staff 192.168.0.0/16 scram-sha-256 clientcert=verify-full clientname=DN
        if zoe is a member of staff
      pg_hba.conf:7: hostssl all all .example.org cert map=staff
        if 192.168.1.2 has a host name that ends in .example.org
      pg_hba.conf:9: hostssl all all 192.168.0.0/16 cert map=staff
        otherwise
    passed over
      pg_hba.conf:1: local all all peer map=os: not for connections with TLS
      pg_hba.conf:2 to 4: 3 rules, other addresses
      more.conf:1: host all all 172.16.0.0/12 ldap ldapserver=x ldapbasedn=dc=a ldapbindpasswd=(not shown): another address
      pg_hba.conf:8: host replication all samenet trust: another database
    --- on standard error
    hint: --member-of ROLE or --no-groups says whose member the role is; with --cluster or --data-dir the server is asked; --host-name NAME or --no-host-name says what name the server finds for the client's address
    "#);
    let standby = [
        "--user",
        "standby",
        "--replication",
        "--from",
        "10.0.0.2",
        "--no-tls",
    ];
    insta::assert_snapshot!(hba(&place, &standby), @r#"
    standby, physical replication, from 10.0.0.2 in clear
    not sure: what decides it depends on what is not known here
      pg_hba.conf:8: host replication all samenet trust
        if 10.0.0.2 is in a network of the server
      no rule: refused
        otherwise
    passed over
      pg_hba.conf:1: local all all peer map=os: not for connections in clear
      pg_hba.conf:2 to 4: 3 rules, none for physical replication
      more.conf:1: host all all 172.16.0.0/12 ldap ldapserver=x ldapbasedn=dc=a ldapbindpasswd=(not shown): another address
      pg_hba.conf:6 to 7: 2 rules, none for connections in clear
      pg_hba.conf:9: hostssl all all 192.168.0.0/16 cert map=staff: not for connections in clear
    --- on standard error
    hint: --cluster or --data-dir says which server's networks are meant
    "#);
    let place = Place::new();
    place.write(
        "pg_hba.conf",
        "host samerole /^(a|b)+,/^(?=z),+g samenet trust\n",
    );
    insta::assert_snapshot!(hba(&place, &zoe), @r#"
    zoe to database app from 192.168.1.2 with TLS
    not sure: what decides it depends on what is not known here
      pg_hba.conf:1: host samerole /^(a|b)+,/^(?=z),+g samenet trust
        if 192.168.1.2 is in a network of the server and zoe is a member of app and (zoe matches /^(?=z) or zoe is a member of g)
      no rule: refused
        otherwise
    --- on standard error
    hint: --cluster or --data-dir says which server's networks are meant
    "#);
}

#[test]
fn no_rule_is_a_refusal() {
    let place = place();
    let said = hba(&place, &["--user", "zoe", "--from", "2001:db8::1", "--gss"]);
    insta::assert_snapshot!(said, @r#"
    zoe to database zoe from 2001:db8::1 with GSS encryption
    refused: no rule matches ("no pg_hba.conf entry")
    passed over
      pg_hba.conf:1: local all all peer map=os: not for connections with GSS encryption
      pg_hba.conf:2 to 4: 3 rules, other addresses
      more.conf:1: host all all 172.16.0.0/12 ldap ldapserver=x ldapbasedn=dc=a ldapbindpasswd=(not shown): another address
      pg_hba.conf:6 to 7: 2 rules, none for connections with GSS encryption
      pg_hba.conf:8: host replication all samenet trust: another database
      pg_hba.conf:9: hostssl all all 192.168.0.0/16 cert map=staff: not for connections with GSS encryption
    "#);
}

#[test]
fn each_method_says_what_it_asks_for() {
    let place = Place::new();
    let mut rules = String::new();
    let methods = [
        "local a all trust",
        "local b all peer",
        "local c all reject",
        "local d all scram-sha-256",
        "local e all md5",
        "local f all password",
        "local g all ldap ldapserver=x ldapbasedn=y",
        "local h all radius radiusservers=x radiussecrets=y",
        "local i all pam",
        "hostssl a all all cert",
        "hostssl b all all cert clientname=DN map=unknown",
        "hostssl c all all reject clientcert=verify-full",
        "hostssl d all all trust clientcert=verify-ca",
        "hostssl e all all md5 clientcert=verify-full",
        "hostssl f all all gss",
        "hostssl g all all gss include_realm=0 map=staff",
        "hostssl i all all ident",
        "hostssl j all all oauth issuer=x scope=y",
        "hostssl k all all oauth issuer=x scope=y delegate_ident_mapping=1",
    ];
    for line in methods {
        writeln!(rules, "{line}").unwrap();
    }
    place.write("pg_hba.conf", &rules);
    place.write("pg_ident.conf", MAPS);
    let mut said = String::new();
    for line in methods {
        let mut fields = line.split(' ');
        let origin: &[&str] = match fields.next() {
            Some("local") => &["--local"],
            _ => &["--from", "10.0.0.1"],
        };
        let asked = ["hba", "explain", "--user", "zoe", "--file", "pg_hba.conf"];
        let database = ["--database", fields.next().unwrap(), "--pg-version", "18"];
        let answer = place.must(&[&asked[..], &database, origin].concat());
        let (_, next) = answer.out.split_once("then\n").unwrap();
        writeln!(said, "{line}\n{}", next.trim_end()).unwrap();
    }
    insta::assert_snapshot!(said, @r#"
    local a all trust
      trust: let in without being asked for anything
    local b all peer
      peer: the kernel is asked who is at the other end of the socket
      that user's name has to be exactly zoe
    local c all reject
      reject: refused, whatever the client has
    local d all scram-sha-256
      scram-sha-256: asked for a password; one that is stored as an MD5 hash does not do
    local e all md5
      md5: asked for a password, by SCRAM where it is stored so
    local f all password
      password: asked for a password, which goes to the server as it is
    local g all ldap ldapserver=x ldapbasedn=y
      ldap: asked for a password, which an LDAP server judges
    local h all radius radiusservers=x radiussecrets=y
      radius: asked for a password, which a RADIUS server judges
    local i all pam
      pam: asked for what PAM wants
    hostssl a all all cert
      cert: the client has to show a certificate from an authority in ssl_ca_file
      its common name has to be exactly zoe
    hostssl b all all cert clientname=DN map=unknown
      cert: the client has to show a certificate from an authority in ssl_ca_file
      its distinguished name has to reach zoe through the map unknown, which has no line for that: nobody gets in
    hostssl c all all reject clientcert=verify-full
      reject: refused, whatever the client has
      without a client certificate the refusal says that one is required
    hostssl d all all trust clientcert=verify-ca
      trust: let in without being asked for anything
      and the client has to show a certificate from an authority in ssl_ca_file, in any name
    hostssl e all all md5 clientcert=verify-full
      md5: asked for a password, by SCRAM where it is stored so
      and the client has to show a certificate from an authority in ssl_ca_file whose common name is exactly zoe; no map counts for that
    hostssl f all all gss
      gss: asked for a Kerberos ticket
      the principal with its realm has to be exactly zoe
    hostssl g all all gss include_realm=0 map=staff
      gss: asked for a Kerberos ticket
      the principal without its realm has to reach zoe through the map staff:
        pg_ident.conf:1  Zoë Martin
        pg_ident.conf:2  the names that match /^(.*)@example\.com$ with "zoe" as its first group
        pg_ident.conf:3  boss, if zoe is a member of admins
        pg_ident.conf:4  ops
    hostssl i all all ident
      ident: the ident server of the client's machine is asked whose it is
      that user's name has to be exactly zoe
    hostssl j all all oauth issuer=x scope=y
      oauth: asked for an OAuth bearer token
      the name that the validator finds in it has to be exactly zoe
    hostssl k all all oauth issuer=x scope=y delegate_ident_mapping=1
      oauth: asked for an OAuth bearer token
    "#);
}

#[test]
fn long_runs_are_one_line_and_many_are_cut() {
    let place = Place::new();
    let mut rules = String::new();
    for n in 0..30 {
        writeln!(rules, "host a{n} all all trust\nhost all b{n} all trust").unwrap();
    }
    rules.push_str("host all all all reject\n");
    place.write("pg_hba.conf", &rules);
    let asked = ["--user", "zoe", "--from", "10.0.0.1"];
    let said = hba(&place, &asked).out;
    assert_eq!(said.lines().count(), 2 + 1 + 20 + 1 + 2, "{said}");
    assert!(said.contains("  and 40 more (-v shows each)\n"), "{said}");
    let said = hba(&place, &[&asked[..], &["-v"]].concat()).out;
    assert_eq!(said.matches(": another ").count(), 60, "{said}");
}

#[test]
fn json_has_it_all() {
    let place = place();
    let staff = [
        "--user",
        "zoe",
        "--database",
        "app",
        "--from",
        "192.168.1.2",
    ];
    insta::assert_snapshot!(hba(
        &place,
        &[&staff[..], &["--no-groups", "--host-name", "x.y", "--json"]].concat()
    ), @r#"
    {
      "candidates": [],
      "connection": {
        "database": "app",
        "from": "192.168.1.2",
        "gss": false,
        "host_name": "x.y",
        "local": false,
        "member_of": [],
        "no_host_name": false,
        "replication": false,
        "tls": true,
        "user": "zoe"
      },
      "loadable": true,
      "missing_roles": null,
      "next": {
        "clientcert": "verify-full",
        "clientname": "CN",
        "map": "staff",
        "map_loadable": true,
        "method": "cert",
        "names": [
          {
            "certain": true,
            "file": "pg_ident.conf",
            "group": null,
            "line": 1,
            "name": "Zoë Martin",
            "pattern": null,
            "stops": false
          },
          {
            "certain": true,
            "file": "pg_ident.conf",
            "group": "zoe",
            "line": 2,
            "name": null,
            "pattern": "^(.*)@example\\.com$",
            "stops": false
          },
          {
            "certain": true,
            "file": "pg_ident.conf",
            "group": null,
            "line": 4,
            "name": "ops",
            "pattern": null,
            "stops": false
          }
        ],
        "steps": [
          "cert: the client has to show a certificate from an authority in ssl_ca_file",
          "its common name has to reach zoe through the map staff:",
          "pg_ident.conf:1  Zoë Martin",
          "pg_ident.conf:2  the names that match /^(.*)@example\\.com$ with \"zoe\" as its first group",
          "pg_ident.conf:4  ops"
        ]
      },
      "no_rule_possible": false,
      "outcome": "rule",
      "passed_over": [
        {
          "field": "type",
          "file": "pg_hba.conf",
          "line": 1
        },
        {
          "field": "address",
          "file": "pg_hba.conf",
          "line": 2
        },
        {
          "field": "address",
          "file": "pg_hba.conf",
          "line": 3
        },
        {
          "field": "address",
          "file": "pg_hba.conf",
          "line": 4
        },
        {
          "field": "address",
          "file": "more.conf",
          "line": 1
        },
        {
          "field": "user",
          "file": "pg_hba.conf",
          "line": 6
        },
        {
          "field": "address",
          "file": "pg_hba.conf",
          "line": 7
        },
        {
          "field": "database",
          "file": "pg_hba.conf",
          "line": 8
        }
      ],
      "rule": {
        "file": "pg_hba.conf",
        "line": 9,
        "method": "cert",
        "text": "hostssl all all 192.168.0.0/16 cert map=staff"
      },
      "schema_version": 1
    }
    "#);
    let may = place.json(
        &[
            &[
                "hba",
                "explain",
                "--file",
                "pg_hba.conf",
                "--pg-version",
                "16",
            ],
            &staff[..],
        ]
        .concat(),
    );
    insta::assert_snapshot!(format!("{} {:#}", may["outcome"], may["candidates"]), @r#"
    "may" [
      {
        "file": "pg_hba.conf",
        "if": "zoe is a member of staff",
        "line": 6,
        "method": "scram-sha-256",
        "text": "hostssl all +staff 192.168.0.0/16 scram-sha-256 clientcert=verify-full clientname=DN"
      },
      {
        "file": "pg_hba.conf",
        "if": "192.168.1.2 has a host name that ends in .example.org",
        "line": 7,
        "method": "cert",
        "text": "hostssl all all .example.org cert map=staff"
      },
      {
        "file": "pg_hba.conf",
        "if": null,
        "line": 9,
        "method": "cert",
        "text": "hostssl all all 192.168.0.0/16 cert map=staff"
      }
    ]
    "#);
    assert_eq!(may["rule"], serde_json::Value::Null);
    assert_eq!(may["no_rule_possible"], false);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let place = place();
    insta::assert_snapshot!(hba(&place, &["--user", "a"]), @"
    --- on standard error
    error: the following required arguments were not provided:
      <--from <ADDRESS>|--local|--connections <FILE>>

    Usage: pgcert hba explain --user <ROLE> --file <FILE> --pg-version <N> <--from <ADDRESS>|--local|--connections <FILE>>

    For more information, try '--help'.
    --- exit code 2
    ");
    insta::assert_snapshot!(hba(&place, &["--user", "a", "--local", "--tls"]), @"
    --- on standard error
    error: the argument '--local' cannot be used with:
      --tls
      --no-tls
      --gss

    Usage: pgcert hba explain --user <ROLE> --file <FILE> --pg-version <N> <--from <ADDRESS>|--local|--connections <FILE>>

    For more information, try '--help'.
    --- exit code 2
    ");
}

#[test]
fn a_file_that_is_refused_is_not_hidden() {
    let place = place();
    place.write("pg_hba.conf", "local all all peer\nhost all\n");
    insta::assert_snapshot!(hba(&place, &["--user", "a", "--local"]), @r#"
    a to database a over the Unix socket
    decided by pg_hba.conf:1: local all all peer
    then
      peer: the kernel is asked who is at the other end of the socket
      that user's name has to be exactly a
    --- on standard error
    error: the server would refuse all of it: 1 line is wrong
    hint: pgcert hba lint says more about each
    --- exit code 3
    "#);
}

#[test]
fn rules_are_shown_with_the_quotes_they_need() {
    let place = Place::new();
    place.write(
        "pg_hba.conf",
        "host \"all\" bob all md5\n\
         host app \"+staff\",\"my role\" all md5\n\
         host app +a all md5\n\
         host app +b all trust\n\
         host app +c all md5\n\
         host all all samenet scram-sha-256\n\
         host app +d all md5\n",
    );
    let bob = ["--user", "bob", "--database", "app", "--from", "10.0.0.1"];
    insta::assert_snapshot!(hba(&place, &bob), @r#"
    bob to database app from 10.0.0.1 with TLS
    not sure: what decides it depends on what is not known here
      pg_hba.conf:3: host app +a all md5
        if bob is a member of a
      pg_hba.conf:4: host app +b all trust
        if bob is a member of b
      pg_hba.conf:5: host app +c all md5
        if bob is a member of c
      pg_hba.conf:6: host all all samenet scram-sha-256
        if 10.0.0.1 is in a network of the server
      pg_hba.conf:7: host app +d all md5
        if bob is a member of d
      no rule: refused
        otherwise
    passed over
      pg_hba.conf:1: host "all" bob all md5: another database
      pg_hba.conf:2: host app "+staff","my role" all md5: another role
    --- on standard error
    hint: --member-of ROLE or --no-groups says whose member the role is; with --cluster or --data-dir the server is asked; --cluster or --data-dir says which server's networks are meant
    "#);
}
