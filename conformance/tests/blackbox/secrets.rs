//! A secret is never printed, wherever it stands and whatever goes wrong with it.

use rustix::process::Signal;

use crate::harness::{Exit, Sandbox};

/// What must be nowhere. It is a word, so that no masking of numbers or URLs hides it by accident.
const CANARY: &str = "canary7f3a9";

fn assert_silent(what: &str, text: &str) {
    assert!(!text.contains(CANARY), "{what}: {text}");
}

fn assert_exit_silent(what: &str, exit: &Exit) {
    assert_silent(what, &exit.stdout);
    assert_silent(what, &exit.stderr);
}

type Place = fn(Sandbox) -> Sandbox;

/// Everywhere that a secret can be given rightly.
const PLACES: [(&str, Place); 9] = [
    ("the environment", |s| s.env("APP_SHOP__API_KEY", CANARY)),
    ("app.toml", |s| {
        s.file(
            "config/app.toml",
            &format!("[shop]\napi_key = \"{CANARY}\"\n"),
        )
    }),
    ("a placeholder", |s| {
        s.file("config/app.toml", "[shop]\napi_key = \"${THE_KEY}\"\n")
            .env("THE_KEY", CANARY)
    }),
    ("the default of a placeholder", |s| {
        s.file(
            "config/app.toml",
            &format!("[shop]\napi_key = \"${{THE_KEY:-{CANARY}}}\"\n"),
        )
    }),
    (".env", |s| {
        s.file(".env", &format!("APP_SHOP__API_KEY={CANARY}\n"))
    }),
    ("a secret file", |s| {
        s.file("secrets/shop__api_key", &format!("{CANARY}\n"))
    }),
    ("a file that a variable names", |s| {
        let path = s.path("elsewhere").display().to_string();
        s.file("elsewhere", &format!("{CANARY}\n"))
            .env("APP_SHOP__API_KEY_FILE", &path)
    }),
    ("a store of the application's own", |s| {
        let path = s.path("store").display().to_string();
        s.file("store", &format!("shop.api_key {CANARY}\n"))
            .env("APP_CONFORMANCE__STORE", &path)
    }),
    ("an argument", |s| {
        s.args(&["--set", &format!("shop.api_key={CANARY}")])
    }),
];

#[tokio::test]
async fn a_secret_arrives_from_everywhere_and_is_shown_nowhere() {
    for (place, put) in PLACES {
        let sandbox = || put(Sandbox::new().without("APP_SHOP__API_KEY")).env("RUST_LOG", "trace");
        for command in [
            &["config"][..],
            &["config", "--format", "json"],
            &["check"],
            &["check", "--connect"],
            &["routes"],
        ] {
            let exit = sandbox().run(command).await;
            assert_eq!(exit.code, Some(0), "{place} {command:?}: {exit:?}");
            assert_exit_silent(place, &exit);
        }
        let service = sandbox().start().await;
        let lengths = service.get("/settings/secrets").await;
        assert_eq!(
            lengths.text(),
            format!("{} 0 0 0 0", CANARY.len()),
            "{place}"
        );
        for endpoint in [
            "/env",
            "/health",
            "/info",
            "/components",
            "/conditions",
            "/startup",
            "/metrics",
            "/tasks",
            "/routes",
            "/loggers",
            "/panic/config",
            "/panic",
            "/error/internal",
            "/error/unavailable",
            "/error/io",
            "/error/plain",
            "/error/missing",
            "/error/conflict",
            "/nowhere",
        ] {
            assert_silent(place, &service.get(endpoint).await.everything());
        }
        assert_eq!(
            service.get("/env").await.json()["properties"]["shop.api_key"]["value"],
            "***",
            "{place}"
        );
        service.signal(Signal::HUP);
        service
            .log_line("the reload", |line| {
                line["message"] == "configuration read again: nothing changed"
            })
            .await;
        let exit = service.stop().await;
        assert_eq!(exit.code, Some(0), "{place}: {exit:?}");
        assert!(
            exit.stdout.contains("cannot go on with *** and ***"),
            "{place}: the panic is logged"
        );
        assert_exit_silent(place, &exit);
    }
}

/// Secrets that are not one text: a number, a list, a key that is only named like one, a URL with credentials.
#[tokio::test]
async fn secrets_of_other_shapes_are_not_shown_either() {
    let sandbox = || {
        Sandbox::new()
            .env("APP_SHOP__PIN", "99731")
            .env("APP_SHOP__PARTNERS", &format!("{CANARY}-1,{CANARY}-2"))
            .env("APP_SHOP__SIGNING_KEY", CANARY)
            .env(
                "APP_SHOP__WEBHOOK",
                &format!("https://user:{CANARY}@hooks.test/path"),
            )
            .env("RUST_LOG", "trace")
    };
    for command in [&["config"][..], &["config", "--format", "json"], &["check"]] {
        let exit = sandbox().run(command).await;
        assert_eq!(exit.code, Some(0), "{command:?}: {exit:?}");
        assert_exit_silent("a shape", &exit);
        assert!(!exit.stdout.contains("99731"), "{exit:?}");
    }
    let service = sandbox().start().await;
    assert_eq!(
        service.get("/settings/secrets").await.text(),
        "20 5 26 11 40"
    );
    let environment = service.get("/env").await;
    assert_silent("/env", &environment.everything());
    assert!(!environment.everything().contains("99731"));
    assert_eq!(
        environment.json()["properties"]["shop.webhook"]["value"],
        "https://***@hooks.test/path"
    );
    let exit = service.stop().await;
    assert_exit_silent("the log", &exit);
}

/// A report quotes what it found, and must not when that is a secret.
#[tokio::test]
async fn no_report_quotes_a_secret() {
    let mistakes: [(&str, Place); 12] = [
        ("a number that is none", |s| s.env("APP_SHOP__PIN", CANARY)),
        ("a list for a text", |s| {
            s.file(
                "config/app.toml",
                &format!("[shop]\napi_key = [\"{CANARY}\"]\n"),
            )
        }),
        ("a section for a text", |s| {
            s.file(
                "config/app.toml",
                &format!("[shop.api_key]\nvalue = \"{CANARY}\"\n"),
            )
        }),
        ("a list of wrong things", |s| {
            s.file(
                "config/app.toml",
                &format!("[shop]\npartners = [{{ key = \"{CANARY}\" }}]\n"),
            )
        }),
        ("no quotes", |s| {
            s.file("config/app.toml", &format!("[shop]\napi_key = {CANARY}\n"))
        }),
        ("no closing quote", |s| {
            s.file(
                "config/app.toml",
                &format!("[shop]\napi_key = \"{CANARY}\nx = 1\n"),
            )
        }),
        ("the same key twice", |s| {
            s.file(
                "config/app.toml",
                &format!("[shop]\napi_key = \"{CANARY}\"\napi_key = \"{CANARY}\"\n"),
            )
        }),
        ("a line of .env", |s| {
            s.file(".env", &format!("APP_SHOP__API_KEY='{CANARY}\n"))
        }),
        ("a key that nobody knows", |s| {
            s.file(
                "config/app.toml",
                &format!("[shop]\napi_kee = \"{CANARY}\"\n"),
            )
        }),
        ("an argument without a sign", |s| {
            s.args(&["--set", &format!("shop.api_key {CANARY}")])
        }),
        ("a key named like a secret, of another type", |s| {
            s.args(&[&format!("--server.port=http://u:{CANARY}@h/")])
        }),
        ("a placeholder that is not complete", |s| {
            s.file(
                "config/app.toml",
                &format!("[shop]\napi_key = \"${{THE_KEY:-{CANARY}\"\n"),
            )
        }),
    ];
    for (mistake, make) in mistakes {
        for command in ["run", "check", "config"] {
            let exit = make(
                Sandbox::new()
                    .without("APP_SHOP__API_KEY")
                    .env("RUST_LOG", "trace"),
            )
            .run(&[command])
            .await;
            assert_eq!(exit.code, Some(78), "{mistake}: {exit:?}");
            assert!(
                exit.stderr.starts_with("error: the configuration has "),
                "{mistake}: {exit:?}"
            );
            assert_exit_silent(mistake, &exit);
        }
    }
}

/// Commands and options that are wrong are repeated; values are not.
#[tokio::test]
async fn a_wrong_option_does_not_repeat_its_value() {
    let exit = Sandbox::new()
        .run(&["run", &format!("--api_key={CANARY}")])
        .await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(exit.stderr.contains("--api_key"), "{exit:?}");
    assert_exit_silent("an option", &exit);
}

#[tokio::test]
async fn a_missing_secret_says_how_it_can_be_given() {
    let exit = Sandbox::new()
        .without("APP_SHOP__API_KEY")
        .run(&["check"])
        .await;
    assert_eq!(exit.code, Some(78));
    let help = "help: set APP_SHOP__API_KEY, or put a file named shop__api_key in /run/secrets";
    assert!(
        exit.stderr.contains("shop.api_key: required, and not set") && exit.stderr.contains(help),
        "{exit:?}"
    );
}

/// What a client sends can be secret too: neither queries nor headers are logged, at any level of ours.
#[tokio::test]
async fn the_secrets_of_clients_are_not_logged() {
    use crate::http::Request;
    let service = Sandbox::new()
        .env(
            "RUST_LOG",
            "info,rustboot=trace,rustboot_web=trace,rustboot_core=trace",
        )
        .start()
        .await;
    for target in [
        "/text",
        "/nowhere",
        "/panic",
        "/error/internal",
        "/search",
        "/mounted/names/x",
        "/mounted/nowhere",
    ] {
        let request = Request::get(&format!("{target}?token={CANARY}"))
            .header("authorization", &format!("Bearer {CANARY}"))
            .header("cookie", &format!("session={CANARY}"));
        let answer = service.send(request).await;
        assert_silent(target, &answer.everything());
    }
    service.settle().await;
    let exit = service.stop().await;
    assert_exit_silent("the log", &exit);
}
