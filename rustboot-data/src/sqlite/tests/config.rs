//! URLs, and what is never repeated of them.

use rustboot_core::config::Properties as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::*;

fn problem(url: &str) -> String {
    let config = DatabaseConfig {
        url: Some(url.to_owned().into()),
        ..DatabaseConfig::default()
    };
    let mut problems = Vec::new();
    config.check(&mut problems);
    let text: Vec<String> = problems
        .into_iter()
        .map(|(key, message)| format!("{key}: {message}"))
        .collect();
    assert!(!format!("{config:?}").contains("hunter2"));
    text.join("\n")
}

#[test]
fn urls_that_sqlite_opens() {
    for url in [
        "sqlite:data/app.db",
        "sqlite://data/app.db",
        "sqlite:///var/lib/app@2/app.db",
        "sqlite:app.db?mode=ro",
        "SQLITE:app.db?mode=rwc&cache=private",
        "sqlite::memory:",
        "sqlite:shared?mode=memory",
    ] {
        assert_eq!(problem(url), "", "{url}");
    }
    let base = Path::new("/srv/app");
    for (url, place) in [
        (
            "sqlite:data/a%20b.db",
            Place::File("/srv/app/data/a b.db".into()),
        ),
        ("sqlite:///tmp/a.db", Place::File("/tmp/a.db".into())),
        ("sqlite://:memory:", Place::Memory),
        ("sqlite:x?mode=memory", Place::Memory),
    ] {
        assert_eq!(Target::from_url(url, base).unwrap().place, place, "{url}");
    }
    assert!(
        Target::from_url("sqlite:a.db?mode=ro", base)
            .unwrap()
            .read_only
    );
}

#[test]
fn other_urls_are_explained_and_never_repeated() {
    for (url, expected) in [
        #[cfg(not(feature = "postgres"))]
        ("postgres://u:hunter2@h/db", "feature `postgres`"),
        #[cfg(not(feature = "mysql"))]
        ("mysql://u:hunter2@h/db", "feature `mysql`"),
        ("oracle://u:hunter2@h/db", "expected a database URL"),
        ("hunter2", "expected a database URL"),
        ("sqlite://u:hunter2@h/db", "no user, password or host"),
        ("sqlite:a.db?key=hunter2", "a parameter of the URL"),
        ("sqlite:a.db?mode=hunter2", "a parameter of the URL"),
        ("sqlite:", "names no file"),
        ("sqlite:%ff.db", "not valid UTF-8"),
    ] {
        let text = problem(url);
        assert!(text.contains(expected), "{url}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn the_defaults_in_code_are_those_of_the_fields() {
    use rustboot_core::AppBuilder;
    use rustboot_core::config::Sources;
    let dir = tempfile::tempdir().unwrap();
    let mut app = AppBuilder::new(rustboot_core::AppInfo::new("shop", "1.0.0"));
    app.sources(Sources::empty(dir.path()))
        .without_collected_items();
    let bound = app.config::<DatabaseConfig>().unwrap();
    let default = DatabaseConfig::default();
    assert_eq!(format!("{:?}", *bound), format!("{default:?}"));
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_told_without_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let connect = async |url: String| {
        let config = DatabaseConfig {
            url: Some(url.into()),
            ..DatabaseConfig::default()
        };
        let began = std::time::Instant::now();
        let error = SqliteDb::connect(&config, dir.path()).await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(5), "{error}");
        error
    };
    let error = connect("sqlite:nowhere/app.db".to_owned()).await;
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("nowhere"), "{error}");
    let error = connect("sqlite:app.db?mode=rw".to_owned()).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    std::fs::write(
        dir.path().join("text.db"),
        "this is no database, but a file full of text".repeat(20),
    )
    .unwrap();
    let error = connect("sqlite:text.db".to_owned()).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("not a database"), "{error}");
}

#[tokio::test]
async fn a_database_that_is_locked_is_waited_for_and_then_given_up() {
    let Fixture { db, dir } = fixture(policy()).await;
    db.close(Duration::from_secs(1)).await.unwrap();
    // Somebody has the whole file, in the old journal mode, so that it cannot be switched to WAL.
    let options = SqliteConnectOptions::new()
        .filename(dir.path().join("data/test.db"))
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Delete)
        .locking_mode(sqlx::sqlite::SqliteLockingMode::Exclusive);
    let mut holder = options.connect().await.unwrap();
    sqlx::query("INSERT INTO item (name) VALUES ('mine')")
        .execute(&mut holder)
        .await
        .unwrap();
    let target = Target::file(dir.path().join("data/test.db"));
    let mut impatient = target.clone();
    impatient.options = impatient.options.busy_timeout(Duration::from_millis(10));
    let began = std::time::Instant::now();
    let limit = Duration::from_millis(500);
    let error = SqliteDb::open_with(
        impatient.clone(),
        Policy {
            connect_timeout: limit,
            ..policy()
        },
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        began.elapsed() > Duration::from_millis(100),
        "it tried again"
    );
    let (opened, ()) = tokio::join!(SqliteDb::open_with(impatient, policy()), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        sqlx::Connection::close(holder).await.unwrap();
    });
    assert_eq!(count(&opened.unwrap()).await, 1);
}
