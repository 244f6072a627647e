//! `config schema` against an independent validator: what it says of a file is what the start says of it.

use jsonschema::Validator;
use serde_json::Value;

use crate::harness::Sandbox;

async fn schema() -> Value {
    let exit = Sandbox::new().run(&["config", "schema"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    serde_json::from_str(&exit.stdout).unwrap()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap()
}

fn parsed(file: &str) -> Value {
    toml::from_str(file).unwrap_or_else(|error| panic!("{error} in {file}"))
}

#[tokio::test]
async fn it_is_a_schema_of_2020_12() {
    let schema = schema().await;
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    let of_shop = &schema["properties"]["shop"]["properties"];
    assert_eq!(of_shop["currency"]["description"], "ISO 4217.");
    assert_eq!(of_shop["currency"]["default"], "EUR");
    assert_eq!(of_shop["api_key"]["writeOnly"], true);
}

/// The documented default file, and the files of the examples: those have sections that this service does not know, which are
/// no error at start either.
#[tokio::test]
async fn real_files_are_valid() {
    let validator = validator(&schema().await);
    let exit = Sandbox::new().run(&["config", "default"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    validator.validate(&parsed(&exit.stdout)).unwrap();

    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    for file in [
        "quickstart/config/app.toml",
        "quickstart/config/app.prod.toml",
        "module/config/app.toml",
    ] {
        let text = std::fs::read_to_string(format!("{examples}/{file}")).unwrap();
        if let Err(error) = validator.validate(&parsed(&text)) {
            panic!("{file}: {error} at {}", error.instance_path());
        }
    }
}

/// The file, and where the fault is. Each is asked of the schema and of `check`.
const FILES: &[(&str, Option<&str>)] = &[
    ("", None),
    ("[server]\nport = 8080", None),
    ("[server]\nport = 0", None),
    ("[server]\nport = 65535", None),
    ("[server]\nport = 65536", Some("/server/port")),
    ("[server]\nport = -1", Some("/server/port")),
    ("[server]\nport = 80.5", Some("/server/port")),
    ("[server]\nport = true", Some("/server/port")),
    ("[server]\nport = [8080]", Some("/server/port")),
    ("[server]\nport = \"80a\"", Some("/server/port")),
    ("[server]\nport = \"${SCHEMA_PORT:-8080}\"", None),
    ("[server]\nprot = 8080", Some("/server")),
    ("server = 8080", Some("/server")),
    ("[server]\nrequest_timeout = \"1h30m\"", None),
    ("[server]\nrequest_timeout = \"250ms\"", None),
    ("[server]\nrequest_timeout = \"1.5s\"", None),
    (
        "[server]\nrequest_timeout = \"soon\"",
        Some("/server/request_timeout"),
    ),
    (
        "[server]\nrequest_timeout = \"30\"",
        Some("/server/request_timeout"),
    ),
    (
        "[server]\nrequest_timeout = 30",
        Some("/server/request_timeout"),
    ),
    (
        "[server]\nrequest_timeout = \"-1s\"",
        Some("/server/request_timeout"),
    ),
    (
        "[server]\nrequest_timeout = \"30 parsecs\"",
        Some("/server/request_timeout"),
    ),
    ("[server]\nbody_limit = \"2MiB\"", None),
    ("[server]\nbody_limit = \"512B\"", None),
    ("[server]\nbody_limit = \"10MB\"", None),
    ("[server]\nbody_limit = \"1 gib\"", None),
    ("[server]\nbody_limit = 1024", Some("/server/body_limit")),
    (
        "[server]\nbody_limit = \"1024\"",
        Some("/server/body_limit"),
    ),
    ("[server]\nbody_limit = \"big\"", Some("/server/body_limit")),
    (
        "[server]\nbody_limit = \"2 bits\"",
        Some("/server/body_limit"),
    ),
    ("[server]\nbody_limit = true", Some("/server/body_limit")),
    ("[shop]\ncurrency = \"CHF\"", None),
    ("[shop]\ncurrency = [\"CHF\"]", Some("/shop/currency")),
    ("[shop]\npayments = [\"card\", \"cheque\"]", None),
    ("[shop]\npayments = []", None),
    ("[shop]\npayments = \"card,cheque\"", None),
    ("[shop]\npayments = [[\"card\"]]", Some("/shop/payments/0")),
    ("[shop]\npin = 1234", None),
    ("[shop]\npin = \"12-34\"", Some("/shop/pin")),
    ("[shop]\npartners = [\"a\", \"b\"]", None),
    ("[shop]\ncurency = \"CHF\"", Some("/shop")),
    ("[shop.currency]\nname = \"CHF\"", Some("/shop/currency")),
    ("[conformance]\nfail_start = false", None),
    (
        "[conformance]\nfail_start = \"maybe\"",
        Some("/conformance/fail_start"),
    ),
    ("[conformance]\nstock = \"down\"", None),
    ("[conformance]\nstock = \"DOWN\"", None),
    ("[conformance]\nstock = \"${SCHEMA_STOCK:-down}\"", None),
    (
        "[conformance]\nstock = \"plenty\"",
        Some("/conformance/stock"),
    ),
    ("[health.groups]\n", Some("/health")),
    ("[unread]\nx = 1", None),
    ("unread = 1", None),
];

#[tokio::test]
async fn it_agrees_with_the_start_on_every_file() {
    let validator = validator(&schema().await);
    let mut disagreements = Vec::new();
    for (file, fault) in FILES {
        let of_schema = validator
            .validate(&parsed(file))
            .map_err(|error| error.instance_path().to_string());
        let exit = Sandbox::new()
            .without("APP_SERVER__PORT")
            .file("config/app.toml", file)
            .run(&["check"])
            .await;
        let of_start = match exit.code {
            Some(0) => true,
            Some(78) => false,
            _ => panic!("{file}: {exit:?}"),
        };
        let expected = fault.map_or(Ok(()), |pointer| Err(pointer.to_owned()));
        if of_schema != expected || of_start != fault.is_none() {
            disagreements.push(format!(
                "{file:?}: expected {expected:?}, the schema says {of_schema:?}, check says {of_start}: {}",
                exit.stderr
            ));
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}
