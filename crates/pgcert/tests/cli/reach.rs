//! `pgcert hba lint` on rules that have to do with each other, across files.

use crate::place::{Place, Said};

fn lint(more: &[&str]) -> Said {
    let place = Place::new();
    place.write(
        "pg_hba.conf",
        "local all all peer\n\
         include team.conf\n\
         hostnossl all all 0.0.0.0/0 reject\n\
         host app all 10.0.0.0/8 md5\n\
         hostssl app all 0.0.0.0/0 cert\n\
         hostssl app bob 192.168.0.0/16 cert\n",
    );
    place.write("team.conf", "hostssl app all 10.0.0.0/8 scram-sha-256\n");
    let file = ["hba", "lint", "--file", "pg_hba.conf", "--pg-version", "17"];
    place.run(&[&file[..], more].concat())
}

#[test]
fn dead_rules_are_shown_with_what_hides_them() {
    insta::assert_snapshot!(lint(&[]), @r#"
    pg_hba.conf:4:1: warning: never matches: lines team.conf:1, 3 take all that it is for, such as other to database app from 10.0.0.1 with TLS by line team.conf:1 [hba-never-matches]
      help: take it out, or move it before the rules that hide it
    pg_hba.conf:5:1: warning: asks for a certificate that an earlier rule does without: other to database app from 10.0.0.1 with TLS gets in by line team.conf:1 (scram-sha-256) [hba-optional-certificate]
      help: let the earlier rule ask for a certificate too, or reject; pgcert hba explain shows the way of a login
    pg_hba.conf:6:1: warning: never matches: line 5 takes all that it is for, such as bob to database app from 192.168.0.1 with TLS by line 5 [hba-never-matches]
      help: take it out, or move it before the rules that hide it
    --- on standard error
    error: pg_hba.conf: 3 warnings
    --- exit code 3
    "#);
    insta::assert_snapshot!(lint(&["--json"]), @r#"
    {
      "findings": [
        {
          "code": "hba-never-matches",
          "column": 1,
          "file": "pg_hba.conf",
          "help": "take it out, or move it before the rules that hide it",
          "hidden_by": [
            {
              "file": "team.conf",
              "line": 1
            },
            {
              "file": "pg_hba.conf",
              "line": 3
            }
          ],
          "line": 4,
          "message": "never matches: lines team.conf:1, 3 take all that it is for, such as other to database app from 10.0.0.1 with TLS by line team.conf:1",
          "severity": "warning"
        },
        {
          "code": "hba-optional-certificate",
          "column": 1,
          "file": "pg_hba.conf",
          "help": "let the earlier rule ask for a certificate too, or reject; pgcert hba explain shows the way of a login",
          "line": 5,
          "message": "asks for a certificate that an earlier rule does without: other to database app from 10.0.0.1 with TLS gets in by line team.conf:1 (scram-sha-256)",
          "severity": "warning"
        },
        {
          "code": "hba-never-matches",
          "column": 1,
          "file": "pg_hba.conf",
          "help": "take it out, or move it before the rules that hide it",
          "hidden_by": [
            {
              "file": "pg_hba.conf",
              "line": 5
            }
          ],
          "line": 6,
          "message": "never matches: line 5 takes all that it is for, such as bob to database app from 192.168.0.1 with TLS by line 5",
          "severity": "warning"
        }
      ],
      "schema_version": 1
    }
    --- on standard error
    error: pg_hba.conf: 3 warnings
    --- exit code 3
    "#);
    let sarif: serde_json::Value = serde_json::from_str(&lint(&["--format", "sarif"]).out).unwrap();
    insta::assert_snapshot!(format!("{:#}", sarif["runs"][0]["results"][0]["relatedLocations"]), @r#"
    [
      {
        "physicalLocation": {
          "artifactLocation": {
            "uri": "team.conf"
          },
          "region": {
            "startLine": 1
          }
        }
      },
      {
        "physicalLocation": {
          "artifactLocation": {
            "uri": "pg_hba.conf"
          },
          "region": {
            "startLine": 3
          }
        }
      }
    ]
    "#);
}
