//! What belongs together is found, in the right order; what does not is refused.

use super::{Bundle, ExportError};
use crate::{
    Certificate, PrivateKey,
    algorithm::KeyType,
    fixture::{Authority, leaf_key},
};

#[test]
fn the_leaf_comes_first_and_the_root_stays_out() {
    let root = Authority::root("trustly");
    let middle = root.intermediate("issuing");
    let leaf = middle.client("slardiere");
    let other = Authority::root("other").certificate;
    let all = [
        root.certificate.clone(),
        other,
        middle.certificate.clone(),
        leaf.clone(),
    ];
    let bundle = Bundle::new(leaf_key().clone(), &all).unwrap();
    assert_eq!(bundle.leaf(), &leaf);
    assert_eq!(bundle.chain(), [leaf, middle.certificate]);
    assert_eq!(
        Certificate::all_from_pem(bundle.chain_pem().as_bytes()).unwrap(),
        bundle.chain()
    );
    // One that signs itself is all there is.
    let alone = Bundle::new(root.key.clone(), &all).unwrap();
    assert_eq!(alone.chain(), [root.certificate]);
}

#[test]
fn what_does_not_belong_together() {
    let root = Authority::root("trustly");
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    assert_eq!(
        Bundle::new(key.clone(), &[]).unwrap_err(),
        ExportError::NoCertificate
    );
    insta::assert_snapshot!(Bundle::new(key, &[root.certificate]).unwrap_err(), @"the key does not belong to the certificate of CN=trustly,O=Loxodata");
}

#[test]
fn a_kubernetes_secret() {
    let root = Authority::root("trustly");
    let bundle = Bundle::new(root.key.clone(), std::slice::from_ref(&root.certificate)).unwrap();
    let yaml = bundle.to_kubernetes_secret("app", std::slice::from_ref(&root.certificate));
    let yaml = std::str::from_utf8(yaml.as_bytes()).unwrap();
    let shown: Vec<&str> = yaml
        .lines()
        .filter(|line| !line.starts_with("    ") || line.contains("---"))
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
    // Without the indentation it is what it was.
    let bare = yaml.replace("\n    ", "\n");
    assert!(PrivateKey::from_pem(bare.as_bytes(), None).is_ok());
    assert_eq!(Certificate::all_from_pem(bare.as_bytes()).unwrap().len(), 2);
    let rootless = bundle.to_kubernetes_secret("app", &[]);
    assert!(
        !std::str::from_utf8(rootless.as_bytes())
            .unwrap()
            .contains("ca.crt")
    );
}
