//! Start, service, reload, stop.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::{courier, own, password};
use crate::blocking;
use crate::harness::eventually;
use crate::http::Request;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_in_handlers() {
    let server = own().await;
    let service = courier(&server.url())
        .env("APP_MANAGEMENT__PORT", "0")
        .start()
        .await;
    assert_eq!(service.get("/count").await.text(), "1");
    assert_eq!(service.get("/count").await.text(), "2");
    assert_eq!(service.get("/notes/none").await.status, 404);
    let put = Request::new("PUT", "/notes/a").body("hello");
    assert_eq!(service.send(put).await.status, 204);
    assert_eq!(service.get("/notes/a").await.text(), "hello");

    // One waits for work, the others do not wait for him.
    let waiting = service.get("/work");
    let others = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(service.get("/count").await.text(), "3");
        service
            .send(Request::new("POST", "/work").body("dig"))
            .await
    };
    let (work, brought) = tokio::join!(waiting, others);
    assert_eq!((work.text(), brought.status), ("dig", 202));

    for (path, logged) in [
        ("/mistake", "connection of its own"),
        ("/type", "not an integer"),
    ] {
        let answer = service.get(path).await;
        assert_eq!(answer.status, 500);
        assert!(!answer.text().contains(logged), "{}", answer.text());
        service
            .log_line("why", |line| line.to_string().contains(logged))
            .await;
    }

    let health = json(service.manage("/health/redis").await.text());
    assert_eq!(health["status"], "UP");
    assert_eq!(health["details"]["mode"], "standalone");
    assert_eq!(health["details"]["pool"]["max"], 10);
    let conditions = service.manage("/conditions").await.text().to_owned();
    assert!(
        conditions.contains("standalone at 127.0.0.1:"),
        "{conditions}"
    );
    let metrics = service.manage("/metrics").await.text().to_owned();
    for expected in [
        r#"redis_operation_duration_seconds_count{operation="INCRBY"} 3"#,
        "redis_connected 1",
        r#"redis_connections{state="used"} 0"#,
        r#"redis_connections{state="idle"} 1"#,
    ] {
        assert!(metrics.contains(expected), "{expected}: {metrics}");
    }
    let env = service.manage("/env").await.text().to_owned();
    let exit = service.stop().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let said = format!("{env}{health}{conditions}{}{}", exit.stdout, exit.stderr);
    assert!(!said.contains(&password(&server.url())), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_url_it_does_not_start() {
    let exit = courier("").without("REDIS_URL").spawn().exit().await;
    assert_eq!(exit.code, Some(78));
    for expected in ["redis.url: required, and not set", "set REDIS_URL"] {
        assert!(exit.stderr.contains(expected), "{}", exit.stderr);
    }
    let exit = courier("redis+sentinel://:hunter2@localhost")
        .spawn()
        .exit()
        .await;
    assert_eq!(exit.code, Some(78));
    assert!(
        exit.stderr.contains("redis+sentinel://host1,host2/NAME"),
        "{}",
        exit.stderr
    );
    assert!(!exit.stderr.contains("hunter2"), "{}", exit.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_it_waits_and_gives_up() {
    let exit = courier("redis://:hunter2@127.0.0.1:1")
        .env("APP_REDIS__CONNECT_TIMEOUT", "400ms")
        .spawn()
        .exit()
        .await;
    assert_eq!(exit.code, Some(69), "{exit:?}");
    let said = format!("{}{}", exit.stdout, exit.stderr);
    assert!(
        said.contains("Redis at 127.0.0.1:1/0 could not be reached"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_critical_is_not_needed() {
    let server = own().await;
    let server = blocking(move || {
        server.kill().unwrap();
        server
    })
    .await;
    let service = courier(&server.url())
        .env("APP_REDIS__CRITICAL", "false")
        .env("APP_HEALTH__CACHE", "0s")
        .start()
        .await;
    assert_eq!(service.get("/count").await.status, 503);
    assert_eq!(service.get("/ready").await.status, 200);
    let health = service.get("/health").await;
    assert_eq!(
        (health.status, json(health.text())["status"].as_str()),
        (200, Some("DEGRADED"))
    );
    let _server = blocking(move || {
        server.restart().unwrap();
        server
    })
    .await;
    eventually("it works", async || {
        service.get("/count").await.status == 200
    })
    .await;
    eventually("it is up", async || {
        json(service.get("/health").await.text())["status"] == "UP"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_needs_no_restart() {
    let server = own().await;
    let port = server.port().unwrap();
    let first = password(&server.url());
    let sandbox = courier("")
        .without("REDIS_URL")
        .file("secrets/redis_url", &server.url());
    let secret = sandbox.path("secrets/redis_url");
    let service = sandbox.start().await;
    assert_eq!(service.get("/count").await.status, 200);
    let second = "another-password";
    let answer = resp(
        port,
        &format!("AUTH {first}\r\nCONFIG SET requirepass {second}\r\nCLIENT KILL TYPE normal\r\n"),
    )
    .await;
    assert!(answer.starts_with("+OK\r\n+OK\r\n"), "{answer}");
    eventually("the old password does not work", async || {
        service.get("/count").await.status == 503
    })
    .await;
    std::fs::write(&secret, format!("redis://:{second}@127.0.0.1:{port}/")).unwrap();
    service.signal(Signal::HUP);
    eventually("the new password works", async || {
        service.get("/count").await.status == 200
    })
    .await;
    let exit = service.stop().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let said = format!("{}{}", exit.stdout, exit.stderr);
    assert!(!said.contains(&first) && !said.contains(second), "{said}");
}

/// Commands by hand, and the answer to them.
async fn resp(port: u16, commands: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .unwrap();
    stream.write_all(commands.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1024];
    let mut length = 0;
    let lines = commands.lines().count();
    while answer[..length]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        < lines
    {
        match stream.read(&mut answer[length..]).await.unwrap() {
            0 => break,
            read => length += read,
        }
    }
    String::from_utf8_lossy(&answer[..length]).into_owned()
}
