//! What a plan says, and when there is none. The made-up machine is in `fixture`.

use pki_core::{Certificate, Kind, PrivateKey};

use super::draft;
use super::fixture::*;
use crate::facts::Facts;
use crate::goal::{Goal, Identity, Material, Reach};
use crate::mark::marked;
use crate::plan::{Before, Consent, Plan, Step};
use crate::refusal::Refusal;

/// The steps, a line each: kind and what it is about.
fn steps(plan: &Plan) -> Vec<String> {
    let line = |step: &Step| match step {
        Step::Issue(issue) => format!("issue {} {}", issue.kind, issue.name),
        Step::CreateRole(role) => format!("create-role {role}"),
        Step::Write(write) => {
            let verb = if matches!(write.before, Before::Nothing) {
                "write"
            } else {
                "change"
            };
            format!("{verb} {} ({})", write.path.display(), write.owner.name)
        }
        Step::AlterSystem(change) => format!("alter-system {} = {}", change.name, change.value),
        step => match step.path() {
            Some(path) => format!("{} {}", step.kind(), path.display()),
            None => step.kind().to_owned(),
        },
    };
    plan.steps.iter().map(line).collect()
}

fn consents(plan: &Plan) -> Vec<Consent> {
    plan.consequences
        .iter()
        .map(|consequence| consequence.consent)
        .collect()
}

fn has_note(plan: &Plan, code: &str) -> bool {
    plan.notes.iter().any(|note| note.code == code)
}

/// The new content of a file that the plan writes.
fn content(plan: &Plan, path: &str) -> String {
    let written = plan.steps.iter().find_map(|step| match step {
        Step::Write(write) if write.path.to_str() == Some(path) => write.known_content(),
        _ => None,
    });
    String::from_utf8(written.expect("the plan writes it")).unwrap()
}

fn refusal(goal: &Goal, facts: &Facts) -> String {
    draft(goal, facts)
        .expect_err("there is something in the way")
        .to_string()
}

#[test]
fn a_bare_server_gets_everything_in_the_order_that_is_safe() {
    let plan = draft(&goal(), &machine()).unwrap();
    insta::assert_snapshot!(steps(&plan).join("\n"), @r"
    init-authority /ca
    issue server tolva
    issue client anna
    make-folder /home/anna/.postgresql
    write /data/server.key (postgres)
    write /data/server.crt (postgres)
    write /data/root.crt (postgres)
    change /data/postgresql.conf (postgres)
    change /data/pg_hba.conf (postgres)
    reload
    write /home/anna/.postgresql/postgresql.key (anna)
    write /home/anna/.postgresql/postgresql.crt (anna)
    write /home/anna/.postgresql/root.crt (anna)
    write /home/anna/.pg_service.conf (anna)
    ");
    insta::assert_snapshot!(content(&plan, "/data/postgresql.conf"), @r"
    listen_addresses = 'localhost'
    ssl = on
    ssl_cert_file = '/data/server.crt'
    ssl_key_file = '/data/server.key'
    ssl_ca_file = '/data/root.crt'
    ");
    insta::assert_snapshot!(content(&plan, "/data/pg_hba.conf"), @r"
    local all all peer
    hostssl all anna samehost cert
    host all all 127.0.0.1/32 scram-sha-256
    ");
    assert_eq!(consents(&plan), []);
    assert_eq!(plan.expectation.login.as_ref().unwrap().reach, Reach::Login);
    assert!(plan.expectation.serves_issued);
    assert!(has_note(&plan, "default-root") && has_note(&plan, "authority-here"));
}

#[test]
fn the_role_has_to_be_there_and_let_in() {
    let mut facts = machine();
    let mut goal = goal();
    facts.server.as_mut().unwrap().host.role = None;
    assert_eq!(refusal(&goal, &facts), "role \"anna\" does not exist");

    goal.server
        .as_mut()
        .unwrap()
        .access
        .as_mut()
        .unwrap()
        .create_role = true;
    let plan = draft(&goal, &facts).unwrap();
    assert!(steps(&plan).contains(&"create-role anna".to_owned()));
    facts.server.as_mut().unwrap().host.in_recovery = true;
    assert!(matches!(draft(&goal, &facts), Err(Refusal::Standby { .. })));

    let mut facts = machine();
    facts
        .server
        .as_mut()
        .unwrap()
        .host
        .role
        .as_mut()
        .unwrap()
        .login = false;
    assert_eq!(refusal(&goal, &facts), "role \"anna\" has no LOGIN");

    let mut facts = machine();
    facts.server.as_mut().unwrap().host.databases = vec![database("shop", false)];
    assert_eq!(
        refusal(&goal, &facts),
        "role \"anna\" has no CONNECT on database \"shop\""
    );
    facts.server.as_mut().unwrap().host.databases[0].database = None;
    assert_eq!(refusal(&goal, &facts), "database \"shop\" does not exist");
}

#[test]
fn a_password_login_that_ends_is_somebodys_business() {
    let mut facts = machine();
    let host = &mut facts.server.as_mut().unwrap().host;
    host.role.as_mut().unwrap().has_password = true;
    host.role.as_mut().unwrap().superuser = true;
    let plan = draft(&goal(), &facts).unwrap();
    assert_eq!(
        consents(&plan),
        [Consent::RoleLogins, Consent::PrivilegedRole]
    );
    assert!(plan.clone().approve(&[Consent::RoleLogins].into()).is_err());
    assert!(plan.approve(&Consent::ALL.into()).is_ok());

    // Where no rule lets the role in by password today, nothing of the kind ends.
    let mut facts = machine();
    facts.server = Some(server(
        CONF,
        "local all all peer\nhost all all ::1/128 reject\n",
    ));
    let host = &mut facts.server.as_mut().unwrap().host;
    host.role.as_mut().unwrap().has_password = true;
    host.interfaces.clear();
    assert_eq!(consents(&draft(&goal(), &facts).unwrap()), []);
}

#[test]
fn a_certificate_for_a_privileged_role_needs_a_consent_where_a_rule_is_there_already() {
    let mut facts = machine();
    facts.server = Some(server(CONF, "hostssl all all samehost cert\n"));
    let host = &mut facts.server.as_mut().unwrap().host;
    host.role.as_mut().unwrap().superuser = true;
    host.role.as_mut().unwrap().bypass_rls = true;
    let plan = draft(&goal(), &facts).unwrap();
    assert_eq!(consents(&plan), [Consent::TlsOn, Consent::PrivilegedRole]);
    assert_eq!(
        plan.consequences[1].text,
        "role \"anna\" is a superuser and has BYPASSRLS: whoever holds its key can do all of that"
    );
}

#[test]
fn a_sleeping_rule_that_wakes_up_needs_a_consent() {
    let mut facts = machine();
    facts.server = Some(server(
        CONF,
        "hostssl all all 10.0.0.0/8 trust\nhost all all all scram-sha-256\n",
    ));
    let plan = draft(&goal(), &facts).unwrap();
    assert_eq!(consents(&plan), [Consent::TlsOn]);
    assert!(
        plan.consequences[0]
            .text
            .contains("/data/pg_hba.conf:1 (trust)"),
        "{}",
        plan.consequences[0].text
    );
}

#[test]
fn nobody_reaches_a_server_that_listens_to_itself_alone() {
    let mut goal = goal();
    goal.server.as_mut().unwrap().access.as_mut().unwrap().from =
        vec!["10.1.0.0/16".parse().unwrap()];
    let plan = draft(&goal, &machine()).unwrap();
    assert_eq!(consents(&plan), [Consent::Unreachable]);
    assert_eq!(
        plan.expectation.login.as_ref().unwrap().reach,
        Reach::Handshake
    );

    goal.server.as_mut().unwrap().listen = Some("*".to_owned());
    assert_eq!(
        refusal(&goal, &machine()),
        "listen_addresses has to change, and only a restart brings that into force"
    );
    goal.server.as_mut().unwrap().may_restart = true;
    let plan = draft(&goal, &machine()).unwrap();
    assert_eq!(consents(&plan), []);
    assert!(steps(&plan).contains(&"restart".to_owned()));
}

#[test]
fn rules_that_keep_their_say_are_named_where_there_is_no_place() {
    let mut facts = machine();
    facts.server = Some(server(
        CONF,
        "host all all 127.0.0.1/32 md5\nhostssl all all 192.168.1.10/32 reject\n",
    ));
    let Err(Refusal::NoPlace { lines, .. }) = draft(&goal(), &facts) else {
        panic!("no conflict seen")
    };
    assert_eq!(lines, ["/data/pg_hba.conf:1", "/data/pg_hba.conf:2"]);
}

#[test]
fn settings_are_changed_where_they_are_in_force() {
    let mut facts = machine();
    let host = &mut facts.server.as_mut().unwrap().host;
    host.settings = host
        .settings
        .iter()
        .cloned()
        .map(|mut setting| {
            if setting.name == "ssl" {
                setting.source = "command line".to_owned();
            }
            setting
        })
        .collect();
    assert_eq!(
        refusal(&goal(), &facts),
        "ssl is set on the server's command line"
    );

    let mut facts = machine();
    let server = facts.server.as_mut().unwrap();
    let auto = format!("{DATA}/postgresql.auto.conf");
    server.files.set(auto.clone(), b"ssl = 'off'\n".to_vec());
    server.host.configuration.auto = Some(file(&auto, b"ssl = 'off'\n"));
    configure(server, CONF);
    let plan = draft(&goal(), &facts).unwrap();
    assert!(steps(&plan).contains(&"alter-system ssl = on".to_owned()));
    assert!(!content(&plan, "/data/postgresql.conf").contains("ssl = on"));
}

#[test]
fn a_certificate_of_ours_is_kept_until_a_third_of_its_life_is_left() {
    let authority = Issuing::named("trustly");
    for (age, kept) in [(10, true), (230, true), (250, false), (400, false)] {
        let (key, certificate) = authority.issue(Kind::Server, &["tolva", "localhost"], age);
        let mut facts = machine();
        facts.authority.as_mut().unwrap().path = vec![authority.certificate.clone()];
        serve(
            facts.server.as_mut().unwrap(),
            &key,
            std::slice::from_ref(&certificate),
            std::slice::from_ref(&authority.certificate),
        );
        let plan = draft(&goal(), &facts).unwrap();
        assert_eq!(plan.expectation.serves_issued, !kept, "{age} days");
        assert_eq!(plan.expectation.served.is_some(), kept, "{age} days");
        if !kept {
            // Renewed in its place, with the names that it had.
            let Some(Step::Issue(issue)) = plan.steps.first() else {
                panic!("nothing is issued")
            };
            assert_eq!(issue.alt_names.len(), 2);
            assert!(steps(&plan).contains(&"change /data/server.key (postgres)".to_owned()));
        }
    }
}

#[test]
fn a_certificate_issued_elsewhere_is_kept_and_its_issuer_given_to_the_client() {
    let other = Issuing::named("Corporate CA");
    let (key, certificate) = other.issue(Kind::Server, &["tolva"], 10);
    let chain = [certificate, other.certificate.clone()];
    let mut facts = machine();
    serve(facts.server.as_mut().unwrap(), &key, &chain, &[]);
    let plan = draft(&goal(), &facts).unwrap();
    assert_eq!(plan.expectation.served, Some(chain[0].fingerprint()));
    assert_eq!(
        content(&plan, "/home/anna/.postgresql/root.crt"),
        other.certificate.to_pem()
    );
    assert!(has_note(&plan, "server-certificate-kept"));
    assert!(
        !steps(&plan)
            .iter()
            .any(|step| step.starts_with("issue server"))
    );

    // One that does not name the server has to go, and that is somebody's business.
    let mut goal = goal();
    goal.server.as_mut().unwrap().names = vec!["db.example.org".parse().unwrap()];
    let plan = draft(&goal, &facts).unwrap();
    assert_eq!(consents(&plan), [Consent::ReplaceServerCertificate]);
    // Its own files stay: the new pair gets names of its own.
    assert!(steps(&plan).contains(&"write /data/pgcert-server.key (postgres)".to_owned()));
}

#[test]
fn other_authorities_stay_and_are_named() {
    let other = Issuing::named("Corporate CA");
    let (key, certificate) = other.issue(Kind::Server, &["tolva"], 10);
    let mut facts = machine();
    let trusted = [other.certificate.clone()];
    serve(
        facts.server.as_mut().unwrap(),
        &key,
        &[certificate],
        &trusted,
    );
    let plan = draft(&goal(), &facts).unwrap();
    assert_eq!(consents(&plan), [Consent::OtherAuthorities]);
    assert!(
        plan.consequences[0]
            .text
            .starts_with("CN=Corporate CA can issue a certificate for role \"anna\"")
    );
    let written = plan.steps.iter().find_map(|step| match step {
        Step::Write(write) if write.path.ends_with("root.crt") => Some(write),
        _ => None,
    });
    let Before::Bytes(before) = &written.unwrap().before else {
        panic!("it was there")
    };
    assert_eq!(before, trusted[0].to_pem().as_bytes());

    let server = facts.server.as_mut().unwrap();
    server.host.tls.authorities.as_mut().unwrap().place = pg_host::Place::Elsewhere;
    assert!(matches!(
        draft(&goal(), &facts),
        Err(Refusal::SystemBundle { .. })
    ));
}

#[test]
fn a_second_authority_by_accident_is_refused() {
    let first = Issuing::named("the first one");
    let (key, certificate) = first.issue(Kind::Server, &["tolva"], 10);
    let mut facts = machine();
    let server = facts.server.as_mut().unwrap();
    serve(
        server,
        &key,
        &[certificate],
        std::slice::from_ref(&first.certificate),
    );
    let root = server
        .host
        .tls
        .authorities
        .as_mut()
        .unwrap()
        .file
        .as_mut()
        .unwrap();
    root.bytes = marked(&first.certificate).into_bytes();
    assert!(refusal(&goal(), &facts).contains("another pgcert authority (CN=the first one"));
    // The one that is meant is here.
    facts.authority.as_mut().unwrap().path = vec![first.certificate.clone()];
    assert!(draft(&goal(), &facts).is_ok());
}

#[test]
fn an_unencrypted_authority_is_not_left_where_sql_can_read_it() {
    let mut facts = machine();
    let mut goal = goal();
    facts.account = facts.server.as_ref().unwrap().host.cluster.owner.clone();
    assert!(draft(&goal, &facts).is_ok());
    goal.authority.as_mut().unwrap().encrypted = false;
    assert!(matches!(
        draft(&goal, &facts),
        Err(Refusal::ExposedAuthority { .. })
    ));
    goal.authority.as_mut().unwrap().dir_was_named = true;
    assert!(draft(&goal, &facts).is_ok());
}

#[test]
fn what_the_client_has_is_left_alone() {
    let mut facts = machine();
    let foreign = "[tolva]\nhost=tolva\nport=5432\nuser=bert\n";
    let client = facts.client.as_mut().unwrap();
    *client = super::fixture::client(foreign);
    client.host.roots = Some(file("/home/anna/.postgresql/root.crt", b"x"));
    client
        .certificates
        .insert("/home/anna/.postgresql/root.crt".into(), None);
    let plan = draft(&goal(), &facts).unwrap();
    let service = content(&plan, "/home/anna/.pg_service.conf");
    assert!(service.starts_with(foreign));
    insta::assert_snapshot!(service.strip_prefix(foreign).unwrap(), @r"

    [tolva-anna]
    host=tolva
    port=5432
    user=anna
    dbname=postgres
    sslmode=verify-full
    sslcert=/home/anna/.postgresql/anna.crt
    sslkey=/home/anna/.postgresql/anna.key
    sslrootcert=/home/anna/.postgresql/tolva-anna-root.crt
    ");

    let mut goal = goal();
    goal.client.as_mut().unwrap().service = Some("tolva".to_owned());
    assert!(matches!(
        draft(&goal, &facts),
        Err(Refusal::ServiceTaken { .. })
    ));

    let client = facts.client.as_mut().unwrap();
    client
        .keys
        .insert("/home/anna/.postgresql/anna.key".into(), None);
    goal.client.as_mut().unwrap().service = None;
    assert!(matches!(
        draft(&goal, &facts),
        Err(Refusal::FileTaken { .. })
    ));
}

#[test]
fn the_service_names_an_address_where_the_name_does_not_lead_to_the_server() {
    let mut facts = machine();
    let hostaddr = |facts: &Facts| {
        let plan = draft(&goal(), facts).unwrap();
        let service = content(&plan, "/home/anna/.pg_service.conf");
        service
            .lines()
            .find_map(|line| line.strip_prefix("hostaddr="))
            .map(str::to_owned)
    };
    assert_eq!(hostaddr(&facts), None);
    // Debian's own name; a server on localhost does not hear it.
    facts.client.as_mut().unwrap().addresses = vec!["127.0.1.1".parse().unwrap()];
    assert_eq!(hostaddr(&facts).as_deref(), Some("127.0.0.1"));
    facts.client.as_mut().unwrap().addresses = Vec::new();
    assert_eq!(hostaddr(&facts).as_deref(), Some("127.0.0.1"));
}

#[test]
fn what_is_brought_has_to_go_together() {
    let authority = Issuing::named("trustly");
    let (key, certificate) = authority.issue(Kind::Server, &["tolva"], 1);
    let (other_key, _) = authority.issue(Kind::Server, &["tolva"], 1);
    let mut goal = goal();
    (goal.authority, goal.client) = (None, None);
    let wanted = goal.server.as_mut().unwrap();
    let material = Material {
        key: secret(&key),
        chain: vec![certificate.clone()],
        roots: vec![authority.certificate.clone()],
        roots_are_marked: true,
    };
    let mut bring = |material: Material| {
        wanted.identity = Identity::Brought(material);
        let goal = Goal {
            authority: None,
            server: Some(wanted.clone()),
            client: None,
            crls: Vec::new(),
        };
        draft(&goal, &machine())
    };
    let plan = bring(material.clone()).unwrap();
    assert_eq!(plan.expectation.served, Some(certificate.fingerprint()));
    assert!(!format!("{plan:?}").contains("PRIVATE KEY"));
    let wrong_key = Material {
        key: secret(&other_key),
        ..material.clone()
    };
    assert!(matches!(bring(wrong_key), Err(Refusal::Mismatch { .. })));
    let wrong_root = Material {
        roots: vec![Issuing::named("x").certificate],
        ..material.clone()
    };
    assert!(matches!(bring(wrong_root), Err(Refusal::Chain(_))));
    let client = authority.issue(Kind::Client, &["anna"], 1);
    let wrong_kind = Material {
        key: secret(&client.0),
        chain: vec![client.1],
        ..material
    };
    assert!(matches!(bring(wrong_kind), Err(Refusal::Chain(_))));
}

#[test]
fn rules_for_replication_are_a_way_in_for_those_who_replicate() {
    let mut facts = machine();
    facts.server = Some(server(CONF, "host replication all samehost md5\n"));
    let ways_in = |facts: &Facts| {
        has_note(
            &draft(&goal(), facts).unwrap(),
            "way-in-without-certificate",
        )
    };
    assert!(!ways_in(&facts));
    let role = facts.server.as_mut().unwrap().host.role.as_mut();
    role.unwrap().replication = true;
    assert!(ways_in(&facts));
}

#[test]
fn under_an_intermediate_files_hold_the_chain_and_the_root_alone_is_trusted() {
    let root = Issuing::named("root");
    let issuing = root.intermediate("issuing");
    let mut facts = machine();
    facts.authority.as_mut().unwrap().path =
        vec![issuing.certificate.clone(), root.certificate.clone()];
    let plan = draft(&goal(), &facts).unwrap();
    assert!(steps(&plan).contains(&"issue server tolva".to_owned()));

    // Its certificate stays while the chain stands behind it, and is made anew where it does not.
    let (key, leaf) = issuing.issue(Kind::Server, &["tolva"], 10);
    for (file, kept) in [
        (vec![leaf.clone(), issuing.certificate.clone()], true),
        (vec![leaf.clone()], false),
    ] {
        let server = facts.server.as_mut().unwrap();
        serve(server, &key, &file, std::slice::from_ref(&root.certificate));
        let plan = draft(&goal(), &facts).unwrap();
        assert_eq!(
            !steps(&plan).contains(&"issue server tolva".to_owned()),
            kept
        );
        assert!(
            !steps(&plan)
                .iter()
                .any(|step| step.contains("root.crt (postgres)"))
        );
    }
}

#[test]
fn with_two_authorities_each_side_is_given_the_root_of_the_other() {
    let [servers, clients] = [Kind::Server, Kind::Client].map(Issuing::only_for);
    let bring = |(key, leaf): (PrivateKey, Certificate), root: &Issuing| {
        let mut goal = goal();
        (goal.authority, goal.client) = (None, None);
        goal.server.as_mut().unwrap().identity = Identity::Brought(Material {
            key: secret(&key),
            chain: vec![leaf],
            roots: vec![root.certificate.clone()],
            roots_are_marked: true,
        });
        draft(&goal, &machine())
    };
    bring(servers.issue(Kind::Server, &["tolva"], 1), &clients).unwrap();
    for (swapped, root) in [
        (clients.issue(Kind::Client, &["tolva"], 1), &clients),
        (servers.issue(Kind::Server, &["tolva"], 400), &clients),
    ] {
        assert!(matches!(
            bring(swapped, root),
            Err(Refusal::Mismatch { .. })
        ));
    }
    // Setup issues for both sides, and sees it before it begins.
    for one in [servers, clients] {
        let mut facts = machine();
        facts.authority.as_mut().unwrap().path = vec![one.certificate];
        let refused = draft(&goal(), &facts);
        assert!(matches!(refused, Err(Refusal::NotIssued { .. })));
    }
}
