//! `app migrate`: the databases and their migrations, and nothing of the application.

use crate::app::{Assembly, print};
use crate::component::{ComponentKey, build};
use crate::error::Result;
use crate::lifecycle::stop;

pub(super) async fn migrate(assembly: Assembly) -> Result<u8> {
    let context = assembly.context().clone();
    let keys: Vec<ComponentKey> = assembly
        .preparations
        .iter()
        .map(|preparation| preparation.key)
        .collect();
    let plan = assembly.plan.only(&keys);
    if plan.nodes.is_empty() {
        print("nothing to migrate: no database is used\n");
        return Ok(0);
    }
    let limit = assembly.lifecycle.start_timeout;
    let (built, failure) = match build::build(&context, &plan, &assembly.preparations, limit).await
    {
        Ok(built) => (built, None),
        Err((built, error)) => (built, Some(error)),
    };
    context.set_components(built.components);
    stop::take_down(&assembly).await;
    match failure {
        Some(error) => Err(error),
        None => {
            print("migrated\n");
            Ok(0)
        }
    }
}
