//! Which source wins, and what it is called.

use super::*;

fn port(world: &World) -> (u16, String) {
    let mut builder = world.builder();
    let port = builder.config::<Shop>().unwrap().port;
    let origin = builder.origin("shop.port").unwrap().to_string();
    (port, origin)
}

/// Each layer alone beats all below it.
#[test]
fn a_higher_layer_wins_and_says_so() {
    let base = "[shop]\nlabels = {}\n";
    let mut world = World::new().file("config/app.toml", base);
    assert_eq!(port(&world), (1, "default".into()));
    world = world.file("config/app.toml", &format!("{base}port = 2\n"));
    assert_eq!(port(&world), (2, "config/app.toml:3".into()));
    world = world
        .file("config/app.prod.toml", "\n[shop]\n# why\nport = 3\n")
        .env("APP_ENV", "prod");
    assert_eq!(port(&world), (3, "config/app.prod.toml:4".into()));
    world = world.file(".env", "# local\nAPP_SHOP__PORT=4\n");
    assert_eq!(port(&world), (4, ".env:2".into()));
    world = world.file(".env.prod", "export APP_SHOP__PORT=5\n");
    assert_eq!(port(&world), (5, ".env.prod:1".into()));
    world = world.env("APP_SHOP__PORT", "6");
    assert_eq!(port(&world), (6, "env APP_SHOP__PORT".into()));
    world = world.file("secrets/shop__port", "7\n");
    let secret = world
        .path()
        .join("secrets/shop__port")
        .display()
        .to_string();
    assert_eq!(port(&world), (7, format!("secret {secret}")));
    world = world.file("elsewhere", "8").env("APP_SHOP__PORT_FILE", "");
    let elsewhere = world.path().join("elsewhere").display().to_string();
    world = world.env("APP_SHOP__PORT_FILE", &elsewhere);
    assert_eq!(port(&world), (8, format!("secret {elsewhere}")));
    world = world.arg("--set").arg("shop.port=9");
    assert_eq!(port(&world), (9, "argument --set shop.port".into()));
    world = world.arg("--shop.port=10");
    assert_eq!(port(&world), (10, "argument --shop.port".into()));
}

#[test]
fn maps_merge_and_lists_replace() {
    let world = World::new()
        .file(
            "config/app.toml",
            "[shop]\npayments = [\"a\", \"b\"]\n[shop.labels]\nteam = \"blue\"\ntier = \"1\"\n",
        )
        .file(
            "config/app.dev.toml",
            "[shop]\npayments = [\"c\"]\n[shop.labels]\ntier = \"2\"\n[shop.delivery]\nradius = 3\n",
        );
    let shop: Shop = world.bind();
    assert_eq!(shop.payments, ["c"]);
    assert_eq!(
        (shop.labels["team"].as_str(), shop.labels["tier"].as_str()),
        ("blue", "2")
    );
    assert_eq!(shop.delivery.radius, 3);
}

#[test]
fn a_prefixed_name_beats_a_well_known_one() {
    #[derive(Debug, Clone, Deserialize)]
    struct Server {
        port: u16,
    }
    impl Describe for Server {
        fn fields() -> Vec<Field> {
            vec![Field::new("port", "u16", "").default_text("8080")]
        }
    }
    impl Properties for Server {
        const PREFIX: &'static str = "server";
        const NAME: &'static str = "Server";
        const LOCATION: Location = Location::new("x.rs", 1);
    }
    let well_known = World::new().env("PORT", "9090");
    assert_eq!(well_known.bind::<Server>().port, 9090);
    assert_eq!(World::new().env("PORT", "").bind::<Server>().port, 8080);
    assert_eq!(
        well_known
            .env("APP_SERVER__PORT", "1")
            .bind::<Server>()
            .port,
        1
    );
}

#[test]
fn well_known_secrets_have_lower_case_names_and_lose_one_newline() {
    #[derive(Debug, Clone, Deserialize)]
    struct Database {
        url: Secret<String>,
    }
    impl Describe for Database {
        fn fields() -> Vec<Field> {
            vec![Field::new("url", "Secret<String>", "").secret(true)]
        }
    }
    impl Properties for Database {
        const PREFIX: &'static str = "database";
        const NAME: &'static str = "Database";
        const LOCATION: Location = Location::new("x.rs", 1);
    }
    let world = World::new().file("secrets/database_url", "postgres://u:p@h/d\n\n");
    assert_eq!(
        world.bind::<Database>().url.expose_secret(),
        "postgres://u:p@h/d\n"
    );

    // As Kubernetes mounts them: links into a folder that starts with two dots.
    #[cfg(unix)]
    {
        let world = World::new().file("secrets/..2026/database_url", "sqlite:x\n");
        let dir = world.path().join("secrets");
        std::os::unix::fs::symlink("..2026", dir.join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/database_url", dir.join("database_url")).unwrap();
        assert_eq!(world.bind::<Database>().url.expose_secret(), "sqlite:x");
    }
}

#[test]
fn profiles_have_aliases_and_an_unknown_one_is_an_error() {
    let profile = |world: World| world.builder().profile().to_string();
    assert_eq!(profile(World::new()), "dev");
    assert_eq!(profile(World::new().env("APP_ENV", "production")), "prod");
    assert_eq!(profile(World::new().env("APP_ENV", "development")), "dev");
    assert_eq!(
        profile(World::new().env("APP_ENV", "prod").arg("--profile=test")),
        "test"
    );
    assert_eq!(
        profile(
            World::new()
                .file("config/app.qa.toml", "")
                .arg("--profile")
                .arg("qa")
        ),
        "qa"
    );
    let report = World::new()
        .file("config/app.staging.toml", "")
        .env("APP_ENV", "stagging")
        .report::<Shop>()
        .to_string();
    assert!(
        report.contains("there is no profile `stagging`, did you mean `staging`?"),
        "{report}"
    );
    assert!(
        report.contains("set by the environment variable APP_ENV"),
        "{report}"
    );
    assert!(report.contains("dev, prod, staging, test"), "{report}");
}

#[test]
fn placeholders_are_filled_from_the_environment_and_typed_by_the_field() {
    let file = "[shop]\nlabels = {}\nport = \"${SHOP_PORT:-77}\"\ncurrency = \"${CURRENCY}\"\n";
    let world = World::new()
        .file("config/app.toml", file)
        .env("CURRENCY", "CHF");
    let shop: Shop = world.bind();
    assert_eq!((shop.port, shop.currency.as_str()), (77, "CHF"));
    let dotenv = World::new()
        .file("config/app.toml", file)
        .file(".env", "CURRENCY=SEK\n");
    assert_eq!(dotenv.bind::<Shop>().currency, "SEK");
    // One that a higher layer replaces is nobody's problem.
    let replaced = World::new()
        .file("config/app.toml", file)
        .env("APP_SHOP__CURRENCY", "NOK");
    assert_eq!(replaced.bind::<Shop>().currency, "NOK");
    assert!(replaced.report::<Shop>().is_empty());
}
