//! Signals for a server and its children. PostgreSQL gives each backend a session of its own, so that a signal to the
//! process group does not reach them.

use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

/// Sends a signal to a process and its children.
///
/// # Errors
/// The parent could not be signalled. Children that are gone by then are fine.
pub(crate) fn signal(parent: Pid, signal: Signal) -> Result<(), Errno> {
    // A parent that stands still makes no new children.
    if signal == Signal::KILL || signal == Signal::STOP {
        kill_process(parent, Signal::STOP)?;
    }
    for child in children(parent) {
        let _gone = kill_process(child, signal);
    }
    kill_process(parent, signal)
}

fn children(parent: Pid) -> Vec<Pid> {
    let pairs = match std::fs::read_dir("/proc") {
        Ok(entries) => entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
            .filter_map(|pid| Some((pid, parent_in_proc(pid)?)))
            .collect(),
        Err(_) => pairs_of_ps(),
    };
    pairs
        .into_iter()
        .filter(|(_, of)| *of == parent.as_raw_nonzero().get())
        .filter_map(|(pid, _)| Pid::from_raw(pid))
        .collect()
}

/// The fourth field of `stat`; the second may have spaces and brackets in it.
fn parent_in_proc(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}

/// For systems without `/proc`.
fn pairs_of_ps() -> Vec<(i32, i32)> {
    let Ok(output) = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output() else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
        .collect()
}
