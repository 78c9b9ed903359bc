//! Refusals that leave the clients they are for a way in: who comes in another way that a `reject` does not name, and whom a later
//! rule takes.

use alloc::format;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Found;
use crate::hba::neighbours::{Patience, Tired};
use crate::hba::takers::first_taker;
use crate::hba::{Address, ConnType, Connection, Database, Masked, Method, Reach, Rule, Transport};

impl Found<'_> {
    /// Each `reject` that leaves whom it refuses a way in.
    pub(super) fn rejects(&mut self, reached: &[Reach]) {
        let mut patience = Patience::of(self.set);
        for (rule, at) in self.set.rules.iter().enumerate().rev() {
            let rejects = at.rule.method == Method::Reject;
            if !rejects || !matches!(reached[rule], Reach::Decides(_)) {
                continue;
            }
            for (what, asked) in other_ways(&at.rule) {
                let (by, connection) = match self.let_in(&asked, rule, &mut patience) {
                    Ok(Some(found)) => found,
                    Ok(None) => continue,
                    Err(Tired) => return self.give_up(rule),
                };
                let line = self.listed(&[by], at);
                let text = format!(
                    "{what}: {} comes to {line} ({})",
                    connection.assumed(),
                    self.set.rules[by].rule.method
                );
                self.say(rule, "hba-partial-reject", text, Vec::new());
            }
        }
    }

    /// The rule behind a `reject` by which everybody gets in who comes as `asked` says, and a connection.
    fn let_in(
        &self,
        asked: &Rule,
        reject: usize,
        patience: &mut Patience,
    ) -> Result<Option<(usize, Connection)>, Tired> {
        let near = self.neighbours.of_rule_within(asked, patience)?;
        // By `peer` the operating system's own users come, whom nobody means to shut out.
        let lets_in = |by: usize| {
            let method = self.set.rules[by].rule.method;
            by > reject && !matches!(method, Method::Reject | Method::Peer)
        };
        let ways = match asked.kind {
            // GSS is no way that libpq takes by itself where TLS is refused.
            ConnType::HostNoSsl => &[Transport::Plain][..],
            _ => &Transport::ALL[..],
        };
        Ok(first_taker(
            self.set, asked, ways, near, self.names, self.site, lets_in,
        ))
    }
}

/// The same clients in ways that the rule looks as if it named, and does not: as rules that would.
fn other_ways(rule: &Rule) -> Vec<(&'static str, Rule)> {
    let mut ways = Vec::new();
    let mut add = |what, change: &dyn Fn(&mut Rule)| {
        let mut asked = rule.clone();
        change(&mut asked);
        ways.push((what, asked));
    };
    if let Some(Address::Masked(masked)) = &rule.address
        && masked.mask().is_unspecified()
    {
        let v4 = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let v6 = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        let (what, other) = match masked.address() {
            IpAddr::V4(_) => ("shuts out IPv4 alone", v6),
            IpAddr::V6(_) => ("shuts out IPv6 alone", v4),
        };
        let every = Masked::new(other, other).map(Address::Masked);
        add(what, &|asked| asked.address.clone_from(&every));
    }
    // `hostnossl` is how TLS is demanded, and nobody is to be shut out.
    let databases = &rule.databases;
    let all_but_standbys =
        databases.contains(&Database::All) && !databases.contains(&Database::Replication);
    if all_but_standbys && rule.kind != ConnType::HostNoSsl {
        add("does not shut out physical replication", &|asked| {
            asked.databases = [Database::Replication].into_iter().collect();
        });
    }
    // libpq comes again in clear (sslmode=prefer).
    if rule.kind == ConnType::HostSsl {
        add("shuts out TLS alone", &|asked| {
            asked.kind = ConnType::HostNoSsl;
        });
    }
    ways
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::super::tests::found;

    #[test]
    fn ways_around_a_reject_are_found() {
        insta::assert_snapshot!(found("host all all 0.0.0.0/0 reject\nhost all all all md5\n"), @r#"/h:1:1: shuts out IPv4 alone: other to database otherdb from ::1 with TLS comes to line 2 (md5) [hba-partial-reject]"#);
        insta::assert_snapshot!(found("host all all ::/0 reject\nhost all bob 192.0.2.0/24 md5\nhost all all all scram-sha-256\n"), @r#"/h:1:1: shuts out IPv6 alone: other to database otherdb from 0.0.0.1 with TLS comes to line 3 (scram-sha-256) [hba-partial-reject]"#);
        insta::assert_snapshot!(found("host all +bad all reject\nhost replication all all md5\n"), @r#"/h:1:1: does not shut out physical replication: other, physical replication, from 0.0.0.1 with TLS (a member of bad) comes to line 2 (md5) [hba-partial-reject]"#);
        insta::assert_snapshot!(found("hostssl all bob all reject\nhost all all all md5\n"), @r#"/h:1:1: shuts out TLS alone: bob to database otherdb from 0.0.0.1 in clear comes to line 2 (md5) [hba-partial-reject]"#);
        insta::assert_snapshot!(found("hostssl all all all reject\nhost all all 10.0.0.0/8 trust\n"), @"/h:1:1: shuts out TLS alone: other to database otherdb from 10.0.0.1 in clear comes to line 2 (trust) [hba-partial-reject]");
        insta::assert_snapshot!(found("host all all ::/0 reject\nhost all all 0.0.0.0/1 reject\nhost all all 10.0.0.0/8 md5\nhost all all 128.0.0.0/8 md5\n"), @r#"
        /h:1:1: shuts out IPv6 alone: other to database otherdb from 128.0.0.1 with TLS comes to line 4 (md5) [hba-partial-reject]
        /h:3:1: never matches: line 2 takes all that it is for, such as other to database otherdb from 10.0.0.1 with TLS by line 2 [hba-never-matches]
        "#);
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
