//! The client and everything below it log at their most talkative, and never a secret.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Level};

use super::*;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn nothing_secret_is_logged_at_any_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    // While there is but one subscriber, a test beside this one that is the first to reach a log statement switches it off.
    let _beside = Dispatch::new(NoSubscriber::new());
    // One thread does everything, so that its subscriber sees everything.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let mut state = stocked();
            state.logins.push((
                "auth/approle/login".to_owned(),
                json!({ "role_id": "shop", "secret_id": "canary7f3a9-id" }),
                TOKEN.to_owned(),
            ));
            let double = Double::start(state).await;
            World::with_token(&double).assemble().await.unwrap();
            let role = World::at(&double)
                .env("APP_VAULT__APPROLE__ROLE_ID", "shop")
                .env("APP_VAULT__APPROLE__SECRET_ID", "canary7f3a9-id");
            role.assemble().await.unwrap();
            World::at(&double)
                .env("VAULT_TOKEN", "canary7f3a9-wrong")
                .failure()
                .await;
            role.env("APP_VAULT__APPROLE__SECRET_ID", "canary7f3a9-wrong")
                .failure()
                .await;
            double.change(|state| state.instead = Some((200, format!("<html>{CANARY}</html>"))));
            World::with_token(&double).failure().await;
        });
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("/v1/secret/data/shop"),
        "the client has logged: {text}"
    );
    assert!(!text.contains(CANARY), "{text}");
}
