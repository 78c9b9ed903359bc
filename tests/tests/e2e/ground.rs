//! The tests' own ground: that the server answers, that a change to a file cannot hide, and that a
//! command in a container gets what it is given and is heard to its end.

use std::time::{Duration, Instant};

use e2e::given::has_containers;
use e2e::{Host, Site};

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

#[test]
fn a_command_in_a_container_is_given_and_heard_all_of_it() {
    if !has_containers("the way into a container") {
        return;
    }
    let host = Host::container("bare", None, &[]);
    // More than pipes hold, both ways at once, and with every byte that is text.
    let text: String = (0..200_000).map(|n| format!("{n}\0\n")).collect();
    let words = ["sh", "-c", "tee /dev/stderr; exit 3"];
    let said = host.run_with("postgres", &words, Some(text.as_bytes()));
    assert!(said.code == 3 && said.stdout == text && said.stderr == text);
    // One that does not read to the end, and one that is given nothing.
    host.run_with("postgres", &["true"], Some(text.as_bytes()))
        .ok();
    assert_eq!(host.run("postgres", &["cat"]).ok().stdout, "");

    let account = "echo $(id -u -n; id -G -n; umask; pwd; echo $HOME $USER)";
    let said = host.sh("postgres", account).ok();
    let postgres = "postgres postgres 0022 / /var/lib/postgresql postgres";
    assert_eq!(said.answer().replace(" ssl-cert", ""), postgres);
    host.sh("root", "kill -9 $$").exits(137);
    host.run("root", &["no-such-program"]).exits(127);
    // What is left behind goes on, and nobody waits for it.
    let began = Instant::now();
    let left = host.sh("root", "sleep 1000 & echo $!").ok();
    assert!(began.elapsed() < Duration::from_secs(100));
    // And an orphan that ends is gone.
    let end = "kill $1; while test -d /proc/$1; do sleep 0.01; done";
    host.run("root", &["sh", "-ec", end, "sh", left.answer()])
        .ok();
}
