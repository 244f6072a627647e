//! Tasks that run from the start of an application to its stop: queue consumers, pollers, caches that refresh themselves.
//! `#[task]` writes one.

use super::Restart;
use super::tasks::Ending;
use crate::app::AppContext;
use crate::component::{BoxFuture, Dependency, Resolver, Wiring};
use crate::error::Result;
use crate::report::Problem;
use crate::source::Location;

/// A task that runs in the background, under supervision.
///
/// It begins after the port is bound, and is not waited for. One that returns without an error is done.
#[derive(Debug, Clone, Copy)]
pub struct BackgroundDef {
    /// What it is called in the log: the function's name, unless it says another one.
    pub name: &'static str,
    /// What happens when it fails or panics.
    pub restart: Restart,
    /// Whether it takes a [`Shutdown`](super::Shutdown) and so ends by itself when the application stops, for which it has
    /// ten seconds. Any other one is dropped at its next await.
    pub ends_itself: fn() -> bool,
    /// Where the user wrote it.
    pub location: Location,
    /// What it needs.
    pub dependencies: fn() -> Vec<Dependency>,
    /// One run.
    pub call: fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<()>>>,
}

inventory::collect!(BackgroundDef);

impl BackgroundDef {
    fn title(&self) -> String {
        format!("#[task] `{}`", self.name)
    }

    pub(crate) fn wiring(&self) -> Wiring {
        Wiring {
            consumer: self.title(),
            location: self.location,
            dependencies: (self.dependencies)(),
        }
    }
}

/// Whoever reads in the log that a task failed has to know which one.
pub(crate) fn check_names(defs: &[BackgroundDef], problems: &mut Vec<Problem>) {
    for (index, def) in defs.iter().enumerate() {
        let Some(earlier) = defs[..index].iter().find(|other| other.name == def.name) else {
            continue;
        };
        problems.push(
            Problem::new(def.title(), "there are 2 of this name")
                .note(format!("written at {}", earlier.location))
                .note(format!("written at {}", def.location))
                .note("help: give one of them a name: #[task(name = \"…\")]"),
        );
    }
}

/// Starts a task. Its arguments are resolved here, so that a missing one fails the start.
///
/// # Errors
/// When an argument cannot be resolved.
pub(crate) fn run(app: &AppContext, task: BackgroundDef) -> Result<()> {
    drop((task.call)(&app.resolver())?);
    let ending = if (task.ends_itself)() {
        Ending::Itself
    } else {
        Ending::Dropped
    };
    let context = app.clone();
    app.supervise(task.name.to_owned(), task.restart, ending, move || {
        let call = (task.call)(&context.resolver());
        async move { call?.await }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::app::{AppBuilder, AppInfo, StartError};
    use crate::config::Sources;
    use crate::error::Error;
    use crate::lifecycle::Shutdown;

    fn builder(tasks: &[BackgroundDef]) -> AppBuilder {
        let mut app = AppBuilder::new(AppInfo::new("test", "1.2.3"));
        app.sources(Sources::empty("/nonexistent"))
            .without_collected_items();
        for task in tasks {
            app.background(*task);
        }
        app
    }

    const IDLE: BackgroundDef = BackgroundDef {
        name: "consumer",
        restart: Restart::OnFailure,
        ends_itself: || false,
        location: Location::new("src/main.rs", 7),
        dependencies: Vec::new,
        call: |_| Ok(Box::pin(std::future::pending())),
    };

    #[tokio::test(start_paused = true)]
    async fn one_that_hears_of_the_stop_finishes_and_another_is_dropped() {
        static FINISHED: AtomicUsize = AtomicUsize::new(0);
        let graceful = BackgroundDef {
            name: "graceful",
            ends_itself: || true,
            call: |resolver| {
                let shutdown: Shutdown = resolver.app().shutdown().clone();
                Ok(Box::pin(async move {
                    shutdown.requested().await;
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    FINISHED.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                }))
            },
            ..IDLE
        };
        let app = builder(&[IDLE, graceful]).assemble().await.unwrap();
        let app = app.start().await.unwrap();
        assert_eq!(app.stop().await, 0, "nothing was cut off");
        assert_eq!(FINISHED.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_does_not_end_is_cut_off_and_counted() {
        let stubborn = BackgroundDef {
            ends_itself: || true,
            ..IDLE
        };
        let app = builder(&[stubborn]).assemble().await.unwrap();
        assert_eq!(app.start().await.unwrap().stop().await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_failed_is_not_restarted_once_the_application_stops() {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let failing = BackgroundDef {
            ends_itself: || true,
            call: |_| {
                RUNS.fetch_add(1, Ordering::SeqCst);
                Ok(Box::pin(async { Err(Error::internal("not yet")) }))
            },
            ..IDLE
        };
        let app = builder(&[failing]).assemble().await.unwrap();
        let app = app.start().await.unwrap();
        tokio::time::sleep(Duration::from_millis(350)).await;
        // One for the check of its arguments, then at 0, 100 and 300 ms.
        assert_eq!(RUNS.load(Ordering::SeqCst), 4);
        let stopping = tokio::time::Instant::now();
        assert_eq!(app.stop().await, 0);
        assert!(stopping.elapsed() < Duration::from_millis(100));
        assert_eq!(RUNS.load(Ordering::SeqCst), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_the_application_needs_takes_it_down() {
        let needed = BackgroundDef {
            restart: Restart::FailApp,
            call: |_| Ok(Box::pin(async { panic!("out of luck") })),
            ..IDLE
        };
        let app = builder(&[needed]).assemble().await.unwrap();
        assert_eq!(app.start().await.unwrap().wait().await, 1);
    }

    #[tokio::test]
    async fn two_of_one_name_are_a_problem() {
        let mut other = IDLE;
        other.location = Location::new("src/other.rs", 3);
        let Err(StartError::Report(report)) = builder(&[IDLE, other]).assemble().await else {
            panic!("it was assembled");
        };
        let expected = "#[task] `consumer`: there are 2 of this name\n     written at src/main.rs:7\n     written at src/other.rs:3\n";
        assert!(report.to_string().contains(expected), "{report}");
    }
}
