//! Every way to log in, and what arrives.

use serde_json::json;

use super::*;

#[tokio::test]
async fn with_a_token_the_documents_arrive_with_their_places_as_origins() {
    let mut state = stocked();
    state.documents.insert(
        "kv/data/team/shop".to_owned(),
        json!({ "pin": 4711, "shop.api_key": "of the first", "alone": "no section" }),
    );
    state.documents.insert(
        "kv/data/shop".to_owned(),
        json!({ "shop": { "api_key": CANARY } }),
    );
    let double = Double::start(state).await;
    let world = World::new()
        .env("VAULT_ADDR", &double.address)
        .env("VAULT_TOKEN", TOKEN)
        .env("VAULT_NAMESPACE", "team")
        .file(
            "config/app.toml",
            "[vault]\nmount = \"kv\"\npaths = [\"team/shop?prefix=shop\", \"shop\"]\n[shop]\napi_key = \"weaker\"\n",
        );
    let assembly = world.assemble().await.unwrap();
    assert_eq!(
        shop(&assembly).api_key.expose_secret(),
        CANARY,
        "the later document wins"
    );
    assert_eq!(
        shop(&assembly).pin.as_ref().map(|pin| *pin.expose_secret()),
        Some(4711)
    );
    assert_eq!(
        double.asked(),
        ["GET /v1/kv/data/team/shop", "GET /v1/kv/data/shop"]
    );
    assert_eq!(double.last_header("x-vault-token").as_deref(), Some(TOKEN));
    assert_eq!(
        double.last_header("x-vault-namespace").as_deref(),
        Some("team")
    );
    let condition = &assembly.context().conditions()[0];
    assert!(condition.active, "{condition:?}");
}

#[tokio::test]
async fn the_origin_is_shown_and_the_value_is_not() {
    let double = Double::start(stocked()).await;
    let assembly = World::with_token(&double).assemble().await.unwrap();
    let app = assembly.start().await.unwrap();
    let env = app
        .context()
        .endpoints()
        .iter()
        .find(|endpoint| endpoint.path == "/env")
        .unwrap();
    let call = rustboot_core::management::Call {
        app: app.context().clone(),
        parameter: None,
        show_details: true,
        body: Vec::new(),
        headers: Vec::new(),
    };
    let rustboot_core::management::Reply::Body(reply) = env.call(call).await else {
        panic!("no body");
    };
    let text = String::from_utf8(reply.body.into_owned()).unwrap();
    assert!(
        text.contains(r#""shop.api_key":{"origin":"secret vault secret/data/shop#shop__api_key","value":"***"}"#),
        "{text}"
    );
    assert!(!text.contains(CANARY), "{text}");
    app.stop().await;
}

#[tokio::test]
async fn as_an_approle() {
    let mut state = stocked();
    state.tokens.clear();
    state.logins.push((
        "auth/approle/login".to_owned(),
        json!({ "role_id": "shop", "secret_id": "canary7f3a9-id" }),
        TOKEN.to_owned(),
    ));
    let double = Double::start(state).await;
    let world = World::at(&double).env("APP_VAULT__APPROLE__ROLE_ID", "shop");
    let (code, text) = world.failure().await;
    assert_eq!(code, 78);
    assert!(
        text.contains("vault.approle.secret_id: required for the login as an AppRole"),
        "{text}"
    );

    // The secret of the role is itself a secret file.
    let world = world.file("secrets/vault__approle__secret_id", "canary7f3a9-id\n");
    let assembly = world.assemble().await.unwrap();
    assert_eq!(shop(&assembly).api_key.expose_secret(), CANARY);
    assert_eq!(
        double.asked(),
        ["POST /v1/auth/approle/login", "GET /v1/secret/data/shop"]
    );

    let (code, text) = world
        .file("secrets/vault__approle__secret_id", "canary7f3a9-other")
        .failure()
        .await;
    assert_eq!(code, 78);
    assert!(
        text.contains(
            ": login as the AppRole at auth/approle: refused (400, invalid role or secret ID)"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn with_the_service_account_of_a_pod() {
    let mut state = stocked();
    state.tokens.clear();
    state.logins.push((
        "auth/cluster-a/login".to_owned(),
        json!({ "role": "shop", "jwt": "canary7f3a9.jwt" }),
        TOKEN.to_owned(),
    ));
    let double = Double::start(state).await;
    let world = World::at(&double)
        .env("APP_VAULT__KUBERNETES__ROLE", "shop")
        .env("APP_VAULT__KUBERNETES__MOUNT", "cluster-a");
    let jwt = world.dir.path().join("jwt").display().to_string();
    let world = world.env("APP_VAULT__KUBERNETES__JWT_FILE", &jwt);
    let (code, text) = world.failure().await;
    assert_eq!(code, 78);
    assert!(
        text.contains("vault.kubernetes.jwt_file: ") && text.contains("cannot be read"),
        "{text}"
    );

    let world = world.file("jwt", "canary7f3a9.jwt\n");
    let assembly = world.assemble().await.unwrap();
    assert_eq!(shop(&assembly).api_key.expose_secret(), CANARY);
    assert_eq!(
        double.asked(),
        ["POST /v1/auth/cluster-a/login", "GET /v1/secret/data/shop"]
    );
}

#[tokio::test]
async fn a_token_file_is_read_again_at_each_reload() {
    let double = Double::start(stocked()).await;
    let world = World::at(&double)
        .env("APP_VAULT__TOKEN_FILE", "agent/token")
        .file("agent/token", &format!("{TOKEN}\n"));
    let app = world.assemble().await.unwrap().start().await.unwrap();
    let shop = app.context().config::<Shop>().unwrap();
    assert_eq!(shop.api_key.expose_secret(), CANARY);

    double.change(|state| {
        state.tokens = vec!["hvs.next".to_owned()];
        state.documents.insert(
            "secret/data/shop".to_owned(),
            json!({ "shop__api_key": "rotated" }),
        );
    });
    let report = app.context().reload_config().await.unwrap_err().to_string();
    assert!(
        report.contains("secret/data/shop: refused (403, permission denied)"),
        "{report}"
    );
    assert_eq!(shop.api_key.expose_secret(), CANARY, "nothing has changed");

    write(world.dir.path(), "agent/token", "hvs.next");
    let change = app.context().reload_config().await.unwrap();
    assert_eq!(change.keys, ["shop.api_key"]);
    assert_eq!(shop.api_key.expose_secret(), "rotated");
    app.stop().await;
}
