//! Values to types.

use super::*;

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
