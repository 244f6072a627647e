//! Sockets that a service manager has opened and hands over: systemd's socket activation, `sd_listen_fds(3)`.
//!
//! The manager keeps them open, so that a new process finds in the queue who came while there was none. That is why they are
//! neither emptied nor closed to new clients at the stop: what is in the queue belongs to whoever comes next.

use std::os::fd::AsFd;
use std::sync::Arc;

use listenfd::ListenFd;
use rustboot_core::AppBuilder;
use rustboot_core::report::Problem;

use super::address::{Address, Inherited, Places};

/// `FileDescriptorName=` of the socket for the management endpoints.
const MANAGEMENT: &str = "management";

/// Takes what there is. What is no listening socket is a problem of the start.
pub(super) fn take(app: &mut AppBuilder) -> Places {
    let mut taken = Places::default();
    // Nobody but a service has use for them, and who runs in somebody else's environment was given none.
    if !app.is_serving() || app.variable("LISTEN_FDS").is_none() {
        return taken;
    }
    let names = app.variable("LISTEN_FDNAMES").unwrap_or("").to_owned();
    let mut names = names.split(':');
    // Checks that they are for this process, and marks them so that no child inherits them.
    let mut given = ListenFd::from_env();
    for index in 0..given.len() {
        let name = names.next().unwrap_or("");
        match one(&mut given, index) {
            Ok(socket) if name == MANAGEMENT => taken.management.push(Address::Inherited(socket)),
            Ok(socket) => taken.traffic.push(Address::Inherited(socket)),
            Err(message) => {
                app.problem(problem(index, name, message));
            }
        }
    }
    taken
}

fn one(given: &mut ListenFd, index: usize) -> Result<Inherited, &'static str> {
    let socket = match given.take_tcp_listener(index) {
        Ok(Some(listener)) => Inherited::Tcp(Arc::new(listener)),
        _ => match given.take_unix_listener(index) {
            Ok(Some(listener)) => Inherited::Unix(Arc::new(listener)),
            _ => return Err("is neither a TCP nor a Unix stream socket"),
        },
    };
    let is_listening = match &socket {
        Inherited::Tcp(listener) => listens(listener),
        Inherited::Unix(listener) => listens(listener),
    };
    match is_listening {
        true => Ok(socket),
        false => Err("is a connection, and no socket that connections come from"),
    }
}

/// Where the operating system cannot tell, the first `accept` does.
fn listens(socket: &impl AsFd) -> bool {
    #[cfg(not(target_vendor = "apple"))]
    {
        rustix::net::sockopt::socket_acceptconn(socket).unwrap_or(true)
    }
    #[cfg(target_vendor = "apple")]
    {
        let _ = socket;
        true
    }
}

fn problem(index: usize, name: &str, message: &str) -> Problem {
    let subject = match name {
        "" => format!("LISTEN_FDS, number {}", index + 1),
        name => format!("LISTEN_FDS, number {} (`{name}`)", index + 1),
    };
    Problem::new(subject, message)
        .note("handed over by the service manager")
        .note("help: in the .socket unit of systemd, write ListenStream= and leave out Accept=yes")
}
