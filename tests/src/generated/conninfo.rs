//! Connection strings and URIs by chance.

use pg_config::conninfo::KEYWORDS;

use super::Dice;
use super::mutate::mutate;

/// `keyword=value` pairs.
pub fn pairs(dice: &mut Dice) -> String {
    let mut text = Vec::new();
    for _ in 0..dice.weighted(&[(1, 0), (4, 1), (4, 3), (2, 8)]) {
        let keyword = keyword(dice);
        text.extend_from_slice(pair(dice, keyword).as_bytes());
        let between: &str = dice.weighted(&[(30, " "), (3, "  "), (2, "\t"), (2, "\n"), (1, "")]);
        text.extend_from_slice(between.as_bytes());
    }
    damaged(dice, text)
}

/// A URI.
pub fn uri(dice: &mut Dice) -> String {
    let mut text = dice
        .weighted(&[
            (20, "postgresql://"),
            (10, "postgres://"),
            (1, "postgresql:/"),
            (1, "Postgres://"),
            (1, "postgresq://"),
        ])
        .to_owned();
    if dice.once_in(2) {
        text += &encoded(dice, USERS);
        if dice.once_in(2) {
            text += ":";
            text += &encoded(dice, USERS);
        }
        text += "@";
    }
    for at in 0..dice.weighted(&[(2, 0), (8, 1), (2, 2), (1, 3)]) {
        if at > 0 {
            text += ",";
        }
        text += &match dice.below(8) {
            0 => dice
                .one_of(&["[::1]", "[fe80::1%25lo]", "[]", "[::1", "[::1]x"])
                .to_owned(),
            1 => String::new(),
            _ => encoded(dice, HOSTS),
        };
        if dice.once_in(3) {
            text += ":";
            text += &encoded(dice, PORTS);
        }
    }
    if dice.once_in(2) {
        text += "/";
        text += &encoded(dice, DATABASES);
    }
    if dice.once_in(2) {
        text += "?";
        for at in 0..dice.weighted(&[(1, 0), (6, 1), (3, 2), (1, 5)]) {
            if at > 0 {
                text += "&";
            }
            let keyword = if dice.once_in(12) {
                "ssl"
            } else {
                keyword(dice)
            };
            text += &encoded(dice, &[keyword]);
            text += dice.weighted(&[(40, "="), (1, ""), (1, "=="), (1, " = ")]);
            text += &encoded(dice, values(keyword));
        }
        text += dice.weighted(&[(20, ""), (2, "&"), (1, "&&"), (1, "?"), (1, "#x")]);
    }
    damaged(dice, text.into_bytes())
}

/// A keyword that some version knows, mostly.
pub fn keyword(dice: &mut Dice) -> &'static str {
    match dice.below(40) {
        0 => dice.one_of(&[
            "requiressl",
            "Host",
            "",
            "hosts",
            "sslmode ",
            "h\u{f6}st",
            "ssl",
        ]),
        1..=16 => dice.one_of(&[
            "host", "hostaddr", "port", "user", "password", "dbname", "sslmode",
        ]),
        _ => KEYWORDS[dice.below(KEYWORDS.len())].name,
    }
}

/// A value that the keyword takes, mostly.
pub fn value(dice: &mut Dice, keyword: &str) -> &'static str {
    if dice.once_in(12) {
        dice.one_of(ODD)
    } else {
        dice.one_of(values(keyword))
    }
}

/// A pair as it may be spelled.
pub fn pair(dice: &mut Dice, keyword: &str) -> String {
    let value = value(dice, keyword);
    let equals = dice.weighted(&[
        (30, "="),
        (2, " = "),
        (1, "= "),
        (1, "\t="),
        (1, " "),
        (1, ""),
    ]);
    let plain =
        !value.is_empty() && !value.contains(|c: char| c == '\'' || c == '\\' || c.is_whitespace());
    let value = match dice.below(if plain { 10 } else { 4 }) {
        0 => value
            .replace('\\', "\\\\")
            .replace('\'', "\\'")
            .replace(' ', "\\ "),
        1 => value.to_owned(),
        2 | 3 => format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'")),
        _ => value.to_owned(),
    };
    format!("{keyword}{equals}{value}")
}

/// What there is to be said for a keyword.
fn values(keyword: &str) -> &'static [&'static str] {
    match keyword {
        "host" => HOSTS,
        "hostaddr" => &[
            "127.0.0.1",
            "::1",
            "127.0.0.1,127.0.0.2",
            "",
            "127.0.0.1,",
            "x",
            ",",
        ],
        "port" => PORTS,
        "user" | "password" => USERS,
        "dbname" => DATABASES,
        "sslmode" => &[
            "disable",
            "allow",
            "prefer",
            "require",
            "verify-ca",
            "verify-full",
            "Require",
            "",
        ],
        "sslnegotiation" => &["postgres", "direct", "requiredirect", ""],
        "sslrootcert" => &["system", "root.crt", "", "System"],
        "channel_binding" | "gssencmode" => &["disable", "prefer", "require", "Prefer", ""],
        "sslcertmode" => &["disable", "allow", "require", "prefer", ""],
        "ssl_min_protocol_version" | "ssl_max_protocol_version" => {
            &["TLSv1", "TLSv1.1", "tlsv1.2", "TLSv1.3", "TLSv1.4", ""]
        }
        "min_protocol_version" | "max_protocol_version" => {
            &["3.0", "3.2", "latest", "3.1", "3", ""]
        }
        "target_session_attrs" => &[
            "any",
            "read-write",
            "read-only",
            "primary",
            "standby",
            "prefer-standby",
            "master",
            "",
        ],
        "load_balance_hosts" => &["disable", "random", "on", ""],
        "require_auth" => &[
            "password",
            "md5,scram-sha-256",
            "!none",
            "none",
            "!password,!md5",
            "md5,!gss",
            "!md5,gss",
            "md5,md5",
            "none,none",
            "!none,!none",
            "oauth",
            "sspi,gss",
            "",
            ",",
            "SCRAM-SHA-256",
            "!",
            "password,",
            "creds",
        ],
        "scram_client_key" | "scram_server_key" => &[
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
            "QUJD",
            "?",
            "AA A=",
            "",
        ],
        "requiressl" => &["1", "0", "yes", "", "10"],
        "ssl" => &["true", "1", "false", "True"],
        "client_encoding" => &["auto", "UTF8", "latin1", ""],
        "service" => &["a", "b", "none", ""],
        _ => &["1", "0", "x", "UTF8", "", "prod"],
    }
}

/// Text percent-encoded so that it is read as it is, mostly.
fn encoded(dice: &mut Dice, of: &[&str]) -> String {
    let value = if dice.once_in(15) {
        dice.one_of(ODD)
    } else {
        dice.one_of(of)
    };
    let how = dice.below(12);
    let mut text = String::new();
    for byte in value.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if how == 0 || plain && how != 1 {
            text.push(char::from(byte));
        } else if how == 2 {
            text += &format!("%{byte:02x}");
        } else {
            text += &format!("%{byte:02X}");
        }
    }
    match dice.below(30) {
        0 => text.insert(0, ' '),
        1 => text.push(' '),
        2 => text += dice.one_of(&["%", "%4", "%zz", "%00", "%ff", "% 41", "%20", " x"]),
        _ => {}
    }
    text
}

/// The text with a few slips in it, now and then; what a caller can pass: UTF-8, without NUL.
fn damaged(dice: &mut Dice, mut text: Vec<u8>) -> String {
    if dice.once_in(3) {
        mutate(dice, &mut text);
    }
    String::from_utf8_lossy(&text).replace('\0', "")
}

/// None of them leads out of this machine.
const HOSTS: &[&str] = &[
    "localhost",
    "127.0.0.1",
    "/tmp",
    "/tmp,localhost",
    "localhost,,127.0.0.1",
    "@abstract",
    "",
    "::1",
    "a.test,b.test",
];

const PORTS: &[&str] = &[
    "5432",
    "5433",
    "1,2",
    "5432,",
    ",",
    "",
    "0",
    "65535",
    "65536",
    "-1",
    "x",
    " 5432",
    "5432 ",
    "5432x",
    "+5432",
    "0x10",
    "99999999999",
    "1,x",
    "1,2,3",
];

const USERS: &[&str] = &[
    "me",
    "u:x",
    "u@x",
    "with space",
    "",
    "caf\u{e9}",
    "it's",
    "back\\slash",
    "a%b",
    "%",
];

const DATABASES: &[&str] = &[
    "db",
    "d/x",
    "d?x=1",
    "with space",
    "",
    "d=x",
    "postgres://x",
    "d#x",
    "d&x",
];

/// Values for whatever keyword.
const ODD: &[&str] = &[
    "'", "''", "\\", "\\\\", "a b", " a", "a ", "\t", "\n", "=", "a=b", "\u{a0}", "\u{7f}", "#",
    "a,b", "\"x\"", "\r\n", "\x0b",
];
