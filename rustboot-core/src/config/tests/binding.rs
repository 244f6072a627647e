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
