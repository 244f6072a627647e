//! What the process that is measured does, apart from serving: it says where it listens, lets phases end, and ends.

use std::fmt;
use std::hint::black_box;
use std::io::{self, BufRead, Write};

use crate::server::{ACKNOWLEDGEMENT, ANNOUNCEMENT};

/// Says where the server listens, and waits until it is to end. Each line that comes ends a phase, and is acknowledged.
///
/// # Errors
/// When stdin cannot be read.
pub fn until_stdin_ends(address: impl fmt::Display) -> io::Result<()> {
    say(&format!("{ANNOUNCEMENT}{address}"));
    for line in io::stdin().lock().lines() {
        phase_ends(&line?);
        say(ACKNOWLEDGEMENT);
    }
    Ok(())
}

/// Says something on stderr.
pub fn say(line: &str) {
    // Whoever started us may be gone.
    writeln!(io::stderr(), "{line}").ok();
}

/// Does nothing: callgrind knows it by its name ([`PHASE_FUNCTION`](crate::server::PHASE_FUNCTION)), and writes down what it
/// has counted since the last time.
#[inline(never)]
fn phase_ends(line: &str) {
    black_box(line);
}
