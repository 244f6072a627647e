//! Values to types.

use super::*;

fn with(name: &str, value: &str) -> Shop {
    // A map without a value is written so that the struct binds.
    World::new()
        .file("config/app.toml", "[shop.labels]\n")
        .env(name, value)
        .bind()
}

fn toml(text: &str) -> Shop {
    World::new()
        .file("config/app.toml", &format!("[shop.labels]\n[shop]\n{text}"))
        .bind()
}

#[test]
fn defaults_bind_like_text_from_the_environment() {
    let shop = toml("");
    assert_eq!(shop.currency, "EUR");
    assert_eq!((shop.port, shop.rate, shop.open), (1, 0.5, true));
    assert_eq!(shop.hold, Duration::from_secs(30));
    assert_eq!(shop.upload.as_u64(), 1 << 20);
    assert_eq!((shop.region, shop.workers), (None, None));
    assert_eq!(shop.payments, ["card", "cash"]);
    assert!(shop.sizes.is_empty());
    assert_eq!(shop.mode, Mode::Open);
    assert_eq!(
        shop.delivery,
        Delivery {
            radius: 10,
            carrier: None
        }
    );
    assert_eq!(shop.api_key.expose_secret(), "none");
}

#[test]
fn the_field_decides_what_a_variable_is() {
    for text in ["8080", "true", "null", "", " spaced ", "1e5", "[a]", "a,b"] {
        assert_eq!(with("APP_SHOP__CURRENCY", text).currency, text);
        assert_eq!(with("APP_SHOP__REGION", text).region.as_deref(), Some(text));
        assert_eq!(
            with("APP_SHOP__API_KEY", text).api_key.expose_secret(),
            text
        );
    }
    assert_eq!(with("APP_SHOP__PORT", "8080").port, 8080);
    assert_eq!(with("APP_SHOP__WORKERS", "4").workers, Some(4));
    assert_eq!(with("APP_SHOP__RATE", "2").rate, 2.0);
    assert_eq!(
        with("APP_SHOP__HOLD", "1h30m").hold,
        Duration::from_secs(5400)
    );
    assert_eq!(with("APP_SHOP__UPLOAD", "10MB").upload.as_u64(), 10_000_000);
    assert_eq!(
        with("APP_SHOP__MODE", "by-invitation").mode,
        Mode::ByInvitation
    );
    assert_eq!(with("APP_SHOP__MODE", "Open").mode, Mode::Open);
    assert_eq!(with("APP_SHOP__DELIVERY__RADIUS", "7").delivery.radius, 7);
    assert_eq!(
        with("APP_SHOP__LABELS__TEAM", "blue").labels["team"],
        "blue"
    );
    for (text, open) in [
        ("true", true),
        ("FALSE", false),
        ("1", true),
        ("off", false),
        ("yes", true),
    ] {
        assert_eq!(with("APP_SHOP__OPEN", text).open, open, "{text}");
    }
}

#[test]
fn lists_come_from_commas() {
    assert_eq!(
        with("APP_SHOP__PAYMENTS", "a, b,c").payments,
        ["a", "b", "c"]
    );
    assert_eq!(
        with("APP_SHOP__PAYMENTS", "").payments,
        Vec::<String>::new()
    );
    assert_eq!(with("APP_SHOP__SIZES", "1,2,3").sizes, [1, 2, 3]);
}

#[test]
fn files_have_types_of_their_own() {
    let shop = toml(
        "port = 8_080\nrate = 2\nopen = false\nhold = \"5m\"\nsizes = [1, 2]\nworkers = \"3\"",
    );
    assert_eq!((shop.port, shop.rate, shop.open), (8080, 2.0, false));
    assert_eq!(shop.hold, Duration::from_secs(300));
    assert_eq!(shop.sizes, [1, 2]);
    assert_eq!(shop.workers, Some(3));
    assert_eq!(toml("port = 0x10").port, 16);
    assert_eq!(
        toml("[shop.delivery]\ncarrier-name = \"dhl\"")
            .delivery
            .carrier
            .as_deref(),
        Some("dhl")
    );
}

#[test]
fn variables_reach_keys_that_they_cannot_spell() {
    let carrier = |name: &str| with(name, "dhl").delivery.carrier;
    for name in [
        "APP_SHOP__DELIVERY__CARRIER_NAME",
        "APP_SHOP__DELIVERY__CARRIERNAME",
    ] {
        assert_eq!(carrier(name).as_deref(), Some("dhl"), "{name}");
    }
    let world = World::new()
        .file(
            "config/app.toml",
            "[shop.labels]\n[shop.delivery]\ncarrier-name = \"ups\"\n",
        )
        .env("APP_SHOP__DELIVERY__CARRIER_NAME", "dhl");
    assert_eq!(
        world.bind::<Shop>().delivery.carrier.as_deref(),
        Some("dhl")
    );
    let mut builder = world.builder();
    assert!(builder.config::<Shop>().is_ok());
    assert_eq!(
        builder
            .origin("shop.delivery.carrier-name")
            .unwrap()
            .to_string(),
        "env APP_SHOP__DELIVERY__CARRIER_NAME"
    );
    let secret = World::new()
        .file("config/app.toml", "[shop.labels]\n")
        .file("secrets/shop__apikey", "s");
    assert_eq!(secret.bind::<Shop>().api_key.expose_secret(), "s");
}

#[test]
fn lists_may_be_numbered() {
    let world = World::new()
        .file("config/app.toml", "[shop.labels]\n")
        .env("APP_SHOP__PAYMENTS__0", "a,b")
        .env("APP_SHOP__PAYMENTS__1", "c");
    assert_eq!(world.bind::<Shop>().payments, ["a,b", "c"]);
    let gap = World::new()
        .file("config/app.toml", "[shop.labels]\n")
        .env("APP_SHOP__PAYMENTS__1", "c");
    assert!(
        gap.report::<Shop>()
            .to_string()
            .contains("shop.payments: expected a list")
    );
}

#[test]
fn the_default_file_loads_back_to_the_defaults() {
    let assembly = World::new()
        .file("config/app.toml", "[shop.labels]\n")
        .assemble::<Shop>()
        .unwrap();
    let file = crate::config::reference::default_file("test", assembly.context().sections(), true);
    assert!(file.contains("# Kilometres.\nradius = 10\n"), "{file}");
    assert!(
        file.contains("# api_key = \"\""),
        "a secret has no line: {file}"
    );
    let world = World::new().file("config/app.toml", &format!("{file}\n[shop.labels]\n"));
    let shop: Shop = world.bind();
    assert_eq!(
        (shop.port, shop.hold, shop.payments.len()),
        (1, Duration::from_secs(30), 2)
    );
    let mut builder = world.builder();
    assert!(builder.config::<Shop>().is_ok());
    for key in [
        "shop.port",
        "shop.hold",
        "shop.delivery.radius",
        "health.cache",
        "lifecycle.shutdown_timeout",
    ] {
        assert!(
            builder
                .origin(key)
                .unwrap()
                .to_string()
                .starts_with("config/app.toml:"),
            "{key}"
        );
    }
}

#[test]
fn the_schema_knows_types_limits_and_variants() {
    let assembly = World::new()
        .file("config/app.toml", "[shop.labels]\n")
        .assemble::<Shop>()
        .unwrap();
    let schema = crate::config::reference::schema("test", assembly.context().sections(), true);
    let shop = &schema["properties"]["shop"];
    assert_eq!(shop["additionalProperties"], false);
    assert_eq!(shop["properties"]["port"]["anyOf"][0]["maximum"], 65535);
    assert_eq!(shop["properties"]["port"]["default"], 1);
    assert_eq!(
        shop["properties"]["mode"]["anyOf"][0]["enum"],
        serde_json::json!(["open", "by-invitation"])
    );
    assert_eq!(
        shop["properties"]["sizes"]["items"]["anyOf"][0]["type"],
        "integer"
    );
    assert_eq!(
        shop["properties"]["delivery"]["properties"]["radius"]["description"],
        "Kilometres."
    );
    assert_eq!(shop["properties"]["api_key"]["writeOnly"], true);
    assert!(shop["properties"]["api_key"].get("default").is_none());
}
