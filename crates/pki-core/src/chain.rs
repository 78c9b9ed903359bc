//! Certificates in the order in which a file or a handshake has them: the one that is shown first, then each one's
//! issuer. Finding that order among many is the business of `verify`.

use crate::certificate::Certificate;

/// Whether each certificate is issued and signed by the next one, and the last one issued by itself: the way from an
/// issuing authority up to its root, as an authority's own file has it (RFC 5246 7.4.2, `certificate_list`). The root's
/// own signature is not looked at (nobody verifies an anchor's), nor are dates, usages and constraints.
///
/// # Errors
/// [`BrokenPath`].
pub fn check_path(path: &[Certificate]) -> Result<(), BrokenPath> {
    let Some((root, _)) = path.split_last() else {
        return Err(BrokenPath::Empty);
    };
    for pair in path.windows(2) {
        if let [below, above] = pair
            && !below.is_issued_by(above)
        {
            return Err(BrokenPath::NotIssuedBy {
                subject: below.subject(),
                next: above.subject(),
            });
        }
    }
    if !root.is_self_issued() {
        return Err(BrokenPath::NoRoot {
            subject: root.subject(),
        });
    }
    Ok(())
}

/// Certificates that do not lead from one to the next, up to a root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BrokenPath {
    /// There is none.
    #[error("there is no certificate")]
    Empty,
    /// A certificate is followed by another one than its issuer's.
    #[error("{next} has not issued {subject}, after which it stands")]
    NotIssuedBy {
        /// The subject of the certificate.
        subject: String,
        /// The subject of the one that follows it.
        next: String,
    },
    /// The last one is not a root.
    #[error("{subject} stands last and is not a root: its issuer is missing")]
    NoRoot {
        /// The last one's subject.
        subject: String,
    },
}

#[cfg(test)]
mod tests {
    use super::{BrokenPath, check_path};
    use crate::{Certificate, fixture::Authority};

    #[test]
    fn a_path_leads_up_to_a_root() {
        let root = Authority::root("trustly");
        let middle = root.intermediate("issuing");
        let (top, below) = (root.certificate.clone(), middle.certificate.clone());
        assert_eq!(check_path(std::slice::from_ref(&top)), Ok(()));
        assert_eq!(check_path(&[below.clone(), top.clone()]), Ok(()));
        assert_eq!(check_path(&[]), Err(BrokenPath::Empty));
        insta::assert_snapshot!(check_path(&[top.clone(), below.clone()]).unwrap_err(), @"CN=issuing has not issued CN=trustly,O=Loxodata, after which it stands");
        insta::assert_snapshot!(check_path(std::slice::from_ref(&below)).unwrap_err(), @"CN=issuing stands last and is not a root: its issuer is missing");
        // Of the same name, and with another key.
        let other = Authority::root("trustly").certificate;
        assert!(check_path(&[below, other]).is_err());
    }

    #[test]
    fn a_leaf_comes_first_in_its_file() {
        let root = Authority::root("trustly");
        let middle = root.intermediate("issuing");
        let leaf = middle.client("slardiere");
        assert_eq!(leaf.to_pem_with(&[]), leaf.to_pem());
        let file = leaf.to_pem_with(std::slice::from_ref(&middle.certificate));
        assert_eq!(
            Certificate::all_from_pem(file.as_bytes()),
            Ok(vec![leaf, middle.certificate])
        );
    }
}
