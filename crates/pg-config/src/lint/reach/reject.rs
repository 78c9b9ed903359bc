//! Refusals that leave the clients they are for a way in: who comes in another way that a `reject` does not name, and whom a later
//! rule takes.

use alloc::format;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Found;
use crate::hba::neighbours::{Patience, Tired};
use crate::hba::{
    Address, ConnType, Connection, Database, Decision, Method, Reach, Rule, Transport,
};

impl Found<'_> {
    /// Each `reject` that leaves the client that it refuses a way in.
    pub(super) fn rejects(&mut self, reached: &[Reach]) {
        let set = self.set;
        let mut patience = Patience::of(self.set);
        for (rule, at) in set.rules.iter().enumerate() {
            let (Method::Reject, Reach::Decides(example)) = (at.rule.method, &reached[rule]) else {
                continue;
            };
            for (what, connection) in other_ways(&at.rule, example) {
                let decision = self
                    .neighbours
                    .decide(0, &connection, self.site, &mut patience);
                let by = match decision {
                    Ok(Decision::Rule(by)) => by,
                    Ok(_) => continue,
                    Err(Tired) => return self.give_up(rule),
                };
                let method = set.rules[by].rule.method;
                // By `peer` the operating system's own users come, whom nobody means to shut out.
                if by < rule || matches!(method, Method::Reject | Method::Peer) {
                    continue;
                }
                let line = self.listed(&[by], at);
                let text = format!(
                    "{what}: {} comes to {line} ({method})",
                    connection.assumed()
                );
                self.say(rule, "hba-partial-reject", text, Vec::new());
            }
        }
    }
}

/// The same client in ways that the rule looks as if it named, and does not.
fn other_ways(rule: &Rule, example: &Connection) -> Vec<(&'static str, Connection)> {
    let mut ways = Vec::new();
    match &rule.address {
        Some(Address::Masked(masked)) if masked.mask().is_unspecified() => {
            let (what, other) = match masked.address() {
                IpAddr::V4(_) => ("shuts out IPv4 alone", IpAddr::V6(DOCUMENTATION.1)),
                IpAddr::V6(_) => ("shuts out IPv6 alone", IpAddr::V4(DOCUMENTATION.0)),
            };
            let address = Some(other);
            ways.push((
                what,
                Connection {
                    address,
                    ..example.clone()
                },
            ));
        }
        _ => {}
    }
    let standby = Connection {
        physical_replication: true,
        ..example.clone()
    };
    // `hostnossl` is how TLS is demanded, and nobody is to be shut out.
    let databases = &rule.databases;
    let all_but_standbys =
        databases.contains(&Database::All) && !databases.contains(&Database::Replication);
    if all_but_standbys && rule.kind != ConnType::HostNoSsl {
        ways.push(("does not shut out physical replication", standby));
    }
    // libpq comes again in clear (sslmode=prefer).
    if rule.kind == ConnType::HostSsl {
        let transport = Transport::Plain;
        ways.push((
            "shuts out TLS alone",
            Connection {
                transport,
                ..example.clone()
            },
        ));
    }
    ways
}

/// Addresses that nobody has (RFC 5737, RFC 3849), and that no rule is likely to name.
const DOCUMENTATION: (Ipv4Addr, Ipv6Addr) = (
    Ipv4Addr::new(192, 0, 2, 1),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
);

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::super::tests::found;

    #[test]
    fn ways_around_a_reject_are_found() {
        insta::assert_snapshot!(found("host all all 0.0.0.0/0 reject\nhost all all all md5\n"), @r#"/h:1:1: shuts out IPv4 alone: other to database otherdb from 2001:db8::1 with TLS comes to line 2 (md5) [hba-partial-reject]"#);
        insta::assert_snapshot!(found("host all all ::/0 reject\nhost all bob 192.0.2.0/24 md5\nhost all all all scram-sha-256\n"), @r#"/h:1:1: shuts out IPv6 alone: other to database otherdb from 192.0.2.1 with TLS comes to line 3 (scram-sha-256) [hba-partial-reject]"#);
        insta::assert_snapshot!(found("host all +bad all reject\nhost replication all all md5\n"), @r#"/h:1:1: does not shut out physical replication: other, physical replication, from 0.0.0.1 with TLS (a member of bad) comes to line 2 (md5) [hba-partial-reject]"#);
        insta::assert_snapshot!(found("hostssl all bob all reject\nhost all all all md5\n"), @r#"/h:1:1: shuts out TLS alone: bob to database otherdb from 0.0.0.1 in clear comes to line 2 (md5) [hba-partial-reject]"#);
        for other in [
            // Everybody; who comes in that way is named before, or refused as well, or nobody is let in.
            "host all,replication bob all reject\nhost all,replication all all md5\n",
            "host all all ::/0 trust\nhost all all 0.0.0.0/0 reject\nlocal all all peer\n",
            "host all all 0.0.0.0/0 reject\nhost all all ::/0 reject\nhost replication repl 10.0.0.0/8 md5\n",
            "host all all 0.0.0.0/0 reject\n",
            // TLS is demanded.
            "hostnossl all all all reject\nhost all all all md5\n",
            "hostnossl all all all reject\nhost all,replication all all md5\n",
            // The operating system's users.
            "local all bob reject\nlocal replication all peer\n",
            // One network is meant.
            "host all all 10.0.0.0/8 reject\nhost all all all md5\n",
        ] {
            assert_eq!(found(other), "", "{other}");
        }
    }

    #[test]
    fn what_the_packages_have_and_setup_adds_is_taken_as_it_is() {
        // Behind comments, the same from 12 to 18, as initdb and Debian's packages make it.
        let rules = |local: &str| {
            format!(
                "local all postgres {local}\nhostnossl all app 127.0.0.1/32 reject\nhostssl all app 127.0.0.1/32 cert map=m\n\
                 local all all {local}\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n\
                 local replication all {local}\nhost replication all 127.0.0.1/32 scram-sha-256\n\
                 host replication all ::1/128 scram-sha-256\n"
            )
        };
        for local in ["peer", "trust"] {
            let said = found(&rules(local));
            assert!(!said.contains("hba-partial-reject"), "{said}");
        }
    }
}
