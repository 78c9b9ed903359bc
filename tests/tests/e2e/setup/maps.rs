//! A certificate whose common name is not the role's: the user name map.

use e2e::{Foreign, Site};

/// The words of each line of `pg_ident.conf` that is no comment.
fn map(site: &Site) -> Vec<Vec<String>> {
    let text = site.configuration("pg_ident.conf");
    let lines = text.lines().map(|l| l.split('#').next().unwrap_or(l));
    lines
        .map(|l| l.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
        .collect()
}

#[test]
fn another_common_name_goes_through_a_map() {
    for site in [Site::tolva(), Site::of_one_user()] {
        site.setup_tolva(&["--create-role", "--cert-name", "laptop"])
            .ok();
        assert_eq!(
            site.login("service=tolva").ok().answer(),
            "slardiere|t|TLSv1.3|/CN=laptop"
        );
        let mut lines = map(&site);
        lines.sort();
        let wanted = [
            ["pgcert", "laptop", "slardiere"],
            ["pgcert", "slardiere", "slardiere"],
        ];
        assert_eq!(lines, wanted);
        let rules = site.configuration("pg_hba.conf");
        let rule = rules.lines().find(|l| l.starts_with("hostssl")).unwrap();
        assert!(
            rule.contains("slardiere") && rule.ends_with("map=pgcert"),
            "{rule}"
        );
        site.setup_tolva(&["--cert-name", "laptop"])
            .ok()
            .says("nothing to do");
        // The map lets the certificate in as this role alone.
        site.sql("create role other login");
        site.login("service=tolva user=other").fails();
    }
}

#[test]
fn where_a_rule_with_a_map_decides_already_the_line_goes_into_that_map() {
    for site in [Site::tolva(), Site::of_one_user()] {
        site.sql("create role alice login");
        let old = Foreign::new(&site, "oldca");
        site.rule_first("hostssl all all samehost cert map=people");
        site.append("pg_ident.conf", "people   lewis   alice\n");
        old.serve("tolva");
        let (certificate, key) = old.client("lewis");
        let alice = format!(
            "host=tolva hostaddr=127.0.0.1 port={} user=alice dbname=postgres sslmode=verify-full \
             sslcert={certificate} sslkey={key} sslrootcert={}",
            site.cluster.port,
            old.root()
        );
        site.login(&alice).ok().says("alice|t|");
        let rules = site.configuration("pg_hba.conf");

        let words = ["--create-role", "--cert-name", "laptop"];
        let consent = ["--accept", "other-authorities"];
        site.setup_tolva(&[&words[..], &consent].concat()).ok();
        assert_eq!(site.configuration("pg_hba.conf"), rules);
        let wanted = [
            ["people", "lewis", "alice"],
            ["people", "laptop", "slardiere"],
        ];
        assert_eq!(map(&site), wanted);
        site.login("service=tolva").ok().says("/CN=laptop");
        site.login(&alice).ok().says("alice|t|");
        // A role whose name is its certificate's needs a line there too.
        site.setup("bob", &[&["--create-role", "--yes"][..], &consent].concat())
            .ok();
        assert_eq!(site.configuration("pg_hba.conf"), rules);
        assert_eq!(map(&site)[2], ["people", "bob", "bob"]);
        site.login("service=tolva-bob").ok().says("bob|t|");
    }
}
