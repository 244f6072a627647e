//! Dev services in a container, where a Docker engine runs. Elsewhere the test says that it did not run, and why.
//!
//! No image is fetched: one is made of the Redis that is installed here, with the libraries that it needs.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use super::dev_services::{address, folder, is_gone, said, search_path, without_a_url};
use super::harness::eventually;

/// What a container of dev services runs, from whatever image.
const REDIS: [&str; 2] = ["redis-server", "valkey-server"];

/// An image of the test's own.
struct Image(String);

impl Image {
    /// Made below that folder.
    fn of_redis(folder: &Path) -> Self {
        let root = folder.join("root");
        let redis = programs().find(|file| REDIS.iter().any(|name| file.ends_with(name)));
        let redis = redis.expect("Redis is installed");
        for program in [Path::new("/bin/sh"), &redis] {
            copy(program, &root);
            let libraries = Command::new("ldd").arg(program).output().unwrap();
            let libraries = String::from_utf8(libraries.stdout).unwrap();
            for library in libraries
                .split_whitespace()
                .filter(|word| word.starts_with('/'))
            {
                copy(Path::new(library), &root);
            }
        }
        // Dev services ask for it by the name that it has in images of Redis.
        std::fs::create_dir_all(root.join("bin")).unwrap();
        std::fs::copy(&redis, root.join("bin/redis-server")).unwrap();
        let temporary = root.join("tmp");
        std::fs::create_dir(&temporary).unwrap();
        std::fs::set_permissions(temporary, PermissionsExt::from_mode(0o1777)).unwrap();
        let name = format!("rustboot-test-redis:{}", std::process::id());
        let made = Command::new("/bin/sh")
            .args(["-c", "tar -C \"$0\" -cf - . | docker import - \"$1\""])
            .args([root.as_os_str(), name.as_ref()])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        Self(name)
    }

    /// Whether there is a container of it, running or not.
    fn is_used(&self) -> bool {
        let listed = Command::new("docker")
            .args(["ps", "--all", "--quiet", "--filter"])
            .arg(format!("ancestor={}", self.0))
            .output()
            .unwrap();
        assert!(listed.status.success(), "{listed:?}");
        !listed.stdout.is_empty()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let removed = Command::new("docker")
            .args(["rmi", "--force", &self.0])
            .output();
        // In a test that failed there may be a container left.
        drop(removed);
    }
}

/// Why no container can be started here.
fn no_engine() -> Option<String> {
    let asked = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .output();
    match asked {
        Ok(asked) if asked.status.success() => None,
        Ok(asked) => Some(String::from_utf8_lossy(&asked.stderr).trim().to_owned()),
        Err(error) => Some(format!("docker: {error}")),
    }
}

/// All that can be started by its name.
fn programs() -> impl Iterator<Item = PathBuf> {
    let path = search_path();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let entries = folders
        .into_iter()
        .filter_map(|folder| folder.read_dir().ok());
    entries.flatten().flatten().map(|entry| entry.path())
}

fn copy(file: &Path, root: &Path) {
    let to = root.join(file.strip_prefix("/").unwrap());
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(file, to).unwrap();
}

/// A folder with all of them but Redis.
fn without_redis(folder: &Path) -> PathBuf {
    let bin = folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    for program in programs() {
        let name = program.file_name().unwrap();
        if !REDIS.iter().any(|redis| name == *redis) {
            // The first of a name counts.
            let _there = symlink(&program, bin.join(name));
        }
    }
    bin
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_in_a_container_keeps_its_data_and_ends_with_the_application() {
    if let Some(reason) = no_engine() {
        println!("not run, since there is no Docker engine: {reason}");
        return;
    }
    let (data, scratch) = (folder(), folder());
    let path = without_redis(scratch.path());
    let image = Image::of_redis(scratch.path());
    let courier = || {
        without_a_url(env!("CARGO_BIN_EXE_courier"), data.path())
            .env("PATH", &path.display().to_string())
            .env("APP_DEV_SERVICES__REDIS_IMAGE", &image.0)
    };
    let service = courier().start().await;
    let redis = address(data.path(), "redis");
    let expected = format!("Redis from the image {} on {redis}, data in ", image.0);
    assert!(said(&service).starts_with(&expected), "{}", said(&service));
    assert_eq!(service.get("/count").await.text(), "1");
    assert!(image.is_used());
    service.signal(Signal::TERM);
    assert_eq!(service.exit().await.code, Some(0));
    is_gone(redis).await;
    assert!(!image.is_used());

    let service = courier().start().await;
    assert_eq!(service.get("/count").await.text(), "2");
    let redis = address(data.path(), "redis");
    service.signal(Signal::KILL);
    assert_eq!(service.exit().await.code, None);
    is_gone(redis).await;
    eventually("the container is removed", async || !image.is_used()).await;
}
