//! The address field, in every form that it may be written in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Vocabulary, words};
use crate::first_match::Origin;
use crate::generated::Dice;

/// The addresses and masks that rules may have.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Addresses, of both families.
    pub addresses: &'static [&'static str],
    /// Lengths of prefixes for IPv4.
    pub bits4: &'static [u32],
    /// Lengths of prefixes for IPv6.
    pub bits6: &'static [u32],
    /// Masks with holes, of both families.
    pub odd: &'static [&'static str],
    /// Whole fields that are written in a way of their own.
    pub whole: &'static [Network],
}

/// An address field, and the address and mask that it stands for.
pub type Network = (&'static str, (&'static str, &'static str));

/// Adds the field, or two where a mask stands apart.
pub(super) fn field(dice: &mut Dice, of: &Vocabulary, fields: &mut Vec<String>) -> Origin {
    if dice.below(100) < of.own_addresses {
        let (word, origin) =
            dice.one_of(&[("samehost", Origin::SameHost), ("samenet", Origin::SameNet)]);
        fields.push(words::keyword(dice, word));
        return origin;
    }
    match dice.below(20) {
        0..=4 => {
            fields.push(words::keyword(dice, "all"));
            Origin::Anywhere
        }
        5..=7 if !of.hosts.is_empty() => {
            let host = dice.one_of(of.hosts);
            let special = ["all", "samehost", "samenet"].contains(&host);
            fields.push(words::name(dice, host, special));
            Origin::Host(host)
        }
        8 if !of.addresses.whole.is_empty() => {
            let (word, (address, mask)) = dice.one_of(of.addresses.whole);
            fields.push(word.to_owned());
            Origin::Masked(parsed(address), parsed(mask))
        }
        _ => masked(dice, &of.addresses, fields),
    }
}

fn masked(dice: &mut Dice, of: &Addresses, fields: &mut Vec<String>) -> Origin {
    let written = dice.one_of(of.addresses);
    let address = parsed(written);
    if dice.once_in(5) {
        let mask = dice.one_of(of.odd);
        if parsed(mask).is_ipv4() == address.is_ipv4() {
            fields.push(words::name(dice, written, false));
            fields.push(words::name(dice, mask, false));
            return Origin::Masked(address, parsed(mask));
        }
    }
    let (bits, mask) = match address {
        IpAddr::V4(_) => {
            let bits = dice.one_of(of.bits4);
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            (bits, IpAddr::V4(Ipv4Addr::from(mask)))
        }
        IpAddr::V6(_) => {
            let bits = dice.one_of(of.bits6);
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            (bits, IpAddr::V6(Ipv6Addr::from(mask)))
        }
    };
    if dice.once_in(4) {
        fields.push(words::name(dice, written, false));
        fields.push(words::name(dice, &mask.to_string(), false));
    } else {
        let zero = if dice.once_in(12) { "0" } else { "" };
        fields.push(words::name(dice, &format!("{written}/{zero}{bits}"), false));
    }
    Origin::Masked(address, mask)
}

/// # Panics
/// Where a constant of a vocabulary is no address.
fn parsed(address: &str) -> IpAddr {
    address.parse().expect("an address of the vocabulary")
}
