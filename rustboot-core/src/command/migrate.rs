//! `app migrate` and `app migrate status`: the databases and their migrations, and nothing of the application.

use std::sync::{Arc, Mutex, PoisonError};

use crate::app::{Assembly, print};
use crate::component::build::{MigrationStatus, Preparation};
use crate::component::{ComponentKey, build};
use crate::error::Result;
use crate::lifecycle::stop;

pub(super) async fn migrate(assembly: Assembly) -> Result<u8> {
    match assembly.arguments().words().get(1).copied() {
        Some("status") => status(assembly).await,
        // Any other word was refused.
        _ => run(assembly).await,
    }
}

/// What each database said of its migrations.
type Found = Arc<Mutex<Vec<(ComponentKey, Vec<MigrationStatus>)>>>;

/// Prints which migrations are applied. Changes nothing.
async fn status(assembly: Assembly) -> Result<u8> {
    let context = assembly.context().clone();
    let reports = &assembly.migration_reports;
    let keys: Vec<ComponentKey> = reports.iter().map(|report| report.key).collect();
    let plan = assembly.plan.only(&keys);
    if plan.nodes.is_empty() {
        print("no database is used\n");
        return Ok(0);
    }
    // Each report is made once its component is there, in the place of the migrations themselves.
    let found: Found = Arc::default();
    let preparations: Vec<Preparation> = reports
        .iter()
        .map(|report| {
            let (report, found) = (report.clone(), Arc::clone(&found));
            Preparation {
                key: report.key,
                run: Arc::new(move |instance| {
                    let (report, found) = (report.clone(), Arc::clone(&found));
                    Box::pin(async move {
                        let status = (report.run)(instance).await?;
                        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                        found.push((report.key, status));
                        Ok(())
                    })
                }),
            }
        })
        .collect();
    let limit = assembly.lifecycle.start_timeout;
    let (built, failure) = match build::build(&context, &plan, &preparations, limit).await {
        Ok(built) => (built, None),
        Err((built, error)) => (built, Some(error)),
    };
    context.set_components(built.components);
    stop::take_down(&assembly).await;
    if let Some(error) = failure {
        return Err(error);
    }
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(key, _)| keys.iter().position(|k| k == key));
    for (key, status) in found.iter() {
        print(&as_text(*key, status));
    }
    Ok(0)
}

fn as_text(key: ComponentKey, status: &[MigrationStatus]) -> String {
    let mut text = format!("{key}\n");
    if status.is_empty() {
        text.push_str("  no migrations\n");
    }
    let width = status.iter().map(|one| one.state.len()).max().unwrap_or(0);
    for one in status {
        let what = match one.path.as_str() {
            "" => one.version.to_string(),
            path => path.to_owned(),
        };
        text += &format!("  {:width$}  {what}\n", one.state);
    }
    text
}

async fn run(assembly: Assembly) -> Result<u8> {
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
