//! For the processes of tests that are no servers: a service under test.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Reads until its owner is gone, whatever ended that.
const SCRIPT: &str = r#"read -r _; kill -s KILL -- "-$1"; [ -z "$2" ] || rm -rf "$2""#;

/// Ends a process group with SIGKILL when it is dropped, and also when this process is gone without dropping anything, since it was
/// killed.
///
/// ```no_run
/// use std::os::unix::process::CommandExt as _;
/// use std::process::Command;
///
/// # fn main() -> std::io::Result<()> {
/// let service = Command::new("target/debug/shop").process_group(0).spawn()?;
/// let _warden = rustboot_servers::Warden::of(service.id(), None)?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Warden(Child);

impl Warden {
    /// One for the group of that number, which is the process id of the one that was started with
    /// [`process_group(0)`](CommandExt::process_group). When the group has ended, the folder is removed, with all that is in it.
    ///
    /// # Errors
    /// No process can be started.
    pub fn of(group: u32, folder: Option<&Path>) -> io::Result<Self> {
        Command::new("/bin/sh")
            .args(["-c", SCRIPT, "rustboot-warden", &group.to_string()])
            .args(folder)
            .current_dir("/")
            // Ctrl-C in the terminal is not for it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
    }
}

/// Waits until the group was signalled and the folder is gone.
impl Drop for Warden {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _status = self.0.wait();
    }
}
