//! The keeper of a server: the shell process that ends it when this process is gone. `keeper.sh` is its other half.
//!
//! The usual ways do not work here: `PR_SET_PDEATHSIG` needs `unsafe`, and fires when the *thread* that started the server
//! ends, which the threads of tests do; a `Drop` does not run after a SIGKILL.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::process::Pid;

use crate::user::User;

const SCRIPT: &str = include_str!("keeper.sh");

/// The client of Docker, when the server is in a container.
pub(crate) const DOCKER: &str = "RUSTBOOT_DOCKER";

/// The signal for a server that has data to keep.
pub(crate) const STOP: &str = "RUSTBOOT_STOP";

/// A server under a keeper. Dropping it ends the server and removes its directory, before the drop returns.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
    /// Closes with this process.
    owner: Option<ChildStdin>,
    /// Closes with the server and its children.
    alive: ChildStdout,
    server: Pid,
}

impl Keeper {
    /// Starts `command` with its output in `run/log`. `run` is made when it is not there.
    pub(crate) fn start(run: &Path, command: &Command, user: Option<User>) -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", SCRIPT, "rustboot-keeper"])
            .arg(run)
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            // Ctrl-C in the terminal is for the owner. The keeper hears of it when the owner is gone.
            .process_group(0)
            .env_remove(DOCKER)
            .env_remove(STOP);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        if let Some(user) = user {
            shell.uid(user.uid).gid(user.gid);
        }
        let mut shell = shell.spawn()?;
        let owner = shell.stdin.take();
        let Some(mut alive) = shell.stdout.take() else {
            return Err(io::Error::other("the keeper has no output"));
        };
        let line = first_line(&mut alive)?;
        let Some(server) = line.parse().ok().and_then(Pid::from_raw) else {
            drop(owner);
            shell.wait()?;
            return Err(io::Error::other(line));
        };
        rustix::io::ioctl_fionbio(&alive, true)?;
        Ok(Self {
            shell,
            owner,
            alive,
            server,
        })
    }

    /// The process of the server. As long as the server has not ended, or was not reaped, it is nobody else's.
    pub(crate) fn server(&self) -> Pid {
        self.server
    }

    /// Whether the server and all of its children are gone.
    pub(crate) fn has_ended(&mut self) -> bool {
        match self.alive.read(&mut [0]) {
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
            Ok(read) => read == 0,
        }
    }

    /// Takes the process of a server that has ended out of the system's table. PostgreSQL takes one that is still in there,
    /// and that its pid file names, for a server that runs.
    pub(crate) fn reap(&mut self) {
        let mut keeper_is_there = self.tell(b"reap\n");
        while keeper_is_there && rustix::process::test_kill_process(self.server).is_ok() {
            std::thread::sleep(Duration::from_millis(1));
            keeper_is_there = self.tell(b"\n");
        }
    }

    /// Ends the keeper, and leaves the directory.
    pub(crate) fn release(mut self) {
        self.tell(b"keep\n");
    }

    /// Whether there is a keeper that can hear it.
    fn tell(&mut self, line: &[u8]) -> bool {
        self.owner
            .as_mut()
            .is_some_and(|owner| owner.write_all(line).is_ok())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.owner.take());
        let _status = self.shell.wait();
    }
}

fn first_line(output: &mut impl Read) -> io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while output.read(&mut byte)? == 1 && byte != *b"\n" {
        line.extend(byte);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}
