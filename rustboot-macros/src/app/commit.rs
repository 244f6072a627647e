//! The commit that an application is built from, read from `.git` without running git: containers that build rarely have it.
//!
//! Nothing makes cargo run the macro again when only the commit changes. That is accepted: a crate that was not compiled
//! again is the code of the commit it names, and whoever needs the name exact (a release build) starts from a clean
//! target directory or sets `RUSTBOOT_GIT_COMMIT`, which cargo does watch (see `expansion` in the parent module).

use std::fs;
use std::path::{Path, PathBuf};

/// How much of a hash is shown.
const SHORT: usize = 12;
/// How many references may point at each other.
const MAX_LINKS: usize = 5;

/// The commit: what the variable says, else what the repository around the crate says.
pub(crate) fn commit(variable: Option<&str>, crate_dir: Option<&Path>) -> Option<String> {
    match variable.map(str::trim) {
        Some(given) if !given.is_empty() => Some(short(given)),
        _ => head(&git_dir(crate_dir?)?).map(|hash| short(&hash)),
    }
}

/// Hashes are cut; a name that is none (`v1.2-dirty`) is kept as it is.
fn short(commit: &str) -> String {
    if is_hash(commit) {
        commit.chars().take(SHORT).collect()
    } else {
        commit.to_owned()
    }
}

fn is_hash(text: &str) -> bool {
    text.len() >= SHORT && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The repository's directory. In worktrees and submodules `.git` is a file that says where it is.
fn git_dir(crate_dir: &Path) -> Option<PathBuf> {
    let found = crate_dir
        .ancestors()
        .map(|dir| dir.join(".git"))
        .find(|git| git.exists())?;
    if found.is_dir() {
        return Some(found);
    }
    let text = fs::read_to_string(&found).ok()?;
    let target = text.strip_prefix("gitdir:")?.trim();
    Some(found.parent()?.join(target))
}

fn head(git_dir: &Path) -> Option<String> {
    // A worktree has a HEAD of its own and shares the branches.
    let common = match fs::read_to_string(git_dir.join("commondir")) {
        Ok(dir) => git_dir.join(dir.trim()),
        Err(_) => git_dir.to_owned(),
    };
    let mut name = "HEAD".to_owned();
    for _ in 0..MAX_LINKS {
        let value = fs::read_to_string(git_dir.join(&name))
            .or_else(|_| fs::read_to_string(common.join(&name)))
            .ok();
        let Some(value) = value else {
            return packed(&common, &name);
        };
        match value.trim().strip_prefix("ref:") {
            Some(next) => name = next.trim().to_owned(),
            None => return Some(value.trim().to_owned()).filter(|hash| is_hash(hash)),
        }
    }
    None
}

fn packed(common: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(common.join("packed-refs")).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let (hash, _) = lines.find(|(hash, packed)| *packed == name && is_hash(hash))?;
    Some(hash.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::scratch::Scratch;

    const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn the_variable_wins_and_an_empty_one_does_not() {
        assert_eq!(commit(Some(HASH), None).as_deref(), Some("0123456789ab"));
        assert_eq!(
            commit(Some(" v1.2-dirty\n"), None).as_deref(),
            Some("v1.2-dirty")
        );
        assert_eq!(commit(Some(""), None), None);
    }

    #[test]
    fn a_branch_is_followed_from_a_directory_below() {
        let dir = Scratch::new("branch");
        dir.write(".git/HEAD", "ref: refs/heads/main\n");
        dir.write(".git/refs/heads/main", &format!("{HASH}\n"));
        dir.write("services/shop/Cargo.toml", "");
        let commit = commit(None, Some(&dir.path("services/shop")));
        assert_eq!(commit.as_deref(), Some("0123456789ab"));
    }

    #[test]
    fn a_branch_may_be_packed_and_a_head_detached() {
        let dir = Scratch::new("packed");
        dir.write(".git/HEAD", "ref: refs/heads/a/b");
        dir.write(
            ".git/packed-refs",
            &format!("# pack-refs with: peeled\n{HASH} refs/heads/a/b\n^{HASH}\n"),
        );
        assert_eq!(
            commit(None, Some(&dir.path(""))).as_deref(),
            Some("0123456789ab")
        );
        dir.write(".git/HEAD", HASH);
        assert_eq!(
            commit(None, Some(&dir.path(""))).as_deref(),
            Some("0123456789ab")
        );
    }

    #[test]
    fn a_worktree_shares_its_branches() {
        let dir = Scratch::new("worktree");
        dir.write("main/.git/worktrees/w/HEAD", "ref: refs/heads/w");
        dir.write("main/.git/worktrees/w/commondir", "../..\n");
        dir.write("main/.git/refs/heads/w", HASH);
        dir.write("w/.git", "gitdir: ../main/.git/worktrees/w\n");
        assert_eq!(
            commit(None, Some(&dir.path("w"))).as_deref(),
            Some("0123456789ab")
        );
    }

    #[test]
    fn nothing_is_known_of_a_branch_without_commits_or_in_a_circle() {
        let dir = Scratch::new("unborn");
        dir.write(".git/HEAD", "ref: refs/heads/main");
        assert_eq!(commit(None, Some(&dir.path(""))), None);
        dir.write(".git/refs/heads/main", "ref: HEAD");
        assert_eq!(commit(None, Some(&dir.path(""))), None);
        dir.write(".git/HEAD", "not a hash");
        assert_eq!(commit(None, Some(&dir.path(""))), None);
    }
}
