//! The start: one ready line, or a message that says what to do, and the exit code for it.

use std::net::TcpListener;

use rustix::process::Signal;

use crate::harness::{Exit, Sandbox, eventually};

#[tokio::test]
async fn the_ready_line_says_what_is_there_and_how_long_it_took() {
    let service = Sandbox::new().start().await;
    let ready = &service.ready;
    assert_eq!(
        ready["message"],
        format!(
            "rustboot-conformance 0.1.0 is ready on http://{}",
            service.address
        )
    );
    assert_eq!(ready["level"], "INFO");
    assert_eq!(ready["profile"], "dev");
    assert!(
        ready["took_ms"]
            .as_f64()
            .is_some_and(|took| took > 0.0 && took < 20_000.0),
        "{ready}"
    );
    let phases = ready["phases"].as_str().unwrap();
    let names: Vec<&str> = phases
        .split(", ")
        .filter_map(|phase| phase.split(' ').next())
        .collect();
    assert_eq!(
        names,
        [
            "configuration",
            "modules",
            "components",
            "migrations",
            "health",
            "on_start",
            "bind"
        ]
    );
    service.settle().await;
    let ready_lines = service
        .log()
        .iter()
        .filter(|line| line["message"] == ready["message"])
        .count();
    assert_eq!(ready_lines, 1);
}

/// Why it did not start has to be in what gets collected, too: the log, whose writer is a thread that ends with the process.
fn assert_in_the_log(exit: &Exit, text: &str) {
    let log = exit.log();
    let said = log.iter().any(|line| {
        line["level"] == "ERROR"
            && line["message"]
                .as_str()
                .is_some_and(|message| message.contains(text))
    });
    assert!(said, "{exit:?}");
}

#[tokio::test]
async fn a_report_is_in_the_log_as_well() {
    let exit = Sandbox::new().env("APP_SERVER__PORT", "80a").run(&[]).await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert_in_the_log(&exit, "server.port: expected a number from 0 to 65535");
}

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_set() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for (sandbox, key) in [
        (
            Sandbox::new().env("APP_SERVER__PORT", &address.port().to_string()),
            "server.port",
        ),
        (
            Sandbox::new().env("APP_MANAGEMENT__PORT", &address.port().to_string()),
            "management.port",
        ),
    ] {
        let exit = sandbox.journal().run(&[]).await;
        assert_eq!(exit.code, Some(1), "{exit:?}");
        assert!(exit.stderr.starts_with("error: "), "{exit:?}");
        assert!(exit.stderr.contains(&address.to_string()), "{exit:?}");
        assert!(
            exit.stderr.contains("in use") && exit.stderr.contains(key),
            "{exit:?}"
        );
        assert!(!exit.stdout.contains("is ready"), "{exit:?}");
        assert_in_the_log(&exit, &address.to_string());
        assert!(
            !exit.stderr.contains("panicked") && !exit.stdout.contains("panic"),
            "{exit:?}"
        );
    }
}

#[tokio::test]
async fn an_address_of_another_machine_is_named_with_what_to_set() {
    // TEST-NET-1: no machine has it.
    let exit = Sandbox::new()
        .env("APP_SERVER__HOST", "192.0.2.1")
        .run(&[])
        .await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(
        exit.stderr.contains("192.0.2.1:0") && exit.stderr.contains("server.host"),
        "{exit:?}"
    );
}

#[tokio::test]
async fn a_start_hook_that_fails_ends_the_start_before_the_port_is_bound() {
    let exit = Sandbox::new()
        .journal()
        .env("APP_CONFORMANCE__FAIL_START", "true")
        .run(&[])
        .await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(
        exit.stderr.contains("the start hook was told to fail"),
        "{exit:?}"
    );
    assert!(
        exit.stderr
            .contains("`started` (conformance/src/journal.rs:"),
        "which hook, and where: {exit:?}"
    );
    assert!(!exit.stdout.contains("is ready"), "{exit:?}");
    assert_eq!(
        exit.journal,
        ["on_start"],
        "no stop hook for what did not start"
    );
}

/// 69: a hook that does not come back is a dependency that could not be reached in time.
#[tokio::test]
async fn a_start_hook_that_hangs_is_cut_off() {
    let exit = Sandbox::new()
        .env("APP_CONFORMANCE__START_TAKES", "1h")
        .env("APP_LIFECYCLE__START_TIMEOUT", "200ms")
        .run(&[])
        .await;
    assert_eq!(exit.code, Some(69), "{exit:?}");
    assert!(exit.stderr.contains("lifecycle.start_timeout"), "{exit:?}");
}

/// A rollout that is called off must not wait for a start to finish.
#[tokio::test]
async fn a_signal_during_the_start_ends_it() {
    let process = Sandbox::new()
        .journal()
        .env("APP_CONFORMANCE__START_TAKES", "1h")
        .spawn();
    eventually("the start hook runs", async || {
        process.journal() == ["on_start"]
    })
    .await;
    process.signal(Signal::TERM);
    let exit = process.exit().await;
    assert!(
        exit.code.is_some(),
        "ended by itself, not by the signal: {exit:?}"
    );
    assert!(!exit.stdout.contains("is ready"), "{exit:?}");
}
