//! A directory for one test.

use std::fs;
use std::path::{Path, PathBuf};

/// Removed when the test is over.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// An empty directory; the name keeps tests of one run apart.
    pub(crate) fn new(name: &str) -> Self {
        let dir = format!("rustboot-macros-{}-{name}", std::process::id());
        let dir = std::env::temp_dir().join(dir);
        // Of a run that was killed, whose process had this number.
        drop(fs::remove_dir_all(&dir));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    /// A path in it.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.0.join(relative)
    }

    /// Writes a file, and the directories above it.
    pub(crate) fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, text).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left over is in the temporary directory.
        drop(fs::remove_dir_all(&self.0));
    }
}
