//! Revocation lists: what `ssl_crl_file` will hold. PostgreSQL looks every certificate of a chain up
//! (`X509_V_FLAG_CRL_CHECK_ALL`): an authority that is trusted and has no current list there has all
//! of its clients refused.

use std::path::PathBuf;

use pki_core::{Certificate, Crl, Time};

use super::edits::Edits;
use super::settings;
use crate::facts::{Facts, Server};
use crate::plan::{Before, Part, Plan, Side, Step, Write};
use crate::refusal::Refusal;

/// Whose lists the server will ask for, as far as they are known here: of those who are trusted, and of the
/// authorities below them that stand in a chain. Of a chain that leads elsewhere nobody's.
pub(super) fn looked_up(trusted: &[Certificate], chain: &[Certificate]) -> Vec<Certificate> {
    let mut all = trusted.to_vec();
    for below in chain.iter().rev().filter(|below| below.is_authority()) {
        let issued = |above: &Certificate| {
            above.subject_der() == below.issuer_der() && below.is_signed_by(&above.public_key())
        };
        if !all.contains(below) && all.iter().any(issued) {
            all.push(below.clone());
        }
    }
    all
}

/// Brings lists onto the server, beside those of other authorities that are in force. `authorities` are those
/// that are [`looked_up`].
pub(super) fn draft(
    brought: &[Crl],
    authorities: &[Certificate],
    server: &Server,
    facts: &Facts,
    edits: &mut Edits,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let tls = &server.host.tls;
    if let Some(path) = &tls.crl_dir {
        return Err(Refusal::CrlInForce { path: path.clone() });
    }
    let in_force = tls.crl.as_ref();
    let mut lists = in_force.map(|file| file.crls.clone()).unwrap_or_default();
    for crl in brought {
        vet(crl, authorities, facts.now, plan)?;
        take(&mut lists, crl)?;
    }
    let lacking = authorities
        .iter()
        .filter(|authority| authority.is_authority())
        .find(|authority| !covered(authority, &lists, facts.now));
    if let Some(authority) = lacking {
        return Err(Refusal::NoCrl {
            authority: authority.subject(),
        });
    }

    // One that lies elsewhere may be in use by others: it is not written.
    let own = in_force.filter(|file| file.is_own());
    let path = match own {
        Some(file) => file.path.clone(),
        None => free_path(server)?,
    };
    if own.is_none_or(|file| file.crls != lists) {
        let before = own.and_then(|file| file.file.as_ref());
        plan.steps.push(Step::Write(Write {
            owner: server.writer(&path, &facts.account),
            path: path.clone(),
            mode: 0o644,
            before: before.map_or(Before::Nothing, |file| Before::Bytes(file.bytes.clone())),
            content: lists
                .iter()
                .map(|crl| Part::Bytes(crl.to_pem().into_bytes()))
                .collect(),
            what: "revocation lists",
            side: Side::Server,
            with_next: false,
        }));
    }
    plan.expectation.crl = Some(path.clone());
    settings::crl_file(&path, server, edits, plan)
}

/// Where lists are in force and none is brought: an authority without one must not be added.
pub(super) fn vet_added(added: &[Certificate], server: &Server, now: Time) -> Result<(), Refusal> {
    let tls = &server.host.tls;
    if let Some(path) = &tls.crl_dir {
        // OpenSSL looks into the folder by itself, by a hash of the name: what is in it is not known here.
        return Err(Refusal::CrlInForce { path: path.clone() });
    }
    let Some(file) = &tls.crl else { return Ok(()) };
    let all = !added.is_empty()
        && added
            .iter()
            .all(|authority| covered(authority, &file.crls, now));
    if all {
        Ok(())
    } else {
        let path = file.path.clone();
        Err(Refusal::CrlInForce { path })
    }
}

/// Whether a list can be used at all: in time, and signed by whom it names.
fn vet(crl: &Crl, authorities: &[Certificate], now: Time, plan: &mut Plan) -> Result<(), Refusal> {
    let issuer = crl.issuer();
    if crl.this_update() > now {
        let reason = format!("it counts from {} on only", crl.this_update());
        return Err(Refusal::UselessCrl { issuer, reason });
    }
    if let Some(next) = crl.next_update().filter(|next| *next <= now) {
        let reason = format!("it ended on {next}");
        return Err(Refusal::UselessCrl { issuer, reason });
    }
    if authorities
        .iter()
        .any(|authority| crl.is_issued_by(authority))
    {
        return Ok(());
    }
    let named = |authority: &Certificate| authority.subject_der() == crl.issuer_der();
    if authorities.iter().any(named) {
        let reason = "the authority of that name has not signed it".to_owned();
        return Err(Refusal::UselessCrl { issuer, reason });
    }
    plan.note(
        "crl-not-verified",
        format!("the list of {issuer} cannot be verified here: neither ssl_ca_file nor the server's chain holds that authority"),
    );
    Ok(())
}

/// Puts a list in the place of an older one of the same authority, or beside the others.
fn take(lists: &mut Vec<Crl>, crl: &Crl) -> Result<(), Refusal> {
    let age = |crl: &Crl| (crl.number(), crl.this_update());
    let older = |other: &&Crl| other.same_authority(crl) && age(other) > age(crl);
    if let Some(newer) = lists.iter().find(older) {
        let number = |crl: &Crl| crl.number().map(|n| n.to_string()).unwrap_or_default();
        return Err(Refusal::OlderCrl {
            issuer: crl.issuer(),
            number: number(crl),
            in_force: number(newer),
        });
    }
    let place = lists.iter().position(|other| other.same_authority(crl));
    match place {
        Some(place) => lists[place] = crl.clone(),
        None => lists.push(crl.clone()),
    }
    Ok(())
}

fn covered(authority: &Certificate, lists: &[Crl], now: Time) -> bool {
    lists.iter().any(|crl| {
        let in_time = crl.this_update() <= now && crl.next_update().is_none_or(|next| next > now);
        in_time && crl.is_issued_by(authority)
    })
}

/// `root.crl` in the data folder, or a name of ours where that is taken.
fn free_path(server: &Server) -> Result<PathBuf, Refusal> {
    let folder = &server.host.cluster.data_dir;
    let own = folder.join("pgcert-root.crl");
    [folder.join("root.crl"), own.clone()]
        .into_iter()
        .find(|path| !server.taken.contains(path))
        .ok_or(Refusal::FileTaken { path: own })
}

#[cfg(test)]
mod tests {
    use pg_host::{CrlFile, Place};
    use pki_core::{Crl, CrlDraft, Kind, Validity};

    use crate::draft::draft;
    use crate::draft::fixture::{DATA, Issuing, NOW, configure, file, machine, serve};
    use crate::facts::Facts;
    use crate::goal::Goal;
    use crate::plan::{Plan, Step};
    use crate::refusal::Refusal;
    use pki_core::Time;

    /// A list made `age` days ago for 30 days.
    fn list(authority: &Issuing, number: u64, age: i64) -> Crl {
        let made = Time::from_unix(NOW).plus_days(-age);
        let times = Validity::new(made, 30, None).unwrap();
        CrlDraft::new()
            .sign(&authority.certificate, &authority.key, number, times)
            .unwrap()
    }

    /// A server that trusts these, its certificate issued by the first.
    fn trusting(authorities: &[&Issuing]) -> Facts {
        let mut facts = machine();
        let server = facts.server.as_mut().unwrap();
        let trusted: Vec<_> = authorities.iter().map(|a| a.certificate.clone()).collect();
        let (key, leaf) = authorities[0].issue(Kind::Server, &["tolva"], 1);
        serve(server, &key, &[leaf], &trusted);
        configure(server, "ssl = on\nssl_ca_file = 'root.crt'\n");
        facts
    }

    /// The same with these lists in force, in the data folder.
    fn with_lists(mut facts: Facts, lists: &[Crl]) -> Facts {
        let server = facts.server.as_mut().unwrap();
        let path = format!("{DATA}/root.crl");
        let text: String = lists.iter().map(Crl::to_pem).collect();
        server.host.tls.crl = Some(CrlFile {
            path: path.clone().into(),
            file: Some(file(&path, text.as_bytes())),
            crls: lists.to_vec(),
            problem: None,
            place: Place::Own,
        });
        server.taken.push(path.into());
        let conf = "ssl = on\nssl_ca_file = 'root.crt'\nssl_crl_file = '/data/root.crl'\n";
        configure(server, conf);
        facts
    }

    fn bring(facts: &Facts, crls: &[Crl]) -> Result<Plan, Refusal> {
        let goal = Goal {
            authority: None,
            server: None,
            client: None,
            crls: crls.to_vec(),
        };
        draft(&goal, facts)
    }

    /// What is written where, and the rest by name.
    fn steps(plan: &Plan) -> Vec<String> {
        let step = |step: &Step| match step {
            Step::Write(write) => {
                let text = write.known_content().unwrap();
                let lists = Crl::all_from_pem(&text).unwrap();
                let numbers: Vec<_> = lists
                    .iter()
                    .filter_map(|crl| crl.number().map(|n| n.to_string()))
                    .collect();
                let text = String::from_utf8_lossy(&text).into_owned();
                let line = text.lines().find(|line| line.starts_with("ssl_crl"));
                format!(
                    "{} {}{}",
                    write.path.display(),
                    numbers.join(" "),
                    line.unwrap_or_default()
                )
            }
            step => step.kind().to_owned(),
        };
        plan.steps.iter().map(step).collect()
    }

    #[test]
    fn the_first_list_comes_with_its_setting() {
        let authority = Issuing::named("trustly");
        let plan = bring(&trusting(&[&authority]), &[list(&authority, 1, 1)]).unwrap();
        assert_eq!(
            steps(&plan),
            [
                "/data/root.crl 01",
                "/data/postgresql.conf ssl_crl_file = '/data/root.crl'",
                "reload"
            ]
        );
        assert_eq!(plan.expectation.crl, Some("/data/root.crl".into()));
        assert!(plan.expectation.served.is_some());
    }

    #[test]
    fn a_newer_list_takes_the_place_of_an_older_one_and_others_stay() {
        let (ours, other) = (Issuing::named("trustly"), Issuing::named("other"));
        let in_force = [list(&other, 9, 2), list(&ours, 1, 2)];
        let facts = with_lists(trusting(&[&ours, &other]), &in_force);
        let plan = bring(&facts, &[list(&ours, 2, 1)]).unwrap();
        assert_eq!(steps(&plan), ["/data/root.crl 09 02", "reload"]);
        // What is in force already is nothing to do.
        assert!(bring(&facts, &in_force).unwrap().is_empty());
        let older = bring(&facts, &[list(&other, 8, 1)]).unwrap_err();
        insta::assert_snapshot!(older, @"the list of CN=other has number 08, and number 09 is in force already");
    }

    #[test]
    fn no_trusted_authority_may_be_without_a_current_list() {
        let (ours, other) = (Issuing::named("trustly"), Issuing::named("other"));
        let facts = trusting(&[&ours, &other]);
        let one = bring(&facts, &[list(&ours, 1, 1)]).unwrap_err();
        insta::assert_snapshot!(one, @"CN=other would have no current revocation list: clients with a certificate under it would all be refused");
        bring(&facts, &[list(&ours, 1, 1), list(&other, 1, 1)]).unwrap();
        // One in force that has ended meanwhile does not count.
        let stale = with_lists(facts, &[list(&other, 1, 31)]);
        let refused = bring(&stale, &[list(&ours, 1, 1)]).unwrap_err();
        assert!(matches!(refused, Refusal::NoCrl { .. }), "{refused}");
    }

    #[test]
    fn lists_that_are_of_no_use() {
        let (ours, namesake) = (Issuing::named("trustly"), Issuing::named("trustly"));
        let facts = trusting(&[&ours]);
        let words = |crl: &Crl| {
            bring(&facts, std::slice::from_ref(crl))
                .unwrap_err()
                .to_string()
        };
        insta::assert_snapshot!(words(&list(&ours, 1, 31)), @"the list of CN=trustly is of no use: it ended on 2027-01-14 08:00:00 UTC");
        insta::assert_snapshot!(words(&list(&ours, 1, -1)), @"the list of CN=trustly is of no use: it counts from 2027-01-16 07:00:00 UTC on only");
        insta::assert_snapshot!(words(&list(&namesake, 1, 1)), @"the list of CN=trustly is of no use: the authority of that name has not signed it");
        // One that is not known here, perhaps an intermediate one, may be needed and cannot be verified.
        let below = ours.intermediate("below");
        let plan = bring(&facts, &[list(&ours, 1, 1), list(&below, 1, 1)]).unwrap();
        let codes: Vec<_> = plan.notes.iter().map(|note| note.code).collect();
        assert_eq!(codes, ["crl-not-verified"]);
        assert!(matches!(
            bring(&machine(), &[list(&ours, 1, 1)]),
            Err(Refusal::NobodyTrusted)
        ));
    }

    #[test]
    fn an_intermediate_authority_needs_a_list_as_well() {
        let root = Issuing::named("root");
        let below = root.intermediate("below");
        let mut facts = trusting(&[&root]);
        let server = facts.server.as_mut().unwrap();
        let (key, leaf) = below.issue(Kind::Server, &["tolva"], 1);
        let chain = [leaf, below.certificate.clone()];
        let trusted = [root.certificate.clone()];
        serve(server, &key, &chain, &trusted);
        let one = bring(&facts, &[list(&root, 1, 1)]).unwrap_err();
        insta::assert_snapshot!(one, @"CN=below would have no current revocation list: clients with a certificate under it would all be refused");
        let plan = bring(&facts, &[list(&root, 1, 1), list(&below, 1, 1)]).unwrap();
        assert!(plan.notes.is_empty());
        // Clients of this server are not under an authority whose root it does not trust.
        let elsewhere = super::looked_up(&[Issuing::named("root").certificate], &chain);
        assert_eq!(elsewhere.len(), 1);
    }

    #[test]
    fn a_file_elsewhere_is_left_alone() {
        let ours = Issuing::named("trustly");
        let mut facts = with_lists(trusting(&[&ours]), &[list(&ours, 1, 2)]);
        let server = facts.server.as_mut().unwrap();
        let shared = server.host.tls.crl.as_mut().unwrap();
        shared.place = Place::Elsewhere;
        shared.path = "/etc/ssl/shared.crl".into();
        let plan = bring(&facts, &[list(&ours, 2, 1)]).unwrap();
        // root.crl is taken.
        assert_eq!(
            steps(&plan),
            [
                "/data/pgcert-root.crl 02",
                "/data/postgresql.conf ssl_crl_file = '/data/pgcert-root.crl'",
                "reload"
            ]
        );
        let server = facts.server.as_mut().unwrap();
        server.host.tls.crl_dir = Some("/etc/ssl/crl".into());
        assert!(matches!(
            bring(&facts, &[list(&ours, 2, 1)]),
            Err(Refusal::CrlInForce { .. })
        ));
    }
}
