//! What the servers have in common: a directory, a port, a keeper, and what can be done to them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};

use crate::error::{Result, ServerError};
use crate::keeper::{self, Keeper};
use crate::user::User;
use crate::{port, process_tree};

/// How long a start may take. Generous, for machines with more to do.
const START: Duration = Duration::from_secs(60);
/// How long a stop may take before it becomes a kill.
const STOP: Duration = Duration::from_secs(10);
/// Ports that are tried: another process may take one between the look and the start.
const TRIES: usize = 5;
const POLL: Duration = Duration::from_millis(5);

/// How a kind of server is started and looked at.
pub(crate) trait Recipe: Send + Sync {
    /// `PostgreSQL`, for messages.
    fn name(&self) -> &'static str;
    /// The command for this port and directory. It stays in the foreground.
    fn command(&self, port: u16, run: &Path) -> Command;
    /// Whether the server that is this process answers.
    fn is_ready(&self, pid: u32, port: u16, run: &Path) -> bool;
    /// The signal that ends it in good order.
    fn stop_signal(&self) -> Signal;
    /// How long a start may take.
    fn start_limit(&self) -> Duration {
        START
    }
    /// Whether the process of the keeper is only a client of the server, which signals do not reach.
    fn is_elsewhere(&self) -> bool {
        false
    }
    /// Whether data outlives the server: then it is stopped in good order at the end.
    fn keeps_data(&self) -> bool;
}

pub(crate) struct Server {
    recipe: Box<dyn Recipe>,
    user: Option<User>,
    run: PathBuf,
    port: u16,
    keeper: Mutex<Option<Keeper>>,
}

impl Server {
    /// Starts one. With a `port` it is that one or none; without, a free one.
    pub(crate) fn start(
        recipe: Box<dyn Recipe>,
        user: Option<User>,
        port: Option<u16>,
    ) -> Result<Self> {
        let mut server = Self {
            recipe,
            user,
            run: PathBuf::new(),
            port: 0,
            keeper: Mutex::new(None),
        };
        for attempt in 1.. {
            server.port = port.unwrap_or_else(port::free);
            server.run = run_directory();
            match server.launch() {
                Ok(keeper) => {
                    server.keeper = Mutex::new(Some(keeper));
                    break;
                }
                Err(ServerError::Ended { log, .. })
                    if port.is_none() && attempt < TRIES && log.contains("in use") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(server)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn run(&self) -> &Path {
        &self.run
    }

    /// The process of the server, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        let mut keeper = self.keeper();
        let keeper = keeper.as_mut()?;
        (!keeper.has_ended()).then(|| pid_of(keeper))
    }

    fn keeper(&self) -> MutexGuard<'_, Option<Keeper>> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn launch(&self) -> Result<Keeper> {
        let name = self.recipe.name();
        let mut command = self.recipe.command(self.port, &self.run);
        if self.recipe.keeps_data() {
            let signal = match self.recipe.stop_signal() {
                Signal::INT => "INT",
                _ => "TERM",
            };
            command.env(keeper::STOP, signal);
        }
        let mut keeper = Keeper::start(&self.run, &command, self.user)
            .map_err(ServerError::io(format!("cannot start {name}")))?;
        let began = Instant::now();
        while !self.recipe.is_ready(pid_of(&keeper), self.port, &self.run) {
            let log = || log_of(&self.run);
            if keeper.has_ended() {
                return Err(ServerError::Ended {
                    server: name,
                    log: log(),
                });
            }
            let limit = self.recipe.start_limit();
            if began.elapsed() > limit {
                return Err(ServerError::NotReady {
                    server: name,
                    waited: limit,
                    log: log(),
                });
            }
            std::thread::sleep(POLL);
        }
        Ok(keeper)
    }

    /// Runs `act` on a server that lives.
    fn running<T>(&self, act: impl FnOnce(&mut Keeper) -> Result<T>) -> Result<T> {
        let server = self.recipe.name();
        let mut keeper = self.keeper();
        match keeper.as_mut() {
            Some(keeper) => match keeper.has_ended() {
                false => act(keeper),
                true => Err(ServerError::NotRunning { server }),
            },
            None => Err(ServerError::NotRunning { server }),
        }
    }

    fn refused(&self, what: &str) -> impl FnOnce(rustix::io::Errno) -> ServerError {
        let doing = format!("cannot {what} {}", self.recipe.name());
        move |errno| ServerError::Io {
            doing,
            source: errno.into(),
        }
    }

    fn is_here(&self, what: &str) -> Result<()> {
        match self.recipe.is_elsewhere() {
            false => Ok(()),
            true => Err(ServerError::Refused {
                doing: format!("cannot {what} {}", self.recipe.name()),
                answer: "it is in a container".to_owned(),
            }),
        }
    }

    pub(crate) fn stop(&self) -> Result<()> {
        self.running(|keeper| {
            // One that is paused would not hear of it.
            process_tree::signal(keeper.server(), Signal::CONT).map_err(self.refused("resume"))?;
            kill_process(keeper.server(), self.recipe.stop_signal())
                .map_err(self.refused("stop"))?;
            if ends_within(keeper, STOP) {
                return Ok(());
            }
            process_tree::signal(keeper.server(), Signal::KILL).map_err(self.refused("kill"))?;
            ends_within(keeper, STOP);
            Ok(())
        })
    }

    pub(crate) fn kill(&self) -> Result<()> {
        self.is_here("kill")?;
        self.running(|keeper| {
            process_tree::signal(keeper.server(), Signal::KILL).map_err(self.refused("kill"))?;
            ends_within(keeper, STOP);
            Ok(())
        })
    }

    pub(crate) fn pause(&self) -> Result<()> {
        self.is_here("pause")?;
        self.running(|keeper| {
            process_tree::signal(keeper.server(), Signal::STOP).map_err(self.refused("pause"))
        })
    }

    pub(crate) fn resume(&self) -> Result<()> {
        self.running(|keeper| {
            process_tree::signal(keeper.server(), Signal::CONT).map_err(self.refused("resume"))
        })
    }

    pub(crate) fn restart(&self) -> Result<()> {
        match self.stop() {
            Ok(()) | Err(ServerError::NotRunning { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut keeper = self.keeper();
        if let Some(old) = keeper.as_mut() {
            old.reap();
        }
        // The old keeper goes last: at no time may the directory be nobody's.
        match self.launch() {
            Ok(new) => {
                if let Some(old) = keeper.replace(new) {
                    old.release();
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.recipe.keeps_data() {
            // One that does not run needs no stop.
            let _not_running = self.stop();
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct(self.recipe.name())
            .field("port", &self.port)
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

fn pid_of(keeper: &Keeper) -> u32 {
    keeper.server().as_raw_nonzero().get().unsigned_abs()
}

fn ends_within(keeper: &mut Keeper, limit: Duration) -> bool {
    let began = Instant::now();
    while !keeper.has_ended() {
        if began.elapsed() > limit {
            return false;
        }
        std::thread::sleep(POLL);
    }
    true
}

/// A directory that does not exist yet. Its path is short: that of a Unix socket may have some hundred bytes.
fn run_directory() -> PathBuf {
    let temporary = std::env::temp_dir();
    let base = match temporary.as_os_str().len() {
        0..=40 => temporary,
        _ => PathBuf::from("/tmp"),
    };
    base.join(format!("rustboot-{:016x}", fastrand::u64(..)))
}

/// The end of a server's log.
fn log_of(run: &Path) -> String {
    const LINES: usize = 20;
    let log = std::fs::read(run.join("log")).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().collect();
    let end = &lines[lines.len().saturating_sub(LINES)..];
    match end {
        [] => "(nothing)".to_owned(),
        lines => lines.join("\n"),
    }
}
