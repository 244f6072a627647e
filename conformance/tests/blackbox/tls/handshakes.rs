//! Clients with TLS, and those that never get that far.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::process::Signal;
use rustls::version::{TLS12, TLS13};
use tokio::task::JoinSet;

use super::{Authority, Client, connect, encrypted, get, metric};
use crate::harness::{Sandbox, eventually, within};
use crate::http::{Connection, Request};

#[tokio::test]
async fn clients_of_both_versions_are_served() {
    let authority = Authority::new();
    let service = encrypted(&authority.issue()).start().await;
    let ready = service.ready["message"].as_str().unwrap();
    assert!(ready.contains("https://127.0.0.1:"), "{ready}");
    let client = Client::trusting(&authority);
    for version in [&TLS12, &TLS13] {
        let client = client.clone().version(version);
        let mut connection = connect(&client, &service).await.unwrap();
        for _ in 0..2 {
            let request = Request::post("/echo").json(r#"{"a":[1]}"#);
            let answer = connection.send(&request).await.unwrap();
            assert_eq!((answer.status, answer.text()), (200, r#"{"a":[1]}"#));
        }
        // Larger than a record.
        let request = Request::post("/bytes").body(vec![7; 1_000_000]);
        assert_eq!(connection.send(&request).await.unwrap().text(), "1000000");
    }
    let request = Request::get("/text").header("x-request-id", "over-tls");
    let mut connection = connect(&client, &service).await.unwrap();
    connection.send(&request).await.unwrap();
    let line = service.access_line("over-tls").await;
    assert_eq!(line["client_ip"], "127.0.0.1");

    let port = service.port().to_string();
    let probe = encrypted(&authority.issue()).env("APP_SERVER__PORT", &port);
    assert_eq!(probe.run(&["health"]).await.code, Some(0));
    assert_eq!(service.stop().await.code, Some(0));
    // An idle client is told that this was the end, and not cut off.
    connection.closed().await.unwrap();
    let probe = encrypted(&authority.issue()).env("APP_SERVER__PORT", &port);
    let exit = probe.run(&["health"]).await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(exit.stderr.contains("https://127.0.0.1"), "{exit:?}");
}

#[tokio::test]
async fn the_protocol_is_negotiated() {
    let authority = Authority::new();
    let service = encrypted(&authority.issue()).start().await;
    let client = Client::trusting(&authority);
    for (offered, chosen) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let stream = client
            .clone()
            .protocols(offered)
            .connect(&service.address)
            .await
            .unwrap();
        let negotiated = stream.get_ref().1.alpn_protocol();
        assert_eq!(negotiated, chosen.map(str::as_bytes), "{offered:?}");
    }
    let spdy = client
        .protocols(&["spdy/3"])
        .connect(&service.address)
        .await;
    assert!(spdy.is_err(), "nothing in common");
}

/// A stop with HTTP/2 streams under way: GOAWAY, their answers, and the end.
#[tokio::test]
async fn streams_in_flight_are_answered_while_the_service_stops() {
    let authority = Authority::new();
    let service = encrypted(&authority.issue()).start().await;
    let stream = Client::trusting(&authority)
        .protocols(&["h2"])
        .connect(&service.address)
        .await
        .unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let mut client = client.ready().await.unwrap();
    let mut streams = Vec::new();
    for number in 0..5 {
        let request = http::Request::get("https://service.test/sleep?ms=1500")
            .header("x-request-id", format!("stream-{number}"))
            .body(())
            .unwrap();
        streams.push(client.send_request(request, true).unwrap().0);
    }
    for number in 0..5 {
        let id = format!("stream-{number}");
        service
            .log_line("a handler at work", |line| {
                line["message"] == "sleeping" && line["request_id"] == id.as_str()
            })
            .await;
    }
    service.signal(Signal::INT);
    for stream in streams {
        let mut answer = within("an answer", stream).await.unwrap();
        assert_eq!(answer.status(), 200);
        let mut body = Bytes::new();
        while let Some(data) = answer.body_mut().data().await {
            body = data.unwrap();
        }
        assert_eq!(body, "slept");
    }
    // Told to go, by a GOAWAY without an error. The service closes the socket then, and a client that still has something to say,
    // such as its own farewell, finds it closed.
    let ended = within("the end of the connection", driver.join_next()).await;
    if let Err(error) = ended.unwrap().unwrap() {
        assert!(error.is_io(), "{error:?}");
    }
    let refused = client.ready().await;
    assert!(refused.is_err(), "a stream on a connection that is closed");
    let exit = service.exit().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
}

/// Connections count from the first packet, so who says nothing must not stay.
#[tokio::test]
async fn a_client_that_does_not_finish_its_handshake_is_cut_off() {
    let authority = Authority::new();
    let service = encrypted(&authority.issue())
        .env("APP_SERVER__TLS__HANDSHAKE_TIMEOUT", "500ms")
        .env("APP_SERVER__MAX_CONNECTIONS", "1")
        .start()
        .await;
    // Nothing, and the beginning of a ClientHello.
    for beginning in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00"] {
        let at = Instant::now();
        let mut silent = service.connect().await;
        silent.write(beginning).await.unwrap();
        let mut waiting = JoinSet::new();
        let client = Client::trusting(&authority);
        let address = service.address.clone();
        waiting.spawn(async move {
            let mut connection = Connection::over(client.connect(&address).await?);
            connection.send(&Request::get("/text")).await
        });
        // A reset is fine as well: part of what it said was not read.
        let _cut_off = silent.closed().await;
        let took = at.elapsed();
        assert!(
            took >= Duration::from_millis(400) && took < Duration::from_secs(10),
            "{took:?}"
        );
        // There is room again.
        assert_eq!(
            waiting.join_next().await.unwrap().unwrap().unwrap().text(),
            "hello"
        );
    }
    let failures = metric(&service, "tls_handshake_failures_total", &[]).await;
    assert_eq!(failures, 2.0);
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_head_is_cut_off_inside_of_tls_as_well() {
    let authority = Authority::new();
    let service = encrypted(&authority.issue())
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "300ms")
        .start()
        .await;
    let client = Client::trusting(&authority);
    for beginning in ["", "GET /text HTTP/1.1\r\nx-slow: "] {
        let mut slow = connect(&client, &service).await.unwrap();
        slow.write(beginning.as_bytes()).await.unwrap();
        let answer = slow.answer("GET").await;
        assert!(answer.is_err(), "{answer:?}");
    }
    assert_eq!(get(&client, &service, "/text").await.unwrap().status, 200);
}

#[tokio::test]
async fn what_is_not_tls_gets_no_answer_and_harms_nobody() {
    let authority = Authority::new();
    let service = encrypted(&authority.issue()).start().await;
    for nonsense in [
        &b"GET /text HTTP/1.1\r\nhost: x\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &[0; 64],
        &[0x16; 64],
    ] {
        let mut connection = service.connect().await;
        connection.write(nonsense).await.unwrap();
        assert!(connection.answer("GET").await.is_err());
    }
    let strangers = Client::trusting(&Authority::new());
    assert!(strangers.connect(&service.address).await.is_err());
    eventually("all five are counted", async || {
        metric(&service, "tls_handshake_failures_total", &[]).await == 5.0
    })
    .await;
    let client = Client::trusting(&authority);
    assert_eq!(get(&client, &service, "/text").await.unwrap().status, 200);
    let exit = service.stop().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(!exit.stdout.contains("panic"), "{exit:?}");
}

#[tokio::test]
async fn clients_show_certificates_where_they_have_to() {
    let authority = Authority::new();
    let clients = Authority::new();
    let sandbox = |auth: &str| -> Sandbox {
        encrypted(&authority.issue())
            .file("tls/ca.crt", &clients.pem())
            .env("APP_SERVER__TLS__CLIENT_CA", "tls/ca.crt")
            .env("APP_SERVER__TLS__CLIENT_AUTH", auth)
    };
    let without = Client::trusting(&authority);
    let known = without.clone().identity(&clients.issue());
    let unknown = without.clone().identity(&Authority::new().issue());
    for (auth, nobody_is_fine) in [("required", false), ("optional", true)] {
        let service = sandbox(auth).start().await;
        for (client, is_fine) in [
            (&without, nobody_is_fine),
            (&known, true),
            (&unknown, false),
        ] {
            for version in [&TLS12, &TLS13] {
                let client = client.clone().version(version);
                let answer = get(&client, &service, "/text").await;
                let status = answer.as_ref().ok().map(|answer| answer.status);
                assert_eq!(status, is_fine.then_some(200), "{auth}: {answer:?}");
            }
        }
        // A probe has no certificate: it asks the management listener, or says what to do.
        let port = service.port().to_string();
        let probe = || sandbox(auth).env("APP_SERVER__PORT", &port);
        let (_, management) = service
            .management
            .as_ref()
            .unwrap()
            .rsplit_once(':')
            .unwrap();
        let exit = probe()
            .env("APP_MANAGEMENT__PORT", management)
            .run(&["health"])
            .await;
        assert_eq!(exit.code, Some(0), "{exit:?}");
        let exit = probe().run(&["health"]).await;
        assert_eq!(exit.code, Some(i32::from(!nobody_is_fine)), "{exit:?}");
        assert_eq!(exit.stderr.contains("set management.port"), !nobody_is_fine);
    }
}
