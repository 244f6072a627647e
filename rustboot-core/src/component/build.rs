//! Runs the factories of a plan, those that do not need each other at the same time.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::graph::Plan;
use super::registry::Description;
use super::{BoxFuture, ComponentKey, Components, Instance, Resolver};
use crate::app::AppContext;
use crate::error::{Error, ErrorKind, Result};

/// What has to happen to a component before anybody may use it: the migrations of a database.
#[derive(Clone)]
pub(crate) struct Preparation {
    pub(crate) key: ComponentKey,
    pub(crate) run: Arc<dyn Fn(Instance) -> BoxFuture<'static, Result<()>> + Send + Sync>,
}

impl fmt::Debug for Preparation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Preparation({})", self.key)
    }
}

/// What a database has of its migrations, for `app migrate status`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationStatus {
    /// The file; empty for one that only the database knows.
    pub path: String,
    /// Its version.
    pub version: i64,
    /// `applied`, `pending`, or what is wrong, in a few words.
    pub state: String,
}

impl MigrationStatus {
    /// The state of one migration.
    pub fn new(path: impl Into<String>, version: i64, state: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            version,
            state: state.into(),
        }
    }
}

/// Finds out the status of the migrations of a component.
#[derive(Clone)]
pub(crate) struct MigrationReport {
    pub(crate) key: ComponentKey,
    pub(crate) run:
        Arc<dyn Fn(Instance) -> BoxFuture<'static, Result<Vec<MigrationStatus>>> + Send + Sync>,
}

/// How long one component took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) key: ComponentKey,
    pub(crate) construction: Duration,
    pub(crate) preparation: Duration,
}

/// The components, and how long each took.
#[derive(Debug, Default)]
pub(crate) struct Built {
    pub(crate) components: Components,
    pub(crate) timings: Vec<Timing>,
}

struct Done {
    instance: Instance,
    construction: Duration,
    preparation: Duration,
}

/// Builds the plan. On a failure, what was built so far comes with the error, so that it can be closed.
///
/// Dropping the future aborts the factories that are under way.
pub(crate) async fn build(
    app: &AppContext,
    plan: &Plan,
    preparations: &[Preparation],
    limit: Duration,
) -> std::result::Result<Built, (Built, Error)> {
    let mut built = Built::default();
    let mut waiting: Vec<usize> = plan.needs.iter().map(Vec::len).collect();
    let mut ready: BTreeSet<usize> = (0..plan.nodes.len()).filter(|i| waiting[*i] == 0).collect();
    let mut running: JoinSet<(usize, Result<Done>)> = JoinSet::new();
    let mut by_task = HashMap::new();
    let mut finished = vec![false; plan.nodes.len()];
    let mut failure = None;

    'all: loop {
        while let Some(i) = ready.pop_first() {
            let node = &plan.nodes[i];
            let resolver = Resolver::new(app, &built.components);
            let factory = match (node.factory)(&resolver) {
                Ok(future) => future,
                Err(error) => {
                    failure = Some((i, error));
                    break 'all;
                }
            };
            let preparations: Vec<_> = preparations
                .iter()
                .filter(|preparation| preparation.key == node.key)
                .cloned()
                .collect();
            let handle = running.spawn(async move {
                let made = tokio::time::timeout(limit, construct(factory, preparations)).await;
                (i, made.unwrap_or_else(|_| Err(too_slow(limit))))
            });
            by_task.insert(handle.id(), i);
        }
        match running.join_next_with_id().await {
            None => break,
            Some(Ok((_, (i, Ok(done))))) => {
                let key = plan.nodes[i].key;
                tracing::debug!(component = %key, took = ?done.construction, "component built");
                built.components.insert(i, &plan.answers[i], &done.instance);
                built.timings.push(Timing {
                    key,
                    construction: done.construction,
                    preparation: done.preparation,
                });
                finished[i] = true;
                for (dependent, needs) in plan.needs.iter().enumerate() {
                    if needs.contains(&i) {
                        waiting[dependent] -= 1;
                        if waiting[dependent] == 0 {
                            ready.insert(dependent);
                        }
                    }
                }
            }
            Some(Ok((_, (i, Err(error))))) => {
                failure = Some((i, error));
                break;
            }
            Some(Err(join)) => {
                let i = by_task.get(&join.id()).copied().unwrap_or_default();
                failure = Some((
                    i,
                    Error::internal("its factory panicked; the log has the place"),
                ));
                break;
            }
        }
    }

    // The order that counts for stopping is that of the plan, not the one in which the factories happened to finish.
    let finished = (0..plan.nodes.len()).filter(|i| finished[*i]);
    let descriptions = finished.map(|i| describe(plan, i)).collect();
    built.components.describe(descriptions);
    match failure {
        None => Ok(built),
        Some((i, error)) => {
            let node = &plan.nodes[i];
            let what = format!(
                "the component {} ({}) could not be built",
                node.key, node.location
            );
            Err((built, error.context(what)))
        }
    }
}

fn describe(plan: &Plan, index: usize) -> Description {
    let node = &plan.nodes[index];
    let answers = plan.answers[index].iter();
    Description {
        key: node.key,
        location: node.location,
        needs: plan.needs[index]
            .iter()
            .map(|i| plan.nodes[*i].key)
            .collect(),
        seen_as: answers
            .filter(|answered| answered.cast.is_some())
            .copied()
            .collect(),
    }
}

async fn construct(
    factory: BoxFuture<'static, Result<Instance>>,
    preparations: Vec<Preparation>,
) -> Result<Done> {
    let start = Instant::now();
    let instance = factory.await?;
    let construction = start.elapsed();
    for preparation in preparations {
        (preparation.run)(instance.clone()).await?;
    }
    Ok(Done {
        instance,
        construction,
        preparation: start.elapsed() - construction,
    })
}

fn too_slow(limit: Duration) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!("it took longer than lifecycle.start_timeout ({limit:?})"),
    )
}
