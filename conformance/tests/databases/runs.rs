//! What the tests promise of themselves: runs at the same time do not collide, and one that is killed leaves nothing running.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Tests that start servers and services.
const TESTS: [&str; 3] = ["kit::", "starting::ten_replicas", "dev_services::two"];

/// These tests, in a process of their own with a folder for temporary files of its own.
struct Run {
    tests: Child,
    temporary: TempDir,
}

impl Run {
    fn start() -> Self {
        use std::os::unix::fs::PermissionsExt;

        // A short path, for the sockets in it, which the servers' account may enter.
        let temporary = tempfile::Builder::new()
            .prefix("r")
            .tempdir_in("/tmp")
            .unwrap();
        std::fs::set_permissions(temporary.path(), PermissionsExt::from_mode(0o1777)).unwrap();
        let tests = Command::new(std::env::current_exe().unwrap())
            .args(TESTS)
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { tests, temporary }
    }

    /// The folders of its servers.
    fn servers(&self) -> Vec<PathBuf> {
        let entries = self.temporary.path().read_dir().unwrap().flatten();
        let paths = entries.map(|entry| entry.path());
        paths
            .filter(|path| {
                let name = path.file_name().unwrap();
                name.to_str().unwrap().starts_with("rustboot-")
            })
            .collect()
    }

    fn wait_for_the_end_of_all(&self) {
        let began = Instant::now();
        loop {
            let left = (self.servers(), processes_in(self.temporary.path()));
            if left == (Vec::new(), Vec::new()) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{left:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ended_before = self.tests.kill();
        let _ended_before = self.tests.wait();
    }
}

/// The processes that a folder, or a file in it, is an argument or the working directory of.
fn processes_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for process in Path::new("/proc").read_dir().unwrap().flatten() {
        let arguments = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
        let place = std::fs::read_link(process.path().join("cwd")).unwrap_or_default();
        if place.starts_with(folder) || arguments.contains(folder.to_str().unwrap()) {
            found.push(arguments);
        }
    }
    found
}

#[test]
fn two_at_once_do_not_collide_and_a_killed_one_leaves_nothing_running() {
    let [mut killed, mut other] = [Run::start(), Run::start()];
    let began = Instant::now();
    let is_service = |process: &String| process.starts_with(env!("CARGO_BIN_EXE_ledger"));
    while killed.servers().len() < 2
        || !processes_in(killed.temporary.path()).iter().any(is_service)
    {
        assert!(began.elapsed() < Duration::from_secs(60));
        assert!(killed.tests.try_wait().unwrap().is_none(), "it is over");
        std::thread::sleep(Duration::from_millis(10));
    }
    killed.tests.kill().unwrap();
    killed.tests.wait().unwrap();
    killed.wait_for_the_end_of_all();
    assert!(other.tests.wait().unwrap().success());
    other.wait_for_the_end_of_all();
}
