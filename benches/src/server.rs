//! The process that serves one application: mostly the binary `serve`, by itself or inside of valgrind.
//!
//! It says on stderr where it listens, writes its log to a stdout that is a file, takes a line on its stdin as the end
//! of a phase of the measurement, and ends when its stdin does.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

/// What stands before the address on stderr.
pub const ANNOUNCEMENT: &str = "listening on ";

/// What it says on stderr after each phase.
pub const ACKNOWLEDGEMENT: &str = "phase ended";

/// The function that it calls at the end of a phase, for profilers.
pub const PHASE_FUNCTION: &str = "phase_ends";

/// A server that runs. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    address: SocketAddr,
}

impl Server {
    /// Starts a program that serves, given as its command line.
    ///
    /// # Errors
    /// When it does not start, or ends without saying where it listens.
    pub fn start(command_line: &[OsString]) -> io::Result<Self> {
        let [program, arguments @ ..] = command_line else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            // A file, as a log is; it is gone with the last who has it open.
            .stdout(tempfile::tempfile()?)
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut stderr = BufReader::new(stderr);
        let said = read_until(&mut stderr, ANNOUNCEMENT)?;
        let address = said
            .rsplit_once(ANNOUNCEMENT)
            .and_then(|(_, address)| address.trim_end().parse().ok());
        match address {
            Some(address) => Ok(Self {
                child,
                stderr,
                address,
            }),
            None => {
                let status = child.wait()?;
                Err(io::Error::other(format!(
                    "the server ended with {status}\n{said}"
                )))
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends a phase: what is counted from here on belongs to the next.
    ///
    /// # Errors
    /// When it is not there any more.
    pub fn end_phase(&mut self) -> io::Result<()> {
        let stdin = self.child.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        stdin.write_all(b"\n")?;
        let said = read_until(&mut self.stderr, ACKNOWLEDGEMENT)?;
        if said.trim_end().ends_with(ACKNOWLEDGEMENT) {
            Ok(())
        } else {
            Err(io::Error::other(format!("the server ended\n{said}")))
        }
    }

    /// Lets it end in order.
    ///
    /// # Errors
    /// When it ends with anything but success.
    pub fn stop(mut self) -> io::Result<()> {
        let status = self.end()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("the server ended with {status}")))
        }
    }

    fn end(&mut self) -> io::Result<ExitStatus> {
        drop(self.child.stdin.take());
        self.child.wait()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` this only asks for the status again.
        self.end().ok();
    }
}

/// Everything up to the line that starts with `start`, or to the end.
fn read_until(stderr: &mut impl BufRead, start: &str) -> io::Result<String> {
    let mut said = String::new();
    loop {
        let before = said.len();
        if stderr.read_line(&mut said)? == 0 || said[before..].starts_with(start) {
            return Ok(said);
        }
    }
}
