//! Which source wins, and what it is called.

use super::*;
use crate::config::Profile;

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
fn profiles_have_aliases_and_files() {
    let profile = |world: World| world.builder().profile().to_string();
    assert_eq!(profile(World::new()), Profile::dev().as_str());
    let production = profile(World::new().env("APP_ENV", "production"));
    assert_eq!(production, Profile::prod().as_str());
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
}
