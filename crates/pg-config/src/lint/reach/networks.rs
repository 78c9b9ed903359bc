//! What `samehost` and `samenet` are on the server's machine, and whether a finding rests on that.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::Found;
use crate::hba::{Address, Interface, Rule, RuleSet, Site, prefix_length};

impl Found<'_> {
    /// Each rule for the server's own networks, with these.
    pub(super) fn networks(&mut self) {
        let interfaces = self.site.interfaces.as_deref().unwrap_or_default();
        let mut networks: Vec<String> = Vec::new();
        for network in interfaces.iter().filter_map(written) {
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        if networks.is_empty() {
            return;
        }
        let text = format!(
            "samenet is {} and the server's own addresses on this machine today",
            networks.join(", ")
        );
        for (rule, at) in self.set.rules.iter().enumerate() {
            if at.rule.address == Some(Address::SameNet) {
                self.say(rule, "hba-samenet", text.clone(), Vec::new());
            }
        }
    }
}

/// Whether what rules match depends on the interfaces of the site.
pub(super) fn matter(set: &RuleSet, site: &Site) -> bool {
    let own = |rule: &Rule| matches!(rule.address, Some(Address::SameHost | Address::SameNet));
    site.interfaces.is_some() && set.rules.iter().any(|at| own(&at.rule))
}

/// The network of an interface, where it is more than its own address and the machine itself.
fn written(interface: &Interface) -> Option<String> {
    let Interface { address, netmask } = interface;
    if address.is_loopback() || netmask.is_unspecified() {
        return None;
    }
    let (network, all) = match (address, netmask) {
        (IpAddr::V4(address), IpAddr::V4(mask)) => (
            IpAddr::from((address.to_bits() & mask.to_bits()).to_be_bytes()),
            32,
        ),
        (IpAddr::V6(address), IpAddr::V6(mask)) => (
            IpAddr::from((address.to_bits() & mask.to_bits()).to_be_bytes()),
            128,
        ),
        _ => return None,
    };
    match prefix_length(*netmask) {
        Some(bits) => (bits < all).then(|| format!("{network}/{bits}")),
        None => Some(format!("{network} with mask {netmask}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found_at;
    use super::*;

    fn interface(address: &str, netmask: &str) -> Interface {
        Interface {
            address: address.parse().unwrap(),
            netmask: netmask.parse().unwrap(),
        }
    }

    fn site() -> Site {
        let interfaces = alloc::vec![
            interface("127.0.0.1", "255.0.0.0"),
            interface("10.1.2.3", "255.255.0.0"),
            interface("10.1.2.4", "255.255.0.0"),
            interface("172.17.0.1", "255.255.255.255"),
            interface("fd00::5", "ffff:ffff:ffff:ffff::"),
        ];
        Site {
            interfaces: Some(interfaces),
        }
    }

    #[test]
    fn the_networks_are_named() {
        insta::assert_snapshot!(found_at("host all all samenet md5\nhost all all samehost md5\n", &site()), @r#"
        /h:1:1: samenet is 10.1.0.0/16, fd00::/64 and the server's own addresses on this machine today [hba-samenet]
        /h:2:1: never matches: line 1 takes all that it is for, such as other to database otherdb from 127.0.0.1 with TLS by line 1 [hba-never-matches]
        "#);
        assert_eq!(found("host all all samenet md5\n"), "");
    }

    #[test]
    fn masks_that_are_no_network_s_are_told_or_left_out() {
        let interfaces = alloc::vec![
            interface("192.0.2.1", "0.0.0.0"),
            interface("192.0.2.2", "255.0.255.0"),
        ];
        let site = Site {
            interfaces: Some(interfaces),
        };
        insta::assert_snapshot!(found_at("host all all samenet md5\n", &site), @r#"/h:1:1: samenet is 192.0.2.0 with mask 255.0.255.0 and the server's own addresses on this machine today [hba-samenet]"#);
    }

    #[test]
    fn what_holds_only_today_says_so() {
        insta::assert_snapshot!(found_at("host all all 10.0.0.0/8 md5\nhost all all fd00::/8 md5\nhost all all 127.0.0.0/8 md5\nhost all all 172.17.0.1/32 md5\nhost all all samehost md5\n", &site()), @r#"/h:5:1: never matches: lines 1, 2, 3, 4 take all that it is for, such as other to database otherdb from 127.0.0.1 with TLS by line 3 (with the networks that the server is in today) [hba-never-matches]"#);
        insta::assert_snapshot!(found_at("host all all samenet md5\nhost all all samehost md5\n", &site()), @r#"
        /h:1:1: samenet is 10.1.0.0/16, fd00::/64 and the server's own addresses on this machine today [hba-samenet]
        /h:2:1: never matches: line 1 takes all that it is for, such as other to database otherdb from 127.0.0.1 with TLS by line 1 [hba-never-matches]
        "#);
        insta::assert_snapshot!(found_at("host all bob samehost md5\nhost all all 10.0.0.0/8 md5\nhost all all fd00::/8 md5\nhost all all 127.0.0.0/8 md5\nhost all all 172.17.0.1/32 md5\n", &site()), @r#"/h:1:1: has no effect: without it lines 2, 3, 4, 5 would decide the same connections in the same way, such as bob to database otherdb from 127.0.0.1 with TLS (with the networks that the server is in today) [hba-no-effect]"#);
    }

    fn found(text: &str) -> String {
        found_at(text, &Site::default())
    }
}
