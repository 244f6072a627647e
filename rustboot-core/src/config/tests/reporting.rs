//! What the report says.

use super::*;

/// The format is a contract: people and tools read it.
#[test]
fn six_mistakes_are_one_report() {
    let world = World::new()
        .file(
            "config/app.toml",
            "[needy]\nprot = 1\ncurrency = 5\n\n[shop]\nlabels = {}\nhold = 30\nmode = \"opne\"\n",
        )
        .env("APP_NEEDY__PORT", "80a");
    let mut builder = world.builder();
    let _needy = builder.config::<Needy>();
    let _shop = builder.config::<Shop>();
    let report = match futures_util::FutureExt::now_or_never(builder.assemble()) {
        Some(Err(error)) => {
            assert_eq!(error.exit_code(), 78);
            error.to_string()
        }
        other => panic!("{other:?}"),
    };
    let expected = r#"error: the configuration has 7 problems

  1. needy.api_key: required, and not set
     needed by `Needy` (src/main.rs:7)
     help: set APP_NEEDY__API_KEY, or put a file named needy__api_key in /run/secrets
  2. needy.currency: expected a text, found 5
     set in config/app.toml:3
  3. needy.depth.level: required, and not set
     needed by `Needy` (src/main.rs:7)
     help: set APP_NEEDY__DEPTH__LEVEL, or `level` under [needy.depth] in config/app.toml, or pass --needy.depth.level=…
  4. needy.port: expected a number from 0 to 65535, found "80a"
     set by the environment variable APP_NEEDY__PORT
  5. needy.prot: unknown key, did you mean `port`?
     set in config/app.toml:2
  6. shop.hold: expected a duration with its unit, such as 250ms, 30s, 5m or 1h30m, found 30
     set in config/app.toml:7
  7. shop.mode: expected one of open, by-invitation, found "opne"
     set in config/app.toml:8
     help: did you mean `open`?
"#;
    assert_eq!(report, expected);
}

#[test]
fn a_broken_file_is_reported_with_its_line_and_nothing_else_is() {
    let report = World::new()
        .file("config/app.toml", "[needy]\ncurrency = \n")
        .report::<Needy>();
    assert_eq!(report.configuration.len(), 1, "{report}");
    assert_eq!(report.configuration[0].subject, "config/app.toml:2");
    assert!(
        report.configuration[0]
            .message
            .starts_with("not valid TOML"),
        "{report}"
    );
}

#[test]
fn unknown_variables_and_sections_are_warnings_with_the_nearest_name() {
    let assembly = World::new()
        .file("config/app.toml", "[shop.labels]\n[shpo]\nx = 1\n")
        .env("APP_SHOP__CURENCY", "EUR")
        .env("APP_SHOP_PORT", "1")
        .env("APP_PORT", "tcp://10.0.0.1:80")
        .assemble::<Shop>()
        .unwrap();
    let warnings = assembly.warnings().join("\n");
    assert!(
        warnings.contains(
            "nothing reads shop.curency (env APP_SHOP__CURENCY), did you mean APP_SHOP__CURRENCY?"
        ),
        "{warnings}"
    );
    assert!(
        warnings
            .contains("nothing reads the section [shpo] (config/app.toml:2), did you mean [shop]?"),
        "{warnings}"
    );
    assert!(
        warnings.contains("APP_SHOP_PORT in the environment is not a key"),
        "{warnings}"
    );
}

#[test]
fn a_secret_is_in_no_report() {
    #[derive(Debug, Clone, Deserialize)]
    #[expect(dead_code, reason = "only bound")]
    struct Vault {
        pin: Secret<u32>,
        token: u32,
        address: std::net::IpAddr,
        codes: std::collections::BTreeMap<String, Secret<Code>>,
        code: Secret<Code>,
        plain: Code,
        password: Code,
    }
    /// Made from another type, of which its message quotes the value.
    #[derive(Debug, Clone, Deserialize)]
    #[serde(try_from = "String")]
    struct Code;
    impl TryFrom<String> for Code {
        type Error = String;

        fn try_from(text: String) -> Result<Self, String> {
            Err(format!("`{text}` is no code"))
        }
    }
    impl secrecy::zeroize::Zeroize for Code {
        fn zeroize(&mut self) {}
    }
    impl Describe for Vault {
        fn fields() -> Vec<Field> {
            vec![
                Field::new("pin", "Secret<u32>", "")
                    .typed::<Secret<u32>>()
                    .secret(true),
                Field::new("token", "u32", "").typed::<u32>(),
                Field::new("address", "IpAddr", "").typed::<std::net::IpAddr>(),
                Field::new("codes", "BTreeMap<String, Secret<Code>>", ""),
                Field::new("code", "Secret<Code>", "").secret(true),
                Field::new("plain", "Code", ""),
                Field::new("password", "Code", ""),
            ]
        }
    }
    impl Properties for Vault {
        const PREFIX: &'static str = "vault";
        const NAME: &'static str = "Vault";
        const LOCATION: Location = Location::new("x.rs", 1);
    }
    let report = World::new()
        .env("APP_VAULT__PIN", "canary-1")
        .env("APP_VAULT__TOKEN", "canary-2")
        .env("APP_VAULT__ADDRESS", "here")
        .env("APP_VAULT__CODES__FRONT", "canary-3")
        .env("APP_VAULT__CODE", "canary-4")
        .env("APP_VAULT__PLAIN", "seen")
        .env("APP_VAULT__PASSWORD", "canary-5")
        .report::<Vault>()
        .to_string();
    assert!(!report.contains("canary"), "{report}");
    assert!(report.contains("vault.pin: expected a number from 0 to 4294967295, found a value that is not shown here"), "{report}");
    assert!(report.contains("vault.token: "), "{report}");
    assert!(
        report.contains("vault.codes.front: not a valid value"),
        "{report}"
    );
    assert!(
        report.contains("vault.address: invalid IP address syntax, found \"here\"\n     set by the environment variable APP_VAULT__ADDRESS"),
        "{report}"
    );
}

#[test]
fn a_file_variable_that_cannot_be_read_is_reported_when_it_is_a_secret() {
    let report = World::new()
        .file("config/app.toml", "[shop.labels]\n")
        .env("APP_SHOP__API_KEY_FILE", "/nowhere")
        .report::<Shop>()
        .to_string();
    assert!(
        report.contains("shop.api_key: the secret cannot be read"),
        "{report}"
    );
    assert!(
        report.contains("the environment variable APP_SHOP__API_KEY_FILE names the file /nowhere"),
        "{report}"
    );
}

#[test]
fn the_effective_configuration_shows_values_origins_and_no_secrets() {
    let world = World::new()
        .file(
            "config/app.toml",
            "[shop]\nlabels = {}\nregion = \"http://u:p@h/\"\n",
        )
        .env("APP_SHOP__API_KEY", "canary")
        .env("APP_SHOP__PORT", "9090");
    let assembly = world.assemble::<Shop>().unwrap();
    let context = assembly.context();
    let entries = crate::config::print::effective(&context.settings(), context.sections());
    let json = crate::config::print::as_json(&entries);
    assert_eq!(
        json["shop.port"],
        serde_json::json!({ "value": 9090, "origin": "env APP_SHOP__PORT" })
    );
    assert_eq!(
        json["shop.api_key"],
        serde_json::json!({ "value": "***", "origin": "env APP_SHOP__API_KEY" })
    );
    assert_eq!(
        json["shop.region"],
        serde_json::json!({ "value": "http://***@h/", "origin": "config/app.toml:3" })
    );
    assert_eq!(
        json["shop.rate"],
        serde_json::json!({ "value": 0.5, "origin": "default" })
    );
    assert_eq!(
        json["shop.workers"],
        serde_json::json!({ "value": null, "origin": "default" })
    );
    assert_eq!(
        json["shop.payments"]["value"],
        serde_json::json!(["card", "cash"])
    );
    assert!(!crate::config::print::as_text(&entries).contains("canary"));
}
