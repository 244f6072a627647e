//! Credentials that a database refuses: somebody has changed the password, and the new one may be in the secrets already.
//!
//! A reload (SIGHUP, `config.watch`) brings it as well. This is for the rotation that nobody announces: an orchestrator replaces
//! the secret file, the old password ends, and the service would answer 503 until somebody looks.

use std::time::Duration;

use rustboot_core::lifecycle::{HookPhase, Restart};
use rustboot_core::{AppBuilder, AppContext, Result};

use crate::pool::Driver as _;
use crate::wire::{Slot, Wired};

/// How long the configuration is not read again after it was. Secrets may come from a service that has others to serve.
const PAUSE: Duration = Duration::from_secs(5);

/// From the start of the application on, reads the configuration again when the database refuses the credentials.
pub(crate) fn follow<D: Wired>(app: &mut AppBuilder, slot: Slot) {
    if !D::Driver::REMOTE {
        return;
    }
    // No dependency: naming one would build the component just to watch it.
    app.hook(
        HookPhase::Start,
        slot.section,
        Vec::new(),
        move |resolver| {
            let app = resolver.app().clone();
            let db = resolver.component::<D>(slot.name);
            async move {
                if let Some(db) = db {
                    let context = app.clone();
                    let name = format!("credentials of {}", slot.section);
                    app.spawn(name, Restart::OnFailure, move || {
                        let (db, app) = (db.clone(), context.clone());
                        async move { watch(&*db, slot, &app).await }
                    });
                }
                Ok(())
            }
        },
    );
}

async fn watch<D: Wired>(db: &D, slot: Slot, app: &AppContext) -> Result<()> {
    loop {
        db.tx_pool().refused().await;
        tracing::warn!(
            target: "rustboot::sql",
            database = slot.section,
            "the database refuses the credentials; the configuration is read again, in case there are new ones"
        );
        // It has logged what came of it, and what it changed has got new terms.
        let _logged = app.reload_config().await.is_ok();
        tokio::time::sleep(PAUSE).await;
    }
}
