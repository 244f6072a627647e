//! What a service says that does not start because of its configuration: everything at once, on stderr, with exit code 78.

use crate::harness::{Exit, Sandbox};

/// Checks that the start was refused, and gives the report.
fn report(exit: &Exit) -> &str {
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert!(!exit.stdout.contains("is ready"), "{exit:?}");
    &exit.stderr
}

#[tokio::test]
async fn a_bad_value_says_what_is_expected_and_where_it_came_from() {
    let exit = Sandbox::new().env("APP_SERVER__PORT", "80a").run(&[]).await;
    let expected = r#"error: the configuration has 1 problem

  1. server.port: expected a number from 0 to 65535, found "80a"
     set by the environment variable APP_SERVER__PORT
"#;
    assert_eq!(report(&exit), expected);
}

#[tokio::test]
async fn all_mistakes_are_in_one_report() {
    let file = "[server]\nprot = 8081\nrequest_timeout = 30\n\n[shop]\npayments = \"card\"\nhold = \"30 apples\"\n";
    let exit = Sandbox::new()
        .without("APP_SHOP__API_KEY")
        .file("config/app.toml", file)
        .file(".env", "APP_LIFECYCLE__DRAIN_DELAY=soon\n")
        .env("APP_SERVER__PORT", "70000")
        .run(&["run", "--health.show_details=perhaps"])
        .await;
    let line = include_str!("../../src/settings.rs")
        .lines()
        .position(|line| line.contains("struct Shop"))
        .unwrap()
        + 1;
    let expected = format!(
        r#"error: the configuration has 7 problems

  1. health.show_details: expected true or false, found "perhaps"
     set by the argument --health.show_details
  2. lifecycle.drain_delay: expected a duration with its unit, such as 250ms, 30s, 5m or 1h30m, found "soon"
     set in .env:1
  3. server.port: expected a number from 0 to 65535, found "70000"
     set by the environment variable APP_SERVER__PORT
  4. server.prot: unknown key, did you mean `port`?
     set in config/app.toml:2
  5. server.request_timeout: expected a duration with its unit, such as 250ms, 30s, 5m or 1h30m, found 30
     set in config/app.toml:3
  6. shop.api_key: required, and not set
     needed by `Shop` (conformance/src/settings.rs:{line})
     help: set APP_SHOP__API_KEY, or put a file named shop__api_key in /run/secrets
  7. shop.hold: expected a duration with its unit, such as 250ms, 30s, 5m or 1h30m, found "30 apples"
     set in config/app.toml:7
"#
    );
    assert_eq!(report(&exit), expected);
}

/// A range, a misspelling, a unit, a type, a placeholder, and something that is not there.
#[tokio::test]
async fn one_file_with_six_different_mistakes_is_one_report() {
    let file = r#"[server]
port = 70000
prot = 8081
request_timeout = 30

[health]
show_details = "perhaps"

[shop]
currency = "${CURRENCY}"
"#;
    let exit = Sandbox::new()
        .without("APP_SHOP__API_KEY")
        .without("APP_SERVER__PORT")
        .file("config/app.toml", file)
        .run(&["run"])
        .await;
    let line = include_str!("../../src/settings.rs")
        .lines()
        .position(|line| line.contains("struct Shop"))
        .unwrap()
        + 1;
    let expected = format!(
        r#"error: the configuration has 6 problems

  1. health.show_details: expected true or false, found "perhaps"
     set in config/app.toml:7
  2. server.port: expected a number from 0 to 65535, found 70000
     set in config/app.toml:2
  3. server.prot: unknown key, did you mean `port`?
     set in config/app.toml:3
  4. server.request_timeout: expected a duration with its unit, such as 250ms, 30s, 5m or 1h30m, found 30
     set in config/app.toml:4
  5. shop.api_key: required, and not set
     needed by `Shop` (conformance/src/settings.rs:{line})
     help: set APP_SHOP__API_KEY, or put a file named shop__api_key in /run/secrets
  6. shop.currency: ${{CURRENCY}} is not set, and has no default
     set in config/app.toml:10
     help: set CURRENCY, or write ${{CURRENCY:-a default}}
"#
    );
    assert_eq!(exit.code, Some(78));
    assert_eq!(report(&exit), expected);
}

#[tokio::test]
async fn every_command_that_needs_the_configuration_reports_it_the_same_way() {
    let expected = Sandbox::new().env("APP_SERVER__PORT", "80a").run(&[]).await;
    for command in ["run", "check", "config", "routes", "migrate", "health"] {
        let exit = Sandbox::new()
            .env("APP_SERVER__PORT", "80a")
            .run(&[command])
            .await;
        assert_eq!(report(&exit), expected.stderr, "{command}");
    }
}

#[tokio::test]
async fn an_unknown_profile_is_refused_and_the_known_ones_are_listed() {
    for (sandbox, set_by) in [
        (
            Sandbox::new().env("APP_ENV", "prd"),
            "the environment variable APP_ENV",
        ),
        (
            Sandbox::new().args(&["--profile", "prd"]),
            "the argument --profile",
        ),
    ] {
        let exit = sandbox.file("config/app.staging.toml", "").run(&[]).await;
        let report = report(&exit);
        assert!(
            report.contains("there is no profile `prd`, did you mean `prod`?"),
            "{report}"
        );
        assert!(report.contains(set_by), "{report}");
        assert!(report.contains("dev, prod, staging, test"), "{report}");
    }
}

#[tokio::test]
async fn a_profile_with_a_file_is_known() {
    let exit = Sandbox::new()
        .file("config/app.staging.toml", "[shop]\ncurrency = \"SEK\"\n")
        .env("APP_ENV", "staging")
        .run(&["config"])
        .await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(
        exit.stdout.contains("config/app.staging.toml:2"),
        "{exit:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_not_toml_is_reported_with_its_line() {
    let exit = Sandbox::new()
        .file("config/app.toml", "[server]\nport = 1\n\nhost = \n")
        .run(&[])
        .await;
    let report = report(&exit);
    assert!(
        report.contains("config/app.toml:4: not valid TOML"),
        "{report}"
    );
}

#[tokio::test]
async fn a_placeholder_without_a_value_is_reported() {
    let exit = Sandbox::new()
        .file("config/app.toml", "[shop]\ncurrency = \"${MONEY}\"\n")
        .run(&[])
        .await;
    let report = report(&exit);
    assert!(
        report.contains("shop.currency: ${MONEY} is not set, and has no default"),
        "{report}"
    );
    assert!(report.contains("set in config/app.toml:2"), "{report}");
}

#[tokio::test]
async fn an_unknown_key_of_an_argument_is_an_error() {
    let exit = Sandbox::new().run(&["--server.prot=1"]).await;
    let report = report(&exit);
    assert!(
        report.contains("server.prot: unknown key, did you mean `port`?"),
        "{report}"
    );
    assert!(
        report.contains("set by the argument --server.prot"),
        "{report}"
    );
}

/// The environment is not ours alone: the service starts, and the log says what nobody reads.
#[tokio::test]
async fn an_unknown_variable_or_section_is_a_warning() {
    let service = Sandbox::new()
        .env("APP_SERVER__PROT", "1")
        .env("APP_SHOP_CURRENCY", "EUR")
        .file("config/app.toml", "[sevrer]\nport = 1\n")
        .start()
        .await;
    assert_eq!(service.get("/text").await.status, 200);
    for (what, words) in [
        ("the variable", ["APP_SERVER__PROT", "APP_SERVER__PORT"]),
        (
            "the variable without a section",
            ["APP_SHOP_CURRENCY", "`__`"],
        ),
        ("the section", ["[sevrer]", "[server]"]),
    ] {
        service
            .log_line(what, |line| {
                let message = line["message"].as_str().unwrap_or_default();
                line["level"] == "WARN" && words.iter().all(|word| message.contains(word))
            })
            .await;
    }
}

/// Rules that a type cannot say.
#[tokio::test]
async fn values_that_make_no_sense_are_reported() {
    for (variables, expected) in [
        (
            &[
                ("APP_SERVER__PORT", "9090"),
                ("APP_MANAGEMENT__PORT", "9090"),
            ][..],
            &["management.port: is the same as server.port"][..],
        ),
        (
            &[
                ("APP_SERVER__MAX_IN_FLIGHT", "0"),
                ("APP_SERVER__REQUEST_TIMEOUT", "0s"),
                ("APP_SERVER__HEADER_LIMIT", "1KiB"),
            ],
            &[
                "server.max_in_flight: expected at least 1",
                "set by the environment variable APP_SERVER__MAX_IN_FLIGHT",
                "server.request_timeout: expected more than zero",
                "server.header_limit: expected at least 8KiB",
            ],
        ),
    ] {
        let sandbox = variables
            .iter()
            .fold(Sandbox::new(), |sandbox, (name, value)| {
                sandbox.env(name, value)
            });
        let exit = sandbox.run(&["check"]).await;
        let report = report(&exit);
        for expected in expected {
            assert!(report.contains(expected), "{report}");
        }
    }
}

#[tokio::test]
async fn the_wrong_level_is_a_report_and_no_silent_default() {
    let exit = Sandbox::new()
        .env("RUST_LOG", "info,shop=loud")
        .run(&[])
        .await;
    let report = report(&exit);
    assert!(report.contains("log.level"), "{report}");
    assert!(report.contains("RUST_LOG"), "{report}");
}
