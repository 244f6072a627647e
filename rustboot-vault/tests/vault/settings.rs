//! `[vault]`: what is active, what is a mistake, and what opens no connection.

use super::*;

#[tokio::test]
async fn mistakes_are_reported_before_anything_is_opened() {
    let double = Double::start(stocked()).await;
    for (args, expected) in [
        (
            &["--vault.paths=shop"][..],
            "vault.auth: no way to log in: set vault.token (VAULT_TOKEN)",
        ),
        (
            &[
                "--vault.paths=shop",
                "--vault.token=t",
                "--vault.approle.role_id=r",
            ],
            "vault.auth: more than one way to log in is configured",
        ),
        (
            &["--vault.paths=shop", "--vault.auth=approle"],
            "vault.approle.role_id: required with vault.auth",
        ),
        (
            &["--vault.paths=shop", "--vault.auth=kubernetes"],
            "vault.kubernetes.role: required with vault.auth",
        ),
        (
            &["--vault.paths=shop", "--vault.auth=ldap"],
            "vault.auth: expected one of token, approle, kubernetes",
        ),
        (
            &["--vault.paths=/shop", "--vault.token=t"],
            "vault.paths: `/shop` is not the path of a document",
        ),
        (
            &[
                "--vault.paths=shop",
                "--vault.token=t",
                "--vault.timeout=0s",
            ],
            "vault.timeout: has to be longer than nothing",
        ),
        (
            &["--vault.address=vault:8200"],
            "vault.address: expected http:// or https://",
        ),
        (
            &["--vault.address=https://h/vault"],
            "vault.address: expected http:// or https://",
        ),
        (
            &["--vault.adress=https://h"],
            "vault.adress: unknown key, did you mean `address`?",
        ),
    ] {
        let world = World::new().env("VAULT_ADDR", &double.address).args(args);
        let (code, text) = world.failure().await;
        assert_eq!(code, 78, "{args:?}");
        assert!(text.contains(expected), "{args:?}: {text}");
        assert!(
            text.contains("vault.adress") || !text.contains("shop.api_key"),
            "a consequence is not reported: {text}"
        );
    }
    let (code, text) = World::new()
        .args(&["--vault.paths=shop", "--vault.token=t"])
        .failure()
        .await;
    assert_eq!(code, 78);
    assert!(
        text.contains("vault.address: required with vault.paths"),
        "{text}"
    );
    assert!(double.asked().is_empty());
}

#[tokio::test]
async fn without_an_address_or_paths_it_does_nothing() {
    for (variable, reason) in [
        ("VAULT_ADDR", "vault.paths is empty"),
        ("ANOTHER", "no vault.address, and no VAULT_ADDR"),
    ] {
        let world = World::new()
            .env(variable, "http://127.0.0.1:9")
            .env("APP_SHOP__API_KEY", "k");
        let assembly = world.assemble().await.unwrap();
        let condition = &assembly.context().conditions()[0];
        assert_eq!(
            (condition.active, condition.reason.as_str()),
            (false, reason)
        );
        assert!(assembly.warnings().is_empty(), "{:?}", assembly.warnings());
    }
}

#[tokio::test]
async fn check_and_config_ask_only_with_connect() {
    let double = Double::start(stocked()).await;
    for command in ["check", "config", "routes", "health"] {
        let world = World::with_token(&double).env("APP_SHOP__API_KEY", "k");
        world.args(&[command]).assemble().await.unwrap();
    }
    assert!(double.asked().is_empty());
    for command in ["check", "config"] {
        let assembly = World::with_token(&double)
            .args(&[command, "--connect"])
            .assemble()
            .await
            .unwrap();
        assert_eq!(shop(&assembly).api_key.expose_secret(), CANARY);
    }
    assert_eq!(double.asked().len(), 2);
}
