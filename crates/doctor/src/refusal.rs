//! The server's error messages at login (auth.c, postinit.c, postmaster.c). The same message stands for several causes: what the client
//! sent tells them apart as far as the client can know; the server's log says more.

use pg_probe::{ServerError, identifier};

use crate::Finding;
use crate::scene::Scene;

/// What a server's refusal means.
pub(crate) fn finding(scene: &Scene<'_>, error: &ServerError) -> Finding {
    let kind = KINDS
        .iter()
        .find(|kind| (kind.is)(error))
        .map_or(other as fn(&Scene<'_>, &ServerError) -> Finding, |kind| {
            kind.finding
        });
    let mut finding = kind(scene, error);
    finding
        .evidence
        .insert(0, format!("the server says: {error}"));
    finding
}

/// A message that is understood.
struct Kind {
    is: fn(&ServerError) -> bool,
    finding: fn(&Scene<'_>, &ServerError) -> Finding,
}

/// In the order of facts from the specific to the general. Servers that speak another language (`lc_messages`) are recognised by
/// SQLSTATE alone, where that says enough.
const KINDS: &[Kind] = &[
    Kind {
        is: |error| error.message.starts_with("no pg_hba.conf entry for"),
        finding: no_entry,
    },
    Kind {
        is: |error| error.message.starts_with("pg_hba.conf rejects"),
        finding: rejected,
    },
    Kind {
        is: |error| error.message == "connection requires a valid client certificate",
        finding: certificate_required,
    },
    Kind {
        is: |error| {
            error
                .message
                .starts_with("client certificates can only be checked if")
        },
        finding: no_authorities,
    },
    Kind {
        is: |error| {
            error
                .message
                .starts_with("certificate authentication failed for user")
        },
        finding: wrong_name,
    },
    Kind {
        is: |error| {
            error
                .message
                .starts_with("\"trust\" authentication failed for user")
        },
        finding: wrong_name,
    },
    Kind {
        is: |error| {
            error
                .message
                .to_lowercase()
                .starts_with("peer authentication failed for user")
        },
        finding: wrong_peer,
    },
    Kind {
        is: |error| error.code == "28P01",
        finding: wrong_password,
    },
    Kind {
        is: |error| error.code == "28000" && error.message.ends_with("does not exist"),
        finding: no_role,
    },
    Kind {
        is: |error| error.code == "28000" && error.message.ends_with("is not permitted to log in"),
        finding: no_login,
    },
    Kind {
        is: |error| error.code == "3D000",
        finding: no_database,
    },
    Kind {
        is: |error| error.code == "42501",
        finding: no_privilege,
    },
    Kind {
        is: |error| error.code == "53300",
        finding: full,
    },
    Kind {
        is: |error| error.code == "57P03",
        finding: not_ready,
    },
    Kind {
        is: |error| {
            error.code == "0A000" && error.message.starts_with("unsupported frontend protocol")
        },
        finding: too_old,
    },
];

fn no_entry(scene: &Scene<'_>, error: &ServerError) -> Finding {
    let user = &scene.target.user;
    let plain = error.message.ends_with("no encryption") || error.message.ends_with("SSL off");
    if plain && scene.after_tls {
        return Finding::error("no-hba-entry", "plain text is not allowed by any rule in pg_hba.conf; that is as it should be, the try with TLS is what failed")
            .fix("mend the TLS login; with sslmode=verify-full plain text is not tried at all");
    }
    if plain {
        let finding = Finding::error(
            "no-hba-entry",
            format!("no rule in pg_hba.conf lets \"{user}\" in from there without TLS"),
        );
        return finding.fix("connect with sslmode=verify-full: rules for TLS may let it in");
    }
    let encryption = if scene.tls.is_some() { " with TLS" } else { "" };
    Finding::error("no-hba-entry", format!("no rule in pg_hba.conf matches \"{user}\" and this database from this address{encryption}"))
        .fix(format!("`pgcert setup --role {user}` on the server, with the client's network in --from; or a rule `hostssl DATABASE {user} NETWORK cert` in pg_hba.conf, then reload"))
}

fn rejected(_: &Scene<'_>, _: &ServerError) -> Finding {
    Finding::error("hba-rejects", "a `reject` rule in pg_hba.conf decides this connection")
        .fix("see which in pg_hba_file_rules (the first that matches decides); move the rule that is wanted in front of it, then reload")
}

fn certificate_required(scene: &Scene<'_>, _: &ServerError) -> Finding {
    let finding = Finding::error(
        "client-certificate-missing",
        "the rule demands a client certificate and none was sent",
    )
    .all_seen(scene.presented());
    match (scene.client_certificate(), scene.tls) {
        (Some(_), Some(tls)) if !tls.client_certificate_requested => finding.fix("set ssl_ca_file on the server and reload: without it no certificate is asked for"),
        _ => finding.fix(format!("name the certificate and its key with sslcert and sslkey, or make them: `pgcert setup --role {}`", scene.target.user)),
    }
}

fn no_authorities(scene: &Scene<'_>, _: &ServerError) -> Finding {
    Finding::error("server-without-authorities", "the rule demands a client certificate, but the server trusts no authority (ssl_ca_file is empty)")
        .all_seen(scene.presented())
        .fix("set ssl_ca_file to the authority's certificate and reload; with ssl_sni (19) give the entry of this host an authority in pg_hosts.conf")
}

fn wrong_name(scene: &Scene<'_>, _: &ServerError) -> Finding {
    let user = &scene.target.user;
    let Some(certificate) = scene.client_certificate() else {
        return Finding::error("certificate-name", format!("the certificate's name is not \"{user}\" and no map allows it"))
            .fix(format!("use a certificate with CN={user}, or allow the name: a map in pg_ident.conf and `map=` in the rule"));
    };
    let finding = match certificate.common_name() {
        None => Finding::error(
            "certificate-without-name",
            "the client certificate has no common name, so it stands for no role",
        ),
        Some(name) if name == *user => Finding::error(
            "certificate-name",
            format!(
                "the certificate is for \"{name}\", but the rule's map does not list it for role \"{user}\" (or the rule compares the whole subject)"
            ),
        ),
        Some(name) => Finding::error(
            "certificate-name",
            format!(
                "the certificate is for \"{name}\", not for role \"{user}\", and no map allows it"
            ),
        ),
    };
    let fix = match certificate.common_name() {
        Some(name) if name == *user => format!(
            "the rule's `map=`: add a line `MAP {name} {user}` to pg_ident.conf and reload; the server's log names map and name"
        ),
        Some(name) => format!(
            "connect as \"{name}\", use a certificate with CN={user} (`pgcert setup --role {user}`), or `pgcert setup --role {user} --cert-name {name}`"
        ),
        None => format!("use a certificate with CN={user}: `pgcert setup --role {user}`"),
    };
    finding.all_seen(scene.presented()).fix(fix)
}

fn wrong_peer(scene: &Scene<'_>, _: &ServerError) -> Finding {
    Finding::error(
        "peer-name",
        format!(
            "the operating system's user is not \"{}\" and no map allows it",
            scene.target.user
        ),
    )
    .fix("run as the operating system's user of that name, or connect over TCP with a certificate")
}

fn wrong_password(scene: &Scene<'_>, _: &ServerError) -> Finding {
    let user = &scene.target.user;
    let other_name = scene
        .sent()
        .then(|| {
            scene
                .client_certificate()
                .map(pki_core::Certificate::common_name)
        })
        .flatten();
    match other_name {
        Some(name) if name.as_deref() != Some(user) => {
            Finding::error("password-or-certificate-name", format!("the password is wrong, or it is right and the rule (clientcert=verify-full) wants a certificate for \"{user}\""))
                .all_seen(scene.presented())
                .fix(format!("check the password; use a certificate with CN={user}"))
        }
        _ => Finding::error("password-rejected", format!("the password for \"{user}\" is wrong, missing on the server or expired; the rule that decides wants a password"))
            .all_seen(scene.presented())
            .fix(format!("correct the password; if a certificate was meant to be enough, `pgcert setup --role {user}` puts a `cert` rule where it decides")),
    }
}

fn no_role(scene: &Scene<'_>, _: &ServerError) -> Finding {
    Finding::error(
        "role-missing",
        format!(
            "the role \"{}\" does not exist; the login itself was in order",
            scene.target.user
        ),
    )
    .fix(format!(
        "`CREATE ROLE {} LOGIN`, or `pgcert setup --create-role`",
        identifier(&scene.target.user)
    ))
}

fn no_login(scene: &Scene<'_>, _: &ServerError) -> Finding {
    Finding::error(
        "role-without-login",
        format!(
            "the role \"{}\" may not log in; the login itself was in order",
            scene.target.user
        ),
    )
    .fix(format!(
        "`ALTER ROLE {} LOGIN`",
        identifier(&scene.target.user)
    ))
}

fn no_database(scene: &Scene<'_>, _: &ServerError) -> Finding {
    Finding::error("database-missing", format!("the database \"{}\" does not exist or takes no connections; the login itself was in order", scene.target.database))
        .fix("name another one with dbname")
}

fn no_privilege(scene: &Scene<'_>, _: &ServerError) -> Finding {
    let (user, database) = (&scene.target.user, &scene.target.database);
    let role = identifier(user);
    Finding::error("no-connect-privilege", format!("\"{user}\" may not connect to \"{database}\" (or may not replicate); the login itself was in order"))
        .fix(format!("`GRANT CONNECT ON DATABASE {} TO {role}`; for replication `ALTER ROLE {role} REPLICATION`", identifier(database)))
}

fn full(_: &Scene<'_>, _: &ServerError) -> Finding {
    Finding::error(
        "too-many-connections",
        "the server, the database or the role has no connection left",
    )
    .fix("wait, or raise the limit that the message names")
}

fn not_ready(_: &Scene<'_>, _: &ServerError) -> Finding {
    Finding::error(
        "server-not-ready",
        "the server is starting, stopping or recovering",
    )
    .fix("wait and try again")
}

fn too_old(_: &Scene<'_>, _: &ServerError) -> Finding {
    Finding::error(
        "protocol-unknown",
        "what answers does not speak PostgreSQL's protocol of today",
    )
    .fix("check host and port: a proxy may be in between")
}

fn other(_: &Scene<'_>, error: &ServerError) -> Finding {
    Finding::error(
        "refused",
        format!(
            "the server refused the connection (SQLSTATE {})",
            error.code
        ),
    )
    .fix("read the server's message, and its log at that moment")
}
