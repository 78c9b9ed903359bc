//! Demands for a certificate that an earlier rule lets everybody evade whom they are for.

use alloc::format;
use alloc::vec::Vec;

use super::Found;
use crate::hba::neighbours::{Patience, Tired};
use crate::hba::takers::first_taker;
use crate::hba::{ClientCert, ConnType, Connection, Method, Reach, Rule, Transport};

impl Found<'_> {
    /// Rules that demand a certificate, and an earlier one by which whoever they are for gets in without, with TLS or in
    /// clear, be it from some addresses only. (An earlier rule for some of their roles or databases is an exception.)
    pub(super) fn certificates(&mut self, reached: &[Reach]) {
        let mut patience = Patience::of(self.set);
        for (rule, at) in self.set.rules.iter().enumerate().rev() {
            let Ok(evaded) = self.evaded(rule, reached, &mut patience) else {
                return self.give_up(rule + 1);
            };
            if let Some((by, connection)) = evaded {
                let line = self.listed(&[by], at);
                let method = self.set.rules[by].rule.method;
                let text = format!(
                    "asks for a certificate that an earlier rule does without: {} gets in by {line} ({method})",
                    connection.assumed()
                );
                self.say(rule, "hba-optional-certificate", text, Vec::new());
            }
        }
    }

    /// The rule by which everybody gets in without the certificate that this one asks for, and a connection.
    fn evaded(
        &self,
        rule: usize,
        reached: &[Reach],
        patience: &mut Patience,
    ) -> Result<Option<(usize, Connection)>, Tired> {
        let asking = &self.set.rules[rule].rule;
        let asks = asking.client_cert() != ClientCert::Off && asking.method != Method::Reject;
        if !asks || !matches!(reached[rule], Reach::Decides(_)) {
            return Ok(None);
        }
        let mut near = self.neighbours.of_rule_within(asking, patience)?;
        near.retain(|by| *by < rule);
        if near.is_empty() {
            return Ok(None);
        }
        // Whom it asks with TLS may come in clear.
        let asked = Rule {
            kind: ConnType::Host,
            ..asking.clone()
        };
        let ways = [Transport::Tls, Transport::Plain];
        let lets_in = |by: usize| !self.set.rules[by].rule.keeps_its_say();
        Ok(first_taker(
            self.set, &asked, &ways, near, self.names, self.site, lets_in,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;

    #[test]
    fn evaded_certificates_are_found() {
        insta::assert_snapshot!(found("host all all 10.0.0.0/8 scram-sha-256\nhostssl all all all cert\n"), @r#"/h:2:1: asks for a certificate that an earlier rule does without: other to database otherdb from 10.0.0.1 with TLS gets in by line 1 (scram-sha-256) [hba-optional-certificate]"#);
        insta::assert_snapshot!(found("hostssl app all 10.1.0.0/16 md5\nhostssl app +staff 10.0.0.0/8 cert\n"), @r#"/h:2:1: asks for a certificate that an earlier rule does without: other to database app from 10.1.0.1 with TLS (a member of staff) gets in by line 1 (md5) [hba-optional-certificate]"#);
        insta::assert_snapshot!(found("hostnossl all all all md5\nhostssl all all all scram-sha-256 clientcert=verify-full\n"), @r#"/h:2:1: asks for a certificate that an earlier rule does without: other to database otherdb from 0.0.0.1 in clear gets in by line 1 (md5) [hba-optional-certificate]"#);
        insta::assert_snapshot!(found("hostnossl all all 10.0.0.0/8 md5\nhostssl all all all cert\n"), @"/h:2:1: asks for a certificate that an earlier rule does without: other to database otherdb from 10.0.0.1 in clear gets in by line 1 (md5) [hba-optional-certificate]");
        insta::assert_snapshot!(found("host all all .example.com md5\nhostssl all all all cert\n"), @"/h:2:1: asks for a certificate that an earlier rule does without: other to database otherdb from 0.0.0.1 with TLS (the client's name is other.example.com) gets in by line 1 (md5) [hba-optional-certificate]");
        // An exception for one role, a refusal, another demand, and a rule behind it.
        for other in [
            "hostssl all bob all md5\nhostssl all all all cert\n",
            "hostnossl all all all reject\nhostssl all all all cert\n",
            "hostssl all all 10.0.0.0/8 md5 clientcert=verify-full\nhostssl all all all cert\n",
            "hostssl all all all cert\nhost all all all md5\n",
        ] {
            assert_eq!(found(other), "", "{other}");
        }
    }
}
