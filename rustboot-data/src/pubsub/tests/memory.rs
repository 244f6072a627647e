//! One process, no server.

use rustboot_core::config::Properties as _;
use rustboot_core::{ByteSize, ErrorKind};

use super::*;

#[tokio::test]
async fn everybody_who_listens_hears_it() {
    let pubsub = PubSub::in_memory(PubSubConfig::default());
    pubsub.publish("a", "before").await.unwrap();
    let mut one = pubsub.subscribe("a").await.unwrap();
    let mut two = pubsub.subscribe("a").await.unwrap();
    let mut other = pubsub.subscribe("b").await.unwrap();
    pubsub.publish("a", "hello").await.unwrap();
    pubsub.publish_json("b", &[1, 2]).await.unwrap();
    assert_eq!(next(&mut one).await.as_deref(), Some("hello"));
    assert_eq!(next(&mut two).await.as_deref(), Some("hello"));
    let message = other.recv().await.unwrap();
    assert_eq!(message.channel(), "b");
    assert_eq!(message.json::<Vec<u8>>().unwrap(), [1, 2]);
    assert_eq!(
        message.json::<String>().unwrap_err().kind(),
        ErrorKind::Internal
    );
    assert_eq!(one.try_recv(), None);
    drop((one, two, other));
    assert_eq!(pubsub.channels(), 0);
}

#[tokio::test]
async fn a_slow_subscriber_loses_the_oldest_and_is_told() {
    let pubsub = PubSub::in_memory(small(3));
    let mut slow = pubsub.subscribe("a").await.unwrap();
    for index in 0..5 {
        pubsub.publish("a", index.to_string()).await.unwrap();
    }
    assert_eq!(slow.missed().overflowed, 2);
    for expected in ["2", "3", "4"] {
        assert_eq!(next(&mut slow).await.as_deref(), Some(expected));
    }
    assert_eq!(
        slow.missed(),
        Missed {
            overflowed: 2,
            interruptions: 0
        }
    );
}

#[tokio::test]
async fn dropping_recv_loses_nothing() {
    let pubsub = PubSub::in_memory(PubSubConfig::default());
    let mut one = pubsub.subscribe("a").await.unwrap();
    for index in 0..100 {
        let dropped = tokio::time::timeout(Duration::ZERO, one.recv()).await;
        assert!(dropped.is_err());
        pubsub.publish("a", index.to_string()).await.unwrap();
        assert_eq!(next(&mut one).await, Some(index.to_string()));
    }
}

#[tokio::test]
async fn the_end() {
    let pubsub = PubSub::in_memory(PubSubConfig::default());
    let mut one = pubsub.subscribe("a").await.unwrap();
    let waiting = tokio::spawn(async move { one.recv().await });
    tokio::task::yield_now().await;
    pubsub.close();
    assert_eq!(waiting.await.unwrap(), None);
    let one = pubsub.subscribe("a").await.unwrap();
    drop(pubsub);
    let rest: Vec<Message> = futures_util::StreamExt::collect(one.into_stream()).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn limits() {
    let config = PubSubConfig {
        max_message: ByteSize::bytes(4),
        ..PubSubConfig::default()
    };
    let pubsub = PubSub::in_memory(config);
    pubsub.publish("a", "1234").await.unwrap();
    let error = pubsub.publish("a", "12345").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.to_string().contains("pubsub.max_message"), "{error}");
    for name in [String::new(), "x".repeat(513)] {
        assert!(pubsub.subscribe(&name).await.is_err());
        assert!(pubsub.publish(&name, "1").await.is_err());
    }
    let mut problems = Vec::new();
    PubSubConfig {
        queue: 0,
        max_message: ByteSize::bytes(0),
    }
    .check(&mut problems);
    assert_eq!(problems.len(), 2);
}
