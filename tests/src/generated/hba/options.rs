//! Methods and the options behind them: those that belong together, those that do not, and values of every kind.

use crate::generated::Dice;
use crate::generated::spelling::token;

/// A method, most often one that goes with this type of record.
pub(super) fn method(dice: &mut Dice, kind: &str) -> &'static str {
    if dice.once_in(6) {
        return dice.one_of(&[
            "trust",
            "reject",
            "scram-sha-256",
            "md5",
            "password",
            "gss",
            "sspi",
            "ident",
            "peer",
            "ldap",
            "radius",
            "cert",
            "pam",
            "bsd",
            "oauth",
            "krb5",
            "crypt",
            "scram",
            "",
            "map=x",
            "none",
        ]);
    }
    match kind {
        "local" => dice.one_of(&[
            "peer",
            "peer",
            "ident",
            "trust",
            "md5",
            "scram-sha-256",
            "reject",
            "radius",
        ]),
        "hostssl" => dice.one_of(&[
            "cert",
            "cert",
            "cert",
            "scram-sha-256",
            "trust",
            "ident",
            "oauth",
            "radius",
        ]),
        _ => dice.one_of(&[
            "scram-sha-256",
            "md5",
            "password",
            "trust",
            "reject",
            "ident",
            "radius",
            "oauth",
        ]),
    }
}

/// Options, most often none or such as the method knows.
pub(super) fn fields(dice: &mut Dice, kind: &str, method: &str) -> Vec<Vec<u8>> {
    let mut fields = Vec::new();
    let mut add = |dice: &mut Dice, name: &str, value: &str| {
        let whole = format!("{name}={value}");
        let spelled = match dice.below(8) {
            0 => [name.as_bytes(), b"=", &token(dice, value.as_bytes())[..]].concat(),
            1 => [name.as_bytes(), b"=\"", value.as_bytes(), b"\""].concat(),
            _ => token(dice, whole.as_bytes()),
        };
        fields.push(spelled);
    };
    match method {
        "cert" | "peer" | "ident" if dice.once_in(2) => {
            let map = dice.one_of(&["m", "m", "with space", "", "a,b"]);
            add(dice, "map", map);
        }
        "radius" => {
            for (name, values) in RADIUS {
                if !dice.once_in(4) {
                    let value = dice.one_of(values);
                    add(dice, name, value);
                }
            }
        }
        "oauth" => {
            for (name, values) in OAUTH {
                if !dice.once_in(3) {
                    let value = dice.one_of(values);
                    add(dice, name, value);
                }
            }
        }
        _ => {}
    }
    if kind == "hostssl" && dice.once_in(3) {
        let value = dice.one_of(&[
            "verify-full",
            "verify-ca",
            "verify-full",
            "1",
            "0",
            "no-verify",
            "",
            "Verify-Full",
            "2",
        ]);
        add(dice, "clientcert", value);
    }
    if kind == "hostssl" && dice.once_in(6) {
        let value = dice.one_of(&["CN", "DN", "cn", "", "XX"]);
        add(dice, "clientname", value);
    }
    while dice.once_in(8) {
        let name = dice.one_of(NAMES);
        let value = dice.one_of(VALUES);
        add(dice, name, value);
    }
    if dice.once_in(40) {
        fields.push(
            dice.one_of(&[
                &b"odd"[..],
                b"map = x",
                b"map =x",
                b"map= x",
                b"=",
                b"=x",
                b"map",
                b"map==",
                b"\"map=x\"=y",
            ])
            .to_vec(),
        );
    }
    fields
}

const NAMES: &[&str] = &[
    "map",
    "map",
    "clientcert",
    "clientname",
    "include_realm",
    "krb_realm",
    "compat_realm",
    "upn_username",
    "pamservice",
    "pam_use_hostname",
    "ldapserver",
    "ldapport",
    "ldapurl",
    "ldapbasedn",
    "ldapprefix",
    "ldapsearchfilter",
    "radiusservers",
    "radiussecrets",
    "radiusports",
    "radiusidentifiers",
    "issuer",
    "scope",
    "validator",
    "delegate_ident_mapping",
    "Map",
    "",
    "nosuch",
    "validator.x",
];

const VALUES: &[&str] = &[
    "",
    "1",
    "0",
    "m",
    "with space",
    "a,b",
    "a=b",
    "\u{e9}",
    "verify-full",
    "\"q\"",
];

const RADIUS: &[(&str, &[&str])] = &[
    (
        "radiusservers",
        &[
            "127.0.0.1",
            "127.0.0.1,::1",
            "",
            "127.0.0.1,,::1",
            "\"127.0.0.1\"",
            "127.0.0.1, 127.0.0.2",
            " 127.0.0.1 ",
            "127.0.0.1,",
            "\"127.0.0.1",
        ],
    ),
    (
        "radiussecrets",
        &[
            "s",
            "s,t",
            "",
            "\"a b\"",
            "a b",
            "\"a\"\"b\",c",
            "s,",
            ",s",
            "\"s\"x",
            "s t,u",
        ],
    ),
    (
        "radiusports",
        &[
            "", "1812", "1,2", "0", "x", "1x", "-1", " 1", "\"1\"", "1,x", "\" 1\"", "1,,2",
        ],
    ),
    ("radiusidentifiers", &["", "i", "i,j", "\"i\"", "i j"]),
];

const OAUTH: &[(&str, &[&str])] = &[
    ("issuer", &["https://example.org", "", "x"]),
    ("scope", &["openid", "\"a b\"", "a b", ""]),
    ("validator", &["", "none"]),
    ("delegate_ident_mapping", &["1", "0", "", "x"]),
    ("map", &["m", ""]),
];
