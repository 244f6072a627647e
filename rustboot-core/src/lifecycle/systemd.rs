//! Tells systemd when the application is ready and when it stops, and feeds its watchdog: `Type=notify`, `WatchdogSec=`.
//!
//! The protocol is one datagram of text to the socket that `NOTIFY_SOCKET` names. The names come from the environment that
//! the application was given, like all configuration, so several applications in one process do not mix them up. Without
//! the variable nothing happens.
//!
//! The watchdog is fed from a task of the runtime: when every worker thread is blocked, or the runtime is deadlocked, nothing
//! comes, and systemd starts the process again. Readiness is no part of it: an application whose database is down gets better
//! by waiting, not by a restart.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use crate::app::AppContext;

/// systemd reads at once. Should it not, then the application does not wait for it.
const LIMIT: Duration = Duration::from_millis(500);

/// The application is ready. Begins to feed the watchdog, when there is one.
pub(super) fn ready(app: &AppContext, addresses: &[String]) {
    let Some(manager) = Manager::of(app) else {
        return;
    };
    manager.tell(&format!(
        "READY=1\nSTATUS=serving on {}",
        addresses.join(", ")
    ));
    let Some(interval) = watchdog(app) else {
        return;
    };
    let cancelled = app.tasks().cancelled();
    app.tasks().spawn_until_aborted(async move {
        let mut ticks = tokio::time::interval(interval / 2);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = cancelled.cancelled() => return,
                _ = ticks.tick() => manager.tell("WATCHDOG=1"),
            }
        }
    });
}

/// The application stops. systemd does not look at the watchdog from here on.
pub(super) fn stopping(app: &AppContext) {
    if let Some(manager) = Manager::of(app) {
        manager.tell("STOPPING=1\nSTATUS=stopping");
    }
}

/// How often the watchdog wants to hear of this process.
fn watchdog(app: &AppContext) -> Option<Duration> {
    let pid = app.variable("WATCHDOG_PID");
    if pid.is_some_and(|pid| pid != std::process::id().to_string()) {
        return None;
    }
    let micros: u64 = app.variable("WATCHDOG_USEC")?.parse().ok()?;
    (micros > 1).then(|| Duration::from_micros(micros))
}

/// Where the messages go.
struct Manager {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl Manager {
    fn of(app: &AppContext) -> Option<Self> {
        let name = app
            .variable("NOTIFY_SOCKET")
            .filter(|name| !name.is_empty())?;
        match Self::at(name) {
            Ok(manager) => Some(manager),
            Err(error) => {
                tracing::warn!(target: "rustboot", socket = name, %error, "systemd cannot be told anything");
                None
            }
        }
    }

    fn at(name: &str) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(LIMIT))?;
        let address = match name.strip_prefix('@') {
            Some(name) => unnamed(name)?,
            None => SocketAddr::from_pathname(name)?,
        };
        Ok(Self { socket, address })
    }

    fn tell(&self, message: &str) {
        if let Err(error) = self.socket.send_to_addr(message.as_bytes(), &self.address) {
            tracing::warn!(target: "rustboot", message, %error, "systemd could not be told");
        }
    }
}

/// A socket that has a name and no file.
#[cfg(target_os = "linux")]
fn unnamed(name: &str) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_name: &str) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{AppBuilder, AppInfo, RunningApp};
    use crate::config::Sources;

    async fn start(environment: &[(&str, &str)]) -> RunningApp {
        let mut app = AppBuilder::new(AppInfo::new("test", "1.2.3"));
        let mut sources = Sources::empty("/nonexistent");
        sources.environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        app.sources(sources).without_collected_items();
        app.assemble().await.unwrap().start().await.unwrap()
    }

    /// A socket as systemd has it.
    fn bind(address: &SocketAddr) -> UnixDatagram {
        let socket = UnixDatagram::bind_addr(address).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    fn heard(socket: &UnixDatagram) -> Vec<String> {
        let mut buffer = [0; 1024];
        std::iter::from_fn(|| socket.recv(&mut buffer).ok().map(|n| buffer[..n].to_vec()))
            .map(|message| String::from_utf8(message).unwrap())
            .collect()
    }

    #[tokio::test]
    async fn systemd_hears_of_start_and_stop_and_the_watchdog_is_fed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = bind(&SocketAddr::from_pathname(&path).unwrap());
        let pid = std::process::id().to_string();
        let app = start(&[
            ("NOTIFY_SOCKET", path.to_str().unwrap()),
            ("WATCHDOG_USEC", "100000"),
            ("WATCHDOG_PID", &pid),
        ])
        .await;
        assert_eq!(heard(&socket)[0], "READY=1\nSTATUS=serving on ");
        let begin = std::time::Instant::now();
        let mut pings = Vec::new();
        while pings.len() < 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            pings.append(&mut heard(&socket));
        }
        // The first one comes at once, then one every 50 ms.
        assert!(begin.elapsed() >= Duration::from_millis(120));
        assert!(pings.iter().all(|ping| ping == "WATCHDOG=1"), "{pings:?}");

        // The one thread of this runtime is blocked, as in a deadlock.
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(heard(&socket), [""; 0]);

        assert_eq!(app.stop().await, 0);
        let last = heard(&socket);
        assert!(
            last.contains(&"STOPPING=1\nSTATUS=stopping".to_owned()),
            "{last:?}"
        );
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(heard(&socket), [""; 0], "nothing is fed after the stop");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_socket_may_have_no_file_and_a_watchdog_may_be_for_another_process() {
        let name = format!("rustboot-test-{}", std::process::id());
        let socket = bind(&unnamed(&name).unwrap());
        let app = start(&[
            ("NOTIFY_SOCKET", &format!("@{name}")),
            ("WATCHDOG_USEC", "20000"),
            ("WATCHDOG_PID", "1"),
        ])
        .await;
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!(app.stop().await, 0);
        let heard = heard(&socket);
        assert_eq!(heard.len(), 2, "{heard:?}");
    }

    #[tokio::test]
    async fn without_systemd_nothing_happens() {
        for environment in [&[][..], &[("NOTIFY_SOCKET", "/nonexistent/notify")][..]] {
            assert_eq!(start(environment).await.stop().await, 0);
        }
    }
}
