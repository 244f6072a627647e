//! The stop: what is served until when, what is cut off, in which order things end, and with which exit code.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Exit, Sandbox, Service, eventually};
use crate::http::{Connection, Request};

/// Sends a request and waits until its handler is at work.
async fn under_way(service: &Service, target: &str, logs: &str) -> Connection {
    let mut connection = service.connect().await;
    let id = format!("under-way-{}", crate::harness::fresh());
    connection
        .write(&Request::get(target).header("x-request-id", &id).bytes())
        .await
        .unwrap();
    service
        .log_line(logs, |line| {
            line["message"] == logs && line["request_id"] == id.as_str()
        })
        .await;
    connection
}

/// Waits until the service has noticed that it is to stop.
async fn stopping(service: &Service) {
    service
        .log_line("stopping", |line| line["message"] == "stopping")
        .await;
}

/// The line of a step of the stop.
fn step(exit: &Exit, step: &str) -> Value {
    exit.log()
        .into_iter()
        .find(|line| line["step"] == step)
        .unwrap_or_else(|| panic!("no step {step}: {exit:?}"))
}

#[tokio::test]
async fn during_the_drain_delay_requests_are_served_and_readiness_is_off() {
    let service = Sandbox::new()
        .env("APP_LIFECYCLE__DRAIN_DELAY", "1s")
        .start()
        .await;
    assert_eq!(service.get("/ready").await.status, 200);
    let mut kept = service.connect().await;
    assert!(!kept.send(&Request::get("/text")).await.unwrap().closes());
    let at = Instant::now();
    service.signal(Signal::TERM);
    stopping(&service).await;

    let ready = service.get("/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(
        ready.json(),
        serde_json::json!({ "status": "OUT_OF_SERVICE", "reason": "draining" })
    );
    for target in ["/live", "/metrics", "/text", "/mounted/names/x"] {
        let answer = service.get(target).await;
        assert_eq!(answer.status, 200, "{target}");
    }
    assert!(
        service
            .get("/metrics")
            .await
            .text()
            .contains("\napp_ready 0\n")
    );
    // A client with a connection is asked to open its next one elsewhere.
    let answer = kept.send(&Request::get("/text")).await.unwrap();
    assert_eq!((answer.status, answer.closes()), (200, true));
    kept.closed().await.unwrap();

    let exit = service.exit().await;
    let took = exit.at - at;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(
        took >= Duration::from_secs(1) && took < Duration::from_secs(4),
        "{took:?}"
    );
    assert!(step(&exit, "drain delay")["took_ms"].as_f64().unwrap() >= 1000.0);
}

#[tokio::test]
async fn an_interrupt_skips_the_drain_delay() {
    let service = Sandbox::new()
        .env("APP_LIFECYCLE__DRAIN_DELAY", "1h")
        .start()
        .await;
    let at = Instant::now();
    service.signal(Signal::INT);
    let exit = service.exit().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(exit.at - at < Duration::from_secs(2), "{:?}", exit.at - at);
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    for second in [Signal::TERM, Signal::INT] {
        let service = Sandbox::new()
            .env("APP_LIFECYCLE__DRAIN_DELAY", "1h")
            .start()
            .await;
        let _waiting = under_way(&service, "/sleep?ms=3600000", "sleeping").await;
        service.signal(Signal::TERM);
        stopping(&service).await;
        let at = Instant::now();
        service.signal(second);
        let exit = service.exit().await;
        assert_eq!(exit.code, Some(130), "{exit:?}");
        assert!(exit.at - at < Duration::from_secs(1), "{:?}", exit.at - at);
    }
}

#[tokio::test]
async fn what_is_in_flight_finishes_and_the_stop_hook_comes_after() {
    let service = Sandbox::new().journal().start().await;
    let mut slow = under_way(&service, "/sleep?ms=700", "sleeping").await;
    service.signal(Signal::TERM);
    let answer = slow.answer("GET").await.unwrap();
    assert_eq!(
        (answer.status, answer.text(), answer.closes()),
        (200, "slept", true)
    );
    let exit = service.exit().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert_eq!(exit.journal, ["on_start", "slept", "on_stop"]);
}

#[tokio::test]
async fn a_stream_in_flight_is_sent_to_its_end() {
    let service = Sandbox::new().start().await;
    let mut connection = service.connect().await;
    connection
        .write(&Request::get("/stream?pieces=8&ms=100").bytes())
        .await
        .unwrap();
    assert_eq!(connection.head().await.unwrap().status, 200);
    let mut body = connection.chunk().await.unwrap().unwrap();
    service.signal(Signal::TERM);
    while let Some(chunk) = connection.chunk().await.unwrap() {
        body.extend(chunk);
    }
    let expected: String = (0..8).map(|piece| format!("piece {piece}\n")).collect();
    assert_eq!(String::from_utf8(body).unwrap(), expected);
    assert_eq!(service.exit().await.code, Some(0));
}

/// A request that has begun to arrive is accepted: its second half may come after the signal.
#[tokio::test]
async fn a_request_that_is_still_arriving_is_answered() {
    let service = Sandbox::new().start().await;
    let upload = Request::post("/bytes").body(vec![b'x'; 1000]).bytes();
    let head = Request::get("/text").bytes();
    let mut halves = Vec::new();
    for (bytes, at) in [(&upload, upload.len() - 500), (&head, head.len() - 10)] {
        let mut connection = service.connect().await;
        connection.write(&bytes[..at]).await.unwrap();
        halves.push((connection, bytes[at..].to_vec()));
    }
    // The first halves are there when an answer to a later request is.
    service.get("/text").await;
    service.signal(Signal::TERM);
    stopping(&service).await;
    for (connection, rest) in &mut halves {
        connection.write(rest).await.unwrap();
        let answer = connection.answer("GET").await.unwrap();
        assert_eq!(answer.status, 200);
        assert!(answer.closes());
    }
    assert_eq!(service.exit().await.code, Some(0));
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_cut_off_at_the_deadline() {
    let service = Sandbox::new()
        .journal()
        .env("APP_LIFECYCLE__SHUTDOWN_TIMEOUT", "500ms")
        .start()
        .await;
    let mut slow = under_way(&service, "/sleep?ms=3600000", "sleeping").await;
    let at = Instant::now();
    service.signal(Signal::TERM);
    slow.answer("GET").await.unwrap_err();
    let exit = service.exit().await;
    let took = exit.at - at;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(
        took >= Duration::from_millis(500) && took < Duration::from_secs(3),
        "{took:?}"
    );
    assert!(exit.logged("stop: requests done, 1 lost"), "{exit:?}");
    assert_eq!(step(&exit, "requests")["lost"], 1);
    let stopped = exit
        .log()
        .into_iter()
        .find(|line| line["message"] == "stopped")
        .unwrap();
    assert_eq!(stopped["aborted_requests"], 1);
    assert_eq!(
        exit.journal,
        ["on_start", "on_stop"],
        "what follows still runs"
    );
    let line = exit
        .log()
        .into_iter()
        .find(|line| line["target"] == "access" && line["path"] == "/sleep")
        .unwrap();
    assert_eq!(line["aborted"], true, "the access log has it, too");
}

/// Nobody can abort a handler that blocks its thread; the process ends all the same.
#[tokio::test]
async fn a_handler_that_blocks_cannot_hold_the_exit() {
    let service = Sandbox::new()
        .journal()
        .env("APP_LIFECYCLE__SHUTDOWN_TIMEOUT", "500ms")
        .start()
        .await;
    let _blocked = under_way(&service, "/block?ms=3600000", "blocking").await;
    let at = Instant::now();
    service.signal(Signal::TERM);
    let exit = service.exit().await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(exit.at - at < Duration::from_secs(5), "{:?}", exit.at - at);
    assert_eq!(exit.journal, ["on_start", "on_stop"]);
}

/// In a container with one core there is one worker thread, and one such handler blocks all of them.
#[tokio::test]
async fn handlers_that_block_every_worker_cannot_hold_the_exit() {
    let service = Sandbox::new()
        .journal()
        .env("TOKIO_WORKER_THREADS", "1")
        .env("APP_LIFECYCLE__SHUTDOWN_TIMEOUT", "500ms")
        .start()
        .await;
    let _blocked = under_way(&service, "/block?ms=3600000", "blocking").await;
    service.signal(Signal::TERM);
    // Within the limit of the harness: there is a deadline, even if it is that of the whole stop.
    let exit = service.exit().await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_stop() {
    let service = Sandbox::new().start().await;
    let mut idle = Vec::new();
    for _ in 0..20 {
        let mut connection = service.connect().await;
        assert_eq!(
            connection
                .send(&Request::get("/text"))
                .await
                .unwrap()
                .status,
            200
        );
        idle.push(connection);
    }
    let at = Instant::now();
    service.signal(Signal::TERM);
    for connection in &mut idle {
        connection.closed().await.unwrap();
    }
    let exit = service.exit().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(
        exit.at - at < Duration::from_millis(1500),
        "{:?}",
        exit.at - at
    );
}

/// Load balancers open connections ahead of time; port scanners open them for nothing.
#[tokio::test]
async fn connections_that_never_said_anything_do_not_hold_the_stop() {
    let service = Sandbox::new().start().await;
    let mut silent = Vec::new();
    for _ in 0..5 {
        silent.push(service.connect().await);
    }
    service.get("/text").await;
    let at = Instant::now();
    service.signal(Signal::TERM);
    for connection in &mut silent {
        connection.closed().await.unwrap();
    }
    let exit = service.exit().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(exit.at - at < Duration::from_secs(2), "{:?}", exit.at - at);
}

#[tokio::test]
async fn an_event_stream_ends_when_the_service_asks_it_to() {
    let service = Sandbox::new()
        .env("APP_LIFECYCLE__DRAIN_DELAY", "200ms")
        .start()
        .await;
    let mut connection = service.connect().await;
    connection
        .write(&Request::get("/events").bytes())
        .await
        .unwrap();
    let head = connection.head().await.unwrap();
    assert_eq!(
        (head.status, head.header("content-type")),
        (200, Some("text/event-stream"))
    );
    assert_eq!(
        connection.chunk().await.unwrap().unwrap(),
        b"data: hello\n\n"
    );
    let at = Instant::now();
    service.signal(Signal::TERM);
    let mut last = Vec::new();
    while let Some(chunk) = connection.chunk().await.unwrap() {
        last = chunk;
    }
    assert_eq!(last, b"data: goodbye\n\n");
    assert!(
        at.elapsed() >= Duration::from_millis(200),
        "not before the listener closes"
    );
    let exit = service.exit().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(exit.at - at < Duration::from_secs(3), "{:?}", exit.at - at);
}

#[tokio::test]
async fn a_task_that_runs_may_finish_and_none_begins_after() {
    let service = Sandbox::new()
        .journal()
        .env("APP_CONFORMANCE__RUN_TAKES", "600ms")
        .start()
        .await;
    eventually("a run has begun", async || {
        service.journal().contains(&"run begins".to_owned())
    })
    .await;
    let exit = service.stop().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert_eq!(
        exit.journal,
        ["on_start", "run begins", "run ends", "on_stop"]
    );
}

#[tokio::test]
async fn every_step_is_logged_with_its_duration_and_in_order() {
    let service = Sandbox::new()
        .env("APP_LIFECYCLE__DRAIN_DELAY", "100ms")
        .start()
        .await;
    let exit = service.stop().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let log = exit.log();
    let steps: Vec<&str> = log
        .iter()
        .filter_map(|line| line["step"].as_str())
        // Pools: there when the workspace is tested with the features of the databases.
        .filter(|step| *step != "close")
        .collect();
    assert_eq!(steps, ["drain delay", "requests", "tasks", "on_stop"]);
    assert!(
        log.iter()
            .filter(|line| line["step"].is_string())
            .all(|line| line["took_ms"].is_f64()),
        "{exit:?}"
    );
    let last = log.last().unwrap();
    assert_eq!(
        (&last["message"], &last["aborted_requests"]),
        (&"stopped".into(), &0.into())
    );
}

/// tokio leaves its timers and sockets to one worker, and that one may be the one that is blocked.
#[tokio::test]
async fn a_handler_that_blocks_its_worker_holds_up_nobody_else() {
    let service = Sandbox::new()
        .env("TOKIO_WORKER_THREADS", "2")
        .start()
        .await;
    for _ in 0..4 {
        let others = async {
            // After the other has begun to block.
            tokio::time::sleep(Duration::from_millis(100)).await;
            let began = Instant::now();
            for _ in 0..5 {
                assert_eq!(service.get("/text").await.status, 200);
            }
            began.elapsed()
        };
        let (blocked, took) = tokio::join!(service.get("/block?ms=1500"), others);
        assert_eq!(blocked.status, 200);
        assert!(
            took < Duration::from_millis(1000),
            "five requests took {took:?}"
        );
    }
}
