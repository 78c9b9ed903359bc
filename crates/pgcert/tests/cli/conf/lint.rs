//! `pgcert conf lint`: the findings as text, JSON, SARIF and annotations.

use super::{conf, place};
use crate::place::Place;

#[test]
fn lint_in_every_form() {
    let place = place();
    place.write(
        "postgresql.conf",
        "port = 5433\nport = 5434\nshared_bufers = 1GB\nssl_cert_file = server.crt\n",
    );
    insta::assert_snapshot!(conf(&place, &["lint"]), @r#"
    postgresql.conf:1:1: warning: port is set again in line 2, which counts [conf-duplicate]
      help: take one of the two lines out
    postgresql.conf:3:1: error: unrecognized configuration parameter "shared_bufers" [conf-unknown-parameter]
      help: shared_buffers is known
    postgresql.conf:4:17: error: syntax error near token "server.crt" [conf-unquoted]
      help: put single quotes around the value
    --- on standard error
    error: postgresql.conf: 2 errors and 1 warning
    --- exit code 3
    "#);
    insta::assert_snapshot!(conf(&place, &["lint", "--json"]), @r#"
    {
      "findings": [
        {
          "code": "conf-duplicate",
          "column": 1,
          "file": "postgresql.conf",
          "help": "take one of the two lines out",
          "line": 1,
          "message": "port is set again in line 2, which counts",
          "severity": "warning"
        },
        {
          "code": "conf-unknown-parameter",
          "column": 1,
          "file": "postgresql.conf",
          "help": "shared_buffers is known",
          "line": 3,
          "message": "unrecognized configuration parameter \"shared_bufers\"",
          "severity": "error"
        },
        {
          "code": "conf-unquoted",
          "column": 17,
          "file": "postgresql.conf",
          "help": "put single quotes around the value",
          "line": 4,
          "message": "syntax error near token \"server.crt\"",
          "severity": "error"
        }
      ],
      "schema_version": 1
    }
    --- on standard error
    error: postgresql.conf: 2 errors and 1 warning
    --- exit code 3
    "#);
    insta::assert_snapshot!(conf(&place, &["lint", "--format", "github"]), @r#"
    ::warning file=postgresql.conf,line=1,col=1,title=conf-duplicate::port is set again in line 2, which counts%0Atake one of the two lines out
    ::error file=postgresql.conf,line=3,col=1,title=conf-unknown-parameter::unrecognized configuration parameter "shared_bufers"%0Ashared_buffers is known
    ::error file=postgresql.conf,line=4,col=17,title=conf-unquoted::syntax error near token "server.crt"%0Aput single quotes around the value
    --- on standard error
    error: postgresql.conf: 2 errors and 1 warning
    --- exit code 3
    "#);
    insta::assert_snapshot!(conf(&place, &["lint", "--format", "sarif"]), @r#"
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "runs": [
        {
          "columnKind": "utf16CodeUnits",
          "results": [
            {
              "level": "warning",
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "postgresql.conf"
                    },
                    "region": {
                      "startColumn": 1,
                      "startLine": 1
                    }
                  }
                }
              ],
              "message": {
                "text": "port is set again in line 2, which counts\ntake one of the two lines out"
              },
              "ruleId": "conf-duplicate"
            },
            {
              "level": "error",
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "postgresql.conf"
                    },
                    "region": {
                      "startColumn": 1,
                      "startLine": 3
                    }
                  }
                }
              ],
              "message": {
                "text": "unrecognized configuration parameter \"shared_bufers\"\nshared_buffers is known"
              },
              "ruleId": "conf-unknown-parameter"
            },
            {
              "level": "error",
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "postgresql.conf"
                    },
                    "region": {
                      "startColumn": 17,
                      "startLine": 4
                    }
                  }
                }
              ],
              "message": {
                "text": "syntax error near token \"server.crt\"\nput single quotes around the value"
              },
              "ruleId": "conf-unquoted"
            }
          ],
          "tool": {
            "driver": {
              "name": "pgcert",
              "rules": [
                {
                  "defaultConfiguration": {
                    "level": "error"
                  },
                  "help": {
                    "text": "put single quotes around the value"
                  },
                  "id": "conf-unquoted",
                  "shortDescription": {
                    "text": "A value such as `server.crt` without quotes: the server takes it for two names with a dot between them."
                  }
                },
                {
                  "defaultConfiguration": {
                    "level": "error"
                  },
                  "help": {
                    "text": "correct the name, or take the line out"
                  },
                  "id": "conf-unknown-parameter",
                  "shortDescription": {
                    "text": "A name that this version does not know. Startup fails; a reload applies nothing at all."
                  }
                },
                {
                  "defaultConfiguration": {
                    "level": "warning"
                  },
                  "help": {
                    "text": "take one of the two lines out"
                  },
                  "id": "conf-duplicate",
                  "shortDescription": {
                    "text": "A setting that a later line overrides."
                  }
                }
              ],
              "version": "0.1.0"
            }
          }
        }
      ],
      "version": "2.1.0"
    }
    --- on standard error
    error: postgresql.conf: 2 errors and 1 warning
    --- exit code 3
    "#);
    place.write("postgresql.conf", "port = 5433\n");
    insta::assert_snapshot!(conf(&place, &["lint"]), @"
    --- on standard error
    postgresql.conf: no findings
    ");
}

#[test]
fn columns_are_what_editors_show() {
    let place = Place::new();
    place.write(
        "hba",
        "local all all peer\nhost all \"\u{1f418} \u{e9}\" 10/8 md5\n",
    );
    let lint = |form: &str| {
        let file = ["hba", "lint", "--file", "hba", "--pg-version", "16"];
        place.run(&[&file[..], &["--format", form]].concat()).out
    };
    assert!(lint("text").starts_with("hba:2:16: "), "{}", lint("text"));
    assert!(lint("github").contains(",line=2,col=16,"));
    assert!(lint("json").contains("\"column\": 16,"));
    // The elephant is two units.
    assert!(lint("sarif").contains("\"startColumn\": 17,"));
}
