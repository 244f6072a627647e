//! Where data is kept: `target/rustboot/APP`, beside what cargo builds, and gone with `cargo clean`.

use std::path::{Path, PathBuf};

/// What marks the folder that cargo builds into, whatever it is called. The first is not in one that somebody else made, such as
/// a volume or a restored cache.
const MARKS: [&str; 2] = ["CACHEDIR.TAG", ".rustc_info.json"];

/// For root alone to write to.
const ROOT: &str = "/var/lib/rustboot-dev";

/// The folder for the data of an application; `configured` starts from `base`.
pub(crate) fn folder(app: &str, base: &Path, configured: Option<&str>) -> PathBuf {
    if let Some(configured) = configured {
        return base.join(configured).join(app);
    }
    let program = std::env::current_exe().unwrap_or_default();
    let target = program.ancestors().skip(1).find(|folder| is_target(folder));
    target
        .map_or_else(|| base.join("target"), Path::to_owned)
        .join("rustboot")
        .join(app)
}

fn is_target(folder: &Path) -> bool {
    MARKS.iter().any(|mark| folder.join(mark).is_file())
}

/// The data of a server in a container: its version may not be that of the installed one.
pub(crate) fn of_containers(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push("-container");
    name.into()
}

/// Where root's data is when the account of the server may not enter that folder, which is so for all that is in `/root`: in one folder for
/// all projects, called like the path (`root-shop-target-rustboot-shop-postgres`).
pub(crate) fn of_root(data: &Path) -> PathBuf {
    let name = data.to_string_lossy();
    Path::new(ROOT).join(name.trim_matches('/').replace('/', "-"))
}

/// A path as a person in that folder would write it.
pub(crate) fn shown(path: &Path, base: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    [here.as_path(), base]
        .into_iter()
        .find_map(|folder| path.strip_prefix(folder).ok())
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_where_cargo_builds() {
        let base = Path::new("/nowhere");
        let folder = folder("shop", base, None);
        assert!(folder.ends_with("rustboot/shop"), "{}", folder.display());
        let target = folder.ancestors().nth(2).expect("a folder");
        assert!(is_target(target), "{}", folder.display());
        assert_eq!(
            super::folder("shop", base, Some("data")),
            Path::new("/nowhere/data/shop")
        );
    }

    #[test]
    fn folders_beside_it_have_names_of_their_own() {
        let data = Path::new("/root/shop/target/rustboot/shop/redis");
        assert_eq!(
            of_containers(data),
            Path::new("/root/shop/target/rustboot/shop/redis-container")
        );
        assert_eq!(
            of_root(data),
            Path::new("/var/lib/rustboot-dev/root-shop-target-rustboot-shop-redis")
        );
    }

    #[test]
    fn a_path_is_shown_from_where_people_are() {
        let base = Path::new("/shop");
        assert_eq!(shown(Path::new("/shop/target/x"), base), "target/x");
        assert_eq!(shown(Path::new("/other/target/x"), base), "/other/target/x");
    }
}
