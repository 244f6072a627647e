//! Signals for a server and its children. PostgreSQL gives each backend a session of its own, so that a signal to the
//! process group does not reach them.

use std::process::Command;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take to stop after it was told to.
const STANDS_STILL: Duration = Duration::from_secs(2);

/// Sends a signal to a process and its children. After a STOP, they have stopped.
///
/// # Errors
/// The parent could not be signalled. Children that are gone by then are fine.
pub(crate) fn signal(parent: Pid, signal: Signal) -> Result<(), Errno> {
    // A parent that stands still makes no new children.
    if signal == Signal::KILL || signal == Signal::STOP {
        kill_process(parent, Signal::STOP)?;
    }
    let children = children(parent);
    for child in &children {
        let _gone = kill_process(*child, signal);
    }
    kill_process(parent, signal)?;
    if signal == Signal::STOP {
        for process in children.into_iter().chain([parent]) {
            wait_until_it_stands_still(process);
        }
    }
    Ok(())
}

/// The signal goes to one thread, and the others stop when that one has got a core to do it: until then a server with threads still
/// answers. Where there is no `/proc`, nothing is waited for.
fn wait_until_it_stands_still(process: Pid) {
    let deadline = Instant::now() + STANDS_STILL;
    let tasks = format!("/proc/{}/task", process.as_raw_nonzero());
    let goes_on = || {
        let threads = std::fs::read_dir(&tasks).into_iter().flatten().flatten();
        threads.into_iter().any(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat"));
            let state = stat.ok().and_then(|stat| {
                let (_, rest) = stat.rsplit_once(") ")?;
                rest.chars().next()
            });
            // One that waits for a disk stops when it is done, and answers nobody before; one that is gone has no file.
            matches!(state, Some('R' | 'S'))
        })
    };
    while goes_on() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
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
