//! Things found in files that lie together: does the key belong to a certificate, does each certificate come from the
//! one after it. Whether a chain can be trusted is asked in `verify`.

use super::{Finding, Item};
use crate::{certificate::Certificate, verify::may_have_issued};

/// What does not fit among the things of one or several files, each with the number of the thing that it is about.
///
/// `key-mismatch`: a private key, while none of the certificates and requests there is for it. `chain-gap`: a certificate
/// of a chain file, which was not issued by the one after it; a file is a chain file if its first certificate is no
/// authority's.
#[must_use]
pub fn inspect_together(files: &[&[Item]]) -> Vec<Vec<Finding>> {
    let all = || files.iter().copied().flatten();
    let is_held = |wanted: &crate::PublicKey| {
        all().any(|item| match item {
            Item::Certificate(certificate) => certificate.public_key() == *wanted,
            Item::Request(request) => request.public_key() == *wanted,
            _ => false,
        })
    };
    let any_holder = all().any(|item| matches!(item, Item::Certificate(_) | Item::Request(_)));
    let mut found = Vec::new();
    for file in files {
        let gaps = gaps(file);
        for (number, item) in file.iter().enumerate() {
            let mut of_item = Vec::new();
            match item {
                Item::Key { key, .. } if any_holder && !is_held(&key.public_key()) => {
                    let text = "no certificate or request shown here is for this key";
                    of_item.push(Finding::problem("key-mismatch", text.to_owned()));
                }
                _ if gaps.contains(&number) => {
                    let text = "the certificate after it in the file did not issue it: who is sent this chain cannot follow it";
                    of_item.push(Finding::problem("chain-gap", text.to_owned()));
                }
                _ => {}
            }
            found.push(of_item);
        }
    }
    found
}

/// The certificates of a chain file, by their place among all things in it, that the next one did not issue.
fn gaps(file: &[Item]) -> Vec<usize> {
    let certificates: Vec<(usize, &Certificate)> = file
        .iter()
        .enumerate()
        .filter_map(|(number, item)| match item {
            Item::Certificate(certificate) => Some((number, certificate)),
            _ => None,
        })
        .collect();
    match certificates.first() {
        Some((_, leaf)) if !leaf.is_authority() => {}
        _ => return Vec::new(),
    }
    let pairs = certificates.windows(2);
    pairs
        .filter_map(|pair| match pair {
            [(number, below), (_, above)] if !may_have_issued(above, below) => Some(*number),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Authority, leaf_key};
    use crate::inspect::inspect;

    fn codes(files: &[&[Item]]) -> Vec<Vec<&'static str>> {
        let found = inspect_together(files);
        let codes = |findings: Vec<Finding>| findings.iter().map(|f| f.code).collect();
        found.into_iter().map(codes).collect()
    }

    #[test]
    fn keys_are_looked_for_in_all_files() {
        let root = Authority::root("trustly");
        let leaf = inspect(root.client("slardiere").der(), None).unwrap();
        let own = inspect(leaf_key().to_pkcs8_pem().as_bytes(), None).unwrap();
        let other = inspect(root.key.to_pkcs8_pem().as_bytes(), None).unwrap();
        assert_eq!(codes(&[&leaf, &own]).concat(), [""; 0]);
        assert_eq!(codes(&[&leaf, &other]), [vec![], vec!["key-mismatch"]]);
        // Alone it fits nothing, and nothing is wrong with that.
        assert_eq!(codes(&[&other]), [vec![""; 0]]);
    }

    #[test]
    fn a_chain_has_to_be_without_gaps() {
        let root = Authority::root("trustly");
        let middle = root.intermediate("middle");
        let leaf = middle.client("slardiere");
        let file = |chain: &[&Certificate]| {
            let pem: String = chain.iter().map(|c| c.to_pem()).collect();
            inspect(pem.as_bytes(), None).unwrap()
        };
        let whole = file(&[&leaf, &middle.certificate, &root.certificate]);
        assert_eq!(codes(&[&whole]).concat(), [""; 0]);
        let gap = file(&[&leaf, &root.certificate]);
        assert_eq!(codes(&[&gap]), [vec!["chain-gap"], vec![]]);
        // Authorities side by side are no chain.
        let bundle = file(&[&middle.certificate, &Authority::root("other").certificate]);
        assert_eq!(codes(&[&bundle]).concat(), [""; 0]);
        // The same names, and another key.
        let twin = Authority::root("trustly").intermediate("middle");
        let gap = file(&[&leaf, &twin.certificate]);
        assert_eq!(codes(&[&gap]), [vec!["chain-gap"], vec![]]);
    }
}
