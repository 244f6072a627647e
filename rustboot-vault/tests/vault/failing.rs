//! What a start says when there is no secret to be had.

use std::time::{Duration, Instant};

use super::*;

#[tokio::test]
async fn a_token_that_is_not_accepted_is_78() {
    let double = Double::start(stocked()).await;
    let (code, text) = World::at(&double)
        .env("VAULT_TOKEN", "canary7f3a9-wrong")
        .failure()
        .await;
    assert_eq!(code, 78);
    assert_eq!(
        text,
        format!(
            "error: the configuration has 1 problem\n\n  1. secret source vault: {}: secret/data/shop: refused (403, permission denied)\n",
            double.address
        )
    );
    assert_eq!(double.asked().len(), 1, "it is not tried again");
}

#[tokio::test]
async fn a_path_that_is_not_there_is_78() {
    let double = Double::start(stocked()).await;
    let world = World::with_token(&double).args(&["--vault.paths=shop,nowhere"]);
    let (code, text) = world.failure().await;
    assert_eq!(code, 78);
    assert!(
        text.contains("secret/data/nowhere: there is nothing there (404); vault.mount and vault.paths say where to look"),
        "{text}"
    );
}

#[tokio::test]
async fn a_vault_that_is_sealed_for_a_moment_is_waited_for() {
    let mut state = stocked();
    state.sealed_for = 2;
    let double = Double::start(state).await;
    let assembly = World::with_token(&double).assemble().await.unwrap();
    assert_eq!(shop(&assembly).api_key.expose_secret(), CANARY);
    assert_eq!(double.asked().len(), 3);
}

#[tokio::test]
async fn one_that_stays_sealed_is_69() {
    let mut state = stocked();
    state.sealed_for = usize::MAX;
    let double = Double::start(state).await;
    let (code, text) = World::with_token(&double)
        .args(&["--vault.timeout=500ms"])
        .failure()
        .await;
    assert_eq!(code, 69);
    assert_eq!(
        text,
        format!(
            "error: the secret source vault: {}: secret/data/shop: Vault answers 503, Vault is sealed (tried for 500ms)\n",
            double.address
        )
    );
    assert!(double.asked().len() > 1, "it is tried again");
}

#[tokio::test]
async fn one_that_does_not_answer_is_69_when_its_time_is_over() {
    let mut state = stocked();
    state.is_stuck = true;
    let double = Double::start(state).await;
    let began = Instant::now();
    let (code, text) = World::with_token(&double)
        .args(&["--vault.timeout=500ms"])
        .failure()
        .await;
    assert_eq!(code, 69);
    assert!(text.contains("(tried for 500ms)"), "{text}");
    // Generous, for a busy machine; without a limit it would never end.
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn nobody_there_is_69() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let world = World::new()
        .env("VAULT_ADDR", &format!("http://127.0.0.1:{port}"))
        .env("VAULT_TOKEN", TOKEN)
        .args(&["--vault.paths=shop", "--vault.timeout=500ms"]);
    let (code, text) = world.failure().await;
    assert_eq!(code, 69);
    assert!(text.contains("Connection refused"), "{text}");
}

/// A proxy's page, a KV engine of version 1, a body that ends early: understood as what they are, and never quoted.
#[tokio::test]
async fn answers_that_are_not_vaults_are_not_quoted() {
    for (status, body, expected) in [
        (
            200,
            format!("<html>{CANARY}</html>"),
            "not that of a KV engine of version 2",
        ),
        (
            200,
            format!(
                r#"{{"request_id":"r","lease_id":"","renewable":false,"lease_duration":0,"data":{{"shop__api_key":"{CANARY}"}},"wrap_info":null,"warnings":null,"auth":null}}"#
            ),
            "not that of a KV engine of version 2",
        ),
        (
            404,
            format!("<html>{CANARY}</html>"),
            "there is nothing there (404)",
        ),
        (302, format!("<html>{CANARY}</html>"), "Vault answers 302"),
    ] {
        let mut state = stocked();
        state.instead = Some((status, body));
        let double = Double::start(state).await;
        let (code, text) = World::with_token(&double).failure().await;
        assert_eq!(code, 78, "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn a_secret_of_the_wrong_type_is_reported_with_its_place() {
    let mut state = stocked();
    let document = json!({ "shop__api_key": CANARY, "shop__pin": CANARY });
    state
        .documents
        .insert("secret/data/shop".to_owned(), document);
    let double = Double::start(state).await;
    let (code, text) = World::with_token(&double).failure().await;
    assert_eq!(code, 78);
    assert!(
        text.contains("shop.pin: expected a number from 0 to 4294967295, found a value that is not shown here\n     set by the secret source vault (secret/data/shop#shop__pin)"),
        "{text}"
    );
}
