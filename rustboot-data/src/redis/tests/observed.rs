//! Health and metrics.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusBuilder;
use rustboot_core::health::{HealthIndicator as _, Status};

use super::*;

fn indicator(redis: &Redis) -> health::RedisHealth {
    health::RedisHealth {
        redis: Arc::new(redis.clone()),
        critical: true,
        limit: Duration::from_millis(900),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_says_what_is_known() {
    let server = own().await;
    let redis = Redis::connect(&config(&server.url())).await.unwrap();
    let health = indicator(&redis);
    assert!(health.is_critical());
    let up = health.check().await;
    assert_eq!(up.status, Status::Up);
    assert_eq!(up.details["mode"], "standalone");
    assert_eq!(
        up.details["at"],
        format!("127.0.0.1:{}/0", server.port().unwrap())
    );
    assert_eq!(up.details["pool"]["max"], 10);
    let password = server.url();
    let password = password.split([':', '@']).nth(2).unwrap().to_owned();
    assert!(password.len() > 8, "{password}");

    server.pause().unwrap();
    let began = Instant::now();
    let down = health.check().await;
    assert_eq!(down.status, Status::Down);
    assert!(began.elapsed() < Duration::from_secs(1));
    until("it is known to be down", async || !redis.status().connected).await;
    let began = Instant::now();
    let down = health.check().await;
    assert!(began.elapsed() < Duration::from_millis(300));
    assert_eq!(down.status, Status::Down);
    assert!(
        down.details["error"].as_str().unwrap().contains("is down"),
        "{down:?}"
    );
    assert!(!format!("{up:?} {down:?} {redis:?}").contains(&password));
    server.resume().unwrap();
    until("it is up", async || {
        health.check().await.status == Status::Up
    })
    .await;
}

#[test]
fn metrics_of_commands_connections_and_losses() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    ::metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let server = own().await;
            let mut redis = Redis::connect(&config(&server.url())).await.unwrap();
            let (): () = redis.set("a", 1).await.unwrap();
            let _: u64 = redis.get("a").await.unwrap();
            let _: redis::Value = redis::cmd("dbsize").query_async(&mut redis).await.unwrap();
            let held = redis.connection().await.unwrap();
            let text = handle.render();
            assert!(
                text.contains(r#"redis_operation_duration_seconds_count{operation="GET"} 1"#),
                "{text}"
            );
            assert!(
                text.contains(r#"redis_operation_duration_seconds_count{operation="SET"} 1"#),
                "{text}"
            );
            assert!(
                text.contains(r#"redis_operation_duration_seconds_count{operation="OTHER"} 1"#),
                "{text}"
            );
            assert!(text.contains("redis_connected 1"), "{text}");
            assert!(
                text.contains(r#"redis_connections{state="used"} 1"#),
                "{text}"
            );
            assert!(
                text.contains("redis_connection_wait_time_seconds_count 1"),
                "{text}"
            );
            drop(held);
            let server = blocking(move || {
                server.kill().unwrap();
                server
            })
            .await;
            until("it is down", async || !redis.status().connected).await;
            assert!(!works(&redis).await);
            let text = handle.render();
            assert!(text.contains("redis_connected 0"), "{text}");
            assert!(
                text.contains(r#"redis_errors_total{kind="refused"} 1"#),
                "{text}"
            );
            let _server = blocking(move || {
                server.restart().unwrap();
                server
            })
            .await;
            until("it is up", async || works(&redis).await).await;
            let text = handle.render();
            assert!(text.contains("redis_connected 1"), "{text}");
            assert!(text.contains("redis_reconnects_total 1"), "{text}");
        });
    });
}

/// What is under way is looked at during an outage as well.
#[test]
fn what_is_under_way_during_an_outage() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    ::metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let server = own().await;
            let redis = Redis::connect(&config(&server.url())).await.unwrap();
            let shows = async |count: u32| {
                until("it is looked at", async || {
                    let line = format!("redis_commands_in_flight {count}\n");
                    handle.render().contains(&line)
                })
                .await;
            };
            shows(0).await;
            server.pause().unwrap();
            let asked = [&redis, &redis, &redis].map(works);
            tokio::join!(futures_util::future::join_all(asked), shows(3));
            shows(0).await;
            assert!(!redis.status().connected);
            server.resume().unwrap();
        });
    });
}
