//! The tests' own ground: that the server answers, and that a change to a file cannot hide.

use e2e::Site;

#[test]
fn the_server_answers_and_knows_its_version() {
    let site = Site::tolva();
    let version = site.cluster.ask(&site.host, "show server_version_num");
    let major = version.parse::<u32>().unwrap() / 10000;
    assert_eq!(major, u32::from(site.cluster.version));
    let data = site.cluster.ask(&site.host, "show data_directory");
    assert_eq!(data, site.cluster.data);
}

#[test]
fn every_change_to_a_file_shows() {
    let site = Site::tolva();
    let host = &site.host;
    let roots = [format!("{}/x", site.home)];
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    let script = format!(
        "mkdir -p {0}/x/below; cd {0}/x; echo one > a; echo two > b; ln -s a c; echo 'odd' > 'd  name'",
        site.home
    );
    host.sh(&site.client, &script).ok();
    let before = host.tree(&roots);
    assert_eq!(before.paths().count(), 6);
    before.assert_same(&host.tree(&roots));

    let after = |change: &str| {
        host.sh(&site.client, &format!("cd {}/x; {change}", site.home))
            .ok();
        let now = host.tree(&roots);
        let lines = before.differences(&now);
        lines
            .iter()
            .map(|l| l.replace(&format!("{}/", site.home), ""))
            .collect::<Vec<_>>()
    };
    // The bytes may be the same and the length too: times tell.
    assert_eq!(after("echo one > a"), ["x/a: mtime ctime"]);
    assert_eq!(
        after("echo eno > a; touch -d @0 a"),
        ["x/a: mtime ctime bytes"]
    );
    assert_eq!(
        after("chmod 600 b"),
        ["x/a: mtime ctime bytes", "x/b: mode ctime"]
    );
    assert_eq!(
        after("cp b e; mv e b; rm c"),
        [
            "x/a: mtime ctime bytes",
            "x/b: inode mode mtime ctime",
            "x/c: gone",
            "x: mtime ctime"
        ],
    );
    assert_eq!(
        after("ln -s b c; echo > 'd  name'; mv below above").len(),
        7
    );
    // Without what lies in its folders.
    let shallow = host.tree(&[&format!("{}/x/", site.home)]);
    assert!(shallow.paths().all(|p| !p.contains("above")));
}
