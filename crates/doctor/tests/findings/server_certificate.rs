//! The client's judgement of the server's certificate, made by the real verification.

use pg_probe::{Failure, Report};
use pki_core::{
    Certificate, HostRules, Kind, Purpose, VerifyCode, VerifyError, verify_chain, verify_host,
};

use crate::stage::{Authority, now, report, shown, target, tls};

/// What is found when the server presents this chain and the client trusts these roots.
fn judged(chain: &[Certificate], roots: &[Certificate]) -> String {
    let error =
        verify_chain(&chain[0], &chain[1..], roots, &[], Purpose::Server, now()).unwrap_err();
    let mut target = target();
    target.roots = Some(roots.to_vec());
    let report = Report {
        server_certificate: chain.to_vec(),
        ..report(Some(tls(false)))
    };
    shown(&target, &report, Some(&Failure::Verify(error)))
}

#[test]
fn the_authority_is_not_trusted() {
    let leaf = Authority::new("other").leaf(Kind::Server, "tolva", 1);
    insta::assert_snapshot!(judged(&leaf.chain, &[Authority::new("trustly").certificate]), @r"
    error[server-certificate-untrusted]: the client does not trust CN=other, which issued what the server presents
      seen: the client trusts: CN=trustly, issued by CN=trustly, valid from 2026-11-18 10:06:40 UTC to 2036-11-15 11:06:40 UTC
      seen: verification at depth 0: unable to get local issuer certificate
      seen: server certificate: CN=tolva, issued by CN=other, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      fix: put the root of the server's authority into the client's root file (sslrootcert); if an intermediate is missing, the server must send it: server.crt holds its own certificate first, then the intermediates
    ");
}

#[test]
fn the_root_file_is_empty() {
    let leaf = Authority::new("other").leaf(Kind::Server, "tolva", 1);
    insta::assert_snapshot!(judged(&leaf.chain, &[]), @r"
    error[server-certificate-untrusted]: the client's root file holds no certificate
      seen: verification at depth 0: unable to get local issuer certificate
      seen: server certificate: CN=tolva, issued by CN=other, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      fix: put the root of the server's authority into the client's root file (sslrootcert)
    ");
}

#[test]
fn the_authority_was_made_anew_under_the_same_name() {
    let leaf = Authority::new("trustly").leaf(Kind::Server, "tolva", 1);
    insta::assert_snapshot!(judged(&leaf.chain, &[Authority::new("trustly").certificate]), @r"
    error[server-certificate-untrusted]: the client knows an authority named CN=trustly, but it is not the one that signed (another key)
      seen: the client trusts: CN=trustly, issued by CN=trustly, valid from 2026-11-18 10:06:40 UTC to 2036-11-15 11:06:40 UTC
      seen: verification at depth 0: unable to get local issuer certificate
      seen: server certificate: CN=tolva, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      fix: fetch the authority's present certificate into the client's root file (sslrootcert): it was made anew under the same name
    ");
}

#[test]
fn the_server_presents_a_certificate_of_its_own_making() {
    let root = Authority::new("tolva").certificate;
    insta::assert_snapshot!(judged(&[root], &[Authority::new("trustly").certificate]), @r"
    error[server-certificate-untrusted]: the server's certificate is self-signed and the client's root file does not hold it
      seen: the client trusts: CN=trustly, issued by CN=trustly, valid from 2026-11-18 10:06:40 UTC to 2036-11-15 11:06:40 UTC
      seen: verification at depth 0: self-signed certificate
      seen: server certificate: CN=tolva, issued by CN=tolva, valid from 2026-11-18 10:06:40 UTC to 2036-11-15 11:06:40 UTC
      fix: install a certificate of an authority that the client trusts: `pgcert setup` on the server
    ");
}

/// The root file holds the server's own certificate instead of its authority's, as old tutorials have it.
#[test]
fn the_root_file_holds_no_root() {
    let leaf = Authority::new("trustly").leaf(Kind::Server, "tolva", 1);
    insta::assert_snapshot!(judged(&leaf.chain, &leaf.chain), @r"
    error[server-certificate-untrusted]: the client's root file holds no self-signed root; intermediates alone are no trust anchors
      seen: verification at depth 0: unable to get local issuer certificate
      seen: server certificate: CN=tolva, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      fix: add the root's certificate to the client's root file (sslrootcert)
    ");
}

#[test]
fn it_is_out_of_date() {
    let authority = Authority::new("trustly");
    let late = judged(
        &authority.leaf(Kind::Server, "tolva", 361).chain,
        std::slice::from_ref(&authority.certificate),
    );
    let early = judged(
        &authority.leaf(Kind::Server, "tolva", -2).chain,
        std::slice::from_ref(&authority.certificate),
    );
    insta::assert_snapshot!([late, early].join("\n\n"), @r"
    error[server-certificate-expired]: the server's certificate expired on 2026-11-17
      seen: verification at depth 0: certificate has expired
      seen: server certificate: CN=tolva, issued by CN=trustly, valid from 2025-11-22 10:06:40 UTC to 2026-11-17 11:06:40 UTC
      fix: renew it on the server and reload

    error[server-certificate-not-yet-valid]: the server's certificate is valid only from 2026-11-20 10:06:40 UTC
      seen: verification at depth 0: certificate is not yet valid
      seen: server certificate: CN=tolva, issued by CN=trustly, valid from 2026-11-20 10:06:40 UTC to 2027-11-15 11:06:40 UTC
      fix: check the clocks of both machines
    ");
}

#[test]
fn it_is_a_clients_certificate() {
    let authority = Authority::new("trustly");
    let leaf = authority.leaf(Kind::Client, "tolva", 1);
    insta::assert_snapshot!(judged(&leaf.chain, std::slice::from_ref(&authority.certificate)), @r"
    error[server-certificate-purpose]: the server's certificate may not be used by servers: its extended key usage lacks serverAuth
      seen: verification at depth 0: unsuitable certificate purpose
      seen: server certificate: CN=tolva, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      fix: use a server certificate: `pgcert setup` on the server, or `pgcert request server NAME`
    ");
}

/// The verdicts that need a revocation list or a malformed certificate, under the certificate of a real refusal.
#[test]
fn what_else_verification_may_say() {
    let leaf = Authority::new("other").leaf(Kind::Server, "tolva", 1).chain;
    let verdict: VerifyError =
        verify_chain(&leaf[0], &[], &[], &[], Purpose::Server, now()).unwrap_err();
    let codes = [
        VerifyCode::CertRevoked,
        VerifyCode::UnableToGetCrl,
        VerifyCode::CrlHasExpired,
        VerifyCode::EeKeyTooSmall,
    ];
    let shown = codes.map(|code| {
        let mut verdict = verdict.clone();
        verdict.code = code;
        shown(&target(), &report(None), Some(&Failure::Verify(verdict)))
    });
    insta::assert_snapshot!(shown.join("\n\n"), @r"
    error[server-certificate-revoked]: the server's certificate is on the client's revocation list
      seen: verification at depth 0: certificate revoked
      fix: issue another one for the server, install it and reload

    error[crl-missing]: the client's revocation list (sslcrl) has no list of the authority that issued the server's certificate
      seen: verification at depth 0: unable to get certificate CRL
      fix: put a current CRL of every authority in the chain into the file, or remove it

    error[crl-out-of-date]: a revocation list on the client (sslcrl) is out of date
      seen: verification at depth 0: CRL has expired
      fix: fetch the authority's current CRL

    error[server-certificate-invalid]: the server's certificate is not acceptable: EE certificate key too weak
      seen: verification at depth 0: EE certificate key too weak
      fix: issue the certificate anew: `pgcert setup` on the server, or `pgcert request server NAME`
    ");
}

#[test]
fn it_is_for_another_host() {
    let leaf = Authority::new("trustly").leaf(Kind::Server, "db.example", 1);
    let mismatch = verify_host(&leaf.chain[0], "tolva", HostRules::Libpq15).unwrap_err();
    let report = Report {
        server_certificate: leaf.chain,
        ..report(Some(tls(false)))
    };
    insta::assert_snapshot!(shown(&target(), &report, Some(&Failure::Host(mismatch))), @r#"
    error[host-name-mismatch]: the server's certificate is for db.example, not for "tolva"
      seen: server certificate for "db.example" does not match host name "tolva"
      seen: server certificate: CN=db.example, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      fix: connect by a name that is in the certificate (host=NAME hostaddr=ADDRESS), or issue one that holds "tolva" as well
    "#);
}
